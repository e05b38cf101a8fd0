/**
 * How what is put on elements of some nodes arrives at every element of every node, read off the graph whatever the values.
 *
 * An algebra says what becomes of it in a sum, a product and a function; the table of primitives here says which elements meet in which
 * of these. The same table serves tags (`dependence.ts`) and the forms in which samples come together (`mixing.ts`). Where an index is
 * computed from data it may point anywhere between its bounds (`index-range.ts`); only what is 0 whatever the data (`zeros.ts`) takes
 * anything away.
 */
import { type Attributes, type Shape, sizeOf, type Tensor, topological } from "../../graph/index.ts";
import { ranges } from "./index-range.ts";
import {
  commonShape,
  compact,
  concatenated,
  dropped,
  everywhere,
  isEmpty,
  joinedEach,
  type Load,
  padded,
  ranked,
  reducedOver,
  reshaped,
  sliced,
  spread,
  stretched,
  transposed,
} from "./load.ts";
import { isFinite } from "./magnitude.ts";
import { signedNodes } from "./signs.ts";
import { zerosOf } from "./zeros.ts";

/** What elements carry, as integers. 0 is nothing: joined with it, anything stays what it is. Taken any number of times, a value stays what it is after two. */
export interface Algebra {
  /** Terms of a sum, in any order; also one of two values, where neither of them settles which. */
  readonly add: (a: number, b: number) => number;
  /** Factors of a term. */
  readonly multiply: (a: number, b: number) => number;
  /** A function of one value that is not linear. */
  readonly bend: (a: number) => number;
}

export interface Sources {
  /** What is put on the elements of a node, instead of what arrives there. */
  readonly at: (node: Tensor) => Load | undefined;
  /** What is put on the elements of a node, as one more term of what arrives there. */
  readonly also?: ((node: Tensor) => Load | undefined) | undefined;
  /** Nodes at which nothing arrives. */
  readonly cut?: ((node: Tensor) => boolean) | undefined;
}

/** Follows what is put on nodes to `outputs`: the load of every node that has any. */
export function propagate(
  outputs: readonly Tensor[],
  algebra: Algebra,
  { at, also, cut = () => false }: Sources,
): ReadonlyMap<Tensor, Load> {
  const order = topological(outputs);
  const signed = signedNodes(order);
  const zeros = zerosOf(order);
  const known = new Map<Tensor, Load>();
  const arrivals = new Arrivals(algebra, known, zeros);
  for (const node of order) {
    const arrived = at(node) ?? (cut(node) ? undefined : arrivals.at(node));
    const own = also?.(node);
    const both = arrived !== undefined && own !== undefined;
    const load = both ? joinedEach([arrived, own], node.rank, (a = 0, b = 0) => algebra.add(a, b)) : (arrived ?? own);
    if (load === undefined) continue;
    const zero = signed.has(node) ? undefined : zeros.get(node);
    const left =
      zero === undefined ? load : joinedEach([load, zero], node.rank, (one = 0, flag = 0) => (flag === 1 ? 0 : one));
    if (!isEmpty(left)) known.set(node, left);
  }
  return known;
}

const nothing = 0;
type Join = (a: number, b: number) => number;
type Loads = readonly (Load | undefined)[];

/** The table: what every primitive does to the loads of its operands. */
class Arrivals {
  /** Arguments of a function that is linear in none of them. */
  private readonly joined: Join;

  constructor(
    private readonly algebra: Algebra,
    private readonly known: ReadonlyMap<Tensor, Load>,
    private readonly zeros: ReadonlyMap<Tensor, Load>,
  ) {
    this.joined = (a, b) => algebra.multiply(algebra.bend(a), algebra.bend(b));
  }

