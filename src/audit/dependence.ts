/**
 * What every element of every node depends on, as a set of tags, read off the graph whatever the values.
 *
 * Tags are put on elements of some nodes (`Tags.at`) and travel along every operation: an element has the tags of all elements
 * it is made of. The result is exact for what moves, adds and multiplies; where an index is computed from data it may point
 * anywhere between its bounds (`index-range.ts`). Only exact algebra removes a tag: a product with a constant 0.
 *
 * Tags meet where an operation joins an element that has one tag alone with something that has another, other than in a sum, a
 * maximum or a scatter: z_b . z_c, x_b - mean(x), a softmax along the batch, the gates of the next sample. A function of
 * finished sums (their sign, a division by their norm) joins nothing that was apart.
 *
 * Longer than most files because the rules of all primitives stand in one table that the compiler checks for gaps.
 */
import { type Attributes, type Primitive, sizeOf, type Tensor, topological } from "../graph/index.ts";
import { interpret } from "../runtime/interpreter.ts";
import { type Bounds, boundsOf } from "./index-range.ts";
import { broadcastPlaces, places, reducedPlaces } from "./placement.ts";

/** How the elements of a result depend on those of the operands. */
type Dependence =
  "none" | "each" | "moved" | "product" | "convolved" | "reduced" | "line" | "gathered" | "scattered" | "spread";

const dependence = {
  input: "none",
  constant: "none",
  neg: "each",
  abs: "each",
  sign: "each",
  exp: "each",
  log: "each",
  sqrt: "each",
  tanh: "each",
  sigmoid: "each",
  relu: "each",
  floor: "each",
  not: "each",
  cast: "each",
  add: "each",
  sub: "each",
  mul: "each",
  div: "each",
  pow: "each",
  maximum: "each",
  minimum: "each",
  equal: "each",
  less: "each",
  lessEqual: "each",
  and: "each",
  where: "each",
  matmul: "product",
  gemm: "product",
  conv2d: "convolved",
  transpose: "moved",
  reshape: "moved",
  broadcastTo: "moved",
  slice: "moved",
  concat: "moved",
  pad: "moved",
  gather: "gathered",
  scatterAdd: "scattered",
  oneHot: "spread",
  sum: "reduced",
  max: "reduced",
  argmax: "reduced",
  softmax: "line",
  logSoftmax: "line",
  stopGradient: "each",
  mark: "each",
} as const satisfies { readonly [P in Primitive]: Dependence };

/** Operations whose result is 0 where one operand (any, or all of them) is the constant 0. */
const zeroWhereAny: readonly Primitive[] = ["mul"];
const zeroWhereAll: readonly Primitive[] = [
  "add",
  "sub",
  "neg",
  "abs",
  "relu",
  "tanh",
  "sqrt",
  "stopGradient",
  "mark",
  "sum",
  "cast",
  "sign",
];

/** A set of up to 32 tags for each element, as bits; `zero` says which elements are the constant 0. Undefined: no tag anywhere. */
export interface Elements {
  readonly tags: Uint32Array;
  readonly zero?: Uint8Array | undefined;
}

export interface Tags {
  /** Tags put on the elements of a node, besides those that arrive there. */
  readonly at: (node: Tensor) => Uint32Array | undefined;
  /** Nodes through which nothing travels. */
  readonly cut?: (node: Tensor) => boolean;
}

/** What `dependences` finds. */
export interface Dependences {
  /** Tags of every node's elements; no entry where it has none. */
  readonly tags: ReadonlyMap<Tensor, Uint32Array>;
  /** Nodes at which tags meet. */
  readonly meetings: ReadonlySet<Tensor>;
}

