/**
 * One graph that computes a rule's pseudo-gradients and the true gradient of the loss from the same forward pass.
 *
 * The gradient is that of the mean cross-entropy of the read-out, by derivation of a forward pass in which nothing is stopped: it owes
 * nothing to any rule, backpropagation included. Layers pass on what the rule has them pass on (`between`), so that it is the
 * gradient of the network as the rule runs it.
 */
import { crossEntropy, grad, is, sizeOf, type Tensor, topological } from "../../graph/index.ts";
import { activity, type Layer, type LayerParameters, receive, toPositions } from "../../networks/index.ts";
import { parametersOf } from "../../train/parameters.ts";
import { dataName, encoder } from "../../train/inputs.ts";
import { simplifyAll, type StepGraph } from "../../train/step.ts";

/** Update and gradient of every hidden parameter, as one graph. */
export interface ProbeGraph {
  /** `update.X` and `gradient.X` for every trainable number X of the hidden layers (`layer1.weight`, ...), in X's shape. */
  readonly outputs: Readonly<Record<string, Tensor>>;
  readonly layers: readonly ProbeLayer[];
}

/** The parameters of one hidden layer. */
export interface ProbeLayer {
  /** Counted from 1 at the input side. */
  readonly layer: number;
  readonly names: readonly string[];
  /** Numbers that the layer learns: weights and, where it has them, biases. */
  readonly weights: number;
}

/** Builds the graph from that of a step. A parameter that the rule leaves alone has an update of zeros. */
export function probeGraph(step: StepGraph): ProbeGraph {
  const { network } = step.traced;
  const at = stepInputs(step);
  const hidden = parametersOf(network).filter(({ learningRate }) => learningRate === "hidden");
  const slopes = grad(
    lossOf(step, at),
    hidden.map(({ name }) => at(name)),
  );
  const outputs: Record<string, Tensor> = {};
  hidden.forEach(({ name }, i) => {
    const slope = slopes[i];
    if (slope === undefined) throw new Error(`internal: no derivative by ${name}`);
    outputs[`update.${name}`] = step.gradients[name] ?? at(name).mul(0);
    outputs[`gradient.${name}`] = slope;
  });
  const layers = network.layers.map(({ index }): ProbeLayer => {
    const own = hidden.filter(({ owner }) => owner?.index === index);
    const weights = own.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    return { layer: index, names: own.map(({ name }) => name), weights };
  });
  return { outputs: simplifyAll(outputs), layers };
}

/**
 * The inputs of a step's graph by name, for graphs that continue it: two nodes of one name would be two inputs called the same.
 * Throws for a name the step does not have.
 */
export function stepInputs({ outputs, gradients }: StepGraph): (name: string) => Tensor {
  const inputs = new Map<string, Tensor>();
  for (const node of topological([...Object.values(outputs), ...Object.values(gradients)])) {
    if (is(node, "input")) inputs.set(node.attributes.name, node);
  }
  return (name) => {
    const found = inputs.get(name);
    if (found === undefined) throw new Error(`internal: the step has no input ${name}`);
    return found;
  };
}

/** Mean cross-entropy of the network in nats, differentiable through all layers. */
function lossOf({ traced: { network, between } }: StepGraph, at: (name: string) => Tensor): Tensor {
  const own = ({ name, bias }: Layer): LayerParameters => {
    const weight = at(`${name}.weight`);
    return bias === "none" ? { weight } : { weight, bias: at(`${name}.bias`) };
  };
  let below = encoder(network)(at(dataName(network)));
  for (const layer of network.layers) {
    const here = activity(layer, receive(layer, below), own(layer));
    below = toPositions(layer, between === undefined ? here.post : between(layer, here));
  }
  const { readout } = network;
  return crossEntropy(activity(readout, receive(readout, below), own(readout)).post, at("labels"));
}
