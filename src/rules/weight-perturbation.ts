/**
 * Weight perturbation: all weights are shaken at once, and each moves against its own noise by as much as the loss went up.
 *
 *   dW = - < L(W + sigma xi) - L(W) > / sigma  xi
 *
 * < > is the batch mean of the cross-entropy: one number for the whole network and batch. xi has W's shape and is shared by the
 * batch; biases are weights. The read-out is neither shaken nor counted. To first order in sigma, dW = - (g . xi) xi for the
 * gradient g, so its mean over xi is - g, no step goes uphill, and with k normal draws over W numbers the
 * squared cosine between dW and g is k / (W + k - 1) on average. With scope=layer each layer answers for its own noise only, at
 * one pass per layer; with scope=local each weight does, at one pass per weight: dW = - g xi^2, the gradient itself for sign noise.
 * Source: Dembo and Kailath 1990; Cauwenberghs 1993 (all parameters at once); scopes in Baldi and Sadowski 2016.
 */
import { z } from "zod";
import { sizeOf, type Tensor } from "../graph/index.ts";
import { biasShape, type Layer, type LayerParameters, weightShape } from "../networks/index.ts";
import { lossesAlone, refuseTooMany } from "./local-perturbation.ts";
import { moved, perturbationOptions, perturbedTogether, total } from "./perturbation.ts";
import { defineRule } from "./rule.ts";
import type { Workspace } from "./workspace.ts";

const options = z.strictObject({
  sigma: z.number().positive().default(1e-3).describe("size of the noise, in units of the weights"),
  ...perturbationOptions,
});
export type WeightPerturbationOptions = z.output<typeof options>;

/** xi of one draw for one layer, in the shapes of its weight and bias. */
function noiseFor(workspace: Workspace, layer: Layer, draw: number, options: WeightPerturbationOptions) {
  const noise = (of: string, shape: readonly number[]): Tensor =>
    workspace.noise(`layer${layer.index}.${of}.${draw}`, shape, options.distribution);
  const shape = biasShape(layer);
  const weight = noise("weight", weightShape(layer));
  return shape === undefined ? { weight } : { weight, bias: noise("bias", shape) };
}

/** Parameters plus `size` times noise. */
function shaken(own: LayerParameters, xi: LayerParameters, size: number): LayerParameters {
  const weight = own.weight.add(xi.weight.mul(size));
  return own.bias === undefined || xi.bias === undefined
    ? { weight }
    : { weight, bias: own.bias.add(xi.bias.mul(size)) };
}

type NoiseByLayer = ReadonlyMap<number, LayerParameters>;
/** Names a parameter's pseudo-gradient, and gives it. */
type Term = readonly [name: string, value: Tensor];

/** One loss for all layers in `noise`, credited to each of their weights by its own noise. */
function creditTogether(workspace: Workspace, noise: NoiseByLayer, options: WeightPerturbationOptions): Term[] {
  const loss = (side: 1 | 0 | -1): Tensor => {
    if (side === 0) return workspace.lossOf().mean();
    const perturbParameters = ({ index }: Layer, own: LayerParameters): LayerParameters => {
      const xi = noise.get(index);
      return xi === undefined ? own : shaken(own, xi, side * options.sigma);
    };
    return workspace.lossUnder({ perturbParameters }).mean();
  };
  const slope = moved(loss, options).mul(1 / options.sigma);
  return [...noise].flatMap(([index, xi]) =>
    Object.entries(xi).map(([of, values]: [string, Tensor]): Term => [`layer${index}.${of}`, values.mul(slope)]),
  );
}

/** A loss for each weight and bias in `noise`, shaken alone. */
function creditAlone(workspace: Workspace, noise: NoiseByLayer, options: WeightPerturbationOptions): Term[] {
  return [...noise].flatMap(([index, xi]) =>
    Object.entries(xi).map(([of, values]: [string, Tensor]): Term => {
      const lossUnder = (change: Tensor): Tensor => {
        const perturbParameters = (layer: Layer, own: LayerParameters): LayerParameters => {
          if (layer.index !== index) return own;
          return of === "bias"
            ? { ...own, bias: own.bias?.add(change) ?? change }
            : { ...own, weight: own.weight.add(change) };
        };
        return workspace.lossUnder({ perturbParameters }).mean();
      };
      const loss = (side: 1 | 0 | -1): Tensor =>
        side === 0 ? workspace.lossOf().mean() : lossesAlone(values.mul(side * options.sigma), 0, lossUnder);
      const slopes = moved(loss, options)
        .mul(1 / options.sigma)
        .reshape(values.shape);
      return [`layer${index}.${of}`, values.mul(slopes)];
    }),
  );
}

/** One broadcast difference of losses, credited to every weight by its own noise. */
export const weightPerturbation = defineRule<WeightPerturbationOptions>(
  {
    id: "weight-perturbation",
    aliases: ["wp"],
    family: "perturbation",
    equation: "dW = - < L(W + sigma xi) - L(W) > / sigma  xi",
    source: "Dembo and Kailath 1990; Cauwenberghs 1993",
    // To first order in sigma: a finite difference can err where the slope along xi is itself of order sigma.
    relation: "descent direction",
    reads: ["noise", "broadcast"],
    options,
  },
  (workspace, chosen) => {
    const { layers } = workspace.network;
    const alone = chosen.scope === "local";
    if (alone) {
      const numbers = layers.map((layer) => sizeOf(weightShape(layer)) + sizeOf(biasShape(layer) ?? [0]));
      refuseTooMany(
        "weight-perturbation",
        numbers.reduce((sum, count) => sum + count, 0),
        "weights and biases",
      );
    }
    const terms: Record<string, Tensor[]> = {};
    for (let draw = 1; draw <= chosen.draws; draw++) {
      for (const together of perturbedTogether(layers, chosen)) {
        const noise = new Map(together.map((layer) => [layer.index, noiseFor(workspace, layer, draw, chosen)]));
        const found = alone ? creditAlone(workspace, noise, chosen) : creditTogether(workspace, noise, chosen);
        for (const [name, value] of found) (terms[name] ??= []).push(value);
      }
    }
    const averaged = Object.entries(terms).map(([name, list]) => [name, total(list).mul(1 / chosen.draws)] as const);
    return { gradients: Object.fromEntries(averaged) };
  },
);
