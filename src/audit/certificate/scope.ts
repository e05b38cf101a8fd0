/**
 * How far apart what a synapse w_ij learns from may lie: at the synapse, at its unit, in its layer.
 *
 * Everything outside the layer is held: a message from another layer, an error or a broadcast may well be made of all units here, but
 * is not lateral. What a layer keeps (states) carries what it is made of from one step to the next.
 */
import { sizeOf, type Tensor } from "../../graph/index.ts";
import { dependences } from "./dependence.ts";
import { ownerOf } from "./flow.ts";
import type { ActivityLeaf, UpdateGraph } from "./graph.ts";
import { mixingOf, mixtures, sum } from "./mixing.ts";
import { alongAxis, compact, everywhere, isSame, joinedEach, type Load, spread } from "./load.ts";

/** Where a variable lies, as seen from a synapse w_ij: at the synapse itself, at its unit j, in its layer. */
export type Scope = "synapse" | "unit" | "layer";

/** How far a layer's units reach each other's weights. */
export interface LateralReach {
  /** `none`; `ordered`: a unit hears units before it alone; `all`. */
  readonly units: "none" | "ordered" | "all";
  /** Whether what happens at one position bears on what another one contributes to the update. */
  readonly positions: boolean;
}

/** How far what the update of w_ij reads of its own layer lies from it; undefined where it reads none. */
export interface Scopes {
  /** Inputs: its own x_i, or other inputs of its unit. */
  readonly pre?: Scope;
  /** Drives and outputs of units: its own unit's, or those of others. */
  readonly post?: Scope;
  /** Weights: w_ij itself, other weights of its unit, weights of other units. */
  readonly weight?: Scope;
}

/** Scopes and lateral reach in the update of a layer. `held`: nodes at which the walk ended, which are outside. */
export function reachOf(
  graph: UpdateGraph,
  layer: number,
  held: ReadonlySet<Tensor>,
): { readonly lateral: LateralReach; readonly scopes: Scopes } {
  const changes = graph.changes[layer - 1] ?? [];
  const of = graph.network.layers[layer - 1];
  if (changes.length === 0 || of === undefined) return { lateral: { units: "none", positions: false }, scopes: {} };
  const reach = new Reach(graph, layer, changes, held);
  const weights = changes.filter((change) => change.size(-2) === of.inFeatures);
  const [fromUnits, fromWeights] = [reach.units("activity", changes), reach.units("weight", changes)];
  const [inputs, ownRows] = [reach.rows("pre", weights), reach.rows("weight", weights)];
  const hears = [...fromUnits.hears, ...fromWeights.hears];
  const scopes: Scopes = {
    ...(inputs.any ? { pre: inputs.others ? "unit" : "synapse" } : {}),
    ...(fromUnits.any ? { post: fromUnits.hears.length > 0 ? "layer" : "unit" } : {}),
    ...(fromWeights.any
      ? { weight: fromWeights.hears.length > 0 ? "layer" : ownRows.others ? "unit" : "synapse" }
      : {}),
  };
  return {
    lateral: {
      units: hears.length === 0 ? "none" : hears.includes(0) ? "all" : "ordered",
      positions: reach.positionsMeet(),
    },
    scopes,
  };
}

/** The tag of a number: its bits, and the bits that it has not. Other bits than its own are those of another number. */
function tagger(count: number): (index: number) => number {
  const bits = Math.max(1, Math.ceil(Math.log2(count)));
  return (index) => (index | (((1 << bits) - 1 - index) << bits)) >>> 0;
}

class Reach {
  private readonly own: readonly ActivityLeaf[];
  private readonly isOutside: (node: Tensor) => boolean;

  constructor(
    private readonly graph: UpdateGraph,
    private readonly layer: number,
    private readonly changes: readonly Tensor[],
    held: ReadonlySet<Tensor>,
  ) {
    this.own = [...graph.leaves.values()].filter((leaf) => ownerOf(leaf) === layer);
    this.isOutside = (node) => held.has(node);
  }

  /** Units whose update depends on another unit's activity or weights. */
  units(
    what: "activity" | "weight",
    outputs: readonly Tensor[],
  ): { readonly any: boolean; readonly hears: readonly number[] } {
    const units = this.here.outFeatures;
    const tagOf = tagger(units);
    const sources = what === "weight" ? this.parameters() : this.own.map(({ leaf }) => leaf);
    const found = this.follow(outputs, (node) =>
      sources.includes(node) ? alongAxis(node, -1, (unit) => tagOf(unit % units)) : undefined,
    );
    const hears = outputs.flatMap((output) => heard(output, found.get(output), -1, tagOf));
    return { any: outputs.some((output) => found.has(output)), hears: [...new Set(hears)] };
  }

