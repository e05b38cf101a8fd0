/** Networks composed of layers: the same as by architecture where they are, mixed ones, and what does not fit. */
import { describe, expect, test } from "vitest";
import { compose, defineNetwork } from "./compose.ts";
import { layOut, type NetworkOptions } from "./network.ts";

const task = { positions: 8, channels: 3, classes: 4, branching: 2 };
const base: NetworkOptions = {
  ...{ architecture: "tree-cnn", width: 5, activation: "tanh", parametrisation: "mean-field" },
  ...{ bias: "per-position", readout: "mean" },
};
const { architecture: _architecture, width: _width, ...all } = base;

test("patches of the task's tree are the tree networks, layer by layer", () => {
  const layers = [5, 5, 5].map((width) => ({ kind: "patches", size: 2, width }) as const);
  expect(compose(task, { ...all, layers })).toEqual({ ...layOut(task, base), architecture: "own" });
  const own = layers.map((layer) => ({ ...layer, shared: false }));
  expect(compose(task, { ...all, layers: own })).toEqual({
    ...layOut(task, { ...base, architecture: "locally-connected" }),
    architecture: "own",
  });
});

test("dense layers are a perceptron, but for how the input is laid out", () => {
  const { input: _own, ...composed } = compose(task, {
    ...all,
    layers: [
      { kind: "dense", width: 6 },
      { kind: "dense", width: 7 },
    ],
  });
  const { input: _laid, ...mlp } = layOut(task, { ...base, architecture: "mlp", widths: [6, 7] });
  expect(composed).toEqual({ ...mlp, architecture: "own" });
});

test("layers of several kinds, each with what it says of itself", () => {
  const { input, layers, readout } = compose(task, {
    activation: "tanh",
    layers: [
      { kind: "patches", size: 4, width: 10, activation: "linear" },
      { kind: "dense", width: 6, pooling: "mean", bias: "shared" },
      { kind: "dense", width: 5 },
    ],
  });
  expect(input).toEqual({ positions: 8, channels: 3, values: "symbols" });
  expect(
    layers.map(({ positions, inFeatures, outFeatures, activation, bias, pooling }) => [
      ...[positions, inFeatures, outFeatures, activation, bias, pooling],
    ]),
  ).toEqual([
    [2, 12, 10, "linear", "none", "flatten"],
    [1, 10, 6, "tanh", "shared", "mean"],
    [1, 6, 5, "tanh", "none", "flatten"],
  ]);
  expect(readout.inFeatures).toBe(5);
});

test("a description may depend on the task", () => {
  const { describe: of } = defineNetwork(({ positions }) => ({ layers: [{ kind: "dense", width: 2 * positions }] }));
  expect(of({ ...task, values: "real" }).layers).toEqual([{ kind: "dense", width: 16 }]);
});

describe("refused", () => {
  test.each<[string, object, string]>([
    ["no layers", { layers: [] }, "network.layers: expected at least one hidden layer"],
    [
      "a kind",
      { layers: [{ kind: "lstm", width: 3 }] },
      "network.layers[0].kind: Invalid discriminator value. Expected 'dense' | 'patches'",
    ],
    ["a key", { layers: [{ kind: "dense", width: 3, size: 2 }] }, 'network.layers[0]: Unrecognized key: "size"'],
    ["a width", { layers: [{ kind: "dense", width: 0 }] }, "network.layers[0].width: Too small"],
    ["another key", { layers: [{ kind: "dense", width: 1 }], depth: 3 }, 'network: Unrecognized key: "depth"'],
    [
      "patches",
      {
        layers: [
          { kind: "patches", size: 2, width: 1 },
          { kind: "patches", size: 3, width: 1 },
        ],
      },
      "network.layers[1].size: expected a size that divides the 4 positions below, got 3; choose one of 1, 2, 4, or a dense layer",
    ],
  ])("%s", (_, description, text) => {
    expect(() => compose(task, description as never)).toThrow(text);
  });
});
