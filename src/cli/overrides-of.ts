/** A specification as the words that give it: the inverse of parsing overrides. */
import { isRecord } from "../study/keys.ts";
import { RunSpec } from "../study/spec.ts";
import { ruleOf } from "../study/user-rules.ts";

/**
 * `key=value` words for every leaf of a complete specification that differs from its default, the rule first. Parsing and
 * completing them gives a specification of the same identity. Throws RuleError for a rule that is no longer there.
 */
export function overridesOf(spec: RunSpec): string[] {
  const { rule, ...rest } = spec;
  const { id, ...options } = rule;
  const defaults = RunSpec.parse({});
  // Classes left out are as many as symbols, whatever their number.
  const implied = { ...defaults, task: { ...defaults.task, classes: spec.task.v } };
  return [`rule=${id}`, ...different("rule.", options, defaultsOf(rule)), ...different("", rest, implied)];
}

/** The options that a rule fills in by itself; the constants of a polynomial have no default. */
function defaultsOf(rule: RunSpec["rule"]): Readonly<Record<string, unknown>> {
  const schema = ruleOf({ rule }).rule.options;
  const alone = schema.safeParse({});
  if (alone.success) return alone.data as Record<string, unknown>;
  const needed = new Set(alone.error.issues.map(({ path }) => String(path[0])));
  const given = Object.fromEntries(Object.entries(rule).filter(([name]) => needed.has(name)));
  const filled = schema.parse(given) as Record<string, unknown>;
  return Object.fromEntries(Object.entries(filled).filter(([name]) => !needed.has(name)));
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
