/** What is computed once: models, graphs and certificates of runs that share a shape. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Rule } from "../../rules/index.ts";
import { oneOfEachFamily } from "../../rules/testing/one-of-each.contract.ts";
import { nodeEngine } from "../../runtime/node-engine.node.ts";
import { studyFromWords } from "../spec/load.ts";
import { RunSpec } from "../spec/spec.ts";
import { completeSpec } from "./build.ts";
import { groupRuns } from "./groups.ts";
import { planStudy } from "./plan.ts";
import { PlannedModels } from "./planned-model.ts";
import { refuseUndeclared } from "./claims.ts";
import { trainRuns } from "./train-runs.ts";
import { adoptRuleFile, ruleOf } from "./user-rules.ts";

let folder = "";
let counting = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "afferent-planned-"));
  counting = join(folder, "counting.ts");
  await writeFile(
    counting,
    `import { rules, z } from "afferent";
export const counting = rules.plasticity({
  id: "counting", family: "test", equation: "dW = <x u^T>", source: "-", relation: "none",
  reads: ["pre", "preactivation"], options: z.strictObject({}),
  change: ({ pre, preactivation, outer }) => outer(pre, preactivation),
});
`,
  );
});
afterAll(() => rm(folder, { recursive: true }));

const small = ["task.v=4", "task.m=2", "task.depth=2", "data.train=16", "data.validation=2", "data.test=4"];

describe("runs of one shape", () => {
  it("are traced once, for the certificate and for training together", async () => {
    const words = [...small, "network.width=6", "train.steps=4", "train.batch=8"];
    const study = await studyFromWords([`rule=${counting}`, ...words, "seed=0..4", "train.learningRate=0.01,0.02"]);
    const documents = vi.spyOn(
      ruleOf({ rule: { id: counting } }).rule as { document: NonNullable<Rule["document"]> },
      "document",
    );
    const { runs, models, undeclared } = planStudy(study);
    expect(runs).toHaveLength(10);
    expect(undeclared).toEqual([]);
    const groups = groupRuns(runs, 2, models);
    expect(groups.map((group) => group.runs.length)).toEqual([5, 5]);
    for (const group of groups) {
      const specs = group.runs.map(({ spec }) => spec);
      const results = await trainRuns(models.of(specs[0]!), specs, nodeEngine());
      expect(results.map(({ outcome }) => outcome)).toEqual([
        "finished",
        "finished",
        "finished",
        "finished",
        "finished",
      ]);
    }
    const batches = documents.mock.calls.map(([, { batch }]) => batch);
    expect(batches).toEqual([8]);
  });

  it("have one model, others have another", () => {
    const models = new PlannedModels();
    const spec = (input: object): RunSpec => completeSpec(RunSpec.parse(input));
    const one = models.of(spec({ seed: 1 }));
    expect(models.of(spec({ seed: 2, data: { train: 100 }, train: { learningRate: 0.1 } }))).toBe(one);
    expect(models.of(spec({ network: { width: 8 } }))).not.toBe(one);
    expect(one.step).toBe(one.step);
    expect(one.certificate).toBe(one.certificate);
  });
});

describe("a rule that reads more than it claims", () => {
  it("is known on the very network of the run, and refused", async () => {
    const bold = join(folder, "bold.ts");
    await writeFile(
      bold,
      `import { rules, z } from "afferent";
export const bold = rules.plasticity({
  id: "bold", family: "test", equation: "dW = <x u^T>", source: "-", relation: "none",
  reads: ["pre"], options: z.strictObject({ least: z.int().default(12) }),
  change: ({ pre, post, preactivation, outer, units }, { least }) => outer(pre, preactivation.mul(units < least ? 0 : 1).add(1)),
});
`,
    );
    await adoptRuleFile(bold);
    const study = (...words: string[]) => studyFromWords([`rule=${bold}`, ...small, ...words]);
    const found = planStudy(await study("network.width=20")).undeclared;
    expect(found).toEqual([
      expect.stringMatching(/^rule bold@\w+: by its graph it reads preactivation without claiming it$/),
    ]);
    expect(() => refuseUndeclared(found, "say so")).toThrow(/add it to the rule's reads, or say so to run it/);
    expect(planStudy(await study("network.width=4")).undeclared).toEqual([]);
    // Away from its defaults it is compared with nothing.
    expect(planStudy(await study("network.width=20", "rule.least=3")).undeclared).toEqual([]);
  });
});

describe("what shipped rules claim", () => {
  it("is what a rule of each family reads on a perceptron (every rule and network: claims.slow.test.ts)", async () => {
    const words = [...small, "network.architecture=mlp", "network.width=4", "train.batch=4"];
    const { undeclared } = planStudy(await studyFromWords([`rule=${oneOfEachFamily.join(",")}`, ...words]));
    expect(undeclared).toEqual([]);
  });
});
