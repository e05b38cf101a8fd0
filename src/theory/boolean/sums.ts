/** Sums over all points of one Boolean function, in whole numbers: all that the expected change of a unit depends on. */
import { type ExactInverse, exactInverse } from "./exact-inverse.ts";

/** Sums over the 2^N points. */
export interface Sums {
  /** 2^N. */
  readonly count: number;
  /** of T, of T^2 */
  readonly t: number;
  readonly tt: number;
  /** of x_j, T x_j, T^2 x_j */
  readonly x: readonly number[];
  readonly tx: readonly number[];
  readonly ttx: readonly number[];
  /** The inverse of the matrix of sums of x_j x_k. */
  readonly inverse: ExactInverse;
}

/** What the sums over inputs alone are: the same for every function. */
export type InputSums = Pick<Sums, "x" | "inverse">;

/** Sums over the inputs of all points. */
export function inputSums(points: readonly (readonly number[])[]): InputSums {
  const [first = []] = points;
  const total = (of: (x: readonly number[]) => number): number => points.reduce((sum, x) => sum + of(x), 0);
  return {
    x: first.map((_, j) => total((x) => x[j] ?? 0)),
    inverse: exactInverse(first.map((_, j) => first.map((_, k) => total((x) => (x[j] ?? 0) * (x[k] ?? 0))))),
  };
}

/** Sums of one function: `targets` by point. */
export function sumsOf(points: readonly (readonly number[])[], targets: readonly number[], inputs: InputSums): Sums {
  const tx = new Array<number>(inputs.x.length).fill(0);
  const ttx = new Array<number>(inputs.x.length).fill(0);
  let [t, tt] = [0, 0];
  for (let p = 0; p < points.length; p++) {
    const value = targets[p] ?? 0;
    t += value;
    tt += value * value;
    const x = points[p] ?? [];
    for (let j = 0; j < tx.length; j++) {
      tx[j] = (tx[j] ?? 0) + value * (x[j] ?? 0);
      ttx[j] = (ttx[j] ?? 0) + value * value * (x[j] ?? 0);
    }
  }
  return { ...inputs, count: points.length, t, tt, tx, ttx };
}
