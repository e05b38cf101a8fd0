/**
 * What comes to a layer from outside it: the largest expressions of its update that hold nothing of its own. Where such an expression
 * meets the layer's own activity, weights or feedback, it has arrived.
 */
import { is, sizeOf, type Tensor, topological } from "../../graph/index.ts";
import type { LayerReads } from "./flow.ts";
import { ownerOf, type UpdateGraph } from "./graph.ts";

/** A value that comes to a layer from outside it. */
export interface Arrival {
  /** An error vector, a number for all, the label, a message of another layer's making, its weights, the network's input, noise that is not the layer's own. */
  readonly kind: "error" | "broadcast" | "label" | "message" | "weights" | "input" | "noise";
  /** Where a message or weights come from. */
  readonly from?: "above" | "below";
  /** Numbers for each example; of weights, numbers in all. */
  readonly dimension: number;
  /** How many of them one update needs, e.g. one for each step of settling. */
  readonly count: number;
}

/** Whence the leaves behind a node come, as seen from a layer. */
interface Whence {
  readonly own: boolean;
  readonly label: boolean;
  readonly noise: boolean;
  readonly input: boolean;
  readonly above: boolean;
  readonly below: boolean;
  /** An error vector or a broadcast, which is one whatever is made of it. */
  readonly held: boolean;
  /** Any activity, or the input: something of an example. */
  readonly data: boolean;
}

const nowhere: Whence = {
  own: false,
  label: false,
  noise: false,
  input: false,
  above: false,
  below: false,
  held: false,
  data: false,
};

/** Everything that arrives at a layer. */
export function arrivalsAt(graph: UpdateGraph, layer: number, reads: LayerReads): Arrival[] {
  const counted = new Map<string, Arrival>();
  for (const arrival of arrivedAt(graph, layer, reads).values()) {
    const key = JSON.stringify(arrival);
    // Whatever is made of the label, it is the class of an example.
    const count = arrival.kind === "label" ? 1 : (counted.get(key)?.count ?? 0) + 1;
    counted.set(key, { ...arrival, count });
  }
  return [...counted.values()];
}

/** The nodes that arrive at a layer, and what each of them is. */
export function arrivedAt(graph: UpdateGraph, layer: number, reads: LayerReads): Map<Tensor, Omit<Arrival, "count">> {
  const behind = [...reads.behind].flatMap((leaf) => graph.leaves.get(leaf)?.origin ?? []);
  const roots = [...(graph.roots[layer - 1] ?? []), ...behind];
  const held = new Map<Tensor, "error" | "broadcast">([
    ...[...reads.errors].map((node) => [node, "error"] as const),
    ...[...reads.broadcasts].map((node) => [node, "broadcast"] as const),
  ]);
  const whence = originsFrom(graph, layer, roots, held);
  const isOutside = (node: Tensor): boolean => {
    const found = whence.get(node);
    return held.has(node) || (found !== undefined && !found.own && Object.values(found).some(Boolean));
  };
  const arrived = new Set<Tensor>();
  const seen = new Set<Tensor>();
  const stack = [...roots];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    const { own, held: hasHeld, data, ...others } = whence.get(node) ?? nowhere;
    const isMadeOfHeld = !own && hasHeld && !data && !held.has(node) && !Object.values(others).some(Boolean);
    if (isOutside(node) && !isMadeOfHeld) arrived.add(node);
    else stack.push(...node.inputs);
  }
  return new Map(
    [...arrived].map((node) => {
      const kind = kindOf(held.get(node), whence.get(node) ?? nowhere);
      return [node, { ...kind, dimension: dimensionOf(node, kind.kind, graph) }];
    }),
  );
}

function dimensionOf({ shape }: Tensor, kind: Arrival["kind"], { network, batch }: UpdateGraph): number {
  if (kind === "label") return network.readout.classes;
  return kind === "weights" ? sizeOf(shape) : Math.max(1, sizeOf(shape) / batch);
}

function kindOf(held: "error" | "broadcast" | undefined, from: Whence): Pick<Arrival, "kind" | "from"> {
  if (held !== undefined) return { kind: held };
  const kind = from.data || from.label || from.noise || from.held ? "message" : "weights";
  if (from.above) return { kind, from: "above" };
  if (from.below) return { kind, from: "below" };
  if (from.input) return { kind: "input" };
  return { kind: from.label ? "label" : "noise" };
}

function originsFrom(
  graph: UpdateGraph,
  layer: number,
  roots: readonly Tensor[],
  held: ReadonlyMap<Tensor, unknown>,
): Map<Tensor, Whence> {
  const found = new Map<Tensor, Whence>();
  const ofLayer = (index: number): Whence =>
    index === layer
      ? { ...nowhere, own: true }
      : index === 0
        ? { ...nowhere, input: true }
        : index > layer
          ? { ...nowhere, above: true }
          : { ...nowhere, below: true };
  const atLeaf = (node: Tensor): Whence => {
    const leaf = graph.leaves.get(node);
    if (leaf !== undefined) {
      const isInput = leaf.signal === "pre" && leaf.layer.index === layer;
      return { ...(isInput ? { ...nowhere, own: true } : ofLayer(ownerOf(leaf))), data: true };
    }
    if (node === graph.labels) return { ...nowhere, label: true };
    const kept = graph.kept.get(node);
    // A value of the whole network is nobody's.
    if (kept !== undefined) return kept.variable.owner === undefined ? nowhere : ofLayer(kept.variable.owner.index);
    const noise = graph.registry.noises.find(({ tensor }) => tensor === node);
    if (noise !== undefined)
      return noise.owner?.index === layer ? { ...nowhere, own: true } : { ...nowhere, noise: true };
    return { ...ofLayer(0), data: true };
  };
  for (const node of topological(roots)) {
    if (is(node, "input")) found.set(node, atLeaf(node));
    else if (held.has(node)) found.set(node, { ...nowhere, held: true });
    else
      found.set(
        node,
        node.inputs.reduce((all, operand) => either(all, found.get(operand) ?? nowhere), nowhere),
      );
  }
  return found;
}

function either(a: Whence, b: Whence): Whence {
  return {
    own: a.own || b.own,
    label: a.label || b.label,
    noise: a.noise || b.noise,
    input: a.input || b.input,
    above: a.above || b.above,
    below: a.below || b.below,
    held: a.held || b.held,
    data: a.data || b.data,
  };
}
