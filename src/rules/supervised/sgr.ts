/** Successive gradient reconciliation: a layer is asked to want of its input what the layer below wants of it. */
import { z } from "zod";
import { grad, type Tensor } from "../../graph/index.ts";
import { layerwise } from "../contract/index.ts";
import { classifierLoss, classifierOptions } from "./local-head.ts";

/** The derivative of a scalar by one tensor. */
function slope(of: Tensor, by: Tensor): Tensor {
  const [found] = grad(of, [by]);
  if (found === undefined) throw new Error("internal: grad returned nothing");
  return found;
}

export const sgr = layerwise({
  id: "sgr",
  aliases: ["successive-gradient-reconciliation"],
  family: "layerwise supervised",
  equation: "J_l = < E_l > + lambda < | dE_l/dh_{l-1} - sg(dE_{l-1}/dh_{l-1}) |^2 >",
  symbols:
    "E_l the cross-entropy of layer l's own classifier; derivatives per example, by the activity between the two layers; sg: that of the layer below comes " +
    "up as a constant message, so gradients stay inside layers, while the layer's own is differentiated once more; the first layer has only its classifier",
  source: "Yang et al. 2024",
  choices: "The norm and lambda are not known: a squared distance of per-example derivatives, lambda an option.",
  relation: "none",
  reads: [
    "pre",
    "post",
    "weight",
    "lateral",
    "localHead",
    "label",
    "neighbour",
    "otherActivity",
    "otherWeight",
    "positions",
  ],
  options: z.strictObject({
    ...classifierOptions,
    reconciliation: z.number().nonnegative().default(1).describe("lambda, weight of the distance between derivatives"),
  }),
  objective: (view, options, workspace) => {
    const own = classifierLoss(view, options, workspace);
    const { below } = view;
    if (options.reconciliation === 0 || below === undefined) return own;
    const wanted = view.receive(slope(classifierLoss(below, options, workspace), below.post)).stopGradient();
    // Derivatives of batch means, times the batch: per example.
    const apart = view.perExample(slope(own, view.pre).sub(wanted)).mul(workspace.batch);
    return own.add(apart.square().sum(1).mean().mul(options.reconciliation));
  },
});
