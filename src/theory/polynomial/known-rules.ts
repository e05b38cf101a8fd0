/**
 * Recognising a rule: is it one that has a name, up to a positive factor and the names and values of positive constants?
 *
 * A known rule is a list of products of variables, each with a sign and a product of its own constants, all times one free factor s:
 * Oja's rule is s (O I) - s alpha (O^2 w). A given rule is it when it has the same products of variables with those signs, and when
 * positive s, alpha, ... exist that give its coefficients. In logarithms that is a linear system; it is decided with the rule's own
 * constants set to several fixed positive values, so that relations between them (`p*q` in the covariance rule) are found too.
 */
import { parsePolynomial } from "./parse.ts";
import { constantsOf, keyOf, type Polynomial, type Term } from "./polynomial.ts";
import { toNumber } from "./rational.ts";

/** A rule with a name. */
export interface KnownRule {
  readonly name: string;
  /** With free positive constants. */
  readonly text: string;
  /** Where the rule or its usual form comes from. */
  readonly source: string;
}

/** The rules that are recognised; of two that fit, the first is meant. */
export const knownRules: readonly KnownRule[] = [
  { name: "weight decay", text: "-w", source: "usual form" },
  { name: "simple Hebb", text: "O*I", source: "Hebb 1949, in the usual linear form" },
  { name: "anti-Hebb", text: "-O*I", source: "usual form" },
  { name: "clamped Hebb", text: "T*I", source: "Hebb 1949, with the target as activity" },
  { name: "clamped anti-Hebb", text: "-T*I", source: "usual form" },
  {
    name: "delta rule (LMS; perceptron with a threshold unit; Rescorla-Wagner)",
    text: "(T - O)*I",
    source: "Widrow and Hoff 1960; Rosenblatt 1958; Rescorla and Wagner 1972",
  },
  { name: "contrast of target and activity (weighted delta rule)", text: "T*I - gamma*O*I", source: "usual form" },
  { name: "Hebb with weight decay", text: "O*I - gamma*w", source: "usual form" },
  { name: "clamped Hebb with weight decay", text: "T*I - gamma*w", source: "usual form" },
  { name: "delta rule with weight decay (ridge regression)", text: "(T - O)*I - gamma*w", source: "usual form" },
  { name: "anti-Hebb with weight decay", text: "-O*I - gamma*w", source: "usual form" },
  {
    name: "covariance with fixed thresholds",
    text: "(O - p)*(I - q)",
    source: "Sejnowski 1977, with constants for the means",
  },
  { name: "covariance", text: "(O - E[O])*(I - E[I])", source: "Sejnowski 1977" },
  { name: "clamped covariance", text: "(T - E[T])*(I - E[I])", source: "Sejnowski 1977, with the target as activity" },
  { name: "Hebb with a postsynaptic threshold", text: "(O - p)*I", source: "usual form" },
  { name: "Hebb with a postsynaptic average", text: "(O - E[O])*I", source: "usual form" },
  { name: "Hebb with a presynaptic threshold", text: "O*(I - q)", source: "usual form" },
  { name: "Hebb with a presynaptic average", text: "O*(I - E[I])", source: "usual form" },
  { name: "instar", text: "O*(I - w)", source: "Grossberg 1976" },
  {
    name: "clamped instar (learning vector quantisation towards the class)",
    text: "T*(I - w)",
    source: "Grossberg 1976; Kohonen 1986",
  },
  { name: "outstar", text: "I*(O - w)", source: "Grossberg 1976" },
  { name: "clamped outstar", text: "I*(T - w)", source: "Grossberg 1976" },
  { name: "Oja's rule", text: "O*I - alpha*O^2*w", source: "Oja 1982, eq. 3" },
  { name: "clamped Oja", text: "T*I - alpha*T^2*w", source: "Oja 1982, with the target as activity" },
  { name: "anti-Hebbian Oja", text: "-O*I + alpha*O^2*w", source: "usual form" },
  { name: "Hebb with presynaptic decay", text: "O*I - alpha*I^2*w", source: "usual form" },
  {
    name: "BCM with a sliding threshold",
    text: "O*(O - theta*E[O^2])*I",
    source: "Bienenstock, Cooper and Munro 1982; Intrator and Cooper 1992",
  },
  { name: "BCM with a fixed threshold", text: "O*(O - theta)*I", source: "Bienenstock, Cooper and Munro 1982" },
  { name: "bounded Hebb", text: "O*I*(1 - alpha*w^2)", source: "usual form" },
  { name: "bounded clamped Hebb", text: "T*I*(1 - alpha*w^2)", source: "usual form" },
];

