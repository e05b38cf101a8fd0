/** Theorems that tie the points of the feedback family together, and what learned feedback converges to. */
import { describe, expect, test } from "vitest";
import { dot, relativeError } from "../../graph/finite-difference.contract.ts";
import { sizeOf } from "../../graph/index.ts";
import { stream } from "../../random/stream.ts";
import { interpret } from "../../runtime/interpreter.ts";
import { stepScalars } from "../../train/learning-rates.ts";
import type { OptimiserOptions } from "../../train/optimiser.ts";
import { buildStep } from "../../train/step.ts";
import {
  asTransposes,
  drawFeeds,
  evaluate,
  type Feeds,
  networkCase,
  networkCases,
  rows,
  sumToWeight,
  trace,
  type Traced,
} from "../testing/rule-cases.contract.ts";

/** Gradient descent without anything. */
const plain: OptimiserOptions = {
  kind: "sgd",
  momentum: 0,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0,
};

/** Values of one rule's update, with feedback set by `set`. */
function updatesOf(
  net: (typeof networkCases)[number],
  rule: { readonly id: string; readonly [option: string]: unknown },
  set: (feeds: Feeds) => Feeds = (feeds) => feeds,
): Readonly<Record<string, number[]>> {
  const traced = trace(net, rule, 3);
  return evaluate(traced, set(drawFeeds(traced, 5))).gradients;
}

describe("theorems", () => {
  test.each(networkCases.map((net) => [net.name, net] as const))(
    "feedback alignment with B = W^T is backprop: %s",
    (_, net) => {
      const [fa, bp] = [updatesOf(net, { id: "fa" }, asTransposes), updatesOf(net, { id: "bp" })];
      for (const [name, values] of Object.entries(bp)) expect(relativeError(fa[name]!, values)).toBeLessThan(1e-12);
    },
  );

  test.each(networkCases.map((net) => [net.name, net] as const))(
    "product feedback with own gate is backprop-ungated: %s",
    (_, net) => {
      const [product, ungated] = [
        updatesOf(net, { id: "dfa", weights: "product" }),
        updatesOf(net, { id: "backprop-ungated" }),
      ];
      for (const [name, values] of Object.entries(ungated))
        expect(relativeError(product[name]!, values)).toBeLessThan(1e-12);
    },
  );

  test.each(networkCases.map((net) => [net.name, net] as const))(
    "Kolen-Pollack without decay is adaptive feedback: %s",
    (_, net) => {
      const [kp, arbp] = [updatesOf(net, { id: "kp", decay: 0 }), updatesOf(net, { id: "adaptive-feedback" })];
      expect(kp).toEqual(arbp);
      // Decay acts on the weights themselves.
      expect(kp).toEqual(updatesOf(net, { id: "kp", decay: 0.1 }));
      const decays = (decay: number) => trace(net, { id: "kp", decay }).updates.decays!.length;
      expect([decays(0), trace(net, { id: "adaptive-feedback" }).updates.decays!.length]).toEqual([0, 0]);
      expect(decays(0.1)).toBeGreaterThan(0);
    },
  );

  test("feedback that is not the transpose does not give backprop", () => {
    const [fa, bp] = [updatesOf(networkCases[3]!, { id: "fa" }), updatesOf(networkCases[3]!, { id: "bp" })];
    expect(relativeError(fa["layer1.weight"]!, bp["layer1.weight"]!)).toBeGreaterThan(0.1);
  });

  test("in a linear network backprop needs no gates", () => {
    const net = networkCase("tree-cnn", { activation: "linear", widths: [5, 3, 7] });
    const [bp, none] = [updatesOf(net, { id: "bp" }), updatesOf(net, { id: "bp", gate: "none" })];
    expect(none).toEqual(bp);
  });

  test("in a linear network the mask by downstream gates is 1", () => {
    const net = networkCase("locally-connected", { activation: "linear", widths: [5, 3, 7] });
    const [masked, plain] = [updatesOf(net, { id: "dfa", gate: "true-downstream" }), updatesOf(net, { id: "dfa" })];
    for (const [name, values] of Object.entries(plain))
      expect(relativeError(masked[name]!, values)).toBeLessThan(1e-12);
  });
});

