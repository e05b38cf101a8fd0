/** Names at the edge of a step: what its inputs and outputs are called, and which of them no rule may give to a value of its own. */
import { RuleError } from "../rules/index.ts";

/** Inputs that the training room feeds. */
const fed: readonly string[] = [
  ...["tokens", "inputs", "labels", "weights", "learningRate", "readoutLearningRate", "decayRate", "readoutDecayRate"],
];
/** Beginnings of the names of what is drawn, remembered by the optimiser, recorded or trained beside the rule. */
const begun: readonly string[] = [
  ...["noise.", "partner.", "next.", "gradient.", "adam.", "momentum.", "firstMoment.", "secondMoment.", "probe."],
];
/** Scalars of a step and of a curve. */
const scalars: readonly string[] = ["loss", "error", "lossSum", "errorSum", "trainLoss", "trainError"];

const form = /^[A-Za-z][\w-]*(\.[A-Za-z][\w-]*)*$/;

/** Throws RuleError for a name that a kept value may not have: one of the training room's own, or none at all. */
export function refuseKeptName(rule: string, name: string): void {
  refuseForm(rule, name);
  if (fed.includes(name) || scalars.includes(name) || begun.some((beginning) => name.startsWith(beginning)))
    throw new RuleError(`rule ${rule}: expected another name than "${name}" for what it keeps: it is taken; rename it`);
}

/** Throws RuleError for a name that a scalar of the rule's own may not have. */
export function refuseObjectiveName(rule: string, name: string): void {
  refuseForm(rule, name);
  if (scalars.includes(name) || begun.some((beginning) => name.startsWith(beginning)))
    throw new RuleError(`rule ${rule}: expected another name than "${name}" for an objective: it is taken; rename it`);
}

function refuseForm(rule: string, name: string): void {
  if (!form.test(name))
    throw new RuleError(
      `rule ${rule}: expected a name of letters, digits, "_" and "-", in parts joined by dots, got "${name}"`,
    );
}

/** Throws RuleError where a name stands twice. */
export function refuseTwice(rule: string, names: readonly string[]): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) throw new RuleError(`rule ${rule}: expected one value called "${name}", got two; rename one`);
    seen.add(name);
  }
}
