/**
 * Weight perturbation: all weights are shaken at once, and each moves against its own noise by as much as the loss went up. To first
 * order in sigma, dW = - (g . xi) xi for the gradient g, so its mean over xi is - g, no step goes uphill, and with k normal draws over W
 * numbers the squared cosine between dW and g is k / (W + k - 1) on average.
 */
import { z } from "zod";
import { sizeOf, type Tensor } from "../../graph/index.ts";
import type { LayerParameters } from "../../networks/index.ts";
import { defineRule, type LayerView, type Parameter, type Slope, type Workspace } from "../contract/index.ts";
import { lossesAlone, refuseTooMany } from "./one-by-one.ts";
import { perturbationOptions, perturbedTogether, type Side, slopeAlong, total } from "./perturbation.ts";

const options = z.strictObject({
  sigma: z.number().positive().default(1e-3).describe("size of the noise, in units of the weights"),
  ...perturbationOptions,
});
export type WeightPerturbationOptions = z.output<typeof options>;

/** xi of one draw for one weight or bias. */
interface Shaken {
  readonly parameter: Parameter;
  readonly of: "weight" | "bias";
  readonly xi: Tensor;
}

function noiseFor(view: LayerView, draw: number, { distribution }: WeightPerturbationOptions): Shaken[] {
  return view.parameters.map((parameter) => {
    const of = parameter.kind === "bias" ? "bias" : "weight";
    return { parameter, of, xi: view.noise(`${of}.${draw}`, of, distribution) };
  });
}

/** The mean loss with `change` added to some parameters. */
function lossUnder(workspace: Workspace, changed: readonly (Shaken & { readonly change: Tensor })[]): Tensor {
  const pass = workspace.further({
    perturbParameters: (layer, own) => {
      let shaken: LayerParameters = own;
      for (const { parameter, of, change } of changed) {
        if (parameter.owner !== layer) continue;
        shaken = { ...shaken, [of]: parameter.tensor.add(change) };
      }
      return shaken;
    },
  });
  return workspace.lossOf(pass).mean();
}

/** One loss for all that is shaken, credited to each number by its own noise. */
function creditTogether(workspace: Workspace, noise: readonly Shaken[], chosen: WeightPerturbationOptions): Slope[] {
  const loss = (side: Side): Tensor =>
    side === 0
      ? workspace.lossOf().mean()
      : lossUnder(
          workspace,
          noise.map((one) => ({ ...one, change: one.xi.mul(side * chosen.sigma) })),
        );
  const slope = slopeAlong(loss, chosen);
  return noise.map(({ parameter, xi }) => ({ parameter, gradient: xi.mul(slope) }));
}

/** A loss for each number, shaken alone. */
function creditAlone(workspace: Workspace, noise: readonly Shaken[], chosen: WeightPerturbationOptions): Slope[] {
  return noise.map((one) => {
    const { parameter, xi } = one;
    const loss = (side: Side): Tensor =>
      side === 0
        ? workspace.lossOf().mean()
        : lossesAlone(xi.mul(side * chosen.sigma), 0, (change) => lossUnder(workspace, [{ ...one, change }]));
    return { parameter, gradient: xi.mul(slopeAlong(loss, chosen).reshape(xi.shape)) };
  });
}

/** One broadcast difference of losses, credited to every weight by its own noise. */
export const weightPerturbation = defineRule(
  {
    id: "weight-perturbation",
    aliases: ["wp"],
    family: "perturbation",
    equation: "dW = - < L(W + sigma xi) - L(W) > / sigma  xi",
    symbols:
      "< > the batch mean of the cross-entropy: one number for the whole network and batch; xi in W's shape, shared by the batch; biases are weights",
    source: "Dembo and Kailath 1990; Cauwenberghs 1993 (all parameters at once); scopes in Baldi and Sadowski 2016",
    choices:
      "The read-out is neither shaken nor counted. With scope=layer each layer answers for its own noise only, at one pass per layer; with scope=local each " +
      "weight does, at one pass per weight: dW = - g xi^2, the gradient itself for sign noise.",
    // To first order in sigma: a finite difference can err where the slope along xi is itself of order sigma.
    relation: "descent direction",
    reads: ["broadcast", "noise"],
    options,
  },
  (workspace, chosen) => {
    const { layers } = workspace;
    const alone = chosen.scope === "local";
    if (alone) {
      const count = layers.flatMap(({ parameters }) => parameters).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
      refuseTooMany("weight-perturbation", count, "weights and biases");
    }
    const draws: Slope[] = [];
    for (let draw = 1; draw <= chosen.draws; draw++) {
      for (const together of perturbedTogether(layers, chosen)) {
        const noise = together.flatMap((view) => noiseFor(view, draw, chosen));
        draws.push(...(alone ? creditAlone(workspace, noise, chosen) : creditTogether(workspace, noise, chosen)));
      }
    }
    return {
      slopes: layers
        .flatMap(({ parameters }) => parameters)
        .map((parameter) => {
          const own = draws.filter((slope) => slope.parameter === parameter);
          return { parameter, gradient: total(own.map(({ gradient }) => gradient)).mul(1 / chosen.draws) };
        }),
    };
  },
);
