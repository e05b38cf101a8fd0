/** Trains the runs of one group: what a worker does with what it is sent. */
import type { Engine } from "../../runtime/index.ts";
import { type ReplicaResult, train, type TrainOptions } from "../../train/index.ts";
import type { RunSpec } from "../spec/spec.ts";
import type { PlannedModel } from "./planned-model.ts";
import { groupOf, trainOptionsOf } from "./training-group.ts";

/** Trains runs of the shape of `planned` together: a result for each, in their order. Throws as `train`. */
export async function trainRuns(
  planned: PlannedModel,
  specs: readonly RunSpec[],
  engine: Engine,
  watching: Pick<TrainOptions, "signal" | "onProgress" | "onCompiled" | "checkpoints" | "from"> = {},
): Promise<ReplicaResult[]> {
  const options = { ...trainOptionsOf(planned.spec), ...watching };
  return train(groupOf(planned, specs), options, engine);
}
