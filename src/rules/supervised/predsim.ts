/** Predsim: a layer's classifier predicts the label, and similarities between examples match those between their labels. */
import { z } from "zod";
import { centred, normalise, type Tensor } from "../../graph/index.ts";
import { layerwise } from "../contract/index.ts";
import { classifierLoss, classifierOptions, linearHead, pooled } from "./local-head.ts";

/** S: cosine similarity of every two rows of x [batch, features], each centred over its features: [batch, batch]. */
function similarities(x: Tensor): Tensor {
  const unit = normalise(centred(x, 1));
  return unit.matmul(unit.transposeLast());
}

export const predsim = layerwise({
  id: "predsim",
  family: "layerwise supervised",
  equation:
    "J_l = (1 - beta) CE(q_l(h_l), y) + beta / B^2 |S(g_l(h_l)) - S(onehot y)|_F^2,  S_bc(x) = cos(x_b - mean x_b, x_c - mean x_c)",
  symbols:
    "q_l the layer's classifier, g_l a linear map that belongs to the layer, or nothing; rows of S are centred over features",
  source: "Nokland and Eidnes 2019, eq. 1-3, beta = 0.99",
  choices:
    "The source's g_l is a 3x3 convolution whose output is reduced to its deviation over space; here h_l is a vector of all positions, or their mean. " +
    "The classifier's weights start at zero there, random here.",
  relation: "none",
  reads: ["pre", "post", "lateral", "batch", "localHead", "label", "positions"],
  options: z.strictObject({
    ...classifierOptions,
    beta: z.number().min(0).max(1).default(0.99).describe("weight of similarity matching; 0 is `pred`, 1 is `sim`"),
    similarityHead: z
      .enum(["none", "linear"])
      .default("linear")
      .describe("a map of the activity before similarities, of as many outputs as inputs"),
  }),
  objective: (view, options, workspace) => {
    const { beta, similarityHead, pooling } = options;
    const terms: Tensor[] = [];
    if (beta < 1) terms.push(classifierLoss(view, options, workspace).mul(1 - beta));
    if (beta > 0) {
      const h = pooled(view, pooling);
      const mapped = similarityHead === "none" ? h : linearHead(view, "similarity", h, h.size(1));
      const wanted = similarities(workspace.target);
      terms.push(similarities(mapped).sub(wanted).square().mean().mul(beta));
    }
    return terms.reduce((sum, term) => sum.add(term));
  },
});
