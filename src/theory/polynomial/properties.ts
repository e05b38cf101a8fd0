/** What a polynomial rule is before any data is seen: its degrees, and which variables it needs. */
import { type AveragePower, constantsOf, degreeOf, type Polynomial, type Term } from "./polynomial.ts";

/** Degrees and needs of a rule. Averages count as numbers in `degree` and `weightDegree`, and with what they hold in `effectiveDegree`. */
export interface RuleProperties {
  /** n: the total degree in T, O, I and w. */
  readonly degree: number;
  /** d: the degree in w. */
  readonly weightDegree: number;
  /** The degree in w once O = w.x is put in, averages included: at most 1 means that the expected change is A w + b. */
  readonly effectiveDegree: number;
  /** Whether the rule needs a target. */
  readonly supervised: boolean;
  /** Whether it needs running averages. */
  readonly averages: boolean;
  /** Named constants without a value. */
  readonly constants: readonly string[];
}

/** Degrees and needs of a rule (Baldi and Sadowski 2016: n and d). */
export function propertiesOf(rule: Polynomial): RuleProperties {
  const largest = (of: (term: Term) => number): number => Math.max(0, ...rule.terms.map(of));
  return {
    degree: largest(({ exponents }) => degreeOf(exponents)),
    weightDegree: largest(({ exponents }) => exponents.w),
    effectiveDegree: largest(effectiveDegreeOf),
    supervised: rule.terms.some(({ exponents, averages }) => exponents.T > 0 || averages.some(({ of }) => of.T > 0)),
    averages: rule.terms.some(({ averages }) => averages.length > 0),
    constants: constantsOf(rule),
  };
}

/** The degree of a term in w for a linear unit, O = w.x. */
export function effectiveDegreeOf({ exponents, averages }: Term): number {
  const inside = ({ of, exponent }: AveragePower): number => (of.O + of.w) * exponent;
  return exponents.O + exponents.w + averages.reduce((sum, part) => sum + inside(part), 0);
}

/** The class of a rule in words: `cubic (n = 3, d = 1), unsupervised, nonlinear in w for a linear unit`. */
export function classOf(rule: Polynomial): string {
  const { degree, weightDegree, effectiveDegree, supervised, averages } = propertiesOf(rule);
  const name = ["constant", "linear", "quadratic", "cubic", "quartic", "quintic"][degree] ?? `of degree ${degree}`;
  return [
    `${name} (n = ${degree}, d = ${weightDegree})`,
    supervised ? "supervised" : "unsupervised",
    ...(averages ? ["with running averages"] : []),
    effectiveDegree <= 1 ? "linear in w for a linear unit" : `of degree ${effectiveDegree} in w for a linear unit`,
  ].join(", ");
}
