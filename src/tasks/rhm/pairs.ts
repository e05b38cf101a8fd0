/** Positive pairs on strings of a random hierarchy model: which kinds carry a signal, and partners for those that need a second string. */
import type { Random } from "../../random/stream.ts";
import { blank, type PairKind, type PartnerRequest } from "../pair-kinds.ts";
import { sameClassPartner } from "../same-class.ts";
import type { Examples } from "../task.ts";
import { isMaximal, type Hierarchy, type HierarchyParameters } from "./hierarchy.ts";
import { resampleBelow } from "./interventions.ts";

/** Why a kind of pair carries no signal or cannot be built for these parameters; undefined when it is fine. */
export function pairRefusal(
  parameters: HierarchyParameters,
  kind: PairKind,
  level: "layer" | number = "layer",
): string | undefined {
  const { v, m, depth, classes } = parameters;
  switch (kind) {
    case "same-class":
      if (classes > 1) return undefined;
      return "same-class pairs: expected at least 2 classes, got 1, so any two strings are a pair; raise classes";
    case "context":
      if (!isMaximal(parameters)) return undefined;
      return (
        `context pairs: expected m < v^(s-1) = ${m} or classes < v, got m = ${m}, classes = v = ${v}; every string of v^d occurs ` +
        `exactly once, so symbols are independent and uniform and neighbouring patches carry no unsupervised signal; lower m`
      );
    case "resample":
      if (typeof level === "number" && level >= depth)
        return `resample pairs: expected a level from 0 (the class) to ${depth - 1}, above the symbols, got ${level}`;
      if (m > 1) return undefined;
      return "resample pairs: expected m of at least 2, got 1; symbols have no synonyms, so a string is its own partner; raise m";
    case "halves":
    case "shuffled":
      return undefined;
    default:
      return kind satisfies never;
  }
}

/** The level down to which a resampled string keeps its latents: as given, or that for which a layer of the network stands, counted from the symbols up. */
export function levelOf({ depth }: HierarchyParameters, level: number | { readonly layer: number }): number {
  return typeof level === "number" ? level : Math.max(0, depth - level.layer);
}

/**
 * Writes the partners of strings `indices` of `examples` into `out` [indices.length, positions].
 *
 * `same-class`: another string of the same class of the same set, uniformly; itself only when the class has no other. `shuffled`:
 * another string of the set, uniformly. `part`: the string with the other symbols blank. `resample`: the string with every production at and below a level chosen anew. Resampled
 * strings come from the whole grammar: they may be strings of the test set, without their labels. Throws RangeError when shapes,
 * indices or level do not fit.
 */
export function writePartners(
  hierarchy: Hierarchy,
  request: PartnerRequest,
  examples: Examples,
  indices: Int32Array,
  out: Int32Array,
  random: Random,
): void {
  const { positions } = hierarchy;
  if (out.length !== indices.length * positions) {
    throw new RangeError(
      `partners: expected out to hold [${indices.length}, ${positions}] tokens, got ${out.length}; allocate one string per index`,
    );
  }
  const { count, tokens } = examples;
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i] ?? 0;
    if (index < 0 || index >= count) {
      throw new RangeError(
        `partners: expected indices below ${count}, got ${index}; index the set the batch was drawn from`,
      );
    }
    const source = sourceOf(request, examples, index, random);
    // Element by element: a view per string costs more than copying a string's few symbols.
    const from = source * positions;
    const to = i * positions;
    for (let k = 0; k < positions; k++) out[to + k] = isShown(request, k) ? (tokens[from + k] ?? 0) : blank;
  }
  if (request.kind !== "resample") return;
  const batch = { count: indices.length, tokens: out, labels: new Int32Array(indices.length) };
  out.set(resampleBelow(hierarchy, batch, levelOf(hierarchy.parameters, request.level), random));
}

/** Whether a partner shows the symbol at a position. */
function isShown(request: PartnerRequest, position: number): boolean {
  return request.kind !== "part" || (position >= request.from && position < request.to);
}

/** The example from which the partner of another is made. */
function sourceOf({ kind }: PartnerRequest, examples: Examples, example: number, random: Random): number {
  switch (kind) {
    case "same-class":
      return sameClassPartner(examples, example, random);
    case "shuffled": {
      if (examples.count === 1) return example;
      const drawn = random.integer(examples.count - 1);
      return drawn < example ? drawn : drawn + 1;
    }
    case "part":
    case "resample":
      return example;
    default:
      return kind satisfies never;
  }
}
