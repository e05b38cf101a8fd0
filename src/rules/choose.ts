/**
 * Finding a rule by name in a list of rules, and checking its options.
 *
 * Apart from the catalogue, so that rules made of other rules can look those up without importing the catalogue they are in:
 * such a rule is a function of the list, which the catalogue calls with the rules that stand by themselves.
 */
import { distance } from "fastest-levenshtein";
import { z } from "zod";
import type { ChosenRule, Rule } from "./rule.ts";
import { RuleError } from "./signal.ts";

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
export function chooseFrom(rules: readonly Rule[], spec: RuleSpec): ChosenRule {
  const { id, ...given } = spec;
  const wanted = id.toLowerCase();
  const rule = rules.find(
    (candidate) => candidate.id === id || candidate.id === wanted || candidate.aliases.includes(wanted),
  );
  if (rule === undefined) {
    const names = rules.flatMap((candidate) => [candidate.id, ...candidate.aliases]);
    throw new RuleError(
      `rule: expected one of ${rules.map((known) => known.id).join(", ")}, got "${id}"${suggestion(wanted, names)}`,
    );
  }
  const parsed = rule.options.safeParse(given);
  if (parsed.success) return { rule, options: parsed.data };
  const known = optionNames(rule);
  const problems = parsed.error.issues.map((issue) => {
    if (issue.code === "unrecognized_keys") {
      const [first = ""] = issue.keys;
      return `rule.${first}: expected an option of ${rule.id} (${known.join(", ") || "it has none"})${suggestion(first, known)}`;
    }
    return `rule.${issue.path.join(".")}: ${issue.message}`;
  });
  throw new RuleError(problems.join("; "));
}

/** Names of a rule's options. */
export function optionNames(rule: Rule): string[] {
  return rule.options instanceof z.ZodObject ? Object.keys(rule.options.shape) : [];
}

function suggestion(name: string, known: readonly string[]): string {
  const [nearest] = [...known].sort((a, b) => distance(name, a) - distance(name, b));
  return nearest !== undefined && distance(name, nearest) <= Math.max(2, name.length / 2)
    ? `; did you mean "${nearest}"?`
    : "";
}
