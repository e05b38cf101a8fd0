/** Networks of one's own: a list of layers of the kinds there are, one on the other. */
import { z } from "zod";
import {
  type Activation,
  type Bias,
  type LayerPlan,
  type Network,
  type NetworkTask,
  type Parametrisation,
  stack,
} from "./network.ts";

const count = z.int().positive();
const activation = z.enum(["relu", "tanh", "linear"]);
const bias = z.enum(["none", "shared", "per-position"]);
const shared = { width: count, activation: activation.optional(), bias: bias.optional() };

/**
 * A layer. `dense`: one position that sees all positions below side by side, or their mean. `patches`: each position sees `size` positions
 * below, which do not overlap; with one weight matrix for all, or with `shared: false` with one for each.
 */
export const layerSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("dense"), ...shared, pooling: z.enum(["flatten", "mean"]).optional() }),
  z.strictObject({ kind: z.literal("patches"), size: count, shared: z.boolean().optional(), ...shared }),
]);
export type LayerDescription = z.output<typeof layerSchema>;

/** A network as data: what a layer does not say is as it is said for all. */
export const networkDescriptionSchema = z.strictObject({
  layers: z.array(layerSchema).min(1, "expected at least one hidden layer"),
  activation: activation.optional(),
  bias: bias.optional(),
  parametrisation: z.enum(["standard", "mean-field"]).optional(),
  readout: z.enum(["flatten", "mean"]).optional(),
});
export interface NetworkDescription extends Partial<Omit<ComposeOptions, "layers">> {
  readonly layers: readonly LayerDescription[];
}

/** What every layer is, where it does not say. */
export const composeOptions = {
  activation: "relu",
  bias: "none",
  parametrisation: "standard",
  readout: "flatten",
} as const satisfies Omit<ComposeOptions, "layers">;
export interface ComposeOptions {
  readonly layers: readonly LayerDescription[];
  readonly activation: Activation;
  readonly bias: Bias;
  readonly parametrisation: Parametrisation;
  readonly readout: "flatten" | "mean";
}

/** What a description may depend on. */
export type DescribedTask = Required<Pick<NetworkTask, "values">> &
  Omit<NetworkTask, "branching" | "values"> & { readonly branching?: number };

/** A network of one's own, as a file exports it. */
export interface OwnNetwork {
  readonly kind: "network";
  readonly describe: (task: DescribedTask) => NetworkDescription;
}

/** Defines a network: a description, or a function from what examples are to one. Throws Error that names what does not fit. */
export function defineNetwork(given: NetworkDescription | ((task: DescribedTask) => NetworkDescription)): OwnNetwork {
  if (typeof given === "function") return { kind: "network", describe: (task) => describeNetwork(given(task)) };
  const description = describeNetwork(given);
  return { kind: "network", describe: () => description };
}

/** A description, checked and filled in, as somebody else gives it. Throws Error that names the layer and the key. */
export function describeNetwork(given: unknown): ComposeOptions {
  const parsed = networkDescriptionSchema.safeParse(given);
  if (parsed.success) {
    const { layers, activation: all, bias: allBias, parametrisation, readout } = parsed.data;
    return {
      layers,
      activation: all ?? composeOptions.activation,
      bias: allBias ?? composeOptions.bias,
      parametrisation: parametrisation ?? composeOptions.parametrisation,
      readout: readout ?? composeOptions.readout,
    };
  }
  const [issue] = parsed.error.issues;
  const path = (issue?.path ?? [])
    .map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`))
    .join("");
  throw new Error(`network${path}: ${issue?.message ?? "expected { layers }"}`);
}

/** Lays a description out for a task. Throws Error that names the layer whose patches do not fit the positions below. */
export function compose(task: Omit<NetworkTask, "branching">, description: NetworkDescription): Network {
  const { layers, ...all } = describeNetwork(description);
  let { positions } = task;
  const plans = layers.map((layer, i): LayerPlan => {
    const { width, activation: own = all.activation, bias: ownBias = all.bias } = layer;
    const common = { width, activation: own, bias: ownBias };
    if (layer.kind === "dense") {
      const { pooling = "flatten" } = layer;
      const patch = positions;
      positions = 1;
      return { ...common, patch, shared: true, pooling };
    }
    if (positions % layer.size !== 0)
      throw new Error(
        `network.layers[${i}].size: expected a size that divides the ${positions} positions below, got ${layer.size}; ` +
          `choose one of ${divisorsOf(positions).join(", ")}, or a dense layer`,
      );
    positions /= layer.size;
    return { ...common, patch: layer.size, shared: layer.shared ?? true, pooling: "flatten" };
  });
  return stack(task, task, plans, { architecture: "own", parametrisation: all.parametrisation, readout: all.readout });
}

function divisorsOf(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i + 1).filter((size) => n % size === 0);
}
