/**
 * Predsim: a layer's classifier predicts the label, and similarities between samples match those between their labels.
 *
 *   J_l = (1 - beta) CE(q_l(h_l), y) + beta / B^2 |S(g_l(h_l)) - S(onehot y)|_F^2
 *   S_bc(x) = cos(x_b - mean x_b, x_c - mean x_c)
 *
 * g_l is a linear map that belongs to the layer, or nothing; rows of S are centred over features. The source's g_l is a 3x3
 * convolution whose output is reduced to its deviation over space; here h_l is a vector of all positions, or their mean.
 * Source: Nokland and Eidnes 2019, eq. 1-3, beta = 0.99; the classifier's weights start at zero there, random here.
 */
import { z } from "zod";
import { crossEntropy, normalise, type Tensor } from "../graph/index.ts";
import { layerwise } from "./layerwise.ts";
import { classifierOptions, classify, linearHead, pooled } from "./local-head.ts";
import type { LayerView, Workspace } from "./workspace.ts";

const options = z.strictObject({
  ...classifierOptions,
  beta: z.number().min(0).max(1).default(0.99).describe("weight of similarity matching; 0 is `pred`, 1 is `sim`"),
  similarityHead: z
    .enum(["none", "linear"])
    .default("linear")
    .describe("a map of the activity before similarities, of as many outputs as inputs"),
});
export type PredsimOptions = z.output<typeof options>;

/** Cosine similarity of every two rows of x [batch, features], each centred over its features: [batch, batch]. */
function similarities(x: Tensor): Tensor {
  const unit = normalise(x.sub(x.mean(1).expand(1)), -1);
  return unit.matmul(unit.transposeLast());
}

function objective(view: LayerView, chosen: PredsimOptions, workspace: Workspace): Tensor {
  const { beta, similarityHead, pooling } = chosen;
  const { classes } = workspace.network.readout;
  const terms: Tensor[] = [];
  if (beta < 1) {
    const prediction = crossEntropy(classify(view, view.post, classes, chosen), workspace.labels);
    terms.push(prediction.mul(1 - beta));
  }
  if (beta > 0) {
    const h = pooled(view.post, pooling);
    const mapped = similarityHead === "none" ? h : linearHead(view, "similarity", h, h.size(1));
    const target = similarities(workspace.labels.oneHot(classes));
    terms.push(similarities(mapped).sub(target).square().mean().mul(beta));
  }
  return terms.reduce((sum, term) => sum.add(term));
}

/** Prediction and similarity matching per layer (Nokland and Eidnes 2019). */
export const predsim = layerwise<PredsimOptions>({
  id: "predsim",
  family: "layerwise supervised",
  equation: "J_l = (1 - beta) CE(q_l(h_l), y) + beta |S(g_l(h_l)) - S(onehot y)|^2 / B^2",
  source: "Nokland and Eidnes 2019, eq. 1-3",
  relation: "none",
  reads: ({ beta, similarityHead }) => [
    "pre",
    "post",
    "preactivation",
    "lateral",
    "label",
    ...(beta > 0 ? (["batch"] as const) : []),
    ...(beta < 1 || similarityHead === "linear" ? (["localHead"] as const) : []),
  ],
  options,
  objective,
});
