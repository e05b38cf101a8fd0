/** Eigenvalues of a real matrix that need not be symmetric. */
import { EigenvalueDecomposition } from "ml-matrix";
import type { Matrix } from "./matrix.ts";

/** A complex number. */
export interface Complex {
  readonly re: number;
  readonly im: number;
}

/** The eigenvalues of a square matrix by falling real part, conjugate pairs together. */
export function eigenvalues(a: Matrix): Complex[] {
  const size = a.largest();
  const { realEigenvalues, imaginaryEigenvalues } = new EigenvalueDecomposition(a.toRows(), {
    assumeSymmetric: a.isSymmetric(),
  });
  // Rounding leaves imaginary parts on real eigenvalues; those of a defective pair are of the order of the root of the precision.
  const cleaned = realEigenvalues.map((re, i): Complex => {
    const im = imaginaryEigenvalues[i] ?? 0;
    return { re, im: Math.abs(im) <= 3e-8 * size ? 0 : im };
  });
  return cleaned.sort((x, y) => (Math.abs(x.re - y.re) > 1e-9 * size ? y.re - x.re : y.im - x.im));
}
