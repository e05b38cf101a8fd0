/**
 * What the read-out asks of the top layer's values: scores, the the energy of the output, and its slope.
 *
 *   cross-entropy   E = - log p_y              dE/dlogits = p - y
 *   squared         E = 1/2 |p - y|^2          dE/dlogits = p * ((p - y) - p . (p - y))
 *
 * p = softmax(logits). The squared error is that of probabilities, as the read-out itself is trained by cross-entropy and its
 * logits have no targets. Values are [batch, positions, units], logits [batch, classes].
 */
import { z } from "zod";
import type { Tensor } from "../../graph/index.ts";
import { features, logits, outputError, sendBackFromReadout } from "../../networks/index.ts";
import type { Workspace } from "../workspace.ts";

/** The option by which rules that settle choose the energy of the output. */
export const outputEnergy = z
  .enum(["cross-entropy", "squared"])
  .default("cross-entropy")
  .describe("energy of the output: cross-entropy, or half the squared distance of softmax and target");
export type OutputEnergy = z.output<typeof outputEnergy>;

/** dE/dlogits per sample, [batch, classes], at the logits `scores`. */
export function energySlope(workspace: Workspace, scores: Tensor, energy: OutputEnergy): Tensor {
  return workspace.errorAtOutput((labels) => {
    const error = outputError(scores, labels);
    return energy === "cross-entropy" ? error : throughSoftmax(scores.softmax(-1), error);
  });
}

/** dE/dtop per sample where the top layer has the values `top`, in their shape: sent back through the read-out's own weights. */
export function slopeAtTop(workspace: Workspace, top: Tensor, energy: OutputEnergy): Tensor {
  const { readout } = workspace.network;
  const scores = logits(readout, features(readout, top), workspace.parameters.readout);
  const slope = energySlope(workspace, scores, energy);
  return sendBackFromReadout(readout, slope, workspace.weightOf("readout"), top.shape);
}

/** A slope by probabilities made one by the logits that a softmax reads. */
function throughSoftmax(p: Tensor, slope: Tensor): Tensor {
  return p.mul(slope.sub(p.mul(slope).sum(-1).expand(1)));
}
