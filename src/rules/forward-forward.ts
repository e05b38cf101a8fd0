/**
 * Forward-forward: high goodness for an input with its own label, low for one with a wrong label.
 *
 *   J_l = < log(1 + e^{theta - g+}) + log(1 + e^{g- - theta}) >,   g = mean_j h_j^2
 *
 * A pass with a label runs on x + E y: E [classes, input] is fixed and random, normal of deviation `labelScale`; one-hot strings have no
 * idle inputs to write a label on, as images have. The wrong label is drawn for every sample, uniform over the other classes. The pass
 * on x alone is the one that is read out, by the linear softmax read-out, in learning and in evaluation.
 * Between layers activity is divided by its root mean square, so that goodness does not pass on and weights of He's size fit;
 * the source divides by the length, which differs by a constant. The layer below is detached: only the layer's own weights learn.
 *
 * With peer normalisation, units whose mean activity with the right label differs from that of their peers pay for it:
 *
 *   J_l += lambda < (mean_k m'_k - m'_j)^2 >_j,   m'_j = rho m_j + (1 - rho) < h_j >
 *
 * m is a running mean that starts at 1/2; the derivative reaches < h_j > of this step only. Peers are the units that share a
 * goodness; a unit whose weights are shared over positions has one mean for all of them.
 *
 * Choices: a goodness for each position, as weights are local there too (positions=together has one for the layer, as in the
 * source's dense layers), and a faint label: a loud one is told from a wrong one without looking at the input. goodness=sum is
 * Hinton's sum of squares with a threshold of theta per unit, as in the public code of loeweX; the mean is mpezeshki's, with theta = 2.
 * Peer normalisation is as in the code of loeweX (lambda = 0.03, rho = 0.9). Left out: wrong labels chosen by likelihood.
 * Source: Hinton 2022, section 3.3 (the supervised example); public code loeweX/Forward-Forward and mpezeshki/pytorch_forward_forward.
 */
import { z } from "zod";
import { softplus, type Tensor } from "../graph/index.ts";
import type { Layer } from "../networks/index.ts";
import { layerwise, sequenceOptions } from "./layerwise.ts";
import { defineRule, type RuleCard } from "./rule.ts";
import type { Pass, Workspace } from "./workspace.ts";

const options = z.strictObject({
  threshold: z.number().default(1).describe("theta, goodness per unit that tells right from wrong"),
  goodness: z.enum(["mean", "sum"]).default("mean").describe("of squared activities over units"),
  positions: z.enum(["each", "together"]).default("each").describe("goodness of each position, or of all at once"),
  labelScale: z.number().positive().default(0.1).describe("deviation of E; a one-hot symbol has entries 0 and 1"),
  normalise: z.boolean().default(true).describe("divide activity by its root mean square between layers"),
  peerNormalisation: z
    .number()
    .nonnegative()
    .default(0)
    .describe("lambda, weight of units' mean activities being alike; 0.03 in the public code"),
  peerMemory: z.number().min(0).max(1).default(0.9).describe("rho, of the running mean activities, per step"),
  ...sequenceOptions,
});
export type ForwardForwardOptions = z.output<typeof options>;

/** Labels other than the true ones, i32 [batch], uniform over the other classes. */
function wrongLabels(workspace: Workspace): Tensor {
  const { classes } = workspace.network.readout;
  // A uniform number just below 1 may round up to it.
  const step = workspace
    .noise("wrongLabel", [workspace.batch], "uniform")
    .mul(classes - 1)
    .floor()
    .minimum(classes - 2)
    .add(1);
  const moved = workspace.labels.cast("float32").add(step);
  return moved
    .less(classes - 0.5)
    .where(moved, moved.sub(classes))
    .cast("int32");
}

