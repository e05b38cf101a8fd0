/**
 * Feedback rules: what the output sends, carried back to the hidden layers, stands for dLoss/dPreactivation there.
 *
 * Four orthogonal choices span the family: the path of the message (`chain.ts`, `direct.ts`), the weights that carry it, the
 * gates f'(a) it passes, and the signal sent. Named rules are points of that space; their options move them along every axis.
 */
import type { z } from "zod";
import type { Tensor } from "../../graph/index.ts";
import { defineRule, type Rule, type RuleCard, type Updates, type Workspace } from "../contract/index.ts";
import { axesAt, checkAxes, type FeedbackOptions, type Point } from "./axes.ts";
import { alongChain } from "./chain.ts";
import { alongDirectPaths } from "./direct.ts";

export type { FeedbackOptions } from "./axes.ts";

/** What the output sends: [batch, classes]. */
function send(workspace: Workspace, { signal }: FeedbackOptions): Tensor {
  switch (signal) {
    case "error":
      return workspace.outputError;
    case "sign":
      return workspace.outputError.sign();
    case "absolute":
      return workspace.outputError.abs();
    case "target":
      return workspace.target.neg();
    default:
      return signal satisfies never;
  }
}

function trace(workspace: Workspace, options: FeedbackOptions): Updates {
  checkAxes(options);
  const carry = options.path === "chain" ? alongChain : alongDirectPaths;
  const { deltas, slopes, ...rest } = carry(workspace, send(workspace, options), options);
  const taught = workspace.layers.flatMap((view, i) => {
    const delta = deltas[i];
    return delta === undefined ? [] : view.descend(delta);
  });
  return { slopes: [...taught, ...slopes], ...rest };
}

const symbols =
  "dW_l = - < h_{l-1} delta_l^T >; a_l the drive, h_l the activity, f' the derivative of layer l; e the output error softmax - y, " +
  "which is delta above the last hidden layer";

/** A named point of the family. */
function feedback(
  card: Pick<RuleCard, "id" | "aliases" | "equation" | "source" | "choices" | "relation" | "reads">,
  point: Point,
): Rule<z.input<ReturnType<typeof axesAt>>> {
  return defineRule({ ...card, symbols, family: "feedback", options: axesAt(point) }, trace);
}

const magnitudes =
  "Magnitudes are those of Glorot and Bengio (2010) for B and W alike, as in BioTorch, in the units of the forward weights.";

/** Gradient descent on the output loss. */
export const backprop = feedback(
  {
    id: "backprop",
    aliases: ["bp"],
    equation: "delta_l = f'(a_l) * W_{l+1} delta_{l+1}",
    source: "Rumelhart, Hinton and Williams 1986",
    relation: "equal",
    reads: ["pre", "preactivation", "outputError", "neighbour", "otherActivity", "otherWeight"],
  },
  { path: "chain", weights: "transposed", gate: "all", signal: "error" },
);

/** Backpropagation without the gates downstream: the best that feedback linear in the error can do at every layer. */
export const backpropUngated = feedback(
  {
    id: "backprop-ungated",
    aliases: ["bp-ungated", "ungated"],
    equation: "delta_l = f'(a_l) * W_{l+1} W_{l+2} ... W_out e",
    source: "control; SBP without upper derivatives in Baldi, Sadowski and Lu 2018",
    relation: "none",
    reads: ["pre", "preactivation", "outputError", "neighbour", "otherWeight"],
  },
  { path: "chain", weights: "transposed", gate: "own", signal: "error" },
);

/** Fixed random matrices in place of the transposes. */
export const feedbackAlignment = feedback(
  {
    id: "feedback-alignment",
    aliases: ["fa", "rbp"],
    equation: "delta_l = f'(a_l) * B_{l+1} delta_{l+1}",
    source: "Lillicrap, Cownden, Tweed and Akerman 2016",
    choices: magnitudes,
    relation: "equal when the feedback is the transpose",
    reads: ["pre", "preactivation", "outputError", "neighbour", "otherActivity"],
  },
  { path: "chain", weights: "random", gate: "all", signal: "error" },
);

/** The output error reaches every layer through a fixed random matrix. */
export const directFeedbackAlignment = feedback(
  {
    id: "direct-feedback-alignment",
    aliases: ["dfa", "srbp"],
    equation: "delta_l = f'(a_l) * B_l e",
    source: "Nokland 2016, eq. 6",
    relation: "none",
    reads: ["pre", "preactivation", "outputError"],
  },
  { path: "direct", weights: "random", gate: "own", signal: "error" },
);

/** Direct feedback alignment of the error's signs. */
export const signDirectFeedbackAlignment = feedback(
  {
    id: "sign-dfa",
    aliases: ["sdfa"],
    equation: "delta_l = f'(a_l) * B_l sign(e)",
    source: "Frenkel, Lefebvre and Bol 2021",
    relation: "none",
    reads: ["pre", "preactivation", "outputError"],
  },
  { path: "direct", weights: "random", gate: "own", signal: "sign" },
);

/** Direct random target projection: the label alone, without waiting for the output. */
export const directRandomTargetProjection = feedback(
  {
    id: "drtp",
    aliases: ["direct-random-target-projection"],
    equation: "delta_l = - f'(a_l) * B_l y",
    source: "Frenkel, Lefebvre and Bol 2021",
    choices:
      "The target is sent with a minus sign, in which the error has it: random B does not mind, other weights do.",
    relation: "none",
    reads: ["pre", "preactivation", "label"],
  },
  { path: "direct", weights: "random", gate: "own", signal: "target" },
);

