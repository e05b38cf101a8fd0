/** A forward pass of the network, in which nothing crosses a layer unless a rule carries it. */
import type { Tensor } from "../../graph/index.ts";
import {
  type Activity,
  activity,
  type Layer,
  type LayerParameters,
  type Network,
  receive,
  toPositions,
} from "../../networks/index.ts";

/** Trainable values of the network. */
export interface Parameters {
  readonly layers: readonly LayerParameters[];
  readonly readout: LayerParameters;
}

/** Activity of every layer for one batch, as samples. */
export interface Pass {
  /** Hidden layers, input side first. */
  readonly layers: readonly Activity[];
  /** Of the read-out: its input are the features, its activity the scores [batch, classes]. */
  readonly readout: Activity;
  /** Of one layer, the read-out included. */
  at(layer: { readonly index: number }): Activity;
}

/** Changes what layers pass on, as samples [.., samples, out]; e.g. forward-forward normalises activity so that goodness does not leak upwards. */
export type Between = (layer: Layer, here: Activity) => Tensor;

/** What a pass may do differently from the network's own. */
export interface PassOptions {
  readonly between?: Between | undefined;
  /** Replaces a layer's pre-activation [.., samples, out] before the activation, e.g. to add noise or a nudge. */
  readonly perturb?: ((layer: Layer, preactivation: Tensor) => Tensor) | undefined;
}

/** Runs the network on `encoded` [batch, positions, channels]. Layers are separated by stopped gradients. */
export function forward(network: Network, parameters: Parameters, encoded: Tensor, options: PassOptions = {}): Pass {
  const { between, perturb } = options;
  let below = encoded;
  const layers = network.layers.map((layer, i): Activity => {
    const own = parameters.layers[i];
    if (own === undefined) throw new Error(`internal: no parameters for ${layer.name}`);
    const here = activity(layer, receive(layer, below.stopGradient()), own, perturb);
    below = toPositions(layer, between === undefined ? here.post : between(layer, here));
    return here;
  });
  const readout = activity(network.readout, receive(network.readout, below.stopGradient()), parameters.readout);
  const all = [...layers, readout];
  return {
    layers,
    readout,
    at: ({ index }) => {
      const found = all[index - 1];
      if (found === undefined) throw new Error(`internal: no layer ${index} in a pass`);
      return found;
    },
  };
}