/** The passes with the true and with a wrong label. */
function labelledPasses(workspace: Workspace, { labelScale }: ForwardForwardOptions): readonly [Pass, Pass] {
  const { input, readout } = workspace.network;
  const shape = [readout.classes, input.positions * input.channels];
  const initial = { kind: "normal", deviation: labelScale } as const;
  const embedding = workspace.variable({ name: "label.embedding", kind: "fixed", shape, initial }, "label.embedding");
  const withLabel = (labels: Tensor): Pass => {
    const written = embedding.gather(labels).reshape([workspace.batch, input.positions, input.channels]);
    return workspace.secondPass({ encoded: workspace.encodedInput.add(written) });
  };
  return [withLabel(workspace.labels), withLabel(wrongLabels(workspace))];
}

/** The axes of an activity [batch, positions, out] that one goodness covers. */
const covered = (positions: "each" | "together"): readonly number[] => (positions === "each" ? [2] : [1, 2]);

/** Activity divided by its root mean square over what one goodness covers. */
function unitLength(post: Tensor, positions: "each" | "together"): Tensor {
  const square = post.square().mean(covered(positions)).add(1e-8);
  return post.div(square.sqrt().reshape([post.size(0), square.rank === 1 ? 1 : post.size(1), 1]));
}

const card: RuleCard<ForwardForwardOptions> = {
  id: "forward-forward",
  aliases: ["ff"],
  family: "forward-only",
  equation: "J_l = < log(1 + e^{theta - g+}) + log(1 + e^{g- - theta}) >,  g = mean_j h_j^2",
  source: "Hinton 2022, section 3.3; public code loeweX/Forward-Forward",
  relation: "none",
  reads: ({ peerNormalisation }) => [
    "lateral",
    "label",
    "noise",
    "secondPhase",
    ...(peerNormalisation > 0 ? (["batch"] as const) : []),
  ],
  options,
  between: ({ normalise, positions }) => (normalise ? (_, post) => unitLength(post, positions) : undefined),
};

/** The cost of units' mean activities in `post` [batch, positions, out] being apart, and their next running means. */
function peers(workspace: Workspace, layer: Layer, post: Tensor, { peerMemory, positions }: ForwardForwardOptions) {
  const name = `layer${layer.index}.meanActivity`;
  const shape = [layer.shared ? 1 : layer.positions, layer.outFeatures];
  const initial = { kind: "constant", value: 0.5 } as const;
  const old = workspace.variable({ name, kind: "state", shape, initial, layer: layer.index }, "state");
  const now = layer.shared ? post.mean([0, 1]).expand(0) : post.mean(0);
  const means = old.mul(peerMemory).add(now.mul(1 - peerMemory));
  const centre = positions === "each" ? means.mean(-1).expand(-1) : means.mean();
  return { cost: means.sub(centre).square().mean(), next: [name, means.stopGradient()] as const };
}

/** Goodness of the label, layer by layer (Hinton 2022). */
export const forwardForward = defineRule(card, (workspace, chosen) => {
  const [right, wrong] = labelledPasses(workspace, chosen);
  const postOf = (pass: Pass, index: number): Tensor => {
    const activity = pass.layers[index - 1];
    if (activity === undefined) throw new Error(`internal: no layer ${index} in a labelled pass`);
    return activity.post;
  };
  const goodness = (post: Tensor): Tensor => {
    const excess = post.square().sub(chosen.threshold);
    return chosen.goodness === "mean" ? excess.mean(covered(chosen.positions)) : excess.sum(covered(chosen.positions));
  };
  const next: Record<string, Tensor> = {};
  const byLayer = layerwise<ForwardForwardOptions>({
    ...card,
    objective: ({ index, layer }) => {
      const [good, bad] = [postOf(right, index), postOf(wrong, index)];
      const contrast = softplus(goodness(good).neg())
        .mean()
        .add(softplus(goodness(bad)).mean());
      if (chosen.peerNormalisation === 0) return contrast;
      const { cost, next: mean } = peers(workspace, layer, good, chosen);
      next[mean[0]] = mean[1];
      return contrast.add(cost.mul(chosen.peerNormalisation));
    },
  });
  const updates = byLayer.trace(workspace, chosen);
  return { ...updates, next: { ...updates.next, ...next } };
});
