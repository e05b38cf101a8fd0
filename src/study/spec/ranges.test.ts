import { describe, expect, it } from "vitest";
import { expand } from "./expand.ts";
import { parseOverrides } from "./overrides.ts";
import { drawValues, parseRange } from "./ranges.ts";
import { defineStudy, overrideStudy, type StudyInput } from "./study.ts";

const rangeOf = (key: string, text: string) => parseRange("here", key, text);
const drawn = (key: string, text: string, samples: number, seed = 0): number[] =>
  drawValues(key, rangeOf(key, text)!, { samples, seed });

describe("parseRange", () => {
  it("reads log and uniform ranges, and leaves other texts alone", () => {
    expect(rangeOf("train.learningRate", "log(1e-4..1e-1)")).toMatchObject({ scale: "log", low: 1e-4, high: 0.1 });
    expect(rangeOf("train.momentum", " uniform( 0.1 .. .9 )")).toMatchObject({ scale: "uniform", low: 0.1, high: 0.9 });
    expect(rangeOf("network.width", "log(16..256)")).toMatchObject({ whole: true });
    expect(rangeOf("rule.k", "uniform(1..8)")).toMatchObject({ whole: true });
    expect(rangeOf("rule.k", "uniform(1.0..8)")).toMatchObject({ whole: false });
    expect(rangeOf("seed", "0..4")).toBeUndefined();
    expect(rangeOf("rule", "logistic")).toBeUndefined();
  });

  it.each([
    [
      "train.learningRate",
      "log(1e-4,1e-1)",
      'here: expected log(low..high) with two numbers, such as log(1e-4..1e-1), got "log(1e-4,1e-1)"',
    ],
    ["train.learningRate", "log(1e-4..1e-1", "here: expected log(low..high)"],
    ["train.learningRate", "log(0.1..0.01)", "here: expected a range from low to high"],
    ["train.learningRate", "log(0..1)", "here: expected a lowest value above 0 on a scale of logarithms"],
    ["train.momentum", "uniform(0..2)", "here: expected a number >= 0 and <= 1"],
    ["network.width", "uniform(1.5..8)", "here: expected an integer > 0"],
    [
      "train.optimiser",
      "uniform(0..1)",
      "here: expected one of sgd, adam, adamw; ranges are for keys that take a number",
    ],
  ])("refuses %s=%s", (key, text, message) => {
    expect(() => rangeOf(key, text)).toThrow(message);
  });
});

describe("drawValues", () => {
  it("stays inside, fills the scale evenly, and has four digits", () => {
    const values = drawn("train.learningRate", "log(1e-4..1e-1)", 3000);
    expect(Math.min(...values)).toBeGreaterThanOrEqual(1e-4);
    expect(Math.max(...values)).toBeLessThanOrEqual(0.1);
    // A third in each decade; three standard deviations of 3000 draws are 0.026.
    for (const [from, to] of [
      [1e-4, 1e-3],
      [1e-3, 1e-2],
      [1e-2, 1e-1],
    ] as const) {
      const share = values.filter((value) => value >= from && value < to).length / values.length;
      expect(Math.abs(share - 1 / 3)).toBeLessThan(0.026);
    }
    for (const value of values) expect(value).toBe(Number(value.toPrecision(4)));
    const whole = drawn("network.width", "uniform(3..6)", 4000);
    for (const width of [3, 4, 5, 6]) {
      expect(Math.abs(whole.filter((value) => value === width).length / 4000 - 0.25)).toBeLessThan(0.021);
    }
  });

  it("begins with the same values whatever their number, and differs by seed and by key", () => {
    const ten = drawn("train.learningRate", "log(1e-4..1e-1)", 10);
    expect(drawn("train.learningRate", "log(1e-4..1e-1)", 20).slice(0, 10)).toEqual(ten);
    expect(drawn("train.learningRate", "log(1e-4..1e-1)", 10, 1)).not.toEqual(ten);
    expect(drawn("train.readoutLearningRate", "log(1e-4..1e-1)", 10)).not.toEqual(ten);
  });
});

