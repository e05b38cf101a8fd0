/**
 * Reward-modulated Hebbian learning: input, the unit's own fluctuation, and a reward that is better or worse than expected.
 *
 *   dW_l = < (R - R^) / sigma  xi_l h_{l-1}^T >,   a_l = W_l^T h_{l-1} + sigma xi_l in every layer
 *   R^' = R^ + rate (<R> - R^)
 *
 * The three factors are those of the noisy pass itself, which earns the reward R: no pass without noise is needed for comparison, only
 * the running mean R^ of what was earned. xi_l [batch, positions, out] is drawn for every sample and unit. Whatever R^, the
 * mean of dW_l over xi is the exact gradient of the expected reward when xi is normal (REINFORCE); R^ sets the variance.
 *
 * Choices: noise enters the pre-activation; the network that is read out and evaluated has none; R^ is one number, starts at
 * the reward of guessing, and takes part from the next step on; R is minus the cross-entropy in nats, or 1 for the right class and 0 for a wrong one.
 * Source: Williams 1992; three-factor form in Fremaux and Gerstner 2016; a unit's fluctuation as eligibility in Legenstein et al. 2010.
 */
import { z } from "zod";
import type { Tensor } from "../graph/index.ts";
import { defineRule, descend } from "./rule.ts";

const options = z.strictObject({
  sigma: z.number().positive().default(0.1).describe("size of the noise, in units of the pre-activations"),
  distribution: z.enum(["normal", "sign"]).default("normal").describe("of xi: standard normal, or -1 and 1"),
  reward: z.enum(["loss", "correct"]).default("loss").describe("minus the cross-entropy, or 1 when correct, else 0"),
  baselineRate: z.number().min(0).max(1).default(0.1).describe("of the running mean of rewards, per step"),
});
export type RewardModulatedHebbOptions = z.output<typeof options>;

/** The unit's fluctuation, credited with the reward beyond expectation. */
export const rewardModulatedHebb = defineRule<RewardModulatedHebbOptions>(
  {
    id: "reward-modulated-hebb",
    aliases: ["rmh", "three-factor"],
    family: "perturbation",
    equation:
      "dW_l = < (R - R^) / sigma  xi_l h_{l-1}^T >,  a_l = W_l^T h_{l-1} + sigma xi_l,  R^' = R^ + rate (<R> - R^)",
    source: "Williams 1992; Fremaux and Gerstner 2016",
    relation: "none",
    reads: ["pre", "noise", "broadcast", "secondPhase"],
    options,
  },
  (workspace, { sigma, distribution, reward: kind, baselineRate }) => {
    const { batch } = workspace;
    const noise = workspace.layers.map(({ index, layer }) =>
      workspace.noise(`layer${index}.units`, [batch, layer.positions, layer.outFeatures], distribution),
    );
    const noisy = workspace.secondPass({
      perturb: ({ index }, drive) => {
        const xi = noise[index - 1];
        return xi === undefined ? drive : drive.add(xi.mul(sigma));
      },
    });
    const reward = kind === "loss" ? workspace.lossOf(noisy).neg() : workspace.errorOf(noisy).neg().add(1);
    const { classes } = workspace.network.readout;
    const name = "reward.baseline";
    const initial = { kind: "constant", value: kind === "loss" ? -Math.log(classes) : 1 / classes } as const;
    const baseline = workspace.variable({ name, kind: "state", shape: [], initial }, "state");
    const surprise = reward
      .sub(baseline)
      .mul(1 / sigma)
      .reshape([batch, 1, 1]);
    const gradients: Record<string, Tensor> = {};
    // The input is the same in every pass.
    workspace.read("pre", undefined);
    workspace.layers.forEach((view, l) => {
      const [xi, pre] = [noise[l], noisy.layers[l]?.pre];
      if (xi !== undefined && pre !== undefined)
        Object.assign(gradients, descend(view, xi.mul(surprise).neg(), batch, pre));
    });
    return { gradients, next: { [name]: baseline.add(reward.mean().sub(baseline).mul(baselineRate)) } };
  },
);
