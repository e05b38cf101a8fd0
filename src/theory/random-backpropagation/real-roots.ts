/** Real roots of polynomials, and where a flow on a line ends. */

/** Coefficients by rising power. */
export type Coefficients = readonly number[];

/** The value of a polynomial. */
export function valueOf(polynomial: Coefficients, x: number): number {
  return polynomial.reduceRight((sum, coefficient) => sum * x + coefficient, 0);
}

/** The product of two polynomials. */
export function times(a: Coefficients, b: Coefficients): number[] {
  const product = new Array<number>(a.length + b.length - 1).fill(0);
  a.forEach((x, i) => b.forEach((y, j) => (product[i + j] = (product[i + j] ?? 0) + x * y)));
  return product;
}

/**
 * The real roots at which a polynomial changes its sign, rising, to the precision of a double: between neighbouring roots of its
 * derivative it is monotone, and bisection finds at most one there. A root without a change of sign is not seen.
 */
export function realRoots(polynomial: Coefficients): number[] {
  const degree = polynomial.findLastIndex((coefficient) => coefficient !== 0);
  if (degree < 1) return [];
  const lead = polynomial[degree] ?? 1;
  if (degree === 1) return [-(polynomial[0] ?? 0) / lead];
  const trimmed = polynomial.slice(0, degree + 1);
  const turns = realRoots(trimmed.slice(1).map((coefficient, i) => coefficient * (i + 1)));
  // Cauchy: all roots lie within this bound.
  const bound = 1 + Math.max(...trimmed.slice(0, degree).map((coefficient) => Math.abs(coefficient / lead)));
  const ends = [-bound, ...turns.filter((turn) => Math.abs(turn) < bound), bound];
  return ends.slice(1).flatMap((high, i) => {
    const root = bisect((x) => valueOf(trimmed, x), ends[i] ?? -bound, high);
    return root === undefined ? [] : [root];
  });
}

/** A root of a function between two points where its signs differ; undefined where they do not. */
export function bisect(f: (x: number) => number, low: number, high: number): number | undefined {
  const [atLow, atHigh] = [Math.sign(f(low)), Math.sign(f(high))];
  if (atLow === 0) return low;
  if (atHigh === 0 || atLow === atHigh) return undefined;
  for (;;) {
    const middle = (low + high) / 2;
    if (middle <= low || middle >= high) return middle;
    if (Math.sign(f(middle)) === atLow) low = middle;
    else high = middle;
  }
}

/**
 * Where dx/dt = Q(x) goes from `start`: the nearest root in the direction of Q, or infinity. A polynomial flow settles from every start if
 * and only if its degree is odd and its leading coefficient negative (Baldi, Sadowski and Lu 2018, theorem 1).
 */
export function limitOfFlow(q: Coefficients, start: number): number {
  const direction = Math.sign(valueOf(q, start));
  if (direction === 0) return start;
  const ahead = realRoots(q).filter((root) => (root - start) * direction > 0);
  return direction > 0 ? Math.min(...ahead) : Math.max(...ahead);
}
