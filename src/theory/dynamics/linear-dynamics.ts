/**
 * Rules whose expected change is A w + b: solved exactly, in continuous time and as a recurrence.
 *
 *   dw/dt = A w + b             w(t) = e^(At) w0 + (int_0^t e^(As) ds) b
 *   w' = w + eta (A w + b)      w_k  = (I + eta A)^k w0 + eta sum_(i<k) (I + eta A)^i b
 *
 * Both are one exponential, or power, of the matrix [[A, b], [0, 0]] acting on (w, 1). The flow converges from every start if and only
 * if every eigenvalue has a negative real part, or is a semisimple 0 with b in the range of A, in which case the limit depends on the
 * start; the recurrence likewise with |1 + eta lambda| < 1.
 */
import { type Complex, eigenvalues } from "./eigenvalues.ts";
import { matrixExponential, rankOf, solve } from "./linear-algebra.ts";
import { Matrix } from "./matrix.ts";

/** What becomes of the weights from almost every start. */
export type LinearOutcome =
  | "converges"
  /** The limit depends on the start. */
  | "converges to a limit set by the start"
  | "grows linearly"
  | "grows exponentially"
  | "oscillates without end"
  /** Zero or unit eigenvalues that are not semisimple: growth as a power of time. */
  | "grows as a power of time";

/** A linear expected change, taken apart. */
export interface LinearDynamics {
  readonly a: Matrix;
  readonly b: Float64Array;
  /** Of A, by falling real part. */
  readonly eigenvalues: readonly Complex[];
  readonly flow: LinearOutcome;
  /** The recurrence converges for 0 < eta < this; 0 when it converges for none. */
  readonly largestRate: number;
  /** The fixed point that is reached, or one of several; undefined when there is none. */
  readonly fixedPoint: Float64Array | undefined;
}

/** Takes A w + b apart. */
export function linearDynamics(a: Matrix, b: Float64Array): LinearDynamics {
  const found = eigenvalues(a);
  const { x, consistent } = solve(
    a,
    b.map((value) => -value),
  );
  const near = 1e-9 * Math.max(a.largest(), Number.MIN_VALUE);
  const flow = outcome(
    a,
    b,
    found.map(({ re, im }) => ({ growth: Math.abs(re) <= near ? 0 : re, turns: im !== 0 })),
  );
  const rates = found
    .filter(({ re, im }) => Math.hypot(re, im) > near)
    .map(({ re, im }) => (-2 * re) / (re * re + im * im));
  const converges = flow === "converges" || flow === "converges to a limit set by the start";
  return {
    a,
    b,
    eigenvalues: found,
    flow,
    largestRate: converges ? Math.min(...rates) : 0,
    fixedPoint: consistent ? x : undefined,
  };
}

/** What the recurrence with step size `eta` does. */
export function recurrenceOutcome({ a, b, eigenvalues: found }: LinearDynamics, eta: number): LinearOutcome {
  const modes = found.map(({ re, im }) => {
    const growth = Math.hypot(1 + eta * re, eta * im) - 1;
    const still = Math.hypot(re, im) <= 1e-9 * Math.max(a.largest(), Number.MIN_VALUE);
    return { growth: still || Math.abs(growth) <= 1e-12 ? 0 : growth, turns: !still && Math.abs(growth) <= 1e-12 };
  });
  return outcome(a, b, modes);
}

function outcome(
  a: Matrix,
  b: Float64Array,
  modes: readonly { readonly growth: number; readonly turns: boolean }[],
): LinearOutcome {
  const growth = Math.max(...modes.map((mode) => mode.growth));
  if (growth > 0) return "grows exponentially";
  const neutral = modes.filter((mode) => mode.growth === 0);
  if (neutral.some(({ turns }) => turns)) return "oscillates without end";
  if (neutral.length === 0) return "converges";
  if (rankOf(a.multiply(a)) !== rankOf(a)) return "grows as a power of time";
  return solve(a, b).consistent ? "converges to a limit set by the start" : "grows linearly";
}

/** w(t) of dw/dt = A w + b. */
export function linearFlow({ a, b }: LinearDynamics, start: ArrayLike<number>, t: number): Float64Array {
  return act(matrixExponential(augmented(a, b).scale(t)), start);
}

/** w_k of w' = w + eta (A w + b). */
export function linearRecurrence(
  { a, b }: LinearDynamics,
  start: ArrayLike<number>,
  eta: number,
  k: number,
): Float64Array {
  const step = augmented(a, b)
    .scale(eta)
    .add(Matrix.identity(a.rows + 1));
  let result = Matrix.identity(a.rows + 1);
  let square = step;
  for (let rest = k; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = square.multiply(result);
    square = square.multiply(square);
  }
  return act(result, start);
}

function augmented(a: Matrix, b: Float64Array): Matrix {
  const n = a.rows;
  const joined = new Matrix(n + 1, n + 1);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) joined.set(i, j, a.at(i, j));
    joined.set(i, n, b[i] ?? 0);
  }
  return joined;
}

function act(matrix: Matrix, start: ArrayLike<number>): Float64Array {
  return matrix.apply([...Array.from(start), 1]).slice(0, start.length);
}
