/**
 * What one unit learns from: inputs and targets, with their powers ready.
 *
 * Inputs have exactly the second moments E[x x'] that are stated, so that the principal component and the least-squares weights they are
 * compared with carry no sampling error: draws are whitened and given those moments.
 */
import type { Random } from "../../random/stream.ts";
import { symmetricEigen } from "../dynamics/linear-algebra.ts";
import { Matrix } from "../dynamics/matrix.ts";

/** Samples as powers, for rules up to a degree. */
export interface UnitData {
  readonly samples: number;
  readonly inputs: number;
  /** x^c at index c, [samples, inputs] row-major. */
  readonly inputPowers: readonly Float64Array[];
  /** T^a at index a, [samples]. */
  readonly targetPowers: readonly Float64Array[];
}

/** Powers up to `degree` of inputs [samples, inputs] row-major and targets [samples]. */
export function unitData(x: Float64Array, target: Float64Array, degree: number): UnitData {
  const powers = (values: Float64Array): Float64Array[] =>
    Array.from({ length: degree + 1 }, (_, power) => values.map((value) => value ** power));
  const samples = target.length;
  return { samples, inputs: x.length / samples, inputPowers: powers(x), targetPowers: powers(target) };
}

/** A task for a linear unit. */
export interface LinearTask {
  readonly data: UnitData;
  /** Unit eigenvector of the largest eigenvalue of E[x x']. */
  readonly principal: Float64Array;
  /** Weights of least squared error. */
  readonly leastSquares: Float64Array;
  /** E[(T - O)^2] at weights w, for a linear unit. */
  readonly error: (w: Float64Array) => number;
}

/** How inputs of a linear task are drawn. */
export interface LinearTaskOptions {
  readonly inputs: number;
  readonly samples: number;
  /**
   * `normal`: drawn in pairs x and -x, so that mean and odd moments vanish as they do for the distribution. `skewed`: exponential with an
   * offset, whose mean and odd moments do not vanish.
   */
  readonly shape: "normal" | "skewed";
  /** Largest degree of a rule. */
  readonly degree: number;
}

/** Part of the target's variance that no weights explain. */
const noise = 0.1;

/** Least eigenvalue of E[x x'] over the largest. */
const conditioning = 0.1;

/**
 * Draws a task: E[x x'] has eigenvalues from l, uniform in [1.2, 2.2], down to 0.1 l in equal ratios, in random directions; T is linear in
 * x plus noise, with E[T^2] = 1. For `normal` inputs `samples` must be even.
 */
export function linearTask({ inputs, samples, shape, degree }: LinearTaskOptions, random: Random): LinearTask {
  const white = whitened(drawn(inputs, samples, shape, random), samples);
  const half = new Matrix(inputs, inputs, Float64Array.from({ length: inputs ** 2 }, random.normal));
  const directions = symmetricEigen(half.add(half.transpose())).vectors;
  const largest = 1.2 + random.uniform();
  const values = Float64Array.from({ length: inputs }, (_, k) => largest * conditioning ** (k / (inputs - 1)));
  const x = white.multiply(Matrix.diagonal(values.map(Math.sqrt))).multiply(directions.transpose());
  const teacher = x.apply(Float64Array.from({ length: inputs }, random.normal));
  const explained = Math.sqrt((1 - noise) / meanSquare(teacher));
  // Noise has the symmetry of the inputs: opposite at x and -x.
  const free = Float64Array.from({ length: samples }, random.normal);
  if (shape === "normal") for (let s = 1; s < samples; s += 2) free[s] = -(free[s - 1] ?? 0);
  const raw = teacher.map((value, s) => explained * value + Math.sqrt(noise) * (free[s] ?? 0));
  const size = Math.sqrt(meanSquare(raw));
  const target = raw.map((value) => value / size);
  const correlation = x
    .transpose()
    .apply(target)
    .map((value) => value / samples);
  const inverse = directions
    .multiply(Matrix.diagonal(values.map((value) => 1 / value)))
    .multiply(directions.transpose());
  return {
    data: unitData(x.values, target, degree),
    principal: directions.column(0),
    leastSquares: inverse.apply(correlation),
    error: (w) => meanSquare(x.apply(w).map((activity, s) => (target[s] ?? 0) - activity)),
  };
}

/** Taken off the exponential draws, of mean and standard deviation 1. */
const offset = 0.7;

function drawn(inputs: number, samples: number, shape: LinearTaskOptions["shape"], random: Random): Matrix {
  const x = new Matrix(samples, inputs);
  for (let s = 0; s < samples; s++) {
    for (let j = 0; j < inputs; j++) {
      if (shape === "skewed") x.set(s, j, -Math.log(1 - random.uniform()) - offset);
      else x.set(s, j, s % 2 === 1 ? -x.at(s - 1, j) : random.normal());
    }
  }
  return x;
}

/** The rows turned and stretched so that their second moments are the identity. */
function whitened(x: Matrix, samples: number): Matrix {
  const { values, vectors } = symmetricEigen(
    x
      .transpose()
      .multiply(x)
      .scale(1 / samples),
  );
  return x.multiply(vectors).multiply(Matrix.diagonal(values.map((value) => 1 / Math.sqrt(value))));
}

function meanSquare(values: Float64Array): number {
  return values.reduce((total, value) => total + value * value, 0) / values.length;
}
