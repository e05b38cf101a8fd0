/** Studies: grids of runs, the store that keeps them, and what is said of them. */
export { type ChannelComparison, measureChannels } from "./channel/measure.ts";
export { type ChannelSubject, channelSubjects } from "./channel/subjects.ts";
export { completeSpec, modelOf, networkOf, taskOf } from "./run/build.ts";
export { execute, type ExecutionOptions, type ExecutionProgress, type ExecutionSummary } from "./run/execute.ts";
export { type Plan, planRuns, planStudy } from "./run/plan.ts";
export { PlannedModel, PlannedModels } from "./run/planned-model.ts";
export { expand } from "./spec/expand.ts";
export { runIdentity } from "./spec/identity.ts";
export { loadStudy, studyFromWords } from "./spec/load.ts";
export { RunSpec, type RunSpecInput } from "./spec/spec.ts";
export { defineStudy, type PlannedRun, type Study, type StudyInput } from "./spec/study.ts";
export type { CurvePoint, Outcome, Provenance, RunRow } from "./store/rows.ts";
export { readSafetensors, type Safetensors, type SafeTensor, writeSafetensors } from "./store/safetensors.ts";
export { openStore, type Store } from "./store/store.ts";
export { type Cell, type Difference, differences, type Measure, measures, summarise } from "./summary/summary.ts";
export { renderDifferences, renderTable } from "./summary/table.ts";
export { type Trace, type TraceOptions, writeTrace } from "./trace/trace.ts";
