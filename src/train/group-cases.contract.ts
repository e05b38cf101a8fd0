/** Small groups for tests of the training step: any rule, on a tree network of two layers. */
import { layOut } from "../networks/index.ts";
import { chooseRule } from "../rules/index.ts";
import { rhm } from "../tasks/index.ts";
import type { Group } from "./index.ts";

const parameters = { v: 4, m: 2, s: 2, depth: 2, classes: 4 };

export interface Sizes {
  readonly width: number;
  readonly batch: number;
}

function replica(seed: number): Group["replicas"][number] {
  return {
    task: rhm({ ...parameters, seed }),
    sizes: { train: 20, validation: 4, test: 4 },
    seeds: { data: seed, init: seed, order: seed, noise: seed },
    learningRate: 0.01,
    readoutLearningRate: 0.01,
  };
}

/** Replicas of a rule on strings of length 4, one per seed, with SGD and momentum. */
export function groupOf(rule: string, form: Group["form"], seeds: readonly number[], { width, batch }: Sizes): Group {
  const network = layOut(
    { positions: 4, channels: 4, classes: 4, branching: 2 },
    {
      architecture: "tree-cnn",
      width,
      depth: 2,
      activation: "relu",
      parametrisation: "standard",
      bias: "none",
      readout: "flatten",
    },
  );
  return {
    model: {
      network,
      rule: chooseRule({ id: rule }),
      optimiser: { kind: "sgd", momentum: 0.9, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 },
      batch,
    },
    schedule: { kind: "constant", decay: 1, steps: 2 },
    replicas: seeds.map(replica),
    form,
  };
}
