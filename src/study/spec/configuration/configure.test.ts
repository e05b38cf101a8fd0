import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expand } from "../expand.ts";
import { valueAt } from "../keys.ts";
import { loadStudy } from "../load.ts";
import { configure, type Said } from "./configure.ts";
import { configurationText, sourced } from "./text.ts";

let folder: string;
/** A path as messages show it. */
let shown: (name: string) => string;
const write = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "afferent-configuration-"));
  shown = (name) => {
    const [near, far] = [relative(process.cwd(), join(folder, name)), join(folder, name)];
    return near.length > far.length ? far : near;
  };
  mkdirSync(join(folder, "project", "deep", "deeper"), { recursive: true });
  write(
    "project/afferent.yaml",
    `# What all studies here share.
task: { v: 4, m: 2, depth: 2 }
data: { train: 20, validation: 4, test: 8 }
train.steps: 11
train.batch: 5
rule: { id: info-nce, pair: same-class }
groups:
  network:
    wide: { width: 32, train.batch: 6 }
    narrow:
      width: 3
  size:
    small: { network: { width: 2 }, data.train: 12 }
`,
  );
});
afterAll(() => rmSync(folder, { recursive: true }));

const inProject = (said: Partial<Said>) =>
  configure({ words: [], folder: join(folder, "project", "deep", "deeper"), ...said });

/** Value and origin of a key. */
async function of(key: string, said: Partial<Said>): Promise<[unknown, string]> {
  const found = sourced(await inProject(said)).find((each) => each.key === key);
  return [found?.value, found?.origin ?? "none"];
}

describe("configure", () => {
  it("takes later over earlier: default, afferent.yaml, study file, --config in order, groups in order, words", async () => {
    const yaml = shown("project/afferent.yaml");
    const study = write("study.yaml", "name: s\nquestion: q?\nbase: { train: { steps: 12, batch: 7 }, rule: oja }\n");
    const a = write("a.yaml", "train: { steps: 13, batch: 8 }\n");
    const b = write("b.yaml", "\ntrain.steps: 14\n");
    const key = "train.steps";
    expect(await of("train.momentum", {})).toEqual([0.9, "default"]);
    expect(await of(key, {})).toEqual([11, `${yaml}:4`]);
    expect(await of(key, { file: study })).toEqual([12, shown("study.yaml")]);
    expect(await of(key, { file: study, configs: [a] })).toEqual([13, `${shown("a.yaml")}:1`]);
    expect(await of(key, { file: study, configs: [a, b] })).toEqual([14, `${shown("b.yaml")}:2`]);
    expect(await of(key, { file: study, configs: [b, a] })).toEqual([13, `${shown("a.yaml")}:1`]);
    const batch = "train.batch";
    expect(await of(batch, { configs: [a] })).toEqual([8, `${shown("a.yaml")}:1`]);
    expect(await of(batch, { configs: [a], words: ["+network=wide"] })).toEqual([6, `group network=wide (${yaml}:9)`]);
    expect(await of(batch, { words: ["train.batch=9", "+network=wide"] })).toEqual([9, "command line"]);
    expect(await of("network.width", { words: ["+network=wide", "+size=small"] })).toEqual([
      2,
      `group size=small (${yaml}:13)`,
    ]);
    expect(await of("data.train", { file: study })).toEqual([20, `${yaml}:3`]);
  });

  it("replaces a rule with its options", async () => {
    expect(await of("rule.pair", {})).toEqual(["same-class", `${shown("project/afferent.yaml")}:6`]);
    expect(await of("rule.pair", { words: ["rule=vicreg"] })).toEqual(["context", "default"]);
    const study = write("rules.yaml", "name: r\nquestion: q?\ngrid: { rule: [backprop, oja] }\n");
    const { study: merged } = await inProject({ file: study });
    expect(expand(merged).map(({ spec }) => [spec.rule.id, "pair" in spec.rule])).toEqual([
      ["backprop", false],
      ["oja", false],
    ]);
  });

  it("makes axes of lists, ranges and ranges to draw from, and lets values replace axes", async () => {
    const grid = write("grid.yaml", "seed: 0..2\nnetwork.widths: [8, 4]\ntrain: { learningRate: [0.1, 0.2] }\n");
    const { study } = await inProject({
      configs: [grid],
      words: ["train.momentum=uniform(0..0.5)"],
      sampling: { samples: 2, seed: 0 },
    });
    expect(study.grid).toMatchObject({ seed: [0, 1, 2], "train.learningRate": [0.1, 0.2] });
    expect(study.grid["train.momentum"]).toHaveLength(2);
    expect(valueAt(study.base, "network.widths")).toEqual([8, 4]);
    expect(expand(study)).toHaveLength(3 * 2 * 2);
    expect((await inProject({ configs: [grid], words: ["seed=7"] })).study.grid).not.toHaveProperty("seed");
  });

  it("keeps what a study says where the project says otherwise, and says what it took of the project", async () => {
    const study = write(
      "own.yaml",
      "name: own\nquestion: q?\nbase: { task: { v: 5 } }\ngrid: { train.steps: [1, 2] }\n",
    );
    const { study: merged, project, changed } = await inProject({ file: study });
    expect(merged.base.task).toMatchObject({ v: 5, m: 2 });
    expect(merged.grid).toEqual({ "train.steps": [1, 2] });
    // m, depth, three of data, batch, rule and its pair.
    expect(project).toEqual({ name: shown("project/afferent.yaml"), keys: 8 });
    expect(changed).toBe(false);
    expect((await inProject({ file: study, words: ["seed=1"] })).changed).toBe(true);
  });

  it("finds rules of one's own from the file that names them", async () => {
    const path = write("mine.yaml", "rule: ./nowhere/my-rule.ts\n");
    await expect(inProject({ configs: [path] })).rejects.toThrow(/nowhere\/my-rule\.ts/);
    const near = relative(process.cwd(), join(folder, "nowhere", "my-rule.ts"));
    await expect(inProject({ configs: [path] })).rejects.toThrow(near);
  });

  it("goes without files", async () => {
    const { study, project } = await configure({ words: ["rule=oja"], folder: tmpdir() });
    expect([study.name, study.question, project]).toEqual(["command-line", "rule=oja", undefined]);
  });
});