  at(node: Tensor): Load | undefined {
    const { add, multiply, bend } = this.algebra;
    const loads = node.inputs.map((operand) => this.known.get(operand));
    const [first] = loads;
    if (loads.every((load) => load === undefined)) return undefined;
    const each = (join: Join): Load => elementwise(node, loads, join);
    switch (node.primitive) {
      case "input":
      case "constant":
        return undefined;
      case "neg":
      case "stopGradient":
        return first;
      // To whole numbers and back is no linear map.
      case "cast":
      case "abs":
      case "sign":
      case "exp":
      case "log":
      case "sqrt":
      case "tanh":
      case "sigmoid":
      case "relu":
      case "floor":
      case "not":
        return first && mapped(first, bend);
      case "add":
      case "sub":
        return each(add);
      case "mul":
        return each(multiply);
      case "div":
        return each((a, b) => multiply(a, bend(b)));
      case "pow":
      case "maximum":
      case "minimum":
      case "equal":
      case "less":
      case "lessEqual":
      case "and":
        return each(this.joined);
      case "where":
        // What a condition chooses.
        return joinedEach(filled(node, loads), node.rank, (condition = nothing, a = nothing, b = nothing) =>
          condition === nothing ? add(a, b) : this.joined(condition, this.joined(a, b)),
        );
      case "matmul":
      case "gemm":
        return this.product(node, loads);
      case "conv2d":
        return this.convolution(node, loads);
      case "transpose":
        return first && transposed(first, (node.attributes as Attributes["transpose"]).permutation);
      case "reshape":
        return first && reshaped(first, shapeAt(node, 0), node.shape);
      case "broadcastTo":
        return first && ranked(first, node.rank);
      case "slice": {
        const { starts, ends } = node.attributes as Attributes["slice"];
        return first && sliced(first, starts, ends);
      }
      case "pad":
        return first && padded(first, shapeAt(node, 0), node.attributes as Attributes["pad"], nothing);
      case "concat": {
        const shapes = node.inputs.map(({ shape }) => shape);
        return concatenated(filled(node, loads), shapes, axisOf(node));
      }
      case "gather":
        return this.gathered(node, loads);
      case "scatterAdd":
        return this.scattered(node, loads);
      case "oneHot":
        return first && mapped({ ...first, shape: [...first.shape, 1] }, bend);
      case "sum": {
        const { axes } = node.attributes as Attributes["sum"];
        return first && dropped(reducedOver(first, shapeAt(node, 0), axes, add), axes);
      }
      case "max": {
        const { axes } = node.attributes as Attributes["max"];
        return first && mapped(dropped(reducedOver(first, shapeAt(node, 0), axes, this.joined), axes), bend);
      }
      case "argmax": {
        const axes = [axisOf(node)];
        return first && mapped(dropped(reducedOver(first, shapeAt(node, 0), axes, this.joined), axes), bend);
      }
      case "softmax":
      case "logSoftmax":
        return first && mapped(reducedOver(first, node.shape, [axisOf(node)], this.joined), bend);
      default:
        return node.primitive satisfies never;
    }
  }

