/**
 * Learning rules: the contract in which one is written, the bases on which the shipped ones stand, and all of these, each a function
 * of its options: `oja({ activity: "tanh" })`.
 */
export * from "./contract/index.ts";
export { type PairKind, pairKinds, type PairSource, pairSource, type PartnerRequest } from "../tasks/index.ts";
export { catalogue, chooseRule, mix, periodicGuidance } from "./catalogue.ts";
export * as families from "./families.ts";
export type { RuleSpec } from "./choose.ts";
export { frozen } from "./control/frozen.ts";
export * from "./feedback/feedback.ts";
export { forwardForward } from "./forward-only/forward-forward.ts";
export { pepita } from "./forward-only/pepita.ts";
export { ghl, ghlPermutedMagnitude, ghlRandomMagnitude, signSgd } from "./global-direction/global-direction.ts";
export * from "./hebbian/index.ts";
export { infomorphic, infomorphicLateral } from "./infomorphic/infomorphic.ts";
export { nodePerturbation } from "./perturbation/node-perturbation.ts";
export {
  moved,
  perturbationOptions,
  type PerturbationOptions,
  perturbedTogether,
  slopeAlong,
} from "./perturbation/perturbation.ts";
export { rewardModulatedHebb } from "./perturbation/reward-modulated-hebb.ts";
export { weightPerturbation } from "./perturbation/weight-perturbation.ts";
export { barlowTwins } from "./self-supervised/barlow-twins.ts";
export { clapp } from "./self-supervised/clapp.ts";
export { greedyInfomax } from "./self-supervised/greedy-infomax.ts";
export { infoNce } from "./self-supervised/info-nce.ts";
export { lpl } from "./self-supervised/lpl.ts";
export { scff } from "./self-supervised/scff.ts";
export { simclr } from "./self-supervised/simclr.ts";
export { vicreg } from "./self-supervised/vicreg.ts";
export {
  deepTargets,
  differenceTargetPropagation,
  equilibriumPropagation,
  exactPredictiveCoding,
  predictiveCoding,
} from "./settling/index.ts";
export { greedy } from "./supervised/greedy.ts";
export { infopro } from "./supervised/infopro.ts";
export { classifierLoss, classifierOptions, classify, linearHead, pooled } from "./supervised/local-head.ts";
export { predsim } from "./supervised/predsim.ts";
export { sgr } from "./supervised/sgr.ts";
export { sll } from "./supervised/sll.ts";
