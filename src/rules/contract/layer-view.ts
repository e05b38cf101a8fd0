/**
 * One layer as a rule sees it: its signals, its neighbours, and arithmetic that means the same for every geometry.
 *
 * Signals have samples as rows, [.., samples, n] (`networks/samples.ts`): a rule writes its equation for one weight matrix and a list of
 * samples, and need not know whether these are examples, or positions of examples that share the matrix. Methods may be taken
 * out: `change: ({ pre: x, post: y, outer }) => outer(x, y)`.
 */
import type { Tensor } from "../../graph/index.ts";
import {
  activate,
  type Activity,
  batchOf,
  correlate,
  fromExamples,
  gate,
  giveBack,
  glorotDeviation,
  type Layer,
  type LayerParameters,
  meanOverSamples,
  outer,
  perExample,
  preactivate,
  receiveFrom,
  sendBack,
  sumToBias,
  toEverySample,
  toPositions,
  toSamples,
  unitShape,
} from "../../networks/index.ts";
import {
  DirectFeedback,
  directFeedbackLayout,
  Feedback,
  feedbackLayout,
  type FeedbackRequest,
  type Kept,
} from "./connection.ts";
import { refuseMisspelt } from "./misspelt.ts";
import type { Registry } from "./registry.ts";
import { RuleError } from "./signal.ts";
import { constantly, type Initial, type Noise, type Parameter, type Slope, State } from "./variable.ts";

/**
 * The shape of a value that a layer keeps: numbers, or one number for each unit, one for each pair of units, one for each weight (where
 * positions have their own weights, they have their own of these too).
 */
export type KeptShape = readonly number[] | "per unit" | "between units" | "per weight";

export class LayerView {
  /** The layer that this one reads; undefined for the first. */
  below: LayerView | undefined;
  /** The layer that reads this one; the read-out is the last. */
  above: LayerView | undefined;

  constructor(
    readonly layer: Layer,
    private readonly activity: Activity,
    /** The layer's weight, then its bias where it has one. */
    readonly parameters: readonly Parameter[],
    private readonly registry: Registry,
  ) {}

  /** Counted from 1 at the input side. */
  get index(): number {
    return this.layer.index;
  }
  /** Whether this is the read-out, which learns by its own gradient. */
  get isReadout(): boolean {
    return this.above === undefined;
  }
  /** Number of units, at each position. */
  get units(): number {
    return this.layer.outFeatures;
  }
  /** Units at all positions. */
  get unitsInAll(): number {
    return this.layer.positions * this.layer.outFeatures;
  }

  /** The input of the synapses: [.., samples, in]. */
  get pre(): Tensor {
    return this.activity.pre;
  }
  /** The drive of the units, before the nonlinearity: [.., samples, out]. */
  get preactivation(): Tensor {
    return this.activity.preactivation;
  }
  /** What the units put out: [.., samples, out]. */
  get post(): Tensor {
    return this.activity.post;
  }
  /** Weight and bias as they are kept and changed; in the mean-field parametrisation units act with less than the weight. */
  get stored(): LayerParameters {
    const [weight, bias] = this.parameters;
    if (weight === undefined) throw new Error(`internal: ${this.layer.name} has no weight`);
    return bias === undefined ? { weight: weight.tensor } : { weight: weight.tensor, bias: bias.tensor };
  }
  /** The weight as the units act with it, so that the drive is pre . weight + bias: [.., in, out]. */
  get weight(): Tensor {
    return this.layer.scale === 1 ? this.stored.weight : this.stored.weight.mul(this.layer.scale);
  }
  /** [1, out] or, where positions have their own, [positions, out]; undefined where the layer has none. */
  get bias(): Tensor | undefined {
    return this.stored.bias;
  }

  /** Magnitude of weights with variance 2 / (inputs + outputs), as they act (Glorot and Bengio 2010). */
  get glorotMagnitude(): number {
    return glorotDeviation(this.layer) * this.layer.scale;
  }

