/** The learning rates of a step: the one place where schedule, parametrisation and optimiser come together. */
import type { Network } from "../networks/index.ts";
import type { OptimiserOptions } from "./optimiser.ts";
import { type ScheduleOptions, scheduleFactor } from "./schedule.ts";

/** As a specification gives them: of the hidden layers with their heads, and of the read-out. */
export interface LearningRates {
  readonly learningRate: number;
  readonly readoutLearningRate: number;
}

/**
 * The scalars that the graph of a step (counted from 1) is fed, by input name. Both rates follow the schedule; those of stochastic
 * gradient descent are multiplied by the width in the mean-field parametrisation (`Network.learningRateScale`); Adam's bias
 * corrections are folded into rate and epsilon (Kingma and Ba 2015, end of section 2).
 */
export function stepScalars(
  optimiser: OptimiserOptions,
  { learningRateScale }: Pick<Network, "learningRateScale">,
  schedule: ScheduleOptions,
  step: number,
  { learningRate, readoutLearningRate }: LearningRates,
): Record<string, number> {
  const factor = scheduleFactor(schedule, step) * (optimiser.kind === "sgd" ? learningRateScale : 1);
  const [hidden, readout] = [learningRate * factor, readoutLearningRate * factor];
  if (optimiser.kind === "sgd") return { learningRate: hidden, readoutLearningRate: readout };
  const correction = Math.sqrt(1 - optimiser.beta2 ** step);
  const corrected = correction / (1 - optimiser.beta1 ** step);
  return {
    learningRate: hidden * corrected,
    readoutLearningRate: readout * corrected,
    "adam.epsilon": optimiser.epsilon * correction,
    decayRate: hidden,
    readoutDecayRate: readout,
  };
}
