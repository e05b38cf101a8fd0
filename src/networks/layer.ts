/**
 * What a layer computes, as expressions: patches, affine map, activation, and the transposes of each that a rule may use.
 *
 * Shapes: input [batch, positions in, channels], patches `pre` [batch, positions, in], pre-activation and activity
 * [batch, positions, out].
 */
import type { Tensor } from "../graph/index.ts";
import type { Layer } from "./network.ts";

/** A layer's own trainable values. */
export interface LayerParameters {
  readonly weight: Tensor;
  readonly bias?: Tensor;
}

/** Activity of one layer for one batch. */
export interface Activity {
  /** [batch, positions, in] */
  readonly pre: Tensor;
  /** [batch, positions, out] */
  readonly preactivation: Tensor;
  /** [batch, positions, out] */
  readonly post: Tensor;
}

/** Cuts the layer below [batch, positions * k, channels] into patches [batch, positions, k * channels], marked as the layer's input. */
export function patches(layer: Layer, below: Tensor): Tensor {
  return below.reshape([below.size(0), layer.positions, layer.inFeatures]).mark({ kind: "pre", layer: layer.index });
}

/** The product `x [batch, positions, a] . w`, with w [a, b] shared over positions or [positions, a, b]. No scale, no bias. */
export function product(x: Tensor, w: Tensor): Tensor {
  if (w.rank === 2) return x.matmul(w);
  return x.transpose([1, 0, 2]).matmul(w).transpose([1, 0, 2]);
}

/** scale * patch . W + b. */
export function preactivate(layer: Layer, pre: Tensor, { weight, bias }: LayerParameters): Tensor {
  const drive = product(pre, weight).mul(layer.scale);
  return bias === undefined ? drive : drive.add(bias);
}

/** f(a). */
export function activate(layer: Layer, preactivation: Tensor): Tensor {
  switch (layer.activation) {
    case "relu":
      return preactivation.relu();
    case "tanh":
      return preactivation.tanh();
    case "linear":
      return preactivation;
    default:
      return layer.activation satisfies never;
  }
}

/** f'(a) * signal: the unit's own gate applied to a signal of the same shape. */
export function gate(layer: Layer, preactivation: Tensor, signal: Tensor): Tensor {
  switch (layer.activation) {
    case "relu":
      return signal.mul(preactivation.greater(0).cast("float32"));
    case "tanh":
      return signal.mul(preactivation.tanh().square().neg().add(1));
    case "linear":
      return signal;
    default:
      return layer.activation satisfies never;
  }
}

/** Runs a layer on the activity below it. `perturb` may replace the pre-activation, e.g. by adding noise. */
export function activity(
  layer: Layer,
  below: Tensor,
  parameters: LayerParameters,
  perturb: (layer: Layer, preactivation: Tensor) => Tensor = (_, drive) => drive,
): Activity {
  const pre = patches(layer, below);
  const drive = perturb(layer, preactivate(layer, pre, parameters));
  const preactivation = drive.mark({ kind: "preactivation", layer: layer.index });
  return { pre, preactivation, post: activate(layer, preactivation).mark({ kind: "post", layer: layer.index }) };
}

/**
 * The product of pre and post signals at each synapse, summed over the batch and over positions that share the weight:
 * `pre` [batch, positions, in], `post` [batch, positions, out] -> the weight's shape. With `post` the derivative of a loss
 * by the pre-activation and `layer.scale` applied by the caller, this is the loss's derivative by the weight.
 */
export function correlate(layer: Layer, pre: Tensor, post: Tensor): Tensor {
  if (layer.shared) {
    const rows = pre.size(0) * layer.positions;
    return pre
      .reshape([rows, pre.size(2)])
      .transposeLast()
      .matmul(post.reshape([rows, post.size(2)]));
  }
  return pre.transpose([1, 2, 0]).matmul(post.transpose([1, 0, 2]));
}

/** The bias's share of a signal at the units: `post` [batch, positions, out] summed to the bias's shape. */
export function gatherBias(layer: Layer, post: Tensor): Tensor {
  const perPosition = post.sum(0);
  return layer.bias === "shared" ? perPosition.sum(0).expand(0) : perPosition;
}

/** Sends a signal at a layer's units back through `weight` to the units below: [batch, positions, out] -> [batch, positions * k, channels]. */
export function sendBack(layer: Layer, signal: Tensor, weight: Tensor, below: readonly number[]): Tensor {
  return product(signal, weight.transposeLast()).mul(layer.scale).reshape(below);
}