describe("Kolen-Pollack's feedback converges to the transpose", () => {
  /** Squared distance between a feedback matrix and its twin. */
  const gap = (feeds: Feeds, feedback: string, weight: string): number =>
    feeds[feedback]!.reduce((sum, b, i) => sum + (b - feeds[weight]![i]!) ** 2, 0);

  /** Values after `steps` training steps of `rate` on one batch. */
  function trainFor(
    steps: number,
    traced: Traced,
    feeds: Feeds,
    rate: number,
    chosen: Partial<OptimiserOptions>,
  ): Feeds {
    const { networkCase: net, rule, batch } = traced;
    const optimiser = { ...plain, ...chosen };
    const { outputs } = buildStep({ network: net.network, rule, optimiser, batch }, net.symbols);
    const next = Object.entries(outputs).filter(([name]) => name.startsWith("next."));
    const names = next.map(([name]) => name.slice("next.".length));
    const rates = { learningRate: rate, readoutLearningRate: rate };
    // Slots of the optimiser start at zero.
    let now: Feeds = { ...feeds };
    next.forEach(([, tensor], i) => (now[names[i]!] ??= new Array<number>(sizeOf(tensor.shape)).fill(0)));
    for (let step = 1; step <= steps; step++) {
      const scalars = stepScalars(
        optimiser,
        { learningRateScale: 1 },
        { kind: "constant", decay: 1, steps },
        step,
        rates,
      );
      for (const [name, value] of Object.entries(scalars)) now[name] = [value];
      const found = interpret(
        next.map(([, tensor]) => tensor),
        now,
      );
      now = { ...now, ...Object.fromEntries(names.map((name, i) => [name, [...found[i]!.values]])) };
    }
    return now;
  }

  test.each([networkCases[3]!, networkCases[4]!, networkCases[6]!].map((net) => [net.name, net] as const))(
    "exponentially, at the rate of the decay: %s",
    (_, net) => {
      const traced = trace(net, { id: "kp", decay: 0 }, 3);
      const start = drawFeeds(traced, 2);
      const [rate, lambda, steps] = [0.2, 0.5, 40];
      const end = trainFor(steps, traced, start, rate, { weightDecay: lambda });
      expect(relativeError(end["layer2.weight"]!, start["layer2.weight"]!)).toBeGreaterThan(0.1);
      const shrinkage = (1 - rate * lambda) ** (2 * steps);
      for (const [feedback, weight] of [
        ["layer1.feedback", "layer2.weight"],
        ["readout.feedback", "readout.weight"],
      ] as const) {
        expect(gap(start, feedback, weight)).toBeGreaterThan(0.01);
        expect(gap(end, feedback, weight) / gap(start, feedback, weight)).toBeCloseTo(shrinkage, 12);
      }
    },
  );

  test.each<Partial<OptimiserOptions>>([{}, { momentum: 0.9 }, { kind: "adam" }])(
    "the rule's own decay does the same for every weight and its twin, whatever the optimiser and its rate: %j",
    (optimiser) => {
      const traced = trace(networkCases[5]!, { id: "kp", decay: 0.05 }, 3);
      const start = drawFeeds(traced, 2);
      const pairs = [
        ["layer1.feedback", "layer2.weight"],
        ["layer2.feedback", "layer3.weight"],
        ["readout.feedback", "readout.weight"],
      ] as const;
      for (const rate of [0.02, 0.001]) {
        const end = trainFor(20, traced, start, rate, optimiser);
        for (const [feedback, weight] of pairs)
          expect(gap(end, feedback, weight) / gap(start, feedback, weight)).toBeCloseTo(0.95 ** 40, 12);
      }
    },
  );

  test("direct feedback alone forgets, not the forward weights", () => {
    const traced = trace(networkCases[5]!, { id: "dkp", decay: 0.05 }, 3);
    const start = drawFeeds(traced, 2);
    const end = trainFor(1, traced, start, 0, {});
    for (const layer of ["layer1", "layer2", "layer3"]) {
      expect(
        relativeError(
          end[`${layer}.feedback`]!,
          start[`${layer}.feedback`]!.map((b) => 0.95 * b),
        ),
      ).toBeLessThan(1e-12);
      expect(end[`${layer}.weight`]).toEqual(start[`${layer}.weight`]);
    }
    expect(end["readout.weight"]).toEqual(start["readout.weight"]);
  });
});

