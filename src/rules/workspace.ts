/**
 * What a rule sees while it is traced: the layers through their signals, and the values it may ask for.
 *
 * Every access is recorded. After tracing, what was read is compared with what the rule declares (`rule.ts`).
 */
import { input, type Tensor, topological } from "../graph/index.ts";
import {
  type Activity,
  activity,
  features,
  gate,
  preactivate,
  type Layer,
  type LayerParameters,
  logits,
  type Network,
  outputError,
} from "../networks/index.ts";
import { RuleError, type Signal } from "./signal.ts";

/** How a value that a rule asks for is drawn before the first step. */
export type Initial =
  | { readonly kind: "constant"; readonly value: number }
  | { readonly kind: "normal"; readonly deviation: number }
  | { readonly kind: "uniform"; readonly bound: number }
  /** Identity matrix (ones where the last two indices agree), for square heads. */
  | { readonly kind: "identity" };

/**
 * A value that a rule keeps beside the network's parameters. `head`: trained with the layer, by the rule's own
 * pseudo-gradient. `fixed`: never changes. `state`: the rule supplies its next value at each step.
 */
export interface Variable {
  readonly name: string;
  readonly kind: "head" | "fixed" | "state";
  readonly shape: readonly number[];
  readonly initial: Initial;
  readonly layer?: number;
}

/** Random numbers drawn anew at each step. */
export interface Noise {
  readonly name: string;
  readonly shape: readonly number[];
  /** Standard normal, uniform in [0, 1), -1 and 1 with equal probability, or the numbers 0 .. size - 1 in random order. */
  readonly distribution: "normal" | "uniform" | "sign" | "permutation";
}

/** How a positive pair is made. `temporal` and `resample` need a second input; the others look within one. */
export type PairKind = "temporal" | "context" | "resample" | "halves";

/** Trainable values of the network, as graph inputs. */
export interface Parameters {
  readonly layers: readonly { readonly weight: Tensor; readonly bias?: Tensor }[];
  readonly readout: { readonly weight: Tensor; readonly bias: Tensor };
}

/** A forward pass: activity of every layer, and the read-out's scores. Layers are separated by stopped gradients. */
export interface Pass {
  readonly layers: readonly Activity[];
  /** [batch, features] */
  readonly features: Tensor;
  /** [batch, classes] */
  readonly logits: Tensor;
}

/** Changes what layers pass on; e.g. forward-forward normalises activity so that goodness does not leak upwards. */
export type Between = (layer: Layer, post: Tensor) => Tensor;

/** What a pass may do differently from the network's own. */
export interface PassOptions {
  readonly between?: Between | undefined;
  /** Replaces a layer's pre-activation [batch, positions, out] before the activation, e.g. to add noise or a nudge. */
  readonly perturb?: (layer: Layer, preactivation: Tensor) => Tensor;
}

/** Runs the network on `encoded` [batch, positions, channels]. */
export function forward(network: Network, parameters: Parameters, encoded: Tensor, options: PassOptions = {}): Pass {
  const { between, perturb } = options;
  let below = encoded;
  const layers = network.layers.map((layer, i): Activity => {
    const own = parameters.layers[i];
    if (own === undefined) throw new Error(`internal: no parameters for layer ${layer.index}`);
    const here = activity(layer, below.stopGradient(), own, perturb);
    below = between === undefined ? here.post : between(layer, here.post);
    return here;
  });
  const seen = features(network.readout, below.stopGradient());
  return { layers, features: seen, logits: logits(network.readout, seen, parameters.readout) };
}

/** One layer, seen through its signals. Tensors are [batch, positions, ...] unless said otherwise. */
export class LayerView {
  constructor(
    readonly layer: Layer,
    private readonly activity: Activity,
    private readonly own: { readonly weight: Tensor; readonly bias?: Tensor },
    private readonly workspace: Workspace,
  ) {}