  /** Magnitude of direct feedback that a read-out sends, variance 1 / classes, as it acts. */
  get directMagnitude(): number {
    return directFeedbackLayout(this, this.layer, undefined).deviation * this.layer.scale;
  }

  /** Mean over samples of the outer product of x [.., samples, a] and y [.., samples, b]: [.., a, b]. */
  readonly outer = (x: Tensor, y: Tensor): Tensor => outer(x, y);
  /** Mean over samples of x [.., samples, n], [.., 1, n]: broadcasts against samples and against the columns of a matrix. */
  readonly mean = (x: Tensor): Tensor => meanOverSamples(x);
  /** The unit's own derivative f'(a) applied to a signal [.., samples, out]; at another drive than its own where one is given. */
  readonly gate = (signal: Tensor, drive = this.preactivation): Tensor => gate(this.layer, drive, signal);
  /** f(a) of another drive. */
  readonly activate = (drive: Tensor): Tensor => activate(this.layer, drive);
  /** The drive that another input [.., samples, in] would cause. */
  readonly drive = (pre: Tensor): Tensor => preactivate(this.layer, pre, this.stored);
  /** The input of the synapses where the layer below has the activity `below`, as samples. The first layer has no layer below. */
  readonly receive = (below: Tensor): Tensor => receiveFrom(this.layer, this.neighbourBelow("receive").layer, below);
  /** The inverse of `receive`: from what the synapses see, patch by patch, to the units of the layer below. */
  readonly toBelow = (pre: Tensor): Tensor => giveBack(this.layer, pre, this.neighbourBelow("toBelow").layer);
  /** Sends a signal at the units [.., samples, out] back to the units of the layer below, through this layer's weight or another matrix in its place. */
  readonly sendBack = (signal: Tensor, through = this.weight): Tensor =>
    sendBack(this.layer, signal, through, this.neighbourBelow("sendBack").layer);

  /** All units of an example as one row: from samples to [batch, n at all positions]. */
  readonly perExample = (x: Tensor): Tensor => perExample(this.layer, x);
  /** The inverse of `perExample`. */
  readonly fromExamples = (x: Tensor): Tensor => fromExamples(this.layer, x);
  /** Examples one by one at each position: from samples to [positions, batch, n]. */
  readonly positionByPosition = (x: Tensor): Tensor => toPositions(this.layer, x).transpose([1, 0, 2]);
  /** Gives every sample what belongs to its example: from [batch] or [batch, n]. */
  readonly toEverySample = (x: Tensor): Tensor => toEverySample(this.layer, x);
  /** The mean activity of each unit over positions, for every example: from samples to [batch, n]. */
  readonly meanOfPositions = (x: Tensor): Tensor => toPositions(this.layer, x).mean(1);

  /** Parameters of the layer's own head, trained with the layer. */
  head(name: string, shape: KeptShape, initial: Initial | number): Tensor {
    return this.keep("head", name, shape, initial).tensor;
  }
  /** A value that never changes, e.g. feedback weights. */
  fixed(name: string, shape: KeptShape, initial: Initial | number): Tensor {
    return this.keep("fixed", name, shape, initial).tensor;
  }
  /** A value that the rule itself changes. */
  readonly state = (name: string, shape: KeptShape, initial: Initial | number): State =>
    new State(this.keep("state", name, shape, initial));
  /** A state of one number for each unit, [.., 1, out]: broadcasts against samples. */
  readonly perUnit = (name: string, initial: number): State => this.state(name, "per unit", initial);
  /** Random numbers of this layer's own, drawn anew at each step: one for each unit and sample, each weight, or each bias. */
  readonly noise = (
    name: string,
    of: "units" | "weight" | "bias" | readonly number[],
    distribution: Noise["distribution"],
  ): Tensor => {
    const request = { name: `${this.layer.name}.${name}`, distribution, owner: this.layer };
    if (of !== "units") {
      const shape = typeof of === "object" ? of : this.parameters[of === "weight" ? 0 : 1]?.shape;
      if (shape === undefined) throw new RuleError(`noise "${name}": ${this.layer.name} has no ${String(of)}`);
      return this.registry.noise({ ...request, shape });
    }
    const { positions, outFeatures } = this.layer;
    const shape = [batchOf(this.layer, this.activity.pre), positions, outFeatures];
    return toSamples(this.layer, this.registry.noise({ ...request, shape }));
  };

