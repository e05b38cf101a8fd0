/**
 * From what stands in the place of a rule's name to a rule: of the catalogue, from a file of one's own (`rule=./my-rule.ts`), or a
 * polynomial (`rule=O*I - w*O^2`), whose name is its canonical text.
 *
 * A file is read once per process, before runs are planned (`load.ts`) or trained (`worker.ts`), and stands beside the
 * catalogue from then on. It is not run in this process (`sandbox/`). A run names the rule as `name@digest`, so that an edited file is another
 * rule and stored results stay what they were; the digest covers the file and everything that it imports.
 */
import { resolve } from "node:path";
import { catalogue, type ChosenRule, chooseRule, renamed, type Rule, RuleError } from "../../rules/index.ts";
import { isPolynomialText, polynomialRule } from "../../theory/polynomial-rule.ts";
import type { RunSpec } from "../spec/spec.ts";

interface AdoptedRule {
  /** As the person wrote it. */
  readonly given: string;
  readonly path: string;
  /** Its id is `name@digest`. */
  readonly rule: Rule;
}

const adopted = new Map<string, AdoptedRule>();

/** Whether a rule's name is a path: `./my-rule.ts`, `/rules/mine.js`. */
export function isRuleFile(id: string): boolean {
  return /\.[cm]?[jt]s$/.test(id);
}

/** Reads a rule from a file, once. Throws RuleError with the file's name when it is missing, fails, or exports no rule. */
export async function adoptRuleFile(given: string): Promise<void> {
  // Loaded where there is such a file: most runs have none.
  const { ruleFromFile } = await import("../../sandbox/rule-from-file.ts");
  const { rule, digest } = await ruleFromFile(given);
  const known = catalogue.find(({ id }) => id === rule.id);
  if (known !== undefined)
    throw new RuleError(`${given}: expected an id of its own, got "${rule.id}", which the catalogue has; rename it`);
  const id = `${rule.id}@${digest.slice(0, 8)}`;
  if (adopted.get(given)?.rule.id !== id) adopted.set(given, { given, path: resolve(given), rule: renamed(rule, id) });
}

/** The rule of a specification: of the catalogue, of a file read before, or a polynomial. Throws RuleError. */
export function ruleOf({ rule, ruleFile }: Pick<RunSpec, "rule" | "ruleFile">): ChosenRule {
  const own = [...adopted.values()].find(({ given, rule: { id } }) => given === rule.id || id === rule.id);
  if (own === undefined && isRuleFile(rule.id))
    throw new Error(`internal: the rule file ${rule.id} was not read before planning`);
  if (own === undefined && ruleFile !== undefined) {
    throw new RuleError(
      `rule: expected ${rule.id} in ${ruleFile}, got a file changed since the run was planned; run the study again`,
    );
  }
  if (own === undefined && isPolynomialText(rule.id)) {
    const written = polynomialRule(rule.id);
    return chooseRule({ ...rule, id: written.id }, [written]);
  }
  return own === undefined ? chooseRule(rule) : chooseRule({ ...rule, id: own.rule.id }, [own.rule]);
}

/** Where the rule of a specification was read from: an absolute path; undefined for one of the catalogue. */
export function ruleFileOf({ rule }: ChosenRule): string | undefined {
  return [...adopted.values()].find((own) => own.rule.id === rule.id)?.path;
}

/**
 * The name a run carries for a rule as a person wrote it: the id for an abbreviation, the canonical text for a polynomial, `name@digest` for
 * a file that was read before. Throws RuleError.
 */
export function ruleIdOf(id: string): string {
  const own = adopted.get(id);
  if (own !== undefined) return own.rule.id;
  return isPolynomialText(id) ? polynomialRule(id).id : chooseRule({ id }).rule.id;
}
