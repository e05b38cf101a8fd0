/** Which positions of a layer are neighbours: those that the layer above sees together. */
import type { Tensor } from "../graph/index.ts";
import type { Layer } from "./network.ts";
import { toPositions } from "./samples.ts";

/** How many positions of a layer the layer above sees in one patch; all of them where it is the read-out. */
export function siblings(layer: Layer, above: Layer): number {
  return above.pooling === "mean" ? layer.positions : layer.positions / above.positions;
}

/**
 * Each position and the next one beside it in a patch of the layer above, from samples to two times [batch, pairs, n]. Undefined where
 * patches have one position.
 */
export function neighbours(layer: Layer, above: Layer, x: Tensor): readonly [Tensor, Tensor] | undefined {
  const count = siblings(layer, above);
  if (count < 2) return undefined;
  const families = layer.positions / count;
  const [batch, n] = [toPositions(layer, x).size(0), x.size(-1)];
  const patches = toPositions(layer, x).reshape([batch, families, count, n]);
  const side = (first: number): Tensor =>
    patches.narrow(2, first, first + count - 1).reshape([batch, families * (count - 1), n]);
  return [side(0), side(1)];
}
