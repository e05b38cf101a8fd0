/** Pairs of one class: for an example, another one of its class, uniformly among all others of the set. Serves every labelled task. */
import type { Random } from "../random/stream.ts";
import type { Examples } from "./task.ts";

/** Examples grouped by class: `members` lists them class after class, `rank` is an example's place in that list. */
interface ClassIndex {
  readonly members: Int32Array;
  readonly rank: Int32Array;
  /** Where the class of each example begins and ends in `members`. */
  readonly begin: Int32Array;
  readonly end: Int32Array;
}

/** Examples never change, so their index is kept for as long as they are. */
const indexes = new WeakMap<Examples, ClassIndex>();

/**
 * The index of another example of the same class, uniform over all others; the example itself when its class has no other.
 * Constant time after the first call for a set of examples.
 */
export function sameClassPartner(examples: Examples, example: number, random: Random): number {
  let index = indexes.get(examples);
  if (index === undefined) {
    index = indexByClass(examples);
    indexes.set(examples, index);
  }
  const { members, rank } = index;
  const first = index.begin[example];
  const last = index.end[example];
  const own = rank[example];
  if (first === undefined || last === undefined || own === undefined) {
    throw new RangeError(
      `same-class partner: expected an example below ${examples.count}, got ${example}; check the batch indices`,
    );
  }
  if (last - first === 1) return example;
  const drawn = first + random.integer(last - first - 1);
  return members[drawn < own ? drawn : drawn + 1] ?? example;
}

function indexByClass({ count, labels }: Examples): ClassIndex {
  const members = Int32Array.from({ length: count }, (_, i) => i).sort(
    (a, b) => (labels[a] ?? 0) - (labels[b] ?? 0) || a - b,
  );
  const [rank, begin, end] = [new Int32Array(count), new Int32Array(count), new Int32Array(count)];
  for (let first = 0, last = 0; first < count; first = last) {
    const label = labels[members[first] ?? 0];
    while (last < count && labels[members[last] ?? 0] === label) last++;
    for (let place = first; place < last; place++) {
      const example = members[place] ?? 0;
      rank[example] = place;
      begin[example] = first;
      end[example] = last;
    }
  }
  return { members, rank, begin, end };
}