  get index(): number {
    return this.layer.index;
  }
  /** Patches of the layer below: [batch, positions, in]. */
  get pre(): Tensor {
    return this.workspace.read("pre", this.activity.pre);
  }
  /** [batch, positions, out] */
  get preactivation(): Tensor {
    return this.workspace.read("preactivation", this.activity.preactivation);
  }
  /** [batch, positions, out] */
  get post(): Tensor {
    return this.workspace.read("post", this.activity.post);
  }
  /** [in, out] where positions share it, else [positions, in, out]. */
  get weight(): Tensor {
    return this.workspace.read("weight", this.own.weight);
  }
  get bias(): Tensor | undefined {
    return this.own.bias;
  }
  /** The layer's weight and bias by parameter name, to differentiate by: a derivative by a weight need not read it. */
  get parameters(): Readonly<Record<string, Tensor>> {
    const { weight, bias } = this.own;
    return {
      [`layer${this.index}.weight`]: weight,
      ...(bias === undefined ? {} : { [`layer${this.index}.bias`]: bias }),
    };
  }
  /** The layer's pre-activation on another input `pre` [batch, positions, in]: what its units compute, not a reading of their weights. */
  drive(pre: Tensor): Tensor {
    return preactivate(this.layer, pre, this.own).mark({ kind: "preactivation", layer: this.index });
  }
  /**
   * Records what the chain rule within the layer reads where `slopes` go through the pass on the batch: the input and the
   * unit's own slope. Weights it reads only where a loss looks at them.
   */
  readBy(slopes: readonly Tensor[]): void {
    if (!topological(slopes).includes(this.activity.pre)) return;
    this.workspace.read("pre", undefined);
    this.workspace.read("preactivation", undefined);
  }
  /** The unit's own derivative applied to a signal [batch, positions, out]. */
  gate(signal: Tensor): Tensor {
    return gate(this.layer, this.preactivation, signal);
  }
  /**
   * Two views of one thing at this layer, `[here, there]`, both [batch, positions', features']: the activity and its pair.
   * Undefined where this layer has none (`context` on a layer with one position). `of` chooses what is paired.
   */
  pair(kind: PairKind, of: "post" | "preactivation" = "post"): readonly [Tensor, Tensor] | undefined {
    return this.workspace.pairOf(this, kind, of);
  }
  /** A parameter of this layer's own head, trained with the layer. */
  head(name: string, shape: readonly number[], initial: Initial): Tensor {
    const variable = { name: `layer${this.index}.${name}`, kind: "head", shape, initial, layer: this.index } as const;
    return this.workspace.read("localHead", this.workspace.variable(variable, "head"));
  }
  /** A matrix that never changes, e.g. feedback weights. */
  fixed(name: string, shape: readonly number[], initial: Initial): Tensor {
    const variable = { name: `layer${this.index}.${name}`, kind: "fixed", shape, initial, layer: this.index } as const;
    return this.workspace.variable(variable, name);
  }
  /** A value the rule updates itself: give its next value in `next` under the same name. */
  state(name: string, shape: readonly number[], initial: Initial): Tensor {
    const variable = { name: `layer${this.index}.${name}`, kind: "state", shape, initial, layer: this.index } as const;
    return this.workspace.variable(variable, "state");
  }
}

export interface WorkspaceInputs {
  readonly network: Network;
  readonly parameters: Parameters;
  /** Symbols i32 [batch, positions]. */
  readonly tokens: Tensor;
  /** Classes i32 [batch]. */
  readonly labels: Tensor;
  /** One-hot encoding of symbols as the network's input [batch, positions, channels]. */
  readonly encode: (tokens: Tensor) => Tensor;
  readonly between?: Between | undefined;
}

export interface SecondPass {
  readonly encoded?: Tensor;
  readonly parameters?: Parameters;
  readonly perturb?: (layer: Layer, preactivation: Tensor) => Tensor;
  /** Replaces a layer's weight and bias, e.g. by adding noise: every layer changes its own, so no weight is carried anywhere. */
  readonly perturbParameters?: (layer: Layer, own: LayerParameters) => LayerParameters;
  /** Replaces what layers pass on, e.g. by noise whose effect on the next layer shows its weights. */
  readonly between?: Between;
}

/** Everything a rule can ask for during one trace. */
export class Workspace {
  readonly network: Network;
  readonly batch: number;
  readonly layers: readonly LayerView[];
  /** What was asked for so far. */
  readonly touched = new Set<Signal>();
  readonly variables = new Map<string, { readonly variable: Variable; readonly tensor: Tensor }>();
  readonly noises = new Map<string, { readonly noise: Noise; readonly tensor: Tensor }>();
  /** The kind of second input the rule wants, and its symbols i32 [batch, positions]. */
  partner: { readonly kind: "temporal" | "resample"; readonly tokens: Tensor } | undefined;
  /** The forward pass on the batch itself: for the training loop, not for rules, which use the guarded signals. */
  readonly pass: Pass;

