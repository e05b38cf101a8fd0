/** The inputs that a traced graph may have. */
import { describe, expect, test } from "vitest";
import { input } from "../../graph/index.ts";
import { networkCase } from "../testing/rule-cases.contract.ts";
import { constantly, Registry, RuleError } from "./index.ts";

const { layers } = networkCase("tree-cnn").network;
const [first, second] = layers;
const registry = (): Registry => new Registry(input("tokens", [4, 8], "int32"), input("labels", [4], "int32"), layers);
const kept = { name: "layer1.V", kind: "state", owner: first, shape: [2, 3], initial: constantly(0) } as const;

describe("a value that is kept", () => {
  test("is one input of its name and shape, listed in the order in which it was asked for", () => {
    const own = registry();
    const [a, b] = [own.keep(kept), own.keep({ ...kept, name: "layer1.U", kind: "head", learningRate: "readout" })];
    expect(own.variables).toEqual([a, b]);
    expect(a.tensor.attributes).toEqual({ name: "layer1.V", shape: [2, 3], dtype: "float32" });
    expect([a.learningRate, b.learningRate]).toEqual(["hidden", "readout"]);
  });

  test("is the same when asked for again", () => {
    const own = registry();
    expect(own.keep(kept)).toBe(own.keep(kept));
    expect(own.variables).toHaveLength(1);
  });

  test.each([
    ["kind", { kind: "fixed" as const }, "got a fixed [2, 3] after a state [2, 3]"],
    ["shape", { shape: [3, 2] }, "got a state [3, 2] after a state [2, 3]"],
    ["owner", { owner: second }, "got a state [2, 3] after a state [2, 3]"],
  ])("may not be of another %s the second time", (_, other, got) => {
    const own = registry();
    own.keep(kept);
    expect(() => own.keep({ ...kept, ...other })).toThrow(
      new RuleError(`layer1.V: expected one value of this name, ${got}; rename one`),
    );
  });
});

describe("noise", () => {
  const request = { name: "units", shape: [4, 3], distribution: "normal", owner: first } as const;

  test("is drawn once for all who ask by its name", () => {
    const own = registry();
    expect(own.noise(request)).toBe(own.noise(request));
    expect(own.noises).toMatchObject([{ ...request, name: "noise.units" }]);
    expect(own.noises[0]!.tensor.attributes).toEqual({ name: "noise.units", shape: [4, 3], dtype: "float32" });
  });

  test.each([
    ["shape", { shape: [3, 4] }, "got normal [3, 4] after normal [4, 3]"],
    ["distribution", { distribution: "uniform" as const }, "got uniform [4, 3] after normal [4, 3]"],
    ["owner", { owner: second }, "got normal [4, 3] after normal [4, 3]"],
  ])("may not be of another %s the second time", (_, other, got) => {
    const own = registry();
    own.noise(request);
    expect(() => own.noise({ ...request, ...other })).toThrow(
      new RuleError(`noise.units: expected one noise of this name, ${got}; rename one`),
    );
  });
});

describe("partners", () => {
  test("are symbols of the shape of the batch's, one for each request", () => {
    const own = registry();
    const tokens = [
      own.partner({ kind: "same-class" }),
      own.partner({ kind: "resample", level: 1 }),
      own.partner({ kind: "resample", level: { layer: 1 } }),
      own.partner({ kind: "part", from: 0, to: 4 }),
      own.partner({ kind: "shuffled" }),
    ];
    expect(tokens.map((one) => one.toString())).toEqual(tokens.map(() => "input i32[4, 8]"));
    expect(tokens.map(({ attributes }) => (attributes as { name: string }).name)).toEqual([
      "partner.same-class",
      "partner.resample.level1",
      "partner.resample.layer1",
      "partner.part.0-4",
      "partner.shuffled",
    ]);
    expect(own.partner({ kind: "resample", level: 1 })).toBe(tokens[1]);
    expect(own.partners).toHaveLength(5);
  });
});

test("is owned by nobody but the layers of its network", () => {
  const stranger = { ...layers[0]!, index: 99 };
  expect(() => registry().keep({ ...kept, owner: stranger })).toThrow("layer1.V: expected an owner among the layers");
  const noise = { name: "units", shape: [2], distribution: "sign", owner: stranger } as const;
  expect(() => registry().noise(noise)).toThrow("noise.units: expected an owner among the layers");
});

test("knows its inputs by what they are, not by their names", () => {
  const own = registry();
  const leaves = [
    own.tokens,
    own.labels,
    own.keep(kept).tensor,
    own.noise({ name: "units", shape: [2], distribution: "sign", owner: undefined }),
    own.partner({ kind: "shuffled" }),
  ];
  for (const leaf of leaves) expect(own.has(leaf)).toBe(true);
  const twin = registry();
  for (const leaf of [twin.tokens, twin.labels, twin.keep(kept).tensor, input("layer1.V", [2, 3])])
    expect(own.has(leaf)).toBe(false);
});
