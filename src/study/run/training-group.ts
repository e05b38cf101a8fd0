/** Runs of one shape, put together as `train` takes them. */
import { pairKinds, type Task } from "../../tasks/index.ts";
import type { Group, Replica, TrainOptions } from "../../train/index.ts";
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

/** How long runs of a shape are trained, and what is recorded of them. */
export function trainOptionsOf({
  train,
  probes,
}: RunSpec): Pick<TrainOptions, "steps" | "stopAtLoss" | "stopWindow" | "curveEvery" | "probes"> {
  const { steps, stopAtLoss, stopWindow, curveEvery } = train;
  return { steps, stopAtLoss, stopWindow, curveEvery, probes };
}

function replicaOf(planned: PlannedModel, spec: RunSpec): Replica {
  const task = taskOf(spec);
  refusePairs(task, planned);
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

/** Throws when the rule wants pairs that the task cannot give: those that its option names, and those that its step asks for. */
function refusePairs(task: Task, { model, step }: PlannedModel): void {
  const { pair, level } = model.rule.options as { readonly pair?: unknown; readonly level?: "layer" | number };
  const named = pairKinds.filter((kind) => kind === pair).map((kind) => ({ kind, level }));
  const asked = step.partners.flatMap(({ request }) => {
    if (request.kind === "part") return [];
    const { kind } = request;
    return [{ kind, level: kind === "resample" && typeof request.level === "number" ? request.level : undefined }];
  });
  for (const request of [...named, ...asked]) {
    const reason = task.refusal(request.kind, request.level);
    if (reason !== undefined) throw new Error(`rule.pair=${request.kind}: ${reason}`);
  }
}
