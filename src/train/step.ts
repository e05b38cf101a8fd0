/**
 * The training step of one replica, as a graph: forward pass, rule, read-out, optimiser.
 *
 * Inputs: `tokens`, `labels`, `partnerTokens` where the rule wants pairs, `noise.*`, learning rates, and the state.
 * Outputs: `loss` (mean cross-entropy of the read-out on the batch before the step, in nats), `error` (fraction
 * misclassified), the rule's objectives, and `next.X` for every state X.
 */
import {
  crossEntropy,
  input,
  is,
  simplify,
  type SimplifyOptions,
  type Tensor,
  topological,
  vmap,
} from "../graph/index.ts";
import { type Network, outputError } from "../networks/index.ts";
import { type ChosenRule, type Noise, traceRule, type Updates, type Variable, Workspace } from "../rules/index.ts";
import { descendParameter, optimiserInputs, type OptimiserOptions } from "./optimiser.ts";
import { parameterInputs } from "./parameters.ts";

/** What is trained, and how; the part of a run that decides its graph. */
export interface Model {
  readonly network: Network;
  readonly rule: ChosenRule;
  readonly optimiser: OptimiserOptions;
  readonly batch: number;
}

export interface StepGraph {
  /** By name; see the head of the file. */
  readonly outputs: Readonly<Record<string, Tensor>>;
  /** Pseudo-gradient of every parameter, as the optimiser sees it. */
  readonly gradients: Readonly<Record<string, Tensor>>;
  /** Names of the rule's own scalars among the outputs. */
  readonly objectives: readonly string[];
  readonly variables: readonly Variable[];
  readonly noises: readonly Noise[];
  readonly partner: "temporal" | "resample" | undefined;
}

/** One-hot encoding of symbols [batch, length] as the input of a network. */
export function encoder(network: Network): (tokens: Tensor) => Tensor {
  const { positions, channels } = network.input;
  return (tokens) =>
    tokens.oneHot((positions * channels) / tokens.size(1)).reshape([tokens.size(0), positions, channels]);
}

/** A rule's updates on a batch, before optimiser and simplification, over inputs with roles: what audits look at. */
export interface TracedUpdates {
  readonly network: Network;
  readonly workspace: Workspace;
  readonly updates: Updates;
  /** Inputs of the parameters by name, the read-out's too. */
  readonly byName: ReadonlyMap<string, Tensor>;
  /** Classes i32 [batch]. */
  readonly labels: Tensor;
}

/** Traces a rule on inputs of `length` symbols. Throws RuleError when the rule breaks its contract. */
export function traceUpdates({ network, rule, batch }: Omit<Model, "optimiser">, length: number): TracedUpdates {
  const tokens = input("tokens", [batch, length], "int32", { kind: "data" });
  const labels = input("labels", [batch], "int32", { kind: "label" });
  const { byName, parameters } = parameterInputs(network);
  const between = rule.rule.between(rule.options);
  const workspace = new Workspace({ network, parameters, tokens, labels, encode: encoder(network), between });
  return { network, workspace, updates: traceRule(rule, workspace), byName, labels };
}

/** Builds the step. `length` is the number of symbols of an input. Throws RuleError when the rule breaks its contract. */
export function buildStep({ network, rule, optimiser, batch }: Model, length: number): StepGraph {
  const { workspace, updates, byName, labels } = traceUpdates({ network, rule, batch }, length);
  const { logits, features } = workspace.pass;
  const error = outputError(logits, labels).mul(1 / batch);
  const gradients: Record<string, Tensor> = {
    ...updates.gradients,
    "readout.weight": features.transposeLast().matmul(error.mul(network.readout.scale)),
    "readout.bias": error.sum(0).expand(0),
  };

  const scalars = optimiserInputs();
  const next: Record<string, Tensor> = { ...updates.next };
  for (const [name, gradient] of Object.entries(gradients)) {
    const value = byName.get(name) ?? workspace.variables.get(name)?.tensor;
    if (value === undefined)
      throw new Error(`internal: rule ${rule.rule.id} updates "${name}", which is neither parameter nor head`);
    Object.assign(next, descendParameter(name, value, gradient, scalars, optimiser));
  }
  const outputs = {
    loss: crossEntropy(logits, labels),
    error: logits.argmax(-1).equal(labels).where(0, 1).mean(),
    ...updates.objectives,
    ...Object.fromEntries(Object.entries(next).map(([name, value]) => [`next.${name}`, value])),
  };
  return {
    outputs: simplifyAll(outputs),
    gradients,
    objectives: Object.keys(updates.objectives ?? {}),
    variables: [...workspace.variables.values()].map(({ variable }) => variable),
    noises: [...workspace.noises.values()].map(({ noise }) => noise),
    partner: workspace.partner?.kind,
  };
}

/** Simplifies named outputs together. */
export function simplifyAll(
  outputs: Readonly<Record<string, Tensor>>,
  options: SimplifyOptions = {},
): Record<string, Tensor> {
  const simple = simplify(Object.values(outputs), options);
  return Object.fromEntries(Object.keys(outputs).map((name, i) => [name, simple[i] ?? outputs[name]])) as Record<
    string,
    Tensor
  >;
}

/** The same graph, simplified before, for `size` replicas at once: every input and output gains a leading axis. */
export function replicate(outputs: Readonly<Record<string, Tensor>>, size: number): Record<string, Tensor> {
  const replacements = new Map<Tensor, Tensor>();
  for (const node of topological(Object.values(outputs))) {
    if (!is(node, "input")) continue;
    const { name, shape, dtype, role } = node.attributes;
    replacements.set(node, input(name, [size, ...shape], dtype, role));
  }
  const batched = vmap(Object.values(outputs), replacements, size);
  const named = Object.fromEntries(Object.keys(outputs).map((name, i) => [name, batched[i]])) as Record<string, Tensor>;
  return simplifyAll(named, { exact: true });
}