/** Follows tags from where they are put to `outputs`. */
export function dependences(outputs: readonly Tensor[], { at, cut = () => false }: Tags): Dependences {
  const order = topological(outputs);
  const constants = constantsOf(order);
  const known = new Map<Tensor, Elements>();
  const meetings = new Set<Tensor>();
  for (const node of order) {
    const size = sizeOf(node.shape);
    const value = constants.get(node);
    const arrived =
      value !== undefined
        ? { tags: new Uint32Array(size), zero: zerosOf(value) }
        : cut(node)
          ? undefined
          : arrive(node, known, () => meetings.add(node));
    const own = at(node);
    if (own === undefined) {
      if (arrived !== undefined) known.set(node, arrived);
    } else {
      known.set(node, { tags: Uint32Array.from(own, (set, i) => set | (arrived?.tags[i] ?? 0)) });
    }
  }
  const tags = new Map<Tensor, Uint32Array>();
  for (const [node, elements] of known) if (elements.tags.some((set) => set !== 0)) tags.set(node, elements.tags);
  return { tags, meetings };
}

/** Values of the nodes that depend on no input. */
function constantsOf(order: readonly Tensor[]): Map<Tensor, Float64Array> {
  const constant = new Set<Tensor>();
  for (const node of order) {
    if (node.primitive !== "input" && node.inputs.every((operand) => constant.has(operand))) constant.add(node);
  }
  const list = [...constant];
  const values = interpret(list);
  return new Map(list.map((node, i) => [node, values[i]?.values ?? new Float64Array()]));
}

function zerosOf(values: Float64Array): Uint8Array | undefined {
  return values.includes(0) ? Uint8Array.from(values, (value) => (value === 0 ? 1 : 0)) : undefined;
}

/** Whether one of two sets is a single tag and the other has another. */
function meets(a: number, b: number): boolean {
  const single = (set: number): boolean => set !== 0 && (set & (set - 1)) === 0;
  return (single(a) && (b & ~a) !== 0) || (single(b) && (a & ~b) !== 0);
}

function arrive(node: Tensor, known: ReadonlyMap<Tensor, Elements>, met: () => void): Elements | undefined {
  const operands = node.inputs.map((operand) => known.get(operand));
  const tagged = operands.some((operand) => operand !== undefined && !isBlank(operand));
  const zeros = operands.some((operand) => operand?.zero !== undefined);
  if (!tagged && !zeros) return undefined;
  const kind = dependence[node.primitive];
  switch (kind) {
    case "none":
      return undefined;
    case "each":
      return alongElements(node, operands, met);
    case "moved":
      return alongPlaces(node, operands);
    case "product":
      return alongProduct(node, operands, met);
    case "convolved":
      return alongConvolution(node, operands, met);
    case "reduced":
      return alongReduction(node, operands[0]);
    case "line":
      return alongLine(node, operands[0], met);
    case "gathered":
      return alongGather(node, operands, met);
    case "scattered":
      return alongScatter(node, operands);
    case "spread": {
      const { depth } = node.attributes as Attributes["oneHot"];
      return (
        operands[0] && {
          tags: Uint32Array.from({ length: sizeOf(node.shape) }, (_, i) => tagAt(operands[0], Math.floor(i / depth))),
        }
      );
    }
    default:
      return kind satisfies never;
  }
}

const isBlank = ({ tags }: Elements): boolean => tags.every((set) => set === 0);
const tagAt = (elements: Elements | undefined, place: number): number => elements?.tags[place] ?? 0;
const isZero = (elements: Elements | undefined, place: number): boolean => elements?.zero?.[place] === 1;

function made(tags: Uint32Array, zero: Uint8Array): Elements {
  for (const [i, flag] of zero.entries()) if (flag === 1) tags[i] = 0;
  return { tags, zero: zero.includes(1) ? zero : undefined };
}

function alongElements(node: Tensor, operands: readonly (Elements | undefined)[], met: () => void): Elements {
  const size = sizeOf(node.shape);
  const [tags, zero] = [new Uint32Array(size), new Uint8Array(size)];
  const from = node.inputs.map(({ shape }) => broadcastPlaces(shape, node.shape));
  const [anyIsZero, allAreZero] = [zeroWhereAny.includes(node.primitive), zeroWhereAll.includes(node.primitive)];
  for (let i = 0; i < size; i++) {
    const flags = operands.map((operand, k) => isZero(operand, from[k]?.[i] ?? 0));
    if ((anyIsZero && flags.includes(true)) || (allAreZero && !flags.includes(false))) {
      zero[i] = 1;
      continue;
    }
    let joined = 0;
    operands.forEach((operand, k) => {
      const set = tagAt(operand, from[k]?.[i] ?? 0);
      if (set !== joined && set !== 0 && joined !== 0 && meets(joined, set)) met();
      joined |= set;
    });
    tags[i] = joined;
  }
  return made(tags, zero);
}

