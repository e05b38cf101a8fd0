/** Polynomial rules as text, which `parsePolynomial` reads back to the same polynomial, and as LaTeX. */
import { type Exponents, type Polynomial, type Term, variables } from "./polynomial.ts";
import { negateRational, type Rational, rationalText } from "./rational.ts";

/** The canonical text: `O*I - alpha*O^2*w`. Equal polynomials have equal texts. */
export function polynomialText({ terms }: Polynomial): string {
  return joined(terms, (term) => termText(term, plain));
}

/** LaTeX without dollar signs: `O\,I - \alpha\,O^{2}\,w`; averages in angle brackets. */
export function polynomialLatex({ terms }: Polynomial): string {
  return joined(terms, (term) => termText(term, latex));
}

/** T^a O^b I^c w^d as text; `1` without factors. */
export function exponentsText(exponents: Exponents): string {
  return factorsOf(exponents, plain).join("*") || "1";
}

interface Notation {
  readonly times: string;
  readonly power: (base: string, exponent: number) => string;
  readonly coefficient: (value: Rational) => string;
  readonly constant: (name: string) => string;
  readonly average: (inside: string) => string;
}

const plain: Notation = {
  times: "*",
  power: (base, exponent) => `${base}^${exponent}`,
  coefficient: rationalText,
  constant: (name) => name,
  average: (inside) => `E[${inside}]`,
};

const greek = new Set(
  "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi omega".split(
    " ",
  ),
);

const latex: Notation = {
  times: "\\,",
  power: (base, exponent) => `${base}^{${exponent}}`,
  coefficient: (value) => rationalText(value).replace(/^(\d+)\/(\d+)$/, "\\frac{$1}{$2}"),
  constant: (name) => {
    if (greek.has(name)) return `\\${name}`;
    return name.length === 1 ? name : `\\mathrm{${name.replaceAll("_", "\\_")}}`;
  },
  average: (inside) => `\\langle ${inside} \\rangle`,
};

/** Terms joined by their signs; `print` writes one whose coefficient is positive. */
export function joined(terms: readonly Term[], print: (term: Term) => string): string {
  if (terms.length === 0) return "0";
  return terms
    .map((term, i) => {
      const negative = term.coefficient.numerator < 0n;
      const size = negative ? negateRational(term.coefficient) : term.coefficient;
      const sign = i === 0 ? (negative ? "-" : "") : negative ? " - " : " + ";
      return sign + print({ ...term, coefficient: size });
    })
    .join("");
}

function termText({ coefficient, constants, averages, exponents }: Term, notation: Notation): string {
  const raised = (base: string, exponent: number): string => (exponent === 1 ? base : notation.power(base, exponent));
  const factors = [
    ...constants.map(({ name, exponent }) => raised(notation.constant(name), exponent)),
    ...averages.map(({ of, exponent }) =>
      raised(notation.average(factorsOf(of, notation).join(notation.times)), exponent),
    ),
    ...factorsOf(exponents, notation),
  ];
  const isOne = coefficient.numerator === 1n && coefficient.denominator === 1n;
  if (!isOne || factors.length === 0) factors.unshift(notation.coefficient(coefficient));
  return factors.join(notation.times);
}

function factorsOf(exponents: Exponents, { power }: Notation): string[] {
  return variables.flatMap((name) => {
    const exponent = exponents[name];
    if (exponent === 0) return [];
    return [exponent === 1 ? name : power(name, exponent)];
  });
}
