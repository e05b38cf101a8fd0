/**
 * From what stands in the place of a rule's name to a rule: of the catalogue, from a file of one's own (`rule=./my-rule.ts`), or a
 * polynomial (`rule=O*I - w*O^2`), whose name is its canonical text.
 *
 * A file is read once per process, before runs are planned (`load.ts`), and stands beside the catalogue from then on. It is not run in this
 * process (`sandbox/`). A run names the rule as `name@digest`, so that an edited file is another rule and stored results stay what they
 * were; the digest covers the file and everything that it imports. What is kept of it with results (`KeptRule`) is enough to read them: the
 * file itself is needed for new ones alone.
 */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { catalogue, type ChosenRule, chooseRule, renamed, type Rule, RuleError } from "../../rules/index.ts";
import { describedRule } from "../../sandbox/described-rule.ts";
import type { Description } from "../../sandbox/messages.ts";
import { isPolynomialText, polynomialRule } from "../../theory/polynomial-rule.ts";
import type { RunSpec } from "../spec/spec.ts";

/** What is kept of a rule file with the results that it gave. */
export interface KeptRule {
  /** As the person wrote it. */
  readonly given: string;
  /** Where it was: absolute. */
  readonly path: string;
  /** `name@digest`. */
  readonly id: string;
  /** Its card, and its options as a JSON Schema. */
  readonly description: Description;
  /** The file and what it imported of the person's own. */
  readonly sources: readonly { readonly path: string; readonly text: string }[];
}

interface AdoptedRule {
  readonly rule: Rule;
  readonly kept: KeptRule;
}

const adopted = new Map<string, AdoptedRule>();
/** The rule that a path means now, by its id. */
const current = new Map<string, string>();

/** Whether a rule's name is a path: `./my-rule.ts`, `/rules/mine.js`. */
export function isRuleFile(id: string): boolean {
  return /\.[cm]?[jt]s$/.test(id);
}

/** Reads a rule from a file, once. Throws RuleError with the file's name when it is missing, fails, or exports no rule. */
export async function adoptRuleFile(given: string): Promise<void> {
  // Loaded where there is such a file: most runs have none.
  const { ruleFromFile } = await import("../../sandbox/rule-from-file.ts");
  const { rule, description, digest, sources } = await ruleFromFile(given);
  const known = catalogue.find(({ id }) => id === rule.id);
  if (known !== undefined)
    throw new RuleError(`${given}: expected an id of its own, got "${rule.id}", which the catalogue has; rename it`);
  const id = `${rule.id}@${digest.slice(0, 8)}`;
  current.set(given, id);
  if (adopted.get(id)?.rule.document === rule.document) return;
  const kept = { given, path: resolve(given), id, description, sources };
  adopted.set(id, { rule: renamed(rule, id), kept });
}

/** Knows a rule again of which results are stored, without its file. It can be read about and compared, and not run. */
export function adoptKeptRule(kept: KeptRule): void {
  const { given, id, description } = kept;
  current.set(given, id);
  if (adopted.has(id)) return;
  const rule = describedRule(given, { ...description, id }, () => {
    throw new RuleError(
      `rule ${id}: expected its file to run it, got what is stored of it; name the file: rule=${given}`,
    );
  });
  adopted.set(id, { rule, kept });
}

/** Makes a rule runnable again whose file may be gone, from the sources that were kept. Throws RuleError where they no longer give that rule. */
export async function reviveKeptRule(kept: KeptRule): Promise<void> {
  const { id, sources } = kept;
  const { ruleFromFile } = await import("../../sandbox/rule-from-file.ts");
  const folder = await mkdtemp(join(tmpdir(), "afferent-rule-"));
  try {
    // Deep enough that what lay above the file lies in this folder too.
    const above = Math.max(0, ...sources.map(({ path }) => path.split("/").filter((part) => part === "..").length));
    const place = join(folder, ...new Array<string>(above).fill("above"));
    for (const { path, text } of sources) {
      await mkdir(dirname(join(place, path)), { recursive: true });
      await writeFile(join(place, path), text);
    }
    const { rule, digest } = await ruleFromFile(join(place, sources[0]?.path ?? ""));
    if (!id.endsWith(`@${digest.slice(0, 8)}`))
      throw new RuleError(`rule ${id}: expected what is stored of it to give it again, got another rule`);
    adopted.set(id, { rule: renamed(rule, id), kept });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What is to be kept of a rule with its results; undefined for one of the catalogue, and for a polynomial. */
export function keptRuleOf({ rule }: ChosenRule): KeptRule | undefined {
  return adopted.get(rule.id)?.kept;
}

/** The rule of a specification: of the catalogue, of a file read before, or a polynomial. Throws RuleError. */
export function ruleOf({ rule, ruleFile }: Pick<RunSpec, "rule" | "ruleFile">): ChosenRule {
  const own = adopted.get(current.get(rule.id) ?? rule.id);
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
export function ruleFileOf(chosen: ChosenRule): string | undefined {
  return keptRuleOf(chosen)?.path;
}

/**
 * The name a run carries for a rule as a person wrote it: the id for an abbreviation, the canonical text for a polynomial, `name@digest` for
 * a file that was read before. Throws RuleError.
 */
export function ruleIdOf(id: string): string {
  const own = adopted.get(current.get(id) ?? id);
  if (own !== undefined) return own.rule.id;
  return isPolynomialText(id) ? polynomialRule(id).id : chooseRule({ id }).rule.id;
}
