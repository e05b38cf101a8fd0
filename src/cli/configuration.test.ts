/** `afferent config` and `afferent keys`, and what `run` makes of configuration. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { specKeys } from "../study/spec/keys.ts";
import { typed, typedJson } from "./typed.contract.ts";

let folder: string;
const before = process.cwd();
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "afferent-config-"));
  mkdirSync(join(folder, "below"));
  writeFileSync(
    join(folder, "afferent.yaml"),
    "task: { v: 4, m: 2, depth: 2 }\ndata: { train: 8, validation: 2, test: 2 }\ntrain: { steps: 3, batch: 4 }\n" +
      "network.width: 4\ngroups: { network: { wide: { width: 6 } } }\n",
  );
  writeFileSync(join(folder, "below", "more.yaml"), "train.steps: 2\n");
  process.chdir(join(folder, "below"));
});
afterAll(() => {
  process.chdir(before);
  rmSync(folder, { recursive: true });
});

type Values = { values: { key: string; value: unknown; origin: string }[] };

describe("config", () => {
  it("prints YAML with origins, the same as --json", async () => {
    const line = "config +network=wide seed=0..1 --config more.yaml";
    const { stdout } = await typed(line);
    expect(stdout).toMatch(/^ {4}width: 6 +# group network=wide \(\.\.\/afferent\.yaml:5\)$/m);
    expect(stdout).toMatch(/^ {4}steps: 2 +# more\.yaml:1$/m);
    expect(stdout).toMatch(/^ {4}v: 4 +# \.\.\/afferent\.yaml:1$/m);
    expect(stdout).toMatch(/^ {2}seed: \[0, 1\] +# command line$/m);
    const { values } = (await typedJson(line)) as Values;
    const of = (wanted: string) => values.find(({ key }) => key === wanted);
    expect(of("seed")).toEqual({ key: "seed", value: [0, 1], origin: "command line" });
    expect(of("network.bias")).toEqual({ key: "network.bias", value: "none", origin: "default" });
  });

  it("refuses with exit code 2", async () => {
    for (const [line, message] of [
      ["config --samples 0", "--samples: expected a whole number of at least 1"],
      ["config --sample-seed 3", "--sample-seed: expected --samples N beside it, got none"],
      ["config train.steps=log(1..9)", "override train.steps: expected a number of samples beside a range"],
      ["info +network=huge", '+network=huge: expected one of wide, got "huge"; did you mean wide?'],
    ] as const) {
      expect(await typed(line)).toMatchObject({ code: 2, stderr: expect.stringContaining(message) as string });
    }
  });
});

describe("run", () => {
  it(
    "says what it takes of afferent.yaml, keeps flags in its command, and draws what --samples says",
    { timeout: 90_000 },
    async () => {
      const words = [
        "run",
        "--config",
        "more.yaml",
        "train.learningRate=log(1e-3..1e-1)",
        "--samples",
        "2",
        "store.path=store",
      ];
      const { code, stderr, stdout } = await typed([...words, "--json"]);
      expect(stderr).toContain("afferent: ../afferent.yaml: 8 keys of it count here (afferent config shows each)\n");
      expect(code).toBe(0);
      const ran = JSON.parse(stdout) as { planned: number; cells: { axes: Record<string, number> }[] };
      expect(ran.planned).toBe(2);
      const rates = ran.cells.map(({ axes }) => axes["train.learningRate"]);
      const { values } = (await typedJson(words.slice(1, -1).join(" ").replace(/^/, "config "))) as Values;
      expect(values.find(({ key }) => key === "train.learningRate")?.value).toEqual(rates);
      const { studies } = (await typedJson("ls store.path=store")) as { studies: { command: string }[] };
      expect(studies[0]?.command).toContain("--config more.yaml --samples 2");
      expect((await typedJson("compare store.path=store")) as object).toMatchObject({ cells: [{}, {}] });
      const more = JSON.parse(
        (await typed([...words.slice(0, 5), "3", "store.path=store", "--json"])).stdout,
      ) as object;
      expect(more).toMatchObject({ planned: 3, computed: 1, reused: 2 });
    },
  );
});

describe("keys", () => {
  it("lists every key that takes a value, with default and meaning", async () => {
    const { keys } = (await typedJson("keys")) as {
      keys: { key: string; values: string; default: unknown; meaning: string }[];
    };
    const leaves = [...specKeys()].filter(([key, { type }]) => type !== "object" && key !== "ruleFile");
    expect(keys.map(({ key }) => key)).toEqual(leaves.map(([key]) => key));
    expect(keys.find(({ key }) => key === "train.optimiser")).toEqual({
      key: "train.optimiser",
      values: "one of sgd, adam, adamw",
      default: "adam",
      meaning: "what turns pseudo-gradients into updates",
    });
    for (const { key, values, meaning } of keys.filter((each) => /^(train|data|seeds?)\b/.test(each.key))) {
      expect([key, values !== "", meaning !== ""]).toEqual([key, true, true]);
    }
  });

  it("is a table that fits a terminal, of a beginning where one is given", async () => {
    const { stdout } = await typed("keys data", {}, 90);
    expect(stdout).toMatch(/^key +values +default +meaning$/m);
    const lines = stdout.trimEnd().split("\n");
    expect(lines.filter((line) => line.startsWith("data."))).toHaveLength(3);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(90);
    const wrong = await typed("keys tarin");
    expect(wrong).toMatchObject({ code: 2 });
    expect(wrong.stderr).toContain('expected the beginning of a key, got "tarin"; did you mean train?');
  });
});
