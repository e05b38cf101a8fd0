/** What a layer makes of an input, and what the layer above it is given, also for several passes side by side along a leading axis. */
import { input, sameShape, type Tensor, vmap } from "../../graph/index.ts";
import { activate, type Layer, type LayerParameters, preactivate, receiveFrom } from "../../networks/index.ts";

/** Axes of a layer's activity as samples, in a single pass. */
export function activityRank({ shared }: Pick<Layer, "shared">): number {
  return shared ? 2 : 3;
}

/** Whether a value can be activity of a layer, in one pass or in several side by side. */
export function isActivityOf({ positions, shared, outFeatures }: Layer, x: Tensor): boolean {
  const rank = activityRank({ shared });
  if (x.rank < rank || x.rank > rank + 1 || x.size(-1) !== outFeatures || x.dtype !== "float32") return false;
  return shared ? x.size(-2) % positions === 0 : x.size(-3) === positions;
}

/** The drive without bias, the drive, and the output of a layer for an input. */
export function answerOf(layer: Layer, pre: Tensor, own: LayerParameters): readonly [Tensor, Tensor, Tensor] {
  const { weight, bias } = own;
  const given = [pre, weight, ...(bias === undefined ? [] : [bias])];
  const rank = activityRank(layer);
  const made = lifted(given, [rank, rank, 2], ([x, w, b]) => {
    if (x === undefined || w === undefined) throw new Error("internal: an answer without input or weight");
    const full = preactivate(layer, x, b === undefined ? { weight: w } : { weight: w, bias: b });
    return [preactivate(layer, x, { weight: w }), full, activate(layer, full)];
  });
  return made as [Tensor, Tensor, Tensor];
}

/** What a layer is given where the layer below put out an activity. */
export function received(layer: Layer, below: Layer, activity: Tensor): Tensor {
  const [made] = lifted([activity], [activityRank(below)], ([x]) => [receiveFrom(layer, below, x as Tensor)]);
  return made as Tensor;
}

/** Applies a function that is written for one pass; operands with an axis more than `ranks` are several side by side. */
function lifted(
  given: readonly Tensor[],
  ranks: readonly number[],
  of: (operands: readonly Tensor[]) => readonly Tensor[],
): Tensor[] {
  const single = given.map((x, i) => (x.rank > (ranks[i] ?? 0) ? input(`one ${i}`, x.shape.slice(1), x.dtype) : x));
  const several = given.flatMap((x, i) => (single[i] === x ? [] : [[single[i] as Tensor, x] as const]));
  const made = of(single);
  const [first] = several;
  if (first === undefined) return [...made];
  const size = first[1].size(0);
  const fits = several.every(([one, x]) => sameShape(x.shape, [size, ...one.shape]));
  return fits ? vmap(made, new Map(several), size) : [...made];
}
