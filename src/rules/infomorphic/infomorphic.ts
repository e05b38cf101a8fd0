/**
 * Infomorphic networks: every neuron learns to say what its goal asks of the information that its sources hold about its output.
 *
 * A limit to know: shared exclusions find redundancy where sources are independent. A neuron that copies R has
 * I({R}{C}) = log2((3n - 2) / (2n - 1)) bits with n equally likely bins whatever C is, so that the goal `redundancy` is met in
 * part without the label. The optimised goals, which also weigh what R says alone, learn more here and are the default.
 */
import { z } from "zod";
import type { Tensor } from "../../graph/index.ts";
import { type Activity, type Layer } from "../../networks/index.ts";
import { layerwise, type LayerView, RuleError, sequenceOptions, type Workspace } from "../contract/index.ts";
import { outputEntropy, sharedInformation } from "./information.ts";
import { antichains, moebius, nameOf } from "./lattice.ts";
import { lateralOptions, neuronOptions, respond } from "./neuron.ts";

/** Weights of atoms by name; `residual` weighs H(Y | sources); what is left out is 0. */
export type Goal = Readonly<Record<string, number>>;

const goals = {
  bivariate: {
    redundancy: { "{R}{C}": 1 },
    optimised: { "{R}": -0.099, "{C}": 0.3916, "{R}{C}": 0.5118, "{RC}": 0.5942, residual: 0.0885 },
  },
  trivariate: {
    redundancy: { "{R}{C}": 1 },
    optimised: {
      "{R}{C}{L}": 0.3307,
      "{R}{C}": 0.9781,
      "{R}{L}": -0.9935,
      "{C}{L}": 0.4017,
      "{R}{CL}": 0.2428,
      "{C}{RL}": 0.6255,
      "{L}{RC}": 0.4713,
      "{R}": 0.0212,
      "{C}": 0.0605,
      "{L}": -0.947,
      "{RC}{RL}{CL}": -0.0199,
      "{RC}{RL}": -0.9677,
      "{RC}{CL}": -0.6924,
      "{RL}{CL}": 0.427,
      "{RC}": 0.9736,
      "{RL}": 0.737,
      "{CL}": -0.1218,
      "{RCL}": -0.2151,
      residual: 0.035,
    },
  },
} as const;

const goalOptions = {
  goal: z
    .enum(["redundancy", "optimised"])
    .default("optimised")
    .describe("the heuristic goal {R}{C}, or weights that the authors found by search on MNIST for 100 neurons"),
  gamma: z
    .record(z.string(), z.number())
    .default({})
    .describe("weights of atoms by name, e.g. {R}{C}, and of `residual`, in place of those of the goal"),
  passes: z
    .enum(["expected", "activity"])
    .default("expected")
    .describe("what a layer passes on: the expected output without context, or the layer's activity as it is"),
};

const bivariateOptions = z.strictObject({ ...goalOptions, ...neuronOptions, ...sequenceOptions });
const trivariateOptions = z.strictObject({ ...goalOptions, ...neuronOptions, ...lateralOptions, ...sequenceOptions });
export type BivariateOptions = z.output<typeof bivariateOptions>;
export type TrivariateOptions = z.output<typeof trivariateOptions>;

/**
 * A goal over atoms as weights of each antichain's shared information, gamma^T M, without zeros; `residual` is left to the caller.
 *
 * Throws RuleError for a name that is not an atom of these sources.
 */
export function goalWeights(goal: Goal, letters: string) {
  const order = antichains(letters.length);
  const names = order.map((antichain) => nameOf(antichain, letters));
  for (const name of Object.keys(goal)) {
    if (name !== "residual" && !names.includes(name))
      throw new RuleError(`rule.gamma: expected names among ${names.join(", ")}, residual, got "${name}"`);
  }
  const inverse = moebius(order);
  const weights = order.map((antichain, i) => ({
    antichain,
    weight: names.reduce((sum, name, atom) => sum + (goal[name] ?? 0) * (inverse[atom]?.[i] ?? 0), 0),
  }));
  return weights.filter(({ weight }) => weight !== 0);
}

