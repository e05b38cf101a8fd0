/** The examples as a user has them: type-checked and run in an empty folder, on the package as it is published. */
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
const modules = join(root, "node_modules");
const run = promisify(execFile);
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "afferent-examples-"));
  await run("npm", ["run", "--silent", "build"], { cwd: root });
  const packed = await run("npm", ["pack", "--silent", "--pack-destination", folder], { cwd: root });
  const own = join(folder, "node_modules", "afferent");
  await mkdir(own, { recursive: true });
  await run("tar", ["xzf", join(folder, packed.stdout.trim()), "-C", own, "--strip-components=1"]);
  // What npm would install beside it: what the package depends on, and nothing else.
  const { dependencies } = JSON.parse(await readFile(join(own, "package.json"), "utf8")) as {
    dependencies: Record<string, string>;
  };
  for (const name of Object.keys(dependencies)) {
    await mkdir(dirname(join(folder, "node_modules", name)), { recursive: true });
    await symlink(join(modules, name), join(folder, "node_modules", name));
  }
  await cp(join(root, "examples"), join(folder, "examples"), { recursive: true });
  await writeFile(join(folder, "package.json"), JSON.stringify({ type: "module" }));
}, 180_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What an example must print. */
const printed: Readonly<Record<string, readonly RegExp[]>> = {
  "train-one-rule": [/backprop\n +train loss by step +50: \d/, /info-nce\n/, /frozen\n[^]*test error +0\.\d{3}/],
  "own-rule": [
    /^centred-oja reads nothing beyond what it claims: F\(x_i, y_j, w_ij\): local in space/,
    /\noja: test error/,
    /\ncentred-oja: test error 0\.\d{3}/,
  ],
  certificate: [/^backprop: space network/, /weights of 2, 3, readout/, /\noja: space local, time local/],
  theory: [
    /^O\*I - O\^2\*w is Oja's rule\n/,
    /fixed point \(1\.00, 0\.00\): stable/,
    /from \(0\.10, 0\.20\): \(1\.00, -?0\.0\d\)/,
  ],
  study: [/^12 runs computed, 0 found in the store\n/, /direct-feedback-alignment +100 +3 /],
  "query-store": [/'backprop' +│ 25 +│ 0\.\d+ +│ 3 /, /below 0\.5 nats/],
};

test("every example is shown, and type-checks against the package", async () => {
  const names = (await readdir(join(folder, "examples"))).map((file) => file.replace(/\.ts$/, ""));
  expect(names.sort()).toEqual(Object.keys(printed).sort());
  const options = ["--module", "nodenext", "--target", "es2022", "--strict", "--noEmit", "--skipLibCheck"];
  const types = ["--types", "node", "--typeRoots", join(modules, "@types")];
  const files = names.map((name) => join(folder, "examples", `${name}.ts`));
  await run(process.execPath, [join(modules, "typescript/bin/tsc"), ...options, ...types, ...files], { cwd: folder });
}, 60_000);

// In this order: one opens the store that another has made.
test.each(Object.entries(printed))(
  "examples/%s.ts",
  async (name, expected) => {
    const { stdout, stderr } = await run(process.execPath, ["--import", "tsx", join("examples", `${name}.ts`)], {
      cwd: folder,
    });
    expect(stderr).toBe("");
    for (const text of expected) expect(stdout).toMatch(text);
  },
  60_000,
);

test("a rule file is audited by the command", async () => {
  const page = await readFile(join(root, "docs/extending.md"), "utf8");
  const [, code = ""] = /```ts\n([\s\S]*?)```/.exec(page) ?? [];
  await writeFile(join(folder, "own.ts"), code);
  const command = join("node_modules", "afferent", "dist", "src", "cli", "main.js");
  const { stdout, stderr } = await run(process.execPath, [command, "audit", "rule=./own.ts"], { cwd: folder });
  expect(stderr).toBe("");
  expect(stdout).toMatch(/my-random-error@[0-9a-f]{8}/);
}, 60_000);
