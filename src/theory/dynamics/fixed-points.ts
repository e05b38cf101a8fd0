/**
 * Fixed points of an expected change and their stability, found by Newton's method from many starts.
 *
 * A search, not a proof: points with a small basin can be missed. Where the derivative is singular there may be a whole line of fixed
 * points, of which one is listed.
 */
import type { Random } from "../../random/stream.ts";
import { type Complex, eigenvalues } from "./eigenvalues.ts";
import { type ExpectedChange, jacobian } from "./expected-change.ts";
import { solve } from "./linear-algebra.ts";
import { norm } from "./matrix.ts";

/**
 * What small disturbances do. `neutral`: one eigenvalue is 0 to rounding, none positive. `not smooth`: the expected change has no
 * derivative there, as at w = 0 of a threshold unit.
 */
export type Stability = "stable" | "saddle" | "unstable" | "neutral" | "not smooth";

/** A zero of the expected change. */
export interface FixedPoint {
  readonly w: Float64Array;
  /** Of the derivative there, by falling real part; none where there is no derivative. */
  readonly eigenvalues: readonly Complex[];
  readonly stability: Stability;
}

/** Options of `fixedPoints`. */
export interface FixedPointOptions {
  /** N */
  readonly inputs: number;
  /** Starts of one's own, tried first. */
  readonly starts?: readonly ArrayLike<number>[];
  /** Further starts, normal with deviations 0.1 to 3; 60 when left out. */
  readonly randomStarts?: number;
  readonly random: Random;
}

/** The fixed points found, stable ones first, then by norm. */
export function fixedPoints(
  change: ExpectedChange,
  { inputs, starts = [], randomStarts = 60, random }: FixedPointOptions,
): FixedPoint[] {
  const drawn = Array.from({ length: randomStarts }, (_, i) => {
    const deviation = [0.1, 0.5, 1, 3][i % 4] ?? 1;
    return Float64Array.from({ length: inputs }, () => deviation * random.normal());
  });
  const found: Float64Array[] = [];
  for (const start of [new Float64Array(inputs), ...starts, ...drawn]) {
    const w = newton(change, Float64Array.from(start));
    if (w === undefined) continue;
    const same = (other: Float64Array): boolean =>
      norm(other.map((value, j) => value - (w[j] ?? 0))) < 1e-5 * (1 + norm(w));
    if (!found.some(same)) found.push(w);
  }
  const rank = { stable: 0, neutral: 1, saddle: 2, unstable: 3, "not smooth": 4 } as const;
  return found
    .map((w) => classified(change, w))
    .sort((a, b) => rank[a.stability] - rank[b.stability] || norm(a.w) - norm(b.w));
}

/** A fixed point with the eigenvalues that decide its stability. */
export function classified(change: ExpectedChange, w: Float64Array): FixedPoint {
  const derivative = jacobian(change, w);
  const finer = jacobian(change, w, 1e-6);
  if (finer.add(derivative, -1).largest() > 0.05 * derivative.largest() + 1e-6)
    return { w, eigenvalues: [], stability: "not smooth" };
  const found = eigenvalues(derivative);
  const near = 1e-6 * Math.max(1e-3, derivative.largest());
  const [largest = 0, least = 0] = [found[0]?.re, found.at(-1)?.re];
  const stability =
    largest < -near ? "stable" : largest <= near ? "neutral" : least < -near ? "saddle" : ("unstable" as const);
  return { w, eigenvalues: found, stability };
}

/** A zero near a start, by Newton steps shortened until the residual falls; undefined when that fails. */
function newton(change: ExpectedChange, start: Float64Array): Float64Array | undefined {
  let w = start;
  let residual = change(w);
  for (let step = 0; step < 60; step++) {
    const size = norm(residual);
    if (size === 0) return w;
    const { x } = solve(jacobian(change, w), residual);
    let moved = w;
    let next = residual;
    let length = 1;
    for (; length > 1e-4; length /= 2) {
      moved = w.map((value, j) => value - length * (x[j] ?? 0));
      next = change(moved);
      if (norm(next) < (1 - 0.1 * length) * size) break;
    }
    const travelled = length * norm(x);
    if (length <= 1e-4 || travelled < 1e-12 * (1 + norm(w))) return size < 1e-10 * (1 + norm(w)) ? w : undefined;
    [w, residual] = [moved, next];
    if (norm(w) > 1e8) return undefined;
  }
  return norm(residual) < 1e-10 * (1 + norm(w)) ? w : undefined;
}
