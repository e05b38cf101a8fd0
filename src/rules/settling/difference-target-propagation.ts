/**
 * Difference target propagation: every layer gets a target from the one above, through a learned inverse, and approaches it.
 *
 *   targets:   t_l = h_l + G_{l+1}(t_{l+1}) - G_{l+1}(h_{l+1}),   G_l(h) = g(V_l^T h + c_l)
 *   learning:  dW_l = (1/eta) <h_{l-1} (f'(a_l) * (t_l - h_l))^T>
 *   inverses:  descend  < |G_l(f_l(x)) - x|^2 > / 2 per unit of x,   x = h_{l-1} + sigma xi,   xi ~ N(0, 1)
 *
 * h_l, t_l [batch, positions, out]; V_l [out, in] (or [positions, out, in] where layer l does not share its weights) leads from
 * layer l to its own patches, which is all that layer l - 1 hears of it. The top layer's target is a step down the
 * output's energy, t_L = h_L - eta dE/dh_L (`top=gradient`), or what an inverse of the read-out makes of nudged logits,
 * t = logits - eta dE/dlogits (`top=inverse`, in which no weight is transported at all).
 * For linear layers with exact inverses, t_l - h_l is the Gauss-Newton step of layer l's activity towards the target above;
 * with V = W^T and a linear G the update is backpropagation without the gates downstream.
 * Source: Lee, Zhang, Fischer and Bengio 2015, eqs. 9-15 (top=gradient); Ernoult et al. 2022 (top=inverse, as its public code).
 * Choices: the update is divided by eta, so that it keeps the units of the loss's gradient; noise is added to the clean
 * activity of every layer in one second pass; the reconstruction error is averaged over inputs and positions, not summed, and
 * learns with the layers' optimiser, one step at a time.
 */
import { z } from "zod";
import { grad, type Tensor } from "../../graph/index.ts";
import { activate, type Layer, product } from "../../networks/index.ts";
import { defineRule, descend } from "../rule.ts";
import type { LayerView, Pass, Workspace } from "../workspace.ts";
import { energySlope, outputEnergy, slopeAtTop } from "./output-energy.ts";

const options = z.strictObject({
  targetStep: z.number().positive().default(0.1).describe("eta, how far the output's target lies from the output"),
  top: z
    .enum(["inverse", "gradient"])
    .default("gradient")
    .describe("the top layer's target: of nudged logits through a learned inverse, or a step down the output's energy"),
  difference: z
    .boolean()
    .default(true)
    .describe("correct targets by what the inverse makes of the present activity; false is plain target propagation"),
  inverse: z
    .enum(["linear", "same"])
    .default("linear")
    .describe("g: no nonlinearity, or that of the layer below, whose activity it gives; the read-out's is linear"),
  noise: z.number().positive().default(0.1).describe("sigma, deviation of the noise on which inverses learn"),
  energy: outputEnergy,
});
export type DifferenceTargetPropagationOptions = z.output<typeof options>;

/** G of a layer or of the read-out. */
interface Inverse {
  /** From what it puts out to what it reads. */
  readonly send: (output: Tensor) => Tensor;
  /** Its trainable values by name. */
  readonly heads: Readonly<Record<string, Tensor>>;
}

/** A matrix [..., from, to] and an offset that belong to a layer. */
function heads(view: LayerView, name: string, shape: readonly number[], offsets: number) {
  const [from = 1, to = 1] = shape.slice(-2);
  const matrix = view.head(name, shape, { kind: "normal", deviation: Math.sqrt(1 / from) });
  const offset = view.head(`${name}Bias`, [offsets, to], { kind: "constant", value: 0 });
  return {
    matrix,
    offset,
    byName: { [`layer${view.index}.${name}`]: matrix, [`layer${view.index}.${name}Bias`]: offset },
  };
}

/** From a layer's activity [batch, positions, out] to its patches [batch, positions, in]. */
function inverseOf(view: LayerView, below: Layer, { inverse }: DifferenceTargetPropagationOptions): Inverse {
  const { shared, positions, inFeatures, outFeatures } = view.layer;
  const shape = [...(shared ? [] : [positions]), outFeatures, inFeatures];
  const { matrix, offset, byName } = heads(view, "inverse", shape, shared ? 1 : positions);
  const drive = (output: Tensor): Tensor => product(output, matrix).add(offset);
  return { send: inverse === "same" ? (output) => activate(below, drive(output)) : drive, heads: byName };
}

/** From logits [batch, classes] to what the read-out reads, [batch, features]. */
function inverseOfReadout({ network }: Workspace, top: LayerView): Inverse {
  const { inFeatures, classes } = network.readout;
  const { matrix, offset, byName } = heads(top, "outputInverse", [classes, inFeatures], 1);
  return { send: (scores) => scores.matmul(matrix).add(offset), heads: byName };
}

