/**
 * Self-contrastive forward-forward: high goodness for two views of one thing presented at once, low for views of two things.
 *
 *   h(x, x') = f( (a(x) + a(x')) / 2 ),   g = mean_j h_j^2
 *   J = < log(1 + e^{alpha (theta+ - g+)}) + log(1 + e^{beta (g- - theta-)}) > + lambda sqrt(< g+^2 >)
 *
 * The source concatenates two inputs and gives both halves weights of their own; by symmetry they may share them, so that a
 * pair drives a layer by the sum of the two pre-activations a (here: the mean, so that an image paired with itself drives the
 * layer as it does alone). g+ is for the two views of a sample, g- for one view and the next sample's other view. Each
 * layer forms the pairs of what reaches it; between layers activity is divided by its root mean square, so that goodness does not
 * pass on. The norm of g+ is a root mean square over the batch, whatever its size.
 * Source: Chen, Liu, Laydevant and Grollier 2025 (SCFF); there pairs are (x, x) against (x, y), and layers learn one by one.
 */
import { z } from "zod";
import { softplus, type Tensor } from "../graph/index.ts";
import { activate } from "../networks/index.ts";
import { layerwise } from "./layerwise.ts";
import { nextSample, pairedViews, pairOptions } from "./pairs.ts";
import type { LayerView } from "./workspace.ts";

const options = z.strictObject({
  ...pairOptions,
  positiveThreshold: z.number().default(0.3).describe("theta+, goodness that pairs should pass"),
  negativeThreshold: z.number().default(0.3).describe("theta-, goodness that strangers should stay below"),
  positiveSlope: z.number().positive().default(10).describe("alpha"),
  negativeSlope: z.number().positive().default(10).describe("beta"),
  goodnessPenalty: z.number().nonnegative().default(0).describe("lambda, weight of the size of g+"),
  normalise: z.boolean().default(true).describe("divide activity by its root mean square between layers"),
});
export type ScffOptions = z.output<typeof options>;

function objective(view: LayerView, chosen: ScffOptions): Tensor | undefined {
  const views = pairedViews(view, chosen, "preactivation");
  if (views === undefined) return undefined;
  const [here, there] = views;
  // [positions, batch]
  const goodness = (other: Tensor): Tensor => activate(view.layer, here.add(other).mul(0.5)).square().mean(-1);
  const [positive, negative] = [goodness(there), goodness(nextSample(there))];
  const pull = softplus(positive.neg().add(chosen.positiveThreshold).mul(chosen.positiveSlope)).mean();
  const push = softplus(negative.sub(chosen.negativeThreshold).mul(chosen.negativeSlope)).mean();
  if (chosen.goodnessPenalty === 0) return pull.add(push);
  return pull.add(push).add(positive.square().mean().add(1e-12).sqrt().mul(chosen.goodnessPenalty));
}

/** Post divided by its root mean square over units, at each position. */
function unitGoodness(post: Tensor): Tensor {
  return post.div(post.square().mean(-1).add(1e-8).sqrt().expand(-1));
}

/** Self-contrastive forward-forward per layer (Chen et al. 2025). */
export const scff = layerwise<ScffOptions>({
  id: "scff",
  family: "layerwise self-supervised",
  equation:
    "J_l = < log(1 + e^{alpha (theta+ - g+)}) + log(1 + e^{beta (g- - theta-)}) >,  g = mean_j f((a + a') / 2)_j^2",
  source: "Chen, Liu, Laydevant and Grollier 2025",
  relation: "none",
  reads: ["pre", "preactivation", "lateral", "batch", "pair"],
  options,
  between: ({ normalise }) => (normalise ? (_, post) => unitGoodness(post) : undefined),
  objective,
});
