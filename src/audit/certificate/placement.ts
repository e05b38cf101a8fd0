/**
 * Where every element of a result comes from, for primitives that only move elements: the movement is run once on the numbers
 * of the places instead of on values.
 */
import { type Attributes, type Primitive, type Shape, sizeOf, Tensor } from "../../graph/index.ts";
import { interpret } from "../../runtime/interpreter.ts";

/** Movements recur in every layer and every rule; the same one gives the same places. */
const known = new Map<string, Int32Array>();
const mostKnown = 4000;

/**
 * For each element of the result of a moving primitive, the place of the element it shows, or -1 where it shows the constant 0
 * of padding. Places run through all operands, one after another. `shapes` are those of the operands.
 */
export function places<P extends Primitive>(
  primitive: P,
  attributes: Attributes[P],
  shapes: readonly Shape[],
): Int32Array {
  const key = JSON.stringify([primitive, attributes, shapes]);
  const found = known.get(key);
  if (found !== undefined) return found;
  let start = 1;
  const numbered = shapes.map((shape) => {
    const first = start;
    start += sizeOf(shape);
    const values = Array.from({ length: sizeOf(shape) }, (_, i) => first + i);
    return Tensor.of("constant", { shape, dtype: "float32", values });
  });
  const [moved] = interpret([Tensor.of(primitive, attributes, ...numbered)]);
  const made = Int32Array.from(moved?.values ?? [], (place) => place - 1);
  if (known.size >= mostKnown) known.clear();
  known.set(key, made);
  return made;
}

/** For each element of `to`, the place of the element of `from` that broadcasting puts there; both have as many axes. */
export function broadcastPlaces(from: Shape, to: Shape): Int32Array {
  const made = new Int32Array(sizeOf(to));
  // From the last axis to the first: what is written already is repeated for every further coordinate.
  let [written, stride] = [1, 1];
  for (let axis = to.length - 1; axis >= 0; axis--) {
    const [length = 1, stored = 1] = [to[axis], from[axis]];
    const step = stored === 1 ? 0 : stride;
    for (let c = 1; c < length; c++)
      for (let i = 0; i < written; i++) made[c * written + i] = (made[i] as number) + c * step;
    written *= length;
    stride *= stored;
  }
  return made;
}
