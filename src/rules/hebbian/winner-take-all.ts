/**
 * Winner-take-all learning: the weights of the units that win move towards the input. Samples are weighted by how far a unit won, so
 * a unit moves to the mean of what it wins and losers stay where they are.
 */
import { z } from "zod";
import type { Tensor } from "../../graph/index.ts";
import type { LayerView, Rule, RuleCard } from "../contract/index.ts";
import { competitionTeacher, teacherSignal } from "./activity.ts";
import { among, cosine, homeostasisField, leaders, withHomeostasis } from "./competition.ts";
import { hebbian, hebbianOptions } from "./hebbian.ts";
import { lateralFields, spread } from "./lateral-feedback.ts";

const fields = {
  ...hebbianOptions({ reduction: "weighted" }),
  ...competitionTeacher,
  homeostasis: homeostasisField,
  ...lateralFields,
  similarity: z
    .enum(["raised-cosine", "preactivation"])
    .default("raised-cosine")
    .describe("what units compete by: ((1 + cos(w, x)) / 2)^2, or their drive"),
};
type Options = z.output<z.ZodObject<typeof fields>>;

function similarity(view: LayerView, kind: Options["similarity"]): Tensor {
  return kind === "preactivation" ? view.preactivation : cosine(view).add(1).mul(0.5).square();
}

const words = {
  symbols:
    "x the input, w_k the weights of unit k; scores s = ((1 + cos(w_k, x)) / 2)^2, or the drive; < > the mean over samples, weighted by z. " +
    "With lateral feedback z' of the neighbourhood takes the place of z, and dW_k = < z'_k (x - sign(z'_k) w_k) >",
  source: "Lagani, Falchi, Gennaro and Amato 2022; Amato et al. 2019; defaults of the reference code HebbianLearning",
  reads: ["pre", "weight", "lateral", "batch", "otherInput", "positions"],
} as const;

function winnerTakeAll<Schema extends z.ZodType<Options>>(
  card: Pick<RuleCard<Schema>, "id" | "aliases" | "equation" | "choices" | "options">,
  compete: (scores: Tensor, group: Tensor | undefined, options: z.output<Schema>) => Tensor,
): Rule<z.input<Schema>> {
  return hebbian<Schema>({
    ...card,
    ...words,
    activity: (view, options, workspace) => {
      const group = teacherSignal(view, options, workspace);
      const { scores, next } = withHomeostasis(view, options.homeostasis, similarity(view, options.similarity));
      // Without a unit of the class to win, none does; neighbours of another class take no part in a win.
      const within = (outcome: Tensor): Tensor => (group === undefined ? outcome : outcome.mul(group));
      const won = within(compete(scores, group, options));
      const shared = spread(view, options, won);
      return { post: within(shared.outcome), next: [...next(won), ...shared.next] };
    },
    change: ({ pre: x, post: z, weight: W, outer, mean }, { lateral }) =>
      outer(x, z).sub(W.mul(mean(lateral === "none" ? z : z.abs()))),
  });
}

/** Hard winner-take-all. Winners beyond the number of units are ignored; of equals the one of lower index wins. */
export const hardWta = winnerTakeAll(
  {
    id: "hard-wta",
    aliases: ["hwta"],
    equation: "dW_k = < z_k (x - w_k) >,  z_k = 1 for the best `winners` units of a sample, else 0",
    options: z.strictObject({
      ...fields,
      winners: z.int().positive().default(1).describe("units that win at each sample and position"),
    }),
  },
  (scores, group, { winners }) =>
    leaders(among(group, scores), Math.min(winners, scores.size(-1))).reduce((sum, leader) => sum.add(leader)),
);

/** Soft winner-take-all: every unit learns by its share of the competition. */
export const softWta = winnerTakeAll(
  {
    id: "soft-wta",
    aliases: ["swta"],
    equation: "dW_k = < z_k (x - w_k) >,  z = softmax(s / T), or s^(1/T) / sum s^(1/T)",
    choices: "Scores that are not positive count as 1e-30 under `softness=power`, where the source is silent.",
    options: z.strictObject({
      ...fields,
      softness: z.enum(["exponential", "power"]).default("exponential").describe("how scores become shares"),
      temperature: z.number().positive().default(0.02).describe("small: the best unit takes nearly all"),
    }),
  },
  (scores, group, { softness, temperature }) => {
    const sharp = softness === "exponential" ? scores : scores.maximum(1e-30).log();
    return among(group, sharp.mul(1 / temperature)).softmax(-1);
  },
);
