/**
 * What an update costs beyond the forward pass, in operations of the graph's cost model.
 *
 *   C = cost(logits and every pseudo-gradient) - cost(logits)
 *
 * Both graphs are simplified, so that what the update shares with the forward pass is not paid again. Counted are the
 * pseudo-gradients of the hidden layers, of heads and feedback weights that the rule trains, and the next value of its own state; not the
 * read-out's gradient, which is the same for all rules, and not the optimiser. One update is that of a whole batch.
 */
import { cost } from "../../graph/index.ts";
import { buildStep, type Model, simplifyAll, type StepGraph } from "../../train/step.ts";

/** Operations of one update by one batch. */
export interface UpdateOperations {
  /** Of the forward pass alone, logits included: what every rule and every use of the network needs. */
  readonly forward: number;
  /** Of the update of all layers, beyond the forward pass. */
  readonly update: number;
  /**
   * The part of each layer, input side first; they add up to `update`. What only one layer's update needs is that layer's; what several
   * share is divided by their numbers of weights.
   */
  readonly layers: readonly number[];
}

/** A model with its step on inputs of `length` symbols. */
export interface ModelledStep {
  readonly model: Model;
  readonly length: number;
  readonly step: StepGraph;
}

/** Operations of an update by their dependence on the batch: `fixed + perExample * batch`. */
export interface BatchOperations {
  /** Whatever the batch: drawing up noise, following weights. */
  readonly fixed: number;
  readonly perExample: number;
}

/** Counts the operations of a step's update; `weights` are those of its layers (ProbeLayer). */
export function updateOperations(step: StepGraph, weights: readonly number[]): UpdateOperations {
  const { total, of } = counted(step);
  const all = step.traced.network.layers.map(({ index }) => index);
  const update = of(all) - total;
  // What would not be computed if this layer did not learn.
  const own = all.map((layer) => of(all) - of(all.filter((other) => other !== layer)));
  const shared = update - own.reduce((sum, operations) => sum + operations, 0);
  const learning = own.map((_, i) => weights[i] ?? 0);
  const known = learning.reduce((sum, size) => sum + size, 0);
  return {
    forward: total,
    update,
    layers: own.map((operations, i) => operations + (shared * (learning[i] ?? 0)) / known),
  };
}

/** Operations of an update of all layers alone; cheaper than `updateOperations`. */
export function totalOperations(step: StepGraph): number {
  const { total, of } = counted(step);
  return of(step.traced.network.layers.map(({ index }) => index)) - total;
}

/**
 * How an update's operations grow with the batch, from the cost at the model's batch and two a little larger. Undefined where they are
 * no straight line: rules that compare samples with each other pay for every pair. Far from the model's batch the line may be
 * another, as the mean is taken where that costs least.
 */
export function batchOperations({ model, length, step }: ModelledStep): BatchOperations | undefined {
  const { batch } = model;
  const withMore = (examples: number): number =>
    totalOperations(buildStep({ ...model, batch: batch + examples }, length));
  const [one, two, three] = [totalOperations(step), withMore(2), withMore(4)];
  const perExample = (two - one) / 2;
  return three - two === two - one ? { fixed: one - batch * perExample, perExample } : undefined;
}

/** Cost of the logits, and of the logits with the updates of some layers. */
function counted({ traced }: StepGraph): { total: number; of: (layers: readonly number[]) => number } {
  const { workspace, updates } = traced;
  const logits = workspace.pass.readout.post;
  const changes = [
    ...updates.slopes.map(({ parameter, gradient }) => ({ owner: parameter.owner, value: gradient })),
    ...(updates.next ?? []).map(({ state, value }) => ({ owner: state.owner, value })),
  ];
  const of = (layers: readonly number[]): number => {
    // What belongs to the whole network is needed where any layer learns.
    const kept = changes.filter(({ owner }) =>
      owner === undefined ? layers.length > 0 : layers.includes(owner.index),
    );
    const outputs = Object.fromEntries(kept.map(({ value }, i) => [String(i), value]));
    return cost(Object.values(simplifyAll({ ...outputs, logits }))).operations;
  };
  return { total: of([]), of };
}
