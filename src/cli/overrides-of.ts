/** A specification as the words that give it: the inverse of parsing overrides. */
import { isRecord } from "../study/spec/keys.ts";
import { RunSpec } from "../study/spec/spec.ts";
import { defaultsOf } from "../rules/index.ts";
import { ruleOf } from "../study/run/user-rules.ts";

/**
 * `key=value` words for every leaf of a complete specification that differs from its default, the rule first. Parsing and
 * completing them gives a specification of the same identity. Throws RuleError for a rule that is no longer there.
 */
export function overridesOf(spec: RunSpec): string[] {
  const { rule, ruleFile, ...rest } = spec;
  const { id, ...options } = rule;
  const defaults = RunSpec.parse({});
  // Classes left out are as many as symbols, whatever their number.
  const implied = { ...defaults, task: { ...defaults.task, classes: spec.task.v } };
  // A file is named as a file: its digest is found again.
  return [
    `rule=${ruleFile ?? id}`,
    ...different("rule.", options, defaultsOf(ruleOf({ rule }))),
    ...different("", rest, implied),
  ];
}

function different(prefix: string, spec: Readonly<Record<string, unknown>>, defaults: unknown): string[] {
  return Object.entries(spec).flatMap(([name, value]) => {
    const standard = isRecord(defaults) ? defaults[name] : undefined;
    if (isRecord(value)) return different(`${prefix}${name}.`, value, standard);
    if (value === undefined || JSON.stringify(value) === JSON.stringify(standard)) return [];
    return [`${prefix}${name}=${written(value)}`];
  });
}

function written(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
