/** What the rules of a family are made of, for rules of one's own that stand on it: `families.competition.among(...)`. */
export * as activity from "./hebbian/activity.ts";
export * as chain from "./feedback/chain.ts";
export * as competition from "./hebbian/competition.ts";
export * as directPaths from "./feedback/direct.ts";
export * as feedbackAxes from "./feedback/axes.ts";
export * as globalDirection from "./global-direction/global-direction.ts";
export * as information from "./infomorphic/information.ts";
export * as informationLattice from "./infomorphic/lattice.ts";
export * as infomorphicNeuron from "./infomorphic/neuron.ts";
export * as lateralFeedback from "./hebbian/lateral-feedback.ts";
export * as localHead from "./supervised/local-head.ts";
export * as oneByOne from "./perturbation/one-by-one.ts";
export * as outputEnergy from "./settling/output-energy.ts";
export * as perturbation from "./perturbation/perturbation.ts";