  private product(node: Tensor, [left, right, addend]: Loads): Load {
    const { add, multiply } = this.algebra;
    const { transposeA, transposeB } = node.attributes as Attributes["matmul"];
    const [a, b] = node.inputs as readonly [Tensor, Tensor];
    const finite = isFinite(a) && isFinite(b);
    const rank = node.rank;
    const factor = (operand: Tensor, load: Load | undefined, swap: boolean): [Load, Load] => {
      const zero = finite ? this.zeros.get(operand) : undefined;
      const [carried, absent] = [load, zero].map((one) => {
        const own = ranked(one ?? everywhere(operand.rank, nothing), rank);
        return swap ? transposed(own, lastTwoSwapped(rank)) : own;
      });
      return [carried as Load, absent as Load];
    };
    const [ofA, ofB] = [factor(a, left, transposeA), factor(b, right, transposeB)];
    const all = [...ofA, ...ofB];
    const leading = Array.from({ length: rank - 2 }, (_, axis) =>
      Math.max(...all.map(({ shape }) => shape[axis] ?? 1)),
    );
    const longest = (loads: readonly Load[], axis: number): number =>
      Math.max(...loads.map(({ shape }) => shape[axis] ?? 1));
    const rows = longest(ofA, rank - 2);
    const columns = longest(ofB, rank - 1);
    const inner = Math.max(longest(ofA, rank - 1), longest(ofB, rank - 2));
    const [x, noX] = ofA.map((load) => stretched(load, [...leading, rows, inner]).values) as [Int32Array, Int32Array];
    const [y, noY] = ofB.map((load) => stretched(load, [...leading, inner, columns]).values) as [
      Int32Array,
      Int32Array,
    ];
    const values = new Int32Array(sizeOf(leading) * rows * columns);
    // A single term stands for all where the factors are stored once along the axis that is summed over.
    for (let row = 0; row * columns < values.length; row++) {
      const product = Math.floor(row / rows);
      for (let k = 0; k < inner; k++) {
        if (noX[row * inner + k] === 1) continue;
        const one = x[row * inner + k] as number;
        for (let column = 0; column < columns; column++) {
          const [at, atY] = [row * columns + column, (product * inner + k) * columns + column];
          if (noY[atY] !== 1) values[at] = add(values[at] as number, multiply(one, y[atY] as number));
        }
      }
    }
    const found = compact({ shape: [...leading, rows, columns], values });
    return addend === undefined ? found : joinedEach([found, addend], rank, (one = 0, other = 0) => add(one, other));
  }

  /** Image n and kernel o, joined channel by channel; places within a channel are not told apart. */
  private convolution(node: Tensor, [image, kernel]: Loads): Load {
    const { add, multiply } = this.algebra;
    const { groups } = node.attributes as Attributes["conv2d"];
    const ofChannels = (load: Load | undefined, operand: number): Int32Array => {
      const shape = shapeAt(node, operand);
      const joined = reducedOver(load ?? everywhere(4, nothing), shape, [2, 3], add);
      return spread(joined, [...shape.slice(0, 2), 1, 1], [0, 1]).values;
    };
    const [x, weights] = [ofChannels(image, 0), ofChannels(kernel, 1)];
    const [, channels = 1] = shapeAt(node, 0);
    const [outputs = 1, each = 1] = shapeAt(node, 1);
    const values = Int32Array.from({ length: node.size(0) * outputs }, (_, i) => {
      const [n, o] = [Math.floor(i / outputs), i % outputs];
      const first = n * channels + Math.floor(o / (outputs / groups)) * each;
      let all = nothing;
      for (let c = 0; c < each; c++)
        all = add(all, multiply(x[first + c] ?? nothing, weights[o * each + c] ?? nothing));
      return all;
    });
    return compact({ shape: [node.size(0), outputs, 1, 1], values });
  }

  private gathered(node: Tensor, [values, chosen]: Loads): Load {
    const [x, index] = node.inputs as readonly [Tensor, Tensor];
    const axis = axisOf(node);
    const own = spread(values ?? everywhere(x.rank, nothing), x.shape, [axis]);
    const { shape: window, places, which, picks } = this.indices(index, x.size(axis), chosen);
    const [length, behind, count] = [x.size(axis), sizeOf(own.shape.slice(axis + 1)), sizeOf(window)];
    const shape = [...own.shape.slice(0, axis), ...window, ...own.shape.slice(axis + 1)];
    const found = new Int32Array(sizeOf(shape));
    // What is seen of each range, from which indices that may point into the same places take it.
    const seen = new Int32Array(places.length * behind);
    for (let before = 0; before * count * behind < found.length; before++) {
      seen.fill(nothing);
      places.forEach(([least, most], range) => {
        for (let place = least; place <= most; place++)
          for (let inside = 0; inside < behind; inside++) {
            const at = range * behind + inside;
            const one = own.values[(before * length + place) * behind + inside] as number;
            seen[at] = this.algebra.add(seen[at] as number, one);
          }
      });
      for (let pick = 0; pick < count; pick++) {
        const [range, picked] = [which[pick] as number, picks[pick] as number];
        for (let inside = 0; inside < behind; inside++) {
          const one = seen[range * behind + inside] as number;
          found[(before * count + pick) * behind + inside] = picked === nothing ? one : this.joined(one, picked);
        }
      }
    }
    return compact({ shape, values: found });
  }

