/**
 * What a rule is averaged over: samples, a normal distribution, or first and second moments alone.
 *
 * All answer one question, E[T^a O^b x_j^c] for every input j, at the weights w of one unit O = f(w.x). Samples answer it exactly for
 * every unit and order. Moments answer it for a linear unit up to total order 2 without further assumption, and to every order, and for
 * every unit, once inputs and target are taken as jointly normal.
 */
import { z } from "zod";
import { symmetricEigen } from "./linear-algebra.ts";
import { Matrix } from "./matrix.ts";
import { gaussianExpectation } from "./gaussian.ts";
import { activations, type Unit } from "./unit.ts";

/** Exponents of target, activity and input in an expectation. */
export interface Order {
  readonly T: number;
  readonly O: number;
  readonly I: number;
}

/** A source of expectations over inputs x and target T. */
export interface Data {
  readonly kind: "samples" | "gaussian" | "moments";
  /** N, the number of inputs. */
  readonly inputs: number;
  /** E[x], length N. */
  readonly mean: Float64Array;
  /** C = E[x x'] - E[x] E[x]', N by N. */
  readonly covariance: Matrix;
  /** Mean, E[T^2] and E[T x] of the target; undefined without one. */
  readonly target: TargetMoments | undefined;
  /** Rows and probabilities, where there are samples. */
  readonly samples: Samples | undefined;
  /** E[T^a O^b x_j^c], length N, for a unit with weights `w`. Throws DataError where the data do not determine it. */
  readonly expectation: (order: Order, w: ArrayLike<number>, unit: Unit) => Float64Array;
}

/** Moments of the target. */
export interface TargetMoments {
  readonly mean: number;
  /** E[T^2] */
  readonly square: number;
  /** E[T x], length N. */
  readonly input: Float64Array;
}

/** Samples with probabilities that sum to 1. */
export interface Samples {
  readonly inputs: readonly Float64Array[];
  readonly targets: Float64Array | undefined;
  readonly probabilities: Float64Array;
}

/** Data that do not fit together, or do not determine what a rule needs. */
export class DataError extends Error {
  override name = "DataError";
}

const numbers = z.array(z.number());
const square = z.array(numbers);
/** The file of samples: `inputs` rows of equal length, `targets` one per row, `probabilities` one per row (equal when left out). */
const samplesShape = z.strictObject({
  inputs: square.min(1).max(100_000),
  targets: numbers.optional(),
  probabilities: z.array(z.number().min(0)).optional(),
});
/** The file of moments: `secondMoments` is E[x x']; `target.input` is E[T x]; `gaussian` takes x and T as jointly normal. */
const momentsShape = z.strictObject({
  mean: numbers.optional(),
  secondMoments: square.min(1).optional(),
  covariance: square.min(1).optional(),
  target: z.strictObject({ mean: z.number().default(0), square: z.number().min(0), input: numbers }).optional(),
  gaussian: z.boolean().default(false),
});

/**
 * Data from what a JSON file holds: `{ "inputs": [[...]], "targets": [...], "probabilities": [...] }`, or
 * `{ "mean": [...], "secondMoments": [[...]] or "covariance": [[...]], "target": { "mean", "square", "input" }, "gaussian": true }`.
 * Throws DataError naming the key that is wrong.
 */
export function dataFrom(value: unknown): Data {
  const isSamples = typeof value === "object" && value !== null && "inputs" in value;
  const parsed = isSamples ? samplesShape.safeParse(value) : momentsShape.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new DataError(
      `data: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}; expected { inputs, targets?, probabilities? } or ` +
        "{ secondMoments or covariance, mean?, target? { mean?, square, input }, gaussian? }",
    );
  }
  return "inputs" in parsed.data ? fromSamples(parsed.data) : fromMoments(parsed.data);
}