  private partnerPass: Pass | undefined;

  constructor(private readonly inputs: WorkspaceInputs) {
    this.network = inputs.network;
    this.batch = inputs.tokens.size(0);
    this.pass = this.runForward(inputs.encode(inputs.tokens));
    this.layers = this.pass.layers.map((here, i) => {
      const [layer, own] = [inputs.network.layers[i], inputs.parameters.layers[i]];
      if (layer === undefined || own === undefined) throw new Error(`internal: no layer ${i + 1}`);
      return new LayerView(layer, here, own, this);
    });
  }

  /** Records that a signal was read, and passes its value on. */
  read<T>(signal: Signal, value: T): T {
    this.touched.add(signal);
    return value;
  }

  /** Classes i32 [batch]. */
  get labels(): Tensor {
    return this.read("label", this.inputs.labels);
  }
  /** softmax(logits) - one-hot(labels) per sample, [batch, classes]. */
  get outputError(): Tensor {
    return this.errorAtOutput((labels) => outputError(this.pass.logits, labels));
  }
  /** Another error vector of the read-out, [batch, classes], made from its scores and the labels alone. */
  errorAtOutput(of: (labels: Tensor) => Tensor): Tensor {
    return this.read("outputError", of(this.inputs.labels).mark({ kind: "outputError" }));
  }
  /** Names `value` as a message that arrives at a layer from the one above or below it. What it carries is read all the same. */
  message(receiver: number, value: Tensor): Tensor {
    return this.read("neighbour", value.mark({ kind: "neighbour", layer: receiver }));
  }
  /** Weights of another layer (counted from 1), or of the read-out: weight transport. */
  weightOf(layer: number | "readout"): Tensor {
    const parameters = layer === "readout" ? this.inputs.parameters.readout : this.inputs.parameters.layers[layer - 1];
    if (parameters === undefined)
      throw new RuleError(`weightOf: expected a layer from 1 to ${this.layers.length}, got ${layer}`);
    return this.read("otherWeight", parameters.weight);
  }
  /** Activity of another layer (counted from 1), e.g. its gates. */
  activityOf(layer: number): Activity {
    const found = this.pass.layers[layer - 1];
    if (found === undefined)
      throw new RuleError(`activityOf: expected a layer from 1 to ${this.layers.length}, got ${layer}`);
    return this.read("otherActivity", found);
  }
  /** The network's input, encoded: [batch, positions, channels]. */
  get encodedInput(): Tensor {
    return this.inputs.encode(this.inputs.tokens);
  }
  /** A second pass of the network: on another input [batch, positions, channels], with other parameters, or perturbed. */
  secondPass(changes: SecondPass): Pass {
    return this.read("secondPhase", this.changedPass(changes));
  }
  /** Cross-entropy of each sample in nats, [batch], in a second pass of which the layers get to know nothing else. */
  lossUnder(changes: SecondPass): Tensor {
    return this.lossOf(this.changedPass(changes));
  }
  /**
   * One number for each sample, [batch], decided from a second pass and the labels, to be broadcast: the layers get to know
   * nothing else of that pass.
   */
  judge(changes: SecondPass, verdict: (pass: Pass, labels: Tensor) => Tensor): Tensor {
    const decided = verdict(this.changedPass(changes), this.inputs.labels);
    return this.read("broadcast", decided.mark({ kind: "broadcast" }));
  }
  /** The network's parameters, all layers and the read-out: for passes with changed ones. Reads every layer's weights. */
  get parameters(): Parameters {
    return this.read("otherWeight", this.inputs.parameters);
  }
  /** Cross-entropy of each sample in nats, [batch], of the pass on the batch or of another: to be broadcast. */
  lossOf(pass: Pass = this.pass): Tensor {
    const chosen = pass.logits.logSoftmax(-1).mul(this.inputs.labels.oneHot(pass.logits.size(-1)));
    return this.read("broadcast", chosen.sum(-1).neg().mark({ kind: "broadcast" }));
  }
  /** 1 for each sample that the pass on the batch, or another, puts in the wrong class, else 0, [batch]: to be broadcast. */
  errorOf(pass: Pass = this.pass): Tensor {
    const wrong = pass.logits.argmax(-1).equal(this.inputs.labels).where(0, 1);
    return this.read("broadcast", wrong.mark({ kind: "broadcast" }));
  }
  /** Random numbers drawn anew at each step. */
  noise(name: string, shape: readonly number[], distribution: Noise["distribution"]): Tensor {
    const known = this.noises.get(name)?.tensor;
    const tensor = known ?? input(`noise.${name}`, shape, "float32", { kind: "noise" });
    this.noises.set(name, { noise: { name: `noise.${name}`, shape, distribution }, tensor });
    return this.read("noise", tensor);
  }
  /** A value kept beside the parameters; asking twice gives the same one. */
  variable(variable: Variable, role: string): Tensor {
    const known = this.variables.get(variable.name);
    if (known !== undefined) return known.tensor;
    const layer = variable.layer === undefined ? {} : { layer: variable.layer };
    const tensor = input(variable.name, variable.shape, "float32", { kind: role, ...layer });
    this.variables.set(variable.name, { variable, tensor });
    return tensor;
  }

