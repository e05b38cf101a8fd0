/**
 * The space that is searched: sums of at most k products T^a O^b I^c w^d up to a degree, with coefficients from a small set.
 *
 * Two rules count as one when they differ by a positive factor, which is the learning rate; and, where the coefficients come with both
 * signs, when they differ by the unit's sign convention: T, O and w read with the opposite sign turn the sign of the terms with a + b + d
 * even, and describe the same linear or threshold unit. Of two such rules the one whose first such term is positive is kept.
 */
import { degreeOf, type Exponents, exponentsKey, type Polynomial, polynomial } from "../polynomial/polynomial.ts";
import { multiplyRational, type Rational, rational, rationalText, toNumber } from "../polynomial/rational.ts";
import { enumerateProducts } from "../symmetry/enumerate.ts";
import type { Symmetry } from "../symmetry/symmetries.ts";

/** One term of a candidate. */
export interface CandidateTerm {
  readonly exponents: Exponents;
  readonly coefficient: Rational;
}

/** A rule of the space: terms in the order of the space's products. */
export interface Candidate {
  readonly terms: readonly CandidateTerm[];
}

/** What spans a space. */
export interface SpaceOptions {
  /** Largest total degree of a product. */
  readonly degree: number;
  /** Whether rules may read the target T. */
  readonly supervised: boolean;
  /** Most terms of a rule. */
  readonly maxTerms: number;
  /** Values of a coefficient; 0 is no term and may be listed or not. */
  readonly coefficients: readonly Rational[];
  /** Symmetries that every rule must have. */
  readonly invariant?: readonly Symmetry[];
}

/** A space of candidate rules. */
export interface RuleSpace extends SpaceOptions {
  /** The products of variables, in order of degree. */
  readonly products: readonly Exponents[];
  /** Coefficients of k terms up to a positive factor, for k from 1 to maxTerms at index k - 1. */
  readonly directions: readonly (readonly (readonly Rational[])[])[];
  /** Whether the sign convention of the unit is divided out. */
  readonly mirrored: boolean;
  /** Number of rules. */
  readonly size: number;
}

/** Limits beyond which a space is not even described. */
const most = { degree: 8, terms: 6, coefficients: 9 };

/** The space with these products and coefficients. Throws RangeError for options out of range, or with no rule at all. */
export function ruleSpace(options: SpaceOptions): RuleSpace {
  const { degree, supervised, maxTerms, invariant = [] } = options;
  inRange("degree", degree, most.degree);
  inRange("max-terms", maxTerms, most.terms);
  const values = distinct(options.coefficients.filter(({ numerator }) => numerator !== 0n));
  if (values.length === 0 || values.length > most.coefficients)
    throw new RangeError(
      `coefficients: expected 1 to ${most.coefficients} different values other than 0, got ${values.length}; for example -1,0,1`,
    );
  const products = enumerateProducts({ degree, supervised, invariant });
  if (products.length === 0)
    throw new RangeError(
      `invariant: expected symmetries that some product has, got none left at degree ${degree}; drop one`,
    );
  const directions = Array.from({ length: Math.min(maxTerms, products.length) }, (_, k) => directionsOf(values, k + 1));
  const mirrored = values.every((value) => values.some((other) => sum(value, other) === 0));
  const count = (products: number): number =>
    directions.reduce((total, list, k) => total + binomial(products, k + 1) * list.length, 0);
  const own = products.filter((exponents) => !turns(exponents)).length;
  // Burnside: a rule is its own mirror image exactly when no term turns its sign.
  const size = mirrored ? (count(products.length) + count(own)) / 2 : count(products.length);
  return { ...options, products, directions, mirrored, size };
}

/** Every rule of a space once, those with fewer terms first. */
export function* candidates(space: RuleSpace): Generator<Candidate> {
  const { products, directions, mirrored } = space;
  for (const [k, list] of directions.entries()) {
    for (const support of combinations(products.length, k + 1)) {
      const parts = support.flatMap((index) => products[index] ?? []);
      const turning = parts.findIndex(turns);
      for (const coefficients of list) {
        const leading = coefficients[turning];
        if (mirrored && leading !== undefined && leading.numerator < 0n) continue;
        yield { terms: parts.map((exponents, i) => ({ exponents, coefficient: coefficients[i] ?? unreachable() })) };
      }
    }
  }
}

