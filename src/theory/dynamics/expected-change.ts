/**
 * The expected change of a unit's weights under a polynomial rule: E[dw](w), over the data, at weights w.
 *
 * A term k T^a O^b I^c w^d becomes k w_j^d E[T^a O^b x_j^c]. A running average becomes the expectation at the present weights: it is
 * taken to move much faster than they do.
 */
import { constantsOf, type Exponents, type Polynomial, type Term } from "../polynomial/polynomial.ts";
import { toNumber } from "../polynomial/rational.ts";
import { type Data, DataError } from "./data.ts";
import { dot, Matrix } from "./matrix.ts";
import { activations, type Unit } from "./unit.ts";

/** How the expectation over a nonlinear unit is taken. */
export const averagings = ["data", "mean-drive"] as const;
/**
 * `data`: over the samples, exactly, or over the normal distribution that is taken for the inputs. `mean-drive`: every activity is
 * replaced by that of the mean drive, E[f(S)] ~ f(E[S]), an approximation of the kind used for dropout (Baldi and Sadowski 2016).
 */
export type Averaging = (typeof averagings)[number];

/** E[dw] at weights w. */
export type ExpectedChange = (w: ArrayLike<number>) => Float64Array;

/** What stands between a rule and its expected change. */
export interface Setting {
  readonly data: Data;
  /** `linear` when left out. */
  readonly unit?: Unit;
  /** `data` when left out. */
  readonly averaging?: Averaging;
}

/** The expected change as a function of the weights. Throws DataError when constants have no value, or the data do not determine a moment. */
export function expectedChange(
  rule: Polynomial,
  { data, unit = "linear", averaging = "data" }: Setting,
): ExpectedChange {
  const [missing] = constantsOf(rule);
  if (missing !== undefined)
    throw new DataError(`constant ${missing}: expected a value to compute with, got none; add ${missing}=NUMBER`);
  const terms = rule.terms.map((term) => ({ ...term, factor: toNumber(term.coefficient) }));
  const expectation = (exponents: Exponents, w: ArrayLike<number>): Float64Array => {
    const { T, O, I, w: d } = exponents;
    let mean: Float64Array;
    if (averaging === "mean-drive") {
      const activity = activations[unit](dot(w, data.mean)) ** O;
      mean = data.expectation({ T, O: 0, I }, w, "linear").map((value) => value * activity);
    } else mean = data.expectation({ T, O, I }, w, unit);
    return d === 0 ? mean : mean.map((value, j) => value * (w[j] ?? 0) ** d);
  };
  const change = (w: ArrayLike<number>): Float64Array => {
    const sum = new Float64Array(data.inputs);
    for (const term of terms) addTerm(sum, term, w, expectation);
    return sum;
  };
  // Whether the data know every moment does not depend on the weights: say so now.
  change(new Float64Array(data.inputs).fill(0.5));
  return change;
}

function addTerm(
  sum: Float64Array,
  { factor, exponents, averages }: Term & { readonly factor: number },
  w: ArrayLike<number>,
  expectation: (exponents: Exponents, w: ArrayLike<number>) => Float64Array,
): void {
  const value = expectation(exponents, w);
  const means = averages.map(({ of, exponent }) => ({ mean: expectation(of, w), exponent }));
  for (let j = 0; j < sum.length; j++) {
    let product = factor * (value[j] ?? 0);
    for (const { mean, exponent } of means) product *= (mean[j] ?? 0) ** exponent;
    sum[j] = (sum[j] ?? 0) + product;
  }
}

/** A and b of an expected change that is A w + b: b at w = 0, the columns of A at unit vectors. */
export function affineParts(change: ExpectedChange, inputs: number): { readonly a: Matrix; readonly b: Float64Array } {
  const b = change(new Float64Array(inputs));
  const a = new Matrix(inputs, inputs);
  for (let k = 0; k < inputs; k++) {
    const unitVector = new Float64Array(inputs);
    unitVector[k] = 1;
    const column = change(unitVector);
    for (let j = 0; j < inputs; j++) a.set(j, k, (column[j] ?? 0) - (b[j] ?? 0));
  }
  return { a, b };
}

/** The derivative of an expected change at w, by central differences of relative size `step`. */
export function jacobian(change: ExpectedChange, w: ArrayLike<number>, step = 1e-5): Matrix {
  const n = w.length;
  const result = new Matrix(n, n);
  for (let k = 0; k < n; k++) {
    const h = step * (1 + Math.abs(w[k] ?? 0));
    const moved = (by: number): Float64Array => change(Float64Array.from(w, (value, i) => value + (i === k ? by : 0)));
    const [up, down] = [moved(h), moved(-h)];
    for (let j = 0; j < n; j++) result.set(j, k, ((up[j] ?? 0) - (down[j] ?? 0)) / (2 * h));
  }
  return result;
}
