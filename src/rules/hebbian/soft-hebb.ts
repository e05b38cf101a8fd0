/**
 * SoftHebb: soft competition in which losers unlearn, with Oja's normalisation.
 *
 *   z = softmax_k(t u_k),   y_k = z_k for the unit of the largest share, -z_k for the others
 *   dW_k = sum y_k (x - u_k w_k),  divided by the layer's largest absolute change, times | ||w_k|| - 1 |^(1/2)
 *
 * x [batch, positions, in], u (the drive), z and y [batch, positions, out]; t is an inverse temperature. Weights converge to
 * unit norm, and slow down as they near it. The source begins with norms near 25, we with those of the network.
 *
 * With a prior, z = softmax_k(t u_k + B_k): B starts at log(1 / K) for K units and follows the log of how often a unit answers,
 *
 *   B_k' = B_k + rate (< z_k > - e^{B_k}) / e^{B_k}
 *
 * which rests where e^{B_k} = < z_k >. B is t times the public code's bias b. Choices: B takes part in the competition, not in u
 * (the code's Oja term has u + b), and its change is not divided by its largest value, as the code does.
 * Sources: Moraitis et al. 2022 (one layer, losers learn too: `antiHebbian=false`); Journe et al. 2023 and their public code.
 */
import { z } from "zod";
import type { Tensor } from "../../graph/index.ts";
import { plasticity } from "../rule.ts";
import type { LayerView } from "../workspace.ts";
import { competitionTeacher, teacherSignal } from "./activity.ts";
import { among, batchMean, homeostasisField, leaders, withHomeostasis } from "./competition.ts";
import { hebbianChange, distinctSignals, stepOptions, stepReads } from "./step.ts";

const options = z.strictObject({
  ...stepOptions({ reduction: "sum", normalise: "max", normRate: 0.5 }),
  ...competitionTeacher,
  homeostasis: homeostasisField,
  inverseTemperature: z.number().positive().default(1).describe("t; large: the best unit takes nearly all"),
  priorRate: z
    .number()
    .min(0)
    .default(0)
    .describe("rate at which the log prior of a unit follows its mean share; 0: all units are equally likely"),
  antiHebbian: z.boolean().default(true).describe("units that do not win unlearn, in proportion to their share"),
});
export type SoftHebbOptions = z.output<typeof options>;

/** The log prior B, [1 or positions, out], and its next value given the shares z; nothing where the rate is 0. */
function logPrior(view: LayerView, rate: number) {
  if (rate === 0) return undefined;
  const { shared, positions, outFeatures } = view.layer;
  const start = { kind: "constant", value: -Math.log(outFeatures) } as const;
  const prior = view.state("logPrior", [shared ? 1 : positions, outFeatures], start);
  const next = (shares: Tensor): Tensor => prior.add(batchMean(view, shares).div(prior.exp()).sub(1).mul(rate));
  return { prior, next };
}

export const softHebb = plasticity<SoftHebbOptions>({
  id: "soft-hebb",
  aliases: ["softhebb"],
  family: "hebbian",
  equation: "dW_k = sum y_k (x - u_k w_k) / max|.| * | ||w_k|| - 1 |^0.5,  y = +-softmax(t u)",
  source: "Moraitis et al. 2022; Journe, Garcia Rodriguez, Guo and Moraitis 2023; public code SoftHebb",
  relation: "none",
  reads: (settled) =>
    distinctSignals(
      "preactivation",
      ...stepReads(settled, "own"),
      "lateral",
      ...(settled.teacher === "none" ? [] : (["label"] as const)),
    ),
  options,
  change: (view, settled, workspace) => {
    const group = teacherSignal(workspace, view, settled);
    const drive = view.preactivation;
    const { scores, next } = withHomeostasis(view, settled.homeostasis, drive);
    const belief = logPrior(view, settled.priorRate);
    const evidence = scores.mul(settled.inverseTemperature);
    const competing = among(group, belief === undefined ? evidence : evidence.add(belief.prior));
    const all = competing.softmax(-1);
    const share = group === undefined ? all : all.mul(group);
    const [winner] = leaders(competing, 1);
    if (winner === undefined) throw new Error(`internal: layer ${view.index} has no units`);
    const gate = settled.antiHebbian ? share.mul(winner.mul(2).sub(1)) : share;
    return {
      ...hebbianChange(view, settled, { gate, reconstruction: { kind: "own", coefficient: drive } }),
      next: { ...next(share), ...(belief === undefined ? {} : { logPrior: belief.next(share) }) },
    };
  },
});
