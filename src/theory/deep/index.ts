export { type DeepTargetOptions, learnByDeepTargets, nearestTarget, type SmallNetwork } from "./deep-targets.ts";
export { type ErrorChannelOptions, learnByErrorChannel } from "./error-channel.ts";
export { MOST_DEEP_INPUTS, MOST_HIDDEN, signedPoints, type SmallArchitecture, topLearns } from "./hidden-layer.ts";
export { representableCount } from "./representable.ts";
export {
  type DeepScheme,
  type DeepSchemeId,
  deepSchemes,
  type DeepTraining,
  defaultTraining,
  functionsLearned,
} from "./schemes.ts";
export { type HiddenDirection, type SchemeSurvey, surveyScheme, targetBlindDirections } from "./survey.ts";
export { errorsForInputs, leastTopError, ojaDirection, type OjaOptions } from "./target-blind.ts";
