/** Greedy InfoMax: every layer is a module with its own contrastive predictive coding, against a few sampled negatives. */
import { z } from "zod";
import { partnerCrossEntropy, range } from "../../graph/index.ts";
import { layerwise, pairedViews, pairOptions, shiftedIdentity, throughHead } from "../contract/index.ts";

export const greedyInfomax = layerwise({
  id: "greedy-infomax",
  aliases: ["gim"],
  family: "layerwise self-supervised",
  equation:
    "J_l = - < log( f_k+ / (f_k+ + sum_n f_k-) ) >,  f_k(z_{t+k}, z'_t) = exp(z_{t+k} . W_k z'_t),  mean over k",
  symbols:
    "z' the second view at position t (context), z the first view k positions on, k = 0 .. steps; the negatives are the first views of N other " +
    "examples at that position: the next N of the (shuffled) batch, all others when it is smaller",
  source: "Loewe, O'Connor and Veeling 2019, eq. 2-3 (N = 16, k up to 5 in their code for vision)",
  choices: "Here k = 0 is the pair itself.",
  relation: "none",
  reads: ["pre", "post", "lateral", "batch", "pair", "localHead", "positions"],
  options: z.strictObject({
    ...pairOptions,
    negatives: z.int().positive().default(16).describe("other examples to tell the partner from"),
    steps: z
      .int()
      .nonnegative()
      .default(0)
      .describe("also predict 1 .. steps positions further on, each with its own W_k; needs positions=each"),
  }),
  objective: (view, { negatives, steps, ...options }, workspace) => {
    const [here, there] = pairedViews(view, options, workspace);
    const [comparisons, batch, size] = [here.size(0), here.size(1), here.size(2)];
    const partner = shiftedIdentity(batch);
    const candidates = range(Math.min(negatives, batch - 1)).reduce(
      (sum, n) => sum.add(shiftedIdentity(batch, n + 1)),
      partner,
    );
    const losses = range(Math.min(steps, comparisons - 1) + 1).map((k) => {
      const earlier = there.narrow(0, 0, comparisons - k);
      const predicted = throughHead(view, `predictor${k}`, earlier, size, { kind: "identity" });
      const scores = predicted.matmul(here.narrow(0, k, comparisons).transposeLast());
      return partnerCrossEntropy(scores, partner, candidates);
    });
    return losses.reduce((sum, loss) => sum.add(loss)).mul(1 / losses.length);
  },
});
