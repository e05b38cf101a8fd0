/** Positive pairs on strings of a random hierarchy model: which kinds carry a signal, and partners for those that need a second string. */
import type { Random } from "../../random/stream.ts";
import type { PairKind, PartnerRequest } from "../pair-kinds.ts";
import { partnersOf, plainRefusal, writePlainPartners } from "../partners.ts";
import { type Examples, type Inputs, symbolsOf, type TaskShape } from "../task.ts";
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
    case "noise":
    case "dropout":
      return plainRefusal(shapeOf(parameters), kind);
    default:
      return kind satisfies never;
  }
}

/** What a string of a model with these parameters is. */
export function shapeOf({ v, s, depth, classes }: HierarchyParameters): TaskShape {
  return { values: "symbols", positions: s ** depth, channels: v, classes, branching: s };
}

/** The level down to which a resampled string keeps its latents: as given, or that for which a layer of the network stands, counted from the symbols up. */
export function levelOf({ depth }: HierarchyParameters, level: number | { readonly layer: number }): number {
  return typeof level === "number" ? level : Math.max(0, depth - level.layer);
}

/**
 * Writes the partners of strings `indices` of `examples` into `out` [indices.length, positions].
 *
 * `resample`: the string with every production at and below a level chosen anew. Resampled strings come from the whole grammar: they may be
 * strings of the test set, without their labels. The others need nothing but the strings (`partners.ts`). Throws RangeError when shapes,
 * indices or level do not fit.
 */
export function writePartners(
  hierarchy: Hierarchy,
  request: PartnerRequest,
  examples: Examples,
  indices: Int32Array,
  out: Inputs,
  random: Random,
): void {
  const { positions, parameters } = hierarchy;
  if (request.kind !== "resample") {
    writePlainPartners(shapeOf(parameters), request, examples, indices, out, random);
    return;
  }
  const sources = partnersOf(positions, request, examples, indices, out, random);
  const strings = symbolsOf(examples);
  sources.forEach((source, i) =>
    out.set(strings.subarray(source * positions, (source + 1) * positions), i * positions),
  );
  const batch = { count: indices.length, inputs: Int32Array.from(out), labels: new Int32Array(indices.length) };
  out.set(resampleBelow(hierarchy, batch, levelOf(parameters, request.level), random));
}
