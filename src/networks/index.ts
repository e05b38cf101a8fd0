export { locallyConnected, mlp, type NetworkChoices, networkDefaults, type TaskShape, treeCnn } from "./build.ts";
export {
  activate,
  type Activity,
  activity,
  gate,
  giveBack,
  type LayerParameters,
  preactivate,
  receive,
  receiveFrom,
  sendBack,
  sumToBias,
} from "./layer.ts";
export {
  type Activation,
  allLayers,
  type Architecture,
  type Bias,
  biasShape,
  glorotDeviation,
  type Layer,
  layOut,
  type Network,
  type NetworkOptions,
  type NetworkTask,
  type Parametrisation,
  parameterCount,
  parameterCountOf,
  type Readout,
  weightShape,
} from "./network.ts";
export { neighbours, siblings } from "./neighbours.ts";
export { outputError } from "./readout.ts";
export {
  batchOf,
  correlate,
  fromExamples,
  type Grid,
  meanOverSamples,
  outer,
  perExample,
  relaid,
  samplesPerWeight,
  toEverySample,
  toPositions,
  toSamples,
  unitShape,
} from "./samples.ts";
