/** Which rules `afferent channel` measures, from words or a study: runs that differ in seeds only belong together. */
import { chooseRule, optionNames } from "../rules/index.ts";
import { expand } from "../study/expand.ts";
import { labelOf, ruleNameOf } from "../study/keys.ts";
import { studyFromWords } from "../study/load.ts";
import { isSeedKey, type PlannedRun } from "../study/study.ts";
import { isRuleFile } from "../study/user-rules.ts";
import { UsageError } from "./exit.ts";

/** The runs of one rule in one setting, one a seed. */
export interface ChannelSubject {
  /** The rule and what is varied beside seeds: `weight-perturbation (draws=10)`. */
  readonly name: string;
  /** Name of the rule alone. */
  readonly rule: string;
  readonly runs: readonly PlannedRun[];
}

/** What words without a study leave open: short runs, a few seeds. */
const defaults = { "train.steps": "200", seed: "0..2" } as const;

/**
 * The subjects that names and overrides ask for: `names` is a study file, or rules. An override `rule.x=...` goes to the
 * rules that have the option x. Throws for unknown rules and keys, and when a study tunes.
 */
export async function channelSubjects(
  names: readonly string[],
  overrides: readonly string[],
): Promise<ChannelSubject[]> {
  const [file, second] = names;
  if (file !== undefined && /\.(json|ya?ml|[cm]?[jt]s)$/i.test(file)) {
    if (second !== undefined) {
      throw new UsageError(`channel: expected one study or names of rules, got ${names.join(" and ")}; leave one out`);
    }
    const study = await studyFromWords([file, ...overrides]);
    if (study.tune !== undefined) {
      throw new UsageError(
        `channel: expected a study that tunes nothing, got one that tunes ${Object.keys(study.tune.over).join(", ")}; give these a value`,
      );
    }
    return grouped(expand(study));
  }
  const isRule = (word: string): boolean => word.startsWith("rule=");
  const rules = [...names, ...overrides.filter(isRule).flatMap((word) => word.slice("rule=".length).split(","))];
  if (rules.length === 0) {
    throw new UsageError("channel: expected a rule or a study, got none; for example afferent channel backprop dfa");
  }
  const others = overrides.filter((word) => !isRule(word));
  const keyOf = (word: string): string => word.slice(0, word.indexOf("="));
  for (const [key, value] of Object.entries(defaults)) {
    if (!others.some((word) => keyOf(word) === key)) others.push(`${key}=${value}`);
  }
  const optionOf = (word: string): string | undefined => /^rule\.([^.=]+)/.exec(word)?.[1];
  const takes = (rule: string, option: string): boolean =>
    isRuleFile(rule) || optionNames(chooseRule({ id: rule }).rule).includes(option);
  const subjects: ChannelSubject[] = [];
  for (const rule of rules) {
    const own = others.filter((word) => {
      const option = optionOf(word);
      // An option that no rule has is left to the first, which says so.
      return option === undefined || takes(rule, option) || !rules.some((other) => takes(other, option));
    });
    subjects.push(...grouped(expand(await studyFromWords([`rule=${rule}`, ...own]))));
  }
  return subjects;
}

function grouped(planned: readonly PlannedRun[]): ChannelSubject[] {
  const subjects = new Map<string, PlannedRun[]>();
  for (const run of planned) {
    const axes = Object.entries(run.axes).filter(([key]) => !isSeedKey(key) && key !== "rule");
    const varied = axes.map(([key, value]) => `${key.replace(/^rule\./, "")}=${labelOf(value)}`).join(" ");
    const rule = run.axes["rule"] === undefined ? run.spec.rule.id : nameOf(run.axes["rule"], run.spec.rule.id);
    const name = varied === "" ? rule : `${rule} (${varied})`;
    subjects.set(name, [...(subjects.get(name) ?? []), run]);
  }
  return [...subjects].map(([name, runs]) => ({ name, rule: runs[0]?.spec.rule.id ?? "", runs }));
}

/** The rule as it was given, by its canonical name. */
function nameOf(given: unknown, id: string): string {
  return labelOf(given).replace(ruleNameOf(given), id);
}
