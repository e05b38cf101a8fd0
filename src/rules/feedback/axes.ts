/** The axes of the feedback family: their options, and which combinations are refused. */
import { z } from "zod";
import { RuleError } from "../contract/index.ts";

export const axes = z.strictObject({
  path: z.enum(["chain", "direct"]).describe("from layer to layer, or from the output to each layer"),
  weights: z
    .enum(["transposed", "random", "sign", "sign-random-magnitude", "learned", "mirror", "product", "adaptive"])
    .describe(
      "what carries the message back: the forward weights; fixed random ones; the signs of the forward weights, with one " +
        "magnitude or random ones; ones that take the forward weights' increments (learned: and their decay; adaptive: " +
        "without decay); ones learned from noise (mirror); the product of all forward weights above (direct path)",
    ),
  gate: z
    .enum(["all", "own", "none", "shuffled", "true-downstream"])
    .describe(
      "derivatives f'(a) the message passes: every layer's; the updated layer's alone; none; the updated layer's own and, " +
        "downstream, those of another sample; on the direct path also the share of each unit's downstream paths that is open",
    ),
  signal: z
    .enum(["error", "sign", "target", "absolute"])
    .describe(
      "what the output sends: the error softmax - target, its signs, minus the target alone, or the error's magnitude",
    ),
  feedbackScale: z
    .number()
    .positive()
    .default(1)
    .describe(
      "size of feedback weights that are not copies: on a chain times sqrt(2 / (fan-in + fan-out)), on the direct path times " +
        "sqrt(1 / classes)",
    ),
  feedbackPositions: z
    .enum(["shared", "specific"])
    .optional()
    .describe(
      "whether the positions of a layer share one feedback matrix; left out, as the forward weights do on a chain, and " +
        "one per position on the direct path",
    ),
  magnitudes: z
    .enum(["fixed", "redrawn"])
    .default("fixed")
    .describe("weights=sign-random-magnitude: drawn once, or anew at each step"),
  decay: z
    .number()
    .nonnegative()
    .default(1e-3)
    .describe(
      "weights=learned: share of feedback and, on a chain, of the forward weights (the read-out's too) that is forgotten at each " +
        "step, whatever the learning rate",
    ),
  mirrorRate: z
    .number()
    .positive()
    .max(1)
    .default(0.05)
    .describe("weights=mirror: how far feedback moves at each step towards what one batch of noise shows"),
});
export type FeedbackOptions = z.output<typeof axes>;
/** One point of the four axes, with the parameters in which named rules differ. */
export type Point = Pick<FeedbackOptions, "path" | "weights" | "gate" | "signal"> &
  Partial<Pick<FeedbackOptions, "magnitudes">>;

/** Options schema with a point as defaults, so that a named rule can be varied along any axis. */
export function axesAt({ magnitudes = "fixed", ...point }: Point) {
  const { shape } = axes;
  return axes.extend({
    path: shape.path.default(point.path),
    weights: shape.weights.default(point.weights),
    gate: shape.gate.default(point.gate),
    signal: shape.signal.default(point.signal),
    magnitudes: shape.magnitudes.default(magnitudes),
  });
}

const refuse = (option: string, expected: string, got: string, remedy: string): never => {
  throw new RuleError(`rule.${option}: expected ${expected}, got ${got}; ${remedy}`);
};

/** Throws RuleError for combinations that have no meaning, saying which one would do instead. */
export function checkAxes({ path, weights, gate, feedbackPositions }: FeedbackOptions): void {
  if (path === "direct") {
    if (weights === "transposed")
      refuse(
        "weights",
        "weights that lead from the output to every layer with rule.path=direct",
        weights,
        "only the read-out has a transpose there: use product, the transposes multiplied, or rule.path=chain",
      );
    if (weights === "mirror")
      refuse(
        "weights",
        "other weights with rule.path=direct",
        weights,
        "the noise of a layer shows the weights of the next one only: use rule.path=chain",
      );
    if (gate === "all")
      refuse(
        "gate",
        "own, none, shuffled or true-downstream with rule.path=direct",
        gate,
        "a direct message meets no gate on its way: true-downstream masks it by the gates above, rule.path=chain passes them",
      );
  } else {
    if (weights === "product")
      refuse(
        "weights",
        "other weights with rule.path=chain",
        weights,
        "products lead from the output straight to a layer: use rule.path=direct, or transposed with rule.gate=own, which is equal",
      );
    if (gate === "true-downstream")
      refuse(
        "gate",
        "all, own, none or shuffled with rule.path=chain",
        gate,
        "on a chain the true gates downstream are those of gate=all",
      );
  }
  if (feedbackPositions !== undefined && ["transposed", "sign", "product"].includes(weights))
    refuse(
      "feedbackPositions",
      `no value with rule.weights=${weights}`,
      feedbackPositions,
      "these follow the forward weights and keep no matrix of their own: leave it out",
    );
}
