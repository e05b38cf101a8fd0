import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { typed } from "./typed.contract.ts";

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "afferent-errors-"))));
afterAll(() => rmSync(folder, { recursive: true }));

const names =
  "run, ls, show, compare, report, export, predict, info, data, tasks, rules, keys, config, audit, channel, theory, discover, trace, schema, compact, completion";
const strings = "the number of distinct strings of this task";

it.each([
  ["rnu", `expected one of the commands ${names}, got "rnu"; did you mean run?`],
  ["--jsn", 'expected one of the options --help, --version, got "--jsn"; did you mean --help?'],
  [
    "run --jsn",
    'run: expected one of the options --help, --json, --config, --samples, --sample-seed, --dry-run, --yes, --name, --force, --undeclared, got "--jsn"; did you mean --json?',
  ],
  [
    "export --format",
    "export: expected a value after --format <format>, got none; afferent export --help shows an example",
  ],
  ["export --format xls", '--format: expected one of parquet, csv, json, got "xls"; did you mean csv?'],
  ["run task.q=1", 'override task.q: expected a key of the run specification, got "task.q"; did you mean task.v?'],
  [
    "run task.v=eight",
    'override task.v: expected an integer > 0, got "eight" (vocabulary: symbols per level; default 8)',
  ],
  [
    "run a.yaml b.yaml",
    "study: expected one file, got a.yaml and b.yaml; key=value words follow it, other studies run on their own",
  ],
  ["run train.steps", `train.steps: expected a file ending in .json, .yaml, .yml, .ts, .mts, .js, .mjs, got ".steps"`],
  ["run rule.par=same-class rule=info-nce", undefined],
  [
    "run task.v=4 task.m=2 task.depth=2",
    `data: expected train + validation + test <= 32, ${strings}, got 4000 + 1000 + 2000 = 7000; lower data.train, data.validation or data.test, or raise task.m or task.depth`,
  ],
  ["run --name a/b seed=0", 'study "a/b": name: expected letters, digits, -, _ or .'],
  [
    "info seed=0,1 rule=bp,dfa",
    "expected one run, got 4 (2 of seed, 2 of rule); choose one value of each, for example seed=0 rule=bp",
  ],
  ["data --count 0", '--count: expected a whole number of at least 1, got "0"'],
  [
    "data task.v=4 task.m=2 task.depth=1 --count 9",
    "--count: expected at most 8, the number of distinct strings, got 9",
  ],
  ["show", "show: expected a run, got none; afferent ls --all lists them"],
  ["show xyz", 'show: expected a run as up to 16 hex digits, got "xyz"; afferent ls --all lists them'],
  [
    "ls seed=0",
    'expected at most the name of a study, got the override "seed=0"; of settings only store.path=DIR is taken here',
  ],
  ["schema me", 'expected options only, got "me"; leave it out'],
])("afferent %s: a usage error in one line", async (line, message) => {
  const { code, stdout, stderr } = await typed(line);
  if (message === undefined)
    expect(stderr).toMatch(/^afferent: .*rule\.par: expected an option of info-nce .*did you mean "pair"\?\n$/);
  else expect(stderr).toBe(`afferent: ${message}\n`);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
});

it("names the nearest rule, and a task or pair that cannot be", async () => {
  const small = "data.train=16 data.validation=8 data.test=8";
  const rule = await typed(`run rule=backprob ${small}`);
  expect(rule.stderr).toMatch(
    /^afferent: .*rule: expected a rule, got "backprob"; did you mean "backprop"\? \(afferent rules lists all\)\n$/,
  );
  const task = await typed(`run task.v=4 task.m=9 ${small}`);
  expect(task.stderr).toMatch(/^afferent: .*: expected m \* .* <= v\^s, .*\n$/);
  const pair = await typed(`run rule=info-nce rule.pair=context task.v=4 task.m=4 task.depth=2 ${small}`);
  expect(pair.stderr).toMatch(/^afferent: rule\.pair=context: .* carry no unsupervised signal.*\n$/);
  // Pairs that a rule inside a rule asks for.
  const inside = 'rule=mix rule.local=info-nce rule.localOptions={"pair":"resample","level":5}';
  const nested = await typed(`run ${inside} task.v=4 task.m=2 task.depth=2 ${small}`);
  expect(nested.stderr).toMatch(/^afferent: rule\.pair=resample: .* expected a level from 0 .* to 1, .*, got 5\n$/);
  expect([rule.code, task.code, pair.code, nested.code]).toEqual([2, 2, 2, 2]);
});

