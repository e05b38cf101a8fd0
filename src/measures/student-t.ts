/**
 * Student's t distribution: tail probability and quantile, for any positive (also fractional) degrees of freedom.
 *
 * P(|T| > t) = I_{nu/(nu+t^2)}(nu/2, 1/2), with I the regularised incomplete beta function, evaluated by its continued
 * fraction (Abramowitz and Stegun 26.5.8, modified Lentz). Relative accuracy about 1e-12.
 */

/** Probability that a t variable with `degrees` degrees of freedom is further from zero than `t`, both sides together. */
export function twoSidedTail(t: number, degrees: number): number {
  if (Number.isNaN(t) || !(degrees > 0)) return NaN;
  return incompleteBeta(degrees / (degrees + t * t), degrees / 2, 0.5);
}

/** The t beyond which, both sides together, lies `1 - level` of the distribution: 2.776 for level 0.95, 4 degrees. */
export function twoSidedQuantile(level: number, degrees: number): number {
  if (!(degrees > 0) || !(level > 0 && level < 1)) return NaN;
  const key = `${level} ${degrees}`;
  const known = quantiles.get(key) ?? searchedQuantile(level, degrees);
  quantiles.set(key, known);
  return known;
}

/** Quantiles that were asked for: a report asks for the same few thousands of times. */
const quantiles = new Map<string, number>();

function searchedQuantile(level: number, degrees: number): number {
  let high = 1;
  while (twoSidedTail(high, degrees) > 1 - level) high *= 2;
  let low = 0;
  // 100 halvings exhaust a double's 53 bits whatever the starting bracket.
  for (let i = 0; i < 100; i++) {
    const middle = (low + high) / 2;
    if (twoSidedTail(middle, degrees) > 1 - level) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Regularised incomplete beta function I_x(a, b), for x in [0, 1]. */
export function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x));
  // The fraction converges fast on this side only; the other side follows by symmetry.
  return x < (a + 1) / (a + b + 2) ? (front * fraction(x, a, b)) / a : 1 - (front * fraction(1 - x, b, a)) / b;
}

const TINY = 1e-300;

function fraction(x: number, a: number, b: number): number {
  let c = 1;
  let d = 1 / away(1 - ((a + b) * x) / (a + 1));
  let value = d;
  for (let m = 1; m <= 10_000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / away(1 + even * d);
    c = away(1 + even / c);
    value *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away(1 + odd * d);
    c = away(1 + odd / c);
    value *= d * c;
    if (Math.abs(d * c - 1) < 1e-15) break;
  }
  return value;
}

function away(value: number): number {
  return Math.abs(value) < TINY ? TINY : value;
}

// Lanczos, g = 7, nine coefficients (Godfrey).
const LANCZOS = [
  0.9999999999998099, 676.5203681218851, -1259.1392167224028, 771.3234287776531, -176.6150291621406, 12.507343278686905,
  -0.13857109526572012, 9.984369578019572e-6, 1.5056327351493116e-7,
];

/** Natural logarithm of the gamma function, for x > 0. */
export function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const [first = 1, ...rest] = LANCZOS;
  const series = rest.reduce((sum, coefficient, i) => sum + coefficient / (x + i), first);
  const t = x + 6.5;
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(t) - t + Math.log(series);
}
