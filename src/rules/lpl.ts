/**
 * Latent predictive learning: follow the last view, keep varying, do not covary (the erratum's corrected form).
 *
 *   dW_ij ~ 1/(M B) sum_b [ -(z_i - z'_i) + l1 alpha / (s_i^2 + epsilon) (z_i - zbar_i)
 *                           - l2 beta sum_{k != i} C_ik (z_k - zbar_k) ] f'(a_i) x_j
 *
 * z [batch, M] is the activity now and z' the one before, a constant; zbar, s^2 and C are its mean, variance and covariance
 * over the batch, unbiased, so alpha = B / (B - 1) and beta = B / ((B - 1)(M - 1)). The update is the exact gradient of
 *
 *   J = 1/(2 M B) sum |z - z'|^2 - l1/(2M) sum_i log(s_i^2 + epsilon) + l2/(4 M (M - 1)) sum_{i != k} C_ik^2
 *
 * and J is averaged over positions. The authors' code has no factors 1/2 and 1/4: its weights 1, 1 and 10 are predictive = 1,
 * l1 = 1, l2 = 20 here. The defaults, other than those, are what learns the random hierarchy model; in the equation only the present view
 * learns (`symmetric=false`).
 * Source: Halvagal and Zenke 2023, eq. 1-4, with the authors' erratum for the decorrelation term.
 */
import { z } from "zod";
import type { Tensor } from "../graph/index.ts";
import { layerwise } from "./layerwise.ts";
import { offDiagonalSquares, pairedViews, pairOptions } from "./pairs.ts";
import type { LayerView } from "./workspace.ts";

const options = z.strictObject({
  ...pairOptions,
  predictive: z.number().nonnegative().default(10).describe("weight of the predictive term"),
  hebbian: z.number().nonnegative().default(1).describe("l1, weight of the variance (Hebbian) term"),
  decorrelation: z.number().nonnegative().default(200).describe("l2, weight of the decorrelation term"),
  epsilon: z.number().positive().default(1e-4).describe("added to variances"),
  symmetric: z.boolean().default(true).describe("each view is in turn the present one"),
});
export type LplOptions = z.output<typeof options>;

function objective(view: LayerView, chosen: LplOptions): Tensor | undefined {
  const views = pairedViews(view, chosen);
  if (views === undefined) return undefined;
  const loss = (now: Tensor, before: Tensor): Tensor => {
    const [batch, units] = [now.size(1), now.size(2)];
    const unbiased = 1 / Math.max(batch - 1, 1);
    const centred = now.sub(now.mean(1).expand(1));
    const covariance = centred.transposeLast().matmul(centred).mul(unbiased);
    const variance = centred.square().sum(1).mul(unbiased).add(chosen.epsilon);
    const pull = now
      .sub(before.stopGradient())
      .square()
      .mean()
      .mul(chosen.predictive / 2);
    const push = variance
      .log()
      .mean()
      .mul(-chosen.hebbian / 2);
    const pairs = units * Math.max(units - 1, 1);
    return pull.add(push).add(
      offDiagonalSquares(covariance)
        .mean()
        .mul(chosen.decorrelation / (4 * pairs)),
    );
  };
  const [now, before] = views;
  return chosen.symmetric ? loss(now, before).add(loss(before, now)).mul(0.5) : loss(now, before);
}

/** Latent predictive learning per layer (Halvagal and Zenke 2023, erratum). */
export const lpl = layerwise<LplOptions>({
  id: "lpl",
  aliases: ["latent-predictive-learning"],
  family: "layerwise self-supervised",
  equation:
    "dW_ij ~ < [ -(z_i - z'_i) + l1 alpha (z_i - zbar_i) / s_i^2 - l2 beta sum_{k != i} C_ik (z_k - zbar_k) ] f'(a_i) x_j >",
  source: "Halvagal and Zenke 2023, with the authors' erratum",
  relation: "none",
  reads: ({ decorrelation }) => [
    "pre",
    "post",
    "preactivation",
    ...(decorrelation > 0 ? (["lateral"] as const) : []),
    "batch",
    "pair",
  ],
  options,
  objective,
});
