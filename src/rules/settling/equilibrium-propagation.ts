/**
 * Equilibrium propagation: a network with symmetric weights settles freely, then nudged towards the target; weights follow the
 * difference. Once settled, dW is minus the gradient of E at the free fixed point as beta goes to 0, with an error of order beta
 * (one-sided) or beta^2 (symmetric). The read-out is no dynamic unit but part of the energy, as with cross-entropy in Laborieux et al.
 *
 * kappa is the strength of feedback. At 1 the energy is the Hopfield energy of the source. Below, the free phase comes near the
 * forward pass, on which the read-out learns and the network is judged, and settling converges where at 1 a ReLU network of
 * usual weights has no fixed point at all (Xie and Seung 2003: in the limit of weak feedback, backpropagation).
 */
import { z } from "zod";
import type { Tensor } from "../../graph/index.ts";
import { defineRule, type LayerView, type Workspace } from "../contract/index.ts";
import { outputEnergy, slopeAtTop } from "./output-energy.ts";

const options = z.strictObject({
  nudging: z
    .enum(["one-sided", "symmetric"])
    .default("symmetric")
    .describe("compare the phase nudged by beta with the free one, or with one nudged by -beta"),
  beta: z.number().positive().default(0.5).describe("strength of nudging"),
  feedback: z
    .number()
    .positive()
    .max(1)
    .default(0.02)
    .describe("kappa, strength of the feedback through the transposes; 1 is the original energy"),
  freeSteps: z.int().positive().default(10).describe("steps of the free phase"),
  nudgedSteps: z.int().positive().default(8).describe("steps of each nudged phase"),
  rate: z
    .number()
    .positive()
    .max(1)
    .default(1)
    .describe("how far a state moves at each step to where its drive calls it; less than 1 damps oscillations"),
  energy: outputEnergy,
});
export type EquilibriumPropagationOptions = z.output<typeof options>;

/** What a layer sees where the layers have the given states. */
function preOf(view: LayerView, states: readonly Tensor[]): Tensor {
  const below = states[view.index - 2];
  return below === undefined ? view.pre : view.receive(below);
}

/** States after `steps` steps from `start`, nudged by `beta` (0: free). */
function relax(
  workspace: Workspace,
  start: readonly Tensor[],
  steps: number,
  beta: number,
  { feedback, rate, energy }: EquilibriumPropagationOptions,
): readonly Tensor[] {
  let states = start;
  for (let step = 0; step < steps; step++) {
    const before = states;
    states = workspace.layers.map((view, i) => {
      const [state = view.post, stateAbove] = [before[i], before[i + 1]];
      let drive = view.drive(preOf(view, before));
      if (view.above !== undefined && stateAbove !== undefined) {
        drive = drive.add(view.above.sendBack(stateAbove).mul(feedback));
      } else if (beta !== 0) {
        drive = drive.sub(slopeAtTop(workspace, state, energy).mul(beta));
      }
      const called = view.activate(drive);
      return rate === 1 ? called : state.mul(1 - rate).add(called.mul(rate));
    });
  }
  return states;
}

/** Equilibrium propagation. */
export const equilibriumPropagation = defineRule(
  {
    id: "equilibrium-propagation",
    aliases: ["ep", "eqprop"],
    family: "settling and targets",
    equation:
      "dW_l = (c_l / 2 beta) <s_{l-1}^beta (s_l^beta)^T - s_{l-1}^-beta (s_l^-beta)^T>  (symmetric),  dW_l = (c_l / beta) <s_{l-1}^beta (s_l^beta)^T - s_{l-1}^0 (s_l^0)^T>  (one-sided)",
    symbols:
      "s^beta the settled states of Energy = sum_l c_l (psi(s_l) - s_l . a_l) + beta E(s_L), a_l = W_l^T s_{l-1} + b_l, psi' = f^-1, c_l = kappa^(l-L): " +
      "s_l <- f(a_l + kappa W_{l+1} s_{l+1}), at the top f(a_L - beta dE/ds_L); E the energy of the output",
    source:
      "Scellier and Bengio 2017; Laborieux et al. 2021 (symmetric nudging, f for the derivative of the clipped energy, updates in whole steps)",
    choices: "The free phase starts at the forward pass, nudged ones at the free state; all layers move at once.",
    relation: "none",
    reads: ["pre", "outputError", "secondPhase", "neighbour", "otherActivity", "otherWeight"],
    options,
  },
  (workspace, chosen) => {
    const { beta, nudging, freeSteps, nudgedSteps, feedback } = chosen;
    const start = workspace.layers.map(({ post }) => post);
    const free = relax(workspace, start, freeSteps, 0, chosen);
    const plus = relax(workspace, free, nudgedSteps, beta, chosen);
    const minus = nudging === "symmetric" ? relax(workspace, free, nudgedSteps, -beta, chosen) : free;
    const width = nudging === "symmetric" ? 2 * beta : beta;
    return {
      slopes: workspace.layers.flatMap((view, i) => {
        const [s = view.post, t = view.post] = [plus[i], minus[i]];
        const [p, q] = [preOf(view, plus), preOf(view, minus)];
        const factor = -(feedback ** (view.index - workspace.layers.length)) / width;
        // p s - q t as (p + q)/2 (s - t) + (p - q) (s + t)/2: in float32 the phases' products differ by less than their rounding.
        const moved = view.descend(s.sub(t).mul(factor), p.add(q).mul(0.5));
        const carried = view.descend(s.add(t).mul(0.5 * factor), p.sub(q));
        return moved.map((slope, k) =>
          slope.parameter.kind === "weight"
            ? { ...slope, gradient: slope.gradient.add(carried[k]?.gradient ?? 0) }
            : slope,
        );
      }),
    };
  },
);
