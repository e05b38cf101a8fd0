/**
 * Cross-sample coupling: whether samples meet on their way into an update, read off the graph, whatever the values.
 *
 * A sum, a maximum or a scatter may unite samples: that is an average, and any function of finished averages (their sign, a
 * division by their norm) stays one. Samples are coupled when another operation joins what depends on one sample alone with
 * something that depends on another: z_b . z_c, x_b - mean(x), a softmax along the batch, the gates of the next sample.
 */
import { is, type Tensor, topological } from "../graph/index.ts";
import { alongAxis, dependences } from "./dependence.ts";

/**
 * `none`: no sample reaches the update. `average`: samples meet in sums alone, so that each could be seen by itself. `dependent`:
 * what one sample does to the update depends on others.
 */
export type Coupling = "none" | "average" | "dependent";

/** Coupling of any of the outputs of one graph; inputs named in `perSample` have the batch as their first axis. */
export function couplings(
  outputs: readonly Tensor[],
  perSample: readonly string[],
): (some: readonly Tensor[]) => Coupling {
  const { tags, meetings } = dependences(outputs, {
    at: (node) =>
      is(node, "input") && perSample.includes(node.attributes.name)
        ? alongAxis(node.shape, 0, (sample) => 1 << (sample % 32))
        : undefined,
  });
  return (some) => {
    if (topological(some).some((node) => meetings.has(node))) return "dependent";
    return some.some((output) => tags.has(output)) ? "average" : "none";
  };
}

/** Whether samples are coupled in any of `outputs`, a graph over inputs of batch 2 or more; those named in `perSample` have the batch as their first axis. */
export function couplesSamples(outputs: readonly Tensor[], perSample: readonly string[]): boolean {
  return couplings(outputs, perSample)(outputs) === "dependent";
}
