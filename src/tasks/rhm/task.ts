/** The random hierarchy model as a task. */
import { type Random, stream } from "../../random/stream.ts";
import type { Split, SplitSizes, Task } from "../task.ts";
import { drawHierarchy, type Hierarchy, type HierarchyParameters } from "./hierarchy.ts";
import { pairRefusal, shapeOf, writePartners } from "./pairs.ts";
import { drawSplit } from "./sample.ts";

/** A task whose hidden structure is known: `hierarchy` gives the latents of every string (`parse`) and interventions on them. */
export interface RhmTask extends Task {
  readonly id: "rhm";
  readonly values: "symbols";
  /** Symbols of each level below the classes. */
  readonly vocabulary: number;
  readonly branching: number;
  readonly hierarchy: Hierarchy;
  draw(sizes: SplitSizes, random: Random): Split<Int32Array>;
}

/** A model as it is asked for: what is left out is that of `rhmDefaults`, and there are as many classes as symbols. */
export interface RhmOptions extends Partial<HierarchyParameters> {
  /** Draws the rules of the hierarchy; 0 when left out. */
  readonly seed?: number;
}

/** Sizes of the model of Cagnetta et al. (2024) that their figures and ours start from. */
export const rhmDefaults = { v: 8, m: 4, s: 2, depth: 3 } as const;

/**
 * The random hierarchy model, its rules drawn: `rhm({ m: 4, depth: 3, seed: 1 })`. Throws RangeError when the sizes do not describe a
 * model.
 */
export function rhm({ seed = 0, ...sizes }: RhmOptions = {}): RhmTask {
  const { v, m, s, depth, classes = v } = { ...rhmDefaults, ...sizes };
  return rhmWith({ v, m, s, depth, classes }, stream(seed, "task"));
}

/** The model of these parameters, its rules drawn from `random`. Throws as `rhm`. */
export function rhmWith(parameters: HierarchyParameters, random: Random): RhmTask {
  const hierarchy = drawHierarchy(parameters, random);
  return {
    id: "rhm",
    hierarchy,
    ...shapeOf(parameters),
    values: "symbols",
    vocabulary: parameters.v,
    branching: parameters.s,
    draw: (split, data) => drawSplit(hierarchy, split, data),
    refusal: (kind, level) => pairRefusal(parameters, kind, level),
    partners: (request, examples, indices, out, order) =>
      writePartners(hierarchy, request, examples, indices, out, order),
  };
}
