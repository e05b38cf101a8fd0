import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { exampleStudy, fillStore } from "./example-store.contract.ts";
import { typed } from "./typed.contract.ts";

let folder: string;
let store: string;
let env: Record<string, string>;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "afferent-overwrite-"));
  store = join(folder, "store");
  env = { AFFERENT_STORE: store };
  await fillStore(store);
});
afterAll(() => rmSync(folder, { recursive: true }));

const tiny = "task.v=4 task.m=2 task.depth=2 data.train=16 data.validation=8 data.test=8 network.width=8 train.batch=8";
const refusal = (option: string, ...files: string[]): string =>
  `afferent: ${option}: expected files that are not there yet, got ${files.join(", ")}; choose another place, or give --force to replace\n`;

it("trace leaves the README of a project alone, repeats itself, and replaces with --force", async () => {
  const out = join(folder, "project");
  const readme = join(out, "README.md");
  mkdirSync(out);
  writeFileSync(readme, "# Mine\n");
  const line = `trace ${tiny} --steps 1 --out ${out}`;
  expect(await typed(line)).toEqual({ code: 2, stdout: "", stderr: refusal("--out", readme) });
  expect(readdirSync(out)).toEqual(["README.md"]);
  expect(readFileSync(readme, "utf8")).toBe("# Mine\n");
  expect((await typed(`${line} --force`)).code).toBe(0);
  expect(readFileSync(readme, "utf8")).toMatch(/^# 1 steps of/);
  expect((await typed(line)).code).toBe(0);
  const other = await typed(`trace ${tiny} --steps 2 --out ${out}`);
  expect(other).toMatchObject({ code: 2, stdout: "" });
  expect(other.stderr).toContain(join(out, "step.onnx"));
}, 30_000);

it("export and report leave a file alone that is another", async () => {
  const file = join(folder, "notes");
  for (const command of ["export --format csv", "export --curves --format json", "report"]) {
    writeFileSync(file, "mine");
    const line = `${command} --out ${file}`;
    expect(await typed(line, env)).toEqual({ code: 2, stdout: "", stderr: refusal("--out", file) });
    expect(readFileSync(file, "utf8")).toBe("mine");
    expect((await typed(`${line} --force`, env)).code).toBe(0);
    expect(readFileSync(file, "utf8")).not.toBe("mine");
  }
  expect(readdirSync(folder).sort()).toEqual(["notes", "project", "store"]);
});

it("export writes the same again", async () => {
  const line = `export --format csv --out ${join(folder, "same.csv")}`;
  expect((await typed(line, env)).code).toBe(0);
  expect((await typed(line, env)).code).toBe(0);
});

it("drawings are not laid over other files", async () => {
  const file = join(folder, "drawing.svg");
  writeFileSync(file, "mine");
  for (const line of [
    `theory chains --architecture 1,1,1 --svg ${file}`,
    `channel bp train.steps=1 seed=0 ${tiny} --svg ${file}`,
  ]) {
    expect(await typed(line), line).toEqual({ code: 2, stdout: "", stderr: refusal("--svg", file) });
    expect(readFileSync(file, "utf8")).toBe("mine");
  }
  const found = join(folder, "found.json");
  writeFileSync(found, "mine");
  const line = `discover --degree 2 --criteria stability --out ${found}`;
  expect(await typed(line)).toEqual({ code: 2, stdout: "", stderr: refusal("--out", found) });
});

it("run --name takes no name from another study; the same study goes on", async () => {
  const file = join(folder, "example.json");
  writeFileSync(file, JSON.stringify(exampleStudy));
  const run = (...words: string[]) => typed(["run", file, ...words, "--json"], env);
  expect((await run("--name", "example")).code).toBe(0);
  const taken = await run("seed=0,1", "--name", "example");
  expect({ code: taken.code, stdout: taken.stdout }).toEqual({ code: 2, stdout: "" });
  expect(taken.stderr).toMatch(
    /^afferent: --name: expected a name that no other study of the store has, got "example", which is "Which is better\?" \(6 runs, started .*\); choose another name, or give --force to replace it\n$/,
  );
  const runsOf = (): number =>
    (JSON.parse(readFileSync(join(store, "studies", "example.json"), "utf8")) as { runs: string[] }).runs.length;
  expect(runsOf()).toBe(6);
  expect((await run("seed=0,1", "--name", "example", "--force")).code).toBe(0);
  expect(runsOf()).toBe(4);
}, 30_000);

it.skipIf(process.platform !== "linux")(
  "a place that cannot be written is refused at once [needs Linux: /proc]",
  async () => {
    const trace = await typed(`trace ${tiny} --out /proc/x`);
    expect(trace).toEqual({
      code: 2,
      stdout: "",
      stderr: "afferent: --out: expected a folder that can be written, got /proc/x (ENOENT); choose another\n",
    });
    const run = await typed(`run ${tiny} store.path=/proc/foo`);
    expect(run).toEqual({
      code: 2,
      stdout: "",
      stderr:
        "afferent: store: expected a folder that can be written, got /proc/foo (ENOENT); choose another with store.path=DIR or AFFERENT_STORE\n",
    });
    const page = await typed("report --out /proc/x/page.html", env);
    expect(page.stderr).toContain("--out: expected a folder that can be written, got /proc/x (ENOENT)");
    expect(existsSync("/proc/x")).toBe(false);
  },
  10_000,
);
