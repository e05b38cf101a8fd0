/**
 * Polynomial learning rules in canonical form.
 *
 * A rule gives the change of one synapse from what is there: dw = F(T, O, I, w), with I the input of the synapse, O the activity of
 * its unit, w its weight and T the unit's target. F is a sum of monomials
 *
 *   coefficient * constants * E[...] ... * T^a O^b I^c w^d
 *
 * where a running average E[T^a O^b I^c w^d] is a number of its own. Averages are linear, so that each holds one monomial with
 * coefficient 1. Coefficients are exact; like terms are merged, terms that cancel are gone, the order is fixed: two rules are the same
 * polynomial if and only if their canonical forms are equal.
 * Source of the framework: Baldi and Sadowski 2016 (rules by total degree n and degree d in the weight).
 */
import { addRational, multiplyRational, one, type Rational, rational } from "./rational.ts";

/** Exponents of target, activity, input and weight. */
export interface Exponents {
  readonly T: number;
  readonly O: number;
  readonly I: number;
  readonly w: number;
}

/** The local variables in the order they are printed. */
export const variables = ["T", "O", "I", "w"] as const satisfies readonly (keyof Exponents)[];
export type VariableName = (typeof variables)[number];

/** A running average E[T^a O^b I^c w^d] to a power. */
export interface AveragePower {
  readonly of: Exponents;
  readonly exponent: number;
}

/** A named constant to a power. */
export interface ConstantPower {
  readonly name: string;
  readonly exponent: number;
}

/** A product of powers: constants sorted by name, averages by their text. */
export interface Monomial {
  readonly exponents: Exponents;
  readonly averages: readonly AveragePower[];
  readonly constants: readonly ConstantPower[];
}

/** A monomial with its coefficient, which is never 0. */
export interface Term extends Monomial {
  readonly coefficient: Rational;
}

/** A canonical sum of terms; 0 has none. */
export interface Polynomial {
  readonly terms: readonly Term[];
}

/** No factor at all. */
export const noExponents: Exponents = { T: 0, O: 0, I: 0, w: 0 };

/** The largest polynomials handled: beyond these a text is refused before it costs time. */
export const limits = {
  /** Characters of a text. */
  length: 2000,
  /** Parentheses and brackets inside each other. */
  depth: 50,
  /** Sum of all exponents of a monomial, those of constants and inside averages included. */
  degree: 24,
  /** Terms after merging. */
  terms: 1000,
  /** Products of two terms formed on the way. */
  products: 20_000,
  /** Digits of a numerator or denominator. */
  digits: 30,
} as const;

/** A polynomial that is larger than `limits`. The message says which limit and what was met. */
export class LimitError extends Error {
  override name = "LimitError";
}

/** The canonical sum of terms in any order. */
export function polynomial(terms: readonly Term[]): Polynomial {
  const merged = new Map<string, Term>();
  for (const term of terms) {
    const key = keyOf(term);
    const known = merged.get(key);
    merged.set(
      key,
      known === undefined ? term : { ...known, coefficient: addRational(known.coefficient, term.coefficient) },
    );
  }
  const kept = [...merged].filter(([, { coefficient }]) => coefficient.numerator !== 0n);
  if (kept.length > limits.terms)
    throw new LimitError(`expected at most ${limits.terms} terms, got ${kept.length}; write a smaller polynomial`);
  return { terms: kept.sort(([a, s], [b, t]) => order(s, t) || (a < b ? -1 : 1)).map(([, term]) => term) };
}

/** A number as a polynomial. */
export function number(coefficient: Rational): Polynomial {
  return polynomial([{ coefficient, exponents: noExponents, averages: [], constants: [] }]);
}

/** T, O, I or w as a polynomial. */
export function variable(name: VariableName): Polynomial {
  return polynomial([{ coefficient: one, exponents: { ...noExponents, [name]: 1 }, averages: [], constants: [] }]);
}

/** T^a O^b I^c w^d with coefficient 1 as a polynomial. */
export function monomial(exponents: Exponents): Polynomial {
  return polynomial([{ coefficient: one, exponents, averages: [], constants: [] }]);
}

/** A named constant as a polynomial. */
export function constantNamed(name: string): Polynomial {
  return polynomial([{ coefficient: one, exponents: noExponents, averages: [], constants: [{ name, exponent: 1 }] }]);
}

/** The running average of a polynomial without averages: coefficients and constants stand outside, and E[1] = 1. Throws when there is one inside. */
export function average(of: Polynomial): Polynomial {
  return polynomial(
    of.terms.map((term) => {
      if (term.averages.length > 0) throw new Error("internal: an average of an average");
      const averages = degreeOf(term.exponents) === 0 ? [] : [{ of: term.exponents, exponent: 1 }];
      return { ...term, exponents: noExponents, averages };
    }),
  );
}

/** a + b. Throws LimitError. */
export function add(a: Polynomial, b: Polynomial): Polynomial {
  return polynomial([...a.terms, ...b.terms]);
}

/** a times a number. */
export function scale(a: Polynomial, factor: Rational): Polynomial {
  return polynomial(a.terms.map((term) => ({ ...term, coefficient: multiplyRational(term.coefficient, factor) })));
}

/** -a. */
export function negate(a: Polynomial): Polynomial {
  return scale(a, rational(-1n));
}

