/**
 * CLAPP: each layer predicts its own activity for the paired view, and tells it from another sample's.
 *
 *   u = z . W c,   J = < max(0, 1 - u+) + max(0, 1 + u-) >
 *
 * c [batch, features] is the second view (context), z+ the first view of the same sample, z- that of another sample. With one
 * predictor W the gradient is the three-factor rule
 *
 *   dV_ji = gamma [ (W c)_j f'(a_j) x_i + (W^T z)_j f'(a^c_j) x^c_i ],   dW = gamma z c^T
 *
 * gamma = +1 for a positive and -1 for a negative inside the hinge, else 0: one broadcast factor per comparison. The asymmetric
 * form replaces W^T by a second learned predictor with its own hinge, u' = c . R z, so that no weights are transported.
 * Source: Illing, Ventura, Bellec and Gerstner 2021, eq. 3-8. `update=either` is CLAPP, in which a sample makes the positive or
 * the negative comparison with probability 1/2; `update=both` is CLAPP-s. The negative is the next sample of the (shuffled) batch.
 */
import { z } from "zod";
import type { Tensor } from "../graph/index.ts";
import { layerwise } from "./layerwise.ts";
import { nextSample, pairedViews, pairOptions, throughHead } from "./pairs.ts";
import type { Initial, LayerView, Workspace } from "./workspace.ts";

const options = z.strictObject({
  ...pairOptions,
  predictor: z
    .enum(["symmetric", "asymmetric"])
    .default("symmetric")
    .describe("one matrix W for both directions, or a second one R in place of its transpose"),
  update: z
    .enum(["both", "either"])
    .default("both")
    .describe("a sample makes the positive and the negative comparison, or one of them at random"),
  margin: z.number().positive().default(1).describe("score at which the hinge stops acting"),
  initialPredictor: z.enum(["identity", "random"]).default("random").describe("how predictors start; N(0, 1/features)"),
});
export type ClappOptions = z.output<typeof options>;

function objective(view: LayerView, chosen: ClappOptions, workspace: Workspace): Tensor | undefined {
  const views = pairedViews(view, chosen);
  if (views === undefined) return undefined;
  const [z, context] = views;
  const { margin } = chosen;
  const size = z.size(-1);
  const initial: Initial =
    chosen.initialPredictor === "identity" ? { kind: "identity" } : { kind: "normal", deviation: Math.sqrt(1 / size) };
  // 1 where the sample makes that comparison: one draw per sample for the whole network, [1, batch].
  const positive =
    chosen.update === "either"
      ? workspace
          .noise("comparison", [1, z.size(1)], "sign")
          .add(1)
          .mul(0.5)
      : undefined;
  const hinges = (u: (of: Tensor) => Tensor): Tensor => {
    const attract = u(z).neg().add(margin).relu();
    const repel = u(nextSample(z)).add(margin).relu();
    if (positive === undefined) return attract.add(repel).mean();
    return attract
      .mul(positive)
      .add(repel.mul(positive.neg().add(1)))
      .mean();
  };
  // Scores [positions, batch]: the predictor acts on `from`.
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

/** Contrastive, local and predictive plasticity (Illing et al. 2021). */
export const clapp = layerwise<ClappOptions>({
  id: "clapp",
  family: "layerwise self-supervised",
  equation: "dV_ji = gamma [ (W c)_j f'(a_j) x_i + (W^T z)_j f'(a^c_j) x^c_i ],  dW = gamma z c^T",
  source: "Illing, Ventura, Bellec and Gerstner 2021",
  relation: "none",
  reads: ({ update }) => [
    "pre",
    "post",
    "preactivation",
    "lateral",
    "batch",
    "pair",
    "localHead",
    ...(update === "either" ? (["noise"] as const) : []),
  ],
  options,
  objective,
});
