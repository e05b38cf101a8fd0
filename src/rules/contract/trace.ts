/** Traces a rule, and refuses a result that is not what a rule may give. */
import { is, sameShape, type Shape, topological } from "../../graph/index.ts";
import type { ChosenRule, Updates } from "./rule.ts";
import { RuleError } from "./signal.ts";
import type { Variable } from "./variable.ts";
import type { Workspace } from "./workspace.ts";

/**
 * What a rule makes of a network.
 *
 * Throws RuleError when an update has not the shape of what it changes, changes something twice or something that is not the rule's to change,
 * lets something forget that does not learn, leaves a state without a next value, or has an input that is none of the registry's.
 */
export function traceRule({ rule, options }: ChosenRule, workspace: Workspace): Updates {
  const updates = rule.trace(workspace, options);
  const refuse = (what: string): never => {
    throw new RuleError(`rule ${rule.id}: ${what}`);
  };
  const { registry, layers, readout } = workspace;
  const changed = new Set<Variable>();
  const claim = (variable: Variable, shape: Shape, kinds: readonly string[], what: string): void => {
    const { name, kind } = variable;
    const isOurs = registry.variables.includes(variable) && kinds.includes(kind);
    const isReadout = kind !== "head" && variable.owner !== undefined && variable.owner.index > layers.length;
    if (!isOurs || isReadout)
      refuse(`expected a ${what} of one of its own, got "${name}" (${kind}), which is not for it to change`);
    if (changed.has(variable)) refuse(`expected one ${what} of "${name}", got two; add them up`);
    changed.add(variable);
    if (!sameShape(shape, variable.shape)) {
      refuse(`expected a ${what} of "${name}" of shape [${variable.shape.join(", ")}], got [${shape.join(", ")}]`);
    }
  };
  for (const { parameter, gradient } of updates.slopes)
    claim(parameter, gradient.shape, ["weight", "bias", "head"], "pseudo-gradient");
  for (const { state, value } of updates.next ?? []) claim(state, value.shape, ["state"], "next value");
  const forgetful = new Set<Variable>();
  for (const { parameter } of updates.decays ?? []) {
    const { name, kind } = parameter;
    if (!updates.slopes.some((slope) => slope.parameter === parameter) && !readout.parameters.includes(parameter))
      refuse(`expected a decay of what learns, got one of "${name}" (${kind}), which has no pseudo-gradient`);
    if (forgetful.has(parameter)) refuse(`expected one decay of "${name}", got two; add them up`);
    forgetful.add(parameter);
  }
  for (const { kind, name } of registry.variables) {
    if (kind === "state" && ![...changed].some((one) => one.name === name)) {
      refuse(`expected the next value of state "${name}" in next, got none`);
    }
  }
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
