/** What a layer computes, against loops; and its transposes, by inner products. */
import { describe, expect, test } from "vitest";
import { dot, randomDirection, relativeError } from "../graph/finite-difference.contract.ts";
import { grad, input, sizeOf, type Tensor } from "../graph/index.ts";
import { interpret } from "../runtime/interpreter.ts";
import { activate, activity, gate, giveBack, preactivate, receive, receiveFrom, sendBack, sumToBias } from "./layer.ts";
import { biasShape, type Layer, layOut, type Network, type NetworkOptions, weightShape } from "./network.ts";
import { neighbours, siblings } from "./neighbours.ts";
import { outputError } from "./readout.ts";
import { fromExamples, perExample, toPositions, toSamples } from "./samples.ts";

const batch = 3;
const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

function network(options: Partial<NetworkOptions>): Network {
  const settings = {
    architecture: "tree-cnn",
    width: 5,
    widths: [5, 3],
    activation: "tanh",
    parametrisation: "mean-field",
    bias: "per-position",
    readout: "flatten",
    ...options,
  } as const;
  return layOut({ positions: 8, channels: 2, classes: 4, branching: 2 }, settings);
}

/** Networks of every architecture, bias and read-out, by name. */
const networks = (["tree-cnn", "locally-connected", "mlp"] as const).flatMap((architecture) =>
  (["shared", "per-position", "none"] as const).flatMap((bias) =>
    (["flatten", "mean"] as const).map(
      (readout) => [`${architecture}, bias ${bias}, ${readout}`, network({ architecture, bias, readout })] as const,
    ),
  ),
);

/** Every layer of a network with the one below, that of the input standing for a layer below the first. */
function pairsOf({ layers, readout, input: first }: Network): { layer: Layer; positions: number; channels: number }[] {
  return [...layers, readout].map((layer, i) => {
    const below = layers[i - 1];
    return {
      layer,
      positions: below?.positions ?? first.positions,
      channels: below?.outFeatures ?? first.channels,
    };
  });
}

const feeds: Record<string, number[]> = {};
/** An input with random values. */
function drawn(name: string, shape: readonly number[]): Tensor {
  const key = `${name} ${shape.join("x")}`;
  feeds[key] ??= randomDirection(1, key, sizeOf(shape));
  return input(key, shape);
}
const values = (tensor: Tensor): number[] => [...interpret([tensor], feeds)[0]!.values];

/** Parameters of a layer, where it has them. */
function parametersOf(layer: Layer): { weight: Tensor; bias?: Tensor } {
  const bias = biasShape(layer);
  const weight = drawn(`${layer.name}.weight`, weightShape(layer));
  return bias === undefined ? { weight } : { weight, bias: drawn(`${layer.name}.bias`, bias) };
}

