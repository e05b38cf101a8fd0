/** A forward pass in plain loops over numbers, for tests of rules that make passes of their own; and the comparison of updates by name. */
import { expect } from "vitest";
import { relativeError } from "../../graph/finite-difference.contract.ts";
import type { Layer } from "../../networks/index.ts";
import { type Cube, type Feeds, type LayerValues, type NetworkCase, rows } from "./rule-cases.contract.ts";

export interface NaivePass {
  readonly layers: readonly LayerValues[];
  /** [batch][class] */
  readonly logits: number[][];
  /** Cross-entropy of each sample in nats. */
  readonly losses: number[];
  /** softmax - one-hot, [batch][class]. */
  readonly outputError: number[][];
}

/** One-hot strings as the network's input, [batch][position][channel]. */
export function oneHotInput({ network, symbols, vocabulary }: NetworkCase, { tokens }: Feeds): Cube {
  const { channels } = network.input;
  return rows(tokens!, symbols).map((string) => {
    const hot = string.flatMap((symbol) => Array.from({ length: vocabulary }, (_, v) => (v === symbol ? 1 : 0)));
    return rows(hot, channels);
  });
}

/** What a pass may do differently. */
export interface Changes {
  readonly input?: Cube;
  /** Added to every pre-activation. */
  readonly noise?: (layer: Layer, sample: number, position: number, unit: number) => number;
  /** Applied to a sample's activity [position][unit] of each layer before it is passed on. */
  readonly between?: (activity: number[][]) => number[][];
}

/** Runs the network with the parameters in `feeds`. */
export function naivePass(of: NetworkCase, feeds: Feeds, changes: Changes = {}): NaivePass {
  const { network } = of;
  const {
    input = oneHotInput(of, feeds),
    noise = () => 0,
    between = (activity: number[][]): number[][] => activity,
  } = changes;
  let below: Cube = input;
  const layers = network.layers.map((layer): LayerValues => {
    const { index, positions, inFeatures, outFeatures, scale } = layer;
    const matrices = rows(rows(feeds[`layer${index}.weight`]!, outFeatures), inFeatures);
    const biases = rows(feeds[`layer${index}.bias`] ?? new Array<number>(outFeatures).fill(0), outFeatures);
    const weight = Array.from({ length: positions }, (_, p) => matrices[layer.shared ? 0 : p]!);
    const bias = Array.from({ length: positions }, (_, p) => biases[p] ?? biases[0]!);
    const pre = below.map((sample) => rows(sample.flat(), inFeatures));
    const preactivation = pre.map((sample, b) =>
      sample.map((patch, p) =>
        bias[p]!.map((offset, j) => {
          const drive = patch.reduce((sum, x, i) => sum + x * weight[p]![i]![j]!, 0);
          return scale * drive + offset + noise(layer, b, p, j);
        }),
      ),
    );
    const f = { relu: (a: number) => Math.max(a, 0), tanh: (a: number) => Math.tanh(a), linear: (a: number) => a }[
      layer.activation
    ];
    const post = preactivation.map((sample) => sample.map((units) => units.map(f)));
    below = post.map(between);
    return { layer, pre, preactivation, post, weight, bias };
  });

  const { readout } = network;
  const matrix = rows(feeds["readout.weight"]!, readout.classes);
  const logits = below.map((sample) => {
    const averaged = (sample[0] ?? []).map((_, j) => sample.reduce((sum, units) => sum + units[j]!, 0) / sample.length);
    const seen = readout.pooling === "mean" ? averaged : sample.flat();
    return feeds["readout.bias"]!.map(
      (offset, k) => offset + readout.scale * seen.reduce((sum, x, i) => sum + x * matrix[i]![k]!, 0),
    );
  });
  const probabilities = logits.map((row) => {
    const sum = row.reduce((total, score) => total + Math.exp(score), 0);
    return row.map((score) => Math.exp(score) / sum);
  });
  const hot = (b: number, k: number): number => (feeds["labels"]![b] === k ? 1 : 0);
  return {
    layers,
    logits,
    losses: probabilities.map((row, b) => -Math.log(row[feeds["labels"]![b]!]!)),
    outputError: probabilities.map((row, b) => row.map((p, k) => p - hot(b, k))),
  };
}

/** Whether two sets of updates have the same names and values, to `tolerance` of the largest value of each. */
export function expectUpdates(
  actual: Readonly<Record<string, readonly number[]>>,
  expected: Readonly<Record<string, readonly number[]>>,
  tolerance = 1e-6,
): void {
  expect(Object.keys(actual).sort()).toEqual(Object.keys(expected).sort());
  for (const [name, values] of Object.entries(expected)) {
    expect(Math.max(...values.map(Math.abs)), `${name} is not all zero`).toBeGreaterThan(0);
    expect(distance(actual[name]!, values), name).toBeLessThan(tolerance);
  }
}

/** Largest difference, relative to the largest magnitude in `expected`, however small. */
export function distance(actual: readonly number[], expected: readonly number[]): number {
  const size = Math.max(...expected.map(Math.abs));
  return relativeError(
    actual.map((x) => x / size),
    expected.map((x) => x / size),
  );
}
