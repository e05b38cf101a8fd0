/**
 * Evolutionary search, for spaces too large to go through.
 *
 * A population of rules; children of two parents, each the best of a few drawn at random, crossed and mutated; the best of parents and
 * children go on. Fitness is the mean score over the criteria asked for (0 where one is not for the rule) less a little for every term
 * and degree, so that of two rules that do the same the simpler one wins. All choices come from one seeded stream.
 */
import { stream } from "../../random/stream.ts";
import { scoreRule } from "./score.ts";
import { candidateDegree, candidateKey, type Candidate } from "./space.ts";
import { type Scored, type SearchOptions, searchSituations } from "./search.ts";
import { crossed, mutated, randomCandidate } from "./variation.ts";

/** How an evolution goes. */
export interface EvolveOptions extends SearchOptions {
  /** Rules scored in all; no rule is scored twice. */
  readonly evaluations: number;
  /** Rules that go on from one generation to the next; 64 when left out. */
  readonly population?: number;
  /** Rules drawn for each parent, of which the fittest is taken; 3 when left out. */
  readonly tournament?: number;
}

/** Price of a term, and of a degree, in fitness. */
const price = { term: 0.01, degree: 0.002 };
/** Children in a row that are all known already, after which the space counts as used up. */
const stale = 5000;

interface Individual extends Scored {
  readonly fitness: number;
}

/** Scores rules one at a time, as they are bred. Ends after `evaluations`, or when nothing new is found. */
export function* evolve(options: EvolveOptions): Generator<Scored> {
  const { space, seed, evaluations, population = 64, tournament = 3 } = options;
  const random = stream(seed, "discovery evolution");
  const at = searchSituations(options);
  const known = new Set<string>();
  let parents: Individual[] = [];
  let children: Individual[] = [];
  let repeats = 0;
  const parent = (): Candidate => {
    const drawn = Array.from({ length: tournament }, () => parents[random.integer(parents.length)]);
    return (
      drawn.reduce((best, one) => (one && one.fitness > (best?.fitness ?? -Infinity) ? one : best))?.rule ?? {
        terms: [],
      }
    );
  };
  while (known.size < evaluations && repeats < stale) {
    const breeding = parents.length > 1 && random.uniform() < 0.9;
    const rule = breeding
      ? mutated(space, random.uniform() < 0.5 ? crossed(space, parent(), parent(), random) : parent(), random)
      : randomCandidate(space, random);
    const key = candidateKey(rule);
    if (known.has(key)) {
      repeats++;
      continue;
    }
    repeats = 0;
    known.add(key);
    const scored = { rule, scores: scoreRule(rule, options.criteria, at) };
    yield scored;
    children.push({ ...scored, fitness: fitnessOf(scored, options) });
    if (children.length >= population) {
      parents = [...parents, ...children].sort((a, b) => b.fitness - a.fitness).slice(0, population);
      children = [];
    }
  }
}

function fitnessOf({ rule, scores }: Scored, { criteria }: SearchOptions): number {
  const mean = criteria.reduce((sum, criterion) => sum + (scores[criterion]?.mean ?? 0), 0) / criteria.length;
  return mean - price.term * rule.terms.length - price.degree * candidateDegree(rule);
}
