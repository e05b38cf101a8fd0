/**
 * Difference target propagation: every layer gets a target from the one above, through a learned inverse, and approaches it.
 *
 * The top layer's target is a step down the output's energy (`top=gradient`), or what an inverse of the read-out makes of nudged scores
 * (`top=inverse`, in which no weight is transported at all). For linear layers with exact inverses, t_l - h_l is the Gauss-Newton step of
 * layer l's activity towards the target above; with V = W^T and a linear G the update is backpropagation without the gates downstream.
 */
import { z } from "zod";
import type { Tensor } from "../../graph/index.ts";
import {
  defineRule,
  type LayerView,
  type Objective,
  type Parameter,
  type Pass,
  type Slope,
  slopesOf,
  type Workspace,
} from "../contract/index.ts";
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

/** G of a layer. */
interface Inverse {
  /** From what the layer puts out to what it reads. */
  readonly send: (output: Tensor) => Tensor;
  /** V and c */
  readonly heads: readonly Parameter[];
}

/** G of `view`, which leads from its activity to what it reads: its own, or in the case of the read-out that of the top layer, `keeper`. */
function inverseOf(view: LayerView, keeper: LayerView, { inverse }: DifferenceTargetPropagationOptions): Inverse {
  const name = view.isReadout ? "outputInverse" : "inverse";
  const [rows, columns] = [view.pre.size(-1), view.post.size(-1)];
  const [grid] = view.stored.weight.shape.slice(0, -2);
  const lead = grid === undefined ? [] : [grid];
  const V = keeper.keep("head", name, [...lead, columns, rows], { kind: "normal", deviation: Math.sqrt(1 / columns) });
  const c = keeper.keep("head", `${name}Bias`, [...lead, 1, rows], 0);
  const drive = (output: Tensor): Tensor => output.matmul(V.tensor).add(c.tensor);
  const below = view.below;
  const nonlinear = inverse === "same" && !view.isReadout && below !== undefined;
  return { send: nonlinear ? (output) => below.activate(drive(output)) : drive, heads: [V, c] };
}

/** A pass in which every layer passes on its clean activity with noise. */
function noisyPass(workspace: Workspace, { noise, top }: DifferenceTargetPropagationOptions): Pass {
  const passedOn = workspace.layers.map((view) =>
    view === workspace.top && top === "gradient"
      ? view.post
      : view.post.add(view.noise("reconstruction", "units", "normal").mul(noise)),
  );
  return workspace.further({ between: (layer, { post }) => passedOn[layer.index - 1] ?? post });
}

/** t - h at the top layer. */
function topShift(
  workspace: Workspace,
  inverse: Inverse | undefined,
  { energy, targetStep, difference }: DifferenceTargetPropagationOptions,
): Tensor {
  const { top, readout } = workspace;
  if (inverse === undefined) return slopeAtTop(workspace, top.post, energy).mul(-targetStep);
  const { pre: features, post: scores } = readout;
  const target = scores.sub(energySlope(workspace, scores, energy).mul(targetStep));
  const shift = inverse.send(target).sub(difference ? inverse.send(scores) : features);
  // The mean over positions, where the read-out sees that, moves by as much as every position does.
  return shift.size(-1) === top.unitsInAll ? top.fromExamples(shift) : top.toEverySample(shift);
}

/** Difference target propagation. */
export const differenceTargetPropagation = defineRule(
  {
    id: "difference-target-propagation",
    aliases: ["dtp", "target-propagation"],
    family: "settling and targets",
    equation:
      "dW_l = (1/eta) <h_{l-1} (f'(a_l) * (t_l - h_l))^T>,  t_l = h_l + G_{l+1}(t_{l+1}) - G_{l+1}(h_{l+1}),  G_l(h) = g(V_l^T h + c_l),  V and c descend  < |G_l(f_l(x)) - x|^2 > / 2 per unit of x",
    symbols:
      "x = h_{l-1} + sigma xi, xi ~ N(0, 1); V_l leads from layer l to its own input, which is all that layer l - 1 hears of it; at the top t_L = h_L - eta dE/dh_L, E the energy of the output",
    source:
      "Lee, Zhang, Fischer and Bengio 2015, eqs. 9-15 (top=gradient); Ernoult et al. 2022 (top=inverse, as its public code)",
    choices:
      "The update is divided by eta, so that it keeps the units of the loss's gradient; noise is added to the clean activity of every layer in one second pass; the reconstruction " +
      "error is averaged over inputs and positions, not summed, and learns with the layers' optimiser, one step at a time.",
    relation: "none",
    reads: [
      "pre",
      "preactivation",
      "localHead",
      "outputError",
      "noise",
      "secondPhase",
      "neighbour",
      "otherActivity",
      "otherWeight",
    ],
    options,
  },
  (workspace, chosen) => {
    const { layers, readout, top } = workspace;
    const slopes: Slope[] = [];
    const objectives: Objective[] = [];
    const noisy = noisyPass(workspace, chosen);
    /** Half the squared error of reconstructing what a layer reads from what it puts out. */
    const learn = (view: LayerView, { send, heads }: Inverse): void => {
      const { pre, post } = noisy.at(view);
      const loss = send(post.stopGradient()).sub(pre.stopGradient()).square().mean().mul(0.5);
      objectives.push({ of: view, name: "reconstruction", value: loss });
      slopes.push(...slopesOf(loss, heads));
    };

    const output = chosen.top === "inverse" ? inverseOf(readout, top, chosen) : undefined;
    if (output !== undefined) learn(readout, output);
    let shift = topShift(workspace, output, chosen);
    for (const view of [...layers].reverse()) {
      slopes.push(...view.descend(view.gate(shift).mul(-1 / chosen.targetStep)));
      const { below } = view;
      if (below === undefined) break;
      const inverse = inverseOf(view, view, chosen);
      learn(view, inverse);
      const present = chosen.difference ? inverse.send(view.post) : view.pre;
      shift = view.toBelow(inverse.send(view.post.add(shift)).sub(present));
    }
    return { slopes, objectives };
  },
);
