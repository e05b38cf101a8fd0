/**
 * Lateral reach: what a unit's weights learn of the other units of its layer, and of its other positions.
 *
 * Everything outside the layer is held: a message from another layer, an error or a broadcast may well be made of all units here,
 * but is not lateral. What a layer keeps (heads, states) carries what it is made of from one step to the next.
 */
import { is, type Tensor, topological } from "../graph/index.ts";
import { alongAxis, dependences } from "./dependence.ts";
import { isActivity, isVerified, layerOf, roleOf, type UpdateGraph } from "./information-flow.ts";

/** How far a layer's units reach each other's weights. */
export interface LateralReach {
  /** `none`; `ordered`: a unit hears units before it alone; `all`. */
  readonly units: "none" | "ordered" | "all";
  /** Whether what happens at one position bears on what another one contributes to the update. */
  readonly positions: boolean;
}

/** Lateral reach in the update of a layer: `changes` are the pseudo-gradients of its weight and bias, units along the last axis. */
export function lateralReach(graph: UpdateGraph, layer: number, changes: readonly Tensor[]): LateralReach {
  if (changes.length === 0) return { units: "none", positions: false };
  const isOutside = (node: Tensor): boolean => {
    const kind = roleOf(node)?.kind;
    if (kind === "outputError" || kind === "broadcast") return isVerified(node, graph);
    return isActivity(node) && kind !== "pre" && layerOf(node) !== layer;
  };
  return { units: unitsReached(graph, layer, changes, isOutside), positions: positionsMeet(layer, changes, isOutside) };
}

function unitsReached(
  graph: UpdateGraph,
  layer: number,
  changes: readonly Tensor[],
  isOutside: (node: Tensor) => boolean,
): LateralReach["units"] {
  const units = Math.max(...changes.map((change) => change.size(-1)));
  // Each unit has the bits of its number and of what is not in it: other bits than its own are those of another unit.
  const bits = Math.max(1, Math.ceil(Math.log2(units)));
  const tagOf = (unit: number): number => (unit | (((1 << bits) - 1 - unit) << bits)) >>> 0;
  const kept = new Map<Tensor, Uint32Array>();
  const own = [...graph.variables].filter(
    ([, { variable, next }]) => next !== undefined && (variable.layer === layer || variable.layer === undefined),
  );
  const nexts = own.flatMap(([, { next }]) => next ?? []);
  const at = (node: Tensor): Uint32Array | undefined => {
    const isUnits = isActivity(node) && layerOf(node) === layer && roleOf(node)?.kind !== "pre";
    if (isUnits || graph.parameters.get(node) === layer) return alongAxis(node.shape, node.rank - 1, tagOf);
    return kept.get(node);
  };
  for (;;) {
    const { tags } = dependences([...changes, ...nexts], { at, cut: isOutside });
    let grown = false;
    for (const [node, { next }] of own) {
      const [before, now] = [kept.get(node), next && tags.get(next)];
      if (now === undefined || now.every((set, i) => (set & ~(before?.[i] ?? 0)) === 0)) continue;
      kept.set(
        node,
        now.map((set, i) => set | (before?.[i] ?? 0)),
      );
      grown = true;
    }
    if (grown) continue;
    const hears = new Set(
      changes.flatMap((change) =>
        [...(tags.get(change) ?? [])].flatMap((set, i) => {
          const unit = i % change.size(-1);
          return (set & ~tagOf(unit)) >>> 0 === 0 ? [] : [unit];
        }),
      ),
    );
    if (hears.size === 0) return "none";
    return hears.has(0) ? "all" : "ordered";
  }
}

function positionsMeet(layer: number, changes: readonly Tensor[], isOutside: (node: Tensor) => boolean): boolean {
  const { meetings } = dependences(changes, {
    at: (node) =>
      isActivity(node) && layerOf(node) === layer
        ? alongAxis(node.shape, node.rank - 2, (position) => 1 << (position % 32))
        : undefined,
    cut: (node) => is(node, "input") || isOutside(node),
  });
  return topological(changes).some((node) => meetings.has(node));
}
