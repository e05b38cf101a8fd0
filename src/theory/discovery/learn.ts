/**
 * One unit learning by a candidate rule: w' = w + rate * mean over the samples of F(T, O, I, w), again and again.
 *
 * The inner loops of the search: plain typed arrays, nothing allocated per step. A term without O, or with O = w.x to the first power,
 * is averaged over the samples once.
 */
import { toNumber } from "../polynomial/rational.ts";
import type { Candidate, CandidateTerm } from "./space.ts";
import type { UnitData } from "./unit-data.ts";

/** How a unit learns. */
export interface LearnOptions {
  /** O = w.x, or its sign, 0 at 0. */
  readonly unit: "linear" | "threshold";
  readonly rate: number;
  readonly steps: number;
  readonly start: Float64Array;
}

/** How it ended. `dead`: all weights below 1e-6. `diverged`: the weights passed a length of 1000, where it was stopped. */
export type Fate = "settled" | "moving" | "dead" | "diverged";

/** The course of one unit's weights. */
export interface Course {
  readonly fate: Fate;
  readonly weights: Float64Array;
  /** Weights after half of the steps; those of the end where it ended before. */
  readonly halfway: Float64Array;
  readonly start: Float64Array;
}

const longest = 1000;
const deadBelow = 1e-6;
/** Weights that change by less than this part of their length over the second half have settled. */
const settledWithin = 0.05;

/** Learns from all samples at every step. */
export function learn({ terms }: Candidate, data: UnitData, { unit, rate, steps, start }: LearnOptions): Course {
  const { samples, inputs } = data;
  const x = data.inputPowers[1] ?? new Float64Array(0);
  const parts = terms.map((term) => partOf(term, data, { unit, rate }));
  const nonlinear = parts.some(({ kind }) => kind === "samples");
  const w = Float64Array.from(start);
  const activity = new Float64Array(samples);
  const product = new Float64Array(inputs);
  const change = new Float64Array(inputs);
  let halfway = w;
  for (let step = 0; step < steps; step++) {
    if (step === steps >> 1) halfway = w.slice();
    if (nonlinear) {
      for (let s = 0, at = 0; s < samples; s++) {
        let drive = 0;
        for (let j = 0; j < inputs; j++, at++) drive += (w[j] ?? 0) * (x[at] ?? 0);
        activity[s] = unit === "linear" ? drive : Math.sign(drive);
      }
    }
    change.fill(0);
    for (const part of parts) {
      if (part.kind === "samples") overSamples(product, part, activity);
      else if (part.kind === "matrix") times(product, part.moments, w);
      else product.set(part.moments);
      for (let j = 0; j < inputs; j++) {
        let value = product[j] ?? 0;
        for (let power = 0; power < part.d; power++) value *= w[j] ?? 0;
        change[j] = (change[j] ?? 0) + value;
      }
    }
    let [length, moved] = [0, 0];
    for (let j = 0; j < inputs; j++) {
      const delta = change[j] ?? 0;
      const value = (w[j] ?? 0) + delta;
      w[j] = value;
      length += value * value;
      moved += delta * delta;
    }
    // The comparison is false for NaN as well.
    if (!(length < longest * longest)) return { fate: "diverged", weights: w, halfway, start };
    if (length < deadBelow * deadBelow) return { fate: "dead", weights: w, halfway: w, start };
    // So little movement that nothing would change in the steps that are left.
    if (moved * steps * steps < 1e-12 * length) return { fate: "settled", weights: w, halfway: w, start };
  }
  return { fate: distance(w, halfway) <= settledWithin * size(w) ? "settled" : "moving", weights: w, halfway, start };
}

/**
 * A term ready for its steps, learning rate and coefficient included, d its power of w: a constant vector E[T^a x_j^c], a matrix
 * E[T^a x_j^c x_k] where O = w.x enters once, or a sum over samples.
 */
type Part = { readonly d: number } & (
  | { readonly kind: "constant" | "matrix"; readonly moments: Float64Array }
  | { readonly kind: "samples"; readonly O: number; readonly target: Float64Array; readonly powers: Float64Array }
);

function partOf(
  { exponents: { T, O, I, w: d }, coefficient }: CandidateTerm,
  { samples, inputs, inputPowers, targetPowers }: UnitData,
  { unit, rate }: Pick<LearnOptions, "unit" | "rate">,
): Part {
  const factor = (rate * toNumber(coefficient)) / samples;
  const target = (targetPowers[T] ?? new Float64Array(samples)).map((value) => factor * value);
  const powers = inputPowers[I] ?? new Float64Array(samples * inputs);
  if (O > 1 || (O === 1 && unit === "threshold")) return { kind: "samples", d, O, target, powers };
  const columns = O === 0 ? 1 : inputs;
  const others = inputPowers[O];
  const moments = new Float64Array(inputs * columns);
  for (let s = 0; s < samples; s++)
    for (let j = 0; j < inputs; j++)
      for (let k = 0; k < columns; k++) {
        const other = O === 0 ? 1 : (others?.[s * inputs + k] ?? 0);
        const at = j * columns + k;
        moments[at] = (moments[at] ?? 0) + (target[s] ?? 0) * (powers[s * inputs + j] ?? 0) * other;
      }
  return { kind: O === 0 ? "constant" : "matrix", d, moments };
}

/** Sum over samples of T^a O^b x^c with its factor, into `out`. */
function overSamples(
  out: Float64Array,
  { O, target, powers }: Extract<Part, { kind: "samples" }>,
  activity: Float64Array,
): void {
  const inputs = out.length;
  out.fill(0);
  for (let s = 0, at = 0; s < activity.length; s++) {
    let shared = target[s] ?? 0;
    for (let power = 0; power < O; power++) shared *= activity[s] ?? 0;
    for (let j = 0; j < inputs; j++, at++) out[j] = (out[j] ?? 0) + shared * (powers[at] ?? 0);
  }
}

/** Matrix, row-major, times vector, into `out`. */
function times(out: Float64Array, matrix: Float64Array, w: Float64Array): void {
  const inputs = out.length;
  for (let j = 0, at = 0; j < inputs; j++) {
    let sum = 0;
    for (let k = 0; k < inputs; k++, at++) sum += (matrix[at] ?? 0) * (w[k] ?? 0);
    out[j] = sum;
  }
}

/** Euclidean length. */
export function size(w: Float64Array): number {
  return Math.sqrt(w.reduce((total, value) => total + value * value, 0));
}

/** Euclidean distance. */
export function distance(a: Float64Array, b: Float64Array): number {
  return Math.sqrt(a.reduce((total, value, j) => total + (value - (b[j] ?? 0)) ** 2, 0));
}
