/** VICReg in every layer: two views agree, every unit varies, units do not covary. */
import { z } from "zod";
import { centred, type Tensor } from "../../graph/index.ts";
import {
  layerwise,
  offDiagonalSquares,
  pairedViews,
  pairOptions,
  project,
  projectorOptions,
} from "../contract/index.ts";

export const vicreg = layerwise({
  id: "vicreg",
  family: "layerwise self-supervised",
  equation:
    "J_l = lambda s(z, z') + mu (v(z) + v(z')) + nu (c(z) + c(z')),  s = < |z - z'|^2 > / D,  v(z) = 1/D sum_i max(0, gamma - sqrt(Var z_i + epsilon)),  c(z) = 1/D sum_{i != k} Cov(z)_ik^2",
  symbols:
    "z = g(h) [batch, D] behind the projector g; variances and covariances are unbiased (B - 1; a batch of one has none); averaged over comparisons",
  source: "Bardes, Ponce and LeCun 2022, eq. 1-6",
  choices: "s is a mean over features as in the authors' code: the paper's eq. 5 sums them.",
  relation: "none",
  reads: ["pre", "post", "lateral", "batch", "pair", "localHead", "positions"],
  options: z.strictObject({
    ...pairOptions,
    ...projectorOptions,
    invariance: z.number().nonnegative().default(25).describe("lambda, weight of the distance between views"),
    variance: z.number().nonnegative().default(25).describe("mu, weight of the hinge on standard deviations"),
    covariance: z.number().nonnegative().default(1).describe("nu, weight of squared covariances"),
    deviation: z.number().positive().default(1).describe("standard deviation below which the hinge acts (gamma)"),
    epsilon: z.number().positive().default(1e-4).describe("added to variances"),
  }),
  objective: (view, options, workspace) => {
    const [here, there] = pairedViews(view, options, workspace).map((x) => project(view, x, options)) as [
      Tensor,
      Tensor,
    ];
    const [batch, units] = [here.size(1), here.size(2)];
    const unbiased = 1 / Math.max(batch - 1, 1);
    const spread = (x: Tensor): Tensor => {
      const deviations = centred(x, 1);
      const deviation = deviations.square().sum(1).mul(unbiased).add(options.epsilon).sqrt();
      const hinge = deviation.neg().add(options.deviation).relu().mean();
      const covariance = deviations.transposeLast().matmul(deviations).mul(unbiased);
      const covariances = offDiagonalSquares(covariance)
        .mean()
        .mul(1 / units);
      return hinge.mul(options.variance).add(covariances.mul(options.covariance));
    };
    const distance = here.sub(there).square().mean().mul(options.invariance);
    return distance.add(spread(here)).add(spread(there));
  },
});
