export { type DirectFeedback, type Feedback, type FeedbackKind, type FeedbackRequest } from "./connection.ts";
export { credit } from "./credit.ts";
export { documentSchema, type RuleDocument, type TraceRequest } from "./document.ts";
export { type KeptShape, LayerView } from "./layer-view.ts";
export { inSequence, layerwise, type SequenceOptions, sequenceOptions } from "./layerwise.ts";
export {
  descendObjectives,
  headsOf,
  type LayerObjective,
  localObjective,
  type ObjectiveOf,
  slopesOf,
} from "./objective.ts";
export { optionNames, settleOptions, suggestion } from "./options.ts";
export {
  nextExample,
  offDiagonalSquares,
  pairedViews,
  type PairOptions,
  pairOptions,
  project,
  type ProjectorOptions,
  projectorOptions,
  shiftedIdentity,
  throughHead,
} from "./pairs.ts";
export { type Between, forward, type Parameters, type Pass, type PassOptions } from "./pass.ts";
export { asChange, type Change, type ChangeOf, plasticity } from "./plasticity.ts";
export { Registry } from "./registry.ts";
export {
  type ChosenRule,
  defaultsOf,
  defineRule,
  isAtDefaults,
  type Objective,
  type Relation,
  relations,
  renamed,
  type Rule,
  type RuleCard,
  type Updates,
} from "./rule.ts";
export { RuleError, type Signal, signals } from "./signal.ts";
export { traceRule } from "./trace.ts";
export {
  chain,
  largest,
  normalised,
  normaliseField,
  normPowerField,
  normRateField,
  ofWeight,
  slowedNearUnitNorm,
  toUnitNorm,
  type Transformation,
  unitNorms,
  weightNormField,
  weightNormStepField,
} from "./transformation.ts";
export { inTurns, type Turns } from "./turns.ts";
export {
  constantly,
  type Decay,
  type Initial,
  type NextValue,
  type Noise,
  type Parameter,
  type Slope,
  State,
  type Variable,
  type VariableKind,
} from "./variable.ts";
export { writtenRule } from "./written.ts";
export { type PassChanges, Workspace, type WorkspaceInputs } from "./workspace.ts";