/** The layer's loss: minus the goals of its neurons, in bits. */
function objective(
  view: LayerView,
  options: BivariateOptions & Partial<TrivariateOptions>,
  workspace: Workspace,
  { letters, goal, gain }: { readonly letters: string; readonly goal: Goal; readonly gain: number },
): Tensor {
  const { residual = 0, ...atoms } = { ...goal, ...options.gamma };
  const all = (1 << letters.length) - 1;
  const responses = respond(view, workspace, options, gain);
  const information = sharedInformation(responses, goalWeights(atoms, letters));
  if (residual === 0) return information.sum().neg();
  const known = sharedInformation(responses, [{ antichain: [all], weight: 1 }]);
  return information.add(outputEntropy(responses).sub(known).mul(residual)).sum().neg();
}

/** 2 sigma(R) - 1 = tanh(R / 2) of what a layer's activity still shows of R. */
function expectedOutput(layer: Layer, { post }: Activity): Tensor {
  // From tanh(R), by the half-angle formula.
  if (layer.activation === "tanh") return post.div(post.square().oneMinus().maximum(0).sqrt().add(1));
  return post.mul(0.5).tanh();
}

const card = {
  family: "infomorphic",
  relation: "none",
  between: ({ passes }: { readonly passes: "expected" | "activity" }) =>
    passes === "expected" ? expectedOutput : undefined,
} as const;
const sources =
  "Y the neuron's binary output, R the drive from the layer below, C a projection of the label; Pi_a the atoms of the partial information decomposition of what they say of Y, by shared " +
  "exclusions, one per antichain a of the lattice, named as {R}{C} (what R and C both say of Y), {R} (what only R says), {RC} (what only both together say); probabilities are frequencies over the " +
  "batch, with a gradient through the neuron's output only; sigma the logistic function";
const choices =
  "As in the authors' networks: sources, modulation, redundancy, goals, initial weights of C and L, two rounds of lateral exchange. Otherwise: the authors' neurons pass a binary output drawn by " +
  "chance, with the label as context while they learn and zero context when they are tested; here a layer passes the expectation of that output without context and without lateral source, at all " +
  "times (`passes`), so that the network runs the same way in learning and in use. The expectation 2 sigma(R) - 1 is exact after linear and tanh units (with three sources, but for a factor " +
  "1 - (c_1 + c_2) / 2 on R); of ReLU units only its positive part is left. Bins default to 8, not 20, as batches here have 128 samples and not 1024, and to each neuron's own range. The read-out is the network's own.";

/** Neurons with a receptive and a contextual source. */
export const infomorphic = layerwise({
  ...card,
  id: "infomorphic",
  aliases: ["infomorphic-bivariate"],
  equation:
    "J_l = - sum_neurons [ sum_a gamma_a Pi_a(Y; R, C) + gamma_res H(Y | R, C) ],  p(Y = 1) = sigma(R [1 - c + 2 c sigma(w R C)])",
  symbols: sources,
  source: "Makkeh, Graetz, Schneider et al. 2023, and their code",
  choices,
  reads: ["pre", "preactivation", "batch", "localHead", "label"],
  options: bivariateOptions,
  objective: (view, options, workspace) =>
    objective(view, options, workspace, { letters: "RC", goal: goals.bivariate[options.goal], gain: 2 }),
});

/** Neurons that also hear the other neurons of their layer. */
export const infomorphicLateral = layerwise({
  ...card,
  id: "infomorphic-lateral",
  aliases: ["infomorphic-trivariate"],
  equation:
    "J_l = - sum_neurons [ sum_a gamma_a Pi_a(Y; R, C, L) + gamma_res H(Y | R, C, L) ],  p(Y = 1) = sigma(R [1 - c_1 - c_2 + c_1 sigma(w R C) + c_2 sigma(w R L)])",
  symbols: `${sources}; L one of the layer's other outputs`,
  source: "Schneider, Neuhaus, Ehrlich et al. 2024, and their code",
  choices,
  reads: ["pre", "preactivation", "lateral", "batch", "localHead", "label", "noise"],
  options: trivariateOptions,
  objective: (view, options, workspace) =>
    objective(view, options, workspace, { letters: "RCL", goal: goals.trivariate[options.goal], gain: 1 }),
});
