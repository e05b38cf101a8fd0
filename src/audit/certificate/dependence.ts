/** What every element of every node depends on, as a set of up to 32 tags in bits, whatever the values. */
import type { Tensor } from "../../graph/index.ts";
import type { Load } from "./load.ts";
import { type Algebra, propagate, type Sources } from "./propagation.ts";

/** Tags of two values. */
export const union = (a: number, b: number): number => a | b;
const sets: Algebra = { add: union, multiply: union, bend: (a) => a };

/** Follows tags from where they are put to `outputs`: tags of every node's elements, without an entry where it has none. */
export function dependences(outputs: readonly Tensor[], tags: Sources): ReadonlyMap<Tensor, Load> {
  return propagate(outputs, sets, tags);
}
