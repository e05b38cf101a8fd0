/**
 * The public interface: what a study file, a rule of one's own, or a program around afferent imports.
 *
 * Browser-safe parts come from their rooms; the store and the executor need Node.
 */
export {
  type Certificate,
  type CertificateSummary,
  certify,
  type LayerCertificate,
  summaryOf as certificateSummary,
} from "./audit/index.ts";
export { type ChannelMeasurement, type ChannelOptions, measureChannel } from "./audit/channel.ts";
export { operationOrder, type Order } from "./audit/channel-order.ts";
export { type ChannelSummary, rateClaim, type RateClaim, summariseChannel } from "./audit/channel-summary.ts";
export * from "./graph/index.ts";
export * from "./networks/index.ts";
export { type Random, stream } from "./random/stream.ts";
export {
  catalogue,
  type ChosenRule,
  chooseRule,
  credit,
  defineRule,
  descend,
  type Initial,
  LayerView,
  localObjective,
  plasticity,
  type Relation,
  type Rule,
  type RuleCard,
  RuleError,
  type Signal,
  signals,
  type Updates,
  Workspace,
} from "./rules/index.ts";
export { type ExecutionProgress, type ExecutionSummary, execute } from "./study/execute.ts";
export { expand } from "./study/expand.ts";
export type { CurvePoint, Outcome, RunRow } from "./study/rows.ts";
export { RunSpec, type RunSpecInput } from "./study/spec.ts";
export { openStore, type Store } from "./study/store/store.ts";
export { defineStudy, type PlannedRun, type Study, type StudyInput } from "./study/study.ts";
export { type Cell, summarise } from "./study/summary.ts";
export * as theory from "./theory/index.ts";
export { z } from "zod";
