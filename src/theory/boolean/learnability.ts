/**
 * How many Boolean functions each local rule teaches one threshold unit, in every way to write inputs and targets; all in whole numbers.
 *
 * Only threshold functions are looked at: no weights make the unit compute another. "Strict" counts functions that are right at every
 * point with S off the threshold; "ties" also those right when S at the threshold is read as 1; "weak" those contradicted nowhere.
 */
import { agreement } from "./answer.ts";
import { perceptron } from "./perceptron.ts";
import type { BooleanRule } from "./rules.ts";
import { type BooleanSetting, pointsOf, targetsOf } from "./setting.ts";
import { inputSums, sumsOf } from "./sums.ts";
import { classesOf } from "./threshold-functions.ts";

/** Numbers of functions learned. `tiesOne`, `tiesZero`, `weak` are undefined where the rule does not distinguish them. */
export interface LearnedCounts {
  readonly strict: number;
  /** S at the threshold read as 1. */
  readonly tiesOne: number | undefined;
  /** S at the threshold read as the other value. */
  readonly tiesZero: number | undefined;
  /** Wrong at no point, ties allowed either way. For `kept` rules: functions that are kept. */
  readonly weak: number | undefined;
}

/** One class of functions and how much of it is learned. */
export interface ClassCounts {
  readonly representative: number;
  readonly size: number;
  readonly strict: number;
  readonly weak: number | undefined;
}

/** What one rule learns of one function; fields as in `LearnedCounts`. */
export interface Learned {
  readonly strict: boolean;
  readonly tiesOne: boolean | undefined;
  readonly tiesZero: boolean | undefined;
  readonly weak: boolean | undefined;
}

/** Decides functions one by one for one rule and setting; undefined where the rule defines no answer there. */
export function learner(rule: BooleanRule, setting: BooleanSetting): ((f: number) => Learned) | undefined {
  const points = pointsOf(setting);
  if (rule.id === "perceptron") return (f) => perceptronLearns(f, points, setting);
  const { answer } = rule;
  if (answer === undefined) return undefined;
  const inputs = inputSums(points);
  const compared = (f: number) => agreement(answer(sumsOf(points, targetsOf(f, setting), inputs)), f, points, setting);
  if (rule.kind !== "kept") return compared;
  // Whether weights above a threshold other than 0 are kept depends on their size, which no setting states.
  if (setting.threshold !== 0) return undefined;
  return (f) => {
    const { strict, weak } = compared(f);
    const realised = weak && perceptron(f, points) !== undefined;
    return { strict: realised && strict, weak: realised && weak, tiesOne: undefined, tiesZero: undefined };
  };
}

function perceptronLearns(f: number, points: readonly (readonly number[])[], { threshold }: BooleanSetting): Learned {
  const strict = perceptron(f, points, { threshold }) !== undefined;
  const tiesOne = perceptron(f, points, { threshold, ties: "one" }) !== undefined;
  return { strict, tiesOne, tiesZero: undefined, weak: undefined };
}

/**
 * Counts what a rule learns among `functions` (the threshold functions of the setting's inputs); undefined where the rule defines no
 * answer.
 */
export function learnedCounts(
  rule: BooleanRule,
  setting: BooleanSetting,
  functions: readonly number[],
): LearnedCounts | undefined {
  const decide = learner(rule, setting);
  if (decide === undefined) return undefined;
  const all = functions.map(decide);
  const count = (of: (learned: Learned) => boolean | undefined): number | undefined =>
    all.some((learned) => of(learned) === undefined) ? undefined : all.filter(of).length;
  return {
    strict: all.filter(({ strict }) => strict).length,
    tiesOne: count(({ tiesOne }) => tiesOne),
    tiesZero: count(({ tiesZero }) => tiesZero),
    weak: count(({ weak }) => weak),
  };
}

/** The same by class of functions that are equal up to renaming and negating inputs and output. */
export function learnedByClass(
  rule: BooleanRule,
  setting: BooleanSetting,
  functions: readonly number[],
): ClassCounts[] | undefined {
  if (learner(rule, setting) === undefined) return undefined;
  return classesOf(functions, setting.inputs).map(({ representative, members }) => {
    const counts = learnedCounts(rule, setting, members);
    return { representative, size: members.length, strict: counts?.strict ?? 0, weak: counts?.weak };
  });
}

/**
 * Smallest margin T S over the points of the AND of N signed inputs with bias, with the weights E[T x] of clamped Hebb times 2^N.
 * It is at the point of ones, 2N + 2 - 2^N: from N = 4 on it is negative. Exact for N up to 20.
 */
export function andMargin(inputs: number): number {
  const last = 2 ** inputs - 1;
  const w = new Array<number>(inputs + 1).fill(0);
  const each = (visit: (x: (j: number) => number, target: number) => void): void => {
    for (let p = 0; p <= last; p++) visit((j) => (j === inputs || (p >>> j) & 1 ? 1 : -1), p === last ? 1 : -1);
  };
  each((x, target) => w.forEach((weight, j) => (w[j] = weight + target * x(j))));
  let least = Infinity;
  each((x, target) => (least = Math.min(least, target * w.reduce((sum, weight, j) => sum + weight * x(j), 0))));
  return least;
}