  /**
   * Pseudo-gradients of weight and bias from a signal that stands for each example's dLoss/dPreactivation, [.., samples, out]: summed
   * over positions, averaged over the batch. `pre` is the input where a rule learns in another phase than the pass on the batch.
   */
  readonly descend = (delta: Tensor, pre = this.pre): Slope[] => {
    const perExample = delta.mul(1 / batchOf(this.layer, delta));
    const slopes = [correlate(pre, perExample.mul(this.layer.scale)), () => sumToBias(this.layer, perExample)] as const;
    return this.parameters.map((parameter) => ({
      parameter,
      gradient: parameter.kind === "weight" ? slopes[0] : slopes[1](),
    }));
  };

  /** Feedback from the layer above to this one, in the place of that layer's weight. `gain` is in units of sqrt(2 / (inputs + outputs)). */
  feedback(request: FeedbackRequest): Feedback {
    const { above } = this;
    if (above === undefined) throw new RuleError(`feedback: expected a hidden layer, got the read-out`);
    const { twin, shape, deviation } = feedbackLayout(above, request.positions);
    // That of the read-out is called after it and follows its learning rate, as the weight that it stands for does.
    const [name, learningRate] = above.isReadout
      ? ([`${above.layer.name}.feedback`, "readout"] as const)
      : ([`${this.layer.name}.feedback`, "hidden"] as const);
    const kept = this.keepFeedback({ ...request, gain: request.gain * deviation }, name, shape, learningRate);
    return new Feedback(above, this, twin, kept);
  }
  /** Feedback from the output straight to this layer. `gain` is in units of sqrt(1 / classes). */
  directFeedback(readout: LayerView, request: FeedbackRequest): DirectFeedback {
    const { shared, shape, deviation } = directFeedbackLayout(this, readout.layer, request.positions);
    const name = `${this.layer.name}.feedback`;
    const kept = this.keepFeedback({ ...request, gain: request.gain * deviation }, name, shape, "hidden");
    return new DirectFeedback(this, readout.layer, shared, kept);
  }

  private keepFeedback(
    { kind, gain: deviation }: FeedbackRequest,
    name: string,
    shape: readonly number[],
    learningRate: "hidden" | "readout",
  ): Kept {
    if (kind === "redrawn") {
      const drawn = this.registry.noise({ name, shape, distribution: "normal", owner: this.layer });
      return { value: drawn.mul(deviation) };
    }
    const variable = this.registry.keep({
      ...{ name, kind, owner: this.layer, learningRate, shape },
      initial: { kind: "normal", deviation },
    });
    return { value: variable.tensor, variable, ...(kind === "state" ? { state: new State(variable) } : {}) };
  }

  /** A value that this layer keeps. */
  keep<K extends "head" | "fixed" | "state">(kind: K, name: string, shape: KeptShape, initial: Initial | number) {
    const variable = this.registry.keep({
      name: `${this.layer.name}.${name}`,
      kind,
      owner: this.layer,
      shape: this.shapeOf(shape),
      initial: typeof initial === "number" ? constantly(initial) : initial,
    });
    return variable as typeof variable & { readonly kind: K };
  }

  private shapeOf(shape: KeptShape): readonly number[] {
    const { inFeatures, outFeatures } = this.layer;
    switch (shape) {
      case "per unit":
        return unitShape(this.layer, outFeatures);
      case "between units":
        return unitShape(this.layer, outFeatures, outFeatures);
      case "per weight":
        return unitShape(this.layer, outFeatures, inFeatures);
      default:
        return shape;
    }
  }

  private neighbourBelow(what: string): LayerView {
    if (this.below !== undefined) return this.below;
    throw new RuleError(
      `${what}: expected a layer with another one below, got ${this.layer.name}, which reads the input`,
    );
  }
}

refuseMisspelt(LayerView, "layer");
