/**
 * Auxiliary classifiers of layerwise supervised rules: a layer's activity as one vector per example, and a head on it that belongs to
 * the layer.
 */
import { z } from "zod";
import { crossEntropy, type Tensor } from "../../graph/index.ts";
import { type LayerView, sequenceOptions, type Workspace } from "../contract/index.ts";

/** Options that every rule of the family has. */
export const classifierOptions = {
  head: z.enum(["linear", "mlp"]).default("linear").describe("the auxiliary classifier; mlp has one hidden ReLU layer"),
  hidden: z.int().positive().default(64).describe("hidden units of head=mlp"),
  pooling: z.enum(["flatten", "mean"]).default("flatten").describe("what a head reads: all positions, or their mean"),
  ...sequenceOptions,
};
export interface ClassifierOptions {
  readonly head: "linear" | "mlp";
  readonly hidden: number;
  readonly pooling: "flatten" | "mean";
}

/** A layer's activity as a head reads it: [batch, features]. */
export function pooled({ post, perExample, meanOfPositions }: LayerView, pooling: "flatten" | "mean"): Tensor {
  return pooling === "mean" ? meanOfPositions(post) : perExample(post);
}

/** A map of x [batch, in] that belongs to the layer, [batch, out]; weights start from N(0, gain / in). */
export function linearHead(view: LayerView, name: string, x: Tensor, out: number, gain = 1): Tensor {
  const deviation = Math.sqrt(gain / x.size(1));
  return x.matmul(view.head(name, [x.size(1), out], { kind: "normal", deviation }));
}

/** Scores of the classes by a layer's own classifier q_l(h_l), [batch, classes]; biases start at zero. */
export function classify(
  view: LayerView,
  { head, hidden, pooling }: ClassifierOptions,
  { classes }: Workspace,
): Tensor {
  const x = pooled(view, pooling);
  const features =
    head === "linear"
      ? x
      : linearHead(view, "hidden", x, hidden, 2)
          .add(view.head("hiddenBias", [1, hidden], 0))
          .relu();
  return linearHead(view, "classifier", features, classes).add(view.head("classifierBias", [1, classes], 0));
}

/** CE(q_l(h_l), y): the mean cross-entropy of a layer's own classifier. */
export function classifierLoss(view: LayerView, options: ClassifierOptions, workspace: Workspace): Tensor {
  return crossEntropy(classify(view, options, workspace), workspace.labels);
}
