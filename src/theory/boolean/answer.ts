/**
 * What a learning rule leaves in the weights of one threshold unit, in whole numbers, and how the unit then reads each point.
 *
 * Weights are sums over points, so they are fractions with a common denominator. Where some weights grow without bound while others
 * settle, the growing ones decide, and the settled ones only where those give 0: an answer is a list of levels, the first the largest.
 */
import type { BooleanSetting } from "./setting.ts";
import { valueAt } from "./setting.ts";

/** Weights `weights / scale`; `scale` is a positive whole number. */
export interface Level {
  readonly weights: readonly number[];
  readonly scale: number;
}

/** Weights that settle (`settled`, compared with the threshold), below any number of levels that grow without bound. */
export interface Answer {
  readonly growing: readonly Level[];
  readonly settled: Level;
}

/** How a unit's reading compares with a function. */
export interface Agreement {
  /** Right everywhere, S never at the threshold. */
  readonly strict: boolean;
  /** Right everywhere where S at the threshold is read as 1. */
  readonly tiesOne: boolean;
  /** Right everywhere where S at the threshold is read as the other value. */
  readonly tiesZero: boolean;
  /** Wrong nowhere: at the threshold or right. */
  readonly weak: boolean;
}

/** Weights that settle, and nothing that grows. */
export function settledAt(weights: readonly number[], scale: number): Answer {
  return { growing: [], settled: { weights, scale } };
}

/** Compares what the unit says at each point with the function. */
export function agreement(
  { growing, settled }: Answer,
  f: number,
  points: readonly (readonly number[])[],
  { threshold }: Pick<BooleanSetting, "threshold">,
): Agreement {
  let [wrong, tiesAtOne, tiesAtZero] = [0, 0, 0];
  for (let p = 0; p < points.length; p++) {
    const x = points[p] ?? [];
    let side = 0;
    for (const level of growing) side ||= Math.sign(dotOf(level.weights, x));
    side ||= Math.sign(dotOf(settled.weights, x) - threshold * settled.scale);
    const value = valueAt(f, p);
    if (side === 0 && value === 1) tiesAtOne++;
    else if (side === 0) tiesAtZero++;
    else if (side > 0 !== (value === 1)) wrong++;
  }
  const weak = wrong === 0;
  return {
    strict: weak && tiesAtOne + tiesAtZero === 0,
    tiesOne: weak && tiesAtZero === 0,
    tiesZero: weak && tiesAtOne === 0,
    weak,
  };
}

function dotOf(w: readonly number[], x: readonly number[]): number {
  let sum = 0;
  for (let j = 0; j < x.length; j++) sum += (w[j] ?? 0) * (x[j] ?? 0);
  return sum;
}
