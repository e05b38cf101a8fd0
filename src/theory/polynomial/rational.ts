/** Exact fractions: the coefficients of polynomial rules, so that like terms merge and cancel without rounding. */

/** A fraction in lowest terms with a positive denominator. */
export interface Rational {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/** A fraction from two whole numbers, brought to lowest terms. Throws RangeError when the denominator is 0. */
export function rational(numerator: bigint, denominator = 1n): Rational {
  if (denominator === 0n) throw new RangeError("rational: expected a denominator that is not 0, got 0");
  const sign = denominator < 0n ? -1n : 1n;
  const divisor = sign * greatestDivisor(numerator, denominator);
  return { numerator: numerator / divisor, denominator: denominator / divisor };
}

/** 0 and 1 as fractions. */
export const zero: Rational = { numerator: 0n, denominator: 1n };
export const one: Rational = { numerator: 1n, denominator: 1n };

/** a + b. */
export function addRational(a: Rational, b: Rational): Rational {
  return rational(a.numerator * b.denominator + b.numerator * a.denominator, a.denominator * b.denominator);
}

/** a b. */
export function multiplyRational(a: Rational, b: Rational): Rational {
  return rational(a.numerator * b.numerator, a.denominator * b.denominator);
}

/** -a. */
export function negateRational({ numerator, denominator }: Rational): Rational {
  return { numerator: -numerator, denominator };
}

/** The nearest double. */
export function toNumber({ numerator, denominator }: Rational): number {
  return Number(numerator) / Number(denominator);
}

/** The fraction that a decimal text stands for exactly: `3`, `0.25`, `1e-3`, `.5`, with an optional sign. Undefined for any other text. */
export function rationalOf(text: string): Rational | undefined {
  const match = /^([-+]?)(\d*)\.?(\d*)(?:[eE]([-+]?\d{1,3}))?$/.exec(text);
  if (match === null) return undefined;
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = match;
  if (whole === "" && fraction === "") return undefined;
  const digits = BigInt(`${whole}${fraction}`) * (sign === "-" ? -1n : 1n);
  const shift = Number(exponent) - fraction.length;
  return shift >= 0 ? rational(digits * 10n ** BigInt(shift)) : rational(digits, 10n ** BigInt(-shift));
}

/** `3`, `-0.25`, `1/3`: a decimal where one ends, else a fraction. `rationalOf`, or a quotient of two of them, reads it back. */
export function rationalText({ numerator, denominator }: Rational): string {
  if (denominator === 1n) return String(numerator);
  const places = decimalPlaces(denominator);
  if (places === undefined || places > 12) return `${String(numerator)}/${String(denominator)}`;
  const sign = numerator < 0n ? "-" : "";
  const scaled = ((numerator < 0n ? -numerator : numerator) * 10n ** BigInt(places)) / denominator;
  const digits = String(scaled).padStart(places + 1, "0");
  return `${sign}${digits.slice(0, -places)}.${digits.slice(-places)}`;
}

/** How many decimals 1 / denominator has; undefined where they do not end. */
function decimalPlaces(denominator: bigint): number | undefined {
  let [rest, twos, fives] = [denominator, 0, 0];
  for (; rest % 2n === 0n; rest /= 2n) twos++;
  for (; rest % 5n === 0n; rest /= 5n) fives++;
  return rest === 1n ? Math.max(twos, fives) : undefined;
}

function greatestDivisor(a: bigint, b: bigint): bigint {
  let [x, y] = [a < 0n ? -a : a, b < 0n ? -b : b];
  while (y !== 0n) [x, y] = [y, x % y];
  return x;
}
