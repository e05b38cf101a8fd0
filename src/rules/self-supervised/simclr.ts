/** SimCLR's loss in every layer: NT-Xent over the 2B views of a batch. */
import { z } from "zod";
import { concat, normalise, partnerCrossEntropy } from "../../graph/index.ts";
import { layerwise, pairedViews, pairOptions, project, projectorOptions, shiftedIdentity } from "../contract/index.ts";

export const simclr = layerwise({
  id: "simclr",
  aliases: ["nt-xent"],
  family: "layerwise self-supervised",
  equation: "J_l = - 1/(2B) sum_i log( exp s_ip(i) / sum_{k != i} exp s_ik ),  s_ij = cos(z_i, z_j) / tau",
  symbols: "z = g(h) [2B, features] both views of the batch behind the projector g; p(i) the other view of i",
  source: "Chen, Kornblith, Norouzi and Hinton 2020, eq. 1; per layer as in Siddiqui et al. 2024",
  choices: "The paper uses an MLP projector and tunes tau per data set.",
  relation: "none",
  reads: ["pre", "post", "lateral", "batch", "pair", "localHead", "positions"],
  options: z.strictObject({
    ...pairOptions,
    ...projectorOptions,
    temperature: z.number().positive().default(0.5).describe("tau, the scale of similarities"),
  }),
  objective: (view, options, workspace) => {
    const views = pairedViews(view, options, workspace);
    const size = 2 * views[0].size(1);
    const z = normalise(project(view, concat(views, 1), options));
    const scores = z.matmul(z.transposeLast()).mul(1 / options.temperature);
    return partnerCrossEntropy(scores, shiftedIdentity(size, size / 2), shiftedIdentity(size).oneMinus());
  },
});