/** A name found for a rule. */
export interface Recognition {
  readonly known: KnownRule;
  /** Values of the known rule's constants where they are numbers in the given rule; those that are symbolic are left out. */
  readonly constants: Readonly<Record<string, number>>;
}

/** The known rule that a polynomial is, up to a positive factor and positive constants; undefined for none, and for 0. */
export function recognise(rule: Polynomial): Recognition | undefined {
  if (rule.terms.length === 0) return undefined;
  for (const known of knownRules) {
    const constants = match(rule, shapes(known.text));
    if (constants !== undefined) return { known, constants };
  }
  return undefined;
}

/** A known rule as products of variables, each with its sign and the exponents of its constants. */
interface Shape {
  readonly products: readonly { readonly key: string; readonly sign: number; readonly exponents: readonly number[] }[];
  readonly names: readonly string[];
}

const shapesByText = new Map<string, Shape>();

function shapes(text: string): Shape {
  const found = shapesByText.get(text);
  if (found !== undefined) return found;
  const rule = parsePolynomial(text);
  const names = constantsOf(rule);
  const products = rule.terms.map((term) => ({
    key: variablesKey(term),
    sign: Math.sign(toNumber(term.coefficient)),
    exponents: names.map((name) => term.constants.find((part) => part.name === name)?.exponent ?? 0),
  }));
  const shape = { products, names };
  shapesByText.set(text, shape);
  return shape;
}

/** The variables and averages of a term, its constants left out. */
function variablesKey(term: Term): string {
  return keyOf({ ...term, constants: [] });
}

/** Fixed values for symbolic constants: powers of different primes never agree by accident. */
const probes = [
  [2, 3, 5, 7, 11, 13, 17, 19],
  [23, 2, 29, 3, 31, 5, 37, 7],
].map((primes) => primes.map((prime) => Math.sqrt(prime) / 2));

function match(rule: Polynomial, { products, names }: Shape): Record<string, number> | undefined {
  const symbols = constantsOf(rule);
  const solutions = probes.map((probe) => {
    const values = new Map<string, number>();
    for (const term of rule.terms) {
      const constants = term.constants.reduce(
        (value, { name, exponent }) => value * (probe[symbols.indexOf(name) % probe.length] ?? 1) ** exponent,
        1,
      );
      const key = variablesKey(term);
      values.set(key, (values.get(key) ?? 0) + toNumber(term.coefficient) * constants);
    }
    if (values.size !== products.length) return undefined;
    const rows: number[][] = [];
    for (const { key, sign, exponents } of products) {
      const value = values.get(key) ?? 0;
      if (Math.sign(value) !== sign) return undefined;
      rows.push([1, ...exponents, Math.log(Math.abs(value))]);
    }
    return solve(rows, names.length + 1);
  });
  const [first, second] = solutions;
  if (first === undefined || second === undefined) return undefined;
  const fixed = names.flatMap((name, i) => {
    const [a, b] = [Math.exp(first[i + 1] ?? NaN), Math.exp(second[i + 1] ?? NaN)];
    return Math.abs(a - b) <= 1e-9 * a ? [[name, Number(a.toPrecision(12))] as const] : [];
  });
  return Object.fromEntries(fixed);
}

/** Solves rows [coefficients..., right side] for `unknowns` numbers by elimination; undefined when they contradict each other. */
function solve(given: readonly (readonly number[])[], unknowns: number): number[] | undefined {
  const rows = given.map((row) => [...row]);
  const solution = new Array<number>(unknowns).fill(0);
  const pivots: [row: number[], column: number][] = [];
  let rest = rows;
  for (let column = 0; column < unknowns; column++) {
    const pivot = rest.find((row) => Math.abs(row[column] ?? 0) > 1e-9);
    if (pivot === undefined) continue;
    rest = rest.filter((row) => row !== pivot);
    for (const row of rest) {
      const factor = (row[column] ?? 0) / (pivot[column] ?? 1);
      pivot.forEach((value, i) => (row[i] = (row[i] ?? 0) - factor * value));
    }
    pivots.push([pivot, column]);
  }
  if (rest.some((row) => Math.abs(row[unknowns] ?? 0) > 1e-9)) return undefined;
  for (const [row, column] of pivots.reverse()) {
    const known = solution.reduce((sum, value, i) => (i > column ? sum + value * (row[i] ?? 0) : sum), 0);
    solution[column] = ((row[unknowns] ?? 0) - known) / (row[column] ?? 1);
  }
  return solution;
}
