export {
  add,
  average,
  averagesOf,
  constantNamed,
  constantsOf,
  degreeOf,
  equal,
  type Exponents,
  exponentsKey,
  keyOf,
  LimitError,
  limits,
  type Monomial,
  monomial,
  multiply,
  negate,
  noExponents,
  number,
  type Polynomial,
  polynomial,
  power,
  scale,
  substitute,
  type Term,
  variable,
  type VariableName,
  variables,
} from "./polynomial.ts";
export { type KnownRule, knownRules, type Recognition, recognise } from "./known-rules.ts";
export { parsePolynomial, PolynomialError } from "./parse.ts";
export { exponentsText, polynomialLatex, polynomialText } from "./print.ts";
export { classOf, effectiveDegreeOf, propertiesOf, type RuleProperties } from "./properties.ts";
export { type Rational, rational, rationalOf, rationalText, toNumber } from "./rational.ts";
