/** Dense matrices of double precision and the few products that the theory needs. */

/** A matrix of numbers, row-major. Immutable from outside but for `set`, which builders use before they give it away. */
export class Matrix {
  constructor(
    readonly rows: number,
    readonly columns: number,
    readonly values: Float64Array = new Float64Array(rows * columns),
  ) {}

  /** From rows of equal length. */
  static of(rows: readonly (readonly number[])[]): Matrix {
    return new Matrix(rows.length, rows[0]?.length ?? 0, Float64Array.from(rows.flat()));
  }

  static identity(size: number): Matrix {
    return Matrix.diagonal(new Array<number>(size).fill(1));
  }

  static diagonal(entries: ArrayLike<number>): Matrix {
    const matrix = new Matrix(entries.length, entries.length);
    for (let i = 0; i < entries.length; i++) matrix.set(i, i, entries[i] ?? 0);
    return matrix;
  }

  at(row: number, column: number): number {
    return this.values[row * this.columns + column] ?? NaN;
  }

  set(row: number, column: number, value: number): void {
    this.values[row * this.columns + column] = value;
  }

  copy(): Matrix {
    return new Matrix(this.rows, this.columns, this.values.slice());
  }

  toRows(): number[][] {
    return Array.from({ length: this.rows }, (_, i) => [
      ...this.values.subarray(i * this.columns, (i + 1) * this.columns),
    ]);
  }

  column(index: number): Float64Array {
    return Float64Array.from({ length: this.rows }, (_, i) => this.at(i, index));
  }

  transpose(): Matrix {
    const result = new Matrix(this.columns, this.rows);
    for (let i = 0; i < this.rows; i++) for (let j = 0; j < this.columns; j++) result.set(j, i, this.at(i, j));
    return result;
  }

  scale(factor: number): Matrix {
    return new Matrix(
      this.rows,
      this.columns,
      this.values.map((value) => value * factor),
    );
  }

  /** this + factor * other. */
  add(other: Matrix, factor = 1): Matrix {
    return new Matrix(
      this.rows,
      this.columns,
      this.values.map((value, i) => value + factor * (other.values[i] ?? 0)),
    );
  }

  /** this . other */
  multiply(other: Matrix): Matrix {
    const result = new Matrix(this.rows, other.columns);
    for (let i = 0; i < this.rows; i++) {
      for (let k = 0; k < this.columns; k++) {
        const factor = this.at(i, k);
        for (let j = 0; j < other.columns; j++) result.set(i, j, result.at(i, j) + factor * other.at(k, j));
      }
    }
    return result;
  }

  /** this . vector */
  apply(vector: ArrayLike<number>): Float64Array {
    return Float64Array.from({ length: this.rows }, (_, i) => {
      let sum = 0;
      for (let j = 0; j < this.columns; j++) sum += this.at(i, j) * (vector[j] ?? 0);
      return sum;
    });
  }

  /** The largest absolute value. */
  largest(): number {
    return this.values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  }

  /** Whether it equals its transpose to rounding. */
  isSymmetric(): boolean {
    if (this.rows !== this.columns) return false;
    return this.add(this.transpose(), -1).largest() <= 1e-12 * this.largest();
  }
}

/** sum_i a_i b_i */
export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}

/** Euclidean norm. */
export function norm(a: ArrayLike<number>): number {
  return Math.sqrt(dot(a, a));
}
