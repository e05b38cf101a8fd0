/**
 * Foldiak's network: Hebbian forward weights, anti-Hebbian lateral weights, and thresholds that hold every unit's rate.
 *
 *   dy/dt = f(u + V y - t) - y,  f(a) = 1 / (1 + e^(-lambda a)),   y* = 1 where the settled y > 1/2, else 0
 *   dW_k  = < y*_k (x - w_k) >
 *   dV_jk = -alpha < y*_j y*_k - p^2 >,  V_jk <= 0,  V_kk = 0
 *   dt_k  = gamma < y*_k - p >
 *
 * x [batch, positions, in], u (the drive) and y [batch, positions, out], V [out, out] and t [1, out] ([positions, ...] without
 * weight sharing). y is settled for learning only: what the layer passes on stays its own activity f(u).
 * Source: Foldiak 1990, and the rates of its simulations. Choices where the source leaves them open: y settles
 * from 0 by `settleSteps` Euler steps of `settleRate`; all rates act on batch means.
 */
import { z } from "zod";
import { constant, full, range, type Tensor } from "../../graph/index.ts";
import { product } from "../../networks/index.ts";
import { plasticity } from "../rule.ts";
import type { LayerView } from "../workspace.ts";
import { batchMean } from "./competition.ts";
import { hebbianChange, distinctSignals, stepOptions, stepReads } from "./step.ts";

const options = z.strictObject({
  ...stepOptions(),
  targetRate: z.number().positive().max(1).default(0.125).describe("p, the fraction of samples a unit should answer"),
  lateralRate: z.number().min(0).default(0.1).describe("alpha, rate of the lateral weights per step"),
  thresholdRate: z.number().min(0).default(0.02).describe("gamma, rate of the thresholds per step"),
  slope: z.number().positive().default(10).describe("lambda, steepness of a unit"),
  settleSteps: z.int().positive().default(10).describe("steps in which the lateral interaction settles"),
  settleRate: z.number().positive().max(1).default(0.3).describe("size of such a step"),
  binary: z.boolean().default(true).describe("settled activity is thresholded at 1/2 before learning"),
});
export type FoldiakOptions = z.output<typeof options>;

function settle(drive: Tensor, lateral: Tensor, { slope, settleSteps, settleRate }: FoldiakOptions): Tensor {
  let y = full(0, drive.shape);
  for (let step = 0; step < settleSteps; step++) {
    const wanted = drive.add(product(y, lateral)).mul(slope).sigmoid();
    y = y.add(wanted.sub(y).mul(settleRate));
  }
  return y;
}

/** -alpha (<y_j y_k> - p^2) added to the lateral weights, which stay symmetric, at most 0, and 0 on the diagonal. */
function nextLateral({ layer }: LayerView, lateral: Tensor, y: Tensor, { lateralRate, targetRate }: FoldiakOptions) {
  const { shared, positions, outFeatures } = layer;
  const rows = shared ? y.size(0) * positions : y.size(0);
  const grouped = shared ? y.reshape([rows, outFeatures]) : y.transpose([1, 0, 2]);
  const together = grouped
    .transposeLast()
    .matmul(grouped)
    .mul(1 / rows);
  const others = constant(
    range(outFeatures).flatMap((j) => range(outFeatures).map((k) => (j === k ? 0 : 1))),
    [outFeatures, outFeatures],
  );
  return lateral
    .sub(together.sub(targetRate ** 2).mul(lateralRate))
    .minimum(0)
    .mul(others);
}

export const foldiak = plasticity<FoldiakOptions>({
  id: "foldiak",
  family: "hebbian",
  equation: "dW_k = < y_k (x - w_k) >,  dV_jk = -alpha < y_j y_k - p^2 >,  dt_k = gamma < y_k - p >",
  source: "Foldiak 1990",
  relation: "none",
  reads: (settled) => distinctSignals(...stepReads(settled, "own"), "preactivation", "lateral"),
  options,
  change: (view, settled) => {
    const { shared, positions, outFeatures } = view.layer;
    const start = { kind: "constant", value: 0 } as const;
    const units = [outFeatures, outFeatures];
    const lateral = view.state("lateral", shared ? units : [positions, ...units], start);
    const threshold = view.state("threshold", [shared ? 1 : positions, outFeatures], start);
    const analogue = settle(view.preactivation.sub(threshold), lateral, settled);
    const y = settled.binary ? analogue.greater(0.5).where(1, 0) : analogue;
    return {
      ...hebbianChange(view, settled, { gate: y, reconstruction: { kind: "own", coefficient: 1 } }),
      next: {
        lateral: nextLateral(view, lateral, y, settled),
        threshold: threshold.add(batchMean(view, y).sub(settled.targetRate).mul(settled.thresholdRate)),
      },
    };
  },
});
