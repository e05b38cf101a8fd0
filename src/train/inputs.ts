/** The inputs of a step that the training room registers: data and the network's parameters. */
import { input, type Tensor } from "../graph/index.ts";
import { allLayers, type Network } from "../networks/index.ts";
import { type Parameter, Registry } from "../rules/index.ts";
import { registerParameters } from "./parameters.ts";

/** One-hot encoding of symbols [batch, length] as the input of a network. */
export function encoder(network: Network): (tokens: Tensor) => Tensor {
  const { positions, channels } = network.input;
  return (tokens) =>
    tokens.oneHot((positions * channels) / tokens.size(1)).reshape([tokens.size(0), positions, channels]);
}

/** A registry with the data of a batch of inputs of `length` symbols and the parameters of a network, a list for each layer, read-out last. */
export function registryFor(
  network: Network,
  batch: number,
  length: number,
): { readonly registry: Registry; readonly parameters: readonly (readonly Parameter[])[] } {
  const tokens = input("tokens", [batch, length], "int32");
  const registry = new Registry(tokens, input("labels", [batch], "int32"), allLayers(network));
  return { registry, parameters: registerParameters(network, registry) };
}
