/** InfoPro: a layer keeps information about the input while it gathers information about the label. */
import { z } from "zod";
import { normalise, partnerCrossEntropy, softplus, type Tensor } from "../../graph/index.ts";
import { layerwise, type LayerView, shiftedIdentity, type Workspace } from "../contract/index.ts";
import { classifierLoss, classifierOptions, linearHead, pooled } from "./local-head.ts";

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

/** Supervised contrast of z [batch, features]: examples without another of their class count nothing (Khosla et al. 2020, eq. 2). */
function contrast(z: Tensor, { target }: Workspace, temperature: number): Tensor {
  const unit = normalise(z);
  const itself = shiftedIdentity(z.size(0));
  const scores = unit.matmul(unit.transposeLast()).mul(1 / temperature);
  const ofOneClass = target.matmul(target.transposeLast()).sub(itself);
  const partners = ofOneClass.div(ofOneClass.sum(1, { keepdims: true }).maximum(1));
  return partnerCrossEntropy(scores, partners, itself.oneMinus());
}

/** BCE(w_l(h_l), x): - x log sigmoid(s) - (1 - x) log(1 - sigmoid(s)), mean over the input; of real numbers (s - x)^2 / 2, as BCE has no minimum there. */
function reconstruction(view: LayerView, { pooling }: InfoproOptions, { input, network }: Workspace): Tensor {
  const x = input.reshape([input.size(0), input.size(1) * input.size(2)]);
  const s = linearHead(view, "decoder", pooled(view, pooling), x.size(1)).add(
    view.head("decoderBias", [1, x.size(1)], 0),
  );
  return network.input.values === "real" ? s.sub(x).square().mul(0.5).mean() : softplus(s).sub(s.mul(x)).mean();
}

/** Information propagation per layer. */
export const infopro = layerwise({
  id: "infopro",
  family: "layerwise supervised",
  equation:
    "J_l = lambda_1(l) BCE(w_l(h_l), x) + lambda_2(l) T_l,  T_l = CE(q_l(h_l), y)  or  - < 1/|P_b| sum_{p in P_b} log( exp(s_bp) / sum_{c != b} exp(s_bc) ) >,  s_bc = cos(g_l h_b, g_l h_c) / tau",
  symbols:
    "w_l a linear decoder of the network's input x (mean binary cross-entropy in nats), q_l the layer's classifier, g_l a linear map; P_b the other " +
    "examples of b's class; lambda(l) linear in depth from first to last layer",
  source: "Wang, Ni, Song, Yang and Huang 2021, eq. 6-8",
  choices:
    "The source's decoder and heads are small convolutional networks, its lambdas tuned per network (e.g. 5 to 0.2 and 0.05 to 0.5); those of a " +
    "one-hot string are not known, so they are options. Inputs that are real numbers are reconstructed by half the mean squared error.",
  relation: "none",
  reads: ["pre", "post", "lateral", "localHead", "label", "otherActivity", "positions"],
  options,
  objective: (view, chosen, workspace) => {
    const depth = workspace.layers.length === 1 ? 1 : (view.index - 1) / (workspace.layers.length - 1);
    const between = (first: number, last: number): number => first + depth * (last - first);
    const task =
      chosen.task === "cross-entropy"
        ? classifierLoss(view, chosen, workspace)
        : contrast(
            linearHead(view, "projection", pooled(view, chosen.pooling), chosen.projection),
            workspace,
            chosen.temperature,
          );
    return reconstruction(view, chosen, workspace)
      .mul(between(chosen.firstReconstruction, chosen.lastReconstruction))
      .add(task.mul(between(chosen.firstTask, chosen.lastTask)));
  },
});
