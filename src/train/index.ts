export { type Constants, constantsIn } from "./constants.ts";
export { Evaluator, type Score } from "./evaluate.ts";
export { formFor } from "./form.ts";
export { type OptimiserOptions } from "./optimiser.ts";
export { refusePairs } from "./pairs.ts";
export { trainProbes } from "./probes.ts";
export { parametersOf } from "./parameters.ts";
export { record, type RecordedTensor, type Recording } from "./record.ts";
export { answersTo, buildInference, inferenceModel } from "./inference.ts";
export { dataName, encoder, examplesArray } from "./inputs.ts";
export { readDocument, type TracedUpdates } from "./read-document.ts";
export { buildStep, type Model, replicate, simplifyAll, type StepGraph } from "./step.ts";
export { documentOf, traceUpdates } from "./traced.ts";
export { writeDocument } from "./write-document.ts";
export { type CourseOptions, type CurveSample, explosion, type Outcome, type ReplicaValues } from "./course.ts";
export {
  type Checkpoints,
  type GroupState,
  type Progress,
  type ReplicaResult,
  train,
  type TrainOptions,
} from "./train.ts";
export { type Group, type Replica, type ReplicaState, type StepScalars, Trainer } from "./trainer.ts";
