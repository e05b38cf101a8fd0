/**
 * Node perturbation: all units are shaken at once, and each moves against its own noise by as much as the loss went up.
 *
 *   dW_l = - < (L~ - L) / sigma  xi_l h_{l-1}^T >,   a~_l = a_l + sigma xi_l in every layer,  L~ the loss of that pass
 *
 * xi_l [batch, positions, out] is drawn for every sample and unit, L and L~ are each sample's cross-entropy. To first order in sigma
 * the mean of dW_l over xi is minus the gradient. h_{l-1} is the activity without noise.
 *
 * credit=difference: what a unit answers for is not its noise but how far its drive moved, which includes what
 * came from the layers below; the noise itself need not be known.
 *
 *   dW_l = - < N (L~ - L) / |a~ - a|^2  (a~_l - a_l) h_{l-1}^T >
 *
 * |a~ - a|^2 is summed over all N units of the network (of the shaken layer with scope=layer), a second broadcast number.
 * With one hidden layer and sign noise the two are the same. The authors' public code has sqrt(N) in place of N, a choice of learning
 * rate; N gives both forms one size.
 *
 * scope=local shakes one unit at a time, at one pass per unit: delta_j = (L~_j - L) / sigma  xi_j, to first order the gradient by
 * the unit's drive times xi_j^2; for sign noise the gradient itself.
 *
 * broadcast=batch sends the batch's mean losses instead of each sample's: as right on average, with more noise.
 * Source: Werfel, Xie and Seung 2005; activity difference: Dalm, van Gerven and Ahmad 2023 (activity-based node
 * perturbation; without its decorrelation); scopes in Baldi and Sadowski 2016.
 */
import { z } from "zod";
import type { Tensor } from "../graph/index.ts";
import { lossesAlone, refuseTooMany } from "./local-perturbation.ts";
import { moved, perturbationOptions, perturbedTogether, total } from "./perturbation.ts";
import { credit } from "./rule.ts";
import { RuleError } from "./signal.ts";
import type { LayerView, Pass, SecondPass, Workspace } from "./workspace.ts";

const options = z.strictObject({
  sigma: z.number().positive().default(1e-2).describe("size of the noise, in units of the pre-activations"),
  ...perturbationOptions,
  credit: z
    .enum(["noise", "difference"])
    .default("noise")
    .describe("a unit answers for its own noise, or for how far its drive moved"),
  broadcast: z.enum(["sample", "batch"]).default("sample").describe("a loss for each sample, or the batch's mean"),
});
export type NodePerturbationOptions = z.output<typeof options>;

/** delta of each layer in `together`, from one draw of noise for their units. */
function teach(workspace: Workspace, together: readonly LayerView[], draw: number, chosen: NodePerturbationOptions) {
  const { batch } = workspace;
  const { sigma, antithetic } = chosen;
  const noise = together.map(({ index, layer }) => {
    const shape = [batch, layer.positions, layer.outFeatures];
    return workspace.noise(`layer${index}.units.${draw}`, shape, chosen.distribution);
  });
  const under = (side: 1 | -1): SecondPass => ({
    perturb: (layer, drive) => {
      const xi = noise[together.findIndex((view) => view.layer === layer)];
      return xi === undefined ? drive : drive.add(xi.mul(side * sigma));
    },
  });
  // delta is per sample, the gradient its mean: a mean loss's slope along one sample's noise has that 1 / batch in it already.
  const heard = (rise: Tensor): Tensor =>
    chosen.broadcast === "sample" ? rise.reshape([batch, 1, 1]) : rise.mean().mul(batch);

  if (chosen.credit === "noise") {
    const loss = (side: 1 | 0 | -1): Tensor => (side === 0 ? workspace.lossOf() : workspace.lossUnder(under(side)));
    const slope = heard(moved(loss, chosen)).mul(1 / sigma);
    return noise.map((xi) => xi.mul(slope));
  }

  const positive = workspace.secondPass(under(1));
  const negative = antithetic ? workspace.secondPass(under(-1)) : undefined;
  const passOn = (side: 1 | 0 | -1): Pass | undefined => ({ 1: positive, 0: undefined, [-1]: negative })[side];
  const rise = moved((side) => workspace.lossOf(passOn(side)), chosen);
  const steps = together.map((view) =>
    moved((side) => passOn(side)?.layers[view.index - 1]?.preactivation ?? view.preactivation, chosen),
  );
  const squares = total(steps.map((step) => step.square().sum([1, 2])));
  const length = workspace.read("broadcast", squares.mark({ kind: "broadcast" }));
  const units = together.reduce((sum, { layer }) => sum + layer.positions * layer.outFeatures, 0);
  const rate = heard(rise).div(chosen.broadcast === "sample" ? length.reshape([batch, 1, 1]) : length.mean());
  return steps.map((step) => step.mul(rate.mul(units)));
}

