/**
 * Linear systems, eigenvalues and the matrix exponential, for the matrices of a few to some dozens of rows that arise here.
 *
 * Symmetric eigenproblems are solved by Jacobi's rotations, general ones by QR steps on the Hessenberg form in complex numbers,
 * the exponential by scaling and squaring of a Taylor series; all to nearly machine precision (Golub and Van Loan, Matrix
 * Computations, chapters 7 to 9).
 */
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

/** Eigenvalues and orthonormal eigenvectors of a symmetric matrix by cyclic Jacobi rotations. */
export function symmetricEigen(given: Matrix): SymmetricEigen {
  const n = given.rows;
  const a = given.add(given.transpose()).scale(0.5);
  const vectors = Matrix.identity(n);
  const scale = a.largest();
  for (let sweep = 0; sweep < 60; sweep++) {
    let off = 0;
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) off = Math.max(off, Math.abs(a.at(p, q)));
    if (off <= 1e-17 * scale) break;
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) rotate(a, vectors, p, q);
  }
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => a.at(j, j) - a.at(i, i));
  const sorted = new Matrix(n, n);
  order.forEach((from, to) => {
    for (let i = 0; i < n; i++) sorted.set(i, to, vectors.at(i, from));
  });
  return { values: Float64Array.from(order, (i) => a.at(i, i)), vectors: sorted };
}

/** One Jacobi rotation: makes a_pq zero. */
function rotate(a: Matrix, vectors: Matrix, p: number, q: number): void {
  const apq = a.at(p, q);
  if (apq === 0) return;
  const theta = (a.at(q, q) - a.at(p, p)) / (2 * apq);
  const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.hypot(theta, 1));
  const c = 1 / Math.hypot(t, 1);
  const s = t * c;
  const turn = (read: (k: number) => [number, number], write: (k: number, x: number, y: number) => void): void => {
    for (let k = 0; k < a.rows; k++) {
      const [x, y] = read(k);
      write(k, c * x - s * y, s * x + c * y);
    }
  };
  const columns = (m: Matrix): void =>
    turn(
      (k) => [m.at(k, p), m.at(k, q)],
      (k, x, y) => {
        m.set(k, p, x);
        m.set(k, q, y);
      },
    );
  columns(a);
  turn(
    (k) => [a.at(p, k), a.at(q, k)],
    (k, x, y) => {
      a.set(p, k, x);
      a.set(q, k, y);
    },
  );
  columns(vectors);
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
