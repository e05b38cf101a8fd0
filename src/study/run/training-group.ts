/** Runs of one shape, put together as `train` takes them. */
import { type Group, refusePairs, type Replica, type TrainOptions } from "../../train/index.ts";
import type { RunSpec } from "../spec/spec.ts";
import { seedOf, taskOf } from "./build.ts";
import type { PlannedModel } from "./planned-model.ts";

/** A group of runs of one shape. Throws a clear error for anything in a specification that cannot be built. */
export function groupOf(planned: PlannedModel, specs: readonly RunSpec[]): Group {
  const { train } = planned.spec;
  return {
    model: planned.model,
    step: planned.step,
    schedule: { kind: train.schedule, decay: train.scheduleDecay, steps: train.steps },
    form: planned.form,
    replicas: specs.map((spec) => replicaOf(planned, spec)),
  };
}

/** How long runs of a shape are trained, what is measured on the way, and what is kept of them. */
export function trainOptionsOf({ train, probes }: Pick<RunSpec, "train" | "probes">): TrainOptions {
  const { steps, stopAtLoss, stopWindow, curveEvery, keep, patience } = train;
  const isChosen = keep === "best" || patience > 0;
  const validateEvery = train.validateEvery === 0 && isChosen ? curveEvery : train.validateEvery;
  return { steps, stopAtLoss, stopWindow, curveEvery, keep, patience, validateEvery, probes };
}

function replicaOf(planned: PlannedModel, spec: RunSpec): Replica {
  const task = taskOf(spec);
  refusePairs(task, planned.model, planned.step);
  const { learningRate, readoutLearningRate = learningRate } = spec.train;
  return {
    task,
    sizes: spec.data,
    seeds: {
      data: seedOf(spec, "data"),
      init: seedOf(spec, "init"),
      order: seedOf(spec, "order"),
      noise: seedOf(spec, "noise"),
    },
    learningRate,
    readoutLearningRate,
  };
}
