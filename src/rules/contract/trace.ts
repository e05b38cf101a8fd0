/** Runs a rule, and refuses a result that is made of anything but what its workspace has given it. What it may change is checked where it is read. */
import { is, topological } from "../../graph/index.ts";
import type { ChosenRule, Updates } from "./rule.ts";
import { RuleError } from "./signal.ts";
import type { Variable } from "./variable.ts";
import type { Workspace } from "./workspace.ts";

/** What a rule makes of a network. Throws RuleError for a value or an input that is none of the registry's. */
export function traceRule({ rule, options }: ChosenRule, workspace: Workspace): Updates {
  const updates = rule.trace(workspace, options);
  const { registry } = workspace;
  const refuse = (what: string): never => {
    throw new RuleError(`rule ${rule.id}: ${what}`);
  };
  const refuseStranger = (variable: Variable, what: string): void => {
    const { name, kind } = variable;
    if (!registry.variables.includes(variable))
      refuse(`expected a ${what} of one of its own, got "${name}" (${kind}), which is not for it to change`);
  };
  for (const { parameter } of updates.slopes) refuseStranger(parameter, "pseudo-gradient");
  for (const { state } of updates.next ?? []) refuseStranger(state, "next value");
  for (const { parameter } of updates.decays ?? []) refuseStranger(parameter, "decay");
  const outputs = [
    ...updates.slopes.map(({ gradient }) => gradient),
    ...(updates.next ?? []).map(({ value }) => value),
    ...(updates.objectives ?? []).map(({ value }) => value),
  ];
  for (const node of topological(outputs)) {
    if (is(node, "input") && !registry.has(node)) {
      refuse(
        `expected a graph over the inputs of its workspace, got an input of its own, "${node.attributes.name}"; ask for it by state, fixed, head or noise`,
      );
    }
  }
  return updates;
}
