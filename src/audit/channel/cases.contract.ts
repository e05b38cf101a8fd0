/** Small models for the tests of the learning channel. */
import { layOut, type NetworkOptions } from "../../networks/index.ts";
import { chooseRule } from "../../rules/index.ts";
import { buildStep, type Model } from "../../train/step.ts";
import type { ModelledStep } from "./operations.ts";

/** A model of a rule on strings of `symbols` symbols out of 4, in one of 3 classes. */
export function smallModel(
  rule: { readonly id: string; readonly [option: string]: unknown },
  { symbols = 4, batch = 3, ...network }: Partial<NetworkOptions> & { symbols?: number; batch?: number } = {},
): Model {
  return {
    network: layOut(
      { positions: symbols, channels: 4, classes: 3, branching: 2 },
      {
        architecture: "mlp",
        width: 5,
        depth: 2,
        activation: "tanh",
        parametrisation: "standard",
        bias: "none",
        readout: "flatten",
        ...network,
      },
    ),
    rule: chooseRule(rule),
    optimiser: { kind: "sgd", momentum: 0, beta1: 0, beta2: 0, epsilon: 1, weightDecay: 0 },
    batch,
  };
}

/** A model with its step on strings of `length` symbols. */
export function modelled(model: Model, length = 4): ModelledStep {
  return { model, length, step: buildStep(model, length) };
}
