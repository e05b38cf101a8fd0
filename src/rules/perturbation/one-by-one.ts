/**
 * Every number shaken alone: one forward pass for each weight, or for each unit, with nothing else changed.
 *
 * The passes share one graph and run side by side along a leading axis; layers below the shaken one are computed once. A step
 * costs as many passes as there are numbers, which is what makes this variant exact and dear (Baldi and Sadowski 2016 count W and N).
 */
import { constant, input, range, type Tensor, vmap } from "../../graph/index.ts";
import { RuleError } from "../contract/index.ts";

/** The most passes a step may take with scope=local. */
export const mostPasses = 4096;

/**
 * Losses with one number changed at a time: element i of the result, [n, ...shape of the loss], is the loss under `change`
 * with all but its i-th number set to 0.
 *
 * `change` is [..., n numbers in the trailing axes]; axes before them, `leading` of them (the batch), change together.
 * `lossUnder` gives the loss under a change of that shape.
 */
export function lossesAlone(change: Tensor, leading: number, lossUnder: (change: Tensor) => Tensor): Tensor {
  const together = change.shape.slice(0, leading).map(() => 1);
  const numbers = change.shape.slice(leading);
  const count = numbers.reduce((product, size) => product * size, 1);
  // Stands for the change while the loss is written; vmap puts all changes in its place.
  const one = input("alone", change.shape);
  const only = constant(range(count), [count], "int32").oneHot(count);
  const changes = only.reshape([count, ...together, ...numbers]).mul(change.expand(0));
  const [losses] = vmap([lossUnder(one)], new Map([[one, changes]]), count);
  if (losses === undefined) throw new Error("internal: vmap returned nothing");
  return losses;
}

/** Throws RuleError when shaking `count` numbers of a kind ("weights and biases", "units") one by one takes too many passes. */
export function refuseTooMany(rule: string, count: number, kind: string): void {
  if (count > mostPasses) {
    throw new RuleError(
      `rule ${rule}: expected at most ${mostPasses} ${kind} with scope=local, which takes a pass for each, got ${count}; ` +
        `use scope=layer or scope=network, or a smaller network`,
    );
  }
}
