/** Scores of a rule over several seeds: a race in which a criterion is dropped as soon as it can no longer be passed. */
import { applies, criteria, trial, type UnitCriterion } from "./criteria.ts";
import type { Situation } from "./situation.ts";
import type { Candidate } from "./space.ts";

/** A score over seeds. */
export interface Score {
  /** Mean over the seeds tried. */
  readonly mean: number;
  /** Standard error of the mean; NaN for one seed. */
  readonly standardError: number;
  /** Seeds tried: fewer than asked for where the others could not have changed `passed`. */
  readonly n: number;
  readonly passed: boolean;
}

/** Scores by criterion, for the criteria that apply to the rule. */
export type Scores = Readonly<Partial<Record<UnitCriterion, Score>>>;

/**
 * Tries a rule in each situation. With `race` a criterion is given up once even full scores in the situations left would not lift its
 * mean to the threshold; which rules pass does not depend on it.
 */
export function scoreRule(
  rule: Candidate,
  wanted: readonly UnitCriterion[],
  situations: readonly Situation[],
  { race = true }: { readonly race?: boolean } = {},
): Scores {
  const values = new Map<UnitCriterion, number[]>();
  for (const criterion of wanted) if (applies(criterion, rule)) values.set(criterion, []);
  let open = [...values.keys()];
  for (const [tried, at] of situations.entries()) {
    if (open.length === 0) break;
    const scores = trial(rule, open, at);
    for (const criterion of open) values.get(criterion)?.push(scores[criterion] ?? 0);
    if (!race) continue;
    const left = situations.length - tried - 1;
    open = open.filter((criterion) => {
      const sum = (values.get(criterion) ?? []).reduce((a, b) => a + b, 0);
      return reaches((sum + left) / situations.length, criterion);
    });
  }
  return Object.fromEntries([...values].map(([criterion, list]) => [criterion, summary(list, criterion, situations)]));
}

function summary(list: readonly number[], criterion: UnitCriterion, situations: readonly Situation[]): Score {
  const n = list.length;
  const mean = list.reduce((a, b) => a + b, 0) / n;
  const variance = list.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
  const passed = n === situations.length && reaches(mean, criterion);
  return { mean, standardError: n > 1 ? Math.sqrt(variance / n) : NaN, n, passed };
}

/** A mean of ones is 1 to rounding only. */
function reaches(mean: number, criterion: UnitCriterion): boolean {
  return mean >= criteria[criterion].threshold - 1e-12;
}
