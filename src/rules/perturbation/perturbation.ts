/**
 * What perturbation rules share: how the noise is drawn, and what the loss under it is compared with.
 *
 *   L~ - L = L(+ sigma xi) - L,   or antithetic: (L(+ sigma xi) - L(- sigma xi)) / 2
 *
 * A draw takes one further pass, antithetic two; drawing for one layer at a time multiplies that by the number of layers, for
 * one weight or unit at a time by their number (one-by-one.ts). The three scopes are the global, layer and local perturbation of
 * Baldi and Sadowski 2016.
 */
import { z } from "zod";
import type { Tensor } from "../../graph/index.ts";

/** Options of every perturbation rule: spread them into its strict zod object. */
export const perturbationOptions = {
  distribution: z.enum(["normal", "sign"]).default("normal").describe("of xi: standard normal, or -1 and 1"),
  draws: z.int().positive().default(1).describe("k, perturbations per step, whose updates are averaged"),
  antithetic: z.boolean().default(false).describe("compare with the opposite perturbation, not with none"),
  scope: z
    .enum(["network", "layer", "local"])
    .default("network")
    .describe(
      "perturb all layers at once, or one layer at a time with a loss of its own for each, or every weight (unit) alone with its own loss",
    ),
};
export interface PerturbationOptions {
  readonly distribution: "normal" | "sign";
  readonly draws: number;
  readonly antithetic: boolean;
  readonly scope: "network" | "layer" | "local";
}

/** The sign with which noise enters; 0 for none. */
export type Side = 1 | 0 | -1;

/** The layers that share a perturbation: all, or each by itself. */
export function perturbedTogether<T>(layers: readonly T[], { scope }: PerturbationOptions): readonly (readonly T[])[] {
  return scope === "network" ? [layers] : layers.map((layer) => [layer]);
}

/** How far `of` moves: from no perturbation to the positive one, or half the way from the negative to the positive. */
export function moved(of: (side: Side) => Tensor, { antithetic }: Pick<PerturbationOptions, "antithetic">): Tensor {
  return antithetic ? of(1).sub(of(-1)).mul(0.5) : of(1).sub(of(0));
}

/**
 * The slope of a loss along noise of size `sigma`: what everything that was shaken by it is credited with, times its own noise xi. To first
 * order in sigma it is the gradient times xi.
 */
export function slopeAlong(
  loss: (side: Side) => Tensor,
  options: Pick<PerturbationOptions, "antithetic"> & { readonly sigma: number },
): Tensor {
  return moved(loss, options).mul(1 / options.sigma);
}

/** Sum of tensors of one shape. */
export function total(terms: readonly Tensor[]): Tensor {
  return terms.reduce((sum, term) => sum.add(term));
}
