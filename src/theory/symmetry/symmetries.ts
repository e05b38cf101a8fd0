/**
 * Symmetries of a polynomial rule, decided from its exponents.
 *
 *   permutation  the inputs in another order                     every local rule
 *   isometry     signs of inputs flipped, with their weights      c + d odd in every term
 *   output       signs of T, O and w flipped together             a + b + d odd in every term
 *   rotation     inputs and weights turned by an orthogonal map   c + d = 1 in every term: f(T, O) I + g(T, O) w
 *   recoding     T, O, I coded as 0 and 1 instead of -1 and 1     the recoded rule is a multiple of the rule
 *
 * The first four act as w does: the change must come out permuted, flipped or turned (equivariance). Sign flips multiply each term by a
 * sign of its own, so that the terms decide separately; averages count with what they hold. `isometry` with `permutation` is the
 * isometry group of the hypercube {-1, 1}^N; `isometry` and `output` together let any unit of a network with symmetric units change
 * its sign. Rotations and sign flips refer to a unit whose activity depends on w.x alone.
 */
import { type Exponents, LimitError, type Polynomial, type Term } from "../polynomial/polynomial.ts";
import { keepsFormUnderRecoding } from "./recode.ts";

/** Names of the symmetries. */
export const symmetries = ["permutation", "isometry", "output", "rotation", "recoding"] as const;
export type Symmetry = (typeof symmetries)[number];

/** What each symmetry is, in words. */
export const symmetryMeanings: Readonly<Record<Symmetry, string>> = {
  permutation: "inputs in another order",
  isometry: "signs of inputs flipped (with permutations: isometries of the hypercube)",
  output: "signs of target, activity and weights flipped",
  rotation: "inputs turned by any orthogonal map",
  recoding: "{0, 1} instead of {-1, 1}, up to a factor",
};

/** Whether a rule has a symmetry; undefined where the rule is too large to recode. The rule 0 has all. */
export function hasSymmetry(rule: Polynomial, symmetry: Symmetry): boolean | undefined {
  switch (symmetry) {
    case "permutation":
      return true;
    case "isometry":
      return rule.terms.every((term) => count(term, ({ I, w }) => I + w) % 2 === 1);
    case "output":
      return rule.terms.every((term) => count(term, ({ T, O, w }) => T + O + w) % 2 === 1);
    case "rotation":
      return rule.terms.every((term) => count(term, ({ I, w }) => I + w) === 1);
    case "recoding":
      try {
        return keepsFormUnderRecoding(rule);
      } catch (cause) {
        if (cause instanceof LimitError) return undefined;
        throw cause;
      }
    default:
      return symmetry satisfies never;
  }
}

/** Sum of exponents over a term and its averages. */
function count({ exponents, averages }: Term, of: (exponents: Exponents) => number): number {
  return averages.reduce((sum, part) => sum + of(part.of) * part.exponent, of(exponents));
}
