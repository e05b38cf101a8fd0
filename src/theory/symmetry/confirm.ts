/**
 * Symmetries tried out: a random transformation of random data, and by how much the change fails to follow it.
 *
 * The unit is linear, with random weights, inputs and targets; averages are means over the data. Independent of how symmetries are
 * decided (`symmetries.ts`), from which it takes only the name.
 */
import type { Random } from "../../random/stream.ts";
import { symmetricEigen } from "../dynamics/linear-algebra.ts";
import { dot, Matrix } from "../dynamics/matrix.ts";
import { constantsOf, type Exponents, type Polynomial } from "../polynomial/polynomial.ts";
import { toNumber } from "../polynomial/rational.ts";
import type { Symmetry } from "./symmetries.ts";

/** Some samples and the weights of one unit. */
interface Situation {
  readonly w: ArrayLike<number>;
  readonly x: readonly ArrayLike<number>[];
  readonly target: readonly number[];
  readonly activity: readonly number[];
}

const inputs = 4;
const samples = 6;

/**
 * The largest difference between the change after a random transformation and the transformed change, relative to the largest change:
 * about 1e-15 for a rule with the symmetry, of order 1 for one without.
 */
export function violation(rule: Polynomial, symmetry: Symmetry, random: Random, trials = 5): number {
  let worst = 0;
  for (let trial = 0; trial < trials; trial++) {
    const constants = new Map(constantsOf(rule).map((name) => [name, 0.5 + random.uniform()]));
    const change = (at: Situation): Float64Array[] => changeIn(rule, at, constants);
    worst = Math.max(
      worst,
      symmetry === "recoding" ? recodingViolation(change, random) : turned(change, symmetry, random),
    );
  }
  return worst;
}

function turned(
  change: (at: Situation) => Float64Array[],
  symmetry: Exclude<Symmetry, "recoding">,
  random: Random,
): number {
  const normals = (n: number): Float64Array => Float64Array.from({ length: n }, random.normal);
  const w = normals(inputs);
  const x = Array.from({ length: samples }, () => normals(inputs));
  const target = [...normals(samples)];
  const activity = x.map((row) => dot(w, row));
  const map = mapOf(symmetry, random);
  const sign = symmetry === "output" ? -1 : 1;
  const negated = (list: readonly number[]): number[] => list.map((value) => sign * value);
  const moved = {
    w: symmetry === "output" ? w.map((value) => -value) : map.apply(w),
    x: x.map((row) => map.apply(row)),
    target: negated(target),
    activity: negated(activity),
  };
  const expected = change({ w, x, target, activity }).map((row) =>
    symmetry === "output" ? row.map((value) => -value) : map.apply(row),
  );
  return relativeDifference(
    change(moved).flatMap((row) => [...row]),
    expected.flatMap((row) => [...row]),
  );
}

function mapOf(symmetry: Exclude<Symmetry, "recoding">, random: Random): Matrix {
  const one = Matrix.identity(inputs);
  switch (symmetry) {
    case "output":
      return one;
    case "permutation":
      return Matrix.of([...random.permutation(inputs)].map((to) => [...one.column(to)]));
    case "isometry":
      return Matrix.diagonal(Array.from({ length: inputs }, (_, j) => (j === 0 || random.uniform() < 0.5 ? -1 : 1)));
    case "rotation": {
      const half = new Matrix(inputs, inputs, Float64Array.from({ length: inputs ** 2 }, random.normal));
      return symmetricEigen(half.add(half.transpose())).vectors;
    }
    default:
      return symmetry satisfies never;
  }
}

/** On binary values the change in one code must be a constant multiple of the change in the other. */
function recodingViolation(change: (at: Situation) => Float64Array[], random: Random): number {
  const bit = (): number => (random.uniform() < 0.5 ? 0 : 1);
  const bits = (n: number): number[] => Array.from({ length: n }, bit);
  const signs = (list: readonly number[]): number[] => list.map((value) => 2 * value - 1);
  const count = 24;
  const w = Array.from({ length: inputs }, random.normal);
  const [x, target, activity] = [Array.from({ length: count }, () => bits(inputs)), bits(count), bits(count)];
  const inBits = change({ w, x, target, activity }).flatMap((row) => [...row]);
  const inSigns = change({ w, x: x.map(signs), target: signs(target), activity: signs(activity) }).flatMap((row) => [
    ...row,
  ]);
  const size = dot(inBits, inBits);
  // A rule that is 0 in one code only is not the same rule.
  if (size === 0) return dot(inSigns, inSigns) === 0 ? 0 : 1;
  const factor = dot(inSigns, inBits) / size;
  return relativeDifference(
    inSigns,
    inBits.map((value) => factor * value),
  );
}

/** The change of every weight at every sample. */
function changeIn(
  rule: Polynomial,
  { w, x, target, activity }: Situation,
  constants: ReadonlyMap<string, number>,
): Float64Array[] {
  const value = (of: Exponents, s: number, j: number): number =>
    (target[s] ?? 0) ** of.T * (activity[s] ?? 0) ** of.O * (x[s]?.[j] ?? 0) ** of.I * (w[j] ?? 0) ** of.w;
  return x.map((row, s) =>
    Float64Array.from({ length: row.length }, (_, j) =>
      rule.terms.reduce((sum, { coefficient, exponents, averages, constants: named }) => {
        let product = toNumber(coefficient) * value(exponents, s, j);
        for (const { of, exponent } of averages)
          product *= (x.reduce((total, _row, other) => total + value(of, other, j), 0) / x.length) ** exponent;
        for (const { name, exponent } of named) product *= (constants.get(name) ?? 1) ** exponent;
        return sum + product;
      }, 0),
    ),
  );
}

function relativeDifference(found: readonly number[], expected: readonly number[]): number {
  const size = Math.max(...found.map(Math.abs), ...expected.map(Math.abs), Number.MIN_VALUE);
  return Math.max(...found.map((value, i) => Math.abs(value - (expected[i] ?? 0)))) / size;
}