  private scattered(node: Tensor, [updates, chosen]: Loads): Load {
    const { add, multiply, bend } = this.algebra;
    const [x, index] = node.inputs as readonly [Tensor, Tensor];
    const { axis, size, indexRank } = node.attributes as Attributes["scatterAdd"];
    const given = updates ?? everywhere(x.rank, nothing);
    const along = { shape: given.shape.slice(axis, axis + indexRank), values: new Int32Array() };
    const { shape: window, places, which, picks } = this.indices(index, size, chosen, along);
    const [leading, trailing] = [given.shape.slice(0, axis), given.shape.slice(axis + indexRank)];
    const own = stretched(given, [...leading, ...window, ...trailing]).values;
    const [behind, count] = [sizeOf(trailing), sizeOf(window)];
    const found = new Int32Array(sizeOf(leading) * size * behind);
    // Terms of indices that may point into the same places are added up before they go to all of these.
    const terms = new Int32Array(places.length * behind);
    for (let before = 0; before * count * behind < own.length; before++) {
      terms.fill(nothing);
      for (let pick = 0; pick < count; pick++) {
        const [range, picked] = [which[pick] as number, bend(picks[pick] as number)];
        for (let inside = 0; inside < behind; inside++) {
          const at = range * behind + inside;
          const term = multiply(own[(before * count + pick) * behind + inside] as number, picked);
          terms[at] = add(terms[at] as number, term);
        }
      }
      places.forEach(([least, most], range) => {
        for (let place = least; place <= most; place++)
          for (let inside = 0; inside < behind; inside++) {
            const target = (before * size + place) * behind + inside;
            found[target] = add(found[target] as number, terms[range * behind + inside] as number);
          }
      });
    }
    return compact({ shape: [...leading, size, ...trailing], values: found });
  }

  /** Where indices may point (`places`, by the number that `which` has for each), and what they carry themselves, stored at one shape. */
  private indices(index: Tensor, size: number, chosen: Load | undefined, along?: Load) {
    const { places, which } = ranges(index, size);
    const picks = chosen ?? everywhere(index.rank, nothing);
    const shape = commonShape([which, picks, ...(along === undefined ? [] : [along])], index.rank);
    return { shape, places, which: stretched(which, shape).values, picks: stretched(picks, shape).values };
  }
}

function elementwise(node: Tensor, loads: Loads, join: Join): Load {
  return joinedEach(filled(node, loads), node.rank, (a = nothing, b = nothing) => join(a, b));
}

/** Loads of all operands, nothing where there is none. */
function filled(node: Tensor, loads: Loads): Load[] {
  return node.inputs.map(({ rank }, k) => loads[k] ?? everywhere(rank, nothing));
}

function mapped({ shape, values }: Load, of: (value: number) => number): Load {
  return { shape, values: values.map(of) };
}

function shapeAt(node: Tensor, operand: number): Shape {
  return node.inputs[operand]?.shape ?? [];
}

/** The axis that a primitive names, counted from 0 in its first operand. */
function axisOf(node: Tensor): number {
  const { axis } = node.attributes as { readonly axis: number };
  return axis < 0 ? axis + shapeAt(node, 0).length : axis;
}

function lastTwoSwapped(rank: number): number[] {
  return Array.from({ length: rank }, (_, axis) => (axis < rank - 2 ? axis : 2 * rank - 3 - axis));
}
