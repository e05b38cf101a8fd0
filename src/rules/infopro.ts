/**
 * InfoPro: a layer keeps information about the input while it gathers information about the label.
 *
 *   J_l = lambda_1(l) BCE(w_l(h_l), x) + lambda_2(l) T_l,   lambda(l) linear in depth from first to last layer
 *   T_l = CE(q_l(h_l), y)   or   - < 1/|P_b| sum_{p in P_b} log( exp(s_bp) / sum_{c != b} exp(s_bc) ) >,  s = cos(g_l h_b, g_l h_c) / tau
 *
 * w_l is a linear decoder of the network's input x (per symbol and position, mean binary cross-entropy in nats), P_b the other
 * samples of b's class. The source's decoder and heads are small convolutional networks, its lambdas tuned per network (e.g.
 * 5 to 0.2 and 0.05 to 0.5); those of a one-hot string are not known, so they are options.
 * Source: Wang, Ni, Song, Yang and Huang 2021, eq. 6-8.
 */
import { z } from "zod";
import { crossEntropy, normalise, softplus, type Tensor } from "../graph/index.ts";
import { layerwise } from "./layerwise.ts";
import { classifierOptions, classify, linearHead, pooled } from "./local-head.ts";
import { shiftedIdentity } from "./pairs.ts";
import type { LayerView, Workspace } from "./workspace.ts";

const weight = (value: number, what: string): z.ZodDefault<z.ZodNumber> =>
  z.number().nonnegative().default(value).describe(what);

const options = z.strictObject({
  ...classifierOptions,
  task: z.enum(["cross-entropy", "contrast"]).default("cross-entropy").describe("T_l, how the label enters"),
  temperature: z.number().positive().default(0.1).describe("tau of task=contrast"),
  projection: z.int().positive().default(64).describe("outputs of g_l, task=contrast"),
  firstReconstruction: weight(0.5, "lambda_1 of the first layer"),
  lastReconstruction: weight(0.02, "lambda_1 of the last layer"),
  firstTask: weight(0.5, "lambda_2 of the first layer"),
  lastTask: weight(1, "lambda_2 of the last layer"),
});
export type InfoproOptions = z.output<typeof options>;

/** A score no softmax gives weight to. */
const excluded = -1e9;

/** Supervised contrast of z [batch, features]: samples without another of their class count nothing (Khosla et al. 2020, eq. 2). */
function contrast(z: Tensor, labels: Tensor, classes: number, temperature: number): Tensor {
  const unit = normalise(z, -1);
  const batch = z.size(0);
  const itself = shiftedIdentity(batch);
  const scores = unit.matmul(unit.transposeLast()).mul(1 / temperature);
  const chances = itself.less(0.5).where(scores, excluded).logSoftmax(-1);
  const oneHot = labels.oneHot(classes);
  const partners = oneHot.matmul(oneHot.transposeLast()).sub(itself);
  return chances.mul(partners).sum(1).div(partners.sum(1).maximum(1)).mean().neg();
}

function objective(view: LayerView, chosen: InfoproOptions, workspace: Workspace): Tensor {
  const { classes } = workspace.network.readout;
  const depth = workspace.layers.length === 1 ? 1 : (view.index - 1) / (workspace.layers.length - 1);
  const between = (first: number, last: number): number => first + depth * (last - first);

  const input = workspace.read("otherActivity", workspace.encodedInput);
  const x = input.reshape([input.size(0), input.size(1) * input.size(2)]);
  const scores = linearHead(view, "decoder", pooled(view.post, chosen.pooling), x.size(1));
  const decoded = scores.add(view.head("decoderBias", [1, x.size(1)], { kind: "constant", value: 0 }));
  // - x log sigmoid(s) - (1 - x) log(1 - sigmoid(s))
  const reconstruction = softplus(decoded).sub(decoded.mul(x)).mean();

  const task =
    chosen.task === "cross-entropy"
      ? crossEntropy(classify(view, view.post, classes, chosen), workspace.labels)
      : contrast(
          linearHead(view, "projection", pooled(view.post, chosen.pooling), chosen.projection),
          workspace.labels,
          classes,
          chosen.temperature,
        );
  return reconstruction
    .mul(between(chosen.firstReconstruction, chosen.lastReconstruction))
    .add(task.mul(between(chosen.firstTask, chosen.lastTask)));
}

/** Information propagation per layer (Wang et al. 2021). */
export const infopro = layerwise<InfoproOptions>({
  id: "infopro",
  family: "layerwise supervised",
  equation: "J_l = lambda_1(l) BCE(w_l(h_l), x) + lambda_2(l) CE(q_l(h_l), y)",
  source: "Wang, Ni, Song, Yang and Huang 2021, eq. 6-8",
  relation: "none",
  reads: ({ task }) => [
    "pre",
    "post",
    "preactivation",
    "lateral",
    "label",
    "localHead",
    "otherActivity",
    ...(task === "contrast" ? (["batch"] as const) : []),
  ],
  options,
  objective,
});