describe.each(networks)("%s", (_, net) => {
  test("a layer sees the positions below in patches, or the mean of all of them", () => {
    for (const { layer, positions, channels } of pairsOf(net)) {
      const below = drawn("below", [batch, positions, channels]);
      const seen = toPositions(layer, receive(layer, below));
      expect(seen.shape).toEqual([batch, layer.positions, layer.inFeatures]);
      const flat = values(below);
      const at = (b: number, p: number, c: number): number => flat[(b * positions + p) * channels + c]!;
      const expected = range(batch).flatMap((b) =>
        range(layer.positions).flatMap((p) =>
          range(layer.inFeatures).map((i) =>
            layer.pooling === "mean"
              ? range(positions).reduce((sum, q) => sum + at(b, q, i), 0) / positions
              : at(b, p * (positions / layer.positions) + Math.floor(i / channels), i % channels),
          ),
        ),
      );
      expect(relativeError(values(seen), expected)).toBeLessThan(1e-12);
    }
  });

  test("a layer's drive is scale * x . W + b, each position with its own weight and bias where it has them", () => {
    for (const { layer } of pairsOf(net)) {
      const x = drawn(`${layer.name}.pre`, [batch, layer.positions, layer.inFeatures]);
      const own = parametersOf(layer);
      const drive = toPositions(layer, preactivate(layer, toSamples(layer, x), own));
      const [xs, w] = [values(x), values(own.weight)];
      const b = own.bias === undefined ? [] : values(own.bias);
      const { positions, inFeatures, outFeatures, shared, scale, bias } = layer;
      const expected = range(batch).flatMap((e) =>
        range(positions).flatMap((p) =>
          range(outFeatures).map((j) => {
            const product = range(inFeatures).reduce(
              (sum, i) =>
                sum +
                xs[(e * positions + p) * inFeatures + i]! * w[((shared ? 0 : p) * inFeatures + i) * outFeatures + j]!,
              0,
            );
            return scale * product + (b[(bias === "shared" ? 0 : p) * outFeatures + j] ?? 0);
          }),
        ),
      );
      expect(relativeError(values(drive), expected)).toBeLessThan(1e-12);
    }
  });

  test("a signal at the units summed to the bias is the derivative by it", () => {
    for (const { layer } of pairsOf(net)) {
      const own = parametersOf(layer);
      if (own.bias === undefined) continue;
      const x = toSamples(layer, drawn(`${layer.name}.pre`, [batch, layer.positions, layer.inFeatures]));
      const signal = toSamples(layer, drawn(`${layer.name}.signal`, [batch, layer.positions, layer.outFeatures]));
      const [slope] = grad(preactivate(layer, x, own).mul(signal).sum(), [own.bias]);
      expect(sumToBias(layer, signal).shape).toEqual(own.bias.shape);
      expect(relativeError(values(sumToBias(layer, signal)), values(slope!))).toBeLessThan(1e-12);
    }
  });

  test("sendBack is the transpose of what activity below does to the drive", () => {
    pairsOf(net).forEach(({ layer }, i) => {
      const below = net.layers[i - 1];
      if (below === undefined) return;
      const { weight } = parametersOf(layer);
      const activityBelow = toSamples(below, drawn("h", [batch, below.positions, below.outFeatures]));
      const signal = toSamples(layer, drawn("signal", [batch, layer.positions, layer.outFeatures]));
      const acting = weight.mul(layer.scale);
      const drive = preactivate(layer, receiveFrom(layer, below, activityBelow), { weight });
      const back = sendBack(layer, signal, acting, below);
      expect(back.shape).toEqual(activityBelow.shape);
      const [forwards, backwards] = [dot(values(drive), values(signal)), dot(values(activityBelow), values(back))];
      expect(Math.abs(forwards)).toBeGreaterThan(1e-3);
      expect(backwards).toBeCloseTo(forwards, 10);
      // Of every element, not of one sum alone.
      const [slope] = grad(drive.mul(signal).sum(), [activityBelow]);
      expect(relativeError(values(back), values(slope!))).toBeLessThan(1e-12);
    });
  });

  test("giveBack is the inverse of receive where a layer sees patches, and its transpose where it sees the mean", () => {
    pairsOf(net).forEach(({ layer }, i) => {
      const below = net.layers[i - 1];
      if (below === undefined) return;
      const h = toSamples(below, drawn("h", [batch, below.positions, below.outFeatures]));
      const there = receiveFrom(layer, below, h);
      if (layer.pooling === "flatten") {
        expect(values(giveBack(layer, there, below))).toEqual(values(h));
        return;
      }
      const atInputs = drawn("atInputs", there.shape);
      const back = giveBack(layer, atInputs, below);
      expect(dot(values(back), values(h))).toBeCloseTo(dot(values(atInputs), values(there)), 10);
      expect(values(receiveFrom(layer, below, back))).toEqual(
        values(atInputs.mul(1 / below.positions)).map((value): unknown => expect.closeTo(value, 12)),
      );
    });
  });
});

