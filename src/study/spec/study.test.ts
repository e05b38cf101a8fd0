import { describe, expect, it } from "vitest";
import { expand } from "./expand.ts";
import { runIdentity } from "./identity.ts";
import { parseOverrides } from "./overrides.ts";
import type { StudyInput } from "./study.ts";
import { baselineOf, defineStudy, overrideStudy, ruleNames } from "./study.ts";

const small: StudyInput = {
  name: "small",
  question: "Does it run?",
  base: { task: { v: 4, m: 2, depth: 2 } },
  grid: { rule: ["backprop", "oja"], "data.train": [10, 20, 30], seed: "0..1" },
  tune: { over: { "train.learningRate": [1e-3, 1e-2] } },
  perRule: { oja: { "train.steps": 7 } },
};

function errorOf(change: Record<string, unknown>): string {
  try {
    expand(defineStudy({ ...small, ...change }));
  } catch (error) {
    return (error as Error).message;
  }
  return "no error";
}

describe("defineStudy", () => {
  it("is plain data, and defining it again changes nothing", () => {
    const study = defineStudy(small);
    expect(defineStudy(study as StudyInput)).toEqual(study);
    expect(JSON.parse(JSON.stringify(study))).toEqual(study);
    expect(study.grid.seed).toEqual([0, 1]);
    expect(study.tune?.by).toBe("validationError");
  });

  it("names rules and the baseline", () => {
    expect(
      ruleNames(defineStudy({ ...small, grid: { rule: [{ id: "a", x: 1 }, { id: "a", x: 2 }, "b"] }, perRule: {} })),
    ).toEqual(["a", "b"]);
    expect(baselineOf(defineStudy(small))).toBe("backprop");
    expect(baselineOf(defineStudy({ ...small, baseline: "oja" }))).toBe("oja");
  });

  it("names the study and the path of what is wrong", () => {
    expect([
      errorOf({ question: undefined }),
      errorOf({ name: "a b" }),
      errorOf({ gird: {} }),
      errorOf({ base: { task: { w: 3 } } }),
      errorOf({ base: { train: { steps: "many" } } }),
      errorOf({ grid: { "train.lerningRate": [1] } }),
      errorOf({ grid: { "data.train": [10, -1] } }),
      errorOf({ grid: { "data.train": [] } }),
      errorOf({ grid: { seed: "0..x" } }),
      errorOf({ tune: { over: { "data.train": [1, 2] } } }),
      errorOf({ tune: { over: { "seeds.init": [1, 2] } } }),
      errorOf({ tune: { over: { "train.momentum": [0.5] }, by: "testError" } }),
      errorOf({ perRule: { oja: { "train.learningRate": 0.1 } } }),
      errorOf({ perRule: { aja: { "train.steps": 3 } } }),
      errorOf({ controls: { frozen: "nothing learns" } }),
      errorOf({ base: { data: { validation: 0 } } }),
      errorOf({ base: { task: { v: 4 }, seed: 1.5 } }),
    ]).toMatchInlineSnapshot(`
      [
        "study "small": question: expected string, got undefined",
        "study "a b": name: expected letters, digits, -, _ or .",
        "study "small": expected known keys only, got "gird"; did you mean grid?",
        "study "small": base.task.w: expected a key of the run specification, got "task.w"; did you mean task.v?",
        "study "small": base.train.steps: expected an integer > 0, got "many" (training steps, a batch each; default 2000)",
        "study "small": grid.train.lerningRate: expected a key of the run specification, got "train.lerningRate"; did you mean train.learningRate?",
        "study "small": grid.data.train: expected an integer > 0, got -1 (training examples; default 4000)",
        "study "small": grid.data.train: expected at least one value, got none",
        "study "small": grid.seed: expected an integer >= 0, got "0..x" (seed of every stream that seeds.* does not name; default 0)",
        "study "small": tune.over.data.train: expected a key that is not in grid; keep it in one of them",
        "study "small": tune.over.seeds.init: expected a hyper-parameter, got a seed; put it in grid",
        "study "small": tune.by: expected one of "validationError"|"validationLoss"",
        "study "small": perRule.oja.train.learningRate: expected a key that is neither in grid nor tuned; every rule gets the same values of those",
        "study "small": perRule.aja: expected a rule that this study runs, got "aja"; did you mean oja? It runs backprop, oja",
        "study "small": controls.frozen: expected a rule that this study runs, got "frozen"; did you mean oja? It runs backprop, oja",
        "study "small": expected data.validation > 0 to choose train.learningRate by, got 0; the test examples are never used for choosing",
        "study "small": base.seed: expected an integer >= 0, got 1.5 (seed of every stream that seeds.* does not name; default 0)",
      ]
    `);
  });
});

