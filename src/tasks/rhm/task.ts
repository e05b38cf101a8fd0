/** The random hierarchy model as a task. */
import type { Random } from "../../random/stream.ts";
import type { Task } from "../task.ts";
import { drawHierarchy, type Hierarchy, type HierarchyParameters } from "./hierarchy.ts";
import { pairRefusal, writePartners } from "./pairs.ts";
import { drawSplit } from "./sample.ts";

/** A task whose hidden structure is known: `hierarchy` gives the latents of every string (`parse`) and interventions on them. */
export interface RhmTask extends Task {
  readonly id: "rhm";
  readonly hierarchy: Hierarchy;
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
    draw: (sizes, data) => drawSplit(hierarchy, sizes, data),
    refusal: (kind, level) => pairRefusal(parameters, kind, level),
    partners: (request, examples, indices, out, order) =>
      writePartners(hierarchy, request, examples, indices, out, order),
  };
}