function alongPlaces(node: Tensor, operands: readonly (Elements | undefined)[]): Elements {
  const from = places(
    node.primitive,
    node.attributes as never,
    node.inputs.map(({ shape }) => shape),
  );
  const all = operands.map((operand, k) => operand?.tags ?? new Uint32Array(sizeOf(node.inputs[k]?.shape ?? [])));
  const joined = concatenated(all, (length) => new Uint32Array(length));
  const zeros = concatenated(
    operands.map((operand, k) => operand?.zero ?? new Uint8Array(all[k]?.length ?? 0)),
    (length) => new Uint8Array(length),
  );
  return made(
    Uint32Array.from(from, (place) => joined[place] ?? 0),
    Uint8Array.from(from, (place) => (place < 0 ? 1 : (zeros[place] ?? 0))),
  );
}

function concatenated<T extends Uint32Array | Uint8Array>(parts: readonly T[], empty: (length: number) => T): T {
  if (parts.length === 1 && parts[0] !== undefined) return parts[0];
  const whole = empty(parts.reduce((sum, { length }) => sum + length, 0));
  let start = 0;
  for (const part of parts) {
    whole.set(part, start);
    start += part.length;
  }
  return whole;
}

/** Places of an operand of a product laid out as [products, rows, inner] (or [products, inner, columns]). */
function laidOut(operand: Tensor, transposed: boolean, leading: readonly number[]): Int32Array {
  const shape = operand.shape;
  const swapped = transposed
    ? [...shape.keys()].map((axis) => (axis < shape.length - 2 ? axis : 2 * shape.length - 3 - axis))
    : undefined;
  const straight = swapped === undefined ? undefined : places("transpose", { permutation: swapped }, [shape]);
  const inner = swapped === undefined ? shape : swapped.map((axis) => shape[axis] ?? 1);
  const spread = broadcastPlaces(inner, [...leading, ...inner.slice(-2)]);
  return straight === undefined ? spread : spread.map((place) => straight[place] ?? 0);
}

function alongProduct(node: Tensor, operands: readonly (Elements | undefined)[], met: () => void): Elements {
  const { transposeA, transposeB } = node.attributes as Attributes["matmul"];
  const [a, b, addend] = node.inputs;
  if (a === undefined || b === undefined) throw new Error("internal: a product without operands");
  const [rows, columns] = [node.size(-2), node.size(-1)];
  const inner = a.size(transposeA ? -2 : -1);
  const leading = node.shape.slice(0, -2);
  const [fromA, fromB] = [laidOut(a, transposeA, leading), laidOut(b, transposeB, leading)];
  const [left, right] = operands;
  const size = sizeOf(node.shape);
  const [tags, zero] = [new Uint32Array(size), new Uint8Array(size)];
  const fromC = addend === undefined ? undefined : broadcastPlaces(addend.shape, node.shape);
  if (fromC === undefined && left?.zero === undefined && right?.zero === undefined) {
    const at = (elements: Elements | undefined, from: Int32Array) => (place: number) =>
      tagAt(elements, from[place] ?? 0);
    fullProduct(tags, { rows, inner, columns }, at(left, fromA), at(right, fromB), met);
    return { tags };
  }
  for (let i = 0; i < size; i++) {
    const column = i % columns;
    const row = Math.floor(i / columns) % rows;
    const product = Math.floor(i / (columns * rows));
    let [set, empty] = [0, true];
    for (let k = 0; k < inner; k++) {
      const placeA = fromA[(product * rows + row) * inner + k] ?? 0;
      const placeB = fromB[(product * inner + k) * columns + column] ?? 0;
      if (isZero(left, placeA) || isZero(right, placeB)) continue;
      empty = false;
      const [x, y] = [tagAt(left, placeA), tagAt(right, placeB)];
      if (x !== y && x !== 0 && y !== 0 && meets(x, y)) met();
      set |= x | y;
    }
    if (fromC !== undefined) {
      const place = fromC[i] ?? 0;
      const added = tagAt(operands[2], place);
      if (meets(set, added)) met();
      set |= added;
      empty &&= isZero(operands[2], place);
    }
    tags[i] = set;
    zero[i] = empty ? 1 : 0;
  }
  return made(tags, zero);
}

