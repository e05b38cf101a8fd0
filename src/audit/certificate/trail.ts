/** How walks came to what they found: where each of them stood, and the steps between. */
import type { Tensor } from "../../graph/index.ts";

/**
 * How a walk looks at a node: as something that is read; as part of a judgement, which is read as a whole; as something that was carried by
 * activity of a pass that is judged.
 */
export type View = "read" | "judged" | "carried";

/**
 * How a step leads on: to an operand; from a kept value to what it became in the step before; from activity to what went into it; the same
 * on account of another layer, whose activity it is.
 */
export type Way = "operand" | "next" | "behind" | "account";

/** A node as a layer's walk looks at it. */
export interface Spot {
  readonly layer: number;
  readonly view: View;
  readonly node: Tensor;
  readonly steps: ReadonlyMap<Spot, Way>;
}

/** The steps of all walks over one graph. */
export class Trail {
  private readonly spots = new Map<string, Map<Tensor, Spot & { readonly steps: Map<Spot, Way> }>>();

  /** Where a layer's walk looks at a node in some way: always the same object. */
  at(layer: number, view: View, node: Tensor): Spot {
    const key = `${layer} ${view}`;
    const known = this.spots.get(key) ?? new Map<Tensor, Spot & { readonly steps: Map<Spot, Way> }>();
    this.spots.set(key, known);
    const spot = known.get(node) ?? { layer, view, node, steps: new Map<Spot, Way>() };
    known.set(node, spot);
    return spot;
  }

  /** Takes note of a step. */
  step(from: Spot, to: Spot, way: Way): void {
    const { layer, view, node } = from;
    const steps = this.spots.get(`${layer} ${view}`)?.get(node)?.steps;
    if (steps?.has(to) === false) steps.set(to, way);
  }
}

/** What a path goes through, and how it got there; its start was got to by nothing. */
export interface Link<Place> {
  readonly at: Place;
  readonly way: Way | undefined;
}

/** A shortest path from one of some places to an end; undefined where there is none. */
export function shortestPath<Place>(
  starts: readonly Place[],
  stepsOf: (place: Place) => Iterable<readonly [Place, Way]>,
  isEnd: (place: Place) => boolean,
): Link<Place>[] | undefined {
  const cameBy = new Map<Place, { readonly from: Place; readonly way: Way } | undefined>();
  for (const start of starts) cameBy.set(start, undefined);
  // Grows while it is gone through.
  for (const place of cameBy.keys()) {
    if (isEnd(place)) return pathTo(place, cameBy);
    for (const [to, way] of stepsOf(place)) if (!cameBy.has(to)) cameBy.set(to, { from: place, way });
  }
  return undefined;
}

function pathTo<Place>(
  end: Place,
  cameBy: ReadonlyMap<Place, { readonly from: Place; readonly way: Way } | undefined>,
): Link<Place>[] {
  const path: Link<Place>[] = [];
  let at = end;
  for (let came = cameBy.get(at); came !== undefined; came = cameBy.get(at)) {
    path.push({ at, way: came.way });
    at = came.from;
  }
  return [...path, { at, way: undefined }].reverse();
}
