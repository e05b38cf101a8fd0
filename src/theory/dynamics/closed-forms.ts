/**
 * Nonlinear rules whose expected dynamics have a closed form.
 *
 *   Oja           w' = M w - alpha (w'Mw) w      w(t) = e^(Mt) w0 / sqrt(1 + alpha w0'(e^(2Mt) - I) w0)
 *   subspace Oja  P' = M P + P M - 2 P M P       P(t) = e^(Mt) P0 [I + (e^(2Mt) - I) P0]^-1 e^(Mt),  P = W W'
 *   Riccati       w' = a + b w + c w^2           by the sign of D = b^2 - 4 a c; may end in finite time
 *   bounded Hebb  w_j' = v_j (1 - w_j^2)         w_j = tanh(v_j t + artanh w_j0)
 *   BCM           two or more independent patterns: the response converges to 1/p to one pattern and 0 to the others
 *
 * M = E[x x']. Every form is compared with the integrator in the tests.
 */
import { matrixExponential, solve, symmetricEigen } from "./linear-algebra.ts";
import { dot, Matrix } from "./matrix.ts";

/** Weights of a linear unit under Oja's rule at time t, for second moments `m`. */
export function ojaFlow(m: Matrix, alpha: number, start: ArrayLike<number>, t: number): Float64Array {
  // Numerator and denominator share the largest e^(lambda t): taken out, both stay finite.
  const [shift = 0] = symmetricEigen(m).values;
  const shrunk = matrixExponential(m.add(Matrix.identity(m.rows), -shift).scale(t));
  const top = shrunk.apply(start);
  const decay = Math.exp(-2 * shift * t);
  const square = decay + alpha * (dot(top, top) - decay * dot(start, start));
  return top.map((value) => value / Math.sqrt(square));
}

/** P(t) = W W' of the subspace rule, from P0 = W0 W0' [in, in]. */
export function subspaceOjaFlow(m: Matrix, start: Matrix, t: number): Matrix {
  // One large step would subtract exponentials of very different size; the flow is the same in several.
  const steps = Math.max(1, Math.ceil((symmetricEigen(m).values[0] ?? 0) * t));
  const growth = matrixExponential(m.scale(t / steps));
  const one = Matrix.identity(m.rows);
  const excess = growth.multiply(growth).add(one, -1);
  let result = start;
  for (let step = 0; step < steps; step++) {
    const inner = one.add(excess.multiply(result));
    const solved = new Matrix(m.rows, m.rows);
    for (let j = 0; j < m.rows; j++) solve(inner, growth.column(j)).x.forEach((value, i) => solved.set(i, j, value));
    result = growth.multiply(result).multiply(solved);
  }
  return result;
}

/** w(t) of w' = a + b w + c w^2; NaN after the time at which the solution ends. */
export function riccatiFlow({ a, b, c }: RiccatiCoefficients, start: number, t: number): number {
  if (t >= riccatiEnd({ a, b, c }, start)) return NaN;
  if (c === 0) return b === 0 ? start + a * t : (start + a / b) * Math.exp(b * t) - a / b;
  const discriminant = b * b - 4 * a * c;
  if (Math.abs(discriminant) <= 1e-14 * (b * b + Math.abs(4 * a * c))) {
    const r = -b / (2 * c);
    return start === r ? r : r + 1 / (1 / (start - r) - c * t);
  }
  if (discriminant > 0) {
    // A solution stays on one side of each root, which the addition theorem of tanh says without a case for each.
    const s = Math.sqrt(discriminant);
    const tanh = Math.tanh((s * t) / 2);
    return (start + ((2 * a + b * start) / s) * tanh) / (1 - ((2 * c * start + b) / s) * tanh);
  }
  const s = Math.sqrt(-discriminant);
  const tangent = Math.tan((s * t) / 2);
  return (start + ((2 * a + b * start) / s) * tangent) / (1 - ((2 * c * start + b) / s) * tangent);
}

/** w' = a + b w + c w^2. */
export interface RiccatiCoefficients {
  readonly a: number;
  readonly b: number;
  readonly c: number;
}

/** The time at which the solution of a Riccati equation ends; Infinity when it does not. */
export function riccatiEnd({ a, b, c }: RiccatiCoefficients, start: number): number {
  if (c === 0) return Infinity;
  const discriminant = b * b - 4 * a * c;
  const slope = 2 * c * start + b;
  if (Math.abs(discriminant) <= 1e-14 * (b * b + Math.abs(4 * a * c))) return slope > 0 ? 2 / slope : Infinity;
  if (discriminant > 0) {
    const s = Math.sqrt(discriminant);
    return slope > s ? (2 / s) * Math.atanh(s / slope) : Infinity;
  }
  const s = Math.sqrt(-discriminant);
  return (2 / s) * (slope > 0 ? Math.atan(s / slope) : Math.PI / 2 - Math.atan(slope / s));
}

/** Weights under w_j' = v_j (1 - w_j^2) at time t, from starts inside (-1, 1). */
export function boundedHebbFlow(v: ArrayLike<number>, start: ArrayLike<number>, t: number): Float64Array {
  return Float64Array.from(start, (value, j) => Math.tanh((v[j] ?? 0) * t + Math.atanh(value)));
}

/** The stable responses of BCM with theta = E[O^2] to independent patterns shown with these probabilities: one row per fixed point. */
export function bcmStableResponses(probabilities: readonly number[]): number[][] {
  return probabilities.map((p, chosen) => probabilities.map((_, i) => (i === chosen ? 1 / p : 0)));
}
