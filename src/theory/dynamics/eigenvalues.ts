/** Eigenvalues of a real matrix that need not be symmetric. */
import { symmetricEigen } from "./linear-algebra.ts";
import type { Matrix } from "./matrix.ts";

/** A complex number. */
export interface Complex {
  readonly re: number;
  readonly im: number;
}

/**
 * The eigenvalues of a square matrix by falling real part, conjugate pairs together.
 *
 * Symmetric matrices go to Jacobi's method. Others are brought to Hessenberg form by elimination and then, in complex numbers, to
 * triangular form by QR steps with Wilkinson's shift. Throws when QR does not converge, which is not known to happen.
 */
export function eigenvalues(a: Matrix): Complex[] {
  if (a.isSymmetric()) return Array.from(symmetricEigen(a).values, (re) => ({ re, im: 0 }));
  const size = a.largest();
  const found = triangular(hessenberg(a));
  // Rounding leaves imaginary parts on real eigenvalues; those of a defective pair are of the order of the root of the precision.
  const cleaned = found.map(({ re, im }) => ({ re, im: Math.abs(im) <= 3e-8 * size ? 0 : im }));
  return cleaned.sort((x, y) => (Math.abs(x.re - y.re) > 1e-9 * size ? y.re - x.re : y.im - x.im));
}

const complex = (re: number, im = 0): Complex => ({ re, im });
const plus = (a: Complex, b: Complex): Complex => complex(a.re + b.re, a.im + b.im);
const minus = (a: Complex, b: Complex): Complex => complex(a.re - b.re, a.im - b.im);
const times = (a: Complex, b: Complex): Complex => complex(a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re);
const conjugate = (a: Complex): Complex => complex(a.re, -a.im);
const size = (a: Complex): number => Math.hypot(a.re, a.im);
const ZERO = complex(0);

function root(a: Complex): Complex {
  const r = size(a);
  const re = Math.sqrt((r + a.re) / 2);
  const im = Math.sqrt((r - a.re) / 2);
  return complex(re, a.im < 0 ? -im : im);
}

/** An upper Hessenberg matrix with the eigenvalues of `a`, by elimination with row exchanges. */
function hessenberg(a: Matrix): Complex[][] {
  const n = a.rows;
  const h = a.copy();
  for (let m = 1; m < n - 1; m++) {
    let pivot = m;
    for (let i = m + 1; i < n; i++) if (Math.abs(h.at(i, m - 1)) > Math.abs(h.at(pivot, m - 1))) pivot = i;
    if (h.at(pivot, m - 1) === 0) continue;
    if (pivot !== m) {
      for (let j = 0; j < n; j++) exchange(h, [pivot, j], [m, j]);
      for (let i = 0; i < n; i++) exchange(h, [i, pivot], [i, m]);
    }
    for (let i = m + 1; i < n; i++) {
      const factor = h.at(i, m - 1) / h.at(m, m - 1);
      if (factor === 0) continue;
      for (let j = 0; j < n; j++) h.set(i, j, h.at(i, j) - factor * h.at(m, j));
      for (let k = 0; k < n; k++) h.set(k, m, h.at(k, m) + factor * h.at(k, i));
    }
  }
  return h.toRows().map((row, i) => row.map((value, j) => (i > j + 1 ? ZERO : complex(value))));
}

function exchange(m: Matrix, [i, j]: readonly [number, number], [k, l]: readonly [number, number]): void {
  const kept = m.at(i, j);
  m.set(i, j, m.at(k, l));
  m.set(k, l, kept);
}

/** The diagonal of the triangular form of a Hessenberg matrix, which is used up. */
function triangular(h: Complex[][]): Complex[] {
  const at = (i: number, j: number): Complex => h[i]?.[j] ?? ZERO;
  const put = (i: number, j: number, value: Complex): void => {
    const row = h[i];
    if (row !== undefined) row[j] = value;
  };
  const found: Complex[] = [];
  let last = h.length - 1;
  for (let step = 0; last >= 0; step++) {
    if (step > 100 * h.length) throw new Error("internal: eigenvalues did not converge");
    let first = last;
    while (first > 0) {
      const neighbours = size(at(first, first)) + size(at(first - 1, first - 1));
      if (size(at(first, first - 1)) <= 1e-16 * (neighbours === 0 ? 1 : neighbours)) break;
      first--;
    }
    if (first === last) {
      found.push(at(last, last));
      last--;
      continue;
    }
    // An unusual shift now and then breaks cycles.
    const shift = step % 13 === 12 ? complex(size(at(last, last - 1)), size(at(last, last))) : wilkinson(at, last);
    for (let i = first; i <= last; i++) put(i, i, minus(at(i, i), shift));
    const turns: [Complex, Complex][] = [];
    for (let k = first; k < last; k++) {
      const [x, y] = [at(k, k), at(k + 1, k)];
      const r = Math.hypot(size(x), size(y));
      const [c, s] = r === 0 ? [complex(1), ZERO] : [complex(x.re / r, x.im / r), complex(y.re / r, y.im / r)];
      turns.push([c, s]);
      for (let j = k; j <= last; j++) {
        const [p, q] = [at(k, j), at(k + 1, j)];
        put(k, j, plus(times(conjugate(c), p), times(conjugate(s), q)));
        put(k + 1, j, minus(times(c, q), times(s, p)));
      }
    }
    turns.forEach(([c, s], index) => {
      const k = first + index;
      for (let i = first; i <= Math.min(k + 2, last); i++) {
        const [p, q] = [at(i, k), at(i, k + 1)];
        put(i, k, plus(times(p, c), times(q, s)));
        put(i, k + 1, minus(times(q, conjugate(c)), times(p, conjugate(s))));
      }
    });
    for (let i = first; i <= last; i++) put(i, i, plus(at(i, i), shift));
  }
  return found;
}

/** The eigenvalue of the last two by two block that is nearer to its last entry. */
function wilkinson(at: (i: number, j: number) => Complex, last: number): Complex {
  const [a, b, c, d] = [at(last - 1, last - 1), at(last - 1, last), at(last, last - 1), at(last, last)];
  const half = times(complex(0.5), plus(a, d));
  const gap = times(complex(0.5), minus(a, d));
  const distance = root(plus(times(gap, gap), times(b, c)));
  const [one, other] = [plus(half, distance), minus(half, distance)];
  return size(minus(one, d)) < size(minus(other, d)) ? one : other;
}
