/** Competing hidden units: the best unit learns, a runner-up unlearns. The Lp norm of a winner's weights converges to 1. */
import { z } from "zod";
import type { Tensor } from "../../graph/index.ts";
import type { LayerView } from "../contract/index.ts";
import { competitionTeacher, teacherSignal } from "./activity.ts";
import { among, homeostasisField, leaders, withHomeostasis } from "./competition.ts";
import { hebbian, hebbianOptions } from "./hebbian.ts";

/** Q */
function overlap({ pre: x, weight: W }: LayerView, power: number): Tensor {
  return x.matmul(power === 2 ? W : W.sign().mul(W.abs().pow(power - 1)));
}

export const krotovHopfield = hebbian({
  id: "krotov-hopfield",
  aliases: ["kh"],
  equation:
    "dW_k = sum g_k (x - Q_k w_k) / max |.|,  Q_k = sum_i sign(w_ki) |w_ki|^(p-1) x_i,  g_k = 1 for the unit with the largest Q, -Delta for the one of rank k, else 0",
  symbols: "x the input, w_k the weights of unit k; the sum over samples; max |.| the layer's largest absolute change",
  source: "Krotov and Hopfield 2019; defaults of their notebook (p = 2, rank 2, Delta = 0.4)",
  reads: ["pre", "preactivation", "weight", "lateral", "batch", "otherInput", "positions"],
  options: z.strictObject({
    ...hebbianOptions({ reduction: "sum", normalise: "max" }),
    ...competitionTeacher,
    homeostasis: homeostasisField,
    power: z.number().min(1).default(2).describe("p; at 2 the overlap Q is the drive without bias"),
    antiHebbian: z.number().min(0).default(0.4).describe("Delta, strength of unlearning"),
    antiHebbianRank: z.int().min(2).default(2).describe("rank of the unit that unlearns; 2 is the runner-up"),
  }),
  activity: (view, { power, homeostasis, antiHebbian, antiHebbianRank, ...options }, workspace) => {
    const group = teacherSignal(view, options, workspace);
    const Q = overlap(view, power);
    const { scores, next } = withHomeostasis(view, homeostasis, Q);
    const ranked = leaders(among(group, scores), Math.min(antiHebbianRank, view.units));
    const inGroup = (gate: Tensor): Tensor => (group === undefined ? gate : gate.mul(group));
    const [winner, unlearner] = [ranked[0], ranked[antiHebbianRank - 1]];
    if (winner === undefined) throw new Error(`internal: layer ${view.index} has no units`);
    // A layer may have fewer units than the rank that unlearns.
    const g = unlearner === undefined ? winner : winner.sub(unlearner.mul(antiHebbian));
    return { post: Q, by: inGroup(g), next: next(inGroup(winner)) };
  },
  change: ({ pre: x, post: Q, by: g, weight: W, outer, mean }) => outer(x, g).sub(W.mul(mean(g.mul(Q)))),
});