describe("weight mirror", () => {
  test.each(networkCases.map((net) => [net.name, net] as const))(
    "moves towards the correlation of noise and response: %s",
    (_, net) => {
      for (const feedbackPositions of net.network.architecture === "tree-cnn" ? [undefined, "specific"] : [undefined]) {
        const traced = trace(net, { id: "weight-mirror", feedbackPositions }, 3);
        const { next, feeds, layers } = evaluate(traced, drawFeeds(traced, 3));
        const { readout } = net.network;
        layers.forEach(({ layer }, l) => {
          const noise = rows(rows(feeds[`noise.layer${l + 1}.mirror`]!, layer.outFeatures), layer.positions);
          const above = layers[l + 1];
          if (above === undefined) {
            const bias = feeds["readout.bias"]!;
            const matrix = rows(feeds["readout.weight"]!, readout.classes);
            const seen = noise.map((sample) =>
              readout.pooling === "flatten"
                ? sample.flat()
                : sample[0]!.map((_, j) => sample.reduce((sum, units) => sum + units[j]! / layer.positions, 0)),
            );
            const expected = feeds["readout.feedback"]!.map((b, at) => {
              const [i, k] = [Math.floor(at / readout.classes), at % readout.classes];
              const mean = seen.reduce((sum, xi) => {
                const response = xi.reduce((s, x, m) => s + readout.scale * x * matrix[m]![k]!, bias[k]!);
                return sum + (xi[i]! * response) / 3;
              }, 0);
              const variance = readout.pooling === "mean" ? 1 / layer.positions : 1;
              return 0.95 * b + (0.05 * mean) / (readout.scale * variance);
            });
            expect(relativeError(next["readout.feedback"]!, expected)).toBeLessThan(1e-6);
            return;
          }
          const { positions, inFeatures, outFeatures, scale } = above.layer;
          const shared = above.layer.shared && feedbackPositions === undefined;
          const sum = sumToWeight({ ...above, layer: { ...above.layer, shared } }, (b, p, i, j) => {
            const patch = noise[b]!.flat().slice(p * inFeatures, (p + 1) * inFeatures);
            const response = patch.reduce((s, x, m) => s + scale * x * above.weight[p]![m]![j]!, above.bias[p]![j]!);
            return (patch[i]! * response) / (3 * (shared ? positions : 1) * scale);
          });
          expect(sum).toHaveLength((shared ? 1 : positions) * inFeatures * outFeatures);
          const name = `layer${l + 1}.feedback`;
          expect(
            relativeError(
              next[name]!,
              sum.map((mean, i) => 0.95 * feeds[name]![i]! + 0.05 * mean),
            ),
          ).toBeLessThan(1e-6);
        });
      }
    },
  );

  test("converges to the transpose on average, and keeps close to it", () => {
    const net = networkCase("tree-cnn", { symbols: 4, readout: "mean", bias: "shared", widths: [3, 3] });
    const traced = trace(net, { id: "weight-mirror", mirrorRate: 0.02 }, 16);
    const names = Object.keys(traced.next);
    const outputs = Object.values(traced.next);
    let feeds = drawFeeds(traced, 4);
    const random = stream(4, "noise of every step");
    const noises = traced.workspace.registry.noises.map(({ name, shape }) => [name, sizeOf(shape)] as const);
    const sums: Record<string, number[]> = {};
    for (let step = 0; step < 700; step++) {
      feeds = {
        ...feeds,
        ...Object.fromEntries(noises.map(([name, size]) => [name, Array.from({ length: size }, random.normal)])),
      };
      const found = interpret(outputs, feeds);
      feeds = { ...feeds, ...Object.fromEntries(names.map((name, i) => [name, [...found[i]!.values]])) };
      // The start is forgotten as 0.98^step.
      if (step >= 300)
        for (const name of names) sums[name] = feeds[name]!.map((b, i) => (sums[name]?.[i] ?? 0) + b / 400);
    }
    for (const [feedback, weight] of [
      ["layer1.feedback", "layer2.weight"],
      ["readout.feedback", "readout.weight"],
    ] as const) {
      const target = feeds[weight]!;
      const cosine = (b: readonly number[]): number => dot(b, target) / Math.sqrt(dot(b, b) * dot(target, target));
      expect(cosine(feeds[feedback]!)).toBeGreaterThan(0.95);
      expect(cosine(sums[feedback]!)).toBeGreaterThan(0.99);
      expect(dot(sums[feedback]!, target) / dot(target, target)).toBeCloseTo(1, 1);
    }
  });
});

test("feedback of another sample's gates leaves a batch of one as it is", () => {
  const at = (gate: string) => {
    const traced = trace(networkCases[3]!, { id: "bp", gate }, 1);
    return evaluate(traced, drawFeeds(traced, 1)).gradients;
  };
  expect(at("shuffled")).toEqual(at("all"));
});

test("graph inputs carry feedback in the layout of what it stands for", () => {
  const traced = trace(networkCases[5]!, { id: "fa" });
  const fixed = traced.workspace.registry.variables.filter(({ kind }) => kind === "fixed");
  const shapes = fixed.map(({ name, shape }) => [name, shape]);
  expect(shapes).toEqual([
    ["readout.feedback", [7, 4]],
    ["layer2.feedback", [6, 7]],
    ["layer1.feedback", [10, 3]],
  ]);
});
