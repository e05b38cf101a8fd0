/** Common expressions in terms of the primitives. Shapes are given as [axes]; every function is differentiable. */
import { ShapeError } from "./shape.ts";
import type { Tensor } from "./tensor.ts";

/** log(1 + e^x), stable for large |x|; its slope is the logistic function of x, 1/2 at 0. */
export function softplus(x: Tensor): Tensor {
  // (x + |x|) / 2 is max(0, x) with a slope of 1/2 at 0, where that of relu is 0.
  return x.add(x.abs()).mul(0.5).add(x.abs().neg().exp().add(1).log());
}

/** x divided by its Euclidean norm along `axis`; a row of zeros stays one, and has the slope of the identity. */
export function normalise(x: Tensor, axis = -1): Tensor {
  const squares = x.square().sum(axis, { keepdims: true });
  return x.div(squares.equal(0).where(1, squares).sqrt());
}

/** x less its mean along `axis`. */
export function centred(x: Tensor, axis: number): Tensor {
  return x.sub(x.mean(axis, { keepdims: true }));
}

/** Population variance along `axis`, which is dropped. */
export function variance(x: Tensor, axis: number): Tensor {
  return centred(x, axis).square().mean(axis);
}

/** Cross-entropy in nats of each row of `logits` [..., classes] against integer `labels` [...]. */
export function crossEntropies(logits: Tensor, labels: Tensor): Tensor {
  return logits
    .logSoftmax(-1)
    .mul(labels.oneHot(logits.size(-1)))
    .sum(-1)
    .neg();
}

/** Mean cross-entropy in nats of `logits` [..., classes] against integer `labels` [...]. */
export function crossEntropy(logits: Tensor, labels: Tensor): Tensor {
  return crossEntropies(logits, labels).mean();
}

/** A score that no softmax gives weight to. */
const excluded = -1e9;

/**
 * Mean cross-entropy in nats of finding each row's partner among its candidates: `scores` [..., rows, columns], `partners`
 * [rows, columns] with the wanted probabilities in each row, `candidates` 1 where a column takes part and 0 elsewhere (all do when it is left out).
 */
export function partnerCrossEntropy(scores: Tensor, partners: Tensor, candidates?: Tensor): Tensor {
  const competing = candidates === undefined ? scores : candidates.greater(0.5).where(scores, excluded);
  return competing.logSoftmax(-1).mul(partners).sum(-1).mean().neg();
}

/** Pools non-overlapping windows of x [n, c, h, w] by their maximum or mean. Throws ShapeError when the window does not divide the image. */
export function pool2d(x: Tensor, window: readonly [number, number], by: "max" | "mean"): Tensor {
  const [n, c, h, w] = [x.size(0), x.size(1), x.size(2), x.size(3)];
  const [rows, columns] = window;
  if (h % rows !== 0 || w % columns !== 0) {
    throw new ShapeError(
      `pool2d: expected a window that divides the image, got ${rows} x ${columns} for ${x.toString()}`,
    );
  }
  const tiles = x.reshape([n, c, h / rows, rows, w / columns, columns]);
  return by === "max" ? tiles.max([3, 5]) : tiles.mean([3, 5]);
}
