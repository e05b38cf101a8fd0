/**
 * The contract of a rule, and the three ways to write one.
 *
 * - `credit`: a teaching signal per layer, the rule's stand-in for the derivative of the loss by the pre-activation.
 * - `localObjective`: a scalar per layer, differentiated inside that layer only.
 * - `plasticity`: a change of the weights, written directly.
 *
 * All three become the same thing: a pseudo-gradient per parameter, which the optimiser treats like a gradient, plus the
 * next value of whatever state the rule keeps. The read-out is not the rule's business: it always learns by its own exact
 * gradient on detached features.
 */
import type { z } from "zod";
import { grad, type Tensor } from "../graph/index.ts";
import { correlate, gatherBias } from "../networks/index.ts";
import { alongAxes, betweenLayers, RuleError, type Signal } from "./signal.ts";
import type { Between, LayerView, Workspace } from "./workspace.ts";

/** How the update relates to the true gradient of the loss; measured for every rule by the contract test. */
export type Relation = "equal" | "equal when the feedback is the transpose" | "descent direction" | "none";

/** What a rule says of itself. `reads` and `relation` are checked against its graph. */
export interface RuleCard<Options> {
  readonly id: string;
  /** Usual abbreviations, accepted in place of the id. */
  readonly aliases?: readonly string[];
  readonly family: string;
  /** One line, in the symbols of the source. */
  readonly equation: string;
  /** Paper and equation. */
  readonly source: string;
  readonly relation: Relation;
  /** Signals the rule reads; a function where options decide. */
  readonly reads: readonly Signal[] | ((options: Options) => readonly Signal[]);
  /** Options with defaults: a strict zod object. */
  readonly options: z.ZodType<Options>;
  /** What layers pass on to the next, where it is not their activity itself. */
  readonly between?: (options: Options) => Between | undefined;
}

/** The result of tracing a rule. */
export interface Updates {
  /** Pseudo-gradient by parameter or head name (`layer1.weight`, `layer1.bias`, `layer2.predictor`): the optimiser descends it. */
  readonly gradients: Readonly<Record<string, Tensor>>;
  /** Scalars worth a curve, e.g. `layer1.objective`. */
  readonly objectives?: Readonly<Record<string, Tensor>>;
  /** Next value of every `state` variable, by its name. */
  readonly next?: Readonly<Record<string, Tensor>>;
}

/** A rule as the rest of the system sees it: its options are checked by its own schema whenever they come in. */
export interface Rule {
  readonly id: string;
  readonly aliases: readonly string[];
  readonly family: string;
  readonly equation: string;
  readonly source: string;
  readonly relation: Relation;
  readonly options: z.ZodType;
  readonly reads: (options: unknown) => readonly Signal[];
  readonly between: (options: unknown) => Between | undefined;
  readonly trace: (workspace: Workspace, options: unknown) => Updates;
}

/** A rule from its card and the function that traces it. The three ways below are built on this. */
export function defineRule<Options>(
  card: RuleCard<Options>,
  trace: (workspace: Workspace, options: Options) => Updates,
): Rule {
  const { reads, between, options: schema } = card;
  return {
    id: card.id,
    aliases: card.aliases ?? [],
    family: card.family,
    equation: card.equation,
    source: card.source,
    relation: card.relation,
    options: schema,
    reads: (options) => (typeof reads === "function" ? reads(schema.parse(options)) : reads),
    between: (options) => between?.(schema.parse(options)),
    trace: (workspace, options) => trace(workspace, schema.parse(options)),
  };
}

/** A rule with its options settled. */
export interface ChosenRule {
  readonly rule: Rule;
  readonly options: unknown;
}

/** A rule given by a teaching signal per layer: `teach` returns, for each layer, what stands for dLoss/dPreactivation of each sample, [batch, positions, out]. */
export function credit<Options>(
  card: RuleCard<Options> & { readonly teach: (workspace: Workspace, options: Options) => readonly Tensor[] },
): Rule {
  return defineRule(card, (workspace, options) => {
    const gradients: Record<string, Tensor> = {};
    card.teach(workspace, options).forEach((delta, i) => {
      const view = workspace.layers[i];
      if (view !== undefined) Object.assign(gradients, descend(view, delta, workspace.batch));
    });
    return { gradients };
  });
}

