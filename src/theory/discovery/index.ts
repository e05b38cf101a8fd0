export { applies, criteria, type Criterion, trial, unitCriteria, type UnitCriterion } from "./criteria.ts";
export { evolve, type EvolveOptions } from "./evolve.ts";
export { type Course, type Fate, learn, type LearnOptions } from "./learn.ts";
export { networkCandidates, passedBy, passing, type Survivor, survivorsOf } from "./ranking.ts";
export { type Score, scoreRule, type Scores } from "./score.ts";
export { defaultSeeds, exhaustiveSearch, pilotSearch, type Scored, type SearchOptions } from "./search.ts";
export { type Situation, situations, type TaskSet, taskSets, taskSizes } from "./situation.ts";
export {
  type Candidate,
  candidateDegree,
  candidateKey,
  candidates,
  type CandidateTerm,
  mirrorImage,
  polynomialOf,
  readsTarget,
  representative,
  type RuleSpace,
  ruleSpace,
  type SpaceOptions,
} from "./space.ts";
export { type PassCounts, sparsity, type SparsityRow } from "./sparsity.ts";
export { type LinearTask, linearTask, type LinearTaskOptions, type UnitData, unitData } from "./unit-data.ts";
