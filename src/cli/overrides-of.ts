/** A specification as the words that give it: the inverse of parsing overrides. */
import { isRecord } from "../study/spec/keys.ts";
import { RunSpec } from "../study/spec/spec.ts";
import { defaultsOf } from "../rules/index.ts";
import { ruleOf } from "../study/run/user-rules.ts";
import { knownTask, taskOptionsOf } from "../study/run/user-tasks.ts";

/**
 * `key=value` words for every leaf of a complete specification that differs from its default, the rule first. Parsing and
 * completing them gives a specification of the same identity. Throws RuleError for a rule that is no longer there.
 */
export function overridesOf(spec: RunSpec): string[] {
  const { rule, ruleFile, task, taskFile, network, networkFile, ...rest } = spec;
  const { id, ...options } = rule;
  const defaults = RunSpec.parse({});
  // A file is named as a file: its digest is found again.
  const standardTask = task.id === defaults.task.id;
  return [
    `rule=${ruleFile ?? id}`,
    ...different("rule.", options, defaultsOf(ruleOf({ rule }))),
    ...(standardTask ? [] : [`task=${taskFile ?? task.id}`]),
    ...different("task.", neededOptions(task), {}),
    ...(networkFile === undefined
      ? different("network.", asWritten(network), defaults.network)
      : [`network=${networkFile}`]),
    ...different("", rest, defaults),
  ];
}

/** The options of a task without those that leaving out does not change. */
function neededOptions(task: RunSpec["task"]): Readonly<Record<string, unknown>> {
  const schema = knownTask(task)?.options;
  let needed = taskOptionsOf(task);
  const whole = JSON.stringify(schema?.safeParse(needed).data);
  for (const name of Object.keys(needed)) {
    const { [name]: _left, ...others } = needed;
    const same = schema?.safeParse(others);
    if (same?.success === true && JSON.stringify(same.data) === whole) needed = others;
  }
  return needed;
}

/** Where layers are listed, they say what the architecture and the widths are. */
function asWritten(network: RunSpec["network"]): Readonly<Record<string, unknown>> {
  if (!("layers" in network)) return network;
  const { architecture: _architecture, width: _width, widths: _widths, ...written } = network;
  return written;
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