/** The rule that stands for a rule and for all that count as the same in the space. Terms may come in any order; at least one. */
export function representative(space: RuleSpace, terms: readonly CandidateTerm[]): Candidate {
  const at = new Map(space.products.map((exponents, index) => [exponentsKey(exponents), index]));
  const place = ({ exponents }: CandidateTerm): number => at.get(exponentsKey(exponents)) ?? -1;
  const sorted = [...terms].sort((a, b) => place(a) - place(b));
  const turning = sorted.find(({ exponents }) => turns(exponents));
  const mirror = space.mirrored && turning !== undefined && turning.coefficient.numerator < 0n;
  const signed = mirror ? mirrorImage({ terms: sorted }).terms : sorted;
  const list = space.directions[terms.length - 1] ?? [];
  const direction = directionKey(signed.map(({ coefficient }) => coefficient));
  const kept = list.find((coefficients) => directionKey(coefficients) === direction);
  return {
    terms: signed.map(({ exponents, coefficient }, i) => ({ exponents, coefficient: kept?.[i] ?? coefficient })),
  };
}

/** The same rule with T, O and w of the opposite sign. */
export function mirrorImage({ terms }: Candidate): Candidate {
  return {
    terms: terms.map(({ exponents, coefficient }) => ({
      exponents,
      coefficient: turns(exponents) ? multiplyRational(coefficient, rational(-1n)) : coefficient,
    })),
  };
}

/** A text that is the same for equal candidates only. */
export function candidateKey({ terms }: Candidate): string {
  return terms.map(({ exponents, coefficient }) => `${rationalText(coefficient)}:${exponentsKey(exponents)}`).join(" ");
}

/** A candidate in canonical polynomial form. */
export function polynomialOf({ terms }: Candidate): Polynomial {
  return polynomial(terms.map((term) => ({ ...term, averages: [], constants: [] })));
}

/** The total degree of a candidate. */
export function candidateDegree({ terms }: Candidate): number {
  return Math.max(0, ...terms.map(({ exponents }) => degreeOf(exponents)));
}

/** Whether a candidate reads the target. */
export function readsTarget({ terms }: Candidate): boolean {
  return terms.some(({ exponents }) => exponents.T > 0);
}

/** Whether a product takes the opposite sign, as a change of w, when T, O and w do. */
function turns({ T, O, w }: Exponents): boolean {
  return (T + O + w) % 2 === 0;
}

/** The k-tuples of values, one for each class of tuples that differ by a positive factor. */
function directionsOf(values: readonly Rational[], k: number): Rational[][] {
  let tuples: Rational[][] = [[]];
  for (let i = 0; i < k; i++) tuples = tuples.flatMap((tuple) => values.map((value) => [...tuple, value]));
  const classes = new Map<string, Rational[]>();
  for (const tuple of tuples) {
    const key = directionKey(tuple);
    if (!classes.has(key)) classes.set(key, tuple);
  }
  return [...classes.values()];
}

function directionKey(tuple: readonly Rational[]): string {
  const [first] = tuple;
  if (first === undefined) return "";
  const { numerator, denominator } = first;
  const inverse = rational(denominator, numerator < 0n ? -numerator : numerator);
  return tuple.map((value) => rationalText(multiplyRational(value, inverse))).join(",");
}

/** Smallest size first, so that the simplest tuple stands for its class; each value once. */
function distinct(values: readonly Rational[]): Rational[] {
  const byText = new Map(values.map((value) => [rationalText(value), value]));
  return [...byText.values()].sort((a, b) => {
    const [x, y] = [toNumber(a), toNumber(b)];
    return Math.abs(x) - Math.abs(y) || y - x;
  });
}

function sum(a: Rational, b: Rational): number {
  return toNumber(a) + toNumber(b);
}

function* combinations(n: number, k: number, from = 0): Generator<number[]> {
  if (k === 0) {
    yield [];
    return;
  }
  for (let first = from; first <= n - k; first++)
    for (const rest of combinations(n, k - 1, first + 1)) yield [first, ...rest];
}

function binomial(n: number, k: number): number {
  if (k > n) return 0;
  let result = 1;
  for (let i = 1; i <= k; i++) result = (result * (n - k + i)) / i;
  return Math.round(result);
}

function inRange(name: string, value: number, largest: number): void {
  if (!Number.isInteger(value) || value < 1 || value > largest)
    throw new RangeError(`${name}: expected a whole number from 1 to ${largest}, got ${value}`);
}

function unreachable(): never {
  throw new Error("internal: expected as many coefficients as terms");
}