  /** Whether an update depends on inputs (or on weights from inputs) at all, and on others than its own. */
  rows(what: "pre" | "weight", outputs: readonly Tensor[]): { readonly any: boolean; readonly others: boolean } {
    const { inFeatures } = this.here;
    const tagOf = tagger(inFeatures);
    const inputs = [...this.graph.leaves.values()].filter(
      ({ signal, layer }) => signal === "pre" && layer.index === this.layer,
    );
    const sources = what === "pre" ? inputs.map(({ leaf }) => leaf) : this.parameters();
    const at = (node: Tensor): Load | undefined => {
      if (!sources.includes(node)) return undefined;
      const axis = what === "pre" ? -1 : -2;
      return node.size(axis) === inFeatures ? alongAxis(node, axis, tagOf) : undefined;
    };
    const found = this.follow(outputs, at);
    const others = outputs.some((output) => heard(output, found.get(output), -2, tagOf).length > 0);
    return { any: outputs.some((output) => found.has(output)), others };
  }

  positionsMeet(): boolean {
    const known = mixtures(this.changes, {
      at: (node) => {
        const leaf = this.own.find((one) => one.leaf === node);
        return leaf && this.positionsIn(leaf);
      },
      cut: this.isOutside,
    });
    return mixingOf(this.changes, known) === "mixed";
  }

  /** The positions of this layer that the elements of its activity belong to, from 1. */
  private positionsIn({ leaf, signal, layer }: ActivityLeaf): Load {
    const { positions, shared } = this.here;
    if (signal !== "pre")
      return shared
        ? alongAxis(leaf, -2, (row) => (row % positions) + 1)
        : alongAxis(leaf, -3, (position) => (position % positions) + 1);
    // What the layer above sees of it: positions side by side, or all of them at once.
    if (layer.pooling === "mean") return everywhere(leaf.rank, positions === 1 ? 1 : sum);
    const patch = positions / layer.positions;
    const [rows, columns] = [layer.shared ? leaf.size(-2) : leaf.size(-3), leaf.size(-1)];
    const values = Int32Array.from({ length: rows * columns }, (_, i) => {
      const place = Math.floor(i / columns) % layer.positions;
      return place * patch + Math.floor(((i % columns) * patch) / columns) + 1;
    });
    return compact({ shape: layer.shared ? [rows, columns] : [rows, 1, columns], values });
  }

  /** Follows tags to the outputs, through what the layer keeps. */
  private follow(outputs: readonly Tensor[], at: (node: Tensor) => Load | undefined): ReadonlyMap<Tensor, Load> {
    const states = [...this.graph.kept].flatMap(([node, { variable, next }]) => {
      const isOwn = variable.owner === undefined || variable.owner.index === this.layer;
      // A head learns from what its slope is made of.
      const isChanged = variable.kind === "state" || variable.kind === "head";
      return isChanged && next !== undefined && isOwn ? [{ node, next }] : [];
    });
    const kept = new Map<Tensor, Load>();
    for (;;) {
      const tags = dependences([...outputs, ...states.map(({ next }) => next)], {
        at: (node) => at(node) ?? kept.get(node),
        cut: this.isOutside,
      });
      let grown = false;
      for (const { node, next } of states) {
        const [before, now] = [kept.get(node), tags.get(next)];
        if (now === undefined) continue;
        const both = before === undefined ? now : joinedEach([before, now], node.rank, (a = 0, b = 0) => a | b);
        if (before !== undefined && isSame(before, both)) continue;
        kept.set(node, both);
        grown = true;
      }
      if (!grown) return tags;
    }
  }

  private get here() {
    const found = this.graph.network.layers[this.layer - 1];
    if (found === undefined) throw new Error(`internal: no layer ${this.layer}`);
    return found;
  }

  private parameters(): Tensor[] {
    return [...this.graph.kept].flatMap(([node, { variable }]) =>
      variable.owner?.index === this.layer && (variable.kind === "weight" || variable.kind === "bias") ? [node] : [],
    );
  }
}

/** Coordinates along an axis whose elements carry other tags than their own. */
function heard(node: Tensor, load: Load | undefined, axis: number, tagOf: (coordinate: number) => number): number[] {
  if (load === undefined) return [];
  const at = node.rank + axis;
  const { values } = spread(load, node.shape, [at]);
  const [length, behind] = [node.size(axis), sizeOf(load.shape.slice(at + 1))];
  const found = new Set<number>();
  values.forEach((set, i) => {
    const coordinate = Math.floor(i / behind) % length;
    if ((set & ~tagOf(coordinate)) !== 0) found.add(coordinate);
  });
  return [...found];
}
