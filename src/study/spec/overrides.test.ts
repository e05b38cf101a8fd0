import { describe, expect, it } from "vitest";
import { nearestKey, specKeys, valueAt, withValue } from "./keys.ts";
import { parseOverrides } from "./overrides.ts";
import { RunSpec } from "./spec.ts";

function errorOf(...words: string[]): string {
  try {
    parseOverrides(words);
  } catch (error) {
    return (error as Error).message;
  }
  return "no error";
}

describe("parseOverrides", () => {
  it("types single values by the specification", () => {
    const { base, axes } = parseOverrides([
      "task.v=16",
      "train.learningRate=1e-3",
      "probes=true",
      "network.activation=tanh",
    ]);
    expect(base).toEqual({
      task: { v: 16 },
      train: { learningRate: 0.001 },
      probes: true,
      network: { activation: "tanh" },
    });
    expect(axes).toEqual([]);
  });

  it("makes axes of comma lists and integer ranges, in the order given", () => {
    expect(parseOverrides(["rule=backprop,oja", "seed=0..4", "data.train=100,1000"]).axes).toEqual([
      { key: "rule", values: ["backprop", "oja"] },
      { key: "seed", values: [0, 1, 2, 3, 4] },
      { key: "data.train", values: [100, 1000] },
    ]);
  });

  it("mixes ranges and values in one list, also with negative ends for open options", () => {
    expect(parseOverrides(["seed=0..2,7"]).axes[0]?.values).toEqual([0, 1, 2, 7]);
    expect(parseOverrides(["rule.shift=-1..1"]).axes[0]?.values).toEqual([-1, 0, 1]);
  });

  it("adds rule options to the one rule, whatever the order of the words", () => {
    expect(parseOverrides(["rule.pair=same-class", "rule=latent"]).base).toEqual({
      rule: { id: "latent", pair: "same-class" },
    });
    expect(parseOverrides(["rule.pair=same-class"]).base).toEqual({ rule: { id: "backprop", pair: "same-class" } });
  });

  it("gives a single rule option to every rule of a list, and keeps the list an axis", () => {
    const { base, axes } = parseOverrides(["rule=a,b", "rule.gain=2", "rule.pair=same-class,context"]);
    expect(base).toEqual({});
    expect(axes).toEqual([
      {
        key: "rule",
        values: [
          { id: "a", gain: 2 },
          { id: "b", gain: 2 },
        ],
      },
      { key: "rule.pair", values: ["same-class", "context"] },
    ]);
  });

  it("reads open rule options by how they look; quotes keep text, also text with commas", () => {
    const { settings } = parseOverrides([
      "rule.a=3",
      "rule.b=-1.5e-2",
      "rule.c=false",
      "rule.d=own",
      'rule.e="3"',
      "rule.f='x, y'",
      "rule.g=x\\,y",
      "rule.h=[1,[2,3]]",
      "rule.deep.i=1",
      'rule.j="0..4"',
    ]);
    expect(Object.values(settings)).toEqual([3, -0.015, false, "own", "3", "x, y", "x,y", [1, [2, 3]], 1, "0..4"]);
  });

  it("keeps commas inside brackets, so that lists can be an axis", () => {
    expect(parseOverrides(["network.widths=[64,32]"]).base).toEqual({ network: { widths: [64, 32] } });
    expect(parseOverrides(["network.widths=[64,32],[8,8]"]).axes[0]?.values).toEqual([
      [64, 32],
      [8, 8],
    ]);
  });

  it("takes everything it accepts into a valid specification", () => {
    const { base } = parseOverrides([
      "task.depth=2",
      "rule=oja",
      "rule.rate=1",
      "network.widths=[3]",
      "engine.device=webgpu",
    ]);
    expect(RunSpec.parse(base)).toMatchObject({
      task: { depth: 2 },
      rule: { id: "oja", rate: 1 },
      network: { widths: [3] },
    });
  });

  it("says key, expected and got", () => {
    expect([
      errorOf("learningrate"),
      errorOf("=3"),
      errorOf("task.w=3"),
      errorOf("learningRate=3"),
      errorOf("train.learning_rate=3"),
      errorOf("rulee=oja"),
      errorOf("train.batch=many"),
      errorOf("train.batch=1.5"),
      errorOf("train.learningRate=0"),
      errorOf("train.momentum=1.5"),
      errorOf("train.optimiser=adm"),
      errorOf("probes=yes"),
      errorOf("seed=0..2,x"),
      errorOf("seed=4..0"),
      errorOf("seed=0..99999"),
      errorOf("seed=1", "seed=2"),
      errorOf("seed="),
      errorOf("seed=1,,2"),
      errorOf("task=3"),
      errorOf("network.widths=64,32"),
      errorOf("network.widths=[64,"),
      errorOf("network.widths=[64 32]"),
      errorOf('rule="oja'),
      errorOf("train.steps=1..3.5"),
    ]).toMatchInlineSnapshot(`
      [
        "override: expected key=value, got "learningrate"; for example train.learningRate=1e-3",
        "override: expected key=value, got "=3"; for example train.learningRate=1e-3",
        "override task.w: expected a key of the run specification, got "task.w"; did you mean task.v?",
        "override learningRate: expected a key of the run specification, got "learningRate"; did you mean train.learningRate?",
        "override train.learning_rate: expected a key of the run specification, got "train.learning_rate"; did you mean train.learningRate?",
        "override rulee: expected a key of the run specification, got "rulee"; did you mean rule?",
        "override train.batch: expected an integer > 0, got "many" (strings of a batch; default 128)",
        "override train.batch: expected an integer > 0, got "1.5" (strings of a batch; default 128)",
        "override train.learningRate: expected a number > 0, got "0" (learning rate of the hidden layers, and of the read-out where that has none of its own; default 0.002)",
        "override train.momentum: expected a number >= 0 and <= 1, got "1.5" (sgd only; default 0.9)",
        "override train.optimiser: expected one of sgd, adam, adamw, got "adm" (what turns pseudo-gradients into updates; default "adam")",
        "override probes: expected true or false, got "yes" (train a linear probe on every layer afterwards; default false)",
        "override seed: expected an integer >= 0, got "x" (seed of every stream that seeds.* does not name; default 0)",
        "override seed: expected a range from low to high, got 4..0",
        "override seed: expected a range of at most 10000 values, got 100000",
        "override seed: expected a key once, got it twice; for several values write seed=a,b",
        "override seed: expected a value, got an empty one in """,
        "override seed: expected a value, got an empty one in "1,,2"",
        "override task: expected one of rhm, gaussian-mixture, or a file (./data.npz, ./data.safetensors, ./my-task.ts), got "3"; did you mean rhm?",
        "override network.widths: expected a list in brackets of values that are an integer > 0, got "64" (units of each hidden layer, input side first; overrides width and depth)",
        "override network.widths: expected brackets to close, got "[64,"",
        "override network.widths: expected a list or an object in JSON, got [64 32]; for example [64,32]",
        "override rule: expected a closing ", got ""oja"",
        "override train.steps: expected an integer > 0, got "1..3.5" (training steps, a batch each; default 2000)",
      ]
    `);
  });
});

describe("keys", () => {
  it("lists every leaf that a parsed specification has", () => {
    const leaves = (value: unknown, prefix: string): string[] =>
      typeof value === "object" && value !== null && prefix !== "rule"
        ? Object.entries(value).flatMap(([name, part]) => leaves(part, prefix === "" ? name : `${prefix}.${name}`))
        : [prefix];
    const known = leaves(RunSpec.parse({}), "");
    expect(known.length).toBeGreaterThan(30);
    for (const key of known) expect([...specKeys().keys()]).toContain(key);
  });

  it("suggests by last part before spelling", () => {
    expect(nearestKey("learningRate")).toBe("train.learningRate");
    expect(nearestKey("taks.v")).toBe("task.v");
    expect(nearestKey("sed")).toBe("seed");
  });

  it("sets without touching the original, and merges groups", () => {
    const spec = { task: { v: 4 } };
    expect(withValue(spec, "task", { m: 2 })).toEqual({ task: { v: 4, m: 2 } });
    expect(withValue(spec, "task.m", 3)).toEqual({ task: { v: 4, m: 3 } });
    expect(spec).toEqual({ task: { v: 4 } });
    expect(valueAt(RunSpec.parse({}), "rule")).toBe("backprop");
  });
});