/** Data from rows of inputs, all of one length, with targets and probabilities where there are any. Throws DataError. */
export function fromSamples(given: z.output<typeof samplesShape>): Data {
  const { inputs: rows, targets: given_targets } = given;
  const inputs = rows[0]?.length ?? 0;
  const ragged = rows.findIndex((row) => row.length !== inputs);
  if (ragged >= 0 || inputs === 0)
    throw new DataError(
      `data: expected rows of inputs of one length, got ${rows[ragged]?.length ?? 0} in row ${ragged + 1} and ${inputs} in row 1`,
    );
  const size = rows.length;
  for (const [name, list] of [
    ["targets", given_targets],
    ["probabilities", given.probabilities],
  ] as const) {
    if (list !== undefined && list.length !== size)
      throw new DataError(`data: expected as many ${name} as rows of inputs (${size}), got ${list.length}`);
  }
  const raw = given.probabilities ?? new Array<number>(size).fill(1);
  const total = raw.reduce((a, b) => a + b, 0);
  if (total <= 0) throw new DataError("data: expected probabilities with a positive sum, got all 0");
  const samples: Samples = {
    inputs: rows.map((row) => Float64Array.from(row)),
    targets: given_targets === undefined ? undefined : Float64Array.from(given_targets),
    probabilities: Float64Array.from(raw, (p) => p / total),
  };
  const average = (of: (x: Float64Array, target: number) => number): number =>
    samples.inputs.reduce((sum, x, s) => sum + (samples.probabilities[s] ?? 0) * of(x, samples.targets?.[s] ?? 0), 0);
  const mean = Float64Array.from({ length: inputs }, (_, j) => average((x) => x[j] ?? 0));
  const covariance = new Matrix(inputs, inputs);
  for (let i = 0; i < inputs; i++) {
    for (let j = 0; j < inputs; j++)
      covariance.set(
        i,
        j,
        average((x) => ((x[i] ?? 0) - (mean[i] ?? 0)) * ((x[j] ?? 0) - (mean[j] ?? 0))),
      );
  }
  const target =
    samples.targets === undefined
      ? undefined
      : {
          mean: average((_, t) => t),
          square: average((_, t) => t * t),
          input: Float64Array.from({ length: inputs }, (_, j) => average((x, t) => t * (x[j] ?? 0))),
        };
  return {
    kind: "samples",
    inputs,
    mean,
    covariance,
    target,
    samples,
    expectation: ({ T, O, I }, w, unit) => {
      if (T > 0) needTarget(target);
      const result = new Float64Array(inputs);
      samples.inputs.forEach((x, s) => {
        let drive = 0;
        for (let j = 0; j < inputs; j++) drive += (x[j] ?? 0) * (w[j] ?? 0);
        const shared =
          (samples.probabilities[s] ?? 0) * (samples.targets?.[s] ?? 0) ** T * activations[unit](drive) ** O;
        for (let j = 0; j < inputs; j++) result[j] = (result[j] ?? 0) + shared * (x[j] ?? 0) ** I;
      });
      return result;
    },
  };
}

/** Data from first and second moments. Throws DataError when sizes differ or the covariance is not one. */
export function fromMoments(given: z.input<typeof momentsShape>): Data {
  const { mean: givenMean, secondMoments, covariance: givenCovariance, target: givenTarget, gaussian = false } = given;
  const table = secondMoments ?? givenCovariance;
  if (table === undefined || (secondMoments !== undefined && givenCovariance !== undefined))
    throw new DataError(
      "data: expected either secondMoments (E[x x']) or covariance, got " + (table === undefined ? "neither" : "both"),
    );
  const inputs = table.length;
  const mean = Float64Array.from(givenMean ?? new Array<number>(inputs).fill(0));
  if (mean.length !== inputs || table.some((row) => row.length !== inputs))
    throw new DataError(
      `data: expected ${inputs} means and ${inputs} rows of ${inputs} second moments, got other sizes`,
    );
  const covariance = Matrix.of(table);
  if (!covariance.isSymmetric())
    throw new DataError("data: expected a symmetric matrix of second moments, got one that is not");
  if (secondMoments !== undefined) {
    for (let i = 0; i < inputs; i++)
      for (let j = 0; j < inputs; j++) covariance.set(i, j, covariance.at(i, j) - (mean[i] ?? 0) * (mean[j] ?? 0));
  }
  const target =
    givenTarget === undefined
      ? undefined
      : { mean: givenTarget.mean ?? 0, square: givenTarget.square, input: Float64Array.from(givenTarget.input) };
  if (target !== undefined && target.input.length !== inputs)
    throw new DataError(`data: expected target.input (E[T x]) of length ${inputs}, got ${target.input.length}`);
  refuseImpossible(mean, covariance, target);
  return {
    kind: gaussian ? "gaussian" : "moments",
    inputs,
    mean,
    covariance,
    target,
    samples: undefined,
    expectation: (order, w, unit) => {
      if (order.T > 0) needTarget(target);
      const total = order.T + order.O + order.I;
      if (!gaussian && (total > 2 || (unit !== "linear" && order.O > 0))) {
        const what =
          unit === "linear" ? `moments of order ${total}` : `the distribution of the drive of a ${unit} unit`;
        throw new DataError(
          `data: expected ${what}, got first and second moments only; give samples, or take the inputs as normal with "gaussian": true`,
        );
      }
      return gaussianExpectation({ mean, covariance, target }, order, w, unit);
    },
  };
}

function needTarget(target: TargetMoments | undefined): void {
  if (target === undefined)
    throw new DataError(
      "data: expected targets, which this rule reads, got none; add targets, or target { square, input }",
    );
}

/** Second moments that no data have would give numbers without meaning. */
function refuseImpossible(mean: Float64Array, covariance: Matrix, target: TargetMoments | undefined): void {
  const n = covariance.rows;
  const joint = new Matrix(n + 1, n + 1);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) joint.set(i, j, covariance.at(i, j));
  if (target !== undefined) {
    joint.set(n, n, target.square - target.mean ** 2);
    for (let i = 0; i < n; i++) {
      const value = (target.input[i] ?? 0) - target.mean * (mean[i] ?? 0);
      joint.set(i, n, value);
      joint.set(n, i, value);
    }
  }
  const [least] = [...symmetricEigen(joint).values].slice(-1);
  if ((least ?? 0) < -1e-9 * joint.largest()) {
    throw new DataError(
      `data: expected moments that some data have, got a covariance of inputs and target with the negative eigenvalue ${(least ?? 0).toPrecision(3)}`,
    );
  }
}
