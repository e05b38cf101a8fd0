/**
 * Bounds of computed indices, element by element, from the expression alone: an index that is made of data may point anywhere
 * between them. Bounds are whole numbers, rounded outwards.
 */
import { type Attributes, is, type Tensor, topological } from "../../graph/index.ts";
import { compact, everywhere, joinedEach, type Load, ranked, reshaped, sliced, transposed } from "./load.ts";

/** Least and largest value of every element; beyond `unbounded` nothing is known. Values that are not numbers are left out of account. */
export interface Bounds {
  readonly low: Load;
  readonly high: Load;
}

/** Stands for infinity. */
export const unbounded = 2 ** 30;

/** Bounds of an expression. */
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

const between = ({ rank }: Tensor, low: number, high: number): Bounds => ({
  low: everywhere(rank, low),
  high: everywhere(rank, high),
});

const clamped = (value: number): number => Math.max(-unbounded, Math.min(unbounded, value));
/** A sum in which infinity stays what it is. */
const plus = (a: number, b: number): number =>
  Math.abs(a) === unbounded ? a : Math.abs(b) === unbounded ? b : clamped(a + b);
const times = (a: number, b: number): number => (a === 0 || b === 0 ? 0 : clamped(a * b));

function boundsAt(node: Tensor, done: ReadonlyMap<Tensor, Bounds>): Bounds {
  const operand = (i: number): Bounds => of(done, node.inputs[i]);
  /** Bounds from those of the operands: low and high of the first, low and high of the second. */
  const joined = (
    low: (a: number, b: number, c: number, d: number) => number,
    high: (a: number, b: number, c: number, d: number) => number,
  ): Bounds => {
    const all = node.inputs.flatMap((_, i) => [operand(i).low, operand(i).high]);
    const each = (join: typeof low): Load =>
      joinedEach(all, node.rank, (a = 0, b = 0, c = 0, d = 0) => join(a, b, c, d));
    return { low: each(low), high: each(high) };
  };
  const moved = (move: (load: Load) => Load): Bounds => ({ low: move(operand(0).low), high: move(operand(0).high) });
  switch (node.primitive) {
    case "constant": {
      const { values } = node.attributes as Attributes["constant"];
      const rounded = (round: (value: number) => number): Load =>
        compact({ shape: node.shape, values: Int32Array.from(values, (value) => clamped(round(value))) });
      return { low: rounded(Math.floor), high: rounded(Math.ceil) };
    }
    case "add":
      return joined(
        (a, _b, c) => plus(a, c),
        (_a, b, _c, d) => plus(b, d),
      );
    case "sub":
      return joined(
        (a, _b, _c, d) => plus(a, -d),
        (_a, b, c) => plus(b, -c),
      );
    case "mul":
      return joined(
        (a, b, c, d) => Math.min(times(a, c), times(a, d), times(b, c), times(b, d)),
        (a, b, c, d) => Math.max(times(a, c), times(a, d), times(b, c), times(b, d)),
      );
    case "minimum":
      return joined(
        (a, _b, c) => Math.min(a, c),
        (_a, b, _c, d) => Math.min(b, d),
      );
    case "maximum":
      return joined(
        (a, _b, c) => Math.max(a, c),
        (_a, b, _c, d) => Math.max(b, d),
      );
    // Whole bounds stay bounds under rounding down and towards 0.
    case "floor":
    case "cast":
    case "stopGradient":
      return operand(0);
    case "where":
      return chosen(node, operand(1), operand(2));
    case "relu":
      return joined(
        (a) => Math.max(a, 0),
        (_a, b) => Math.max(b, 0),
      );
    case "sigmoid":
    case "softmax":
    case "oneHot":
      return between(node, 0, 1);
    case "argmax":
      return between(node, 0, (node.inputs[0]?.size((node.attributes as Attributes["argmax"]).axis) ?? 1) - 1);
    case "reshape":
      return moved((load) => reshaped(load, node.inputs[0]?.shape ?? [], node.shape));
    case "transpose":
      return moved((load) => transposed(load, (node.attributes as Attributes["transpose"]).permutation));
    case "broadcastTo":
      return moved((load) => ranked(load, node.rank));
    case "slice": {
      const { starts, ends } = node.attributes as Attributes["slice"];
      return moved((load) => sliced(load, starts, ends));
    }
    default:
      return between(node, -unbounded, unbounded);
  }
}

/** `where(c < x, x, y)` shows x only where it is above c. */
function chosen(node: Tensor, x: Bounds, y: Bounds): Bounds {
  const [condition, then] = node.inputs;
  const [threshold, compared] = condition !== undefined && is(condition, "less") ? condition.inputs : [];
  const above =
    compared === then &&
    threshold !== undefined &&
    is(threshold, "constant") &&
    threshold.attributes.values.length === 1
      ? clamped(Math.floor(threshold.attributes.values[0] ?? -unbounded))
      : -unbounded;
  return {
    low: joinedEach([x.low, y.low], node.rank, (a = 0, b = 0) => Math.min(Math.max(a, above), b)),
    high: joinedEach([x.high, y.high], node.rank, (a = 0, b = 0) => Math.max(a, b)),
  };
}

/** Places of an axis that indices may point into: each range of places once, the first and the last, and the number of its range for every index. */
export interface Ranges {
  readonly places: readonly (readonly [first: number, last: number])[];
  readonly which: Load;
}

/** Ranges of an index by the size of the axis: they depend on the expression alone. */
const known = new WeakMap<Tensor, Map<number, Ranges>>();

/** The places of an axis of `size` that each index may point into; all of them where it may lie outside. */
export function ranges(index: Tensor, size: number): Ranges {
  const ofIndex = known.get(index) ?? new Map<number, Ranges>();
  const found = ofIndex.get(size) ?? rangesWithin(boundsOf(index), index.rank, size);
  known.set(index, ofIndex.set(size, found));
  return found;
}

function rangesWithin({ low, high }: Bounds, rank: number, size: number): Ranges {
  const inside = (least: number, most: number): boolean => least >= 0 && most < size && least <= most;
  const places: (readonly [number, number])[] = [];
  const numbers = new Map<number, number>();
  const which = joinedEach([low, high], rank, (least = 0, most = 0) => {
    const [first, last] = inside(least, most) ? [least, most] : [0, size - 1];
    const key = first * size + last;
    const number = numbers.get(key) ?? places.push([first, last]) - 1;
    numbers.set(key, number);
    return number;
  });
  return { places, which };
}
