/**
 * Rules of correlation between input and activity. Plain Hebb grows without bound, towards the first principal direction, and
 * covariance does too: by default each step of these leads to weights of unit norm (`weightNorm`). Weight decay is the optimiser's.
 */
import { z } from "zod";
import { activityOf, activityOptions } from "./activity.ts";
import { hebbian, hebbianOptions } from "./hebbian.ts";

/** Plain Hebb; with `teacher=clamp` the clamped form dW = < T x >. */
export const hebb = hebbian({
  id: "hebb",
  equation: "dW_k = < y_k x >",
  symbols: "x the input, y the activity of the unit; < > the mean over samples",
  source: "Hebb 1949, in the usual linear form",
  reads: ["pre", "preactivation", "weight", "batch", "otherInput", "positions"],
  options: z.strictObject({ ...hebbianOptions({ weightNorm: "unit" }), ...activityOptions("preactivation") }),
  activity: activityOf,
  change: ({ pre: x, post: y, outer }) => outer(x, y),
});

/** Instar: w_k moves to the mean input of the samples that excite the unit. */
export const instar = hebbian({
  id: "instar",
  equation: "dW_k = < y_k (x - w_k) >",
  symbols: "x the input, y the activity of the unit, w_k its weights; < > the mean over samples",
  source: "Grossberg 1976",
  reads: ["pre", "post", "weight"],
  options: z.strictObject({ ...hebbianOptions(), ...activityOptions("post") }),
  activity: activityOf,
  change: ({ pre: x, post: y, weight: W, outer, mean }) => outer(x, y).sub(W.mul(mean(y))),
});

/** The covariance rule. A bias does not learn by it: its input never departs from its mean. */
export const covariance = hebbian({
  id: "covariance",
  equation: "dW_k = < (y_k - m_k) (x - n) >",
  symbols: "x the input, y the activity of the unit; m and n the running means of y and x; < > the mean over samples",
  source: "Sejnowski 1977",
  reads: ["pre", "preactivation", "weight", "batch", "otherInput", "positions", "memory"],
  options: z.strictObject({
    ...hebbianOptions({ weightNorm: "unit" }),
    ...activityOptions("preactivation"),
    average: z
      .enum(["running", "batch"])
      .default("running")
      .describe("means over past steps, as they were before this one, or over this batch"),
    averageRate: z.number().positive().max(1).default(0.1).describe("rate of the running means, which start at 0"),
  }),
  biasLearns: false,
  activity: (view, options, workspace) => {
    const { mean, pre: x } = view;
    const { post: y, counts } = activityOf(view, options, workspace);
    const now = { input: mean(x), activity: mean(y) };
    if (options.average === "batch") return { pre: x.sub(now.input), post: y.sub(now.activity), counts };
    const input = view.state("inputMean", now.input.shape, 0);
    const activity = view.perUnit("activityMean", 0);
    return {
      pre: x.sub(input.now),
      post: y.sub(activity.now),
      counts,
      next: [input.follows(now.input, options.averageRate), activity.follows(now.activity, options.averageRate)],
    };
  },
  change: ({ pre: x, post: y, outer }) => outer(x, y),
});
