import { describe, expect, test } from "vitest";
import { sizeOf } from "../../graph/index.ts";
import { expectUpdates, naivePass } from "../testing/naive-pass.contract.ts";
import {
  cube,
  drawFeeds,
  evaluate,
  type Feeds,
  naiveDescent,
  type NetworkCase,
  networkCase,
  networkCases,
  trace,
} from "../testing/rule-cases.contract.ts";

interface Options {
  readonly sigma: number;
  readonly reward: "loss" | "correct";
  readonly baselineRate: number;
}
const plain: Options = { sigma: 0.3, reward: "loss", baselineRate: 0.2 };

function naive(net: NetworkCase, feeds: Feeds, { sigma, reward, baselineRate }: Options) {
  const batch = feeds["labels"]!.length;
  const noise = net.network.layers.map(({ index, positions, outFeatures }) =>
    cube(feeds[`noise.layer${index}.units`]!, [batch, positions, outFeatures]),
  );
  const pass = naivePass(net, feeds, { noise: ({ index }, b, p, j) => sigma * noise[index - 1]![b]![p]![j]! });
  const rewards = pass.losses.map((loss, b) => {
    if (reward === "loss") return -loss;
    const scores = pass.logits[b]!;
    return scores.indexOf(Math.max(...scores)) === feeds["labels"]![b] ? 1 : 0;
  });
  const expected = feeds["reward.baseline"]![0]!;
  const gradients: Record<string, number[]> = {};
  pass.layers.forEach((values, l) => {
    const change = noise[l]!.map((sample, b) =>
      sample.map((units) => units.map((xi) => ((rewards[b]! - expected) / sigma) * xi)),
    );
    // What the optimiser descends is minus the change.
    for (const [name, list] of Object.entries(naiveDescent(values, change))) gradients[name] = list.map((x) => -x);
  });
  const mean = rewards.reduce((sum, r) => sum + r, 0) / batch;
  return { gradients, baseline: expected + baselineRate * (mean - expected), rewards };
}

describe("surprise times fluctuation times input, by loops", () => {
  test.each(networkCases.map((net) => [net.name, net] as const))("%s", (_, net) => {
    for (const [reward, batch] of [
      ["loss", 3],
      ["correct", 8],
      ["loss", 1],
    ] as const) {
      const options = { ...plain, reward };
      const traced = trace(net, { id: "reward-modulated-hebb", ...options }, batch);
      const feeds: Feeds = { ...drawFeeds(traced, 1), "reward.baseline": [0.3] };
      const { gradients, next } = evaluate(traced, feeds);
      const expected = naive(net, feeds, options);
      expectUpdates(gradients, expected.gradients);
      expect(next["reward.baseline"]![0]).toBeCloseTo(expected.baseline, 10);
    }
  });
});

test("with the reward of guessing as the first expectation", () => {
  const first = (reward: string): number => {
    const traced = trace(networkCases[0]!, { id: "rmh", reward });
    return drawFeeds(traced, 1)["reward.baseline"]![0]!;
  };
  expect(first("loss")).toBeCloseTo(-Math.log(4), 6);
  expect(first("correct")).toBeCloseTo(0.25, 6);
});

test("averaged over all signs of small noise, the update is the gradient, whatever is expected", () => {
  const net = networkCase("mlp", {
    symbols: 4,
    vocabulary: 2,
    classes: 3,
    widths: [3, 2],
    activation: "tanh",
    bias: "shared",
  });
  const traced = trace(net, { id: "rmh", ...plain, sigma: 1e-4, distribution: "sign" }, 2);
  const feeds: Feeds = { ...drawFeeds(traced, 4), "reward.baseline": [5] };
  const average: Record<string, number[]> = {};
  for (let pattern = 0; pattern < 32; pattern++) {
    let bit = 0;
    const given = { ...feeds };
    for (const noise of traced.workspace.registry.noises) {
      const units = sizeOf(noise.shape) / 2;
      const signs = Array.from({ length: units }, () => ((pattern >> bit++) & 1) * 2 - 1);
      given[noise.name] = [...signs, ...signs];
    }
    for (const [name, values] of Object.entries(evaluate(traced, given).gradients))
      average[name] = values.map((x, i) => (average[name]?.[i] ?? 0) + x / 32);
  }
  expectUpdates(average, evaluate(trace(net, { id: "backprop" }, 2), feeds).gradients, 1e-5);
});
