/** Trains the runs of one group: what a worker does with what it is sent. */
import type { Engine } from "../../runtime/index.ts";
import { train, type TrainOptions } from "../../train/index.ts";
import type { RunSpec } from "../spec/spec.ts";
import type { PlannedModel } from "./planned-model.ts";
import type { RunResult } from "./protocol.ts";
import { groupOf, trainOptionsOf } from "./training-group.ts";

/** Trains runs of the shape of `planned` together: a result for each, in their order. Throws as `train`. */
export async function trainRuns(
  planned: PlannedModel,
  specs: readonly RunSpec[],
  engine: Engine,
  watching: Pick<TrainOptions, "signal" | "onProgress" | "onCompiled"> = {},
): Promise<RunResult[]> {
  const options = { ...trainOptionsOf(planned.spec), ...watching };
  const results = await train(groupOf(planned, specs), options, engine);
  return results.map(({ values: _values, ...result }) => result);
}
