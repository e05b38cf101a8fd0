/** Types every example of every command's help, in one folder, at least through parsing and planning: what takes long is not performed. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { fillStore } from "../src/cli/example-store.contract.ts";
import { typed } from "../src/cli/typed.contract.ts";

const performed = vi.hoisted(() => ({ message: "planned, and not performed" }));

vi.mock("../src/study/run/execute.ts", async (original) => ({
  ...(await original<object>()),
  execute: ({ runs }: { runs: readonly unknown[] }) =>
    Promise.resolve({
      computed: runs.length,
      reused: 0,
      seconds: 0,
      outcomes: {},
      taken: { seconds: 0, expected: 0 },
      undeclared: [],
    }),
}));
vi.mock("../src/study/channel/measure.ts", async (original) => ({
  ...(await original<object>()),
  measureChannels: () => Promise.reject(new Error(performed.message)),
}));
vi.mock("../src/study/discovery/search.ts", async (original) => ({
  ...(await original<object>()),
  runSearch: () => Promise.reject(new Error(performed.message)),
}));

const root = join(import.meta.dirname, "..");
const commands = [
  "run",
  "config",
  "keys",
  "completion",
  "ls",
  "show",
  "compare",
  "report",
  "export",
  "info",
  "data",
  "rules",
  "audit",
  "channel",
];
const others = ["theory", "theory boolean", "theory deep", "theory chains", "theory enumerate", "discover"];
const last = ["trace", "schema", "compact"];

let folder: string;
/** A run of the store, which the examples call 3f2a91c0. */
let run: string;
const before = process.cwd();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "afferent-help-"));
  process.chdir(folder);
  await fillStore(join(folder, ".afferent"));
  await fillStore(join(folder, "data", "store"));
  const { stdout } = await typed("ls --json");
  run = (JSON.parse(stdout) as { runs: { run: string }[] }).runs[0]!.run.slice(0, 8);
  // What the examples take to be there.
  const page = await readFile(join(root, "docs", "extending.md"), "utf8");
  await writeFile("my-rule.ts", /```ts\n([\s\S]*?)```/.exec(page)![1]!);
  const inputs = Array.from({ length: 16 }, (_, i) => [i % 2 === 0 ? 1 : -1, i % 4 < 2 ? 1 : -1]);
  await writeFile("data.json", JSON.stringify({ inputs, targets: inputs.map(([a = 0, b = 0]) => a - b) }));
});
afterAll(async () => {
  process.chdir(before);
  await rm(folder, { recursive: true });
});

/** The examples of a help text, each without what it says of itself. */
function examplesIn(help: string): string[] {
  const [, block = ""] = /\nExamples:\n([\s\S]*?)\n\nKeys of --json/.exec(help) ?? [];
  return block.split("\n").map((line) => line.trim().replace(/ {2,}.*$/, ""));
}

/** The same on paths of this folder, and with less to compute. */
function here(example: string): string {
  return (
    example
      .replace("studies/", `${join(root, "studies")}/`)
      .replace("/data/", `${folder}/data/`)
      .replace("3f2a91c0", run)
      .replace(/ > \S+$/, "")
      // A tree has no more layers than the task has levels.
      .replace("--inputs 3", "--inputs 2")
      .replace(/--seeds \d+/, "--seeds 1")
  );
}

/** As a shell reads it: words between spaces, or between quotes. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare!);
}

describe.each([...commands, ...others, ...last])("afferent %s", (command) => {
  it("has examples that work", { timeout: 60_000 }, async () => {
    const { stdout: help } = await typed(`${command} --help`);
    const examples = examplesIn(help);
    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples) {
      const [program, ...words] = wordsOf(here(example));
      expect(program).toBe("afferent");
      const { code, stderr } = await typed(words, { BROWSER: "true" });
      if (code === 1) expect(stderr, example).toContain(`afferent: ${performed.message}\n`);
      else expect(code, `${example}: ${stderr}`).toBe(0);
    }
  });
});

it("are those of every command there is", async () => {
  const { stdout } = await typed("--help");
  const [, listed = ""] = /\nCommands:\n([\s\S]*?)\n\n/.exec(stdout) ?? [];
  const names = [...listed.matchAll(/^ {2}(\w+)/gm)].map(([, name]) => name).filter((name) => name !== "help");
  expect(new Set([...commands, ...others, ...last].map((name) => name.split(" ")[0]))).toEqual(new Set(names));
});
