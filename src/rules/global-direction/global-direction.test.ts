import { describe, expect, it } from "vitest";
import { input } from "../../graph/index.ts";
import { stream } from "../../random/stream.ts";
import { rhm } from "../../tasks/index.ts";
import { BatchSource } from "../../train/batches.ts";
import { RuleError } from "../contract/index.ts";
import {
  drawFeeds,
  evaluate,
  type Feeds,
  type LayerValues,
  networkCase,
  networkCases,
  sumToWeight,
  trace,
} from "../testing/rule-cases.contract.ts";

/** |H| as the authors' code computes it, in loops: flat, in the order of the weight. */
function naiveMagnitude(values: LayerValues, t: number): number[] {
  const { layer, preactivation, weight } = values;
  const y = preactivation.map((sample) =>
    sample.map((u) => {
      const total = u.reduce((sum, a) => sum + Math.exp(t * a), 0);
      return u.map((a) => Math.exp(t * a) / total);
    }),
  );
  const raw = sumToWeight(values, (b, p, i, k) => {
    const share = y[b]![p]![k]!;
    return share * values.pre[b]![p]![i]! - share * preactivation[b]![p]![k]! * layer.scale * weight[p]![i]![k]!;
  });
  const largest = Math.max(...raw.map(Math.abs));
  return raw.map((h) => Math.abs(h) / (largest + 1e-30));
}

function expectEqual(actual: readonly number[], expected: readonly number[], what: string): void {
  expect(actual.length).toBe(expected.length);
  expect(Math.max(...actual.map((a, i) => Math.abs(a - expected[i]!))), what).toBeLessThan(1e-9);
}

const settings = [
  { id: "ghl" },
  { id: "ghl", inverseTemperature: 0.3 },
  { id: "sign-sgd" },
  { id: "ghl-random-magnitude" },
  { id: "ghl-permuted-magnitude", inverseTemperature: 2 },
];

describe.each(settings)("%j", (spec) => {
  it.each([4, 1])("is its magnitude times the sign of the true gradient, batch %i", (batch) => {
    for (const network of batch === 1 ? networkCases.filter((_, i) => i % 4 === 1) : networkCases) {
      const traced = trace(network, spec, batch);
      const feeds = drawFeeds(traced, 2);
      const { layers, gradients } = evaluate(traced, feeds);
      const truth = evaluate(trace(network, { id: "backprop" }, batch), feeds).gradients;
      for (const values of layers) {
        const name = `layer${values.layer.index}`;
        const hebbian = naiveMagnitude(values, "inverseTemperature" in spec ? spec.inverseTemperature : 1);
        const noise = feeds[`noise.${name}.magnitude`];
        const size = {
          ghl: () => hebbian,
          "sign-sgd": () => hebbian.map(() => 1),
          "ghl-random-magnitude": () => noise!,
          "ghl-permuted-magnitude": () => noise!.map((from) => hebbian[from]!),
        }[spec.id]!();
        expectEqual(
          gradients[`${name}.weight`]!,
          truth[`${name}.weight`]!.map((g, i) => Math.sign(g) * size[i]!),
          network.name,
        );
        const bias = truth[`${name}.bias`];
        if (bias !== undefined) expectEqual(gradients[`${name}.bias`]!, bias, `${network.name} bias`);
      }
    }
  });

  it("descends the loss at the rate sum |H| |g|", () => {
    for (const network of networkCases.filter((_, i) => i % 3 === 1)) {
      const traced = trace(network, spec);
      const feeds = drawFeeds(traced, 2);
      const { gradients } = evaluate(traced, feeds);
      const truth = evaluate(trace(network, { id: "backprop" }), feeds).gradients;
      const lossAfter = (rate: number): number => {
        const moved: Feeds = { ...feeds };
        for (const [name, change] of Object.entries(gradients)) {
          if (name.endsWith("weight")) moved[name] = feeds[name]!.map((w, i) => w - rate * change[i]!);
        }
        const { logits } = evaluate(traced, moved);
        const each = logits.map(
          (row, b) => Math.log(row.reduce((sum, s) => sum + Math.exp(s), 0)) - row[feeds.labels![b]!]!,
        );
        return each.reduce((sum, loss) => sum + loss, 0) / each.length;
      };
      const rate = 1e-6;
      const slope = (lossAfter(rate) - lossAfter(-rate)) / (2 * rate);
      const expected = Object.entries(gradients)
        .filter(([name]) => name.endsWith("weight"))
        .flatMap(([name, change]) => change.map((c, i) => Math.abs(c) * Math.abs(truth[name]![i]!)))
        .reduce((sum, part) => sum + part, 0);
      expect(slope, network.name).toBeLessThan(0);
      expect(-slope / expected, network.name).toBeCloseTo(1, 5);
    }
  });
});

it("ghl: the largest change of every layer is 1, whatever the scale of the input", () => {
  for (const architecture of ["mlp", "tree-cnn", "locally-connected"] as const) {
    // Linear units: none is dead, so no derivative is zero.
    const traced = trace(networkCase(architecture, { activation: "linear", symbols: 4 }), { id: "ghl" });
    for (const scale of [1, 1e-3]) {
      const feeds = drawFeeds(traced, 4);
      feeds["layer1.weight"] = feeds["layer1.weight"]!.map((w) => w * scale);
      const { gradients, layers } = evaluate(traced, feeds);
      for (const { layer } of layers) {
        expect(Math.max(...gradients[`layer${layer.index}.weight`]!.map(Math.abs))).toBeCloseTo(1, 9);
      }
    }
  }
});

it("ghl-permuted-magnitude: the order is a permutation, drawn anew at each step", () => {
  const random = { order: stream(1, "order"), pairs: stream(1, "pairs"), noise: stream(1, "noise") };
  const task = rhm({ v: 3, m: 2, s: 2, depth: 1, classes: 3, seed: 1 });
  const examples = task.draw({ train: 4, validation: 1, test: 1 }, stream(1, "data")).train;
  const source = new BatchSource(task, examples, 2, random);
  const tensor = input("noise.order", [50]);
  const noise = {
    name: "noise.order",
    shape: [50],
    distribution: "permutation",
    owner: undefined,
    tensor,
  } as const;
  const draw = (): number[] => {
    const order = new Float32Array(50);
    source.fillNoise(noise, order);
    return [...order];
  };
  const [first, second] = [draw(), draw()];
  expect([...first].sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i));
  expect(second).not.toEqual(first);
});

it("ghl with magnitude one is sign-sgd", () => {
  const network = networkCase("tree-cnn");
  const traced = trace(network, { id: "ghl", magnitude: "one" });
  const feeds = drawFeeds(traced, 6);
  expect(evaluate(traced, feeds).gradients).toEqual(evaluate(trace(network, { id: "sign-sgd" }), feeds).gradients);
});

it("takes one inverse temperature for each layer, and as many as there are", () => {
  const network = networkCase("tree-cnn");
  const traced = trace(network, { id: "ghl", inverseTemperature: [0.5, 3] });
  const feeds = drawFeeds(traced, 6);
  const { layers, gradients } = evaluate(traced, feeds);
  [0.5, 3].forEach((t, i) => {
    const expected = naiveMagnitude(layers[i]!, t);
    gradients[`layer${i + 1}.weight`]!.forEach((change, at) => {
      if (change !== 0) expect(Math.abs(change)).toBeCloseTo(expected[at]!, 9);
    });
  });
  expect(() => trace(network, { id: "ghl", inverseTemperature: [1, 1, 1] })).toThrow(
    new RuleError("rule.inverseTemperature: expected one number or 2, one for each layer, got 3"),
  );
});
