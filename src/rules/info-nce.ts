/**
 * Layer-local InfoNCE: each layer learns to tell its own pair among the pairs of the batch.
 *
 *   s_bc = z_b . P z'_c / tau,   J = - < log softmax_c(s_bc) at c = b >
 *
 * z and z' [batch, features] are the two views at one position; the other samples of the batch at the same position are
 * the negatives. The layer below is detached, so nothing but the layer's own parameters and its predictor P learns.
 * Source: van den Oord, Li and Vinyals 2018, eq. 4; per layer as in Loewe, O'Connor and Veeling 2019.
 */
import { z } from "zod";
import { normalise, type Tensor } from "../graph/index.ts";
import { layerwise } from "./layerwise.ts";
import { pairedViews, pairOptions, shiftedIdentity, throughHead } from "./pairs.ts";
import type { LayerView } from "./workspace.ts";

const options = z.strictObject({
  ...pairOptions,
  predictor: z
    .boolean()
    .default(true)
    .describe("a linear map of the second view before comparison, trained with the layer"),
  temperature: z.number().positive().default(1).describe("tau, the scale of similarities"),
  similarity: z.enum(["cosine", "dot"]).default("dot"),
  symmetric: z.boolean().default(false).describe("also find the first view from the second"),
});
export type InfoNceOptions = z.output<typeof options>;

/** Mean cross-entropy of finding each row's partner: scores [positions, batch, batch], partners on the diagonal. */
function findPartner(scores: Tensor): Tensor {
  return scores
    .logSoftmax(-1)
    .mul(shiftedIdentity(scores.size(-1)))
    .sum([-1])
    .mean()
    .neg();
}

function objective(view: LayerView, chosen: InfoNceOptions): Tensor | undefined {
  const views = pairedViews(view, chosen);
  if (views === undefined) return undefined;
  const [here, there] = views;
  const scale = (x: Tensor): Tensor => (chosen.similarity === "cosine" ? normalise(x, -1) : x);
  const predicted = chosen.predictor
    ? throughHead(view, "predictor", there, there.size(-1), { kind: "identity" })
    : there;
  const scores = scale(here)
    .matmul(scale(predicted).transposeLast())
    .mul(1 / chosen.temperature);
  return chosen.symmetric ? findPartner(scores).add(findPartner(scores.transposeLast())).mul(0.5) : findPartner(scores);
}

export const infoNce = layerwise<InfoNceOptions>({
  id: "info-nce",
  aliases: ["infonce", "cpc"],
  family: "layerwise self-supervised",
  equation: "J_l = - < log softmax_c(z_b . P z'_c / tau) [c = b] >",
  source: "van den Oord, Li and Vinyals 2018, eq. 4; Loewe, O'Connor and Veeling 2019",
  relation: "none",
  reads: ({ predictor }) => [
    "pre",
    "post",
    "preactivation",
    "lateral",
    "batch",
    "pair",
    ...(predictor ? (["localHead"] as const) : []),
  ],
  options,
  objective,
});
