/** Rules given by the change itself. */
import type { z } from "zod";
import type { Tensor } from "../../graph/index.ts";
import { atLayer } from "./at-layer.ts";
import type { LayerView } from "./layer-view.ts";
import { defineRule, type Rule, type RuleCard } from "./rule.ts";
import type { NextValue, Slope } from "./variable.ts";
import type { Workspace } from "./workspace.ts";

/** How a layer's weight and bias move, by addition, and what its states become. */
export interface Change {
  readonly weight: Tensor;
  readonly bias?: Tensor | undefined;
  readonly next?: readonly NextValue[];
}

/** Writes the change of one layer: that of the weight alone, or of more; undefined where the layer does not learn. */
export type ChangeOf<Options> = (
  view: LayerView,
  options: Options,
  workspace: Workspace,
) => Tensor | Change | undefined;

/** A rule given by the change itself, dW (and db) of a layer, which is added with the learning rate. */
export function plasticity<Schema extends z.ZodType>(
  card: RuleCard<Schema> & { readonly change: ChangeOf<z.output<Schema>> },
): Rule<z.input<Schema>> {
  return defineRule(card, (workspace, options) => {
    const slopes: Slope[] = [];
    const next: NextValue[] = [];
    for (const view of workspace.layers) {
      const found = atLayer(view, () => card.change(view, options, workspace));
      if (found === undefined) continue;
      const change = asChange(found);
      next.push(...(change.next ?? []));
      for (const parameter of view.parameters) {
        const moved = parameter.kind === "weight" ? change.weight : change.bias;
        if (moved !== undefined) slopes.push({ parameter, gradient: moved.neg() });
      }
    }
    return { slopes, next };
  });
}

/** A change of the weight alone, written out. */
export function asChange(change: Tensor | Change): Change {
  return "weight" in change ? change : { weight: change };
}
