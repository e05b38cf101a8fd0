/**
 * The perceptron, run to its end or to the proof that there is none: its weights are whole numbers and its course repeats itself.
 *
 *   dw = (T - O) x  where the unit is wrong, one point after the other, from w = 0
 *
 * With threshold 0 and ties as errors the course ends if and only if some weights realise the function strictly (Novikoff 1962). Else the
 * weights stay bounded (the cycling theorem, Block and Levin 1970), so that the weights at the start of a pass come back, and the course
 * goes round for ever. With another reading of ties, or another threshold, whether it ends also depends on the order of the points.
 */
import { valueAt } from "./setting.ts";

/** What the unit says where S equals the threshold: nothing, which counts as an error, or 1. */
export type TieReading = "error" | "one";

/** How the perceptron is run. */
export interface PerceptronOptions {
  /** `error` when left out. */
  readonly ties?: TieReading;
  /** 0 when left out. */
  readonly threshold?: number;
}

/**
 * Weights that the perceptron ends with, or undefined when it never ends. `points` are vectors of whole numbers, `f` gives the value at
 * each by its bits.
 */
export function perceptron(
  f: number,
  points: readonly (readonly number[])[],
  { ties = "error", threshold = 0 }: PerceptronOptions = {},
): number[] | undefined {
  const w = new Array<number>(points[0]?.length ?? 0).fill(0);
  // Brent's cycle search: compare with a state that is renewed at powers of two.
  let remembered = [...w];
  let [age, renewAt] = [0, 1];
  for (;;) {
    let errors = 0;
    for (let p = 0; p < points.length; p++) {
      const x = points[p] ?? [];
      let s = -threshold;
      for (let j = 0; j < w.length; j++) s += (w[j] ?? 0) * (x[j] ?? 0);
      const wanted = valueAt(f, p) === 1 ? 1 : -1;
      const said = s !== 0 ? Math.sign(s) : ties === "one" ? 1 : 0;
      if (said === wanted) continue;
      errors++;
      for (let j = 0; j < w.length; j++) w[j] = (w[j] ?? 0) + wanted * (x[j] ?? 0);
    }
    if (errors === 0) return w;
    if (w.every((value, j) => value === remembered[j])) return undefined;
    if (++age === renewAt) {
      remembered = [...w];
      [age, renewAt] = [0, 2 * renewAt];
    }
  }
}
