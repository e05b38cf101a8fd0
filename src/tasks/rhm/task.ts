/** The random hierarchy model as a task. */
import { type Random, stream } from "../../random/stream.ts";
import type { Task } from "../task.ts";
import { drawHierarchy, type Hierarchy, type HierarchyParameters } from "./hierarchy.ts";
import { pairRefusal, writePartners } from "./pairs.ts";
import { drawSplit } from "./sample.ts";

/** A task whose hidden structure is known: `hierarchy` gives the latents of every string (`parse`) and interventions on them. */
export interface RhmTask extends Task {
  readonly id: "rhm";
  readonly branching: number;
  readonly hierarchy: Hierarchy;
}

/** A model as it is asked for: what is left out is that of `rhmDefaults`, and there are as many classes as symbols. */
export interface RhmOptions extends Partial<HierarchyParameters> {
  /** Draws the rules of the hierarchy; 0 when left out. */
  readonly seed?: number;
}

/** Sizes of the model of Cagnetta et al. (2024) that their figures and ours start from. */
export const rhmDefaults = { v: 8, m: 4, s: 2, depth: 3 } as const;

/** The random hierarchy model, its rules drawn: `rhm({ m: 4, depth: 3, seed: 1 })`. Throws RangeError when the sizes do not describe a model. */
export function rhm({ seed = 0, ...sizes }: RhmOptions = {}): RhmTask {
  const parameters = { ...rhmDefaults, ...sizes };
  return rhmTask({ ...parameters, classes: sizes.classes ?? parameters.v }, stream(seed, "task"));
}

/** Draws the rules from `random` and wraps them as a task. Throws RangeError when the parameters do not describe a model. */
export function rhmTask(parameters: HierarchyParameters, random: Random): RhmTask {
  const hierarchy = drawHierarchy(parameters, random);
  return {
    id: "rhm",
    hierarchy,
    positions: hierarchy.positions,
    vocabulary: parameters.v,
    classes: parameters.classes,
    branching: parameters.s,
    draw: (sizes, data) => drawSplit(hierarchy, sizes, data),
    refusal: (kind, level) => pairRefusal(parameters, kind, level),
    partners: (request, examples, indices, out, order) =>
      writePartners(hierarchy, request, examples, indices, out, order),
  };
}
