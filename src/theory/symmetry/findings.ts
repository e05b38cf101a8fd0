/** Every symmetry of a rule, decided and tried out. */
import type { Random } from "../../random/stream.ts";
import type { Polynomial } from "../polynomial/polynomial.ts";
import { violation } from "./confirm.ts";
import { hasSymmetry, symmetries, type Symmetry } from "./symmetries.ts";

/** One symmetry of one rule. */
export interface SymmetryFinding {
  readonly symmetry: Symmetry;
  /** From the exponents; undefined where the rule is too large to recode. */
  readonly holds: boolean | undefined;
  /** The largest relative violation under random transformations. */
  readonly violation: number;
}

/**
 * The symmetries of a rule. Throws Error when the experiment contradicts the decision, which would be a mistake of this program; a rule
 * whose terms nearly cancel can violate a symmetry by less than is seen, and is not complained of.
 */
export function symmetryFindings(rule: Polynomial, random: Random): SymmetryFinding[] {
  return symmetries.map((symmetry) => {
    const holds = hasSymmetry(rule, symmetry);
    const size = violation(rule, symmetry, random);
    if (holds === true && size > 1e-6)
      throw new Error(`internal: ${symmetry} was decided to hold and is violated by ${size.toPrecision(2)}`);
    return { symmetry, holds, violation: size };
  });
}
