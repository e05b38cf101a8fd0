/** Rules given by a loss per layer. */
import type { z } from "zod";
import { grad, type Tensor } from "../../graph/index.ts";
import { atLayer } from "./at-layer.ts";
import type { LayerView } from "./layer-view.ts";
import { defineRule, type Objective, type Rule, type RuleCard, type Updates } from "./rule.ts";
import type { NextValue, Parameter, Slope } from "./variable.ts";
import type { Workspace } from "./workspace.ts";

/** The loss of one layer, a scalar; and what the states that it uses become. */
export type LayerObjective = Tensor | { readonly loss: Tensor; readonly next: readonly NextValue[] };

/** Writes the loss of one layer; undefined where the layer does not learn. */
export type ObjectiveOf<Options> = (
  view: LayerView,
  options: Options,
  workspace: Workspace,
) => LayerObjective | undefined;

/** A rule given by a loss per layer, of which each layer's own parameters and heads take the exact gradient. */
export function localObjective<Schema extends z.ZodType>(
  card: RuleCard<Schema> & { readonly objective: ObjectiveOf<z.output<Schema>> },
): Rule<z.input<Schema>> {
  return defineRule(card, (workspace, options) =>
    descendObjectives(workspace, (view) => card.objective(view, options, workspace)),
  );
}

/** Each layer's loss differentiated by the layer's own parameters and heads. */
export function descendObjectives(
  workspace: Workspace,
  objectiveOf: (view: LayerView) => LayerObjective | undefined,
): Required<Omit<Updates, "decays">> {
  const slopes: Slope[] = [];
  const objectives: Objective[] = [];
  const next: NextValue[] = [];
  for (const view of workspace.layers) {
    const found = atLayer(view, () => objectiveOf(view));
    if (found === undefined) continue;
    const loss = "loss" in found ? found.loss : found;
    if ("loss" in found) next.push(...found.next);
    objectives.push({ of: view, name: "objective", value: loss });
    slopes.push(...slopesOf(loss, [...view.parameters, ...headsOf(workspace, view)]));
  }
  return { slopes, objectives, next };
}

/** Heads that a layer has asked for. */
export function headsOf({ registry }: Workspace, { layer }: LayerView): Parameter[] {
  return registry.variables.filter((one): one is Parameter => one.kind === "head" && one.owner === layer);
}

/** The derivatives of a scalar by parameters. */
export function slopesOf(loss: Tensor, parameters: readonly Parameter[]): Slope[] {
  const gradients = grad(
    loss,
    parameters.map(({ tensor }) => tensor),
  );
  return parameters.flatMap((parameter, i) => {
    const gradient = gradients[i];
    return gradient === undefined ? [] : [{ parameter, gradient }];
  });
}
