/**
 * Winner-take-all learning: the weights of the units that win move towards the input.
 *
 *   dW_k = < z_k (x - w_k) >
 *   hard-wta   z_k = 1 for the best `winners` units of each sample and position, else 0
 *   soft-wta   z = softmax(s / temperature), or s^(1/temperature) / sum s^(1/temperature)
 *
 * x [batch, positions, in], z [batch, positions, out]; scores s = ((1 + cos(w_k, x)) / 2)^2, or the drive u. Samples are
 * weighted by z, so a unit moves to the mean of what it wins and losers stay where they are. With lateral feedback z' of the
 * neighbourhood (lateral-feedback.ts) takes the place of z, and dW_k = < z'_k (x - sign(z'_k) w_k) >.
 * Source: Lagani, Falchi, Gennaro and Amato 2022; Amato et al. 2019; defaults of the reference code HebbianLearning. Scores that
 * are not positive count as 1e-30 under `power`, where the source is silent.
 */
import { z } from "zod";
import type { Tensor } from "../../graph/index.ts";
import { plasticity, type Rule, type RuleCard } from "../rule.ts";
import type { LayerView } from "../workspace.ts";
import { competitionTeacher, teacherSignal } from "./activity.ts";
import { among, cosine, homeostasisField, leaders, withHomeostasis } from "./competition.ts";
import { lateralFields, spread } from "./lateral-feedback.ts";
import { hebbianChange, distinctSignals, stepOptions, stepReads } from "./step.ts";

const sharedFields = {
  ...stepOptions({ reduction: "weighted" }),
  ...competitionTeacher,
  homeostasis: homeostasisField,
  ...lateralFields,
  similarity: z
    .enum(["raised-cosine", "preactivation"])
    .default("raised-cosine")
    .describe("what units compete by: ((1 + cos(w, x)) / 2)^2, or their drive"),
};
type SharedOptions = z.output<z.ZodObject<typeof sharedFields>>;

function similarity(view: LayerView, kind: SharedOptions["similarity"]): Tensor {
  return kind === "preactivation" ? view.preactivation : cosine(view).add(1).mul(0.5).square();
}

function winnerTakeAll<Options extends SharedOptions>(
  card: Pick<RuleCard<Options>, "id" | "aliases" | "equation" | "options">,
  compete: (scores: Tensor, group: Tensor | undefined, options: Options) => Tensor,
): Rule {
  return plasticity<Options>({
    ...card,
    family: "hebbian",
    source: "Lagani, Falchi, Gennaro and Amato 2022; reference code HebbianLearning",
    relation: "none",
    reads: (options) =>
      distinctSignals(
        ...stepReads(options, "own"),
        "lateral",
        ...(options.similarity === "preactivation" ? (["preactivation"] as const) : []),
        ...(options.teacher === "none" ? [] : (["label"] as const)),
      ),
    change: (view, options, workspace) => {
      const group = teacherSignal(workspace, view, options);
      const { scores, next } = withHomeostasis(view, options.homeostasis, similarity(view, options.similarity));
      // Without a unit of the class to win, none does; neighbours of another class take no part in a win.
      const within = (outcome: Tensor): Tensor => (group === undefined ? outcome : outcome.mul(group));
      const won = within(compete(scores, group, options));
      const shared = spread(view, options, won);
      const gate = within(shared.outcome);
      const coefficient = options.lateral === "none" ? 1 : gate.sign();
      return {
        ...hebbianChange(view, options, { gate, reconstruction: { kind: "own", coefficient } }),
        next: { ...next(won), ...shared.next },
      };
    },
  });
}

const hardOptions = z.strictObject({
  ...sharedFields,
  winners: z.int().positive().default(1).describe("units that win at each sample and position"),
});
export type HardWtaOptions = z.output<typeof hardOptions>;

/** Hard winner-take-all. Winners beyond the number of units are ignored; of equals the one of lower index wins. */
export const hardWta = winnerTakeAll<HardWtaOptions>(
  {
    id: "hard-wta",
    aliases: ["hwta"],
    equation: "dW_k = < z_k (x - w_k) >,  z_k = 1 for winners",
    options: hardOptions,
  },
  (scores, group, { winners }) =>
    leaders(among(group, scores), Math.min(winners, scores.size(-1))).reduce((sum, leader) => sum.add(leader)),
);

const softOptions = z.strictObject({
  ...sharedFields,
  softness: z.enum(["exponential", "power"]).default("exponential").describe("how scores become shares"),
  temperature: z.number().positive().default(0.02).describe("small: the best unit takes nearly all"),
});
export type SoftWtaOptions = z.output<typeof softOptions>;

/** Soft winner-take-all: every unit learns by its share of the competition. */
export const softWta = winnerTakeAll<SoftWtaOptions>(
  {
    id: "soft-wta",
    aliases: ["swta"],
    equation: "dW_k = < z_k (x - w_k) >,  z = softmax(s / T)",
    options: softOptions,
  },
  (scores, group, { softness, temperature }) => {
    const sharp = softness === "exponential" ? scores : scores.maximum(1e-30).log();
    return among(group, sharp.mul(1 / temperature)).softmax(-1);
  },
);
