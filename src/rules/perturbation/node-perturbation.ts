/**
 * Node perturbation: all units are shaken at once, and each moves against its own noise by as much as the loss went up. To first order
 * in sigma the mean of dW_l over xi is minus the gradient.
 *
 * credit=difference: what a unit answers for is not its noise but how far its drive moved, which includes what came from the layers
 * below; the noise itself need not be known. With one hidden layer and sign noise the two are the same.
 */
import { z } from "zod";
import type { Tensor } from "../../graph/index.ts";
import { credit, type LayerView, type Pass, type PassChanges, RuleError, type Workspace } from "../contract/index.ts";
import { lossesAlone, refuseTooMany } from "./one-by-one.ts";
import { moved, perturbationOptions, perturbedTogether, type Side, slopeAlong, total } from "./perturbation.ts";

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
function teach(
  workspace: Workspace,
  together: readonly LayerView[],
  draw: number,
  chosen: NodePerturbationOptions,
): readonly Tensor[] {
  const { batch } = workspace;
  const { sigma, antithetic } = chosen;
  const noise = together.map((view) => view.noise(`units.${draw}`, "units", chosen.distribution));
  const under = (side: 1 | -1): PassChanges => ({
    perturb: (layer, drive) => {
      const xi = noise[together.findIndex((view) => view.layer === layer)];
      return xi === undefined ? drive : drive.add(xi.mul(side * sigma));
    },
  });
  // delta is per example, the gradient its mean: a mean loss's slope along one example's noise has that 1 / batch in it already.
  const heard = (rise: Tensor): Tensor =>
    chosen.broadcast === "sample" ? rise : rise.mean().mul(batch).broadcastTo([batch]);

  if (chosen.credit === "noise") {
    const loss = (side: Side): Tensor => workspace.lossOf(side === 0 ? undefined : workspace.further(under(side)));
    const slope = heard(slopeAlong(loss, chosen));
    return noise.map((xi, i) => xi.mul(together[i]?.toEverySample(slope) ?? slope));
  }

  const positive = workspace.further(under(1));
  const negative = antithetic ? workspace.further(under(-1)) : undefined;
  const passOn = (side: Side): Pass => ({ 1: positive, 0: workspace.pass, [-1]: negative })[side] ?? workspace.pass;
  const rise = moved((side) => workspace.lossOf(passOn(side)), chosen);
  const steps = together.map((view) => moved((side) => passOn(side).at(view).preactivation, chosen));
  const length = total(
    together.map((view, i) =>
      view
        .perExample(steps[i] ?? view.post)
        .square()
        .sum(1),
    ),
  );
  const units = together.reduce((sum, { unitsInAll }) => sum + unitsInAll, 0);
  const rate = heard(rise).div(chosen.broadcast === "sample" ? length : length.mean());
  return steps.map((step, i) => step.mul(together[i]?.toEverySample(rate.mul(units)) ?? rate));
}

/** delta of a layer each of whose units is shaken alone, in all examples at once: a loss for every unit and example. */
function teachAlone(workspace: Workspace, view: LayerView, draw: number, chosen: NodePerturbationOptions): Tensor {
  const { batch } = workspace;
  // [batch, units at all positions]
  const xi = view.perExample(view.noise(`units.${draw}`, "units", chosen.distribution));
  const lossUnder = (change: Tensor): Tensor =>
    workspace.lossOf(
      workspace.further({
        perturb: (layer, drive) => (layer === view.layer ? drive.add(view.fromExamples(change)) : drive),
      }),
    );
  const loss = (side: Side): Tensor =>
    side === 0 ? workspace.lossOf() : lossesAlone(xi.mul(side * chosen.sigma), 1, lossUnder);
  // [batch, units at all positions]
  const rise = slopeAlong(loss, chosen).transposeLast();
  // As for scope=network, the mean loss's slope along one example's noise has 1 / batch in it already.
  return view.fromExamples(xi.mul(chosen.broadcast === "sample" ? rise : rise.mean(0, { keepdims: true }).mul(batch)));
}

/** What scope=local cannot do. Throws RuleError. */
function checkLocal(workspace: Workspace, { scope, credit: by }: NodePerturbationOptions): void {
  if (scope !== "local") return;
  const units = workspace.layers.reduce((sum, { unitsInAll }) => sum + unitsInAll, 0);
  refuseTooMany("node-perturbation", units, "units");
  if (by === "difference") {
    throw new RuleError(
      "rule node-perturbation: expected credit=noise with scope=local, got credit=difference; " +
        "a unit shaken alone moves by its own noise and nothing else: leave credit out",
    );
  }
}

/** A broadcast difference of losses, credited to every unit by its own noise. */
export const nodePerturbation = credit({
  id: "node-perturbation",
  aliases: ["np"],
  family: "perturbation",
  equation:
    "dW_l = - < (L~ - L) / sigma  xi_l h_{l-1}^T >,  a~_l = a_l + sigma xi_l;  credit=difference: dW_l = - < N (L~ - L) / |a~ - a|^2  (a~_l - a_l) h_{l-1}^T >",
  symbols:
    "xi_l drawn for every sample and unit; L and L~ each example's cross-entropy without and with noise in every layer; h_{l-1} the activity without noise; " +
    "|a~ - a|^2 summed over all N units of the network (of the shaken layer with scope=layer), a second broadcast number",
  source:
    "Werfel, Xie and Seung 2005; activity difference: Dalm, van Gerven and Ahmad 2023 (without its decorrelation); scopes in Baldi and Sadowski 2016",
  choices:
    "The authors' public code of the activity difference has sqrt(N) in place of N, a choice of learning rate; N gives both forms one size. scope=local shakes one unit at a " +
    "time, at one pass per unit: delta_j = (L~_j - L) / sigma  xi_j, to first order the gradient by the unit's drive times xi_j^2; for sign noise the gradient itself. " +
    "broadcast=batch sends the batch's mean losses instead of each example's: as right on average, with more noise.",
  relation: "none",
  reads: ["pre", "broadcast", "noise"],
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
