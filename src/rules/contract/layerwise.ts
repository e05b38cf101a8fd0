/** Rules given by a loss per layer, with the order in which layers learn as an option. */
import { z } from "zod";
import { descendObjectives, type ObjectiveOf } from "./objective.ts";
import { defineRule, type Rule, type RuleCard, type Updates } from "./rule.ts";
import { inTurns } from "./turns.ts";
import type { Workspace } from "./workspace.ts";

/** Options that every layerwise rule has: spread them into its strict zod object. */
export const sequenceOptions = {
  sequence: z
    .enum(["together", "one-by-one"])
    .default("together")
    .describe("all layers learn at every step, or one after another from the input up"),
  stepsPerLayer: z.int().positive().default(500).describe("steps of each layer's turn with sequence=one-by-one"),
};
export interface SequenceOptions {
  readonly sequence: "together" | "one-by-one";
  readonly stepsPerLayer: number;
}

/** A rule given by a loss per layer, as `localObjective`, with the order of learning as an option. */
export function layerwise<Schema extends z.ZodType<SequenceOptions>>(
  card: RuleCard<Schema> & { readonly objective: ObjectiveOf<z.output<Schema>> },
): Rule<z.input<Schema>> {
  return defineRule(card, (workspace, options) =>
    inSequence(
      workspace,
      descendObjectives(workspace, (view) => card.objective(view, options, workspace)),
      options,
    ),
  );
}

/** Updates of layers that learn together, or one after another: layer l in steps (l - 1) N to l N - 1, the last from (L - 1) N to the end. */
export function inSequence(
  workspace: Workspace,
  updates: Updates,
  { sequence, stepsPerLayer }: SequenceOptions,
): Updates {
  return sequence === "together" ? updates : inTurns(workspace, updates, { steps: stepsPerLayer, again: false });
}