describe("expand", () => {
  it("runs every tuned value for every rule, size and seed", () => {
    const runs = expand(defineStudy(small));
    expect(runs).toHaveLength(2 * 3 * 2 * 2);
    for (const rule of ["backprop", "oja"]) {
      const own = runs.filter(({ axes }) => axes.rule === rule);
      expect(own.map(({ tuned }) => tuned["train.learningRate"]).filter((rate) => rate === 0.01)).toHaveLength(6);
    }
    expect(runs[1]).toMatchObject({
      axes: { rule: "backprop", "data.train": 10, seed: 0 },
      tuned: { "train.learningRate": 0.01 },
      spec: {
        task: { v: 4, m: 2 },
        rule: { id: "backprop" },
        data: { train: 10 },
        seed: 0,
        train: { learningRate: 0.01 },
      },
    });
  });

  it("applies settings of a rule to that rule only", () => {
    const steps = expand(defineStudy(small)).map(({ axes, spec }) => [axes.rule, spec.train.steps]);
    expect(new Set(steps.map(String))).toEqual(new Set(["backprop,2000", "oja,7"]));
  });

  it("keeps one of equal runs, and takes identity and limit from the caller", () => {
    const twice = defineStudy({
      ...small,
      grid: { rule: ["backprop", { id: "backprop" }], seed: [0, 0, 1] },
      perRule: {},
    });
    expect(expand(twice)).toHaveLength(2 * 2);
    expect(expand(twice)[0]?.axes.rule).toBe("backprop");
    expect(expand(twice, { identify: (spec) => `seed ${spec.seed}` }).map(({ run }) => run)).toEqual([
      "seed 0",
      "seed 1",
    ]);
    expect(expand(twice)[0]?.run).toBe(runIdentity(expand(twice)[0]!.spec));
    expect(() => expand(defineStudy(small), { limit: 23 })).toThrowErrorMatchingInlineSnapshot(
      `[Error: study "small": expected at most 23 runs, got 24 (rule 2 x data.train 3 x seed 2 x train.learningRate 2); shorten an axis]`,
    );
  });

  it("names the run whose specification is not valid", () => {
    const study = defineStudy(small);
    const broken = { ...study, base: { ...study.base, task: { v: 4, m: 2, depth: 2, q: 1 } } };
    expect(() => expand(broken)).toThrowErrorMatchingInlineSnapshot(
      `[Error: study "small": run rule=backprop data.train=10 seed=0 train.learningRate=0.001: task.q: expected an option (v, m, s, depth, classes); did you mean v?]`,
    );
  });

  it("sets a rule's options from their own axis on top of the rule", () => {
    const study = defineStudy({
      ...small,
      grid: { "rule.gate": ["own", "none"], rule: ["a", "b"] },
      perRule: {},
      tune: undefined!,
    });
    expect(expand(study, { complete: (spec) => spec }).map(({ spec }) => spec.rule)).toEqual([
      { id: "a", gate: "own" },
      { id: "b", gate: "own" },
      { id: "a", gate: "none" },
      { id: "b", gate: "none" },
    ]);
  });
});

describe("expand with the catalogue of rules", () => {
  it("gives one run one identity, whatever a rule is called and whether defaults are written out", () => {
    const plan = (rule: string | Record<string, string>): string[] =>
      expand(defineStudy({ ...small, grid: { rule: [rule] as never }, perRule: {} })).map(({ run }) => run);
    expect(plan("dfa")).toEqual(plan("direct-feedback-alignment"));
    expect(plan({ id: "dfa", gate: "own" })).toEqual(plan("dfa"));
    expect(plan({ id: "dfa", gate: "none" })).not.toEqual(plan("dfa"));
  });

  it("names the run whose rule or option is unknown, and the nearest name", () => {
    const plan = (rule: string | Record<string, string>) => () =>
      expand(defineStudy({ ...small, grid: { rule: [rule] as never }, perRule: {} }));
    expect(plan("backpropp")).toThrow(
      /^study "small": run rule=backpropp.*: rule: expected a rule, got "backpropp"; did you mean "backprop"\? \(afferent rules lists all\)$/,
    );
    expect(plan({ id: "dfa", gait: "own" })).toThrow(
      /rule\.gait: expected an option of direct-feedback-alignment .*; did you mean "gate"\?$/,
    );
  });
});

describe("overrideStudy", () => {
  const override = (...words: string[]) => overrideStudy(defineStudy(small), parseOverrides(words));

  it("lets a setting replace an axis and an axis a setting", () => {
    const study = override("data.train=5", "task.m=2,3");
    expect(study.grid).toEqual({ rule: ["backprop", "oja"], seed: [0, 1], "task.m": [2, 3] });
    expect(study.base.data).toEqual({ train: 5 });
    expect(expand(study)).toHaveLength(2 * 2 * 2 * 2);
  });

  it("stops tuning a key that is given, and keeps one that becomes an axis out of the choice", () => {
    expect(override("train.learningRate=0.1").tune).toBeUndefined();
    const axis = override("train.learningRate=0.1,0.2");
    expect(axis.tune).toBeUndefined();
    expect(axis.grid["train.learningRate"]).toEqual([0.1, 0.2]);
  });

  it("wins over settings for one rule, and forgets rules that are gone", () => {
    expect(override("train.steps=9").perRule).toEqual({ oja: {} });
    expect(override("rule=backprop").perRule).toEqual({});
  });
});
