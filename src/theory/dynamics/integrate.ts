/**
 * Ordinary differential equations y' = f(t, y) by the embedded pair of Dormand and Prince (orders 5 and 4, 1980) with an adaptive step.
 */

/** The right-hand side; must not change or keep `y`. */
export type VectorField = (t: number, y: Float64Array) => ArrayLike<number>;

/** Options of `integrate`. */
export interface IntegrateOptions {
  /** Relative and absolute error allowed in each step; 1e-10 when left out. */
  readonly tolerance?: number;
  /** A component beyond this counts as blown up; 1e12 when left out. */
  readonly bound?: number;
  /** Most steps taken; 200,000 when left out. */
  readonly maxSteps?: number;
}

/** The solution at the times asked for, as far as it goes. */
export interface Trajectory {
  readonly times: readonly number[];
  /** y at each of `times`. */
  readonly states: readonly Float64Array[];
  /** `blewUp`: a component passed the bound, or the step became too small, after the last of `times`; `steps`: too many steps. */
  readonly outcome: "finished" | "blewUp" | "steps";
  /** How far the integration came. */
  readonly reached: number;
}

const nodes = [0, 1 / 5, 3 / 10, 4 / 5, 8 / 9, 1, 1];
const stages = [
  [],
  [1 / 5],
  [3 / 40, 9 / 40],
  [44 / 45, -56 / 15, 32 / 9],
  [19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729],
  [9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656],
  [35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84],
];
/** Weights of order 5 minus those of order 4. */
const difference = [71 / 57600, 0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40];

/** Integrates from `start` at the first of rising `times` to the others. The last stage of a step is the first of the next. */
export function integrate(
  field: VectorField,
  start: ArrayLike<number>,
  times: readonly number[],
  { tolerance = 1e-10, bound = 1e12, maxSteps = 200_000 }: IntegrateOptions = {},
): Trajectory {
  let [t = 0] = times;
  let y: Float64Array = Float64Array.from(start);
  let slope: Float64Array = Float64Array.from(field(t, y));
  const states = [y];
  const reachedTimes = [t];
  const span = (times.at(-1) ?? t) - t;
  let h = Math.min(span, (0.01 * (1 + size(y))) / (size(slope) + 1e-12));
  const ended = (outcome: Trajectory["outcome"]): Trajectory => ({ times: reachedTimes, states, outcome, reached: t });
  let steps = 0;
  for (const target of times.slice(1)) {
    while (t < target) {
      if (++steps > maxSteps) return ended("steps");
      const step = Math.min(h, target - t);
      const k = [slope];
      let next = y;
      for (let s = 1; s < 7; s++) {
        next = combine(y, k, stages[s] ?? [], step);
        k.push(Float64Array.from(field(t + (nodes[s] ?? 0) * step, next)));
      }
      const error = combine(new Float64Array(y.length), k, difference, step);
      let worst = 0;
      for (let i = 0; i < y.length; i++) {
        const allowed = tolerance * (1 + Math.max(Math.abs(y[i] ?? 0), Math.abs(next[i] ?? 0)));
        const ratio = Math.abs(error[i] ?? 0) / allowed;
        worst = ratio <= worst ? worst : ratio;
      }
      if (worst <= 1) {
        t = step === target - t ? target : t + step;
        y = next;
        slope = k[6] ?? slope;
        if (size(y) > bound) return ended("blewUp");
      }
      const factor = Number.isFinite(worst) ? 0.9 * Math.max(worst, 1e-8) ** -0.2 : 0.1;
      // A step cut short by a target time says nothing against the larger one before it.
      if (worst > 1 || step === h || factor < 1) h = step * Math.min(5, Math.max(0.1, factor));
      if (h < 1e-14 * Math.max(span, Math.abs(t))) return ended("blewUp");
    }
    states.push(y);
    reachedTimes.push(target);
  }
  return ended("finished");
}

function combine(y: Float64Array, k: readonly Float64Array[], weights: readonly number[], step: number): Float64Array {
  const result = y.slice();
  weights.forEach((weight, s) => {
    const slope = k[s];
    if (weight === 0 || slope === undefined) return;
    for (let i = 0; i < result.length; i++) result[i] = (result[i] ?? 0) + step * weight * (slope[i] ?? 0);
  });
  return result;
}

/** The largest absolute component; NaN components count as infinite. */
function size(y: Float64Array): number {
  return y.reduce((most, value) => (Number.isNaN(value) ? Infinity : Math.max(most, Math.abs(value))), 0);
}
