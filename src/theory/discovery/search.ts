/** Scoring every rule of a space, or any other list of rules: the exhaustive search. */
import { stream } from "../../random/stream.ts";
import type { UnitCriterion } from "./criteria.ts";
import { type Scores, scoreRule } from "./score.ts";
import { type Situation, situations } from "./situation.ts";
import { type Candidate, candidates, type RuleSpace } from "./space.ts";
import { randomCandidate } from "./variation.ts";

/** What is searched for. */
export interface SearchOptions {
  readonly space: RuleSpace;
  readonly criteria: readonly UnitCriterion[];
  /** Decides data, starting weights and, in an evolution, every choice. */
  readonly seed: number;
  /** Situations each rule is tried in; 4 when left out. */
  readonly seeds?: number;
}

/** A rule with its scores in the search. */
export interface Scored {
  readonly rule: Candidate;
  readonly scores: Scores;
}

/** Situations a rule is tried in unless said otherwise. */
export const defaultSeeds = 4;

/** The situations of a search. */
export function searchSituations({ space, seed, seeds = defaultSeeds }: SearchOptions): Situation[] {
  return situations("search", seed, seeds, space.degree);
}

/** Scores every rule of the space, one at a time: the caller decides how far to go, and may do something else between two rules. */
export function* exhaustiveSearch(options: SearchOptions): Generator<Scored> {
  const at = searchSituations(options);
  for (const rule of candidates(options.space)) yield { rule, scores: scoreRule(rule, options.criteria, at) };
}

/** Scores random rules of the space: what one rule costs on average can be timed on them before the whole space is gone through. */
export function* pilotSearch(options: SearchOptions): Generator<Scored> {
  const at = searchSituations(options);
  const random = stream(options.seed, "discovery pilot");
  for (;;) {
    const rule = randomCandidate(options.space, random);
    yield { rule, scores: scoreRule(rule, options.criteria, at) };
  }
}
