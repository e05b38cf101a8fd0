/** How rare useful rules are: of all rules of a degree, or with a symmetry, how many pass each criterion. */
import { countedSymmetries } from "../symmetry/enumerate.ts";
import { hasSymmetry, type Symmetry } from "../symmetry/symmetries.ts";
import { applies, type UnitCriterion } from "./criteria.ts";
import { passedBy, type Survivor } from "./ranking.ts";
import type { Scored } from "./search.ts";
import { type Candidate, candidateDegree, polynomialOf } from "./space.ts";

/** Numbers of rules for one criterion. */
export interface PassCounts {
  /** Rules that the criterion is for. */
  readonly applicable: number;
  /** Rules that pass in the search. */
  readonly search: number;
  /** Rules that pass in the search and on the held-out tasks. */
  readonly heldOut: number;
}

/** One line: the rules of one total degree, or those of any degree with certain symmetries. */
export interface SparsityRow {
  /** Undefined for all degrees. */
  readonly degree: number | undefined;
  readonly invariant: readonly Symmetry[];
  readonly rules: number;
  readonly passed: Readonly<Partial<Record<UnitCriterion, PassCounts>>>;
}

/** The table: a line for each total degree, for all, and for each set of symmetries. */
export function sparsity(
  found: readonly Scored[],
  survivors: readonly Survivor[],
  criteria: readonly UnitCriterion[],
): SparsityRow[] {
  const heldOut = new Map<Candidate, Survivor["heldOut"]>(survivors.map((one) => [one.rule, one.heldOut]));
  const facts = found.map((scored) => {
    const polynomial = polynomialOf(scored.rule);
    return {
      degree: candidateDegree(scored.rule),
      symmetries: (["isometry", "rotation", "output"] as const).filter((one) => hasSymmetry(polynomial, one) === true),
      applicable: criteria.filter((criterion) => applies(criterion, scored.rule)),
      search: passedBy(scored),
      heldOut: criteria.filter((criterion) => heldOut.get(scored.rule)?.[criterion]?.passed === true),
    };
  });
  type Facts = (typeof facts)[number];
  const row = (
    degree: number | undefined,
    invariant: readonly Symmetry[],
    keep: (one: Facts) => boolean,
  ): SparsityRow => {
    const kept = facts.filter(keep);
    const count = (criterion: UnitCriterion, of: keyof Pick<Facts, "applicable" | "search" | "heldOut">): number =>
      kept.filter((one) => one[of].includes(criterion)).length;
    return {
      degree,
      invariant,
      rules: kept.length,
      passed: Object.fromEntries(
        criteria.map((criterion) => [
          criterion,
          {
            applicable: count(criterion, "applicable"),
            search: count(criterion, "search"),
            heldOut: count(criterion, "heldOut"),
          },
        ]),
      ),
    };
  };
  const degrees = [...new Set(facts.map(({ degree }) => degree))].sort((a, b) => a - b);
  return [
    ...degrees.map((degree) => row(degree, [], (one) => one.degree === degree)),
    ...countedSymmetries.map((invariant) =>
      row(undefined, invariant, ({ symmetries }) => invariant.every((one) => symmetries.some((has) => has === one))),
    ),
  ];
}
