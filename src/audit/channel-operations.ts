/**
 * What an update costs beyond the forward pass, in operations of the graph's cost model.
 *
 *   C = cost(logits and every pseudo-gradient) - cost(logits)
 *
 * Both graphs are simplified, so that what the update shares with the forward pass is not paid again. Counted are the
 * pseudo-gradients of the hidden layers, of heads and feedback weights that the rule trains, and the next value of its own state; not the
 * read-out's gradient, which is the same for all rules, and not the optimiser. One update is that of a whole batch.
 */
import { cost, type Tensor } from "../graph/index.ts";
import { forward } from "../rules/index.ts";
import { buildStep, encoder, type Model, simplifyAll, type StepGraph } from "../train/step.ts";
import { stepInputs } from "./channel-probe.ts";

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

/** Operations of an update by their dependence on the batch: `fixed + perExample * batch`. */
export interface BatchOperations {
  /** Whatever the batch: drawing up noise, following weights. */
  readonly fixed: number;
  readonly perExample: number;
}

/** Counts the operations of a model's update on inputs of `length` symbols; `weights` are those of its layers (ProbeLayer). */
export function updateOperations(model: Model, length: number, weights: readonly number[]): UpdateOperations {
  const { total, of } = counted(model, length);
  const all = model.network.layers.map(({ index }) => index);
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
export function totalOperations(model: Model, length: number): number {
  const { total, of } = counted(model, length);
  return of(model.network.layers.map(({ index }) => index)) - total;
}

/**
 * How an update's operations grow with the batch, from the cost at the model's batch and two a little larger. Undefined where they are
 * no straight line: rules that compare samples with each other pay for every pair. Far from the model's batch the line may be
 * another, as the mean is taken where that costs least.
 */
export function batchOperations(model: Model, length: number): BatchOperations | undefined {
  const { batch } = model;
  const [one, two, three] = [0, 2, 4].map((more) => totalOperations({ ...model, batch: batch + more }, length));
  if (one === undefined || two === undefined || three === undefined) return undefined;
  const perExample = (two - one) / 2;
  return three - two === two - one ? { fixed: one - batch * perExample, perExample } : undefined;
}

/** Cost of the logits, and of the logits with the updates of some layers. */
function counted(model: Model, length: number): { total: number; of: (layers: readonly number[]) => number } {
  const step = buildStep(model, length);
  const logits = logitsOf(model, step);
  const costOf = (tensors: Readonly<Record<string, Tensor>>): number =>
    cost(Object.values(simplifyAll({ ...tensors, logits }))).operations;
  const updates = updatesOf(step);
  const of = (layers: readonly number[]): number => {
    const kept = Object.entries(updates).filter(
      ([name]) =>
        layers.some((layer) => name.includes(`layer${layer}.`)) || (layers.length > 0 && !/layer\d+\./.test(name)),
    );
    return costOf(Object.fromEntries(kept));
  };
  return { total: costOf({}), of };
}

/**
 * Pseudo-gradients of layers and heads, and next values of states; the read-out's own are left out. Names hold `layerN.`, or no layer
 * where all layers use them.
 */
function updatesOf({ gradients, outputs, variables }: StepGraph): Record<string, Tensor> {
  const learned = Object.entries(gradients).filter(([name]) => name !== "readout.weight" && name !== "readout.bias");
  const states = variables.filter(({ kind }) => kind === "state").map(({ name }) => `next.${name}`);
  const next = Object.entries(outputs).filter(([name]) => states.includes(name));
  return Object.fromEntries([...learned, ...next]);
}

/** The forward pass of a step, of the step's own inputs, so that simplification finds it in the updates. */
function logitsOf({ network, rule }: Model, step: StepGraph): Tensor {
  const at = stepInputs(step);
  const layers = network.layers.map(({ index, bias }) => {
    const weight = at(`layer${index}.weight`);
    return bias === "none" ? { weight } : { weight, bias: at(`layer${index}.bias`) };
  });
  const parameters = { layers, readout: { weight: at("readout.weight"), bias: at("readout.bias") } };
  return forward(network, parameters, encoder(network)(at("tokens")), { between: rule.rule.between(rule.options) })
    .logits;
}
