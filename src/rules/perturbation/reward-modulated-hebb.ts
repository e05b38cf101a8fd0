/**
 * Reward-modulated Hebbian learning: input, the unit's own fluctuation, and a reward that is better or worse than expected. The three
 * factors are those of the noisy pass itself, which earns the reward: no pass without noise is needed for comparison, only the running
 * mean of what was earned. Whatever that is, the mean of dW_l over xi is the exact gradient of the expected reward when xi is normal
 * (REINFORCE); it sets the variance.
 */
import { z } from "zod";
import { defineRule } from "../contract/index.ts";

/** The unit's fluctuation, credited with the reward beyond expectation. */
export const rewardModulatedHebb = defineRule(
  {
    id: "reward-modulated-hebb",
    aliases: ["rmh", "three-factor"],
    family: "perturbation",
    equation:
      "dW_l = < (R - R^) / sigma  xi_l h_{l-1}^T >,  a_l = W_l^T h_{l-1} + sigma xi_l in every layer,  R^' = R^ + rate (<R> - R^)",
    symbols: "xi_l drawn for every sample and unit; R the reward of each example, R^ its running mean, before the step",
    source:
      "Williams 1992; three-factor form in Fremaux and Gerstner 2016; a unit's fluctuation as eligibility in Legenstein et al. 2010",
    choices:
      "Noise enters the pre-activation; the network that is read out and evaluated has none; R^ is one number, starts at the reward of guessing, and takes part from the " +
      "next step on; R is minus the cross-entropy in nats, or 1 for the right class and 0 for a wrong one.",
    relation: "none",
    reads: ["pre", "broadcast", "noise", "secondPhase", "memory"],
    options: z.strictObject({
      sigma: z.number().positive().default(0.1).describe("size of the noise, in units of the pre-activations"),
      distribution: z.enum(["normal", "sign"]).default("normal").describe("of xi: standard normal, or -1 and 1"),
      reward: z
        .enum(["loss", "correct"])
        .default("loss")
        .describe("minus the cross-entropy, or 1 when correct, else 0"),
      baselineRate: z.number().min(0).max(1).default(0.1).describe("of the running mean of rewards, per step"),
    }),
  },
  (workspace, { sigma, distribution, reward: kind, baselineRate }) => {
    const { layers, classes } = workspace;
    const noise = layers.map((view) => view.noise("units", "units", distribution));
    const noisy = workspace.further({
      perturb: ({ index }, drive) => {
        const xi = noise[index - 1];
        return xi === undefined ? drive : drive.add(xi.mul(sigma));
      },
    });
    const reward = kind === "loss" ? workspace.lossOf(noisy).neg() : workspace.errorOf(noisy).oneMinus();
    const expected = workspace.state("reward.baseline", [], kind === "loss" ? -Math.log(classes) : 1 / classes);
    const surprise = reward.sub(expected.now).mul(1 / sigma);
    return {
      slopes: layers.flatMap((view, l) => {
        const xi = noise[l] ?? view.post;
        return view.descend(xi.mul(view.toEverySample(surprise)).neg(), noisy.at(view).pre);
      }),
      next: [expected.follows(reward.mean(), baselineRate)],
    };
  },
);
