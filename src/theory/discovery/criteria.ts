/**
 * What a rule can be good for, each as a score from 0 to 1 in one situation, and the mean score from which a rule passes.
 *
 * Criteria for a linear unit read the course of its weights; the one for a threshold unit runs its own. A criterion says which rules it is
 * for: without a target there is nothing to read T from, and with one a rule that does not read it cannot know what to learn.
 */
import { distance, learn, size, type Course } from "./learn.ts";
import { linearLearning, linearRates, type Situation, thresholdLearning } from "./situation.ts";
import { type Candidate, readsTarget } from "./space.ts";

/** The criteria that are decided by simulating one unit, cheapest first. */
export const unitCriteria = ["stability", "principal-component", "supervised", "boolean"] as const;
export type UnitCriterion = (typeof unitCriteria)[number];

/** A criterion. */
export interface Criterion {
  /** Which rules it is for. */
  readonly target: "without" | "with" | "either";
  /** A rule passes when its mean score over the seeds is at least this. */
  readonly threshold: number;
  /** What is asked, and what the score is, in words. */
  readonly question: string;
  readonly score: string;
}

/** All criteria by name. */
export const criteria: Readonly<Record<UnitCriterion, Criterion>> = {
  stability: {
    target: "either",
    threshold: 1,
    question: "do the weights of a linear unit stay bounded without dying?",
    score:
      "share of seeds in which the weights leave the start, end with a length of 0.05 to 20, and keep that length to 10 % over the second half",
  },
  "principal-component": {
    target: "without",
    threshold: 0.99,
    question: "do the weights of a linear unit settle at the first principal component?",
    score:
      "|cos| of the angle to it where they settle with a length of 0.1 to 10; half of |cos| where they do not; 0 where they die or never move",
  },
  supervised: {
    target: "with",
    threshold: 0.95,
    question: "does a linear unit learn linear regression?",
    score: "part of the variance explained by the least-squares weights that the settled weights explain",
  },
  boolean: {
    target: "with",
    threshold: 0.95,
    question: "which Boolean functions does a threshold unit learn?",
    score:
      "share of the linearly separable functions computed without error after learning (inputs -1 and 1, with a bias)",
  },
};

/** Whether a criterion is for a rule. */
export function applies(criterion: UnitCriterion, rule: Candidate): boolean {
  const { target } = criteria[criterion];
  return target === "either" || (target === "with") === readsTarget(rule);
}

/** The scores of a rule in one situation under several criteria that apply to it; the better of the learning rates for each. */
export function trial(
  rule: Candidate,
  wanted: readonly UnitCriterion[],
  at: Situation,
): Partial<Record<UnitCriterion, number>> {
  const scores: Partial<Record<UnitCriterion, number>> = {};
  const linear = wanted.filter((criterion) => criterion !== "boolean");
  for (const rate of linearRates) {
    const open = linear.filter((criterion) => (scores[criterion] ?? 0) < criteria[criterion].threshold);
    if (open.length === 0) break;
    const course = learn(rule, at.linear.data, linearLearning(at, rate));
    for (const criterion of open)
      scores[criterion] = Math.max(scores[criterion] ?? 0, linearScores[criterion](course, at));
    if (!smallerStepsMayHelp(course)) break;
  }
  if (wanted.includes("boolean")) scores.boolean = booleanScore(rule, at);
  return scores;
}

/** A course that settled or died ends there with smaller steps too, and one that still grows, without an end, grows. */
function smallerStepsMayHelp({ fate, weights, halfway }: Course): boolean {
  return fate === "diverged" || (fate === "moving" && size(weights) < 1.2 * size(halfway));
}

type LinearCriterion = Exclude<UnitCriterion, "boolean">;

const linearScores: Readonly<Record<LinearCriterion, (course: Course, at: Situation) => number>> = {
  stability: stabilityScore,
  "principal-component": principalScore,
  supervised: supervisedScore,
};

/** Least part of the starting length by which weights must move: a rule whose expected change vanishes is not stable learning. */
const leastMove = 0.01;

function stabilityScore({ fate, weights, halfway, start }: Course): number {
  const [length, before] = [size(weights), size(halfway)];
  const bounded = fate !== "diverged" && fate !== "dead" && length >= 0.05 && length <= 20;
  const steady = Math.abs(length - before) <= 0.1 * length;
  return bounded && steady && distance(weights, start) > leastMove * size(start) ? 1 : 0;
}

function principalScore({ fate, weights, start }: Course, { linear }: Situation): number {
  const length = size(weights);
  if (fate === "dead" || !(distance(weights, start) > leastMove * size(start))) return 0;
  const along = weights.reduce((sum, value, j) => sum + value * (linear.principal[j] ?? 0), 0);
  const cosine = Math.min(1, Math.abs(along) / length);
  if (Number.isNaN(cosine)) return 0;
  return fate === "settled" && length >= 0.1 && length <= 10 ? cosine : cosine / 2;
}

function supervisedScore({ fate, weights }: Course, { linear }: Situation): number {
  if (fate === "diverged" || fate === "moving") return 0;
  const nothing = linear.error(new Float64Array(weights.length));
  const explained = (nothing - linear.error(weights)) / (nothing - linear.error(linear.leastSquares));
  return Math.max(0, Math.min(1, explained));
}

function booleanScore(rule: Candidate, at: Situation): number {
  const options = thresholdLearning(at);
  const learned = at.boolean.filter((data) => {
    const { weights } = learn(rule, data, options);
    const [x, target] = [data.inputPowers[1], data.targetPowers[1]];
    for (let s = 0; s < data.samples; s++) {
      let drive = 0;
      for (let j = 0; j < data.inputs; j++) drive += (weights[j] ?? 0) * (x?.[s * data.inputs + j] ?? 0);
      if (!(drive * (target?.[s] ?? 0) > 0)) return false;
    }
    return true;
  });
  return learned.length / at.boolean.length;
}
