/** Tags followed to the outputs of a graph, through what is kept; and the way by which one of them came. */
import { type Tensor, topological } from "../../graph/index.ts";
import { dependences, union } from "./dependence.ts";
import { type Kept, keptBehind, throughKept } from "./kept.ts";
import { everywhere, isEmpty, isSame, type Load } from "./load.ts";
import type { Link, Way } from "./trail.ts";

/** Where tags are followed. */
export interface Ground {
  readonly outputs: readonly Tensor[];
  readonly kept: readonly Kept[];
  /** Nodes at which nothing arrives: they have what is put there and no more. */
  readonly stops: (node: Tensor) => boolean;
}

/** What is put on nodes. */
export type Put = (node: Tensor) => Load | undefined;

/** The tags of every node that has any. */
export function followed({ outputs, kept, stops }: Ground, put: Put): ReadonlyMap<Tensor, Load> {
  return throughKept(outputs, kept, union, (remembered, all) =>
    dependences(all, {
      at: (node) => (stops(node) ? (put(node) ?? nothingOf(node)) : remembered.get(node)),
      also: (node) => (stops(node) ? undefined : put(node)),
    }),
  );
}

const nothingOf = ({ rank }: Tensor): Load => everywhere(rank, 0);

/**
 * A way by which what is put on some node arrives, from the output to that node. `arrived` says so of an output and what it carries.
 *
 * Elements are told apart: a step is taken only where what went this way, and this way alone, arrives.
 */
export function wayOf(
  ground: Ground,
  put: Put,
  arrived: (output: Tensor, load: Load) => boolean,
): Link<Tensor>[] | undefined {
  const map = mapOf(ground);
  const arrives = (known: ReadonlyMap<Tensor, Load>): boolean =>
    ground.outputs.some((output) => {
      const load = known.get(output);
      return load !== undefined && arrived(output, load);
    });
  const sources = map.order.flatMap((node) => {
    const load = put(node);
    return load === undefined || isEmpty(load) ? [] : [{ node, load }];
  });
  for (const source of sources.sort((a, b) => map.distance(a.node) - map.distance(b.node))) {
    if (!arrives(followed(ground, (node) => (node === source.node ? source.load : undefined)))) continue;
    const way = wayFrom(source, ground, map, arrives, arrived);
    if (way !== undefined) return way;
  }
  return undefined;
}

/** Steps from operands to what is made of them, and from next values to what is kept. */
interface Steps {
  /** Operands before what is made of them. */
  readonly order: readonly Tensor[];
  /** What uses a node, the nearest to an output first. */
  readonly stepsFrom: (node: Tensor) => readonly { readonly to: Tensor; readonly way: Way }[];
  /** Steps to an output. */
  readonly distance: (node: Tensor) => number;
}

function mapOf({ outputs, kept, stops }: Ground): Steps {
  const needed = keptBehind(outputs, kept);
  const order = topological([...outputs, ...needed.map(({ next }) => next)]);
  const steps = new Map<Tensor, { readonly to: Tensor; readonly way: Way }[]>(order.map((node) => [node, []]));
  for (const to of order) {
    if (!stops(to)) for (const operand of new Set(to.inputs)) steps.get(operand)?.push({ to, way: "operand" });
  }
  for (const { node, next } of needed) steps.get(next)?.push({ to: node, way: "next" });
  const back = new Map<Tensor, Tensor[]>();
  for (const [from, all] of steps) for (const { to } of all) back.set(to, [...(back.get(to) ?? []), from]);
  const distances = new Map<Tensor, number>(outputs.map((output) => [output, 0]));
  // Grows while it is gone through.
  for (const [node, far] of distances)
    for (const from of back.get(node) ?? []) if (!distances.has(from)) distances.set(from, far + 1);
  const distance = (node: Tensor): number => distances.get(node) ?? Infinity;
  for (const all of steps.values()) all.sort((a, b) => distance(a.to) - distance(b.to));
  return { order, stepsFrom: (node) => steps.get(node) ?? [], distance };
}

function wayFrom(
  source: { readonly node: Tensor; readonly load: Load },
  ground: Ground,
  { stepsFrom }: Steps,
  arrives: (known: ReadonlyMap<Tensor, Load>) => boolean,
  arrived: (output: Tensor, load: Load) => boolean,
): Link<Tensor>[] | undefined {
  // With what is kept, a way may come by a node again, with more than before.
  const visited = new Map<Tensor, Load[]>();
  return wayOn(source.node, source.load);

  /** From an output to a node; nearer steps first, others where these lead in a circle. */
  function wayOn(at: Tensor, load: Load): Link<Tensor>[] | undefined {
    if (ground.outputs.includes(at) && arrived(at, load)) return [{ at, way: undefined }];
    visited.set(at, [...(visited.get(at) ?? []), load]);
    for (const { to, way } of stepsFrom(at)) {
      const there = way === "next" ? load : broughtBy(at, load, to);
      if (there === undefined || visited.get(to)?.some((before) => isSame(before, there)) === true) continue;
      const rest = arrives(followed(ground, (node) => (node === to ? there : undefined)))
        ? wayOn(to, there)
        : undefined;
      if (rest !== undefined) return [...rest, { at, way }];
    }
    return undefined;
  }

  /** What a node has of an operand, not by way of others. */
  function broughtBy(operand: Tensor, carried: Load, to: Tensor): Load | undefined {
    const others = new Set(stepsFrom(operand).flatMap((step) => (step.to === to ? [] : [step.to])));
    const stops = (node: Tensor): boolean => node === operand || others.has(node) || ground.stops(node);
    return followed({ outputs: [to], kept: [], stops }, (node) => (node === operand ? carried : undefined)).get(to);
  }
}
