/** The chain: a message from layer to layer, each of which may gate what it passes on. */
import { constant, range, type Tensor } from "../../graph/index.ts";
import type { Decay, Feedback, LayerView, NextValue, Parameter, Slope, Workspace } from "../contract/index.ts";
import type { FeedbackOptions } from "./axes.ts";

/** Messages as teaching signals, and how the feedback weights change. */
export interface Carried {
  /** Of each layer, [.., samples, out]. */
  readonly deltas: readonly Tensor[];
  readonly slopes: readonly Slope[];
  readonly next: readonly NextValue[];
  readonly decays: readonly Decay[];
}

/** What leads from the layer above `view` to it. */
interface Step {
  readonly view: LayerView;
  readonly above: LayerView;
  /** Where the rule keeps feedback of its own. */
  readonly feedback: Feedback | undefined;
}

function stepTo(view: LayerView, { weights, magnitudes, feedbackScale, feedbackPositions }: FeedbackOptions): Step {
  const { above } = view;
  if (above === undefined) throw new Error("internal: a chain to the read-out");
  const kinds = {
    random: "fixed",
    learned: "head",
    adaptive: "head",
    mirror: "state",
    "sign-random-magnitude": magnitudes === "fixed" ? "fixed" : "redrawn",
  } as const;
  const kind = weights in kinds ? kinds[weights as keyof typeof kinds] : undefined;
  const request = { gain: feedbackScale, positions: feedbackPositions };
  return { view, above, feedback: kind && view.feedback({ ...request, kind }) };
}

/** Carries what the layer above passes on down to the layer. */
function carry({ above, feedback }: Step, passed: Tensor, { weights, feedbackScale }: FeedbackOptions): Tensor {
  const signs = (): Tensor => above.weight.sign();
  switch (weights) {
    case "transposed":
      return above.sendBack(passed);
    case "sign":
      return above.sendBack(passed, signs().mul(feedbackScale * above.glorotMagnitude));
    case "sign-random-magnitude":
      return kept(feedback).sendBack(passed, signs().mul(kept(feedback).weight.abs()));
    case "random":
    case "learned":
    case "adaptive":
    case "mirror":
      return kept(feedback).sendBack(passed);
    case "product":
      throw new Error("internal: a product of weights on a chain");
    default:
      return weights satisfies never;
  }
}

function kept(feedback: Feedback | undefined): Feedback {
  if (feedback === undefined) throw new Error("internal: a step without feedback");
  return feedback;
}

/** Signals of every example replaced by those of the next one; the last example takes the first's. */
export function fromNextExample(view: LayerView, x: Tensor): Tensor {
  const rows = view.perExample(x);
  const batch = rows.size(0);
  const order = constant(
    range(batch).map((b) => (b + 1) % batch),
    [batch],
    "int32",
  );
  return view.fromExamples(rows.gather(order, 0));
}

/**
 * Every layer passes on unit noise instead of its activity; the next layer's drive is then W xi + b, so that < xi a > is W on
 * average, whatever the activation.
 */
function noisePhase(workspace: Workspace): (step: Step) => Tensor {
  const noises = workspace.layers.map((view) => view.noise("mirror", "units", "normal"));
  const pass = workspace.further({ between: (layer, { post }) => noises[layer.index - 1] ?? post });
  return ({ view, above, feedback }) => {
    const noise = noises[view.index - 1];
    if (noise === undefined) throw new Error(`internal: no noise for layer ${view.index}`);
    return kept(feedback).shownBy(noise, pass.at(above).preactivation);
  };
}

/** Sends `sent` [batch, classes] down the chain. */
export function alongChain(workspace: Workspace, sent: Tensor, options: FeedbackOptions): Carried {
  const slopes: Slope[] = [];
  const next: NextValue[] = [];
  const learned: Parameter[] = [];
  const shown = options.weights === "mirror" ? noisePhase(workspace) : undefined;
  const deltas: Tensor[] = [];
  let passed = sent;
  for (const view of [...workspace.layers].reverse()) {
    const step = stepTo(view, options);
    const message = carry(step, passed, options);
    if (options.weights === "learned" || options.weights === "adaptive") {
      // Its own increment is that of the weight it stands for: activity here, times what was taught there.
      const { parameter } = kept(step.feedback);
      slopes.push({ parameter, gradient: kept(step.feedback).slope(deltas[0] ?? sent) });
      // The first layer's weights have no twin, and follow suit.
      const twins = step.above.parameters.filter(({ kind }) => kind === "weight");
      const first = view.below === undefined ? view.parameters.filter(({ kind }) => kind === "weight") : [];
      if (options.weights === "learned") learned.push(parameter, ...twins, ...first);
    }
    if (shown !== undefined) next.push(kept(step.feedback).state.follows(shown(step), options.mirrorRate));
    deltas.unshift(options.gate === "none" ? message : view.gate(message));
    passed = onwards(view, message, options);
  }
  return { deltas, slopes, next, decays: forgetting(learned, options) };
}

/** Parameters that forget at the rate of the option `decay`. */
export function forgetting(parameters: readonly Parameter[], { decay }: FeedbackOptions): Decay[] {
  return decay === 0 ? [] : parameters.map((parameter) => ({ parameter, rate: decay }));
}

/** What a layer passes on of its message. */
function onwards(view: LayerView, message: Tensor, { gate }: FeedbackOptions): Tensor {
  switch (gate) {
    case "all":
      return view.gate(message);
    case "shuffled":
      return view.gate(message, fromNextExample(view, view.preactivation));
    case "own":
    case "none":
    case "true-downstream":
      return message;
    default:
      return gate satisfies never;
  }
}
