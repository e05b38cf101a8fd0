/**
 * How far apart what a synapse w_ij learns from may lie: at the synapse, at its unit, in its layer.
 *
 * Everything outside the layer is held: a message from another layer, an error or a broadcast may well be made of all units here, but
 * is not lateral. What is kept, by whomever, carries what it is made of from one step to the next; the layer's own activity of a further
 * pass, and its input there, carry what the rule has made them of.
 */
import { sameShape, sizeOf, type Tensor } from "../../graph/index.ts";
import { dependences } from "./dependence.ts";
import { Expansion } from "./expansion.ts";
import { followed, type Ground, type Put } from "./followed.ts";
import { type ActivityLeaf, ownerOf, type UpdateGraph } from "./graph.ts";
import { type Kept, throughKept } from "./kept.ts";
import { alongAxis, type Load, spread } from "./load.ts";
import { earlier, mixingOf, mixtures, together } from "./mixing.ts";

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
  const reach = new Reach(graph, layer, held);
  const { activity, weights, noise, inputs, ownInputs } = reach.questions;
  const [fromUnits, fromWeights] = [reach.answer(activity), reach.answer(weights)];
  const [fromInputs, fromOwnWeights] = [reach.answer(inputs), reach.answer(ownInputs)];
  const hears = [...fromUnits.hears, ...fromWeights.hears, ...reach.answer(noise).hears];
  const scopes: Scopes = {
    ...(fromInputs.any ? { pre: fromInputs.hears.length > 0 ? "unit" : "synapse" } : {}),
    ...(fromUnits.any ? { post: fromUnits.hears.length > 0 ? "layer" : "unit" } : {}),
    ...(fromWeights.any
      ? { weight: fromWeights.hears.length > 0 ? "layer" : fromOwnWeights.hears.length > 0 ? "unit" : "synapse" }
      : {}),
  };
  return {
    lateral: {
      units: hears.length === 0 ? "none" : hears.includes(0) ? "all" : "ordered",
      positions: of.positions > 1 && reach.positionsMeet(),
    },
    scopes,
  };
}

/** The tag of a number: its bits, and the bits that it has not. Other bits than its own are those of another number. */
function tagger(count: number): (index: number) => number {
  const bits = Math.max(1, Math.ceil(Math.log2(count)));
  return (index) => (index | (((1 << bits) - 1 - index) << bits)) >>> 0;
}

type What = "activity" | "weight" | "noise" | "pre";

/** Whether an update tells of other numbers than its own: of other units, of other inputs of a unit. */
export interface Question {
  readonly what: What;
  /** How many there are. */
  readonly count: number;
  /** The axis of an update along which each has its own place. */
  readonly axis: -1 | -2;
  readonly changes: readonly Tensor[];
  /** Puts the tag of its number on every element of what is asked for. */
  readonly put: (tagOf: (number: number) => number) => Put;
}

/** What a layer's update is made of, for questions about its own units, inputs and positions. */
export class Reach {
  /** Leaves of the layer's own activity, and of its inputs, by the nodes that stand for them here. */
  readonly leaves = new Map<Tensor, ActivityLeaf>();
  private readonly kept: readonly Kept[];
  private readonly changes: readonly Tensor[];
  private readonly outputs: ReadonlyMap<Tensor, Tensor>;
  private readonly isOutside: (node: Tensor) => boolean;