describe("units", () => {
  const drive = input("drive", [6]);
  const at = { drive: [-2, -0.5, 0, 0.25, 1, 3] };
  const numbers = (tensor: Tensor): number[] => [...interpret([tensor], at)[0]!.values];

  test.each([
    ["relu", (a: number) => Math.max(a, 0), (a: number) => (a > 0 ? 1 : 0)],
    ["tanh", Math.tanh, (a: number) => 1 - Math.tanh(a) ** 2],
    ["linear", (a: number) => a, () => 1],
  ] as const)("%s: f(a), and f'(a) times a signal", (activation, f, slope) => {
    const [layer] = network({ activation }).layers;
    const near = (list: number[]): unknown => list.map((value) => expect.closeTo(value, 12) as number);
    expect(numbers(activate(layer!, drive))).toEqual(near(at.drive.map(f)));
    expect(numbers(gate(layer!, drive, drive.mul(3).add(1)))).toEqual(
      near(at.drive.map((a) => slope(a) * (3 * a + 1))),
    );
  });

  test("activity is the input, the drive, perturbed where asked, and what the units make of it", () => {
    const [layer] = network({ activation: "relu" }).layers;
    const pre = toSamples(layer!, drawn("pre", [batch, 4, layer!.inFeatures]));
    const own = parametersOf(layer!);
    const plain = activity(layer!, pre, own);
    expect(plain.pre).toBe(pre);
    expect(values(plain.preactivation)).toEqual(values(preactivate(layer!, pre, own)));
    expect(values(plain.post)).toEqual(values(plain.preactivation).map((a) => Math.max(a, 0)));
    const moved = activity(layer!, pre, own, (of, a) => a.add(of.index));
    expect(values(moved.post)).toEqual(values(plain.preactivation).map((a) => Math.max(a + 1, 0)));
  });

  test("the output error is the slope of each example's cross-entropy by its scores", () => {
    const [scores, labels] = [input("scores", [2, 3]), input("labels", [2], "int32")];
    const given = { scores: [1, 2, -1, 0, 0, 0], labels: [1, 2] };
    const softmax = [1, 2, -1].map((s) => Math.exp(s) / (Math.E + Math.exp(2) + Math.exp(-1)));
    const expected = [softmax[0]!, softmax[1]! - 1, softmax[2]!, 1 / 3, 1 / 3, -2 / 3];
    const [found] = interpret([outputError(scores, labels)], given);
    expect(relativeError([...found!.values], expected)).toBeLessThan(1e-12);
  });
});

describe("neighbours", () => {
  const [tree, local] = [network({}), network({ architecture: "locally-connected" })];

  test("are as many as the layer above sees in one patch; the read-out sees all", () => {
    for (const { layers, readout } of [tree, local]) {
      expect(layers.map(({ positions }) => positions)).toEqual([4, 2]);
      expect(siblings(layers[0]!, layers[1]!)).toBe(2);
      expect(siblings(layers[1]!, readout)).toBe(2);
    }
    const shallow = network({ widths: [5], readout: "mean" });
    expect(siblings(shallow.layers[0]!, shallow.readout)).toBe(4);
    const dense = network({ architecture: "mlp" });
    expect(siblings(dense.layers[0]!, dense.layers[1]!)).toBe(1);
  });

  test.each([
    [
      "patches of two",
      4,
      2,
      [
        [0, 2],
        [1, 3],
      ],
    ],
    [
      "one patch of four",
      4,
      1,
      [
        [0, 1, 2],
        [1, 2, 3],
      ],
    ],
    [
      "two patches of three",
      6,
      2,
      [
        [0, 1, 3, 4],
        [1, 2, 4, 5],
      ],
    ],
  ] as const)("are each position and the next of its patch: %s", (_, positions, above, [firsts, seconds]) => {
    for (const shared of [true, false]) {
      const layer = { ...tree.layers[0]!, positions, shared };
      const x = input("x", [batch, positions, 2]);
      const numbers = range(batch * positions * 2);
      const found = neighbours(layer, { ...tree.layers[1]!, positions: above }, toSamples(layer, x))!;
      [firsts, seconds].forEach((places, side) => {
        const expected = range(batch).flatMap((b) =>
          places.flatMap((p) => [0, 1].map((c) => numbers[(b * positions + p) * 2 + c]!)),
        );
        expect(found[side]!.shape).toEqual([batch, places.length, 2]);
        expect([...interpret([found[side]!], { x: numbers })[0]!.values]).toEqual(expected);
      });
    }
  });

  test("a patch of one position has none", () => {
    const [first, second] = network({ architecture: "mlp" }).layers;
    expect(neighbours(first!, second!, input("x", [batch, 5]))).toBeUndefined();
    const one = { ...tree.layers[0]!, positions: 4 };
    expect(neighbours(one, { ...one, positions: 4 }, toSamples(one, input("x", [batch, 4, 2])))).toBeUndefined();
  });
});

test("an example as one row goes through a layer's layout and back", () => {
  for (const layer of [...network({}).layers, ...network({ architecture: "locally-connected" }).layers]) {
    const x = toSamples(layer, drawn("x", [batch, layer.positions, 3]));
    expect(values(fromExamples(layer, perExample(layer, x)))).toEqual(values(x));
  }
});
