/**
 * Why learning in deep layers needs a channel that carries the target: an exact witness.
 *
 * In a linear network A[N,1,1] on inputs uniform on {-1,1}^N the hidden unit is h = u.x. Whatever the top weight, the least mean squared
 * error for target T is E[T^2] - E[h T]^2 / E[h^2]. For T = x_i that is 1 - u_i^2 / |u|^2, so that over the N targets x_1 ... x_N
 *
 *   sum_i E(x_i) = N - 1      for every direction u
 *
 * while each alone has the optimum 0. A hidden layer that never hears of the target has one u for all N targets: on average its error is
 * (N - 1) / N, and no rule that reads only inputs, outputs and weights of the hidden layer can do better (deep local learning without a
 * channel, Baldi and Sadowski 2016).
 */
import type { Random } from "../../random/stream.ts";
import { drive, signedPoints } from "./hidden-layer.ts";

/** Least error of a linear top on hidden unit u.x, for `targets` by point of {-1,1}^N; mean over the points. Throws RangeError for u = 0. */
export function leastTopError(u: readonly number[], targets: readonly number[]): number {
  const points = signedPoints(u.length).map((x) => x.slice(0, u.length));
  let [ht, hh, tt] = [0, 0, 0];
  points.forEach((x, p) => {
    const h = drive(u, x);
    const t = targets[p] ?? 0;
    ht += h * t;
    hh += h * h;
    tt += t * t;
  });
  if (hh === 0) throw new RangeError("hidden unit: expected a direction, got weights that are all 0; draw others");
  return (tt - (ht * ht) / hh) / points.length;
}

/** Least errors for the targets x_1 ... x_N, one by one; they add up to N - 1. */
export function errorsForInputs(u: readonly number[]): number[] {
  const points = signedPoints(u.length);
  return u.map((_, i) =>
    leastTopError(
      u,
      points.map((x) => x[i] ?? 0),
    ),
  );
}

/** Options of `ojaDirection`. */
export interface OjaOptions {
  readonly steps: number;
  readonly rate: number;
}

/** Where Oja's rule, dw = rate (O x - O^2 w), leaves a linear hidden unit after so many random inputs of {-1,1}^N. */
export function ojaDirection(
  start: readonly number[],
  random: Random,
  { steps, rate }: OjaOptions = { steps: 2000, rate: 0.01 },
): number[] {
  const w = [...start];
  for (let step = 0; step < steps; step++) {
    const x = w.map(() => 2 * random.integer(2) - 1);
    const o = drive(w, x);
    for (let j = 0; j < w.length; j++) w[j] = (w[j] ?? 0) + rate * (o * (x[j] ?? 0) - o * o * (w[j] ?? 0));
  }
  return w;
}