  constructor(
    private readonly graph: UpdateGraph,
    private readonly layer: number,
    held: ReadonlySet<Tensor>,
  ) {
    this.changes = graph.changes[layer - 1] ?? [];
    const expanded = new Expansion();
    for (const found of graph.leaves.values()) {
      const { leaf, pass, expression } = found;
      const isOwn = ownerOf(found) === layer;
      const isInput = found.signal === "pre" && found.layer.index === layer;
      if (!isOwn && !isInput) continue;
      if (isOwn && found.layer.index !== layer) {
        // What the layer above is given is the layer's output, laid out as that layer sees it.
        expanded.replace(leaf, expression);
        continue;
      }
      const node = pass.kind === "further" ? expanded.replace(leaf, expression) : leaf;
      // A drive that is nothing but the product stands in the product's place.
      if (this.leaves.get(node)?.isProduct !== true) this.leaves.set(node, found);
    }
    const nexts = [...graph.kept].flatMap(([node, { variable, next }]) =>
      next === undefined || variable.kind === "weight" || variable.kind === "bias" ? [] : [{ node, next }],
    );
    const all = expanded.apply([...this.changes, ...nexts.map(({ next }) => next)]);
    this.outputs = new Map(this.changes.map((change, i) => [change, all[i] ?? change]));
    this.kept = nexts.map(({ node, next }, i) => ({ node, next: all[this.changes.length + i] ?? next }));
    const outside = new Set(expanded.apply([...held]));
    this.isOutside = (node) => outside.has(node);
  }

  /** What is asked of it: about units by their activity, weights and noise; about inputs by their activity, and by the weights from them. */
  get questions(): Readonly<Record<"activity" | "weights" | "noise" | "inputs" | "ownInputs", Question>> {
    const { inFeatures, outFeatures } = this.here;
    const parameters = this.parameters();
    const isOwn = (node: Tensor): boolean => {
      const leaf = this.leaves.get(node);
      return leaf !== undefined && ownerOf(leaf) === this.layer;
    };
    const isInput = (node: Tensor): boolean => {
      const leaf = this.leaves.get(node);
      return leaf?.signal === "pre" && leaf.layer.index === this.layer && node.size(-1) === inFeatures;
    };
    const put = (axis: number, count: number, isSource: (node: Tensor) => boolean): Question["put"] => {
      return (tagOf) => (node) => (isSource(node) ? alongAxis(node, axis, (at) => tagOf(at % count)) : undefined);
    };
    const unit = { count: outFeatures, axis: -1, changes: this.changes } as const;
    const weighted = this.changes.filter((change) => change.size(-2) === inFeatures);
    const row = { count: inFeatures, axis: -2, changes: weighted } as const;
    return {
      activity: { ...unit, what: "activity", put: put(-1, outFeatures, isOwn) },
      weights: { ...unit, what: "weight", put: put(-1, outFeatures, (node) => parameters.includes(node)) },
      noise: { ...unit, what: "noise", put: this.putNoise },
      inputs: { ...row, what: "pre", put: put(-1, inFeatures, isInput) },
      ownInputs: {
        ...{ ...row, what: "weight" },
        put: put(-2, inFeatures, (node) => parameters.includes(node) && node.size(-2) === inFeatures),
      },
    };
  }

  /** Whether an update tells of what is asked for at all, and the numbers whose own update tells of others. */
  answer(question: Question): { readonly any: boolean; readonly hears: readonly number[] } {
    const tagOf = tagger(question.count);
    const ground = this.groundOf(question);
    const known = followed(ground, question.put(tagOf));
    const hears = ground.outputs.flatMap((output) => heard(output, known.get(output), question.axis, tagOf));
    return { any: ground.outputs.some((output) => known.has(output)), hears: [...new Set(hears)] };
  }

  /** Where tags of what is asked for are followed. */
  groundOf({ what, changes }: Question): Ground {
    // What a unit computes with its own weights in a further pass is its activity; only what else went into it is followed.
    const isAnswer = (node: Tensor): boolean =>
      this.leaves.get(node)?.pass.kind !== "further" ||
      (what !== "activity" && this.leaves.get(node)?.isProduct === true) ||
      what === "noise";
    return {
      outputs: changes.map((change) => this.outputs.get(change) ?? change),
      kept: this.kept,
      stops: (node) => (this.leaves.has(node) && isAnswer(node)) || this.isOutside(node),
    };
  }

