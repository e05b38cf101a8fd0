export {
  blank,
  type PairKind,
  pairKinds,
  type PairSource,
  pairSource,
  partnerName,
  type PartnerRequest,
  sourceOf,
} from "./pair-kinds.ts";
export {
  exampleLength,
  type Examples,
  type Inputs,
  type Split,
  type SplitSizes,
  symbolsOf,
  type Task,
  type TaskShape,
} from "./task.ts";
export { datumOf, datumOfString, derivationOf, stringOfDatum } from "./rhm/datum.ts";
export { derive, emptyDerivations, parse, symbolsAt, type Derivations } from "./rhm/derivation.ts";
export { drawHierarchy, isMaximal, stringCount, type Hierarchy, type HierarchyParameters } from "./rhm/hierarchy.ts";
export { exchangeSynonyms, replaceSymbol, resampleBelow } from "./rhm/interventions.ts";
export { rhm, rhmDefaults, type RhmOptions, type RhmTask } from "./rhm/task.ts";
export { rhmTheory, type RhmTheory } from "./rhm/theory.ts";
export { formatTree } from "./rhm/tree.ts";
export { defaultTask, type ShippedTask, type ShippedTaskInput, shippedTask, taskCatalogue } from "./catalogue.ts";
export { type GivenExamples, largestInput } from "./checked-examples.ts";
export {
  checkedSplit,
  checkShape,
  defineTask,
  type GivenSizes,
  type OwnTask,
  plainTask,
  seedFrom,
  settledOptions,
  type TaskCard,
  type TaskDefinition,
  type TaskLimits,
  type TaskRandom,
  type TaskSeeds,
  withSizes,
} from "./definition.ts";
export { arrayNames, arraysDefinition, type ArraysCard, cardOfArrays, type TaskArray } from "./arrays.ts";
