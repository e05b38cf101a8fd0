/**
 * Foldiak's network: Hebbian forward weights, anti-Hebbian lateral weights, and thresholds that hold every unit's rate. y is settled
 * for learning only: what the layer passes on stays its own activity f(u).
 */
import { z } from "zod";
import { full, type Tensor } from "../../graph/index.ts";
import { shiftedIdentity } from "../contract/index.ts";
import { hebbian, hebbianOptions } from "./hebbian.ts";

const options = z.strictObject({
  ...hebbianOptions(),
  targetRate: z.number().positive().max(1).default(0.125).describe("p, the fraction of samples a unit should answer"),
  lateralRate: z.number().min(0).default(0.1).describe("alpha, rate of the lateral weights per step"),
  thresholdRate: z.number().min(0).default(0.02).describe("gamma, rate of the thresholds per step"),
  slope: z.number().positive().default(10).describe("lambda, steepness of a unit"),
  settleSteps: z.int().positive().default(10).describe("steps in which the lateral interaction settles"),
  settleRate: z.number().positive().max(1).default(0.3).describe("size of such a step"),
  binary: z.boolean().default(true).describe("settled activity is thresholded at 1/2 before learning"),
});
export type FoldiakOptions = z.output<typeof options>;

/** Steps of dy/dt = f(u + V y - t) - y. */
function settle(drive: Tensor, lateral: Tensor, { slope, settleSteps, settleRate }: FoldiakOptions): Tensor {
  let y = full(0, drive.shape);
  for (let step = 0; step < settleSteps; step++) {
    const wanted = drive.add(y.matmul(lateral)).mul(slope).sigmoid();
    y = y.add(wanted.sub(y).mul(settleRate));
  }
  return y;
}

/** 0 where a unit would meet itself. */
function others(units: number): Tensor {
  return shiftedIdentity(units).oneMinus();
}

export const foldiak = hebbian({
  id: "foldiak",
  equation:
    "dW_k = < y*_k (x - w_k) >,  dV_jk = -alpha < y*_j y*_k - p^2 >,  dt_k = gamma < y*_k - p >,  dy/dt = f(u + V y - t) - y",
  symbols:
    "x the input, u the drive, y the settled activity and y* = 1 where y > 1/2, else 0; f(a) = 1 / (1 + e^(-lambda a)); V <= 0 the lateral " +
    "weights, V_kk = 0; t the thresholds; < > the mean over samples",
  source: "Foldiak 1990, and the rates of its simulations",
  choices: "y settles from 0 by `settleSteps` Euler steps of `settleRate`; all rates act on batch means.",
  reads: ["pre", "preactivation", "weight", "lateral", "batch", "memory", "positions"],
  options,
  activity: (view, chosen) => {
    const { outer, mean, units } = view;
    const V = view.state("lateral", "between units", 0);
    const t = view.perUnit("threshold", 0);
    const analogue = settle(view.preactivation.sub(t.now), V.now, chosen);
    const y = chosen.binary ? analogue.greater(0.5).where(1, 0) : analogue;
    const together = outer(y, y).sub(chosen.targetRate ** 2);
    return {
      post: y,
      next: [
        V.becomes(V.now.sub(together.mul(chosen.lateralRate)).minimum(0).mul(others(units))),
        t.becomes(t.now.add(mean(y).sub(chosen.targetRate).mul(chosen.thresholdRate))),
      ],
    };
  },
  change: ({ pre: x, post: y, weight: W, outer, mean }) => outer(x, y).sub(W.mul(mean(y))),
});
