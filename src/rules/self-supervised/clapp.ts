/**
 * CLAPP: each layer predicts its own activity for the paired view, and tells it from another example's. The asymmetric form has a second
 * learned predictor with its own hinge in place of the transpose of the first, so that no weights are transported.
 */
import { z } from "zod";
import type { Tensor } from "../../graph/index.ts";
import {
  type Initial,
  layerwise,
  type LayerView,
  nextExample,
  pairedViews,
  pairOptions,
  throughHead,
  type Workspace,
} from "../contract/index.ts";

const options = z.strictObject({
  ...pairOptions,
  predictor: z
    .enum(["symmetric", "asymmetric"])
    .default("symmetric")
    .describe("one matrix W for both directions, or a second one R in place of its transpose"),
  update: z
    .enum(["both", "either"])
    .default("either")
    .describe(
      "an example makes one of the two comparisons at random (CLAPP), or the positive and the negative one (CLAPP-s)",
    ),
  margin: z.number().positive().default(1).describe("score at which the hinge stops acting"),
  initialPredictor: z.enum(["identity", "random"]).default("random").describe("how predictors start; N(0, 1/features)"),
});
export type ClappOptions = z.output<typeof options>;

function objective(view: LayerView, chosen: ClappOptions, workspace: Workspace): Tensor {
  const [z, context] = pairedViews(view, chosen, workspace);
  const { margin } = chosen;
  const size = z.size(-1);
  const initial: Initial =
    chosen.initialPredictor === "identity" ? { kind: "identity" } : { kind: "normal", deviation: Math.sqrt(1 / size) };
  // 1 where the example makes the positive comparison: one draw for the whole network, [1, batch].
  const positive =
    chosen.update === "either"
      ? workspace
          .noise("comparison", [1, z.size(1)], "sign")
          .add(1)
          .mul(0.5)
      : undefined;
  const hinges = (u: (of: Tensor) => Tensor): Tensor => {
    const attract = u(z).neg().add(margin).relu();
    const repel = u(nextExample(z)).add(margin).relu();
    if (positive === undefined) return attract.add(repel).mean();
    return attract.mul(positive).add(repel.mul(positive.oneMinus())).mean();
  };
  // Scores [comparisons, batch]: the predictor acts on `from`.
  const predict = (name: string, from: Tensor): Tensor => throughHead(view, name, from, size, initial);
  if (chosen.predictor === "symmetric") {
    const predicted = predict("predictor", context);
    return hinges((of) => of.mul(predicted).sum(-1));
  }
  const predicted = predict("predictor", context.stopGradient());
  const forwards = hinges((of) => of.mul(predicted).sum(-1));
  const backwards = hinges((of) => predict("retrodictor", of.stopGradient()).mul(context).sum(-1));
  return forwards.add(backwards);
}

/** Contrastive, local and predictive plasticity. */
export const clapp = layerwise({
  id: "clapp",
  family: "layerwise self-supervised",
  equation:
    "J_l = < max(0, 1 - u+) + max(0, 1 + u-) >,  u = z . W c,  so that  dV_ji = gamma [ (W c)_j f'(a_j) x_i + (W^T z)_j f'(a^c_j) x^c_i ],  dW = gamma z c^T",
  symbols:
    "c [batch, features] the second view (context), z+ the first view of the same example, z- that of another; V the layer's weights, W its " +
    "predictor; gamma = +1 for a positive and -1 for a negative comparison inside the hinge, else 0: one broadcast factor per comparison",
  source: "Illing, Ventura, Bellec and Gerstner 2021, eq. 3-8",
  choices:
    "The negative is the next example of the (shuffled) batch. Which comparison an example makes is drawn with probability 1/2.",
  relation: "none",
  reads: ["pre", "post", "lateral", "batch", "pair", "localHead", "noise", "positions"],
  options,
  objective,
});
