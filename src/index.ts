/**
 * The public interface: what a study file, a rule of one's own, or a program around afferent imports.
 *
 * Browser-safe parts come from their rooms; the store and the executor need Node.
 */
export {
  type Certificate,
  type CertificateSummary,
  certify,
  type ChannelMeasurement,
  type ChannelOptions,
  type ChannelSummary,
  claimGap,
  gapText,
  type LayerCertificate,
  measureChannel,
  operationOrder,
  type Order,
  rateClaim,
  type RateClaim,
  summariseChannel,
  summaryOf as certificateSummary,
  type Verdict,
} from "./audit/index.ts";
export * from "./graph/index.ts";
export * from "./networks/index.ts";
export { type Random, stream } from "./random/stream.ts";
export * from "./rules/index.ts";
export { type ExecutionProgress, type ExecutionSummary, execute } from "./study/run/execute.ts";
export { type Plan, planRuns, planStudy } from "./study/run/plan.ts";
export { PlannedModel, PlannedModels } from "./study/run/planned-model.ts";
export { expand } from "./study/spec/expand.ts";
export type { CurvePoint, Outcome, RunRow } from "./study/store/rows.ts";
export { RunSpec, type RunSpecInput } from "./study/spec/spec.ts";
export { openStore, type Store } from "./study/store/store.ts";
export { defineStudy, type PlannedRun, type Study, type StudyInput } from "./study/spec/study.ts";
export { type Cell, summarise } from "./study/summary/summary.ts";
export * as theory from "./theory/index.ts";
export { z } from "zod";
