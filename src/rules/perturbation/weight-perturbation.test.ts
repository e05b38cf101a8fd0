import { describe, expect, test } from "vitest";
import { dot } from "../../graph/finite-difference.contract.ts";
import { input, simplify, sizeOf, type Tensor, vmap } from "../../graph/index.ts";
import { stream } from "../../random/stream.ts";
import { interpret } from "../../runtime/interpreter.ts";
import { expectUpdates, naivePass } from "../testing/naive-pass.contract.ts";
import {
  drawFeeds,
  evaluate,
  type Feeds,
  type NetworkCase,
  networkCase,
  networkCases,
  rows,
  trace,
} from "../testing/rule-cases.contract.ts";

interface Options {
  readonly sigma: number;
  readonly draws: number;
  readonly antithetic: boolean;
  readonly scope: "network" | "layer" | "local";
  readonly distribution: "normal" | "sign";
}
const plain: Options = { sigma: 0.05, draws: 1, antithetic: false, scope: "network", distribution: "normal" };

/** Every weight and bias: the mean loss's rise under noise, over sigma, times the weight's noise. */
function naive(net: NetworkCase, feeds: Feeds, options: Options): Record<string, number[]> {
  const names = Object.keys(feeds).filter((name) => /^layer\d+\.(weight|bias)$/.test(name));
  const groups =
    options.scope === "network"
      ? [names]
      : net.network.layers.map(({ index }) => names.filter((n) => n.startsWith(`layer${index}.`)));
  /** `only`: the number of the list that is shaken; all where it is not given. */
  const loss = (group: readonly string[], draw: number, size: number, only?: number): number => {
    const shaken = { ...feeds };
    for (const name of group) {
      const xi = feeds[`noise.${name}.${draw}`]!;
      shaken[name] = feeds[name]!.map((w, i) => (only === undefined || only === i ? w + size * xi[i]! : w));
    }
    const { losses } = naivePass(net, shaken);
    return losses.reduce((sum, x) => sum + x, 0) / losses.length;
  };
  const update = Object.fromEntries(names.map((name) => [name, feeds[name]!.map(() => 0)]));
  const { sigma, draws, antithetic } = options;
  if (options.scope === "local") {
    for (let draw = 1; draw <= draws; draw++)
      for (const name of names)
        update[name] = update[name]!.map((x, i) => {
          const [up, down] = [loss([name], draw, sigma, i), loss([name], draw, antithetic ? -sigma : 0, i)];
          return x + ((up - down) / (antithetic ? 2 : 1) / sigma / draws) * feeds[`noise.${name}.${draw}`]![i]!;
        });
    return update;
  }
  for (let draw = 1; draw <= draws; draw++)
    for (const group of groups) {
      const up = loss(group, draw, sigma);
      const slope = antithetic ? (up - loss(group, draw, -sigma)) / (2 * sigma) : (up - loss(group, draw, 0)) / sigma;
      for (const name of group)
        update[name] = update[name]!.map((x, i) => x + (slope * feeds[`noise.${name}.${draw}`]![i]!) / draws);
    }
  return update;
}

describe("the rise of the loss times the noise, by loops", () => {
  test.each(networkCases.map((net) => [net.name, net] as const))("%s", (_, net) => {
    const traced = trace(net, { id: "wp", ...plain }, 3);
    const feeds = drawFeeds(traced, 1);
    expectUpdates(evaluate(traced, feeds).gradients, naive(net, feeds, plain));
  });

  test.each<Partial<Options>>([
    { antithetic: true },
    { scope: "layer" },
    { draws: 3 },
    { draws: 2, antithetic: true, scope: "layer", distribution: "sign" },
    { draws: 2, antithetic: true, scope: "local" },
  ])("%o", (changed) => {
    const options = { ...plain, ...changed };
    const net = networkCase("locally-connected", { bias: "shared" });
    const traced = trace(net, { id: "wp", ...options }, 1);
    const feeds = drawFeeds(traced, 2);
    expectUpdates(evaluate(traced, feeds).gradients, naive(net, feeds, options));
  });
});

