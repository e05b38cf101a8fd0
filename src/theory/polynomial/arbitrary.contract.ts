/** Random polynomial rules for property tests. */
import fc from "fast-check";
import { type Exponents, type Polynomial, polynomial, type Term } from "./polynomial.ts";
import { rational } from "./rational.ts";

const exponents: fc.Arbitrary<Exponents> = fc.record({
  T: fc.nat(2),
  O: fc.nat(2),
  I: fc.nat(2),
  w: fc.nat(2),
});

/** Inside an average exponents are 0 or 1, so that the largest rule stays within the limits. */
const inside: fc.Arbitrary<Exponents> = fc.record({ T: fc.nat(1), O: fc.nat(1), I: fc.nat(1), w: fc.nat(1) });

const term = (constantNames: readonly string[]): fc.Arbitrary<Term> =>
  fc.record({
    coefficient: fc
      .tuple(fc.bigInt(-60n, 60n), fc.constantFrom(1n, 2n, 3n, 7n, 10n, 125n))
      .map(([a, b]) => rational(a, b)),
    exponents,
    averages: fc
      .uniqueArray(
        inside.filter(({ T, O, I, w }) => T + O + I + w > 0),
        { maxLength: 2, selector: (of) => JSON.stringify(of) },
      )
      .map((list) => list.map((of, i) => ({ of, exponent: i + 1 })))
      .map((list) => list.sort((a, b) => (key(a.of) < key(b.of) ? -1 : 1))),
    constants: fc
      .uniqueArray(fc.constantFrom(...constantNames), { maxLength: constantNames.length === 0 ? 0 : 2 })
      .map((names) => names.sort().map((name, i) => ({ name, exponent: i + 1 }))),
  });

const key = ({ T, O, I, w }: Exponents): string => [T, O, I, w].join(",");

/** A canonical polynomial of up to six terms. */
export function arbitraryPolynomial(
  constantNames: readonly string[] = ["alpha", "g", "theta_1"],
): fc.Arbitrary<Polynomial> {
  return fc.array(term(constantNames), { maxLength: 6 }).map((terms) => polynomial(terms));
}
