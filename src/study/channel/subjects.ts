/** Whose learning channel is measured: the runs of a plan that differ in seeds only belong together. */
import { labelOf, ruleNameOf } from "../spec/keys.ts";
import { isSeedKey, type PlannedRun } from "../spec/study.ts";

/** The runs of one rule in one setting, one a seed. */
export interface ChannelSubject {
  /** The rule and what is varied beside seeds: `weight-perturbation (draws=10)`. */
  readonly name: string;
  /** Name of the rule alone. */
  readonly rule: string;
  readonly runs: readonly PlannedRun[];
}

/** The subjects of planned runs, in their order. */
export function channelSubjects(planned: readonly PlannedRun[]): ChannelSubject[] {
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
