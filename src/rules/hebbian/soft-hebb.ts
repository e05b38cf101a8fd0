/**
 * SoftHebb: soft competition in which losers unlearn, with Oja's normalisation. Weights converge to unit norm, and slow down as they
 * near it.
 */
import { z } from "zod";
import type { Tensor } from "../../graph/index.ts";
import type { LayerView } from "../contract/index.ts";
import { competitionTeacher, teacherSignal } from "./activity.ts";
import { among, homeostasisField, leaders, withHomeostasis } from "./competition.ts";
import { hebbian, hebbianOptions } from "./hebbian.ts";

/** The log prior B of every unit, and what it becomes given the shares z; nothing where the rate is 0. */
function logPrior({ units, perUnit, mean }: LayerView, rate: number) {
  if (rate === 0) return undefined;
  const B = perUnit("logPrior", -Math.log(units));
  return { B, next: (z: Tensor) => B.becomes(B.now.add(mean(z).div(B.now.exp()).sub(1).mul(rate))) };
}

/** How far a unit's drive exceeds the mean of its layer, to a power (Coates, Lee and Ng 2011). */
function triangle(u: Tensor, power: number): Tensor {
  const excess = u.sub(u.mean(-1, { keepdims: true })).relu();
  return power === 1 ? excess : excess.pow(power);
}

export const softHebb = hebbian({
  id: "soft-hebb",
  aliases: ["softhebb"],
  equation:
    "dW_k = sum y_k (x - u_k w_k) / max |.| * | ||w_k|| - 1 |^(1/2),  y_k = z_k for the unit of the largest share, -z_k for the others,  z = softmax_k(t u_k + B_k)",
  symbols:
    "x the input, u the drive, w_k the weights of unit k; the sum over samples; max |.| the layer's largest absolute change; t an inverse " +
    "temperature; B a log prior, 0 unless `priorRate` is set: it starts at log(1 / K) for K units and follows how often a unit answers, " +
    "B_k <- B_k + rate (< z_k > - e^{B_k}) / e^{B_k}, which rests where e^{B_k} = < z_k >",
  source:
    "Moraitis et al. 2022 (one layer, losers learn too: `antiHebbian=false`); Journe, Garcia Rodriguez, Guo and Moraitis 2023; public code SoftHebb",
  choices:
    "The source begins with norms near 25, we with those of the network; its deep networks pass on a triangle activation (`passes`), here a layer passes on its activity. B is t times the public code's bias b; it takes part in the " +
    "competition, not in u (the code's Oja term has u + b), and its change is not divided by its largest value, as the code does.",
  reads: ["pre", "preactivation", "weight", "lateral", "batch", "otherInput", "positions"],
  options: z.strictObject({
    ...hebbianOptions({ reduction: "sum", normalise: "max", normRate: 0.5 }),
    ...competitionTeacher,
    homeostasis: homeostasisField,
    inverseTemperature: z.number().positive().default(1).describe("t; large: the best unit takes nearly all"),
    priorRate: z
      .number()
      .min(0)
      .default(0)
      .describe("rate at which the log prior of a unit follows its mean share; 0: all units are equally likely"),
    antiHebbian: z.boolean().default(true).describe("units that do not win unlearn, in proportion to their share"),
    passes: z
      .enum(["activity", "triangle"])
      .default("activity")
      .describe(
        "what a layer passes on: its activity, or max(0, u - mean of u over units)^power, as the source's deep networks do",
      ),
    power: z.number().positive().default(1).describe("of passes=triangle; 0.7, 1.4 and 1 in the source's three layers"),
  }),
  between: ({ passes, power }) =>
    passes === "triangle" ? (_, { preactivation }) => triangle(preactivation, power) : undefined,
  activity: (view, options, workspace) => {
    const group = teacherSignal(view, options, workspace);
    const u = view.preactivation;
    const { scores, next } = withHomeostasis(view, options.homeostasis, u);
    const prior = logPrior(view, options.priorRate);
    const evidence = scores.mul(options.inverseTemperature);
    const competing = among(group, prior === undefined ? evidence : evidence.add(prior.B.now));
    const all = competing.softmax(-1);
    const z = group === undefined ? all : all.mul(group);
    const [winner] = leaders(competing, 1);
    if (winner === undefined) throw new Error(`internal: layer ${view.index} has no units`);
    return {
      post: u,
      by: options.antiHebbian ? z.mul(winner.mul(2).sub(1)) : z,
      next: [...next(z), ...(prior === undefined ? [] : [prior.next(z)])],
    };
  },
  change: ({ pre: x, post: u, by: y, weight: W, outer, mean }) => outer(x, y).sub(W.mul(mean(y.mul(u)))),
});
