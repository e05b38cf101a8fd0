/**
 * Bounds of computed indices, element by element, from the expression alone: an index that is made of data may point anywhere
 * between them.
 */
import { type Attributes, is, sizeOf, type Tensor, topological } from "../graph/index.ts";
import { interpret } from "../runtime/interpreter.ts";
import { broadcastPlaces, places } from "./placement.ts";

/** Least and largest value of every element. */
export interface Bounds {
  readonly low: Float64Array;
  readonly high: Float64Array;
}

/** Bounds of an expression; infinite where nothing is known. Values that are not numbers are left out of account. */
export function boundsOf(expression: Tensor): Bounds {
  const done = new Map<Tensor, Bounds>();
  for (const node of topological([expression])) done.set(node, boundsAt(node, done));
  return of(done, expression);
}

function of(done: ReadonlyMap<Tensor, Bounds>, node: Tensor | undefined): Bounds {
  const found = node && done.get(node);
  if (found === undefined) throw new Error("internal: bounds of a node before its operands");
  return found;
}

const everywhere = (size: number, low: number, high: number): Bounds => ({
  low: new Float64Array(size).fill(low),
  high: new Float64Array(size).fill(high),
});

function boundsAt(node: Tensor, done: ReadonlyMap<Tensor, Bounds>): Bounds {
  const size = sizeOf(node.shape);
  const operand = (i: number): Bounds => {
    const x = node.inputs[i];
    return moved(of(done, x), broadcastPlaces(x?.shape ?? [], node.shape));
  };
  const each = (low: (i: number) => number, high: (i: number) => number): Bounds => ({
    low: Float64Array.from({ length: size }, (_, i) => low(i)),
    high: Float64Array.from({ length: size }, (_, i) => high(i)),
  });
  const at = (list: Float64Array, i: number): number => list[i] ?? NaN;
  const binary = (combine: (x: Bounds, y: Bounds, i: number) => readonly number[]): Bounds => {
    const [x, y] = [operand(0), operand(1)];
    return each(
      (i) => Math.min(...combine(x, y, i)),
      (i) => Math.max(...combine(x, y, i)),
    );
  };
  switch (node.primitive) {
    case "constant": {
      const [value] = interpret([node]);
      return { low: value?.values ?? new Float64Array(), high: value?.values ?? new Float64Array() };
    }
    case "add":
      return binary((x, y, i) => [at(x.low, i) + at(y.low, i), at(x.high, i) + at(y.high, i)]);
    case "sub":
      return binary((x, y, i) => [at(x.low, i) - at(y.high, i), at(x.high, i) - at(y.low, i)]);
    case "mul":
      return binary((x, y, i) =>
        [at(x.low, i), at(x.high, i)].flatMap((a) =>
          [at(y.low, i), at(y.high, i)].map((b) => (a === 0 || b === 0 ? 0 : a * b)),
        ),
      );
    case "minimum":
      return binary((x, y, i) => [Math.min(at(x.low, i), at(y.low, i)), Math.min(at(x.high, i), at(y.high, i))]);
    case "maximum":
      return binary((x, y, i) => [Math.max(at(x.low, i), at(y.low, i)), Math.max(at(x.high, i), at(y.high, i))]);
    case "floor":
    case "cast": {
      const x = operand(0);
      const whole = node.primitive === "floor" || node.dtype === "int32" ? Math.floor : (value: number) => value;
      return each(
        (i) => whole(at(x.low, i)),
        (i) => whole(at(x.high, i)),
      );
    }
    case "where":
      return chosen(node, operand(1), operand(2), each, at);
    case "relu": {
      const x = operand(0);
      return each(
        (i) => Math.max(at(x.low, i), 0),
        (i) => Math.max(at(x.high, i), 0),
      );
    }
    case "sigmoid":
    case "softmax":
    case "oneHot":
      return everywhere(size, 0, 1);
    case "argmax": {
      const { axis } = node.attributes as Attributes["argmax"];
      return everywhere(size, 0, (node.inputs[0]?.size(axis) ?? 1) - 1);
    }
    case "mark":
    case "stopGradient":
      return operand(0);
    case "reshape":
    case "transpose":
    case "broadcastTo":
    case "slice": {
      const [x] = node.inputs;
      return moved(of(done, x), places(node.primitive, node.attributes as never, [x?.shape ?? []]));
    }
    default:
      return everywhere(size, -Infinity, Infinity);
  }
}

function moved({ low, high }: Bounds, from: Int32Array): Bounds {
  return {
    low: Float64Array.from(from, (place) => low[place] ?? -Infinity),
    high: Float64Array.from(from, (place) => high[place] ?? Infinity),
  };
}

/** `where(c < x, x, y)` shows x only where it is above c. */
function chosen(
  node: Tensor,
  x: Bounds,
  y: Bounds,
  each: (low: (i: number) => number, high: (i: number) => number) => Bounds,
  at: (list: Float64Array, i: number) => number,
): Bounds {
  const [condition, then] = node.inputs;
  const [threshold, compared] = condition !== undefined && is(condition, "less") ? condition.inputs : [];
  const above =
    compared === then &&
    threshold !== undefined &&
    is(threshold, "constant") &&
    threshold.attributes.values.length === 1
      ? (threshold.attributes.values[0] ?? -Infinity)
      : -Infinity;
  return each(
    (i) => Math.min(Math.max(at(x.low, i), above), at(y.low, i)),
    (i) => Math.max(at(x.high, i), at(y.high, i)),
  );
}
