/** Stochastic learning of one unit: sample by sample, as the rule is written, to be laid over what is expected of it. */
import type { Random } from "../../random/stream.ts";
import { averagesOf, constantsOf, type Exponents, exponentsKey, type Polynomial } from "../polynomial/polynomial.ts";
import { toNumber } from "../polynomial/rational.ts";
import { type Data, DataError } from "./data.ts";
import { symmetricEigen } from "./linear-algebra.ts";
import { dot, Matrix } from "./matrix.ts";
import { activations, type Unit } from "./unit.ts";

/** What is simulated. */
export interface SimulateOptions {
  readonly data: Data;
  /** `linear` when left out. */
  readonly unit?: Unit;
  /** Step size: w' = w + eta F. */
  readonly eta: number;
  readonly steps: number;
  readonly start: ArrayLike<number>;
  readonly random: Random;
  /** Rate at which running averages follow; ten times eta, at most 1, when left out. They start at their expectation. */
  readonly averageRate?: number;
  /** Weights are kept every so many steps; 200 of them in all when left out. */
  readonly every?: number;
}

/** One simulated course of the weights. */
export interface Simulation {
  readonly steps: readonly number[];
  /** Weights at each of `steps`. */
  readonly weights: readonly Float64Array[];
  /** Whether a weight passed 1e6, where the simulation ends. */
  readonly diverged: boolean;
}

/** Learns from samples drawn one at a time. Data that are moments are drawn as normal. Throws DataError for a constant without a value. */
export function simulate(rule: Polynomial, options: SimulateOptions): Simulation {
  const { data, unit = "linear", eta, steps, start, random } = options;
  const { averageRate = Math.min(1, 10 * eta), every = Math.max(1, Math.ceil(steps / 200)) } = options;
  const [missing] = constantsOf(rule);
  if (missing !== undefined)
    throw new DataError(`constant ${missing}: expected a value, got none; add ${missing}=NUMBER`);
  const draw = sampler(data, random);
  const f = activations[unit];
  const w = Float64Array.from(start);
  const averages = new Map(
    averagesOf(rule).map((of) => {
      const expected = data.expectation({ T: of.T, O: of.O, I: of.I }, w, unit);
      return [exponentsKey(of), { of, mean: expected.map((value, j) => value * (w[j] ?? 0) ** of.w) }] as const;
    }),
  );
  const terms = rule.terms.map(({ coefficient, exponents, averages: parts }) => ({
    factor: toNumber(coefficient),
    exponents,
    means: parts.map(({ of, exponent }) => ({ mean: averages.get(exponentsKey(of))?.mean, exponent })),
  }));
  const kept = { steps: [0], weights: [w.slice()] };
  for (let step = 1; step <= steps; step++) {
    const { x, target } = draw();
    const activity = f(dot(w, x));
    const change = new Float64Array(w.length);
    for (const { factor, exponents, means } of terms) {
      const shared = factor * target ** exponents.T * activity ** exponents.O;
      for (let j = 0; j < w.length; j++) {
        let product = shared * (x[j] ?? 0) ** exponents.I * (w[j] ?? 0) ** exponents.w;
        for (const { mean, exponent } of means) product *= (mean?.[j] ?? 0) ** exponent;
        change[j] = (change[j] ?? 0) + product;
      }
    }
    for (const { of, mean } of averages.values()) follow(mean, of, { x, target, activity, w }, averageRate);
    for (let j = 0; j < w.length; j++) w[j] = (w[j] ?? 0) + eta * (change[j] ?? 0);
    const diverged = !w.every((value) => Math.abs(value) < 1e6);
    if (step % every === 0 || step === steps || diverged) {
      kept.steps.push(step);
      kept.weights.push(w.slice());
    }
    if (diverged) return { ...kept, diverged };
  }
  return { ...kept, diverged: false };
}

interface Moment {
  readonly x: Float64Array;
  readonly target: number;
  readonly activity: number;
  readonly w: Float64Array;
}

function follow(
  mean: Float64Array,
  { T, O, I, w: d }: Exponents,
  { x, target, activity, w }: Moment,
  rate: number,
): void {
  const shared = target ** T * activity ** O;
  for (let j = 0; j < mean.length; j++) {
    const value = shared * (x[j] ?? 0) ** I * (w[j] ?? 0) ** d;
    mean[j] = (mean[j] ?? 0) + rate * (value - (mean[j] ?? 0));
  }
}

/** Draws samples: with their probabilities, or from the normal distribution with the data's moments. */
function sampler(
  { samples, mean, covariance, target }: Data,
  random: Random,
): () => { x: Float64Array; target: number } {
  if (samples !== undefined) {
    let total = 0;
    const cumulative = samples.probabilities.map((p) => (total += p));
    return () => {
      const point = random.uniform() * total;
      let [low, high] = [0, cumulative.length - 1];
      while (low < high) {
        const middle = (low + high) >> 1;
        if ((cumulative[middle] ?? 0) > point) high = middle;
        else low = middle + 1;
      }
      return { x: samples.inputs[low] ?? mean, target: samples.targets?.[low] ?? 0 };
    };
  }
  const n = mean.length;
  const joint = new Matrix(n + 1, n + 1);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) joint.set(i, j, covariance.at(i, j));
    const spread = (target?.input[i] ?? 0) - (target?.mean ?? 0) * (mean[i] ?? 0);
    joint.set(i, n, spread);
    joint.set(n, i, spread);
  }
  joint.set(n, n, (target?.square ?? 0) - (target?.mean ?? 0) ** 2);
  const { values, vectors } = symmetricEigen(joint);
  const root = vectors.multiply(Matrix.diagonal(values.map((value) => Math.sqrt(Math.max(0, value)))));
  return () => {
    const drawn = root.apply(Float64Array.from({ length: n + 1 }, random.normal));
    return { x: mean.map((m, j) => m + (drawn[j] ?? 0)), target: (target?.mean ?? 0) + (drawn[n] ?? 0) };
  };
}