const longest = "task.depth: expected strings of at most 65536 symbols, got s^depth = 2^30; task.depth=16 fits";

it.each([
  ["run task.depth=30", longest],
  ["audit backprop task.depth=30", longest],
  ["info task.depth=30", longest],
  ["data task.depth=30", longest],
  ["channel backprop task.depth=30", longest],
  [
    "run network.width=100000",
    "network: expected at most 268435456 parameters, got 40002400008; network.width=8189 fits",
  ],
  [
    "run train.batch=10000000",
    "train.batch: expected a batch with activity of at most 268435456 numbers, got 10000000 strings",
  ],
  ["trace --steps 99999999", "--steps: expected a trace of at most 268435456 numbers, got 99999999 steps of"],
  [
    "data task.depth=20",
    "task.depth: expected strings of at most 65536 symbols, got s^depth = 2^20; task.depth=16 fits",
  ],
  [
    "audit backprop task.depth=12 train.batch=1024",
    "train.batch: expected a batch with activity of at most 33554432 numbers, got 1024 strings of 163816; train.batch=204 fits",
  ],
  ["data --count 999999999", "data: expected strings of at most 268435456 symbols and labels together, got"],
])("afferent %s: too large is refused at once, with what fits", async (line, message) => {
  const before = performance.now();
  const { code, stdout, stderr } = await typed([...line.split(" "), `store.path=${join(folder, "large")}`]);
  expect(stderr.slice(0, `afferent: ${message}`.length)).toBe(`afferent: ${message}`);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(performance.now() - before).toBeLessThan(4000);
});

it("says which file is wrong, and where", async () => {
  const file = join(folder, "broken.yaml");
  writeFileSync(file, "name: x\n  question: y\n");
  const broken = await typed(["run", file]);
  expect(broken.stderr).toMatch(/broken\.yaml:\d+:\d+: expected valid YAML, got a parse error: .*\n$/);
  const missing = await typed(["run", join(folder, "missing.json")]);
  expect(missing.stderr).toBe(
    `afferent: ${join(folder, "missing.json")}: expected a study file, found nothing there; paths are relative to ${process.cwd()}\n`,
  );
  expect([broken.code, missing.code]).toEqual([2, 2]);
});

it("a store that is not there is a failure, not a usage error", async () => {
  const nowhere = join(folder, "nowhere");
  for (const line of ["ls", "show 1", "compare", "report", "export", "compact"]) {
    const { code, stdout, stderr } = await typed(line, { AFFERENT_STORE: nowhere });
    expect(stderr).toBe(
      `afferent: store: expected a folder with results, found nothing at ${nowhere}; afferent run makes one, store.path=DIR or AFFERENT_STORE names another\n`,
    );
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  }
});

it("shows a stack only when asked", async () => {
  const { stderr } = await typed("show xyz", { AFFERENT_DEBUG: "1" });
  expect(stderr).toMatch(/^afferent: UsageError: show: expected a run .*\n {4}at /);
});

it("shows help of the program and of every command, with examples, on stdout", async () => {
  const program = await typed("--help");
  expect(program).toMatchObject({ code: 0, stderr: "" });
  for (const name of names.split(", ")) {
    expect(program.stdout).toMatch(new RegExp(`^  ${name} +\\w`, "m"));
    const { code, stdout, stderr } = await typed(`${name} --help`);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(new RegExp(`^Usage: afferent ${name} \\[options\\]`));
    expect(stdout).toMatch(new RegExp(`\\nExamples:\\n  afferent ${name}`));
    expect(stdout).toMatch(/\nKeys of --json: \w/);
  }
});

it("without a command shows the help on stderr, as a usage error", async () => {
  const { code, stdout, stderr } = await typed([]);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toMatch(/^Usage: afferent <command>/);
});

it("advice names the command as it was called", async () => {
  const { stderr } = await typed("show", { npm_command: "exec" });
  expect(stderr).toBe("afferent: show: expected a run, got none; npx afferent ls --all lists them\n");
});
