/** Layer-local InfoNCE: each layer learns to tell its own pair among the pairs of the batch. */
import { z } from "zod";
import { normalise, partnerCrossEntropy, type Tensor } from "../../graph/index.ts";
import { layerwise, pairedViews, pairOptions, shiftedIdentity, throughHead } from "../contract/index.ts";

export const infoNce = layerwise({
  id: "info-nce",
  aliases: ["infonce", "cpc"],
  family: "layerwise self-supervised",
  equation: "J_l = - < log softmax_c(s_bc) at c = b >,  s_bc = z_b . P z'_c / tau",
  symbols:
    "z and z' [batch, features] the two views; the other examples of the batch are the negatives; P the layer's own predictor; < > the mean over the batch",
  source: "van den Oord, Li and Vinyals 2018, eq. 4; per layer as in Loewe, O'Connor and Veeling 2019",
  relation: "none",
  reads: ["pre", "post", "lateral", "batch", "pair", "localHead", "positions"],
  options: z.strictObject({
    ...pairOptions,
    predictor: z
      .boolean()
      .default(true)
      .describe("a linear map of the second view before comparison, trained with the layer"),
    temperature: z.number().positive().default(1).describe("tau, the scale of similarities"),
    similarity: z.enum(["cosine", "dot"]).default("dot"),
    symmetric: z.boolean().default(false).describe("also find the first view from the second"),
  }),
  objective: (view, options, workspace) => {
    const [here, there] = pairedViews(view, options, workspace);
    const scale = (x: Tensor): Tensor => (options.similarity === "cosine" ? normalise(x) : x);
    const predicted = options.predictor
      ? throughHead(view, "predictor", there, there.size(-1), { kind: "identity" })
      : there;
    const scores = scale(here)
      .matmul(scale(predicted).transposeLast())
      .mul(1 / options.temperature);
    const partners = shiftedIdentity(scores.size(-1));
    const find = (s: Tensor): Tensor => partnerCrossEntropy(s, partners);
    return options.symmetric ? find(scores).add(find(scores.transposeLast())).mul(0.5) : find(scores);
  },
});
