/**
 * The chain: a message from layer to layer.
 *
 *   m_l = B_{l+1} passed_{l+1},   delta_l = f'(a_l) m_l,   passed_l = gate(m_l),   passed_{L+1} = what the output sends
 *
 * B_{l+1} [in, out] stands for W_{l+1}, that of the read-out for the read-out's weights; both are used with the scale of what
 * they stand for. The one that arrives at layer l is named `layerN.feedback` after that layer, except the read-out's,
 * `readout.feedback`, which by that name learns at the read-out's rate, as its twin does.
 */
import { constant, type Tensor } from "../../graph/index.ts";
import {
  correlate,
  features,
  gate,
  type Layer,
  patches,
  sendBack,
  sendBackFromReadout,
  weightShape,
} from "../../networks/index.ts";
import type { Initial, LayerView, Pass, Workspace } from "../workspace.ts";
import type { FeedbackOptions } from "./axes.ts";

/** Messages as teaching signals, and how the feedback weights change. */
export interface Feedback {
  /** Per layer [batch, positions, out]. */
  readonly deltas: readonly Tensor[];
  readonly gradients: Readonly<Record<string, Tensor>>;
  readonly next: Readonly<Record<string, Tensor>>;
}

/** One step of the way back, from the next layer or the read-out to the `receiver`. */
interface Step {
  readonly name: string;
  readonly receiver: LayerView;
  readonly above: LayerView | undefined;
  /** The layer above, as one that shares its feedback over positions or not. */
  readonly twin: Layer | undefined;
  readonly shape: readonly number[];
  /** feedbackScale times Glorot and Bengio's deviation, in the units of the forward weights. */
  readonly deviation: number;
}

function stepTo(workspace: Workspace, receiver: LayerView, options: FeedbackOptions): Step {
  const above = workspace.layers[receiver.index];
  const { readout } = workspace.network;
  if (above === undefined) {
    const { inFeatures, classes, initialDeviation } = readout;
    const glorot = Math.sqrt((2 * inFeatures) / (inFeatures + classes)) * initialDeviation;
    const shape = [inFeatures, classes];
    const deviation = options.feedbackScale * glorot;
    return { name: "readout.feedback", receiver, above, twin: undefined, shape, deviation };
  }
  const { layer } = above;
  const { feedbackPositions } = options;
  const twin = { ...layer, shared: feedbackPositions === undefined ? layer.shared : feedbackPositions === "shared" };
  const deviation = (options.feedbackScale * Math.sqrt(2 / (layer.inFeatures + layer.outFeatures))) / layer.scale;
  return { name: `layer${receiver.index}.feedback`, receiver, above, twin, shape: weightShape(twin), deviation };
}

/** A feedback matrix that the rule keeps. */
function keep(workspace: Workspace, step: Step, kind: "fixed" | "head" | "state"): Tensor {
  const initial: Initial = { kind: "normal", deviation: step.deviation };
  const variable = { name: step.name, kind, shape: step.shape, initial, layer: step.receiver.index };
  const tensor = workspace.variable(variable, kind === "fixed" ? "feedback" : kind);
  return kind === "head" ? workspace.read("localHead", tensor) : tensor;
}

/** What carries the message of one step: weights as used forwards, [in, out] or [positions, in, out]. */
function carrier(workspace: Workspace, step: Step, options: FeedbackOptions): Tensor {
  const forwardWeight = (): Tensor => workspace.weightOf(step.above?.index ?? "readout");
  switch (options.weights) {
    case "transposed":
      return forwardWeight();
    case "random":
      return keep(workspace, step, "fixed");
    case "sign":
      return forwardWeight().sign().mul(step.deviation);
    case "sign-random-magnitude": {
      const drawn =
        options.magnitudes === "fixed"
          ? keep(workspace, step, "fixed")
          : workspace.noise(step.name, step.shape, "normal").mul(step.deviation);
      return forwardWeight().sign().mul(drawn.abs());
    }
    case "learned":
    case "adaptive":
      return keep(workspace, step, "head");
    case "mirror":
      return keep(workspace, step, "state");
    case "product":
      throw new Error("internal: a product of weights on a chain");
    default:
      return options.weights satisfies never;
  }
}

/** Gates of every sample replaced by those of the next one; the last sample takes the first's. */
export function fromNextSample(x: Tensor): Tensor {
  const batch = x.size(0);
  const order = Array.from({ length: batch }, (_, b) => (b + 1) % batch);
  return x.gather(constant(order, [batch], "int32"), 0);
}

