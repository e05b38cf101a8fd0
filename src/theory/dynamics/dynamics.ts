/**
 * All that can be said of a rule before it is run: its expected change, solved where it can be, integrated where not, its fixed points
 * and their stability.
 */
import { stream } from "../../random/stream.ts";
import { effectiveDegreeOf } from "../polynomial/properties.ts";
import type { Polynomial } from "../polynomial/polynomial.ts";
import { toNumber } from "../polynomial/rational.ts";
import { ojaFlow, riccatiEnd, riccatiFlow } from "./closed-forms.ts";
import { affineParts, type ExpectedChange, expectedChange, type Setting } from "./expected-change.ts";
import { type FixedPoint, fixedPoints, classified } from "./fixed-points.ts";
import { integrate } from "./integrate.ts";
import { symmetricEigen } from "./linear-algebra.ts";
import { linearDynamics, type LinearDynamics, linearFlow } from "./linear-dynamics.ts";
import { Matrix, norm } from "./matrix.ts";

/** How w(t) is computed. */
export interface Flow {
  readonly kind: "matrix exponential" | "Oja, closed form" | "Riccati, entry by entry" | "numerical integration";
  /** Weights at rising times from 0; fewer than asked for when the solution ends before. */
  readonly at: (
    start: ArrayLike<number>,
    times: readonly number[],
  ) => { readonly times: readonly number[]; readonly states: readonly Float64Array[] };
}

/** What is expected of a rule on given data. */
export interface Dynamics {
  readonly change: ExpectedChange;
  /** Whether nothing is expected to change at any weights; then no fixed points are listed. */
  readonly zero: boolean;
  /** Where the expected change is A w + b. */
  readonly linear: LinearDynamics | undefined;
  readonly flow: Flow;
  readonly fixedPoints: readonly FixedPoint[];
  /** What became of the flow from `starts` random starts of about unit norm, integrated until they settle or escape. */
  readonly fates: Fates;
}

/** Counts of fates. */
export interface Fates {
  readonly starts: number;
  /** Ended where the expected change is 0 to rounding. */
  readonly settled: number;
  /** Blew up in finite time, or grew at least thirtyfold and still moves. */
  readonly escaped: number;
}

/** The expected dynamics of a rule. Throws DataError as `expectedChange`. */
export function dynamicsOf(rule: Polynomial, setting: Setting): Dynamics {
  const change = expectedChange(rule, setting);
  const { inputs } = setting.data;
  const linear = isLinear(rule, setting) ? linearFrom(change, inputs) : undefined;
  const zero = isZero(change, inputs);
  return {
    change,
    zero,
    linear,
    flow: flowOf(rule, setting, change, linear),
    fixedPoints: zero ? [] : pointsOf(change, setting, linear),
    fates: fatesOf(change, inputs),
  };
}

/** Whether the expected change is A w + b for every data: at most one of O and w in every term, where O is linear in w. */
export function isLinear(rule: Polynomial, { unit = "linear", averaging = "data" }: Omit<Setting, "data">): boolean {
  const withActivity = rule.terms.some(
    ({ exponents, averages }) => exponents.O > 0 || averages.some(({ of }) => of.O > 0),
  );
  if (unit !== "linear" && withActivity) return false;
  return averaging === "data" && rule.terms.every((term) => effectiveDegreeOf(term) <= 1);
}

/** Whether the change vanishes to rounding at some random weights. */
function isZero(change: ExpectedChange, inputs: number): boolean {
  const random = stream(0, "zero");
  const weights = Array.from({ length: 5 }, () => Float64Array.from({ length: inputs }, random.normal));
  return weights.every((w) => norm(change(w)) < 1e-13);
}

function linearFrom(change: ExpectedChange, inputs: number): LinearDynamics {
  const { a, b } = affineParts(change, inputs);
  return linearDynamics(a, b);
}

