/** The trainable values of a network: their names, shapes, initial draws, and their place in a registry. */
import { sizeOf } from "../graph/index.ts";
import { allLayers, biasShape, type Layer, type Network, weightShape } from "../networks/index.ts";
import type { Random } from "../random/stream.ts";
import type { Initial, Parameter, Registry, Variable } from "../rules/index.ts";

/** A value of the training state and how it starts. */
export type ParameterDescription = Pick<Variable, "name" | "kind" | "owner" | "shape" | "initial" | "learningRate">;

/** Weight, and bias where there is one, of one layer. */
function parametersOfLayer(layer: Layer, learningRate: "hidden" | "readout"): ParameterDescription[] {
  const { name, initialDeviation } = layer;
  const shared = { owner: layer, learningRate };
  const weight = {
    ...shared,
    name: `${name}.weight`,
    kind: "weight" as const,
    shape: weightShape(layer),
    initial: { kind: "normal", deviation: initialDeviation } as const,
  };
  const shape = biasShape(layer);
  if (shape === undefined) return [weight];
  const zero: Initial = { kind: "constant", value: 0 };
  return [weight, { ...shared, name: `${name}.bias`, kind: "bias", shape, initial: zero }];
}

/** Parameters of a network, a list for each layer, input side first, read-out last. */
export function parametersByLayer(network: Network): ParameterDescription[][] {
  return allLayers(network).map((layer) => parametersOfLayer(layer, layer === network.readout ? "readout" : "hidden"));
}

/** Parameters of a network, input side first, read-out last. */
export function parametersOf(network: Network): ParameterDescription[] {
  return parametersByLayer(network).flat();
}

/** Enters the parameters of a network into a registry: a list for each layer, the read-out last. */
export function registerParameters(network: Network, registry: Registry): Parameter[][] {
  return parametersByLayer(network).map((own) => own.map((description) => registry.keep(description) as Parameter));
}

/** Draws an initial value. */
export function drawInitial({ shape, initial }: Pick<Variable, "shape" | "initial">, random: Random): Float32Array {
  const values = new Float32Array(sizeOf(shape));
  switch (initial.kind) {
    case "constant":
      return values.fill(initial.value);
    case "normal":
      random.fillNormal(values, initial.deviation);
      return values;
    case "uniform":
      return values.map(() => (2 * random.uniform() - 1) * initial.bound);
    case "identity": {
      const [rows, columns] = [shape.at(-2) ?? 1, shape.at(-1) ?? 1];
      return values.map((_, i) => (Math.floor(i / columns) % rows === i % columns ? 1 : 0));
    }
    default:
      return initial satisfies never;
  }
}
