/** Barlow Twins in every layer: the cross-correlation of two views becomes the identity. */
import { z } from "zod";
import { centred, type Tensor, variance } from "../../graph/index.ts";
import {
  layerwise,
  offDiagonalSquares,
  pairedViews,
  pairOptions,
  project,
  projectorOptions,
  shiftedIdentity,
} from "../contract/index.ts";

/** x [comparisons, batch, features] with mean 0 and variance 1 over the batch. */
function standardise(x: Tensor, epsilon: number): Tensor {
  return centred(x, 1).div(variance(x, 1).add(epsilon).sqrt().expand(1));
}

export const barlowTwins = layerwise({
  id: "barlow-twins",
  aliases: ["barlow"],
  family: "layerwise self-supervised",
  equation: "J_l = sum_i (1 - C_ii)^2 + lambda sum_{i != j} C_ij^2,  C_ij = < zhat_i zhat'_j >",
  symbols:
    "zhat is z standardised over the batch, unit by unit (population variance + epsilon); z = g(h) [batch, features] behind the projector g; averaged over comparisons",
  source: "Zbontar et al. 2021, eq. 1; per block as in Siddiqui et al. 2024, whose projector is three layers of 8192",
  choices:
    "lambda is 0.0051 in the paper; about one over the number of features keeps both terms of one size, which small layers need.",
  relation: "none",
  reads: ["pre", "post", "lateral", "batch", "pair", "localHead", "positions"],
  options: z.strictObject({
    ...pairOptions,
    ...projectorOptions,
    offDiagonal: z
      .number()
      .nonnegative()
      .default(0.03)
      .describe("lambda, the weight of redundancy against invariance; 0.0051 in the paper"),
    scale: z.number().positive().default(1).describe("factor on the whole loss; 0.024 in the paper's code"),
    epsilon: z.number().positive().default(1e-5).describe("added to variances"),
  }),
  objective: (view, options, workspace) => {
    const [here, there] = pairedViews(view, options, workspace).map((x) =>
      standardise(project(view, x, options), options.epsilon),
    ) as [Tensor, Tensor];
    const C = here
      .transposeLast()
      .matmul(there)
      .mul(1 / here.size(1));
    const diagonal = shiftedIdentity(C.size(-1));
    const invariance = C.mul(diagonal).sub(diagonal).square().sum([1, 2]);
    return invariance.add(offDiagonalSquares(C).mul(options.offDiagonal)).mean().mul(options.scale);
  },
});
