/**
 * Finding a rule by name in a list of rules, and checking its options.
 *
 * Apart from the catalogue, so that rules made of other rules can look those up without importing the catalogue they are in:
 * such a rule is a function of the list, which the catalogue calls with the rules that stand by themselves.
 */
import { type ChosenRule, type Rule, RuleError, settleOptions, suggestion } from "./contract/index.ts";

/** A rule by name or abbreviation, with options. */
export interface RuleSpec {
  readonly id: string;
  readonly [option: string]: unknown;
}

/**
 * The rule of `rules` that a specification names, its options checked and filled in.
 *
 * Throws RuleError for an unknown rule or option, with the nearest known name.
 */
export function chooseFrom(rules: readonly Rule[], { id, ...given }: RuleSpec): ChosenRule {
  const wanted = id.toLowerCase();
  const rule = rules.find(
    (candidate) => candidate.id === id || candidate.id === wanted || candidate.aliases.includes(wanted),
  );
  if (rule === undefined) {
    const names = rules.flatMap((candidate) => [candidate.id, ...candidate.aliases]);
    const nearest = suggestion(wanted, names);
    throw new RuleError(`rule: expected a rule, got "${id}"${nearest} (afferent rules lists all)`);
  }
  return { rule, options: settleOptions(rule.id, rule.options, given) };
}