describe("errors name file and line", () => {
  it.each([
    [
      "task:\n  v: 4\n  w: 5\n",
      ':3: task.w: expected a key of the run specification, got "task.w"; did you mean task.v?',
    ],
    ["train:\n  steps: many\n", ':2: train.steps: expected an integer > 0, got "many"'],
    ["train:\n  steps: 0\n", ":2: train.steps: expected an integer > 0, got 0"],
    ["train:\n  steps:\n", ":2: train.steps: expected a value, got nothing; leave the key out for its default"],
    ["train.steps: 1\ntrain: { steps: 2 }\n", ":2: train.steps: expected a key once, got it again after "],
    ["seed: 1\nseed: 2\n", ":2: expected valid YAML, got a parse error: Map keys must be unique"],
    ["task: [\n", ":2: expected valid YAML, got a parse error"],
    ["seed: []\n", ":1: seed: expected at least one value, got an empty list"],
    ["train: 3\n", ":1: train: expected keys among steps"],
    ["store.path: x\n", ":1: store.path: expected a key of the run specification, got a setting of the process"],
    ["grid: { seed: [1] }\n", ":1: grid: expected settings, got a part of a study; run it by its name"],
    [
      "groups:\n  network:\n    wide: { widht: 3 }\n",
      ':3: widht: expected a key of the run specification, got "widht"',
    ],
    ["groups: 3\n", ":1: groups: expected keys with values, got 3"],
    ["- a\n", ":1: expected keys with values, got"],
  ])("%j", async (text, message) => {
    const path = write("wrong.yaml", text);
    await expect(inProject({ configs: [path] })).rejects.toThrow(shown("wrong.yaml") + message);
  });

  it.each([
    ["+network=wid", '+network=wid: expected one of wide, narrow, got "wid"; did you mean wide?'],
    ["+net=wide", '+net=wide: expected one of the groups network, size, got "net"; did you mean network?'],
    ["+network", 'group: expected +group=name, got "+network"; for example +network=wide'],
  ])("of groups: %s", async (word, message) => {
    await expect(inProject({ words: [word] })).rejects.toThrow(message);
  });

  it("of groups: twice, or where no file has any", async () => {
    await expect(inProject({ words: ["+network=wide", "+network=narrow"] })).rejects.toThrow(
      "+network=narrow: expected a group once, got +network=wide before; keep one",
    );
    await expect(configure({ words: ["+network=wide"], folder: tmpdir() })).rejects.toThrow(
      "+network=wide: expected a group of a configuration file, found none",
    );
  });

  it("of a file that is not there", async () => {
    await expect(inProject({ configs: [join(folder, "none.yaml")] })).rejects.toThrow("found nothing there");
  });
});

describe("configurationText", () => {
  it.each([
    ["one run", { words: ["seed=3", "rule.pair=context"] }],
    ["a grid", { words: ["rule=backprop,oja", "seed=0..1", "+network=wide"] }],
    ["draws", { words: ["train.learningRate=log(1e-4..1e-1)"], sampling: { samples: 3, seed: 1 } }],
  ])("is a file that gives the same runs: %s", async (_, said) => {
    const configured = await inProject(said);
    const path = write("again.yaml", configurationText(configured));
    const [runs, again] = [expand(configured.study), expand(await loadStudy(path))];
    expect(again.map(({ run }) => run)).toEqual(runs.map(({ run }) => run));
  });

  it("names the origin of every value of one run beside it", async () => {
    const text = configurationText(await inProject({ words: ["seed=3"] }));
    const yaml = shown("project/afferent.yaml");
    expect(text).toMatch(/^ {2}id: info-nce +# \S+afferent\.yaml:6$/m);
    expect(text).toMatch(/^ {2}steps: 11 +# \S+afferent\.yaml:4$/m);
    expect(text).toMatch(/^seed: 3 +# command line$/m);
    expect(text).toMatch(/^ {2}momentum: 0\.9 +# default$/m);
    expect(text).toContain(yaml);
    const values = text.split("\n").filter((line) => /: \S/.test(line));
    for (const line of values) expect(line).toMatch(/ # (default|command line|\S+afferent\.yaml:\d+)$/);
  });
});
