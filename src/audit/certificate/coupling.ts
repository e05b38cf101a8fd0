/**
 * Cross-sample coupling: whether samples meet on their way into an update, read off the graph, whatever the values.
 *
 * A sum may unite samples, each with a term of its own: that is an average. Samples are coupled when what one of them does to the update
 * depends on another: z_b . z_c, x_b - mean(x), a softmax along the batch, the best of the batch, the gates of the next sample, and also
 * the product of two sums, a sum divided by its own norm, the sign of a sum.
 */
import type { Tensor } from "../../graph/index.ts";
import { mixingOf, mixtures } from "./mixing.ts";
import type { Load } from "./load.ts";

/**
 * `none`: no sample reaches the update. `average`: samples meet in sums alone, so that each could be seen by itself. `dependent`:
 * what one sample does to the update depends on others.
 */
export type Coupling = "none" | "average" | "dependent";

/** Coupling of any of the outputs of one graph; `sampleOf` says to which sample, from 1, the elements of a leaf belong. */
export function couplings(
  outputs: readonly Tensor[],
  sampleOf: (node: Tensor) => Load | undefined,
): (some: readonly Tensor[]) => Coupling {
  const known = mixtures(outputs, { at: sampleOf });
  return (some) => (({ none: "none", sum: "average", mixed: "dependent" }) as const)[mixingOf(some, known)];
}
