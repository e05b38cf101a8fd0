/** Latent predictive learning: follow the last view, keep varying, do not covary (the erratum's corrected form). */
import { z } from "zod";
import { centred, type Tensor } from "../../graph/index.ts";
import { layerwise, offDiagonalSquares, pairedViews, pairOptions } from "../contract/index.ts";

export const lpl = layerwise({
  id: "lpl",
  aliases: ["latent-predictive-learning"],
  family: "layerwise self-supervised",
  equation:
    "dW_ij ~ 1/(M B) sum_b [ -(z_i - z'_i) + l1 alpha / (s_i^2 + epsilon) (z_i - zbar_i) - l2 beta sum_{k != i} C_ik (z_k - zbar_k) ] f'(a_i) x_j,  " +
    "the gradient of  J = 1/(2 M B) sum |z - z'|^2 - l1/(2M) sum_i log(s_i^2 + epsilon) + l2/(4 M (M - 1)) sum_{i != k} C_ik^2",
  symbols:
    "z [batch, M] the activity now and z' the one before, a constant; zbar, s^2 and C its mean, variance and covariance over the batch, unbiased, " +
    "so that alpha = B / (B - 1) and beta = B / ((B - 1)(M - 1)); averaged over comparisons",
  source: "Halvagal and Zenke 2023, eq. 1-4, with the authors' erratum for the decorrelation term",
  choices:
    "The authors' code has no factors 1/2 and 1/4: its weights 1, 1 and 10 are predictive = 2, l1 = 1, l2 = 20 here. The defaults, other than those, " +
    "are what learns the random hierarchy model from pairs of one class; in the equation only the present view learns (`symmetric=false`).",
  relation: "none",
  reads: ["pre", "post", "lateral", "batch", "pair", "positions"],
  options: z.strictObject({
    ...pairOptions,
    predictive: z.number().nonnegative().default(10).describe("weight of the predictive term"),
    hebbian: z.number().nonnegative().default(1).describe("l1, weight of the variance (Hebbian) term"),
    decorrelation: z.number().nonnegative().default(200).describe("l2, weight of the decorrelation term"),
    epsilon: z.number().positive().default(1e-4).describe("added to variances"),
    symmetric: z.boolean().default(true).describe("each view is in turn the present one"),
  }),
  objective: (view, options, workspace) => {
    const loss = (now: Tensor, before: Tensor): Tensor => {
      const [batch, units] = [now.size(1), now.size(2)];
      const unbiased = 1 / Math.max(batch - 1, 1);
      const deviations = centred(now, 1);
      const covariance = deviations.transposeLast().matmul(deviations).mul(unbiased);
      const variance = deviations.square().sum(1).mul(unbiased).add(options.epsilon);
      const pull = now
        .sub(before.stopGradient())
        .square()
        .mean()
        .mul(options.predictive / 2);
      const push = variance
        .log()
        .mean()
        .mul(-options.hebbian / 2);
      const pairs = units * Math.max(units - 1, 1);
      return pull.add(push).add(
        offDiagonalSquares(covariance)
          .mean()
          .mul(options.decorrelation / (4 * pairs)),
      );
    };
    const [now, before] = pairedViews(view, options, workspace);
    return options.symmetric ? loss(now, before).add(loss(before, now)).mul(0.5) : loss(now, before);
  },
});
