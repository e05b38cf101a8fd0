/** Every shipped rule, found by name or usual abbreviation. */
import { chooseFrom, type RuleSpec } from "./choose.ts";
import type { ChosenRule, Rule } from "./contract/index.ts";
import { frozen } from "./control/frozen.ts";
import {
  adaptiveFeedback,
  backprop,
  backpropUngated,
  batchwiseRandomSignFeedback,
  directFeedbackAlignment,
  directKolenPollack,
  directRandomTargetProjection,
  feedbackAlignment,
  fixedRandomSignFeedback,
  kolenPollack,
  signDirectFeedbackAlignment,
  uniformSignFeedback,
  weightMirror,
} from "./feedback/feedback.ts";
import { forwardForward } from "./forward-only/forward-forward.ts";
import { pepita } from "./forward-only/pepita.ts";
import { ghl, ghlPermutedMagnitude, ghlRandomMagnitude, signSgd } from "./global-direction/global-direction.ts";
import { mixOf } from "./global-direction/mix.ts";
import {
  bcm,
  covariance,
  foldiak,
  hardWta,
  hebb,
  hpca,
  instar,
  krotovHopfield,
  oja,
  ojaSubspace,
  sanger,
  softHebb,
  softWta,
} from "./hebbian/index.ts";
import { infomorphic, infomorphicLateral } from "./infomorphic/infomorphic.ts";
import { nodePerturbation } from "./perturbation/node-perturbation.ts";
import { rewardModulatedHebb } from "./perturbation/reward-modulated-hebb.ts";
import { weightPerturbation } from "./perturbation/weight-perturbation.ts";
import { barlowTwins } from "./self-supervised/barlow-twins.ts";
import { clapp } from "./self-supervised/clapp.ts";
import { greedyInfomax } from "./self-supervised/greedy-infomax.ts";
import { infoNce } from "./self-supervised/info-nce.ts";
import { lpl } from "./self-supervised/lpl.ts";
import { scff } from "./self-supervised/scff.ts";
import { simclr } from "./self-supervised/simclr.ts";
import { vicreg } from "./self-supervised/vicreg.ts";
import {
  deepTargets,
  differenceTargetPropagation,
  equilibriumPropagation,
  exactPredictiveCoding,
  predictiveCoding,
} from "./settling/index.ts";
import { greedy } from "./supervised/greedy.ts";
import { infopro } from "./supervised/infopro.ts";
import { periodicGlobalGuidance } from "./supervised/pgl.ts";
import { predsim } from "./supervised/predsim.ts";
import { sgr } from "./supervised/sgr.ts";
import { sll } from "./supervised/sll.ts";

/** Rules that stand by themselves. */
const simple: readonly Rule[] = [
  backprop,
  backpropUngated,
  feedbackAlignment,
  directFeedbackAlignment,
  signDirectFeedbackAlignment,
  directRandomTargetProjection,
  uniformSignFeedback,
  batchwiseRandomSignFeedback,
  fixedRandomSignFeedback,
  kolenPollack,
  directKolenPollack,
  weightMirror,
  adaptiveFeedback,
  infoNce,
  simclr,
  clapp,
  barlowTwins,
  vicreg,
  lpl,
  greedyInfomax,
  scff,
  greedy,
  predsim,
  infopro,
  sll,
  sgr,
  hebb,
  covariance,
  oja,
  ojaSubspace,
  sanger,
  bcm,
  instar,
  hardWta,
  softWta,
  krotovHopfield,
  softHebb,
  hpca,
  foldiak,
  ghl,
  signSgd,
  ghlRandomMagnitude,
  ghlPermutedMagnitude,
  forwardForward,
  pepita,
  weightPerturbation,
  nodePerturbation,
  rewardModulatedHebb,
  predictiveCoding,
  exactPredictiveCoding,
  equilibriumPropagation,
  differenceTargetPropagation,
  deepTargets,
  infomorphic,
  infomorphicLateral,
  frozen,
];

/** Rules made of others: functions of the list of rules they may name, so that no rule imports this file. */
export const periodicGuidance = periodicGlobalGuidance(simple);
export const mix = mixOf(simple);

export const catalogue: readonly Rule[] = [...simple, periodicGuidance, mix];

/**
 * The rule that a name or a specification means, its options checked and filled in: `chooseRule("oja")`, `chooseRule({ id: "oja", ... })`.
 *
 * Throws RuleError for an unknown rule or option, with the nearest known name.
 */
export function chooseRule(spec: string | RuleSpec, rules = catalogue): ChosenRule {
  return chooseFrom(rules, typeof spec === "string" ? { id: spec } : spec);
}
