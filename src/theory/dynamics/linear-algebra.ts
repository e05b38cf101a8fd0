/**
 * Linear systems, eigenvalues and the matrix exponential, for the matrices of a few to some dozens of rows that arise here.
 *
 * Eigenproblems are the library's (ml-matrix). The exponential, which it does not have, is scaling and squaring of a Taylor series
 * (Golub and Van Loan, Matrix Computations, chapter 9); systems that may be singular are solved by elimination that says their rank.
 */
import { EigenvalueDecomposition } from "ml-matrix";
import { Matrix } from "./matrix.ts";

/** Solution of A x = b, and what there is to say of it. */
export interface Solution {
  /** One solution, free components 0. Meaningless when not consistent. */
  readonly x: Float64Array;
  readonly rank: number;
  /** Whether there is a solution at all: b lies in the range of A. */
  readonly consistent: boolean;
}

/** Solves A x = b by elimination with full pivoting. Pivots below `tolerance` of the largest entry count as 0. */
export function solve(a: Matrix, b: ArrayLike<number>, tolerance = 1e-10): Solution {
  const n = a.columns;
  const rows = a.toRows().map((row, i) => [...row, b[i] ?? 0]);
  const order: number[] = Array.from({ length: n }, (_, j) => j);
  const threshold = tolerance * Math.max(a.largest(), Number.MIN_VALUE);
  let rank = 0;
  for (; rank < Math.min(a.rows, n); rank++) {
    let [best, row, column] = [0, rank, rank];
    for (let i = rank; i < a.rows; i++) {
      for (let j = rank; j < n; j++) {
        const size = Math.abs(rows[i]?.[j] ?? 0);
        if (size > best) [best, row, column] = [size, i, j];
      }
    }
    if (best <= threshold) break;
    swap(rows, rank, row);
    for (const each of rows) swap(each, rank, column);
    swap(order, rank, column);
    const pivot = rows[rank] ?? [];
    for (const below of rows.slice(rank + 1)) {
      const factor = (below[rank] ?? 0) / (pivot[rank] ?? 1);
      for (let j = rank; j <= n; j++) below[j] = (below[j] ?? 0) - factor * (pivot[j] ?? 0);
    }
  }
  const size = rows.reduce((most, row) => Math.max(most, Math.abs(row[n] ?? 0)), a.largest());
  const consistent = rows.slice(rank).every((row) => Math.abs(row[n] ?? 0) <= 1e3 * tolerance * size);
  const x = new Float64Array(n);
  for (let i = rank - 1; i >= 0; i--) {
    const row = rows[i] ?? [];
    let rest = row[n] ?? 0;
    for (let j = i + 1; j < rank; j++) rest -= (row[j] ?? 0) * (x[order[j] ?? 0] ?? 0);
    x[order[i] ?? 0] = rest / (row[i] ?? 1);
  }
  return { x, rank, consistent };
}

/** The rank of a matrix, to `tolerance` of its largest entry. */
export function rankOf(a: Matrix, tolerance = 1e-10): number {
  return solve(a, new Float64Array(a.rows), tolerance).rank;
}

/** Eigenvalues in falling order, and unit eigenvectors as columns in that order. */
export interface SymmetricEigen {
  readonly values: Float64Array;
  readonly vectors: Matrix;
}

/** Eigenvalues and orthonormal eigenvectors of a symmetric matrix. */
export function symmetricEigen(given: Matrix): SymmetricEigen {
  const n = given.rows;
  const a = given.add(given.transpose()).scale(0.5);
  const { realEigenvalues: found, eigenvectorMatrix: columns } = new EigenvalueDecomposition(a.toRows(), {
    assumeSymmetric: true,
  });
  const order = found.map((_, i) => i).sort((i, j) => (found[j] ?? 0) - (found[i] ?? 0));
  const vectors = new Matrix(n, n);
  order.forEach((from, to) => {
    for (let i = 0; i < n; i++) vectors.set(i, to, columns.get(i, from));
  });
  return { values: Float64Array.from(order, (i) => found[i] ?? NaN), vectors };
}

/** e^A by scaling and squaring of the Taylor series. */
export function matrixExponential(a: Matrix): Matrix {
  const size = Math.max(...a.toRows().map((row) => row.reduce((sum, value) => sum + Math.abs(value), 0)), 0);
  const halvings = size > 0.25 ? Math.ceil(Math.log2(size / 0.25)) : 0;
  const small = a.scale(2 ** -halvings);
  // With a norm of at most 1/4, 16 terms leave less than 1e-23.
  let result = Matrix.identity(a.rows);
  for (let k = 16; k >= 1; k--) result = Matrix.identity(a.rows).add(small.multiply(result), 1 / k);
  for (let i = 0; i < halvings; i++) result = result.multiply(result);
  return result;
}

function swap(list: unknown[], i: number, j: number): void {
  const [a, b] = [list[i], list[j]];
  if (a === undefined || b === undefined) return;
  list[i] = b;
  list[j] = a;
}
