/** Which runs `afferent channel` measures, from words or a study. */
import { optionNames } from "../../rules/index.ts";
import { isRuleFile, ruleOf } from "../../study/run/user-rules.ts";
import { expand } from "../../study/spec/expand.ts";
import { studyFromWords } from "../../study/spec/load.ts";
import type { PlannedRun } from "../../study/spec/study.ts";
import { UsageError } from "../exit.ts";

/** What words without a study leave open: short runs, a few seeds. */
const defaults = { "train.steps": "200", seed: "0..2" } as const;

/**
 * The runs that names and overrides ask for: `names` is a study file, or rules. An override `rule.x=...` goes to the
 * rules that have the option x. Throws for unknown rules and keys, and when a study tunes.
 */
export async function channelRuns(names: readonly string[], overrides: readonly string[]): Promise<PlannedRun[]> {
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
    return expand(study);
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
    isRuleFile(rule) || optionNames(ruleOf({ rule: { id: rule } }).rule.options).includes(option);
  const runs: PlannedRun[] = [];
  for (const rule of rules) {
    const own = others.filter((word) => {
      const option = optionOf(word);
      // An option that no rule has is left to the first, which says so.
      return option === undefined || takes(rule, option) || !rules.some((other) => takes(other, option));
    });
    runs.push(...expand(await studyFromWords([`rule=${rule}`, ...own])));
  }
  // A rule that is named twice is measured once.
  return [...new Map(runs.map((run) => [run.run, run])).values()];
}
