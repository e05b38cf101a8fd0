/**
 * Equilibrium propagation: a network with symmetric weights settles freely, then nudged towards the target; weights follow the difference.
 *
 *   Energy = sum_l c_l (psi(s_l) - s_l . a_l) + beta E(s_L),   a_l = W_l^T s_{l-1} + b_l,   psi' = f^-1,   c_l = kappa^(l-L)
 *   settling:  s_l <- f(a_l + kappa W_{l+1} s_{l+1}),   at the top f(a_L - beta dE/ds_L)
 *   learning:  dW_l = (c_l / beta) <s_{l-1}^beta (s_l^beta)^T - s_{l-1}^0 (s_l^0)^T>                        one-sided
 *              dW_l = (c_l / 2 beta) <s_{l-1}^beta (s_l^beta)^T - s_{l-1}^-beta (s_l^-beta)^T>              symmetric
 *
 * s_l [batch, positions, out]; E is the energy of the output (`output-energy.ts`). Once settled, dW is minus the gradient of
 * E at the free fixed point as beta goes to 0, with an error of order beta (one-sided) or beta^2 (symmetric). The read-out is
 * no dynamic unit but part of the energy, as with cross-entropy in Laborieux et al.
 * kappa is the strength of feedback. At 1 the energy is the Hopfield energy of the source. Below, the free phase comes near the
 * forward pass, on which the read-out learns and the network is judged, and settling converges where at 1 a ReLU network
 * of usual weights has no fixed point at all (Xie and Seung 2003: in the limit of weak feedback, backpropagation).
 * Source: Scellier and Bengio 2017; Laborieux et al. 2021 (symmetric nudging, f for the derivative of the clipped energy, updates in
 * whole steps). Choices: the free phase starts at the forward pass, nudged ones at the free state; all layers move at once.
 */
import { z } from "zod";
import type { Tensor } from "../../graph/index.ts";
import { activate, patches, sendBack } from "../../networks/index.ts";
import { defineRule, descend } from "../rule.ts";
import type { LayerView, Workspace } from "../workspace.ts";
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

/** Patches of what is below a layer in a given state. */
function preOf(view: LayerView, states: readonly Tensor[]): Tensor {
  const below = states[view.index - 2];
  return below === undefined ? view.pre : patches(view.layer, below);
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
    states = before.map((state, i) => {
      const [view, above, stateAbove] = [workspace.layers[i], workspace.layers[i + 1], before[i + 1]];
      if (view === undefined) throw new Error(`internal: a state without layer ${i + 1}`);
      const { layer } = view;
      let drive = view.drive(preOf(view, before));
      if (above !== undefined && stateAbove !== undefined) {
        const sent = workspace.read("otherActivity", stateAbove);
        const message = sendBack(above.layer, sent, workspace.weightOf(above.index), state.shape);
        drive = drive.add(workspace.message(view.index, message).mul(feedback));
      } else if (beta !== 0) {
        drive = drive.sub(workspace.message(view.index, slopeAtTop(workspace, state, energy)).mul(beta));
      }
      const called = activate(layer, drive);
      const moved = rate === 1 ? called : state.mul(1 - rate).add(called.mul(rate));
      return moved.mark({ kind: "post", layer: view.index });
    });
  }
  return workspace.read("secondPhase", states);
}

/** Equilibrium propagation (Scellier and Bengio 2017). */
export const equilibriumPropagation = defineRule<EquilibriumPropagationOptions>(
  {
    id: "equilibrium-propagation",
    aliases: ["ep", "eqprop"],
    family: "settling and targets",
    equation: "dW_l = (c_l / 2 beta) <s_{l-1}^beta (s_l^beta)^T - s_{l-1}^-beta (s_l^-beta)^T>,  c_l = kappa^(l-L)",
    source: "Scellier and Bengio 2017; Laborieux et al. 2021",
    relation: "none",
    reads: ({ rate }) => [
      "pre",
      ...(rate < 1 ? (["post"] as const) : []),
      "outputError",
      "secondPhase",
      "neighbour",
      "otherActivity",
      "otherWeight",
    ],
    options,
  },
  (workspace, chosen) => {
    const { beta, nudging, freeSteps, nudgedSteps, feedback } = chosen;
    // At rate 1 a layer forgets where it started: its neighbours' start alone matters.
    const start = workspace.layers.map((view) => (chosen.rate < 1 ? view.post : workspace.activityOf(view.index).post));
    const free = relax(workspace, start, freeSteps, 0, chosen);
    const plus = relax(workspace, free, nudgedSteps, beta, chosen);
    const minus = nudging === "symmetric" ? relax(workspace, free, nudgedSteps, -beta, chosen) : free;
    const width = nudging === "symmetric" ? 2 * beta : beta;
    const gradients: Record<string, Tensor> = {};
    for (const [i, view] of workspace.layers.entries()) {
      const [s, t] = [plus[i], minus[i]];
      if (s === undefined || t === undefined) throw new Error(`internal: no state of layer ${view.index}`);
      const [p, q] = [preOf(view, plus), preOf(view, minus)];
      const factor = -(feedback ** (view.index - workspace.layers.length)) / width;
      // p s - q t as (p + q)/2 (s - t) + (p - q) (s + t)/2: in float32 the phases' products differ by less than their rounding.
      const moved = descend(view, s.sub(t).mul(factor), workspace.batch, p.add(q).mul(0.5));
      const carried = descend(view, s.add(t).mul(0.5 * factor), workspace.batch, p.sub(q));
      const weight = `layer${view.index}.weight`;
      for (const [name, change] of Object.entries(moved))
        gradients[name] = name === weight ? change.add(carried[weight] ?? 0) : change;
    }
    return { gradients };
  },
);
