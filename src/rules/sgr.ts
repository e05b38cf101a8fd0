/**
 * Successive gradient reconciliation: a layer is asked to want of its input what the layer below wants of it.
 *
 *   J_l = < E_l > + lambda < | dE_l/dh_{l-1} - sg(dE_{l-1}/dh_{l-1}) |^2 >,   E_l the cross-entropy of layer l's own classifier
 *
 * Both derivatives are per sample, with respect to the activity between the two layers; that of the layer below comes up as a
 * constant message, so gradients stay inside layers. The layer's own derivative is differentiated once more. The first layer has
 * only its classifier.
 * Source: Yang et al. 2024. The norm and lambda are not known: a squared distance of per-sample derivatives, lambda an option.
 */
import { z } from "zod";
import { crossEntropy, grad, type Tensor } from "../graph/index.ts";
import { layerwise } from "./layerwise.ts";
import { classifierOptions, classify } from "./local-head.ts";
import type { LayerView, Workspace } from "./workspace.ts";

const options = z.strictObject({
  ...classifierOptions,
  reconciliation: z.number().nonnegative().default(1).describe("lambda, weight of the distance between derivatives"),
});
export type SgrOptions = z.output<typeof options>;

/** < E_l > of a layer's own classifier. */
function energy(view: LayerView, chosen: SgrOptions, workspace: Workspace): Tensor {
  return crossEntropy(classify(view, view.post, workspace.network.readout.classes, chosen), workspace.labels);
}

function objective(view: LayerView, chosen: SgrOptions, workspace: Workspace): Tensor {
  const own = energy(view, chosen, workspace);
  if (chosen.reconciliation === 0) return own;
  const below = workspace.layers[view.index - 2];
  // What the layer's weights make of its input's derivative.
  workspace.read("weight", undefined);
  if (below === undefined) return own;
  const { pre } = view;
  // Derivatives of batch means, times the batch: per sample.
  const wanted = grad(energy(below, chosen, workspace), [below.post]);
  const felt = grad(own, [pre]);
  const [a, b] = [felt[0], wanted[0]];
  if (a === undefined || b === undefined) throw new Error("internal: grad returned nothing");
  const message = workspace.read("otherActivity", workspace.message(view.index, b.stopGradient()));
  const distance = a.sub(message.reshape(pre.shape)).mul(workspace.batch).square().sum([1, 2]).mean();
  return own.add(distance.mul(chosen.reconciliation));
}

/** Local classifiers whose gradients are reconciled between adjacent layers (Yang et al. 2024). */
export const sgr = layerwise<SgrOptions>({
  id: "sgr",
  aliases: ["successive-gradient-reconciliation"],
  family: "layerwise supervised",
  equation: "J_l = < E_l > + lambda < | dE_l/dh_{l-1} - sg(dE_{l-1}/dh_{l-1}) |^2 >",
  source: "Yang et al. 2024",
  relation: "none",
  reads: ({ reconciliation }) => [
    "pre",
    "post",
    "preactivation",
    "lateral",
    "label",
    "localHead",
    ...(reconciliation > 0 ? (["weight", "neighbour", "otherActivity"] as const) : []),
  ],
  options,
  objective,
});
