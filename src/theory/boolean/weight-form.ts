/** A class of threshold functions in words: the smallest whole-number weights that realise a member. */
import type { SymmetryClass } from "./threshold-functions.ts";

const letters = ["a", "b", "c", "d", "e"];

/**
 * For every class, by representative, a member as an inequality between inputs 0 and 1, such as `2a + b + c >= 3`, with weights falling,
 * none negative, and their sum as small as can be; `constant` for the constants. Every class of up to five inputs has one.
 */
export function weightForms(classes: readonly SymmetryClass[], inputs: number): ReadonlyMap<number, string> {
  const representativeOf = new Map(
    classes.flatMap(({ representative, members }) => members.map((f) => [f, representative] as const)),
  );
  const forms = new Map<number, string>();
  for (let sum = 0; forms.size < classes.length; sum++) {
    if (sum > 24) throw new Error(`internal: expected small weights for every class, got none below a sum of ${sum}`);
    for (const weights of fallingParts(sum, inputs)) {
      for (let least = 1; least <= Math.max(sum, 1); least++) {
        const representative = representativeOf.get(functionOf(weights, least));
        if (representative === undefined || forms.has(representative)) continue;
        forms.set(representative, sum === 0 ? "constant" : `${sideOf(weights)} >= ${least}`);
      }
    }
  }
  return forms;
}

function functionOf(weights: readonly number[], least: number): number {
  let f = 0;
  for (let p = 0; p < 2 ** weights.length; p++) {
    const s = weights.reduce((sum, weight, i) => sum + ((p >>> i) & 1) * weight, 0);
    if (s >= least) f |= 1 << p;
  }
  return f >>> 0;
}

function sideOf(weights: readonly number[]): string {
  return weights
    .flatMap((weight, i) => (weight === 0 ? [] : [`${weight === 1 ? "" : weight}${letters[i] ?? ""}`]))
    .join(" + ");
}

/** All ways to write `sum` as `parts` whole numbers, falling. */
function fallingParts(sum: number, parts: number, most = sum): number[][] {
  if (parts === 0) return sum === 0 ? [[]] : [];
  return Array.from({ length: Math.min(sum, most) + 1 }, (_, i) => Math.min(sum, most) - i).flatMap((first) =>
    fallingParts(sum - first, parts - 1, first).map((rest) => [first, ...rest]),
  );
}
