/** Rules given by a teaching signal per layer. */
import type { z } from "zod";
import type { Tensor } from "../../graph/index.ts";
import { defineRule, type Rule, type RuleCard } from "./rule.ts";
import type { Workspace } from "./workspace.ts";

/** A rule given by a teaching signal per layer: `teach` returns, for each hidden layer, what stands for each example's dLoss/dPreactivation, [.., samples, out]. */
export function credit<Schema extends z.ZodType>(
  card: RuleCard<Schema> & { readonly teach: (workspace: Workspace, options: z.output<Schema>) => readonly Tensor[] },
): Rule<z.input<Schema>> {
  return defineRule(card, (workspace, options) => ({
    slopes: card.teach(workspace, options).flatMap((delta, i) => workspace.layers[i]?.descend(delta) ?? []),
  }));
}