  /** Whether what happens at one position bears on what another one contributes to the update. */
  positionsMeet(): boolean {
    const { ground, put } = this.positions;
    const isBatch = (node: Tensor): boolean => this.leaves.get(node)?.pass.kind !== "further";
    const known = throughKept(ground.outputs, ground.kept, together, (remembered, all) =>
      mixtures(all, {
        at: (node) => {
          const before = remembered.get(node);
          // Positions are the same at every step.
          return (isBatch(node) ? put(node) : undefined) ?? (before && earlier(before, Infinity));
        },
        also: (node) => (isBatch(node) ? undefined : put(node)),
        cut: ground.stops,
      }),
    );
    return mixingOf(ground.outputs, known) === "mixed";
  }

  /** Tags of the layer's own noise: of the unit that each number perturbs, or by its place where it is laid out as the units are. */
  private readonly putNoise: Question["put"] = (tagOf) => {
    const units = this.here.outFeatures;
    const perturbing = this.perturbing(tagOf);
    return (node) =>
      perturbing.get(node) ??
      (this.unitNoises.includes(node) ? alongAxis(node, -1, (unit) => tagOf(unit % units)) : undefined);
  };

  /**
   * The layer's own random numbers that perturb its drives one by one: each with the tag of the unit that it perturbs, however they are laid
   * out. Where several come together in a drive, they are told apart by the last axis, or not at all.
   */
  private perturbing(tagOf: (unit: number) => number): ReadonlyMap<Tensor, Load> {
    const units = this.here.outFeatures;
    const drives = [...this.leaves].flatMap(([node, { pass, signal }]) =>
      pass.kind === "further" && signal !== "pre" && node.shape.at(-1) === units ? [node] : [],
    );
    const found = new Map<Tensor, Load>();
    for (const noise of this.noises) {
      const count = sizeOf(noise.shape);
      if (drives.length === 0 || count === 1 || count > 2 ** 16) continue;
      const numberOf = tagger(count);
      const source = { shape: noise.shape, values: Int32Array.from({ length: count }, (_, i) => numberOf(i)) };
      const reached = dependences(drives, { at: (node) => (node === noise ? source : undefined) });
      const below = 2 ** Math.max(1, Math.ceil(Math.log2(count))) - 1;
      const tags = new Map<number, number>();
      for (const drive of drives) {
        const load = reached.get(drive);
        if (load === undefined) continue;
        spread(load, drive.shape, [drive.rank - 1]).values.forEach((set, i) => {
          const number = set & below;
          if (set !== 0 && set === (numberOf(number) | 0)) tags.set(number, (tags.get(number) ?? 0) | tagOf(i % units));
        });
      }
      if (tags.size === 0) continue;
      const isLaidOut = noise.shape.at(-1) === units;
      const other = (i: number): number => (isLaidOut ? tagOf(i % units) : -1);
      found.set(noise, {
        shape: noise.shape,
        values: Int32Array.from({ length: count }, (_, i) => tags.get(i) ?? other(i)),
      });
    }
    return found;
  }

  /** Where positions are followed to the update, and by which numbers. */
  get positions(): { readonly ground: Ground; readonly put: Put } {
    const { positions, shared } = this.here;
    const outputs = this.changes.map((change) => this.outputs.get(change) ?? change);
    return {
      ground: { outputs, kept: this.kept, stops: this.isOutside },
      put: (node) => {
        if (!this.leaves.has(node)) return undefined;
        return shared
          ? alongAxis(node, -2, (row) => (row % positions) + 1)
          : alongAxis(node, -3, (position) => (position % positions) + 1);
      },
    };
  }

  private get here() {
    const found = this.graph.network.layers[this.layer - 1];
    if (found === undefined) throw new Error(`internal: no layer ${this.layer}`);
    return found;
  }

  /** Its own random numbers. */
  private get noises(): readonly Tensor[] {
    return this.graph.registry.noises.flatMap(({ owner, tensor }) => (owner?.index === this.layer ? [tensor] : []));
  }

  /** Those of them that are laid out with one for each unit and sample. */
  private get unitNoises(): readonly Tensor[] {
    const { here, graph } = this;
    const units = [graph.batch, here.positions, here.outFeatures];
    return this.noises.filter(({ shape }) => sameShape(shape, units));
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
