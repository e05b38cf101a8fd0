/** What values that are kept from step to step carry on: of what their next values are made they have something in every later step. */
import { type Tensor, topological } from "../../graph/index.ts";
import { isSame, joinedEach, type Load } from "./load.ts";

/** A kept value, and what it becomes; of what is trained, what it moves by. */
export interface Kept {
  readonly node: Tensor;
  readonly next: Tensor;
}

/** What is carried to outputs, and on from step to step by what is kept, until no step adds anything. */
export function throughKept(
  outputs: readonly Tensor[],
  kept: readonly Kept[],
  join: (a: number, b: number) => number,
  carried: (remembered: ReadonlyMap<Tensor, Load>, all: readonly Tensor[]) => ReadonlyMap<Tensor, Load>,
): ReadonlyMap<Tensor, Load> {
  const needed = keptBehind(outputs, kept);
  const all = [...outputs, ...needed.map(({ next }) => next)];
  const remembered = new Map<Tensor, Load>();
  for (;;) {
    const known = carried(remembered, all);
    let grown = false;
    for (const { node, next } of needed) {
      const [before, now] = [remembered.get(node), known.get(next)];
      if (now === undefined) continue;
      const both = before === undefined ? now : joinedEach([before, now], node.rank, (a = 0, b = 0) => join(a, b));
      if (before !== undefined && isSame(before, both)) continue;
      remembered.set(node, both);
      grown = true;
    }
    if (!grown) return known;
  }
}

/** What is kept and reaches outputs, at once or in later steps. */
export function keptBehind(outputs: readonly Tensor[], kept: readonly Kept[]): Kept[] {
  const found = new Set<Kept>();
  for (let grown = true; grown;) {
    grown = false;
    const behind = new Set(topological([...outputs, ...[...found].map(({ next }) => next)]));
    for (const one of kept) {
      if (found.has(one) || !behind.has(one.node)) continue;
      found.add(one);
      grown = true;
    }
  }
  return [...found];
}
