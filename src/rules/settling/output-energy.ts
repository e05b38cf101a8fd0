/**
 * What the read-out asks of the top layer's values: scores, the energy of the output, and its slope.
 *
 *   cross-entropy   E = - log p_y              dE/dscores = p - y
 *   squared         E = 1/2 |p - y|^2          dE/dscores = p * ((p - y) - p . (p - y))
 *
 * p = softmax(scores). The squared error is that of probabilities, as the read-out itself is trained by cross-entropy and its
 * scores have no targets.
 */
import { z } from "zod";
import type { Tensor } from "../../graph/index.ts";
import type { Workspace } from "../contract/index.ts";

/** The option by which rules that settle choose the energy of the output. */
export const outputEnergy = z
  .enum(["cross-entropy", "squared"])
  .default("cross-entropy")
  .describe("energy of the output: cross-entropy, or half the squared distance of softmax and target");
export type OutputEnergy = z.output<typeof outputEnergy>;

/** dE/dscores per example, [batch, classes]. */
export function energySlope(workspace: Workspace, scores: Tensor, energy: OutputEnergy): Tensor {
  const error = workspace.errorAt(scores);
  return energy === "cross-entropy" ? error : throughSoftmax(scores.softmax(-1), error);
}

/** dE/dtop per example where the top layer has the values `top`, as samples: sent back through the read-out's own weights. */
export function slopeAtTop(workspace: Workspace, top: Tensor, energy: OutputEnergy): Tensor {
  const { readout } = workspace;
  return readout.sendBack(energySlope(workspace, readout.drive(readout.receive(top)), energy));
}

/** A slope by probabilities made one by the scores that a softmax reads. */
function throughSoftmax(p: Tensor, slope: Tensor): Tensor {
  return p.mul(slope.sub(p.mul(slope).sum(-1, { keepdims: true })));
}