/**
 * Pseudo-gradients of a layer's weight and bias from a per-sample signal at its pre-activations, averaged over the batch.
 * `pre` [batch, positions, in] replaces the input of the forward pass where a rule learns in another phase.
 */
export function descend(view: LayerView, delta: Tensor, batch: number, pre = view.pre): Record<string, Tensor> {
  const perSample = delta.mul(1 / batch);
  const gradients: Record<string, Tensor> = {
    [`layer${view.index}.weight`]: correlate(view.layer, pre, perSample.mul(view.layer.scale)),
  };
  if (view.bias !== undefined) gradients[`layer${view.index}.bias`] = gatherBias(view.layer, perSample);
  return gradients;
}

/** A rule given by a loss per layer, of which each layer's own parameters and head take the exact gradient. A layer for which `objective` returns undefined does not learn. */
export function localObjective<Options>(
  card: RuleCard<Options> & {
    readonly objective: (view: LayerView, options: Options, workspace: Workspace) => Tensor | undefined;
  },
): Rule {
  return defineRule(card, (workspace, options) => {
    const gradients: Record<string, Tensor> = {};
    const objectives: Record<string, Tensor> = {};
    for (const view of workspace.layers) {
      const objective = card.objective(view, options, workspace);
      if (objective === undefined) continue;
      objectives[`layer${view.index}.objective`] = objective;
      const own = Object.entries(view.parameters);
      for (const [name, { variable, tensor }] of workspace.variables) {
        if (variable.kind === "head" && variable.layer === view.index) own.push([name, tensor]);
      }
      const slopes = grad(
        objective,
        own.map(([, tensor]) => tensor),
      );
      own.forEach(([name], i) => {
        const slope = slopes[i];
        if (slope !== undefined) gradients[name] = slope;
      });
      view.readBy(slopes);
    }
    return { gradients, objectives };
  });
}

/** What a layer's weights, bias and state become: the weights and bias by addition, the state by replacement. */
export interface Change {
  readonly weight: Tensor;
  readonly bias?: Tensor | undefined;
  readonly next?: Readonly<Record<string, Tensor>> | undefined;
}

/**
 * A rule given by the change itself: `change` returns dW (and db) of a layer, which is added with the learning rate, and in
 * `next` the layer's state variables by the names it asked for them.
 */
export function plasticity<Options>(
  card: RuleCard<Options> & {
    readonly change: (view: LayerView, options: Options, workspace: Workspace) => Change | undefined;
  },
): Rule {
  return defineRule(card, (workspace, options) => {
    const gradients: Record<string, Tensor> = {};
    const next: Record<string, Tensor> = {};
    for (const view of workspace.layers) {
      const change = card.change(view, options, workspace);
      if (change === undefined) continue;
      for (const [name, value] of Object.entries(change.next ?? {})) next[`layer${view.index}.${name}`] = value;
      gradients[`layer${view.index}.weight`] = change.weight.neg();
      if (change.bias !== undefined) gradients[`layer${view.index}.bias`] = change.bias.neg();
    }
    return { gradients, next };
  });
}

/**
 * Traces a rule and holds it to its declaration.
 *
 * Throws RuleError when it read a signal it does not name, or names one it never read.
 */
export function traceRule({ rule, options }: ChosenRule, workspace: Workspace): Updates {
  const updates = rule.trace(workspace, options);
  const declared = rule.reads(options);
  for (const signal of workspace.touched) {
    if (!declared.includes(signal)) {
      throw new RuleError(
        `rule ${rule.id}: expected to read only ${declared.join(", ") || "nothing"}, but it reads "${signal}"; add it to reads or do not use it`,
      );
    }
  }
  for (const signal of declared) {
    const has = workspace.layers.length > 1 || !betweenLayers.includes(signal);
    if (has && !workspace.touched.has(signal) && !alongAxes.includes(signal)) {
      throw new RuleError(`rule ${rule.id}: reads names "${signal}", which the rule never uses; take it out of reads`);
    }
  }
  for (const [name, { variable }] of workspace.variables) {
    if (variable.kind === "state" && updates.next?.[name] === undefined) {
      throw new RuleError(`rule ${rule.id}: expected the next value of state "${name}" in next, got none`);
    }
  }
  return updates;
}
