/**
 * All products T^a O^b I^c w^d up to a degree, and how many have given symmetries.
 *
 * A symmetry other than recoding holds for a rule if and only if it holds for each of its terms, so that the products listed span the
 * space of all rules with those symmetries.
 */
import { degreeOf, type Exponents, monomial } from "../polynomial/polynomial.ts";
import { hasSymmetry, type Symmetry } from "./symmetries.ts";

/** Which products are wanted. */
export interface EnumerateOptions {
  /** Largest total degree; for binary variables the largest degree in w. */
  readonly degree: number;
  /** With the target as a variable. */
  readonly supervised: boolean;
  /** T, O and I take two values, so that their exponents are 0 or 1. */
  readonly binary?: boolean;
  /** Symmetries that each product must have; none when left out. */
  readonly invariant?: readonly Symmetry[];
}

/** Most products that are listed. */
const most = 200_000;

/** The products in order of degree. Throws RangeError when there are more than 200,000. */
export function enumerateProducts({
  degree,
  supervised,
  binary = false,
  invariant = [],
}: EnumerateOptions): Exponents[] {
  if (!Number.isInteger(degree) || degree < 0)
    throw new RangeError(`degree: expected a whole number of at least 0, got ${degree}`);
  const total = countProducts({ degree, supervised, binary });
  if (total > most)
    throw new RangeError(
      `degree: expected at most ${most} products, got ${total} at degree ${degree}; choose a smaller degree`,
    );
  const top = binary ? 1 : degree;
  const found: Exponents[] = [];
  for (let T = 0; T <= (supervised ? top : 0); T++)
    for (let O = 0; O <= top; O++)
      for (let I = 0; I <= top; I++)
        for (let w = 0; w <= degree; w++) {
          const exponents = { T, O, I, w };
          const within = binary || degreeOf(exponents) <= degree;
          if (within && invariant.every((symmetry) => hasSymmetry(monomial(exponents), symmetry) === true))
            found.push(exponents);
        }
  return found.sort((a, b) => degreeOf(a) - degreeOf(b) || a.w - b.w || b.T - a.T || b.O - a.O);
}

/** How many products there are without any symmetry: C(n + variables, variables), or 4 (d + 1) and 8 (d + 1) for binary variables. */
export function countProducts({ degree, supervised, binary = false }: Omit<EnumerateOptions, "invariant">): number {
  if (binary) return (supervised ? 8 : 4) * (degree + 1);
  const variables = supervised ? 4 : 3;
  let count = 1;
  for (let k = 1; k <= variables; k++) count = (count * (degree + k)) / k;
  return Math.round(count);
}

/** The sets of symmetries that are counted. */
export const countedSymmetries: readonly (readonly Symmetry[])[] = [
  [],
  ["isometry"],
  ["rotation"],
  ["isometry", "output"],
  ["rotation", "output"],
];

/** Numbers of products with a set of symmetries, by degree. */
export interface SymmetryCount {
  readonly invariant: readonly Symmetry[];
  /** For each degree from 1: with and without a target. */
  readonly counts: readonly { readonly degree: number; readonly supervised: number; readonly unsupervised: number }[];
}

/** The table of counts up to a degree. Throws RangeError as `enumerateProducts`. */
export function symmetryCounts(degree: number, binary = false): SymmetryCount[] {
  const degrees = Array.from({ length: degree + (binary ? 1 : 0) }, (_, i) => i + (binary ? 0 : 1));
  return countedSymmetries.map((invariant) => ({
    invariant,
    counts: degrees.map((n) => {
      const count = (supervised: boolean): number =>
        enumerateProducts({ degree: n, supervised, binary, invariant }).length;
      return { degree: n, supervised: count(true), unsupervised: count(false) };
    }),
  }));
}
