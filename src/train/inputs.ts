/** The inputs of a step that the training room registers: data and the network's parameters. */
import { input, type Tensor } from "../graph/index.ts";
import { allLayers, type Network } from "../networks/index.ts";
import { type Parameter, Registry } from "../rules/index.ts";
import type { Inputs } from "../tasks/index.ts";
import { registerParameters } from "./parameters.ts";

/** What examples [batch, length] are called at the edge: `tokens` where they are symbols, i32; `inputs` where they are real numbers, f32. */
export function dataName({ input: { values } }: Network): "tokens" | "inputs" {
  return values === "symbols" ? "tokens" : "inputs";
}

/** An array for so many examples of `length` symbols or numbers each. */
export function examplesArray({ input: { values } }: Network, count: number, length: number): Inputs {
  return values === "symbols" ? new Int32Array(count * length) : new Float32Array(count * length);
}

/** Symbols in one-hot code, or real numbers as they are, [batch, length], as the input of a network. */
export function encoder(network: Network): (examples: Tensor) => Tensor {
  const { positions, channels, values } = network.input;
  return (examples) => {
    const shown = values === "symbols" ? examples.oneHot((positions * channels) / examples.size(1)) : examples;
    return shown.reshape([examples.size(0), positions, channels]);
  };
}

/** A registry with the data of a batch of inputs of `length` symbols or numbers and the parameters of a network, a list for each layer, read-out last. */
export function registryFor(
  network: Network,
  batch: number,
  length: number,
): { readonly registry: Registry; readonly parameters: readonly (readonly Parameter[])[] } {
  const examples = input(dataName(network), [batch, length], network.input.values === "symbols" ? "int32" : "float32");
  const registry = new Registry(examples, input("labels", [batch], "int32"), allLayers(network));
  return { registry, parameters: registerParameters(network, registry) };
}
