/** Weights that activity carries: a layer whose activity was scaled by its own weights, one number after the other, shows them to its readers. */
import type { Tensor } from "../../graph/index.ts";
import type { Network } from "../../networks/index.ts";
import { type ActivityLeaf, ownerOf, type UpdateGraph } from "./graph.ts";

/**
 * The layer on whose account activity is looked behind. The input and the read-out have no update of their own here: what the one is made of
 * is the first layer's business, what the scores are made of besides is the top layer's.
 */
export function accountOf({ layers }: Network, owner: number): number {
  return Math.min(Math.max(owner, 1), layers.length);
}

/**
 * Layers whose own weights stand by themselves, not in a product with their input, behind activity of theirs of which a leaf is made.
 */
export function carriedBy({ leaves, kept, network }: UpdateGraph): (leaf: Tensor) => ReadonlySet<number> {
  const known = new Map<Tensor, ReadonlySet<number>>();
  const carried = (leaf: ActivityLeaf): ReadonlySet<number> => {
    const before = known.get(leaf.leaf);
    if (before !== undefined) return before;
    const found = new Set<number>();
    known.set(leaf.leaf, found);
    const owner = accountOf(network, ownerOf(leaf));
    const seen = new Set<Tensor>();
    const stack = [...leaf.origin];
    for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
      if (seen.has(node)) continue;
      seen.add(node);
      const below = leaves.get(node);
      const value = kept.get(node);
      if (below !== undefined) for (const layer of carried(below)) found.add(layer);
      else if (value === undefined) stack.push(...node.inputs);
      else if (value.variable.kind === "weight" || value.variable.kind === "bias") {
        if (value.variable.owner?.index === owner) found.add(owner);
      } else if (value.next !== undefined) stack.push(value.next);
    }
    return found;
  };
  return (node) => {
    const leaf = leaves.get(node);
    return leaf === undefined ? nothing : carried(leaf);
  };
}

const nothing: ReadonlySet<number> = new Set();
