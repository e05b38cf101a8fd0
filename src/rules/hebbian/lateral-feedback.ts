/**
 * Lateral feedback: a unit that wins shares its win with its neighbours on a two-dimensional map, or takes it from them.
 *
 *   z'_k = clip( sum_j K(d_jk) z_j, -1, 1 )
 *   gaussian                     K(d) = e^{-d^2 / 2 sigma^2}
 *   exponential                  K(d) = e^{-d / sigma}
 *   difference-of-gaussians      K(d) = 2 G(d) - sqrt(G(d)), G the Gaussian: near units share, far ones unlearn (a Mexican hat)
 *   difference-of-exponentials   the same of the exponential
 *
 * z [.., samples, out] is the outcome of the competition, d the distance on the map, the larger of the row and column
 * steps. Units fill rows of the squarest map, in order; the last row may be short. sigma shrinks from its first value to
 * 1 in `lateralShrink` steps, by one factor a step, and goes on shrinking.
 * Source: kernels, distance, clip and shrinking as in the reference code HebbianLearning (Lagani et al. 2022), whose kernel
 * reaches the map's radius only; here it has no edge.
 */
import { z } from "zod";
import { constant, full, range, type Tensor } from "../../graph/index.ts";
import type { LayerView, NextValue } from "../contract/index.ts";

export const lateralFields = {
  lateral: z
    .enum(["none", "gaussian", "exponential", "difference-of-gaussians", "difference-of-exponentials"])
    .default("none")
    .describe("how a win spreads to neighbours on a map of the units; a difference makes far units unlearn"),
  lateralWidth: z
    .number()
    .min(0)
    .default(0)
    .describe("sigma at the start, in steps of the map; 0: the radius of the map, at least 1"),
  lateralShrink: z
    .int()
    .min(0)
    .default(1000)
    .describe("steps in which sigma shrinks to 1, by one factor a step; 0 keeps it"),
};
export type LateralOptions = z.output<z.ZodObject<typeof lateralFields>>;

/** Narrower than this a unit of the map shares nothing with the next one: e^{-1 / 0.02} in the flattest kernel. */
const narrowest = 0.02;

/** Columns of the map of `units` units. */
function columnsOf(units: number): number {
  return Math.ceil(Math.sqrt(units));
}

/** d [out, out]: the larger of the row and column steps between two units of the map. */
function distances(units: number): Tensor {
  const columns = columnsOf(units);
  const steps = (placeOf: (unit: number) => number): Tensor => {
    const place = constant(range(units).map(placeOf), [1, units]);
    return place.reshape([units, 1]).sub(place).abs();
  };
  return steps((unit) => Math.floor(unit / columns)).maximum(steps((unit) => unit % columns));
}

/** K [out, out] of the units of a layer. */
function kernel(units: number, kind: Exclude<LateralOptions["lateral"], "none">, sigma: Tensor): Tensor {
  const steps = distances(units).div(sigma);
  // -log of the bump; half of it is that of the bump's square root.
  const [gaussian, exponential] = [steps.square().mul(0.5), steps];
  const bump = (depth: Tensor): Tensor => depth.neg().exp();
  const difference = (depth: Tensor): Tensor =>
    bump(depth)
      .mul(2)
      .sub(bump(depth.mul(0.5)));
  switch (kind) {
    case "gaussian":
      return bump(gaussian);
    case "exponential":
      return bump(exponential);
    case "difference-of-gaussians":
      return difference(gaussian);
    case "difference-of-exponentials":
      return difference(exponential);
    default:
      return kind satisfies never;
  }
}

/**
 * The outcome of a competition spread over the map, and the next sigma (state `lateralWidth`) where it shrinks. z' may be negative:
 * a step with it is g (x - sign(g) w).
 */
export function spread(
  view: LayerView,
  { lateral, lateralWidth, lateralShrink }: LateralOptions,
  outcome: Tensor,
): { readonly outcome: Tensor; readonly next: readonly NextValue[] } {
  if (lateral === "none") return { outcome, next: [] };
  const { units } = view;
  const start = lateralWidth > 0 ? lateralWidth : Math.max(1, Math.floor((columnsOf(units) - 1) / 2));
  const sigma = lateralShrink > 0 ? view.state("lateralWidth", [], start) : undefined;
  const shared = outcome
    .matmul(kernel(units, lateral, sigma?.now ?? full(start, [])))
    .maximum(-1)
    .minimum(1);
  const next = sigma?.becomes(sigma.now.mul(start ** (-1 / lateralShrink)).maximum(narrowest));
  return { outcome: shared, next: next === undefined ? [] : [next] };
}
