/** What a rule sees while it is traced: the layers through their signals, further passes, and the values it may ask for. */
import { crossEntropies, type Tensor } from "../../graph/index.ts";
import { allLayers, type Layer, type LayerParameters, type Network, outputError } from "../../networks/index.ts";
import { LayerView } from "./layer-view.ts";
import { type Between, forward, type Parameters, type Pass } from "./pass.ts";
import type { PartnerRequest } from "../../tasks/pair-kinds.ts";
import { refuseMisspelt } from "./misspelt.ts";
import type { Registry } from "./registry.ts";
import { constantly, type Initial, type Noise, type Parameter, State } from "./variable.ts";

export interface WorkspaceInputs {
  readonly network: Network;
  readonly registry: Registry;
  /** The network's parameters, a list for each layer, the read-out last: the weight, then the bias where there is one. */
  readonly parameters: readonly (readonly Parameter[])[];
  /** Examples [batch, length] as the network's input [batch, positions, channels]: symbols in one-hot code, real numbers as they are. */
  readonly encode: (examples: Tensor) => Tensor;
  readonly between?: Between | undefined;
}

/** What a further pass does differently from the pass on the batch. */
export interface PassChanges {
  /** Another input [batch, positions, channels]. */
  readonly encoded?: Tensor;
  /** Replaces a hidden layer's pre-activation [.., samples, out], e.g. by adding noise. */
  readonly perturb?: (layer: Layer, preactivation: Tensor) => Tensor;
  /** Replaces a hidden layer's weight and bias, e.g. by adding noise: every layer changes its own, so no weight is carried anywhere. */
  readonly perturbParameters?: (layer: Layer, own: LayerParameters) => LayerParameters;
  /** Replaces what hidden layers pass on, as samples, e.g. by noise whose effect on the next layer shows its weights. */
  readonly between?: Between;
}

/** Everything a rule can ask for during one trace. */
export class Workspace {
  readonly network: Network;
  readonly batch: number;
  /** The hidden layers, input side first. */
  readonly layers: readonly LayerView[];
  readonly readout: LayerView;
  /** The forward pass on the batch. */
  readonly pass: Pass;
  readonly registry: Registry;

  private readonly stored: Parameters;
  private readonly partnerPasses = new Map<Tensor, Pass>();

  constructor(private readonly inputs: WorkspaceInputs) {
    const { network, registry } = inputs;
    this.network = network;
    this.registry = registry;
    this.batch = registry.tokens.size(0);
    this.stored = parametersOf(inputs.parameters);
    this.pass = this.run(this.input);
    const views = allLayers(network).map(
      (layer, i) => new LayerView(layer, this.pass.at(layer), inputs.parameters[i] ?? [], registry),
    );
    views.forEach((view, i) => {
      view.below = views[i - 1];
      view.above = views[i + 1];
    });
    const readout = views.at(-1);
    if (readout === undefined) throw new Error("internal: a network without a read-out");
    this.readout = readout;
    this.layers = views.slice(0, -1);
  }

  /** The top hidden layer. */
  get top(): LayerView {
    const top = this.layers.at(-1);
    if (top === undefined) throw new Error("internal: a network without hidden layers");
    return top;
  }
  get classes(): number {
    return this.network.readout.classes;
  }
  /** The network's input, encoded: [batch, positions, channels]. */
  get input(): Tensor {
    return this.inputs.encode(this.registry.tokens);
  }
  /** Classes i32 [batch]. */
  get labels(): Tensor {
    return this.registry.labels;
  }
  /** The class of each example as a row of zeros with a one, [batch, classes]. */
  get target(): Tensor {
    return this.labels.oneHot(this.classes);
  }
  /** softmax(scores) - target of each example, [batch, classes]: of the pass on the batch, or at other scores. */
  get outputError(): Tensor {
    return this.errorAt(this.pass.readout.post);
  }
  errorAt(scores: Tensor): Tensor {
    return outputError(scores, this.labels);
  }

  /** A further pass of the network: on another input, with other parameters, or perturbed. */
  further(changes: PassChanges): Pass {
    const { encoded = this.input, perturb, perturbParameters, between = this.inputs.between } = changes;
    const layers = this.stored.layers.map((own, i) => {
      const layer = this.network.layers[i];
      return layer === undefined || perturbParameters === undefined ? own : perturbParameters(layer, own);
    });
    return forward(this.network, { ...this.stored, layers }, encoded, { between, perturb });
  }
  /** The pass on every example's partner. */
  partner(request: PartnerRequest): Pass {
    const tokens = this.registry.partner(request);
    const known = this.partnerPasses.get(tokens) ?? this.run(this.inputs.encode(tokens));
    this.partnerPasses.set(tokens, known);
    return known;
  }

  /** Cross-entropy of each example in nats, [batch], in the pass on the batch or another: one number to be broadcast. */
  lossOf(pass: Pass = this.pass): Tensor {
    return crossEntropies(pass.readout.post, this.labels);
  }
  /** 1 for each example that the pass on the batch, or another, puts in the wrong class, else 0, [batch]: one number to be broadcast. */
  errorOf(pass: Pass = this.pass): Tensor {
    return pass.readout.post.argmax(-1).equal(this.labels).where(0, 1);
  }

  /** Random numbers that all layers share, drawn anew at each step. */
  noise(name: string, shape: readonly number[], distribution: Noise["distribution"]): Tensor {
    return this.registry.noise({ name, shape, distribution, owner: undefined });
  }
  /** A value of the whole network that never changes. */
  fixed(name: string, shape: readonly number[], initial: Initial): Tensor {
    return this.registry.keep({ name, kind: "fixed", shape, initial }).tensor;
  }
  /** A value of the whole network that the rule itself changes. */
  state(name: string, shape: readonly number[], initial: number): State {
    return new State(this.registry.keep({ name, kind: "state", shape, initial: constantly(initial) }));
  }

  private run(encoded: Tensor): Pass {
    return forward(this.network, this.stored, encoded, { between: this.inputs.between });
  }
}

refuseMisspelt(Workspace, "workspace");

function parametersOf(lists: readonly (readonly Parameter[])[]): Parameters {
  const layers = lists.map(([weight, bias]): LayerParameters => {
    if (weight === undefined) throw new Error("internal: a layer without a weight");
    return bias === undefined ? { weight: weight.tensor } : { weight: weight.tensor, bias: bias.tensor };
  });
  const readout = layers.at(-1);
  if (readout === undefined) throw new Error("internal: a network without a read-out");
  return { layers: layers.slice(0, -1), readout };
}
