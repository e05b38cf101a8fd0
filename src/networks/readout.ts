/** What the read-out says on a batch, compared with the labels. */
import type { Tensor } from "../graph/index.ts";

/** softmax(scores) - one-hot(labels): the derivative of each example's cross-entropy by its scores, [batch, classes]. */
export function outputError(scores: Tensor, labels: Tensor): Tensor {
  return scores.softmax(-1).sub(labels.oneHot(scores.size(-1)));
}
