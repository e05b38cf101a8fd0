/**
 * Deep targets by sampling, in A[N,H,1] of threshold units: the channel gives every hidden unit a target of its own.
 *
 * For each example all 2^H hidden vectors are sent through the top. The target of the layer is the vector of least output error, of those the
 * nearest to what the layer says now. Both layers then learn by the perceptron rule, dw = rate (target - output) x / 2, each towards its
 * own target (Baldi and Sadowski 2016, deep targets; details of the sampling are ours).
 */
import { valueAt } from "../boolean/setting.ts";
import { drive, threshold } from "./hidden-layer.ts";

/** A network A[N,H,1]; the last weight of each unit is its bias. */
export interface SmallNetwork {
  readonly hidden: readonly (readonly number[])[];
  readonly top: readonly number[];
}

/** Options of `learnByDeepTargets`. */
export interface DeepTargetOptions {
  readonly rate: number;
  readonly epochs: number;
}

/** Whether the network computes the function after some epoch of at most `epochs`. `points` as in `signedPoints`. */
export function learnByDeepTargets(
  f: number,
  points: readonly (readonly number[])[],
  start: SmallNetwork,
  { rate, epochs }: DeepTargetOptions,
): boolean {
  const hidden = start.hidden.map((w) => [...w]);
  const top = [...start.top];
  const layer = (x: readonly number[]): number[] => hidden.map((w) => threshold(drive(w, x)));
  const output = (h: readonly number[]): number => threshold(drive(top, [...h, 1]));
  const right = (x: readonly number[], p: number): boolean => output(layer(x)) === (valueAt(f, p) === 1 ? 1 : -1);
  for (let epoch = 0; epoch < epochs; epoch++) {
    if (points.every(right)) return true;
    points.forEach((x, p) => {
      const target = valueAt(f, p) === 1 ? 1 : -1;
      const wanted = nearestTarget(layer(x), (h) => output(h) === target);
      hidden.forEach((w, i) => correct(w, x, wanted[i] ?? 0, rate));
      correct(top, [...layer(x), 1], target, rate);
    });
  }
  return points.every(right);
}

/** The right hidden vector that differs from `now` in the fewest units, the first in binary order; `now` where none is right. */
export function nearestTarget(now: readonly number[], right: (h: readonly number[]) => boolean): readonly number[] {
  let [best, fewest] = [now, Infinity];
  for (let flips = 0; flips < 2 ** now.length; flips++) {
    const changed = now.reduce((count, _, i) => count + ((flips >>> i) & 1), 0);
    if (changed >= fewest) continue;
    const candidate = now.map((value, i) => ((flips >>> i) & 1 ? -value : value));
    if (right(candidate)) [best, fewest] = [candidate, changed];
  }
  return best;
}

/** One step of the perceptron rule, in place. */
function correct(w: number[], x: readonly number[], target: number, rate: number): void {
  const by = (rate * (target - threshold(drive(w, x)))) / 2;
  if (by === 0) return;
  for (let j = 0; j < w.length; j++) w[j] = (w[j] ?? 0) + by * (x[j] ?? 0);
}