/** Uniform sign-concordant feedback: the signs of the transposes, with one magnitude. */
export const uniformSignFeedback = feedback(
  {
    id: "usf",
    aliases: ["sign-symmetry"],
    equation: "delta_l = f'(a_l) * c sign(W_{l+1}) delta_{l+1},  c = sqrt(2 / (fan-in + fan-out))",
    source: "Liao, Leibo and Poggio 2016",
    choices: magnitudes,
    relation: "none",
    reads: ["pre", "preactivation", "outputError", "neighbour", "otherActivity", "otherWeight"],
  },
  { path: "chain", weights: "sign", gate: "all", signal: "error" },
);

/** Batchwise random magnitudes, sign-concordant. */
export const batchwiseRandomSignFeedback = feedback(
  {
    id: "brsf",
    equation: "delta_l = f'(a_l) * (|M_{l+1}| o sign(W_{l+1})) delta_{l+1},  M redrawn at each step",
    source: "Liao, Leibo and Poggio 2016",
    choices: magnitudes,
    relation: "none",
    reads: ["pre", "preactivation", "outputError", "noise", "neighbour", "otherActivity", "otherWeight"],
  },
  { path: "chain", weights: "sign-random-magnitude", gate: "all", signal: "error", magnitudes: "redrawn" },
);

/** Fixed random magnitudes, sign-concordant. */
export const fixedRandomSignFeedback = feedback(
  {
    id: "frsf",
    equation: "delta_l = f'(a_l) * (|M_{l+1}| o sign(W_{l+1})) delta_{l+1},  M fixed",
    source: "Liao, Leibo and Poggio 2016",
    choices: magnitudes,
    relation: "none",
    reads: ["pre", "preactivation", "outputError", "neighbour", "otherActivity", "otherWeight"],
  },
  { path: "chain", weights: "sign-random-magnitude", gate: "all", signal: "error", magnitudes: "fixed" },
);

/** Feedback takes the forward weights' increments, and both forget at one rate: it becomes their transpose without reading them. */
export const kolenPollack = feedback(
  {
    id: "kolen-pollack",
    aliases: ["kp"],
    equation:
      "delta_l = f'(a_l) * B_{l+1} delta_{l+1},  dW_{l+1} = - eta < h_l delta_{l+1}^T > - lambda W_{l+1},  dB_{l+1} = - eta < h_l delta_{l+1}^T > - lambda B_{l+1}",
    source: "Kolen and Pollack 1994; Akrout et al. 2019, eqs. 16-17",
    choices:
      "lambda is a share of the weights forgotten at each step, whatever the learning rate; the first layer's weights have no twin, and forget as well. Increments pass through the optimiser: the " +
      "two agree exactly as far as their optimiser steps do.",
    relation: "equal when the feedback is the transpose",
    reads: ["pre", "post", "preactivation", "localHead", "outputError", "neighbour", "otherActivity", "weight"],
  },
  { path: "chain", weights: "learned", gate: "all", signal: "error" },
);

/** Direct feedback that learns as a read-out on its layer would. */
export const directKolenPollack = feedback(
  {
    id: "direct-kolen-pollack",
    aliases: ["dkp"],
    equation: "delta_l = f'(a_l) * B_l e,  dB_l = - eta < h_l e^T > - lambda B_l",
    source: "Webster, Choi and Ahn 2020",
    relation: "none",
    reads: ["pre", "post", "preactivation", "localHead", "outputError"],
  },
  { path: "direct", weights: "learned", gate: "own", signal: "error" },
);

/** Feedback follows the correlation of each layer's noise with the next layer's response, which is the forward weight. */
export const weightMirror = feedback(
  {
    id: "weight-mirror",
    aliases: ["wm", "mirror"],
    equation:
      "delta_l = f'(a_l) * B_{l+1} delta_{l+1},  dB_{l+1} = rate (<xi_l a_{l+1}^T> - B_{l+1}),  a_{l+1} = W_{l+1} xi_l",
    source: "Akrout et al. 2019",
    choices:
      "The mirror listens to pre-activations, whose correlation with the noise is the weight itself, not the weight times the unit's mean slope, and follows at its own rate, outside the optimiser.",
    relation: "equal when the feedback is the transpose",
    reads: ["pre", "preactivation", "outputError", "noise", "secondPhase", "neighbour", "otherActivity", "memory"],
  },
  { path: "chain", weights: "mirror", gate: "all", signal: "error" },
);

/** Adaptive random backpropagation: the channel changes by the product of what it carries back and what goes forward. */
export const adaptiveFeedback = feedback(
  {
    id: "adaptive-feedback",
    aliases: ["arbp"],
    equation: "delta_l = f'(a_l) * C_{l+1} delta_{l+1},  dC_{l+1} = - <h_l delta_{l+1}^T>",
    source: "Baldi, Sadowski and Lu 2018",
    relation: "equal when the feedback is the transpose",
    reads: ["pre", "post", "preactivation", "localHead", "outputError", "neighbour", "otherActivity"],
  },
  { path: "chain", weights: "adaptive", gate: "all", signal: "error" },
);