/** A product none of whose terms is known to be 0: an element has the tags of its whole row and its whole column. */
function fullProduct(
  tags: Uint32Array,
  { rows, inner, columns }: { readonly rows: number; readonly inner: number; readonly columns: number },
  left: (place: number) => number,
  right: (place: number) => number,
  met: () => void,
): void {
  for (let start = 0, product = 0; start < tags.length; start += rows * columns, product++) {
    const [ofRow, ofColumn] = [new Uint32Array(rows), new Uint32Array(columns)];
    for (let k = 0; k < inner; k++) {
      const [seenLeft, seenRight] = [new Set<number>(), new Set<number>()];
      for (let row = 0; row < rows; row++) {
        const set = left((product * rows + row) * inner + k);
        ofRow[row] = (ofRow[row] ?? 0) | set;
        seenLeft.add(set);
      }
      for (let column = 0; column < columns; column++) {
        const set = right((product * inner + k) * columns + column);
        ofColumn[column] = (ofColumn[column] ?? 0) | set;
        seenRight.add(set);
      }
      for (const x of seenLeft) for (const y of seenRight) if (x !== 0 && y !== 0 && meets(x, y)) met();
    }
    ofRow.forEach((x, row) => ofColumn.forEach((y, column) => (tags[start + row * columns + column] = x | y)));
  }
}

/** Image n and kernel o, joined channel by channel; places within a channel are not told apart. */
function alongConvolution(node: Tensor, operands: readonly (Elements | undefined)[], met: () => void): Elements {
  const [x, kernel] = node.inputs;
  if (x === undefined || kernel === undefined) throw new Error("internal: a convolution without operands");
  const { groups } = node.attributes as Attributes["conv2d"];
  const [channels, outputs] = [kernel.size(1), kernel.size(0)];
  const channelTags = (of: Tensor, elements: Elements | undefined, image: number, channel: number): number[] => {
    const size = of.size(2) * of.size(3);
    const start = (image * of.size(1) + channel) * size;
    return [...new Set(Array.from({ length: size }, (_, i) => tagAt(elements, start + i)))];
  };
  const perMap = node.size(2) * node.size(3);
  const tags = new Uint32Array(sizeOf(node.shape));
  for (let n = 0; n < node.size(0); n++) {
    for (let o = 0; o < outputs; o++) {
      const first = Math.floor(o / (outputs / groups)) * channels;
      let set = 0;
      for (let i = 0; i < channels; i++) {
        const [left, right] = [channelTags(x, operands[0], n, first + i), channelTags(kernel, operands[1], o, i)];
        if (left.some((p) => right.some((q) => meets(p, q)))) met();
        for (const one of [...left, ...right]) set |= one;
      }
      tags.fill(set, (n * outputs + o) * perMap, (n * outputs + o + 1) * perMap);
    }
  }
  return { tags };
}

function alongReduction(node: Tensor, operand: Elements | undefined): Elements | undefined {
  const [x] = node.inputs;
  if (operand === undefined || x === undefined) return undefined;
  const { axes, axis } = node.attributes as Partial<Attributes["sum"] & Attributes["argmax"]>;
  const to = reducedPlaces(x.shape, axes ?? (axis === undefined ? [] : [axis]));
  const size = sizeOf(node.shape);
  const [tags, zero] = [new Uint32Array(size), new Uint8Array(size).fill(node.primitive === "sum" ? 1 : 0)];
  to.forEach((place, i) => {
    tags[place] = (tags[place] ?? 0) | tagAt(operand, i);
    if (!isZero(operand, i)) zero[place] = 0;
  });
  return made(tags, zero);
}

