/** The package as it is published, in an empty folder with the examples, for tests of what a user has of it. */
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect } from "vitest";

/** Of the repository. */
export const root = join(import.meta.dirname, "..");
/** What npm has installed here. */
export const modules = join(root, "node_modules");
/** Runs a program; rejects where it fails. */
export const run = promisify(execFile);

/** Builds and packs before the tests of a file; the folder is there while they run. */
export function packedFolder(): () => string {
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
  return () => folder;
}

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

/** The names of the examples. */
export const examples = Object.keys(printed);

/** Runs an example in a folder that has `examples/` and finds the package, and checks what it prints. */
export async function prints(folder: string, name: string): Promise<void> {
  const { stdout, stderr } = await run(process.execPath, ["--import", "tsx", join("examples", `${name}.ts`)], {
    cwd: folder,
  });
  expect(stderr).toBe("");
  expect(printed[name]?.length).toBeGreaterThan(0);
  for (const text of printed[name] ?? []) expect(stdout).toMatch(text);
}
