/**
 * Optimisers, as expressions: how a pseudo-gradient becomes the next value of a parameter.
 *
 * The learning rate of a step is an input, so that schedules cost nothing in the graph and replicas may differ in it.
 * Momentum is kept in units of the weights (v' = mu v - eta g, W' = W + v'): with a constant learning rate this is the
 * usual heavy ball, and it lets `simplify` fold the accumulation into the gradient's matrix product.
 */
import { full, input, type Tensor } from "../graph/index.ts";

export interface OptimiserOptions {
  readonly kind: "sgd" | "adam" | "adamw";
  readonly momentum: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** adamw: decoupled, W shrinks by eta * weightDecay a step; otherwise weightDecay * W is added to the pseudo-gradient. */
  readonly weightDecay: number;
}

/** Scalars an optimiser wants at each step. */
export interface OptimiserInputs {
  readonly learningRate: Tensor;
  readonly readoutLearningRate: Tensor;
  /** Adam only: epsilon times the root of the second moment's bias correction. */
  readonly epsilon: Tensor;
  /** adamw only: the uncorrected learning rates. */
  readonly decayRate: Tensor;
  readonly readoutDecayRate: Tensor;
}

export function optimiserInputs(): OptimiserInputs {
  const rate = (name: string): Tensor => input(name, []);
  return {
    learningRate: rate("learningRate"),
    readoutLearningRate: rate("readoutLearningRate"),
    epsilon: rate("adam.epsilon"),
    decayRate: rate("decayRate"),
    readoutDecayRate: rate("readoutDecayRate"),
  };
}

/** Names of the slots an optimiser keeps per parameter. */
export function slotNames({ kind, momentum }: OptimiserOptions): readonly string[] {
  if (kind === "sgd") return momentum === 0 ? [] : ["momentum"];
  return ["firstMoment", "secondMoment"];
}

/** A parameter at a step, and what the optimiser descends. */
export interface Descent {
  readonly name: string;
  readonly value: Tensor;
  readonly gradient: Tensor;
  readonly learningRate: "hidden" | "readout";
  /** Share of the value that is forgotten, whatever the learning rate. */
  readonly decay?: number;
}

/** Next values of a parameter and of its slots, by name. */
export function descendParameter(
  { name, value, gradient, learningRate, decay = 0 }: Descent,
  inputs: OptimiserInputs,
  options: OptimiserOptions,
): Record<string, Tensor> {
  const isReadout = learningRate === "readout";
  const rate = isReadout ? inputs.readoutLearningRate : inputs.learningRate;
  const remembered = decay === 0 ? value : value.mul(1 - decay);
  const decayed =
    options.kind !== "adamw" && options.weightDecay > 0 ? gradient.add(value.mul(options.weightDecay)) : gradient;
  const slot = (slotName: string): Tensor => input(`${slotName}.${name}`, value.shape);

  if (options.kind === "sgd") {
    if (options.momentum === 0) return { [name]: remembered.sub(decayed.mul(rate)) };
    const velocity = slot("momentum").mul(options.momentum).sub(decayed.mul(rate));
    return { [`momentum.${name}`]: velocity, [name]: remembered.add(velocity) };
  }
  // Kingma and Ba 2015, algorithm 1, with the bias corrections folded into the learning rate and epsilon of the step.
  const { beta1, beta2 } = options;
  const first = slot("firstMoment")
    .mul(beta1)
    .add(decayed.mul(1 - beta1));
  const second = slot("secondMoment")
    .mul(beta2)
    .add(decayed.square().mul(1 - beta2));
  const step = first.mul(rate).div(second.sqrt().add(inputs.epsilon));
  const shrink = isReadout ? inputs.readoutDecayRate : inputs.decayRate;
  const kept =
    options.kind === "adamw" && options.weightDecay > 0
      ? remembered.mul(full(1, []).sub(shrink.mul(options.weightDecay)))
      : remembered;
  return { [`firstMoment.${name}`]: first, [`secondMoment.${name}`]: second, [name]: kept.sub(step) };
}