/** delta of a layer each of whose units is shaken alone, in all samples at once: a loss for every unit and sample. */
function teachAlone(workspace: Workspace, { index, layer }: LayerView, draw: number, chosen: NodePerturbationOptions) {
  const { batch } = workspace;
  const shape = [batch, layer.positions, layer.outFeatures];
  const xi = workspace.noise(`layer${index}.units.${draw}`, shape, chosen.distribution);
  const lossUnder = (change: Tensor): Tensor =>
    workspace.lossUnder({ perturb: (shaken, drive) => (shaken === layer ? drive.add(change) : drive) });
  const loss = (side: 1 | 0 | -1): Tensor =>
    side === 0 ? workspace.lossOf() : lossesAlone(xi.mul(side * chosen.sigma), 1, lossUnder);
  // [units, batch]
  const rise = moved(loss, chosen).mul(1 / chosen.sigma);
  if (chosen.broadcast === "sample") return xi.mul(rise.transposeLast().reshape(shape));
  // As for scope=network, the mean loss's slope along one sample's noise has 1 / batch in it already.
  return xi.mul(rise.mean(-1).mul(batch).reshape([1, layer.positions, layer.outFeatures]));
}

/** What scope=local cannot do. Throws RuleError. */
function checkLocal(workspace: Workspace, { scope, credit: by }: NodePerturbationOptions): void {
  if (scope !== "local") return;
  const units = workspace.layers.reduce((sum, { layer }) => sum + layer.positions * layer.outFeatures, 0);
  refuseTooMany("node-perturbation", units, "units");
  if (by === "difference") {
    throw new RuleError(
      "rule node-perturbation: expected credit=noise with scope=local, got credit=difference; " +
        "a unit shaken alone moves by its own noise and nothing else: leave credit out",
    );
  }
}

/** A broadcast difference of losses, credited to every unit by its own noise. */
export const nodePerturbation = credit<NodePerturbationOptions>({
  id: "node-perturbation",
  aliases: ["np"],
  family: "perturbation",
  equation: "dW_l = - < (L~ - L) / sigma  xi_l h_{l-1}^T >,  a~_l = a_l + sigma xi_l",
  source: "Werfel, Xie and Seung 2005; Dalm, van Gerven and Ahmad 2023",
  relation: "none",
  reads: ({ credit: by, antithetic, broadcast }) => [
    "pre",
    "noise",
    "broadcast",
    ...(by === "difference" ? (["secondPhase"] as const) : []),
    ...(by === "difference" && !antithetic ? (["preactivation"] as const) : []),
    ...(broadcast === "batch" ? (["batch"] as const) : []),
  ],
  options,
  teach: (workspace, chosen) => {
    checkLocal(workspace, chosen);
    const draws = Array.from({ length: chosen.draws }, (_, i) =>
      perturbedTogether(workspace.layers, chosen).flatMap((together) =>
        chosen.scope === "local"
          ? together.map((view) => teachAlone(workspace, view, i + 1, chosen))
          : teach(workspace, together, i + 1, chosen),
      ),
    );
    return workspace.layers.map((_, l) => total(draws.flatMap((deltas) => deltas[l] ?? [])).mul(1 / chosen.draws));
  },
});
