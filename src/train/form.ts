/** Whether the runs of a model are stacked into one graph. */
import type { Cost } from "../graph/index.ts";
import type { Group } from "./trainer.ts";

/**
 * A step with more product operations than this runs alone (`plain`): its matrices fill a core by themselves, and products
 * can be fused with what follows. Below it, replicas are stacked. Measured in docs/decisions/0003-replicas.md.
 */
const stackBelow = 1.5e8;

/** The form of runs whose step has so many operations in products; a function of the model alone, so that company never changes a number. */
export function formFor({ products }: Pick<Cost, "products">): Group["form"] {
  return products < stackBelow ? "stacked" : "plain";
}
