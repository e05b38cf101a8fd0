/**
 * The rule of Bienenstock, Cooper and Munro with a sliding threshold: a unit that is active above its threshold is strengthened,
 * below it weakened. For two independent patterns shown with probabilities p1 and p2 its responses converge to (1/p1, 0) or (0, 1/p2).
 */
import { z } from "zod";
import { activityOf, activityOptions } from "./activity.ts";
import { hebbian, hebbianOptions } from "./hebbian.ts";

export const bcm = hebbian({
  id: "bcm",
  equation: "dW_k = < y_k (y_k - theta_k) x >,  theta_k <- theta_k + r (< y_k^2 > - theta_k)",
  symbols: "x the input, y the activity of the unit, theta its threshold before the step; < > the mean over samples",
  source:
    "Bienenstock, Cooper and Munro 1982; Intrator and Cooper 1992 (theta = < y^2 >); `divide`: Law and Cooper 1994",
  choices: "The threshold must move faster than the weights for them to be stable.",
  reads: ["pre", "post", "memory"],
  options: z.strictObject({
    ...hebbianOptions(),
    ...activityOptions("post"),
    thresholdRate: z.number().positive().max(1).default(0.1).describe("r, rate at which the threshold follows <y^2>"),
    initialThreshold: z.number().positive().default(1).describe("theta before the first step"),
    divide: z
      .boolean()
      .default(false)
      .describe("divide the change by theta (Law and Cooper), which slows active units"),
  }),
  activity: (view, options, workspace) => {
    const { post: y, counts } = activityOf(view, options, workspace);
    const theta = view.perUnit("threshold", options.initialThreshold);
    const phi = y.mul(y.sub(theta.now));
    return {
      post: y,
      by: options.divide ? phi.div(theta.now.maximum(1e-6)) : phi,
      counts,
      next: [theta.follows(view.mean(y.square()), options.thresholdRate)],
    };
  },
  change: ({ pre: x, by: phi, outer }) => outer(x, phi),
});
