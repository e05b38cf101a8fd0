/**
 * Expectations over jointly normal inputs and target.
 *
 * For a linear unit, T, O = w.x and x_j are jointly normal; E[T^a O^b x^c] follows from E[X g] = E[X] E[g] + sum_k Cov(X, X_k) E[dg/dX_k]
 * (Stein 1972), one factor at a time. For another unit the drive S = w.x is normal, T and x_j given S are normal with means linear in S,
 * and one integral over S remains: Gauss-Legendre on both sides of 0, so that a threshold does no harm. For b = c = 1 this is
 * E[f(S) x] = E[f'(S)] Cov(x) w at mean 0, and for the threshold unit sqrt(2/pi) Cov(x) w / sqrt(w'Cov(x)w).
 */
import type { Order, TargetMoments } from "./data.ts";
import type { Matrix } from "./matrix.ts";
import { dot } from "./matrix.ts";
import { activations, type Unit } from "./unit.ts";

/** Means and covariances. */
export interface NormalMoments {
  readonly mean: Float64Array;
  readonly covariance: Matrix;
  readonly target: TargetMoments | undefined;
}

/** Means and covariances of a few numbers: `covariance[i][k]`. */
interface Joint {
  readonly mean: readonly number[];
  readonly covariance: readonly (readonly number[])[];
}

/** E[T^a O^b x_j^c] for every input j. */
export function gaussianExpectation(
  { mean, covariance, target }: NormalMoments,
  { T, O, I }: Order,
  w: ArrayLike<number>,
  unit: Unit,
): Float64Array {
  const spread = covariance.apply(w);
  const [driveMean, driveVariance] = [dot(w, mean), Math.max(0, dot(w, spread))];
  const targetMean = target?.mean ?? 0;
  const targetVariance = (target?.square ?? 0) - targetMean ** 2;
  const targetSpread = mean.map((m, j) => (target?.input[j] ?? 0) - targetMean * m);
  const driveTarget = dot(w, targetSpread);
  return mean.map((inputMean, j) => {
    const inputVariance = covariance.at(j, j);
    const joint: Joint = {
      mean: [targetMean, driveMean, inputMean],
      covariance: [
        [targetVariance, driveTarget, targetSpread[j] ?? 0],
        [driveTarget, driveVariance, spread[j] ?? 0],
        [targetSpread[j] ?? 0, spread[j] ?? 0, inputVariance],
      ],
    };
    if (unit === "linear" || O === 0) return moment([T, O, I], joint);
    return throughUnit([T, O, I], joint, activations[unit]);
  });
}

/** E[prod X_i^(k_i)] of jointly normal X. */
function moment(powers: readonly number[], joint: Joint): number {
  const first = powers.findIndex((power) => power > 0);
  if (first < 0) return 1;
  const less = powers.map((power, i) => (i === first ? power - 1 : power));
  let sum = (joint.mean[first] ?? 0) * moment(less, joint);
  less.forEach((power, k) => {
    const covariance = joint.covariance[first]?.[k] ?? 0;
    if (power > 0 && covariance !== 0)
      sum +=
        covariance *
        power *
        moment(
          less.map((p, i) => (i === k ? p - 1 : p)),
          joint,
        );
  });
  return sum;
}

/** E[T^a f(S)^b x^c], S being the second of three. */
function throughUnit([T = 0, O = 0, I = 0]: readonly number[], joint: Joint, f: (drive: number) => number): number {
  const [tMean = 0, sMean = 0, xMean = 0] = joint.mean;
  const cov = (i: number, k: number): number => joint.covariance[i]?.[k] ?? 0;
  const variance = cov(1, 1);
  const slope = (i: number): number => (variance > 0 ? cov(i, 1) / variance : 0);
  const [bt, bx] = [slope(0), slope(2)];
  const residual = [
    [cov(0, 0) - bt * cov(0, 1), cov(0, 2) - bt * cov(1, 2)],
    [cov(0, 2) - bt * cov(1, 2), cov(2, 2) - bx * cov(2, 1)],
  ];
  const given = (s: number): number =>
    f(s) ** O * moment([T, I], { mean: [tMean + bt * (s - sMean), xMean + bx * (s - sMean)], covariance: residual });
  if (variance === 0) return given(sMean);
  const deviation = Math.sqrt(variance);
  const density = (s: number): number =>
    Math.exp(-0.5 * ((s - sMean) / deviation) ** 2) / (deviation * Math.sqrt(2 * Math.PI));
  const reach = 9;
  const [low, high] = [sMean - reach * deviation, sMean + reach * deviation];
  const cuts = low < 0 && high > 0 ? [low, 0, high] : [low, high];
  let sum = 0;
  for (let piece = 0; piece + 1 < cuts.length; piece++) {
    const [from = 0, to = 0] = [cuts[piece], cuts[piece + 1]];
    const panels = Math.max(1, Math.ceil((to - from) / deviation));
    for (let p = 0; p < panels; p++) {
      const half = (to - from) / panels / 2;
      const middle = from + (2 * p + 1) * half;
      // Just inside the panel, so that 0 never decides the side of a threshold.
      for (const [node, weight] of legendre)
        sum += half * weight * density(middle + half * node) * given(middle + half * node);
    }
  }
  return sum;
}

/** Nodes and weights of Gauss-Legendre quadrature with 16 points on [-1, 1], by Newton's method on the Legendre polynomial. */
const legendre: readonly (readonly [node: number, weight: number])[] = Array.from({ length: 16 }, (_, i) => {
  const n = 16;
  let x = Math.cos((Math.PI * (i + 0.75)) / (n + 0.5));
  let slope = 1;
  for (let step = 0; step < 8; step++) {
    let [p, before] = [1, 0];
    for (let k = 0; k < n; k++) [p, before] = [((2 * k + 1) * x * p - k * before) / (k + 1), p];
    slope = (n * (x * p - before)) / (x * x - 1);
    x -= p / slope;
  }
  return [x, 2 / ((1 - x * x) * slope * slope)] as const;
});