  /** See LayerView.pair. */
  pairOf(view: LayerView, kind: PairKind, of: "post" | "preactivation"): readonly [Tensor, Tensor] | undefined {
    const [here, there] = this.viewsOf(view, kind, of) ?? [];
    if (here === undefined || there === undefined) return undefined;
    const role = { kind: "pair", layer: view.index };
    return [here, there.mark(role)];
  }

  private viewsOf(
    view: LayerView,
    kind: PairKind,
    of: "post" | "preactivation",
  ): readonly [Tensor, Tensor] | undefined {
    const own = view[of];
    const [, positions, units] = own.shape;
    switch (kind) {
      case "temporal":
      case "resample": {
        const there = this.partnerActivity(kind, view.index)[of];
        return this.read("pair", [own, there] as const);
      }
      case "context": {
        // Neighbouring patches of one string: siblings, which the layer above sees in one patch. At the top all positions are.
        const above = this.network.layers[view.index];
        const siblings = above === undefined ? (positions ?? 1) : above.inFeatures / (units ?? 1);
        if (siblings < 2 || positions === undefined || positions % siblings !== 0) return undefined;
        const families = own.reshape([own.size(0), positions / siblings, siblings, units ?? 1]);
        const neighbours = [families.narrow(2, 0, siblings - 1), families.narrow(2, 1, siblings)].map((side) =>
          side.reshape([own.size(0), (positions / siblings) * (siblings - 1), units ?? 1]),
        );
        return this.read("pair", neighbours as [Tensor, Tensor]);
      }
      case "halves": {
        if (units === undefined || units % 2 !== 0)
          throw new RuleError(`pair=halves: expected an even number of units, got ${units ?? 0}`);
        return this.read("pair", [own.narrow(2, 0, units / 2), own.narrow(2, units / 2, units)] as const);
      }
      default:
        return kind satisfies never;
    }
  }

  private partnerActivity(kind: "temporal" | "resample", layer: number): Activity {
    if (this.partner !== undefined && this.partner.kind !== kind) {
      throw new RuleError(`pair: expected one kind of partner per rule, got ${this.partner.kind} and ${kind}`);
    }
    const tokens = this.partner?.tokens ?? input("partnerTokens", this.inputs.tokens.shape, "int32", { kind: "data" });
    this.partner = { kind, tokens };
    this.partnerPass ??= this.runForward(this.inputs.encode(tokens));
    const found = this.partnerPass.layers[layer - 1];
    if (found === undefined) throw new Error(`internal: no layer ${layer} in the partner's pass`);
    return found;
  }

  private changedPass(changes: SecondPass): Pass {
    const { encoded = this.encodedInput, parameters = this.inputs.parameters, perturb, perturbParameters } = changes;
    const options = {
      between: changes.between ?? this.inputs.between,
      ...(perturb === undefined ? {} : { perturb }),
    };
    const layers = parameters.layers.map((own, i) => {
      const layer = this.network.layers[i];
      return layer === undefined || perturbParameters === undefined ? own : perturbParameters(layer, own);
    });
    return forward(this.network, { ...parameters, layers }, encoded, options);
  }

  private runForward(encoded: Tensor): Pass {
    return forward(this.inputs.network, this.inputs.parameters, encoded, { between: this.inputs.between });
  }
}
