/**
 * The other end of the scale: A[N,H,1] of smooth units whose channel carries the output error to every hidden unit.
 *
 *   h = tanh(W x)   o = sigmoid(v.h)   e = T - o          (cross entropy, so that e is the gradient at the output)
 *   dv = rate e h    dW_i = rate e c_i (1 - h_i^2) x
 *
 * c = v is backpropagation; fixed random c is random backpropagation (Baldi, Sadowski and Lu 2018), the same as its skipped form here.
 */
import { valueAt } from "../boolean/setting.ts";
import type { SmallNetwork } from "./deep-targets.ts";
import { drive } from "./hidden-layer.ts";

/** Options of `learnByErrorChannel`. */
export interface ErrorChannelOptions {
  readonly rate: number;
  readonly epochs: number;
  /** Fixed weights of the channel, one per hidden unit; the top's own weights (backpropagation) when left out. */
  readonly channel?: readonly number[];
}

/** Whether the sign of the output is right at every point after some epoch of at most `epochs`, points in order. */
export function learnByErrorChannel(
  f: number,
  points: readonly (readonly number[])[],
  start: SmallNetwork,
  { rate, epochs, channel }: ErrorChannelOptions,
): boolean {
  let network = start;
  const right = (x: readonly number[], p: number): boolean =>
    drive(network.top, hiddenTanh(network, x)) > 0 === (valueAt(f, p) === 1);
  for (let epoch = 0; epoch < epochs; epoch++) {
    if (points.every(right)) return true;
    points.forEach((x, p) => {
      network = errorStep(network, x, valueAt(f, p), { rate, channel: channel ?? network.top });
    });
  }
  return points.every(right);
}

/** The network after one step on one example, target 0 or 1; `channel` holds c. With c = v it is a step down the cross entropy. */
export function errorStep(
  network: SmallNetwork,
  x: readonly number[],
  target: number,
  { rate, channel }: { readonly rate: number; readonly channel: readonly number[] },
): SmallNetwork {
  const h = hiddenTanh(network, x);
  const error = target - 1 / (1 + Math.exp(-drive(network.top, h)));
  return {
    hidden: network.hidden.map((w, i) => {
      const by = rate * error * (channel[i] ?? 0) * (1 - (h[i] ?? 0) ** 2);
      return w.map((weight, j) => weight + by * (x[j] ?? 0));
    }),
    top: network.top.map((weight, i) => weight + rate * error * (h[i] ?? 0)),
  };
}

/** Hidden activities, with a last 1 for the bias of the top. */
function hiddenTanh({ hidden }: SmallNetwork, x: readonly number[]): number[] {
  return [...hidden.map((w) => Math.tanh(drive(w, x))), 1];
}
