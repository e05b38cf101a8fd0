import { describe, expect, test } from "vitest";
import { relativeError } from "../../graph/finite-difference.contract.ts";
import {
  type Cube,
  cube,
  drawFeeds,
  evaluate,
  type Feeds,
  networkCase,
  type NetworkCase,
  networkCases,
  trace,
} from "../testing/rule-cases.contract.ts";
import { cosine, type Energy, flatten, type NaiveNetwork, naiveNetwork, slopes } from "./naive.contract.ts";

interface Options {
  readonly steps: number;
  readonly inferenceRate: number;
  readonly precision: number;
  readonly energy: Energy;
}

type Spec = { readonly id: string; readonly [option: string]: unknown };

/** F = 1/2 sum |z_l - f(a_l)|^2 + pi E(z_L), summed over the batch: the only thing the oracle knows of the rule. */
function energyOf({ layers, input, energies }: NaiveNetwork, values: readonly Cube[], chosen: Options): number {
  let total = 0;
  layers.forEach(({ drive, activate }, l) => {
    const predicted = activate(drive(values[l - 1] ?? input)).flat(2);
    values[l]!.flat(2).forEach((value, i) => (total += 0.5 * (value - predicted[i]!) ** 2));
  });
  return energies(values.at(-1)!, chosen.energy).reduce((sum, E) => sum + chosen.precision * E, total);
}

/** Values settle down the measured slope of F, weights follow its slope at the end. */
function settleByEnergy(net: NetworkCase, feeds: Feeds, options: Options, names: readonly string[]) {
  const network = naiveNetwork(net, feeds);
  const start = network.forward();
  const shapes = start.map((values) => [values.length, values[0]!.length, values[0]![0]!.length]);
  const sizes = start.map((values) => values.flat(2).length);
  const apart = (flat: readonly number[]): Cube[] =>
    sizes.map((size, l) => {
      const from = sizes.slice(0, l).reduce((sum, n) => sum + n, 0);
      return cube(flat.slice(from, from + size), shapes[l]!);
    });
  let flat = start.flatMap((values) => values.flat(2));
  const F = (x: readonly number[]): number => energyOf(network, apart(x), options);
  for (let t = 0; t < options.steps; t++) {
    const slope = slopes(F, flat);
    flat = flat.map((value, i) => value - options.inferenceRate * slope[i]!);
  }
  const values = apart(flat);
  const gradients = Object.fromEntries(
    names.map((name) => {
      const by = (x: readonly number[]): number =>
        energyOf(naiveNetwork(net, { ...feeds, [name]: x }), values, options);
      return [name, slopes(by, feeds[name]!).map((s) => s / feeds.labels!.length / options.precision)];
    }),
  );
  return gradients;
}

describe("inference and learning go down the energy", () => {
  test.each([
    [2, { steps: 3, inferenceRate: 0.3, precision: 0.7, energy: "cross-entropy" }],
    [1, { steps: 4, inferenceRate: 0.2, precision: 1, energy: "squared" }],
  ] as const)("batch of %i, %o", (batch, options) => {
    for (const net of networkCases) {
      const traced = trace(net, { id: "predictive-coding", ...options }, batch);
      const feeds = drawFeeds(traced, 5);
      const { gradients } = evaluate(traced, feeds);
      const names = Object.keys(gradients);
      const naive = settleByEnergy(net, feeds, options, names);
      for (const name of names)
        expect(relativeError(gradients[name]!, naive[name]!), `${net.name}: ${name}`).toBeLessThan(1e-6);
    }
  });
});

describe("backpropagation", () => {
  const updates = (net: NetworkCase, rule: Spec, seed = 1): number[] => {
    const traced = trace(net, rule);
    const { gradients } = evaluate(traced, drawFeeds(traced, seed));
    return flatten(gradients, Object.keys(gradients).sort());
  };

  test("at inference rate 1 layer l is changed as backpropagation would after exactly L - l steps", () => {
    for (const net of networkCases) {
      const wanted = updates(net, { id: "backprop" });
      const at = (options: Readonly<Record<string, unknown>>): number =>
        relativeError(updates(net, { id: "predictive-coding", schedule: "exact", ...options }), wanted);
      expect(at({ precision: 1 }), net.name).toBeLessThan(1e-9);
      expect(at({ precision: 3 }), net.name).toBeLessThan(1e-9);
      expect(at({ precision: 1, inferenceRate: 0.9 }), net.name).toBeGreaterThan(0.01);
    }
  });

  test("the same number of steps for all layers is not backpropagation", () => {
    const net = networkCases[0]!;
    const all = updates(net, { id: "predictive-coding", inferenceRate: 1, steps: 3, precision: 1 });
    expect(relativeError(all, updates(net, { id: "backprop" }))).toBeGreaterThan(0.01);
  });

  test("settled, the direction becomes that of backpropagation as the output precision vanishes", () => {
    const net = networkCase("tree-cnn", { activation: "tanh", bias: "shared" });
    const wanted = updates(net, { id: "backprop" });
    const distances = [1, 0.1, 0.01, 0.001].map((precision) => {
      const rule = { id: "predictive-coding", steps: 150, inferenceRate: 0.15, precision };
      return 1 - cosine(updates(net, rule), wanted);
    });
    const [first, , third, fourth] = distances as [number, number, number, number];
    expect(first).toBeGreaterThan(1e-3);
    // The update is off by order pi, the cosine by its square.
    expect(third / fourth).toBeGreaterThan(80);
    expect(third / fourth).toBeLessThan(120);
    expect(fourth).toBeLessThan(1e-5);
  });
});
