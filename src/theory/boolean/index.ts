export {
  andMargin,
  type ClassCounts,
  type Learned,
  learnedByClass,
  type LearnedCounts,
  learnedCounts,
  learner,
} from "./learnability.ts";
export { perceptron, type PerceptronOptions, type TieReading } from "./perceptron.ts";
export { type BooleanRule, booleanRules, type LearningKind } from "./rules.ts";
export {
  type BooleanSetting,
  type Encoding,
  encodings,
  MOST_INPUTS,
  pointsOf,
  presentations,
  readings,
  targetsOf,
  valueAt,
} from "./setting.ts";
export { classesOf, complement, type SymmetryClass, thresholdFunctions } from "./threshold-functions.ts";
export { weightForms } from "./weight-form.ts";