function alongLine(node: Tensor, operand: Elements | undefined, met: () => void): Elements | undefined {
  if (operand === undefined) return undefined;
  const { axis } = node.attributes as Attributes["softmax"];
  const to = reducedPlaces(node.shape, [axis]);
  const totals = new Uint32Array(sizeOf(node.shape));
  to.forEach((place, i) => (totals[place] = (totals[place] ?? 0) | tagAt(operand, i)));
  to.forEach((place, i) => {
    if (meets(tagAt(operand, i), totals[place] ?? 0)) met();
  });
  return { tags: Uint32Array.from(to, (place) => totals[place] ?? 0) };
}

const knownBounds = new WeakMap<Tensor, Bounds>();

/** The range an index may point into, [low, high] of `size`. */
function ranges(index: Tensor, size: number): readonly (readonly [number, number])[] {
  const bounds = knownBounds.get(index) ?? boundsOf(index);
  knownBounds.set(index, bounds);
  const { low, high } = bounds;
  return Array.from(low, (least, i) => [Math.max(0, least), Math.min(size - 1, high[i] ?? size - 1)]);
}

function alongGather(node: Tensor, [values, chosen]: readonly (Elements | undefined)[], met: () => void): Elements {
  const [x, index] = node.inputs;
  if (x === undefined || index === undefined) throw new Error("internal: a gather without operands");
  const { axis } = node.attributes as Attributes["gather"];
  const [length, behind] = [x.size(axis), sizeOf(x.shape.slice(axis + 1))];
  const within = ranges(index, length);
  // Computed indices often share their bounds.
  const united = new Map<string, number>();
  const tags = Uint32Array.from({ length: sizeOf(node.shape) }, (_, i) => {
    const [inside, pick] = [i % behind, Math.floor(i / behind) % within.length];
    const before = Math.floor(i / (behind * within.length));
    const [least, most] = within[pick] ?? [0, length - 1];
    const key = `${before} ${least} ${most} ${inside}`;
    let set = united.get(key) ?? 0;
    if (!united.has(key)) {
      for (let at = least; at <= most; at++) set |= tagAt(values, (before * length + at) * behind + inside);
      united.set(key, set);
    }
    if (meets(set, tagAt(chosen, pick))) met();
    return set | tagAt(chosen, pick);
  });
  return { tags };
}

function alongScatter(node: Tensor, [updates, chosen]: readonly (Elements | undefined)[]): Elements {
  const [x, index] = node.inputs;
  if (x === undefined || index === undefined) throw new Error("internal: a scatter without operands");
  const { axis, size, indexRank } = node.attributes as Attributes["scatterAdd"];
  const [picks, behind] = [sizeOf(index.shape), sizeOf(x.shape.slice(axis + indexRank))];
  const within = ranges(index, size);
  const united = new Map<string, { readonly first: number; readonly last: number; set: number }>();
  for (let i = 0; i < sizeOf(x.shape); i++) {
    const [inside, pick] = [i % behind, Math.floor(i / behind) % picks];
    const before = Math.floor(i / (behind * picks));
    const [least, most] = within[pick] ?? [0, size - 1];
    const [first, last] = [least, most].map((at) => (before * size + at) * behind + inside) as [number, number];
    const target = united.get(`${first} ${last}`) ?? { first, last, set: 0 };
    target.set |= tagAt(updates, i) | tagAt(chosen, pick);
    united.set(`${first} ${last}`, target);
  }
  const tags = new Uint32Array(sizeOf(node.shape));
  for (const { first, last, set } of united.values()) {
    for (let place = first; place <= last; place += behind) tags[place] = (tags[place] ?? 0) | set;
  }
  return { tags };
}

/** Tags of one axis of a shape: element with coordinate c along it has `tagOf(c)`. */
export function alongAxis(shape: readonly number[], axis: number, tagOf: (coordinate: number) => number): Uint32Array {
  const [length, behind] = [shape[axis] ?? 1, sizeOf(shape.slice(axis + 1))];
  return Uint32Array.from({ length: sizeOf(shape) }, (_, i) => tagOf(Math.floor(i / behind) % length));
}

/** Whether any of `outputs` depends on a node of `nodes`. */
export function reaches(outputs: readonly Tensor[], nodes: ReadonlySet<Tensor>): boolean {
  return topological(outputs).some((node) => nodes.has(node));
}
