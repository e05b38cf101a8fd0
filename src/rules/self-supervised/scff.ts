/**
 * Self-contrastive forward-forward: high goodness for two views of one thing presented at once, low for views of two things. Each layer
 * forms the pairs of what reaches it; between layers activity is divided by its root mean square, so that goodness does not pass on.
 */
import { z } from "zod";
import { softplus, type Tensor } from "../../graph/index.ts";
import { layerwise, nextExample, pairedViews, pairOptions } from "../contract/index.ts";

/** Activity divided by its root mean square over units, for each sample. */
function unitGoodness(post: Tensor): Tensor {
  return post.div(post.square().mean(-1, { keepdims: true }).add(1e-8).sqrt());
}

export const scff = layerwise({
  id: "scff",
  family: "layerwise self-supervised",
  equation:
    "J_l = < log(1 + e^{alpha (theta+ - g+)}) + log(1 + e^{beta (g- - theta-)}) > + lambda sqrt(< g+^2 >),  g = mean_j h_j^2,  h(x, x') = f((a(x) + a(x')) / 2)",
  symbols:
    "a the drive; g+ the goodness of the two views of an example, g- that of one view and the next example's other view",
  source: "Chen, Liu, Laydevant and Grollier 2025; there pairs are (x, x) against (x, y), and layers learn one by one",
  choices:
    "The source concatenates two inputs and gives both halves weights of their own; by symmetry they may share them, so that a pair drives a layer " +
    "by the sum of the two drives (here: the mean, so that an input paired with itself drives the layer as it does alone). The norm of g+ is a root " +
    "mean square over the batch, whatever its size.",
  relation: "none",
  reads: ["pre", "preactivation", "lateral", "batch", "pair", "positions"],
  options: z.strictObject({
    ...pairOptions,
    positiveThreshold: z.number().default(0.3).describe("theta+, goodness that pairs should pass"),
    negativeThreshold: z.number().default(0.3).describe("theta-, goodness that strangers should stay below"),
    positiveSlope: z.number().positive().default(10).describe("alpha"),
    negativeSlope: z.number().positive().default(10).describe("beta"),
    goodnessPenalty: z.number().nonnegative().default(0).describe("lambda, weight of the size of g+"),
    normalise: z.boolean().default(true).describe("divide activity by its root mean square between layers"),
  }),
  between: ({ normalise }) => (normalise ? (_, { post }) => unitGoodness(post) : undefined),
  objective: (view, options, workspace) => {
    const [here, there] = pairedViews(view, options, workspace, "preactivation");
    const goodness = (other: Tensor): Tensor => view.activate(here.add(other).mul(0.5)).square().mean(-1);
    const [positive, negative] = [goodness(there), goodness(nextExample(there))];
    const pull = softplus(positive.neg().add(options.positiveThreshold).mul(options.positiveSlope)).mean();
    const push = softplus(negative.sub(options.negativeThreshold).mul(options.negativeSlope)).mean();
    if (options.goodnessPenalty === 0) return pull.add(push);
    return pull.add(push).add(positive.square().mean().add(1e-12).sqrt().mul(options.goodnessPenalty));
  },
});
