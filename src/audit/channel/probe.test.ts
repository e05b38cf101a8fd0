import { describe, expect, test } from "vitest";
import { is, type Tensor, topological } from "../../graph/index.ts";
import { stream } from "../../random/stream.ts";
import { interpret } from "../../runtime/interpreter.ts";
import { buildStep, type Model } from "../../train/step.ts";
import { smallModel } from "./cases.contract.ts";
import { probeGraph } from "./probe.ts";

const length = 4;

/** Normal numbers for every input (uniform where it is noise), symbols and classes for the two that are whole numbers. */
function feedsFor(outputs: readonly Tensor[]): Record<string, number[]> {
  const random = stream(5, "probe");
  const feeds: Record<string, number[]> = {};
  for (const node of topological(outputs)) {
    if (!is(node, "input")) continue;
    const { name, shape, dtype } = node.attributes;
    const below = name === "labels" ? 3 : 4;
    const real = name.startsWith("noise.") ? random.uniform : () => 0.5 * random.normal();
    const draw = dtype === "int32" ? () => random.integer(below) : real;
    feeds[name] = Array.from({ length: shape.reduce((product, size) => product * size, 1) }, draw);
  }
  return feeds;
}

function valuesOf(model: Model): { values: Record<string, number[]>; slopeAt: (name: string, i: number) => number } {
  const step = buildStep(model, length);
  const { outputs } = probeGraph(step);
  const names = Object.keys(outputs);
  const feeds = feedsFor([...Object.values(outputs), ...Object.values(step.outputs)]);
  const found = interpret(Object.values(outputs), feeds);
  const values = Object.fromEntries(names.map((name, i) => [name, [...found[i]!.values]]));
  const loss = (name: string, i: number, by: number): number => {
    const moved = { ...feeds, [name]: feeds[name]!.map((value, at) => (at === i ? value + by : value)) };
    return interpret([step.outputs["loss"]!], moved)[0]!.values[0]!;
  };
  return { values, slopeAt: (name, i) => (loss(name, i, 1e-5) - loss(name, i, -1e-5)) / 2e-5 };
}

describe("the gradient is the slope of the loss that is trained on, by finite differences", () => {
  test.each([
    ["backprop", { architecture: "mlp" }],
    ["backprop", { architecture: "tree-cnn", bias: "shared" }],
    ["info-nce", { architecture: "locally-connected", bias: "per-position", parametrisation: "mean-field" }],
    // Normalises what layers pass on.
    ["forward-forward", { architecture: "mlp" }],
  ] as const)("%s %o", (id, options) => {
    const { values, slopeAt } = valuesOf(smallModel({ id }, options));
    for (const name of Object.keys(values).filter((key) => key.startsWith("gradient."))) {
      const gradient = values[name]!;
      for (const i of [0, Math.floor(gradient.length / 2), gradient.length - 1]) {
        expect(gradient[i]!, `${name} ${i}`).toBeCloseTo(slopeAt(name.slice("gradient.".length), i), 8);
      }
    }
  });
});

test("backprop's update is the gradient, feedback alignment's is another", () => {
  const differenceOf = (id: string): number => {
    const { values } = valuesOf(smallModel({ id }, { architecture: "tree-cnn" }));
    return Math.max(
      ...values["update.layer1.weight"]!.map((u, i) => Math.abs(u - values["gradient.layer1.weight"]![i]!)),
    );
  };
  expect(differenceOf("backprop")).toBeLessThan(1e-12);
  expect(differenceOf("feedback-alignment")).toBeGreaterThan(1e-3);
});

test("a rule that leaves a layer alone has an update of zeros there", () => {
  const { values } = valuesOf(smallModel({ id: "frozen" }));
  expect(values["update.layer2.weight"]).toEqual(new Array(25).fill(0));
  expect(values["gradient.layer2.weight"]!.some((value) => value !== 0)).toBe(true);
});

test("weights and biases of a layer are counted together", () => {
  const { layers } = probeGraph(buildStep(smallModel({ id: "backprop" }, { bias: "shared" }), length));
  expect(layers).toEqual([
    { layer: 1, names: ["layer1.weight", "layer1.bias"], weights: 16 * 5 + 5 },
    { layer: 2, names: ["layer2.weight", "layer2.bias"], weights: 5 * 5 + 5 },
  ]);
});
