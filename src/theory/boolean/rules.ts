/**
 * The named local rules as learners of Boolean functions by one threshold unit, and what "learns" means for each.
 *
 * Three kinds of rule define an answer. Clamped: the output is held at the target, and the answer is what the expected change over all
 * points makes of w = 0, in the limit of long times; a rule without a limit gives the direction in which it grows, or one step. Iterated:
 * the unit's own output enters, and the answer is where the rule ends. Kept: no target; the threshold unit is put at the function, and the
 * rule must not move it away. A rule whose result does not depend on the target defines none.
 */
import { type Answer, settledAt } from "./answer.ts";
import type { Sums } from "./sums.ts";

/** How a rule comes to an answer. */
export type LearningKind = "clamped" | "iterated" | "kept" | "none";

/** A rule as a learner of Boolean functions. */
export interface BooleanRule {
  readonly id: string;
  readonly kind: LearningKind;
  /** The change of a weight: x input, O output, T target, w weight. */
  readonly equation: string;
  /** The weights that count as its answer, or why it has none, in words. */
  readonly answers: string;
  /** The answer from sums over the points; undefined for the perceptron, whose course is run, and for rules without one. */
  readonly answer?: (sums: Sums) => Answer;
}

const clampedHebb = ({ tx, count }: Sums): Answer => settledAt(tx, count);
const covariance = ({ tx, t, x, count }: Sums): Answer =>
  settledAt(
    tx.map((value, j) => count * value - t * (x[j] ?? 0)),
    count * count,
  );
/** theta = E[T^2] moves with the output. */
const slidingThreshold = ({ tx, ttx, tt, count }: Sums): Answer =>
  settledAt(
    ttx.map((value, j) => count * value - tt * (tx[j] ?? 0)),
    count * count,
  );
const signs = ({ tx }: Sums): Answer => settledAt(tx.map(Math.sign), 1);
const opposite = ({ tx, count }: Sums): Answer =>
  settledAt(
    tx.map((value) => -value),
    count,
  );

/** All rules, by kind. */
export const booleanRules: readonly BooleanRule[] = [
  {
    id: "clamped-hebb",
    kind: "clamped",
    equation: "T x",
    answers: "w = E[T x], one step over all points; with decay, T x - g w settles at w / g, the same direction",
    answer: clampedHebb,
  },
  {
    id: "clamped-anti-hebb",
    kind: "clamped",
    equation: "-T x",
    answers: "w = -E[T x], one step over all points",
    answer: opposite,
  },
  {
    id: "covariance",
    kind: "clamped",
    equation: "(T - E[T]) (x - E[x])",
    answers: "w = cov(T, x), one step over all points; the bias never moves",
    answer: covariance,
  },
  {
    id: "clipped-hebb",
    kind: "clamped",
    equation: "T x, then sign(w)",
    answers: "w = sign(E[T x])",
    answer: signs,
  },
  {
    id: "bounded-hebb",
    kind: "clamped",
    equation: "T x (1 - w^2)",
    answers: "w = sign(E[T x]), the limit of w = tanh(E[T x] t)",
    answer: signs,
  },
  {
    id: "clamped-oja",
    kind: "clamped",
    equation: "T x - T^2 w",
    answers: "w = E[T x] / E[T^2], the limit",
    answer: ({ tx, tt }) => settledAt(tx, Math.max(tt, 1)),
  },
  {
    id: "clamped-instar",
    kind: "clamped",
    equation: "T (x - w)",
    answers: "w = E[T x] / E[T], the limit, where E[T] > 0; else the direction E[T x], in which it grows",
    answer: ({ tx, t }) =>
      t > 0
        ? settledAt(tx, t)
        : { growing: [{ weights: tx, scale: 1 }], settled: { weights: tx.map(() => 0), scale: 1 } },
  },
  {
    id: "clamped-outstar",
    kind: "clamped",
    equation: "x (T - w)",
    answers: "w_j = E[T x_j] / E[x_j], the limit; where E[x_j] = 0 the weight grows and outweighs those that settle",
    answer: ({ tx, x, count }) => ({
      growing: [{ weights: tx.map((value, j) => (x[j] === 0 ? value : 0)), scale: 1 }],
      settled: { weights: tx.map((value, j) => (x[j] === 0 ? 0 : (value * count) / (x[j] ?? 1))), scale: count },
    }),
  },
  {
    id: "clamped-bcm",
    kind: "clamped",
    equation: "T (T - theta) x, theta = E[T^2]",
    answers: "w = E[T (T - theta) x], one step over all points",
    answer: slidingThreshold,
  },
  {
    id: "delta",
    kind: "iterated",
    equation: "(T - O) x, O = w.x",
    answers:
      "w = E[x x']^-1 E[T x], the fixed point of least mean squares (Rescorla-Wagner); the unit is linear while it learns",
    answer: ({ inverse: { numerators, denominator }, tx }) =>
      settledAt(
        numerators.map((row) => row.reduce((sum, entry, j) => sum + entry * (tx[j] ?? 0), 0)),
        denominator,
      ),
  },
  {
    id: "perceptron",
    kind: "iterated",
    equation: "(T - O) x, O the unit's output",
    answers:
      "the weights at which it stops, from w = 0, learning rate 1, points in order; none when it goes round for ever",
  },
  {
    id: "hebb",
    kind: "kept",
    equation: "O x",
    answers: "functions that are never left: E[O x] contradicts the unit at no point",
    answer: clampedHebb,
  },
  {
    id: "anti-hebb",
    kind: "kept",
    equation: "-O x",
    answers: "as hebb, with -E[O x]",
    answer: opposite,
  },
  {
    id: "oja",
    kind: "kept",
    equation: "O x - O^2 w",
    answers: "as hebb: the weights shrink in proportion and move along E[O x]",
    answer: clampedHebb,
  },
  {
    id: "instar",
    kind: "kept",
    equation: "O (x - w)",
    answers: "as hebb: the weights shrink or grow in proportion and move along E[O x]",
    answer: clampedHebb,
  },
  {
    id: "output-covariance",
    kind: "kept",
    equation: "(O - E[O]) (x - E[x])",
    answers: "as hebb, with cov(O, x)",
    answer: covariance,
  },
  {
    id: "bcm",
    kind: "kept",
    equation: "O (O - theta) x, theta = E[O^2]",
    answers: "as hebb, with E[O (O - theta) x]",
    answer: slidingThreshold,
  },
  {
    id: "linear-hebb",
    kind: "none",
    equation: "O x, O = w.x",
    answers: "does not define one, nor do Oja, BCM and anti-Hebb of a linear unit: the target never enters",
  },
  {
    id: "decay",
    kind: "none",
    equation: "-w",
    answers: "does not define one: w goes to 0",
  },
];
