/** Stochastic layer-wise learning: a layer's random projection should name the class, and agree with the layer below. */
import { z } from "zod";
import { crossEntropy, type Tensor } from "../../graph/index.ts";
import { layerwise, type LayerView, sequenceOptions, type Workspace } from "../contract/index.ts";
import { pooled } from "./local-head.ts";

const options = z.strictObject({
  agreement: z.number().nonnegative().default(0.1).describe("lambda, weight of the distance to the layer below"),
  scale: z.number().positive().default(1).describe("standard deviation of R_l times the root of its inputs"),
  dropout: z
    .number()
    .min(0)
    .lt(1)
    .default(0.1)
    .describe("probability that a unit is silent in its projection; without it nothing in the rule is stochastic"),
  pooling: z.enum(["flatten", "mean"]).default("flatten").describe("what R_l reads: all positions, or their mean"),
  ...sequenceOptions,
});
export type SllOptions = z.output<typeof options>;

/** v_l, [batch, classes]. */
function projection(view: LayerView, { scale, dropout, pooling }: SllOptions, { classes }: Workspace): Tensor {
  const h = pooled(view, pooling);
  const kept =
    dropout === 0
      ? h
      : view
          .noise("dropout", h.shape, "uniform")
          .less(dropout)
          .where(0, h.mul(1 / (1 - dropout)));
  const deviation = scale / Math.sqrt(h.size(1));
  return kept.matmul(view.fixed("projection", [h.size(1), classes], { kind: "normal", deviation }));
}

/** Stochastic layer-wise learning. */
export const sll = layerwise({
  id: "sll",
  aliases: ["stochastic-layerwise-learning"],
  family: "layerwise supervised",
  equation:
    "J_l = - < log p_l(y) > + lambda < D_B(p_l, p_{l-1}) >,  p_l = softmax(v_l),  v_l = R_l (m_l * h_l),  D_B(p, q) = - ln sum_k sqrt(p_k q_k)",
  symbols:
    "R_l fixed and random, N(0, scale^2 / inputs); m_l multiplicative dropout, drawn anew at each step: 0 or 1 / (1 - dropout); p_{l-1} a constant; " +
    "the first layer has no layer below to agree with; D_B stands for the Kullback-Leibler divergence between adjacent layers",
  source: "Yin and Corradi 2025",
  choices:
    "Neither lambda, nor the rate of dropout, nor the way from v_l to the label is known where projections have more outputs than there are classes; here " +
    "they have one output per class, as the source does for transformers.",
  relation: "none",
  reads: ["pre", "post", "lateral", "label", "noise", "neighbour", "otherActivity", "positions"],
  options,
  objective: (view, chosen, workspace) => {
    const own = projection(view, chosen, workspace);
    const likelihood = crossEntropy(own, workspace.labels);
    const { below } = view;
    if (chosen.agreement === 0 || below === undefined) return likelihood;
    const sent = projection(below, chosen, workspace).stopGradient();
    // sqrt(p q) = exp((log p + log q) / 2), without the square root's slope at zero.
    const overlap = own.logSoftmax(-1).add(sent.logSoftmax(-1)).mul(0.5).exp().sum(-1);
    return likelihood.sub(overlap.log().mean().mul(chosen.agreement));
  },
});
