export { dataKinds, type DataKind, drawData, drawNetwork, type DrawOptions } from "./draw.ts";
export { type LayerInvariant, layerInvariants } from "./invariants.ts";
export { bestProduct, excessError, leastExcessError, type LimitPrediction, predictedLimits } from "./limits.ts";
export {
  type ChannelKind,
  channelKinds,
  errorCorrelation,
  type LinearData,
  type LinearNetwork,
  packed,
  productOf,
  unpacked,
  weightFlow,
} from "./linear-network.ts";
export { type PowerRun, type PowerRuns, powerRuns, powerSetting } from "./power-runs.ts";
export {
  powerFlow,
  powerInvariant,
  powerLimit,
  type PowerMoments,
  powerMoments,
  type PowerUnit,
} from "./power-unit.ts";
export { type Coefficients, limitOfFlow, realRoots } from "./real-roots.ts";
export {
  type CheckedLimit,
  type InvariantDrift,
  type NetworkRun,
  type RestedRun,
  runToRest,
  simulateNetwork,
  type CourseOptions,
} from "./simulate.ts";
