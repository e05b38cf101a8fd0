/** How many Boolean functions A[N,H,1] of threshold units can compute at all, with the best weights in both layers. */
import { valueAt } from "../boolean/setting.ts";
import { complement, thresholdFunctions } from "../boolean/threshold-functions.ts";
import { checkArchitecture, type SmallArchitecture } from "./hidden-layer.ts";

/**
 * The number of functions of N inputs that H threshold units and one on top compute, by trying all sets of hidden functions. A hidden unit
 * and its opposite serve the same, since the top may weigh it with either sign; constant and equal units serve nothing. The search ends
 * when all 2^(2^N) functions are found. Throws RangeError for sizes out of range.
 */
export function representableCount({ inputs, hidden }: SmallArchitecture): number {
  checkArchitecture({ inputs, hidden });
  const points = 2 ** inputs;
  const units = thresholdFunctions(inputs).filter((f) => f !== 0 && f < complement(f, points));
  const found = new Set<number>([0, 2 ** points - 1]);
  for (let count = 1; count <= Math.min(hidden, units.length) && found.size < 2 ** points; count++) {
    const tops = thresholdFunctions(count);
    for (const chosen of subsets(units, count)) {
      for (const top of tops) found.add(composed(top, chosen, points));
    }
  }
  return found.size;
}

/** The function that the top computes of the hidden functions. */
function composed(top: number, hidden: readonly number[], points: number): number {
  let f = 0;
  for (let p = 0; p < points; p++) {
    let code = 0;
    for (let i = 0; i < hidden.length; i++) code |= valueAt(hidden[i] ?? 0, p) << i;
    f |= valueAt(top, code) << p;
  }
  return f >>> 0;
}

function* subsets(items: readonly number[], count: number, from = 0): Generator<number[]> {
  if (count === 0) yield [];
  else
    for (let i = from; i <= items.length - count; i++) {
      for (const rest of subsets(items, count - 1, i + 1)) yield [items[i] ?? 0, ...rest];
    }
}
