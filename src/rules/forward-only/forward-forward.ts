/**
 * Forward-forward: high goodness for an input with its own label, low for one with a wrong label. The pass on the input alone is the one
 * that is read out by the linear read-out, in learning and in evaluation; with `inference=goodness` the network is judged as in the
 * source, by the label whose pass has the highest goodness. The layer below is detached: only the layer's own weights learn.
 */
import { z } from "zod";
import { concat, constant, range, softplus, type Tensor } from "../../graph/index.ts";
import { type Layer, perExample, toEverySample } from "../../networks/index.ts";
import {
  defineRule,
  descendObjectives,
  inSequence,
  type LayerView,
  type NextValue,
  type Pass,
  sequenceOptions,
  type Workspace,
} from "../contract/index.ts";

const options = z.strictObject({
  threshold: z.number().default(1).describe("theta, goodness per unit that tells right from wrong"),
  goodness: z.enum(["mean", "sum"]).default("mean").describe("of squared activities over units"),
  positions: z.enum(["each", "together"]).default("each").describe("goodness of each position, or of all at once"),
  labelScale: z.number().positive().default(0.1).describe("deviation of E; a one-hot symbol has entries 0 and 1"),
  normalise: z.boolean().default(true).describe("divide activity by its root mean square between layers"),
  inference: z
    .enum(["readout", "goodness"])
    .default("readout")
    .describe(
      "how the trained network is judged: by the linear read-out, or by the label whose pass has the highest goodness, summed over layers but the first",
    ),
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
  const { classes, batch, labels } = workspace;
  // A uniform number just below 1 may round up to it.
  const step = workspace
    .noise("wrongLabel", [batch], "uniform")
    .mul(classes - 1)
    .floor()
    .minimum(classes - 2)
    .add(1);
  const moved = labels.cast("float32").add(step);
  return moved
    .less(classes - 0.5)
    .where(moved, moved.sub(classes))
    .cast("int32");
}

/** The pass on x + E y; one label stands for all examples. */
function withLabel(workspace: Workspace, labels: Tensor, { labelScale }: ForwardForwardOptions): Pass {
  const { input, classes } = workspace;
  const [, ...shape] = input.shape;
  const size = shape.reduce((product, n) => product * n, 1);
  const embedding = workspace.fixed("label.embedding", [classes, size], { kind: "normal", deviation: labelScale });
  return workspace.further({ encoded: input.add(embedding.gather(labels).reshape([labels.size(0), ...shape])) });
}

/** Activity divided by its root mean square over what one goodness covers. */
function unitLength(layer: Layer, post: Tensor, positions: "each" | "together"): Tensor {
  const covered = positions === "each" ? post : perExample(layer, post);
  const size = covered.square().mean(-1, { keepdims: true }).add(1e-8).sqrt();
  return post.div(positions === "each" ? size : toEverySample(layer, size));
}

/** g - theta of one goodness after another. */
function excess(view: LayerView, post: Tensor, { threshold, goodness, positions }: ForwardForwardOptions): Tensor {
  const above = (positions === "each" ? post : view.perExample(post)).square().sub(threshold);
  return goodness === "mean" ? above.mean(-1) : above.sum(-1);
}

/** The cost of units' mean activities being apart, and their next running means. */
function peers(view: LayerView, post: Tensor, { peerMemory, positions }: ForwardForwardOptions) {
  const memory = view.perUnit("meanActivity", 0.5);
  const means = memory.now.mul(peerMemory).add(view.mean(post).mul(1 - peerMemory));
  const centre = positions === "each" ? means.mean(-1, { keepdims: true }) : means.mean();
  return { cost: means.sub(centre).square().mean(), next: memory.becomes(means.stopGradient()) };
}

/** Goodness of every label, [batch, classes], summed over layers but the first where there are several. */
function goodnessOfLabels(workspace: Workspace, chosen: ForwardForwardOptions): Tensor {
  const { classes, layers } = workspace;
  const judged = layers.length > 1 ? layers.slice(1) : layers;
  const columns = range(classes).map((label) => {
    const pass = withLabel(workspace, constant([label], [1], "int32"), chosen);
    const each = judged.map((view) => view.perExample(pass.at(view).post.square()).mean(-1, { keepdims: true }));
    return each.reduce((sum, own) => sum.add(own));
  });
  return concat(columns, 1);
}

/** Goodness of the label, layer by layer. */
export const forwardForward = defineRule(
  {
    id: "forward-forward",
    aliases: ["ff"],
    family: "forward-only",
    equation:
      "J_l = < log(1 + e^{theta - g+}) + log(1 + e^{g- - theta}) > + lambda < (mean_k m'_k - m'_j)^2 >_j,  g = mean_j h_j^2,  m'_j = rho m_j + (1 - rho) < h_j >",
    symbols:
      "h the activity in a pass on x + E y, with the true label (g+) and with a wrong one (g-), drawn for every example, uniform over the other classes; " +
      "E [classes, input] fixed and random, normal of deviation `labelScale`; m a running mean that starts at 1/2, peer normalisation (lambda = 0 by default), " +
      "whose derivative reaches < h_j > of this step only: peers are the units that share a goodness",
    source:
      "Hinton 2022, section 3.3 (the supervised example); public code loeweX/Forward-Forward and mpezeshki/pytorch_forward_forward",
    choices:
      "One-hot strings have no idle inputs to write a label on, as images have, hence E, and a faint one: a loud label is told from a wrong one without " +
      "looking at the input. Between layers activity is divided by its root mean square, so that goodness does not pass on and weights of He's size fit; the " +
      "source divides by the length, which differs by a constant. A goodness for each position, as weights are local there too (positions=together has one " +
      "for the layer, as in the source's dense layers). goodness=sum is Hinton's sum of squares with a threshold of theta per unit, as in the code of loeweX; " +
      "the mean is mpezeshki's, with theta = 2. Peer normalisation is as in the code of loeweX (lambda = 0.03, rho = 0.9). Left out: wrong labels chosen by likelihood.",
    relation: "none",
    reads: ["lateral", "label", "noise", "secondPhase"],
    options,
    between: ({ normalise, positions }) =>
      normalise ? (layer, { post }) => unitLength(layer, post, positions) : undefined,
    scores: (workspace, chosen) => (chosen.inference === "goodness" ? goodnessOfLabels(workspace, chosen) : undefined),
  },
  (workspace, chosen) => {
    const right = withLabel(workspace, workspace.labels, chosen);
    const wrong = withLabel(workspace, wrongLabels(workspace), chosen);
    const updates = descendObjectives(workspace, (view) => {
      const [good, bad] = [right.at(view).post, wrong.at(view).post];
      const contrast = softplus(excess(view, good, chosen).neg())
        .mean()
        .add(softplus(excess(view, bad, chosen)).mean());
      if (chosen.peerNormalisation === 0) return contrast;
      const { cost, next } = peers(view, good, chosen);
      return { loss: contrast.add(cost.mul(chosen.peerNormalisation)), next: [next] satisfies NextValue[] };
    });
    return inSequence(workspace, updates, chosen);
  },
);
