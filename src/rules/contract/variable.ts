/**
 * Values that live from step to step: the network's parameters, and what a rule keeps beside them. Each is an object with an owner;
 * its name is for the edge (ONNX inputs, safetensors, tables), and no rule looks anything up by it.
 */
import type { Tensor } from "../../graph/index.ts";
import type { Layer } from "../../networks/index.ts";

/** How a value is drawn before the first step. */
export type Initial =
  | { readonly kind: "constant"; readonly value: number }
  | { readonly kind: "normal"; readonly deviation: number }
  | { readonly kind: "uniform"; readonly bound: number }
  /** Identity matrix (ones where the last two indices agree), for square heads. */
  | { readonly kind: "identity" };

/**
 * What a value is for. `weight`, `bias`: of the network. `head`: trained with its layer, by the rule's own pseudo-gradient. `fixed`:
 * never changes. `state`: the rule supplies its next value at each step.
 */
export type VariableKind = "weight" | "bias" | "head" | "fixed" | "state";

/** A value that lives from step to step. */
export interface Variable {
  /** At the edge: `layer1.weight`, `layer2.threshold`. */
  readonly name: string;
  readonly kind: VariableKind;
  /** The layer to which it belongs; none for a value of the whole network. */
  readonly owner: Layer | undefined;
  /** Whose learning rate it follows where it is trained. */
  readonly learningRate: "hidden" | "readout";
  readonly shape: readonly number[];
  readonly initial: Initial;
  /** Its value before the step. */
  readonly tensor: Tensor;
}

/** A value that the optimiser changes. */
export type Parameter = Variable & { readonly kind: "weight" | "bias" | "head" };

/** The pseudo-gradient of a parameter, in its shape: the optimiser descends it. */
export interface Slope {
  readonly parameter: Parameter;
  readonly gradient: Tensor;
}

/** The share of a parameter that is forgotten at each step, whatever the learning rate: W' = (1 - rate) W + what the optimiser adds. */
export interface Decay {
  readonly parameter: Parameter;
  readonly rate: number;
}

/** What a state becomes after the step. */
export interface NextValue {
  readonly state: Variable;
  readonly value: Tensor;
}

/** A value that the rule itself changes: read `now`, and return what it becomes. */
export class State {
  constructor(readonly variable: Variable) {}

  /** Its value before this step. */
  get now(): Tensor {
    return this.variable.tensor;
  }
  /** Its value after this step is `value`, in its own shape. */
  becomes(value: Tensor): NextValue {
    return { state: this.variable, value };
  }
  /** A running mean: after this step it has moved a share `rate` of the way to `target`. */
  follows(target: Tensor, rate: number): NextValue {
    return this.becomes(this.now.add(target.sub(this.now).mul(rate)));
  }
}

/** Random numbers drawn anew at each step. */
export interface Noise {
  readonly name: string;
  readonly shape: readonly number[];
  /** Standard normal, uniform in [0, 1), -1 and 1 with equal probability, or the numbers 0 .. size - 1 in random order. */
  readonly distribution: "normal" | "uniform" | "sign" | "permutation";
  /** The layer whose own noise it is; none for noise that all layers share. */
  readonly owner: Layer | undefined;
  readonly tensor: Tensor;
}

export const constantly = (value: number): Initial => ({ kind: "constant", value });