/** Counts the products of terms formed, so that a long text of small powers is refused as one large power is. */
export interface Work {
  products: number;
}

/** a b. Throws LimitError before it forms a product beyond the limits. */
export function multiply(a: Polynomial, b: Polynomial, work: Work = { products: 0 }): Polynomial {
  work.products += a.terms.length * b.terms.length;
  if (work.products > limits.products)
    throw new LimitError(`expected at most ${limits.products} products of terms, got more; write a smaller polynomial`);
  const degree = largestDegree(a) + largestDegree(b);
  if (degree > limits.degree)
    throw new LimitError(`expected a total degree of at most ${limits.degree}, got ${degree}; use smaller exponents`);
  return polynomial(a.terms.flatMap((s) => b.terms.map((t) => productOfTerms(s, t))));
}

/** a^exponent for a whole exponent of at least 0. Throws LimitError as `multiply`. */
export function power(a: Polynomial, exponent: number, work: Work = { products: 0 }): Polynomial {
  const degree = largestDegree(a) * exponent;
  if (degree > limits.degree)
    throw new LimitError(`expected a total degree of at most ${limits.degree}, got ${degree}; use a smaller exponent`);
  if (exponent > 100) throw new LimitError(`expected an exponent of at most 100, got ${exponent}`);
  let result = number(one);
  for (let i = 0; i < exponent; i++) result = multiply(result, a, work);
  return result;
}

/** Whether two polynomials are the same. */
export function equal(a: Polynomial, b: Polynomial): boolean {
  return add(a, negate(b)).terms.length === 0;
}

/** T + O + I + w. */
export function degreeOf({ T, O, I, w }: Exponents): number {
  return T + O + I + w;
}

/** Names of the constants of a polynomial, sorted. */
export function constantsOf({ terms }: Polynomial): string[] {
  return [...new Set(terms.flatMap(({ constants }) => constants.map(({ name }) => name)))].sort();
}

/** The different averages of a polynomial. */
export function averagesOf({ terms }: Polynomial): Exponents[] {
  const all = terms.flatMap(({ averages }) => averages.map(({ of }) => [exponentsKey(of), of] as const));
  return [...new Map(all).values()];
}

/** The polynomial with values in the place of named constants; names without a value stay. */
export function substitute({ terms }: Polynomial, values: Readonly<Record<string, Rational>>): Polynomial {
  return polynomial(
    terms.map((term) => {
      let { coefficient } = term;
      for (const { name, exponent } of term.constants) {
        const value = values[name];
        if (value !== undefined) for (let i = 0; i < exponent; i++) coefficient = multiplyRational(coefficient, value);
      }
      return { ...term, coefficient, constants: term.constants.filter(({ name }) => values[name] === undefined) };
    }),
  );
}

/** A text that is the same for equal exponents only. */
export function exponentsKey(exponents: Exponents): string {
  return variables.map((name) => exponents[name]).join(",");
}

/** A text that is the same for equal products of powers only, whatever their coefficients. */
export function keyOf({ exponents, averages, constants }: Monomial): string {
  const means = averages.map(({ of, exponent }) => `E${exponentsKey(of)}^${exponent}`);
  const names = constants.map(({ name, exponent }) => `${name}^${exponent}`);
  return [exponentsKey(exponents), ...means, ...names].join("|");
}

/** Low degree in the weight first, then high total degree first, then T before O before I: `O*I - O^2*w`. */
function order(s: Term, t: Term): number {
  const [a, b] = [s.exponents, t.exponents];
  return a.w - b.w || degreeOf(b) - degreeOf(a) || b.T - a.T || b.O - a.O || b.I - a.I;
}

function productOfTerms(s: Term, t: Term): Term {
  const coefficient = multiplyRational(s.coefficient, t.coefficient);
  for (const part of [coefficient.numerator, coefficient.denominator]) {
    if (part > largestPart || part < -largestPart)
      throw new LimitError(`expected coefficients of at most ${limits.digits} digits, got a longer one`);
  }
  const [a, b] = [s.exponents, t.exponents];
  return {
    coefficient,
    exponents: { T: a.T + b.T, O: a.O + b.O, I: a.I + b.I, w: a.w + b.w },
    averages: merge(s.averages, t.averages, ({ of }) => exponentsKey(of)),
    constants: merge(s.constants, t.constants, ({ name }) => name),
  };
}

const largestPart = 10n ** BigInt(limits.digits);

function merge<P extends { readonly exponent: number }>(
  a: readonly P[],
  b: readonly P[],
  key: (part: P) => string,
): P[] {
  const parts = new Map<string, P>();
  for (const part of [...a, ...b]) {
    const known = parts.get(key(part));
    parts.set(key(part), known === undefined ? part : { ...part, exponent: known.exponent + part.exponent });
  }
  return [...parts].sort(([x], [y]) => (x < y ? -1 : 1)).map(([, part]) => part);
}

/** Sum of all exponents of the largest monomial, constants and averages included. */
function largestDegree({ terms }: Polynomial): number {
  return Math.max(0, ...terms.map(fullDegree));
}

function fullDegree({ exponents, averages, constants }: Monomial): number {
  const inside = averages.reduce((sum, { of, exponent }) => sum + degreeOf(of) * exponent, 0);
  return degreeOf(exponents) + inside + constants.reduce((sum, { exponent }) => sum + exponent, 0);
}
