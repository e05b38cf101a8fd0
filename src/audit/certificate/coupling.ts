/**
 * Cross-sample coupling: whether samples meet on their way into an update, read off the graph, whatever the values.
 *
 * A sum may unite samples, each with a term of its own: that is an average. Samples are coupled when what one of them does to the update
 * depends on another: z_b . z_c, x_b - mean(x), a softmax along the batch, the best of the batch, the gates of the next sample, and also
 * the product of two sums, a sum divided by its own norm, the sign of a sum.
 */
import type { Tensor } from "../../graph/index.ts";
import { type Kept, throughKept } from "./kept.ts";
import type { Load } from "./load.ts";
import { earlier, mixingOf, mixtures, together } from "./mixing.ts";

/**
 * `none`: no sample reaches the update. `average`: samples meet in sums alone, so that each could be seen by itself. `dependent`:
 * what one sample does to the update depends on others.
 */
export type Coupling = "none" | "average" | "dependent";

/**
 * Coupling of the outputs of one graph; `sampleOf` says to which sample, from 1, the elements of a leaf belong.
 *
 * What is kept from step to step is followed. Where it holds single samples of the last batch, these are others than those of this one
 * (their numbers go on from `samples`); where it holds sums of them, these are what the rule remembers, and no sample of theirs is left.
 */
export function couplingOf(
  outputs: readonly Tensor[],
  sampleOf: (node: Tensor) => Load | undefined,
  kept: readonly Kept[] = [],
  samples = 0,
): Coupling {
  const needed: Tensor[] = [];
  const known = throughKept(outputs, kept, together, (remembered, all) => {
    needed.splice(0, needed.length, ...all);
    return mixtures(all, {
      at: (node) => {
        const before = remembered.get(node);
        return sampleOf(node) ?? (before && earlier(before, samples));
      },
    });
  });
  return ({ none: "none", sum: "average", mixed: "dependent" } as const)[mixingOf(needed, known)];
}