/** Half the squared error of reconstructing `input` from `output`, and its slope by the inverse's values. */
function reconstruct({ send, heads }: Inverse, output: Tensor, input: Tensor) {
  const loss = send(output.stopGradient()).sub(input.stopGradient()).square().mean().mul(0.5);
  const slopes = grad(loss, Object.values(heads));
  const gradients: Record<string, Tensor> = {};
  for (const [i, name] of Object.keys(heads).entries()) {
    const slope = slopes[i];
    if (slope !== undefined) gradients[name] = slope;
  }
  return { loss, gradients };
}

/** A pass in which every layer passes on its clean activity with noise. */
function noisyPass(workspace: Workspace, { noise, top }: DifferenceTargetPropagationOptions): Pass {
  const depth = workspace.layers.length;
  const passedOn = workspace.layers.map(({ index }) => {
    const { post } = workspace.activityOf(index);
    if (index === depth && top === "gradient") return post;
    return post.add(workspace.noise(`layer${index}.reconstruction`, post.shape, "normal").mul(noise));
  });
  return workspace.secondPass({ between: (layer, post) => passedOn[layer.index - 1] ?? post });
}

/** t - h at the top layer, [batch, positions, out]. */
function topShift(
  workspace: Workspace,
  view: LayerView,
  inverse: Inverse | undefined,
  { energy, targetStep, difference }: DifferenceTargetPropagationOptions,
): Tensor {
  const { post } = workspace.activityOf(view.index);
  if (inverse === undefined) return slopeAtTop(workspace, post, energy).mul(-targetStep);
  const { features, logits } = workspace.pass;
  const target = logits.sub(energySlope(workspace, logits, energy).mul(targetStep));
  const shift = inverse.send(target).sub(difference ? inverse.send(logits) : features);
  if (workspace.network.readout.pooling === "flatten") return shift.reshape(post.shape);
  // The mean over positions moves by as much as every position does.
  return shift.expand(1).broadcastTo(post.shape);
}

/** Difference target propagation (Lee et al. 2015). */
export const differenceTargetPropagation = defineRule<DifferenceTargetPropagationOptions>(
  {
    id: "difference-target-propagation",
    aliases: ["dtp", "target-propagation"],
    family: "settling and targets",
    equation: "dW_l = (1/eta) <h_{l-1} (f'(a_l) * (t_l - h_l))^T>,  t_l = h_l + G(t_{l+1}) - G(h_{l+1})",
    source: "Lee, Zhang, Fischer and Bengio 2015; Ernoult et al. 2022",
    relation: "none",
    reads: ({ top, difference }) => [
      "pre",
      // Plain target propagation compares the target with the activity, where with the correction their difference arrives; an
      // inverse of the read-out learns to give the top layer's activity.
      ...(difference && top === "gradient" ? [] : (["post"] as const)),
      "preactivation",
      "localHead",
      "noise",
      "outputError",
      "secondPhase",
      "neighbour",
      "otherActivity",
      ...(top === "gradient" ? (["otherWeight"] as const) : []),
    ],
    options,
  },
  (workspace, chosen) => {
    const views = workspace.layers;
    const last = views.at(-1);
    if (last === undefined) throw new Error("internal: a network without hidden layers");
    // Nothing to invert below a single hidden layer: what is declared counts as used.
    if (views.length === 1) for (const signal of ["localHead", "noise"] as const) workspace.read(signal, undefined);
    if (!chosen.difference || chosen.top === "inverse") workspace.read("post", undefined);
    const gradients: Record<string, Tensor> = {};
    const objectives: Record<string, Tensor> = {};
    const noisy = noisyPass(workspace, chosen);
    const learn = (name: string, inverse: Inverse, output: Tensor, input: Tensor): void => {
      const { loss, gradients: slopes } = reconstruct(inverse, output, input);
      objectives[`${name}.reconstruction`] = loss;
      Object.assign(gradients, slopes);
    };

    const output = chosen.top === "inverse" ? inverseOfReadout(workspace, last) : undefined;
    if (output !== undefined) learn("readout", output, noisy.logits, noisy.features);
    let shift = workspace.message(last.index, topShift(workspace, last, output, chosen));
    for (const view of [...views].reverse()) {
      Object.assign(gradients, descend(view, view.gate(shift).mul(-1 / chosen.targetStep), workspace.batch));
      const [below, seen] = [views[view.index - 2], noisy.layers[view.index - 1]];
      if (below === undefined || seen === undefined) break;
      const inverse = inverseOf(view, below.layer, chosen);
      learn(`layer${view.index}`, inverse, seen.post, seen.pre);
      const { post } = workspace.activityOf(view.index);
      const present = chosen.difference ? inverse.send(post) : view.pre;
      const message = inverse.send(post.add(shift)).sub(present).reshape(workspace.activityOf(below.index).post.shape);
      shift = workspace.read("otherActivity", workspace.message(below.index, message));
    }
    return { gradients, objectives };
  },
);
