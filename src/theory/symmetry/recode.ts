/**
 * Recoding of binary variables from {0, 1} to {-1, 1}: T, O and I are replaced by 2T - 1, 2O - 1 and 2I - 1, the weight stays.
 *
 * The total degree of a rule is kept, its form in general is not: simple Hebb in -1 and 1 is 4 T I - 2 T - 2 I + 1 in 0 and 1.
 */
import {
  add,
  average,
  constantNamed,
  equal,
  type Exponents,
  multiply,
  number,
  type Polynomial,
  power,
  scale,
  variable,
  variables,
} from "../polynomial/polynomial.ts";
import { multiplyRational, one, rational } from "../polynomial/rational.ts";

/** The rule that does on values in {0, 1} what `rule` does on the same values coded as -1 and 1. Throws LimitError for very large rules. */
export function recoded(rule: Polynomial): Polynomial {
  const parts = rule.terms.map((term) => {
    const factors = [
      powersOf(term.exponents),
      ...term.averages.map(({ of, exponent }) => power(average(powersOf(of)), exponent)),
      ...term.constants.map(({ name, exponent }) => power(constantNamed(name), exponent)),
    ];
    return factors.reduce((product, factor) => multiply(product, factor), number(term.coefficient));
  });
  return parts.reduce((sum, part) => add(sum, part), { terms: [] });
}

/** Whether recoding only multiplies the rule by a number: it then learns the same in both codes, up to the learning rate. */
export function keepsFormUnderRecoding(rule: Polynomial): boolean {
  const other = recoded(rule);
  const [first, image] = [rule.terms[0], other.terms[0]];
  if (first === undefined || image === undefined) return first === image;
  const inverse = rational(first.coefficient.denominator, first.coefficient.numerator);
  return equal(scale(rule, multiplyRational(image.coefficient, inverse)), other);
}

function powersOf(exponents: Exponents): Polynomial {
  return variables.reduce((product, name) => {
    const coded = name === "w" ? variable("w") : add(scale(variable(name), rational(2n)), number(rational(-1n)));
    return multiply(product, power(coded, exponents[name]));
  }, number(one));
}
