/** The linear softmax read-out: logits, its error, and its own exact gradient on detached features. */
import type { Tensor } from "../graph/index.ts";
import type { Readout } from "./network.ts";

export interface ReadoutParameters {
  /** [features, classes] */
  readonly weight: Tensor;
  /** [1, classes] */
  readonly bias: Tensor;
}

/** Features [batch, inFeatures] from the top layer's activity [batch, positions, out]. */
export function features(readout: Readout, top: Tensor): Tensor {
  return readout.pooling === "mean" ? top.mean(1) : top.reshape([top.size(0), readout.inFeatures]);
}

/** scale * features . W + b: [batch, classes], marked as the activity of the read-out. */
export function logits(readout: Readout, input: Tensor, { weight, bias }: ReadoutParameters): Tensor {
  return input.matmul(weight).mul(readout.scale).add(bias).mark({ kind: "logits" });
}

/** softmax(logits) - one-hot(labels): the derivative of each sample's cross-entropy by its logits, [batch, classes]. */
export function outputError(scores: Tensor, labels: Tensor): Tensor {
  return scores.softmax(-1).sub(labels.oneHot(scores.size(-1)));
}

/** Sends a signal at the classes back through `weight` to the top layer's units: [batch, classes] -> [batch, positions, out]. */
export function sendBackFromReadout(readout: Readout, signal: Tensor, weight: Tensor, top: readonly number[]): Tensor {
  const atFeatures = signal.matmul(weight.transposeLast()).mul(readout.scale);
  if (readout.pooling === "flatten") return atFeatures.reshape(top);
  return atFeatures
    .mul(1 / (top[1] ?? 1))
    .expand(1)
    .broadcastTo(top);
}
