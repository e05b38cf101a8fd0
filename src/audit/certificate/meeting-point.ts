/** Where samples (or positions) come together so that what one does depends on others, and the way there and on to one of them. */
import { type Tensor, topological } from "../../graph/index.ts";
import { dependences, union } from "./dependence.ts";
import { type Ground, type Put, wayOf } from "./followed.ts";
import { throughKept } from "./kept.ts";
import { isEmpty, joinedEach, type Load } from "./load.ts";
import { earlier, isMixed, mixtures, together } from "./mixing.ts";
import type { Link } from "./trail.ts";

/** A sample or position, by its number from 1; `before`: of the step before, whichever it was. */
export type Numbered = number | "before";

/** Where two of them come together. */
export interface MeetingPoint {
  readonly at: Tensor;
  readonly numbers: readonly [Numbered, Numbered] | undefined;
  /** From an output to where they meet, and on to the second of them. */
  readonly way: readonly Link<Tensor>[];
}

/**
 * The meeting point nearest to an output. `put` says where each belongs, by numbers from 1; what is kept is of others in the next step, whose
 * numbers go on from `later`, or of the same ones where that is infinite.
 */
export function meetingPoint(ground: Ground, put: Put, later: number): MeetingPoint | undefined {
  const known = withoutMixedMemory(ground, put, later);
  const hasMixed = (node: Tensor): boolean => known.get(node)?.values.some(isMixed) ?? false;
  const mixed = topological([...known.keys()]).filter(hasMixed);
  const begins = mixed.filter((node) => !node.inputs.some(hasMixed));
  const from = (places: readonly Tensor[]) => {
    const mixedAt: Put = (node) =>
      mapped(places.includes(node) ? known.get(node) : undefined, (one) => Number(isMixed(one)));
    return wayOf(ground, mixedAt, (_, load) => !isEmpty(load));
  };
  // Where operands are mixed already, they may be so in other elements than those that matter.
  const there = from(begins) ?? from(mixed);
  const at = there?.at(-1)?.at;
  if (there === undefined || at === undefined) return undefined;
  const onwards = wayToOther(at, ground, put, later === Infinity);
  return { at, numbers: onwards?.numbers, way: [...there, ...(onwards?.way.slice(1) ?? [])] };
}

/** How they come together, where what comes of having met before is left out: of that every later step has something. */
function withoutMixedMemory({ outputs, kept, stops }: Ground, put: Put, later: number): ReadonlyMap<Tensor, Load> {
  return throughKept(outputs, kept, together, (remembered, all) =>
    mixtures(all, {
      at: (node) => {
        const before = remembered.get(node);
        return before && mapped(earlier(before, later), (one) => (isMixed(one) ? 0 : one));
      },
      also: put,
      cut: stops,
    }),
  );
}

/** Numbers that have a tag of their own; those after them share one. */
const own = 30;
const before = 1 << 31;

function wayToOther(at: Tensor, { kept, stops }: Ground, put: Put, staysTheSame: boolean) {
  const tagged: Put = (node) => mapped(put(node), (one) => (one === 0 ? 0 : 1 << Math.min(one - 1, own)));
  const known = throughKept([at], kept, union, (remembered, all) =>
    dependences(all, {
      at: (node) => {
        const carried = mapped(remembered.get(node), (tags) => (tags === 0 || staysTheSame ? tags : before));
        return stops(node) ? tagged(node) : carried;
      },
      also: (node) => (stops(node) ? undefined : tagged(node)),
      cut: stops,
    }),
  );
  const load = known.get(at);
  const all = load?.values.find((tags) => (tags & (tags - 1)) !== 0);
  if (load === undefined || all === undefined) return undefined;
  const first = all & -all;
  const second = (all ^ first) & -(all ^ first);
  const isKept = new Set(kept.map(({ node }) => node));
  const ofSecond: Put = (node) => {
    const source = second === before ? (isKept.has(node) ? known.get(node) : undefined) : tagged(node);
    return mapped(source, (tags) => ((tags & second) === 0 ? 0 : 1));
  };
  const ofFirst = mapped(load, (tags) => ((tags & first) === 0 ? 0 : 1)) ?? load;
  const way = wayOf(
    { outputs: [at], kept: second === before || !staysTheSame ? [] : kept, stops },
    ofSecond,
    (_, one) => {
      return !isEmpty(joinedEach([one, ofFirst], at.rank, (a = 0, b = 0) => (a === 0 || b === 0 ? 0 : 1)));
    },
  );
  return way && { way, numbers: [numberOf(first), numberOf(second)] as const };
}

function numberOf(tag: number): Numbered {
  return tag === before ? "before" : 32 - Math.clz32(tag);
}

function mapped(load: Load | undefined, of: (value: number) => number): Load | undefined {
  return load && { shape: load.shape, values: load.values.map(of) };
}
