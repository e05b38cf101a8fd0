/** What is kept of a trained run: its network's parameters, heads, and whatever else its rule keeps, each in its shape. */
import { type NamedArray, writeSafetensors } from "../../formats/index.ts";
import { allLayers } from "../../networks/index.ts";
import { parametersOf, type ReplicaValues } from "../../train/index.ts";
import type { PlannedModel } from "./planned-model.ts";

/**
 * The bytes of a safetensors file with the values of a run; slots of the optimiser are left out. Its texts are task, network and rule of the
 * specification and, input side first, what layers make of their product: name, scale, activation, pooling of what they see; all as JSON.
 */
export function encodeWeights(
  { spec, model, step }: PlannedModel,
  run: string,
  values: ReplicaValues,
): Uint8Array<ArrayBuffer> {
  const arrays: Record<string, NamedArray> = {};
  for (const { name, shape } of [...parametersOf(model.network), ...step.variables]) {
    const own = values[name];
    // What no step reads has no place in a trained state.
    if (own !== undefined) arrays[name] = { shape, values: own };
  }
  const { task, network, rule } = spec;
  const layers = allLayers(model.network).map(({ name, scale, activation, pooling }) => ({
    name,
    scale,
    activation,
    pooling,
  }));
  return writeSafetensors({
    arrays,
    metadata: {
      format: "pt",
      run,
      task: JSON.stringify(task),
      network: JSON.stringify(network),
      rule: JSON.stringify(rule),
      layers: JSON.stringify(layers),
    },
  });
}
