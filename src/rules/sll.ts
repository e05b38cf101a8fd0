/**
 * Stochastic layer-wise learning: a layer's random projection should name the class, and agree with the layer below.
 *
 *   v_l = R_l (m_l * h_l),   p_l = softmax(v_l)
 *   J_l = - < log p_l(y) > + lambda < D_B(p_l, p_{l-1}) >,   D_B(p, q) = - ln sum_k sqrt(p_k q_k)
 *
 * R_l is fixed and random, N(0, scale^2 / fan-in); p_{l-1} is a constant; the first layer has no layer below to agree with. m_l
 * is multiplicative dropout, drawn anew at each step: 0 or 1 / (1 - dropout) (none by default). The Bhattacharyya distance stands
 * for the Kullback-Leibler divergence between adjacent layers.
 * Source: Yin and Corradi 2025. Neither lambda nor the way from v_l to the label is known where projections have more outputs
 * than there are classes; here they have one output per class, as the source does for transformers.
 */
import { z } from "zod";
import { crossEntropy, type Tensor } from "../graph/index.ts";
import { layerwise, sequenceOptions } from "./layerwise.ts";
import { pooled } from "./local-head.ts";
import type { LayerView, Workspace } from "./workspace.ts";

const options = z.strictObject({
  agreement: z.number().nonnegative().default(0.1).describe("lambda, weight of the distance to the layer below"),
  scale: z.number().positive().default(1).describe("standard deviation of R_l times sqrt(fan-in)"),
  dropout: z.number().min(0).lt(1).default(0).describe("probability that a unit is silent in its projection"),
  pooling: z.enum(["flatten", "mean"]).default("flatten").describe("what R_l reads: all positions, or their mean"),
  ...sequenceOptions,
});
export type SllOptions = z.output<typeof options>;

/** v_l, [batch, classes]. */
function projection(view: LayerView, workspace: Workspace, { scale, dropout, pooling }: SllOptions): Tensor {
  const h = pooled(view.post, pooling);
  const kept =
    dropout === 0
      ? h
      : workspace
          .noise(`dropout${view.index}`, h.shape, "uniform")
          .less(dropout)
          .where(0, h.mul(1 / (1 - dropout)));
  const shape = [h.size(1), workspace.network.readout.classes];
  return kept.matmul(view.fixed("projection", shape, { kind: "normal", deviation: scale / Math.sqrt(h.size(1)) }));
}

function objective(view: LayerView, chosen: SllOptions, workspace: Workspace): Tensor {
  const own = projection(view, workspace, chosen);
  const likelihood = crossEntropy(own, workspace.labels);
  if (chosen.agreement === 0) return likelihood;
  const below = workspace.layers[view.index - 2];
  if (below === undefined) return likelihood;
  const sent = projection(below, workspace, chosen).stopGradient();
  const message = workspace.read("otherActivity", workspace.message(view.index, sent));
  // sqrt(p q) = exp((log p + log q) / 2), without the square root's slope at zero.
  const overlap = own.logSoftmax(-1).add(message.logSoftmax(-1)).mul(0.5).exp().sum(-1);
  return likelihood.sub(overlap.log().mean().mul(chosen.agreement));
}

/** Stochastic layer-wise learning (Yin and Corradi 2025). */
export const sll = layerwise<SllOptions>({
  id: "sll",
  aliases: ["stochastic-layerwise-learning"],
  family: "layerwise supervised",
  equation: "J_l = - < log p_l(y) > + lambda < D_B(p_l, p_{l-1}) >,  p_l = softmax(R_l h_l)",
  source: "Yin and Corradi 2025",
  relation: "none",
  reads: ({ agreement, dropout }) => [
    "pre",
    "post",
    "preactivation",
    "lateral",
    "label",
    ...(agreement > 0 ? (["neighbour", "otherActivity"] as const) : []),
    ...(dropout > 0 ? (["noise"] as const) : []),
  ],
  options,
  objective,
});
