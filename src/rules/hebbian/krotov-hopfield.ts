/**
 * Competing hidden units: the best unit learns, a runner-up unlearns.
 *
 *   Q_k = sum_i sign(w_ki) |w_ki|^(p-1) x_i
 *   g_k = 1 for the unit with the largest Q, -Delta for the one of rank k, else 0
 *   dW_k = sum g_k (x - Q_k w_k),  divided by the layer's largest absolute change
 *
 * x [batch, positions, in], Q and g [batch, positions, out]. The Lp norm of a winner's weights converges to 1.
 * Source: Krotov and Hopfield 2019; defaults of their notebook (p = 2, rank 2, Delta = 0.4).
 */
import { z } from "zod";
import type { Tensor } from "../../graph/index.ts";
import { product } from "../../networks/index.ts";
import { plasticity } from "../rule.ts";
import type { LayerView } from "../workspace.ts";
import { competitionTeacher, teacherSignal } from "./activity.ts";
import { among, homeostasisField, leaders, withHomeostasis } from "./competition.ts";
import { actingWeight, hebbianChange, distinctSignals, stepOptions, stepReads } from "./step.ts";

const options = z.strictObject({
  ...stepOptions({ reduction: "sum", normalise: "max" }),
  ...competitionTeacher,
  homeostasis: homeostasisField,
  power: z.number().min(1).default(2).describe("p; at 2 the overlap Q is the drive without bias"),
  antiHebbian: z.number().min(0).default(0.4).describe("Delta, strength of unlearning"),
  antiHebbianRank: z.int().min(2).default(2).describe("rank of the unit that unlearns; 2 is the runner-up"),
});
export type KrotovHopfieldOptions = z.output<typeof options>;

function overlap(view: LayerView, power: number): Tensor {
  const weight = actingWeight(view);
  if (power === 2) return product(view.pre, weight);
  return product(view.pre, weight.sign().mul(weight.abs().pow(power - 1)));
}

export const krotovHopfield = plasticity<KrotovHopfieldOptions>({
  id: "krotov-hopfield",
  aliases: ["kh"],
  family: "hebbian",
  equation: "dW_k = sum g_k (x - Q_k w_k) / max|.|,  g = 1 for the winner, -Delta for rank k",
  source: "Krotov and Hopfield 2019",
  relation: "none",
  reads: (settled) =>
    distinctSignals(
      ...stepReads(settled, "own"),
      "lateral",
      ...(settled.teacher === "none" ? [] : (["label"] as const)),
    ),
  options,
  change: (view, settled, workspace) => {
    const group = teacherSignal(workspace, view, settled);
    const overlaps = overlap(view, settled.power);
    const { scores, next } = withHomeostasis(view, settled.homeostasis, overlaps);
    const ranked = leaders(among(group, scores), Math.min(settled.antiHebbianRank, view.layer.outFeatures));
    const inGroup = (gate: Tensor): Tensor => (group === undefined ? gate : gate.mul(group));
    const [winner, unlearner] = [ranked[0], ranked[settled.antiHebbianRank - 1]];
    if (winner === undefined) throw new Error(`internal: layer ${view.index} has no units`);
    // A layer may have fewer units than the rank that unlearns.
    const gate = unlearner === undefined ? winner : winner.sub(unlearner.mul(settled.antiHebbian));
    return {
      ...hebbianChange(view, settled, {
        gate: inGroup(gate),
        reconstruction: { kind: "own", coefficient: overlaps },
      }),
      next: next(inGroup(winner)),
    };
  },
});