function flowOf(rule: Polynomial, setting: Setting, change: ExpectedChange, linear: LinearDynamics | undefined): Flow {
  if (linear !== undefined) {
    return {
      kind: "matrix exponential",
      at: (start, times) => finite(times, (t) => linearFlow(linear, start, t)),
    };
  }
  const oja = ojaParameters(rule, setting);
  if (oja !== undefined) {
    const { data } = setting;
    const m = data.covariance.add(outer(data.mean)).scale(oja.scale);
    return { kind: "Oja, closed form", at: (start, times) => finite(times, (t) => ojaFlow(m, oja.alpha, start, t)) };
  }
  const entries = rule.terms.every(
    ({ exponents, averages }) =>
      exponents.O === 0 &&
      averages.every(({ of }) => of.O === 0) &&
      effectiveDegreeOf({ exponents, averages, constants: [], coefficient: { numerator: 1n, denominator: 1n } }) <= 2,
  );
  if (entries) {
    const { inputs } = setting.data;
    const [zero, up, down] = [0, 1, -1].map((value) => change(new Float64Array(inputs).fill(value)));
    const coefficients = Array.from({ length: inputs }, (_, j) => {
      const [a = 0, plus = 0, minus = 0] = [zero?.[j], up?.[j], down?.[j]];
      return { a, b: (plus - minus) / 2, c: (plus + minus) / 2 - a };
    });
    return {
      kind: "Riccati, entry by entry",
      at: (start, times) => {
        const end = Math.min(...coefficients.map((each, j) => riccatiEnd(each, start[j] ?? 0)));
        return finite(
          times.filter((t) => t < end),
          (t) => Float64Array.from(coefficients, (each, j) => riccatiFlow(each, start[j] ?? 0, t)),
        );
      },
    };
  }
  return {
    kind: "numerical integration",
    at: (start, times) => integrate((_, w) => change(w), start, times, { tolerance: 1e-9, bound: 1e9 }),
  };
}

function finite(
  times: readonly number[],
  at: (t: number) => Float64Array,
): { times: readonly number[]; states: readonly Float64Array[] } {
  const states: Float64Array[] = [];
  for (const t of times) {
    const w = at(t);
    if (!w.every((value) => Math.abs(value) < 1e9)) break;
    states.push(w);
  }
  return { times: times.slice(0, states.length), states };
}

/** k and alpha of k (O I - alpha O^2 w) on a linear unit, for k of either sign. */
function ojaParameters(
  rule: Polynomial,
  { unit = "linear", averaging = "data" }: Setting,
): { scale: number; alpha: number } | undefined {
  if (unit !== "linear" || averaging !== "data" || rule.terms.length !== 2) return undefined;
  const of = (T: number, O: number, I: number, w: number): number | undefined => {
    const term = rule.terms.find(
      ({ exponents: e, averages, constants }) =>
        e.T === T && e.O === O && e.I === I && e.w === w && averages.length + constants.length === 0,
    );
    return term === undefined ? undefined : toNumber(term.coefficient);
  };
  const [hebb, decay] = [of(0, 1, 1, 0), of(0, 2, 0, 1)];
  if (hebb === undefined || decay === undefined || hebb * decay > 0) return undefined;
  return { scale: hebb, alpha: -decay / hebb };
}

function outer(x: Float64Array): Matrix {
  const result = new Matrix(x.length, x.length);
  x.forEach((a, i) => x.forEach((b, j) => result.set(i, j, a * b)));
  return result;
}

function pointsOf(change: ExpectedChange, { data }: Setting, linear: LinearDynamics | undefined): FixedPoint[] {
  if (linear !== undefined) return linear.fixedPoint === undefined ? [] : [classified(change, linear.fixedPoint)];
  const { vectors } = symmetricEigen(data.covariance.add(outer(data.mean)));
  const directions = Array.from({ length: data.inputs }, (_, k) => vectors.column(k));
  const starts = directions.flatMap((v) => [v, v.map((value) => -value)]);
  // The work grows as the square of the inputs, and with the samples.
  const randomStarts = Math.round(
    Math.max(8, Math.min(80, 2e6 / (data.inputs ** 2 * (data.samples?.inputs.length ?? 20)))),
  );
  return fixedPoints(change, { inputs: data.inputs, starts, randomStarts, random: stream(0, "fixed points") });
}

function fatesOf(change: ExpectedChange, inputs: number): Fates {
  const random = stream(0, "fates");
  const starts = 12;
  let [settled, escaped] = [0, 0];
  for (let i = 0; i < starts; i++) {
    const start = Float64Array.from({ length: inputs }, () => random.normal() / Math.sqrt(inputs));
    const size = norm(start);
    const speed = norm(change(start)) / size || 1;
    const { outcome, states } = integrate((_, w) => change(w), start, [0, 300 / speed], {
      tolerance: 1e-6,
      bound: 1000 * size,
      maxSteps: 1500,
    });
    const end = states.at(-1) ?? start;
    const left = norm(change(end));
    const still = left < 1e-3 * speed * (1 + norm(end));
    if (outcome === "finished" && still && left < 1e-2 * speed * size) settled++;
    else if (outcome === "blewUp" || norm(end) > 30 * size) escaped++;
  }
  return { starts, settled, escaped };
}
