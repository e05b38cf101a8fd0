export { Evaluator, type Score } from "./evaluate.ts";
export { formFor } from "./form.ts";
export { type OptimiserOptions } from "./optimiser.ts";
export { refusePairs } from "./pairs.ts";
export { trainProbes } from "./probes.ts";
export { parametersOf } from "./parameters.ts";
export { record, type RecordedTensor, type Recording } from "./record.ts";
export {
  buildStep,
  encoder,
  type Model,
  replicate,
  simplifyAll,
  type StepGraph,
  type TracedUpdates,
  traceUpdates,
  workspaceFor,
} from "./step.ts";
export { type CurveSample, explosion, type Progress, type ReplicaResult, train, type TrainOptions } from "./train.ts";
export { type Group, isSlot, type Replica, Trainer } from "./trainer.ts";
