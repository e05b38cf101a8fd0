/**
 * Greedy InfoMax: every layer is a module with its own contrastive predictive coding, against a few sampled negatives.
 *
 *   f_k(z_{t+k}, z'_t) = exp(z_{t+k} . W_k z'_t),   J = - < log( f_k+ / (f_k+ + sum_n f_k-) ) >,   mean over k
 *
 * z' is the second view at position t (context), z the first view k positions on, k = 0 .. steps; the negatives are the first
 * views of N other samples at that position: the next N of the (shuffled) batch, all others when it is smaller.
 * Source: Loewe, O'Connor and Veeling 2019, eq. 2-3 (N = 16, k up to 5 in their code for vision). Here k = 0 is the pair itself.
 */
import { z } from "zod";
import type { Tensor } from "../graph/index.ts";
import { range } from "../graph/index.ts";
import { layerwise } from "./layerwise.ts";
import { pairedViews, pairOptions, shiftedIdentity, throughHead, twoViewSignals } from "./pairs.ts";
import type { LayerView } from "./workspace.ts";

const options = z.strictObject({
  ...pairOptions,
  negatives: z.int().positive().default(16).describe("other samples to tell the partner from"),
  steps: z
    .int()
    .nonnegative()
    .default(0)
    .describe("also predict 1 .. steps positions further on, each with its own W_k; needs positions=each"),
});
export type GreedyInfomaxOptions = z.output<typeof options>;

/** A score no softmax gives weight to. */
const excluded = -1e9;

function objective(view: LayerView, { negatives, steps, ...chosen }: GreedyInfomaxOptions): Tensor | undefined {
  const views = pairedViews(view, chosen);
  if (views === undefined) return undefined;
  const [here, there] = views;
  const [positions, batch, size] = [here.size(0), here.size(1), here.size(2)];
  const partner = shiftedIdentity(batch);
  const candidates = range(Math.min(negatives, batch - 1)).reduce(
    (sum, n) => sum.add(shiftedIdentity(batch, n + 1)),
    partner,
  );
  const losses = range(Math.min(steps, positions - 1) + 1).map((k) => {
    const predicted = throughHead(view, `predictor${k}`, there.narrow(0, 0, positions - k), size, { kind: "identity" });
    const scores = predicted.matmul(here.narrow(0, k, positions).transposeLast());
    const chances = candidates.greater(0.5).where(scores, excluded).logSoftmax(-1);
    return chances.mul(partner).sum([-1]).mean().neg();
  });
  return losses.reduce((sum, loss) => sum.add(loss)).mul(1 / losses.length);
}

/** Contrastive predictive coding per layer with sampled negatives (Loewe et al. 2019). */
export const greedyInfomax = layerwise<GreedyInfomaxOptions>({
  id: "greedy-infomax",
  aliases: ["gim"],
  family: "layerwise self-supervised",
  equation: "J_l = - < log( f_k+ / (f_k+ + sum_n f_k-) ) >,  f_k = exp(z_{t+k} . W_k z'_t)",
  source: "Loewe, O'Connor and Veeling 2019, eq. 2-3",
  relation: "none",
  reads: [...twoViewSignals(true)],
  options,
  objective,
});
