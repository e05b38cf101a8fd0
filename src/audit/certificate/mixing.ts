/**
 * How what belongs to different samples (or positions) comes together in a value, element by element and whatever the values.
 *
 * An element is made of nothing of the sort; of one sample alone; of a sum in which every sample has a term of its own; or of samples
 * mixed, so that what one does depends on others. Sums stay sums under what is linear in them. Everything else mixes: the product of two
 * samples and that of two sums, the largest of several, a function of a sum that is not linear.
 */
import type { Tensor } from "../../graph/index.ts";
import type { Load } from "./load.ts";
import { type Algebra, propagate, type Sources } from "./propagation.ts";

/** What an element is made of, besides a single sample, which is its number from 1. */
const nothing = 0;
const sum = -1;
const mixed = -2;

/** What a set of elements is made of at most. */
export type Mixing = "none" | "sum" | "mixed";

/** What a sum of two is made of. */
export function together(a: number, b: number): number {
  if (a === b || b === nothing) return a;
  if (a === nothing) return b;
  return a === mixed || b === mixed ? mixed : sum;
}

const forms: Algebra = {
  add: together,
  multiply: (a, b) => {
    if (a === nothing) return b;
    if (b === nothing) return a;
    return a === b && a > 0 ? a : mixed;
  },
  bend: (a) => (a === sum ? mixed : a),
};

/** Follows samples from where they are put to every node of a graph; their numbers count from 1. */
export function mixtures(outputs: readonly Tensor[], samples: Sources): ReadonlyMap<Tensor, Load> {
  return propagate(outputs, forms, samples);
}

/**
 * What is left of samples in what is kept until the next step, where samples are others: of a sum of them nothing, which is what is
 * remembered and no sample any more; single ones go by numbers of their own, from `first` on; what was mixed stays mixed.
 */
export function earlier({ shape, values }: Load, first: number): Load {
  return {
    shape,
    values: values.map((one) =>
      one === sum ? nothing : one <= 0 || one > first || first === Infinity ? one : one + first,
    ),
  };
}

/** Whether a number in such a load says that samples are mixed. */
export const isMixed = (one: number): boolean => one === mixed;

/** What any element of `outputs` is made of at most. */
export function mixingOf(outputs: readonly Tensor[], known: ReadonlyMap<Tensor, Load>): Mixing {
  let found: Mixing = "none";
  for (const output of outputs) {
    for (const one of known.get(output)?.values ?? []) {
      if (one === mixed) return "mixed";
      if (one !== nothing) found = "sum";
    }
  }
  return found;
}