/** Updates for `count` draws of all noise, each as a flat list over all hidden weights and biases, and the gradient likewise. */
function sampled(net: NetworkCase, options: Options, count: number) {
  const traced = trace(net, { id: "wp", ...options }, 1);
  const feeds: Feeds = { ...drawFeeds(traced, 3) };
  const names = Object.keys(traced.gradients);
  const backprop = evaluate(trace(net, { id: "backprop" }, 1), feeds).gradients;
  // One evaluation for all draws: noise gains a leading axis.
  const replacements = new Map<Tensor, Tensor>();
  for (const noise of traced.workspace.registry.noises) {
    const random = stream(11, noise.name);
    const draw = options.distribution === "normal" ? random.normal : () => (random.uniform() < 0.5 ? -1 : 1);
    feeds[noise.name] = Array.from({ length: count * sizeOf(noise.shape) }, draw);
    replacements.set(noise.tensor, input(noise.name, [count, ...noise.shape]));
  }
  const gradients = names.map((name) => traced.gradients[name]!);
  const values = interpret(simplify(vmap(simplify(gradients), replacements, count)), feeds).map((all, i) =>
    rows([...all.values], sizeOf(gradients[i]!.shape)),
  );
  const updates = Array.from({ length: count }, (_, n) => values.flatMap((list) => list[n]!));
  return { updates, gradient: names.flatMap((name) => backprop[name]!) };
}

describe("every weight shaken alone, by a pass for each", () => {
  test.each(
    // One network of each architecture, with biases of both kinds.
    [networkCases[1]!, networkCases[4]!, networkCases[8]!].map((net) => [net.name, net] as const),
  )("%s", (_, net) => {
    const options = { ...plain, scope: "local" } as const;
    const traced = trace(net, { id: "wp", ...options }, 2);
    const feeds = drawFeeds(traced, 1);
    expectUpdates(evaluate(traced, feeds).gradients, naive(net, feeds, options));
  });

  test("with sign noise, either side of the weights, it is the gradient in a single step", () => {
    const net = networkCase("tree-cnn", { activation: "tanh", bias: "shared" });
    const traced = trace(net, { id: "wp", scope: "local", distribution: "sign", antithetic: true, sigma: 1e-4 }, 3);
    const feeds = drawFeeds(traced, 2);
    expectUpdates(evaluate(traced, feeds).gradients, evaluate(trace(net, { id: "backprop" }, 3), feeds).gradients);
  });

  test("a network of more weights than passes is refused", () => {
    const net = networkCase("mlp", { symbols: 8, widths: [100, 20], bias: "shared" });
    // 24 x 100 + 100 + 100 x 20 + 20.
    expect(() => trace(net, { id: "wp", scope: "local" })).toThrow(
      "rule weight-perturbation: expected at most 4096 weights and biases with scope=local, which takes a pass for each, got 4520; use scope=layer",
    );
  });
});

describe("theorems", () => {
  // 2 binary symbols to 2 units to 1: W = 8 + 2 + 2 + 1 numbers.
  const sizes = { symbols: 2, vocabulary: 2, classes: 3, widths: [2, 1] };
  const net = networkCase("mlp", { ...sizes, activation: "tanh", bias: "shared" });
  const fine = { ...plain, sigma: 1e-6 };

  test.each([1, 4])("with %i normal draws the mean squared cosine with the gradient is k / (W + k - 1)", (k) => {
    const count = 1000;
    const { updates, gradient } = sampled(net, { ...fine, draws: k }, count);
    expect(gradient).toHaveLength(13);
    const squares = updates.map((step) => dot(step, gradient) ** 2 / (dot(step, step) * dot(gradient, gradient)));
    const mean = squares.reduce((sum, x) => sum + x, 0) / count;
    const variance = squares.reduce((sum, x) => sum + (x - mean) ** 2, 0) / count;
    const error = 3 * Math.sqrt(variance / count);
    expect(Math.abs(mean - k / (13 + k - 1))).toBeLessThan(error);
    // Tight enough to tell the mean of the ratio from the ratio of the means.
    expect(error).toBeLessThan(k / (13 + k - 1) - k / (13 + k + 1));
  });

  test("no step goes uphill", () => {
    for (const scope of ["network", "layer"] as const) {
      const { updates, gradient } = sampled(net, { ...fine, scope }, 100);
      for (const update of updates) expect(dot(update, gradient)).toBeGreaterThan(0);
    }
  });

  test("the update is the gradient on average", () => {
    const { updates, gradient } = sampled(net, { ...fine, distribution: "sign", scope: "layer" }, 1000);
    const average = gradient.map((_, i) => updates.reduce((sum, update) => sum + update[i]!, 0) / updates.length);
    const apart = average.map((x, i) => x - gradient[i]!);
    // Each component of the sum over W - 1 other signs has deviation below |g|.
    expect(Math.max(...apart.map(Math.abs))).toBeLessThan((4 * Math.sqrt(dot(gradient, gradient))) / Math.sqrt(1000));
  });
});
