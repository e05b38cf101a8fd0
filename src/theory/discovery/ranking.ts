/** The rules that passed, simplest first, tried again on the held-out tasks. */
import { type Exponents } from "../polynomial/polynomial.ts";
import type { UnitCriterion } from "./criteria.ts";
import { defaultSeeds, type Scored, type SearchOptions } from "./search.ts";
import { type Score, scoreRule } from "./score.ts";
import { situations } from "./situation.ts";
import { candidateDegree, candidateKey } from "./space.ts";

/** A rule that passed at least one criterion in the search. */
export interface Survivor extends Scored {
  /** Scores on the held-out tasks, for the criteria passed in the search, over all seeds. */
  readonly heldOut: Readonly<Partial<Record<UnitCriterion, Score>>>;
}

/**
 * The rules that passed a criterion, simplest first, one at a time with their held-out scores. What is held out decides neither which rules
 * come nor in what order.
 */
export function* survivorsOf(
  found: readonly Scored[],
  { space, seed, seeds = defaultSeeds }: SearchOptions,
): Generator<Survivor> {
  const at = situations("held-out", seed, seeds, space.degree);
  const passed = found.map((scored) => ({ ...scored, passed: passedBy(scored) }));
  const sorted = passed.filter((scored) => scored.passed.length > 0).sort(simplestFirst);
  for (const { rule, scores, passed } of sorted)
    yield { rule, scores, heldOut: scoreRule(rule, passed, at, { race: false }) };
}

/** The survivors of one criterion, simplest first. */
export function passing(survivors: readonly Survivor[], criterion: UnitCriterion): Survivor[] {
  return survivors.filter(({ scores }) => scores[criterion]?.passed === true);
}

/** The criteria that a rule passed in the search. */
export function passedBy({ scores }: Pick<Scored, "scores">): UnitCriterion[] {
  return (Object.keys(scores) as UnitCriterion[]).filter((criterion) => scores[criterion]?.passed === true);
}

/**
 * The survivors to try in a network: stable where that was asked, and passing something besides, the simplest of each criterion in turn.
 */
export function networkCandidates(
  survivors: readonly Survivor[],
  criteria: readonly UnitCriterion[],
  count: number,
): Survivor[] {
  const learning = criteria.filter((criterion) => criterion !== "stability");
  const stable = criteria.includes("stability") ? passing(survivors, "stability") : survivors;
  const queues = (learning.length > 0 ? learning : criteria).map((criterion) => passing(stable, criterion));
  const chosen = new Map<string, Survivor>();
  for (let place = 0; queues.some((queue) => place < queue.length); place++) {
    for (const queue of queues) {
      const next = queue[place];
      if (next !== undefined && chosen.size < count) chosen.set(candidateKey(next.rule), next);
    }
  }
  return [...chosen.values()];
}

/** Fewer terms, lower degree, lower degree in w, then the order of the search. */
function simplestFirst(a: Scored, b: Scored): number {
  const total = (scored: Scored, of: (exponents: Exponents) => number): number =>
    scored.rule.terms.reduce((sum, { exponents }) => sum + of(exponents), 0);
  return (
    a.rule.terms.length - b.rule.terms.length ||
    candidateDegree(a.rule) - candidateDegree(b.rule) ||
    total(a, ({ w }) => w) - total(b, ({ w }) => w) ||
    total(a, ({ T, O, I, w }) => T + O + I + w) - total(b, ({ T, O, I, w }) => T + O + I + w)
  );
}