const study: StudyInput = {
  name: "random",
  question: "?",
  base: { data: { train: 20, validation: 8, test: 8 } },
  grid: { rule: ["backprop", "oja"], seed: "0..1" },
  tune: { over: { "train.learningRate": "log(1e-4..1e-1)", "train.momentum": "uniform(0..0.9)" } },
  samples: 5,
};

describe("random search", () => {
  it("draws keys together: as many points as samples, each run with every rule and seed, stored as a grid", () => {
    const defined = defineStudy(study);
    expect(defined.drawn).toEqual({ "train.learningRate": "log(1e-4..1e-1)", "train.momentum": "uniform(0..0.9)" });
    // Their number is also what counts against the limit of a study.
    const runs = expand(defined, { limit: 2 * 2 * 5 });
    expect(runs).toHaveLength(2 * 2 * 5);
    const points = new Set(runs.map(({ tuned }) => JSON.stringify(tuned)));
    expect(points.size).toBe(5);
    const rates = defined.tune?.over["train.learningRate"];
    const momenta = defined.tune?.over["train.momentum"];
    expect([...points]).toEqual(
      rates?.map((rate, i) => JSON.stringify({ "train.learningRate": rate, "train.momentum": momenta?.[i] })),
    );
    expect(defineStudy(defined)).toEqual(defined);
    expect(defineStudy(JSON.parse(JSON.stringify(defined)) as StudyInput)).toEqual(defined);
  });

  it("is the same on a command line, as axes of a grid", () => {
    const words = ["train.learningRate=log(1e-4..1e-1)", "network.width=uniform(8..64)", "seed=0,1"];
    const { axes, drawn: ranges } = parseOverrides(words, { sampling: { samples: 3, seed: 0 } });
    expect(Object.keys(ranges)).toEqual(["train.learningRate", "network.width"]);
    const grid = Object.fromEntries(axes.map(({ key, values }) => [key, values]));
    const runs = expand(defineStudy({ name: "s", question: "?", grid, drawn: ranges }));
    expect(runs).toHaveLength(3 * 2);
    expect(runs[0]?.spec.train.learningRate).toBe(grid["train.learningRate"]?.[0]);
    expect(runs[0]?.spec.network.width).toBe(grid["network.width"]?.[0]);
  });

  it("is drawn anew with other samples, of which the first are those there were", () => {
    const defined = defineStudy(study);
    const more = overrideStudy(defined, parseOverrides([]), { samples: 8, seed: 0 });
    expect(more.tune?.over["train.learningRate"]?.slice(0, 5)).toEqual(defined.tune?.over["train.learningRate"]);
    expect(expand(more)).toHaveLength(2 * 2 * 8);
    const one = overrideStudy(defined, parseOverrides(["train.momentum=0.5"]));
    expect(one.drawn).toEqual({ "train.learningRate": "log(1e-4..1e-1)" });
    expect(expand(one)).toHaveLength(2 * 2 * 5);
  });

  it("needs a number of samples", () => {
    expect(() => parseOverrides(["train.learningRate=log(1e-4..1e-1)"])).toThrow(
      'override train.learningRate: expected a number of samples beside a range, got "log(1e-4..1e-1)" alone; give --samples N, or samples: N in a study',
    );
    const { samples: _none, ...without } = study;
    expect(() => defineStudy(without)).toThrow("tune.over.train.learningRate: expected a number of samples");
    expect(() => defineStudy({ ...study, drawn: { seed: "x", "data.test": "y" } })).toThrow(/drawn/);
  });
});

describe("overrideStudy", () => {
  it("gives an option of a rule to every rule that the study runs", () => {
    const defined = defineStudy({ name: "s", question: "?", grid: { rule: ["dfa", "info-nce"] }, base: {} });
    const changed = overrideStudy(defined, parseOverrides(["rule.gate=none"]));
    expect(changed.grid["rule"]).toEqual([
      { id: "dfa", gate: "none" },
      { id: "info-nce", gate: "none" },
    ]);
  });
});
