/** The way by which one number of a layer (a unit, an input) bears on the update of another one. */
import { followed, type Ground, wayOf } from "./followed.ts";
import { type Load, spread } from "./load.ts";
import type { Question, Reach } from "./scope.ts";
import { sizeOf, type Tensor } from "../../graph/index.ts";
import type { Link } from "./trail.ts";

/** A number whose update tells of another one, both counted from 0, and the way from the update to what tells of the other. */
export interface Foreign {
  readonly of: number;
  readonly other: number;
  readonly way: readonly Link<Tensor>[];
}

/** Tags that one load has room for. */
const bits = 31;

/** The first such number, by what happens in one step if that is enough; undefined where every number's update tells of itself alone. */
export function foreignWay(reach: Reach, question: Question): Foreign | undefined {
  const { hears } = reach.answer(question);
  if (hears.length === 0) return undefined;
  const ground = reach.groundOf(question);
  return firstForeign({ ...ground, kept: [] }, question, hears) ?? firstForeign(ground, question, hears);
}

function firstForeign(ground: Ground, question: Question, hears: readonly number[]): Foreign | undefined {
  const { axis, put } = question;
  for (const output of ground.outputs) {
    for (const of of hears.filter((number) => number < output.size(axis))) {
      const other = otherAt(ground, question, output, of);
      if (other === undefined) continue;
      const alone = put((number) => (number === other ? 1 : 0));
      const way = wayOf(ground, alone, (at, load) => at === output && tagsAt(output, load, axis, of) !== 0);
      if (way !== undefined) return { of, other, way };
    }
  }
  return undefined;
}

/** Another number of which an output tells at a number's own place, found among tags that are given to fewer and fewer. */
function otherAt(ground: Ground, { count, axis, put }: Question, output: Tensor, of: number): number | undefined {
  let candidates = Array.from({ length: count }, (_, number) => number).filter((number) => number !== of);
  for (;;) {
    const tags = new Map(candidates.map((number, i) => [number, 1 << (i % bits)]));
    const load = followed(
      ground,
      put((number) => tags.get(number) ?? 0),
    ).get(output);
    const found = load === undefined ? 0 : tagsAt(output, load, axis, of);
    const lowest = found & -found;
    candidates = candidates.filter((number) => tags.get(number) === lowest);
    if (candidates.length < 2) return candidates[0];
  }
}

/** All tags of the elements at a coordinate of an axis. */
function tagsAt(node: Tensor, load: Load, axis: number, coordinate: number): number {
  const at = node.rank + axis;
  const { values } = spread(load, node.shape, [at]);
  const behind = sizeOf(load.shape.slice(at + 1));
  let all = 0;
  values.forEach((tags, i) => {
    if (Math.floor(i / behind) % node.size(axis) === coordinate) all |= tags;
  });
  return all;
}
