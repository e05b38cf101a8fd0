/** The named ways to train A[N,H,1], and which Boolean functions each learns from one start. */
import { stream } from "../../random/stream.ts";
import { learnByDeepTargets, type SmallNetwork } from "./deep-targets.ts";
import { learnByErrorChannel } from "./error-channel.ts";
import {
  checkArchitecture,
  drawWeights,
  drive,
  hiddenCodes,
  signedPoints,
  type SmallArchitecture,
  threshold,
  topLearns,
} from "./hidden-layer.ts";

/** A way to train the hidden layer and the top. */
export interface DeepScheme {
  readonly id: string;
  /** What reaches the hidden layer about the target; "none" is deep local learning. */
  readonly channel: string;
  readonly summary: string;
}

/** All schemes, those without a channel first. */
export const deepSchemes = [
  { id: "fixed", channel: "none", summary: "hidden units stay as drawn; perceptron on top" },
  {
    id: "hebb",
    channel: "none",
    summary: "hidden threshold units learn O x, which changes no output for up to three inputs; perceptron on top",
  },
  {
    id: "deep-targets",
    channel: "a target per unit",
    summary: "all 2^H hidden vectors tried; perceptron in both layers",
  },
  {
    id: "random-backpropagation",
    channel: "output error",
    summary: "tanh units, error sent back by fixed random weights",
  },
  { id: "backpropagation", channel: "output error", summary: "tanh units, gradient descent" },
] as const satisfies readonly DeepScheme[];

/** Name of a scheme. */
export type DeepSchemeId = (typeof deepSchemes)[number]["id"];

/** How long and how fast the iterated schemes learn. */
export interface DeepTraining {
  /** Epochs of the perceptrons of `deep-targets`, and their rate. */
  readonly targetEpochs: number;
  readonly targetRate: number;
  /** Epochs and rate of the two gradient schemes. */
  readonly errorEpochs: number;
  readonly errorRate: number;
}

/** What the numbers of the command and the documentation are measured with. */
export const defaultTraining: DeepTraining = { targetEpochs: 300, targetRate: 0.1, errorEpochs: 1000, errorRate: 0.3 };

const HEBB_STEPS = 200;
const HEBB_RATE = 0.1;

/**
 * Whether each of the 2^(2^N) functions is learned from the start of one seed, by the function's number. Every scheme and every function
 * has the same hidden weights at the start, standard normal, as has the top. Throws RangeError for sizes out of range.
 */
export function functionsLearned(
  scheme: DeepSchemeId,
  architecture: SmallArchitecture,
  seed: number,
  training: DeepTraining = defaultTraining,
): boolean[] {
  checkArchitecture(architecture);
  const points = signedPoints(architecture.inputs);
  const start = startOf(architecture, seed);
  const decide = decider(scheme, points, start, seed, training);
  return Array.from({ length: 2 ** points.length }, (_, f) => decide(f));
}

function startOf(architecture: SmallArchitecture, seed: number): SmallNetwork {
  const hidden = drawWeights(architecture, stream(seed, "hidden weights"));
  const [top = []] = drawWeights({ inputs: architecture.hidden, hidden: 1 }, stream(seed, "top weights"));
  return { hidden, top };
}

function decider(
  scheme: DeepSchemeId,
  points: readonly (readonly number[])[],
  start: SmallNetwork,
  seed: number,
  { targetEpochs, targetRate, errorEpochs, errorRate }: DeepTraining,
): (f: number) => boolean {
  switch (scheme) {
    case "fixed":
    case "hebb": {
      const hidden = scheme === "fixed" ? start.hidden : start.hidden.map((w) => afterHebb(w, points));
      const codes = hiddenCodes(hidden, points);
      return (f) => topLearns(f, codes);
    }
    case "deep-targets":
      return (f) => learnByDeepTargets(f, points, start, { rate: targetRate, epochs: targetEpochs });
    case "random-backpropagation": {
      const random = stream(seed, "channel weights");
      const channel = start.hidden.map(random.normal);
      return (f) => learnByErrorChannel(f, points, start, { rate: errorRate, epochs: errorEpochs, channel });
    }
    case "backpropagation":
      return (f) => learnByErrorChannel(f, points, start, { rate: errorRate, epochs: errorEpochs });
    default:
      return scheme satisfies never;
  }
}

/** A threshold unit after steps of dw = rate E[O x] over all points: the target never enters. */
function afterHebb(start: readonly number[], points: readonly (readonly number[])[]): number[] {
  const w = [...start];
  for (let step = 0; step < HEBB_STEPS; step++) {
    const outputs = points.map((x) => threshold(drive(w, x)));
    for (let j = 0; j < w.length; j++) {
      const change = points.reduce((sum, x, p) => sum + (outputs[p] ?? 0) * (x[j] ?? 0), 0) / points.length;
      w[j] = (w[j] ?? 0) + HEBB_RATE * change;
    }
  }
  return w;
}
