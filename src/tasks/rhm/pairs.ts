/** Positive pairs on strings of a random hierarchy model: which kinds carry a signal, and partners for those that need a second string. */
import type { Random } from "../../random/stream.ts";
import { sameClassPartner } from "../same-class.ts";
import type { Examples, PairKind, PartnerKind } from "../task.ts";
import { isMaximal, type Hierarchy, type HierarchyParameters } from "./hierarchy.ts";
import { resampleBelow } from "./interventions.ts";

/** Why a kind of pair carries no signal or cannot be built for these parameters; undefined when it is fine. */
export function pairRefusal(parameters: HierarchyParameters, kind: PairKind): string | undefined {
  const { v, m, s, depth, classes } = parameters;
  switch (kind) {
    case "temporal":
      if (classes > 1) return undefined;
      return "temporal pairs: expected at least 2 classes, got 1, so any two strings are a pair; raise classes";
    case "context":
      if (depth === 1) {
        return `context pairs: expected strings of at least 2 patches, got depth 1, one patch of s = ${s} symbols; raise depth`;
      }
      if (!isMaximal(parameters)) return undefined;
      return (
        `context pairs: expected m < v^(s-1) = ${m} or classes < v, got m = ${m}, classes = v = ${v}; every string of v^d occurs ` +
        `exactly once, so symbols are independent and uniform and neighbouring patches carry no unsupervised signal; lower m`
      );
    case "resample":
      if (m > 1) return undefined;
      return "resample pairs: expected m of at least 2, got 1; symbols have no synonyms, so a string is its own partner; raise m";
    case "halves":
      return undefined;
    default:
      return kind satisfies never;
  }
}

/**
 * Writes the partners of strings `indices` of `examples` into `out` [indices.length, positions].
 *
 * `temporal`: another string of the same class of the same set, uniformly; itself only when the class has no other. `resample`: the
 * string with every production at and below `level` chosen anew (default `depth` - 1, the lowest productions alone). Resampled
 * strings come from the whole grammar: they may be strings of the test set, without their labels. Throws RangeError when shapes,
 * indices or level do not fit.
 */
export function writePartners(
  hierarchy: Hierarchy,
  kind: PartnerKind,
  examples: Examples,
  indices: Int32Array,
  out: Int32Array,
  random: Random,
  level = hierarchy.parameters.depth - 1,
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
    const source = kind === "temporal" ? sameClassPartner(examples, index, random) : index;
    // Element by element: a view per string costs more than copying a string's few symbols.
    const from = source * positions;
    const to = i * positions;
    for (let k = 0; k < positions; k++) out[to + k] = tokens[from + k] ?? 0;
  }
  if (kind === "temporal") return;
  const batch = { count: indices.length, tokens: out, labels: new Int32Array(indices.length) };
  out.set(resampleBelow(hierarchy, batch, level, random));
}
