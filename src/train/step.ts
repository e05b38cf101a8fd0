/**
 * The training step of one replica, as a graph: forward pass, rule, read-out, optimiser.
 *
 * Inputs: `tokens`, `labels`, `partner.*` where the rule wants pairs, `noise.*`, learning rates, and the state.
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
import type { Network } from "../networks/index.ts";
import type {
  ChosenRule,
  Decay,
  Noise,
  Parameter,
  PartnerRequest,
  Slope,
  Variable,
  Workspace,
} from "../rules/index.ts";
import { refuseNewReads } from "./executed.ts";
import { refuseTwice } from "./names.ts";
import { descendParameter, optimiserInputs, type OptimiserOptions } from "./optimiser.ts";
import type { TracedUpdates } from "./read-document.ts";
import { traceUpdates } from "./traced.ts";

/** What is trained, and how; the part of a run that decides its graph. */
export interface Model {
  readonly network: Network;
  readonly rule: ChosenRule;
  readonly optimiser: OptimiserOptions;
  readonly batch: number;
}

/** The graph of a training step. */
export interface StepGraph {
  /** By name; see the head of the file. */
  readonly outputs: Readonly<Record<string, Tensor>>;
  /** Pseudo-gradient of every parameter, as the optimiser sees it. */
  readonly gradients: Readonly<Record<string, Tensor>>;
  /** Names of the rule's own scalars among the outputs. */
  readonly objectives: readonly string[];
  /** What the rule keeps beside the network's parameters. */
  readonly variables: readonly Variable[];
  readonly noises: readonly Noise[];
  /** Second inputs that the rule wants, by the names of their symbols. */
  readonly partners: readonly { readonly name: string; readonly request: PartnerRequest }[];
  readonly traced: TracedUpdates;
}

/** The read-out's own exact gradient, on detached features. */
export function readoutSlopes({ readout, outputError }: Workspace): Slope[] {
  return readout.descend(outputError);
}

/** Builds the step. `length` is the number of symbols of an input. Throws RuleError when the rule breaks its contract. */
export function buildStep(model: Model, length: number): StepGraph {
  const traced = traceUpdates(model, length);
  const { workspace, updates } = traced;
  const { registry, pass } = workspace;
  const slopes = [...updates.slopes, ...readoutSlopes(workspace)];
  const scores = pass.readout.post;
  const objectives = Object.fromEntries(
    (updates.objectives ?? []).map(({ of, name, value }) => [
      of === undefined ? name : `${of.layer.name}.${name}`,
      value,
    ]),
  );
  const named: (readonly [string, Tensor])[] = [
    ["loss", crossEntropy(scores, registry.labels)],
    ["error", workspace.errorOf().mean()],
    ...Object.entries(objectives),
    ...(updates.next ?? []).map(({ state, value }) => [`next.${state.name}`, value] as const),
    ...descended(slopes, updates.decays ?? [], model.optimiser).map(
      ([name, value]) => [`next.${name}`, value] as const,
    ),
  ];
  refuseTwice(
    model.rule.rule.id,
    named.map(([name]) => name),
  );
  const written = Object.fromEntries(named);
  const simple = simplifyAll(written);
  refuseNewReads(written, simple);
  return {
    outputs: simple,
    gradients: Object.fromEntries(slopes.map(({ parameter, gradient }) => [parameter.name, gradient])),
    objectives: Object.keys(objectives),
    variables: registry.variables.filter(({ kind }) => kind !== "weight" && kind !== "bias"),
    noises: registry.noises,
    partners: registry.partners.map(({ request, tokens }) => ({ name: nameOf(tokens), request })),
    traced,
  };
}

/** Next values of all parameters and of the optimiser's slots, by name. */
function descended(
  slopes: readonly Slope[],
  decays: readonly Decay[],
  optimiser: OptimiserOptions,
): (readonly [string, Tensor])[] {
  const inputs = optimiserInputs();
  return slopes.flatMap(({ parameter, gradient }) => {
    const { name, tensor, learningRate } = parameter;
    const decay = decayOf(parameter, decays);
    return Object.entries(descendParameter({ name, value: tensor, gradient, learningRate, decay }, inputs, optimiser));
  });
}

function decayOf(parameter: Parameter, decays: readonly Decay[]): number {
  return decays.find((decay) => decay.parameter === parameter)?.rate ?? 0;
}

function nameOf(leaf: Tensor): string {
  if (!is(leaf, "input")) throw new Error("internal: a partner that is no input");
  return leaf.attributes.name;
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
    const { name, shape, dtype } = node.attributes;
    replacements.set(node, input(name, [size, ...shape], dtype));
  }
  const batched = vmap(Object.values(outputs), replacements, size);
  const named = Object.fromEntries(Object.keys(outputs).map((name, i) => [name, batched[i]])) as Record<string, Tensor>;
  const simple = simplifyAll(named, { exact: true });
  refuseNewReads(outputs, simple);
  return simple;
}
