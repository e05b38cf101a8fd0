/**
 * What a layer computes, as expressions: its input from the layer below, affine map, activation, and the transposes of each that a
 * rule may use. Activity is laid out as samples (`samples.ts`): input [.., samples, in], drive and activity [.., samples, out].
 */
import type { Tensor } from "../graph/index.ts";
import type { Layer } from "./network.ts";
import { type Grid, toPositions, toSamples } from "./samples.ts";

/** A layer's own trainable values. */
export interface LayerParameters {
  readonly weight: Tensor;
  readonly bias?: Tensor;
}

/** Activity of one layer for one batch, as samples. */
export interface Activity {
  /** What the synapses see. [.., samples, in] */
  readonly pre: Tensor;
  /** The drive, before the nonlinearity. [.., samples, out] */
  readonly preactivation: Tensor;
  /** [.., samples, out] */
  readonly post: Tensor;
}

/** What a layer sees of the layer below, given as [batch, positions below, channels]: patches side by side, or the mean of all positions. */
export function receive(layer: Layer, below: Tensor): Tensor {
  if (layer.pooling === "mean") return below.mean(1);
  return toSamples(layer, below.reshape([below.size(0), layer.positions, layer.inFeatures]));
}

/** What a layer sees of another layer's activity, both as samples. */
export function receiveFrom(layer: Layer, below: Grid, activity: Tensor): Tensor {
  return receive(layer, toPositions(below, activity));
}

/** scale * x . W + b */
export function preactivate(layer: Layer, pre: Tensor, { weight, bias }: LayerParameters): Tensor {
  const drive = pre.matmul(weight).mul(layer.scale);
  return bias === undefined ? drive : addBias(layer, drive, bias);
}

/** The bias is [1, out], or [positions, out] where positions have their own; it need not share as the weight does. */
function addBias(layer: Layer, drive: Tensor, bias: Tensor): Tensor {
  if (bias.size(0) === 1) return drive.add(bias);
  return layer.shared ? toSamples(layer, toPositions(layer, drive).add(bias)) : drive.add(bias.expand(1));
}

/** f(a) */
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
      return signal.mul(preactivation.tanh().square().oneMinus());
    case "linear":
      return signal;
    default:
      return layer.activation satisfies never;
  }
}

/** Runs a layer on what it sees. `perturb` may replace the pre-activation, e.g. by adding noise. */
export function activity(
  layer: Layer,
  pre: Tensor,
  parameters: LayerParameters,
  perturb: (layer: Layer, preactivation: Tensor) => Tensor = (_, drive) => drive,
): Activity {
  const preactivation = perturb(layer, preactivate(layer, pre, parameters));
  return { pre, preactivation, post: activate(layer, preactivation) };
}

/** A signal at the units summed over samples to the shape of the bias: [1, out] or [positions, out]. */
export function sumToBias(layer: Layer, signal: Tensor): Tensor {
  if (layer.bias === "shared") {
    const rows = signal.sum(-2, { keepdims: true });
    return layer.shared ? rows : rows.sum(0);
  }
  return layer.shared ? toPositions(layer, signal).sum(0) : signal.sum(-2);
}

/**
 * Sends a signal at a layer's units [.., samples, out] back through `weight` as it acts, scale included, to the units below: [.., samples,
 * channels] of the layer `below`.
 */
export function sendBack(layer: Layer, signal: Tensor, weight: Tensor, below: Grid): Tensor {
  return giveBack(layer, signal.matmul(weight.transposeLast()), below);
}

/** From what a layer's synapses see [.., samples, in] to the units of the layer `below`; a mean is shared out among its positions. */
export function giveBack(layer: Layer, atInputs: Tensor, below: Grid): Tensor {
  const { positions } = below;
  if (layer.pooling === "mean") {
    const [batch, channels] = [atInputs.size(0), atInputs.size(1)];
    const shares = atInputs.mul(1 / positions).expand(1);
    return toSamples(below, shares.broadcastTo([batch, positions, channels]));
  }
  const patches = toPositions(layer, atInputs);
  const channels = (layer.positions * layer.inFeatures) / positions;
  return toSamples(below, patches.reshape([patches.size(0), positions, channels]));
}