/** The increment of the forward weight, from what is known at the receiver: its activity, and the signal at the units above. */
function increment(
  workspace: Workspace,
  { receiver, above, twin }: Step,
  signal: Tensor,
  { gate: gates }: FeedbackOptions,
): Tensor {
  const perSample = signal.mul(1 / workspace.batch);
  // The signal above has passed the gate there, which the receiver is told with it.
  if (above !== undefined && gates !== "none") workspace.read("otherActivity", undefined);
  if (above === undefined || twin === undefined) {
    const { readout } = workspace.network;
    return features(readout, receiver.post).transposeLast().matmul(perSample.mul(readout.scale));
  }
  return correlate(twin, patches(twin, receiver.post), perSample.mul(twin.scale));
}

/**
 * Every layer passes on unit noise instead of its activity; the next layer's pre-activation is then scale * W xi + b, so
 * that <xi a> / scale is W on average, whatever the activation.
 */
function noisePhase(workspace: Workspace): { readonly noises: readonly Tensor[]; readonly pass: Pass } {
  const noises = workspace.layers.map(({ index, layer: { positions, outFeatures } }) =>
    workspace.noise(`layer${index}.mirror`, [workspace.batch, positions, outFeatures], "normal"),
  );
  const pass = workspace.secondPass({ between: (layer, post) => noises[layer.index - 1] ?? post });
  return { noises, pass };
}

/** Mean product of noise and response: an unbiased estimate of the forward weights above the receiver. */
function mirrored(workspace: Workspace, step: Step, { noises, pass }: ReturnType<typeof noisePhase>): Tensor {
  const { receiver, above, twin } = step;
  const noise = noises[receiver.index - 1];
  const response = above === undefined ? pass.logits : pass.layers[above.index - 1]?.preactivation;
  workspace.read("otherActivity", response);
  if (noise === undefined || response === undefined) throw new Error(`internal: no noise for layer ${receiver.index}`);
  if (twin === undefined) {
    const { readout } = workspace.network;
    // The mean over positions of unit noise has variance 1 / positions.
    const variance = readout.pooling === "mean" ? 1 / receiver.layer.positions : 1;
    const samples = workspace.batch * readout.scale * variance;
    return features(readout, noise)
      .transposeLast()
      .matmul(response.mul(1 / samples));
  }
  const samples = workspace.batch * (twin.shared ? twin.positions : 1) * twin.scale;
  return correlate(twin, patches(twin, noise), response.mul(1 / samples));
}

/** Sends `sent` [batch, classes] down the chain. */
export function alongChain(workspace: Workspace, sent: Tensor, options: FeedbackOptions): Feedback {
  const { readout } = workspace.network;
  const gradients: Record<string, Tensor> = {};
  const next: Record<string, Tensor> = {};
  const noise = options.weights === "mirror" ? noisePhase(workspace) : undefined;
  const deltas: Tensor[] = [];
  let passed = sent;
  for (const view of [...workspace.layers].reverse()) {
    const step = stepTo(workspace, view, options);
    const matrix = carrier(workspace, step, options);
    const own = [workspace.batch, view.layer.positions, view.layer.outFeatures];
    const message = workspace.message(
      view.index,
      step.above === undefined
        ? sendBackFromReadout(readout, passed, matrix, own)
        : sendBack(step.above.layer, passed, matrix, own),
    );
    if (options.weights === "learned" || options.weights === "adaptive") {
      const change = increment(workspace, step, deltas[0] ?? sent, options);
      // The rule cannot decay the read-out's weights; a decay of their feedback alone would drive the two apart.
      const decays = options.weights === "learned" && step.above !== undefined;
      gradients[step.name] = decays ? change.add(matrix.mul(options.decay)) : change;
    }
    if (noise !== undefined) {
      const rate = options.mirrorRate;
      next[step.name] = matrix.mul(1 - rate).add(mirrored(workspace, step, noise).mul(rate));
    }
    deltas.unshift(options.gate === "none" ? message : view.gate(message));
    passed = onwards(workspace, view, message, options);
  }
  return { deltas, gradients, next };
}

/** What a layer passes on of its message. */
function onwards(workspace: Workspace, { layer, index }: LayerView, message: Tensor, options: FeedbackOptions): Tensor {
  switch (options.gate) {
    case "all":
      return gate(layer, workspace.activityOf(index).preactivation, message);
    case "shuffled":
      return gate(layer, fromNextSample(workspace.activityOf(index).preactivation), message);
    case "own":
    case "none":
    case "true-downstream":
      return message;
    default:
      return options.gate satisfies never;
  }
}
