/**
 * What every element of a tensor carries, as integers, stored once along every axis on which all elements carry the same: a batch of 128 by 64
 * units that says which sample an element belongs to is 128 numbers. Exact, and its size is that of what differs.
 */
import { sameShape, type Shape, sizeOf } from "../../graph/index.ts";
import { broadcastPlaces, places } from "./placement.ts";

/** `shape` has the rank of the tensor; an axis of length 1 stands for all coordinates along it. */
export interface Load {
  readonly shape: Shape;
  readonly values: Int32Array;
}

/** The load of a tensor whose element at coordinate c of one axis carries `loadOf(c)`. */
export function alongAxis(
  { shape }: { readonly shape: Shape },
  axis: number,
  loadOf: (coordinate: number) => number,
): Load {
  const at = axis < 0 ? axis + shape.length : axis;
  const length = shape[at] ?? 1;
  return compact({
    shape: shape.map((_, i) => (i === at ? length : 1)),
    values: Int32Array.from({ length }, (_, c) => loadOf(c)),
  });
}

/** The same everywhere. */
export function everywhere(rank: number, value: number): Load {
  return { shape: new Array<number>(rank).fill(1), values: Int32Array.of(value) };
}

/** Whether any element carries anything. */
export function isEmpty({ values }: Load): boolean {
  return values.every((one) => one === 0);
}

/** Whether two loads of one tensor are the same; both are compact. */
export function isSame(a: Load, b: Load): boolean {
  return sameShape(a.shape, b.shape) && a.values.every((value, i) => value === b.values[i]);
}

/** Every value once for each combination of coordinates that is stored, along given axes at their full length. */
export function spread(load: Load, shape: Shape, axes: readonly number[]): Load {
  const wanted = load.shape.map((length, axis) => (axes.includes(axis) ? (shape[axis] ?? 1) : length));
  return stretched(load, wanted);
}

/** A load with axes of length 1 stretched to other lengths. */
export function stretched({ shape, values }: Load, to: Shape): Load {
  if (values.length === sizeOf(to)) return { shape: to, values };
  if (values.length === 1) return { shape: to, values: new Int32Array(sizeOf(to)).fill(values[0] ?? 0) };
  return { shape: to, values: picked(values, broadcastPlaces(shape, to)) };
}

/** Values at given places. */
function picked(values: Int32Array, from: Int32Array): Int32Array {
  const found = new Int32Array(from.length);
  for (let i = 0; i < found.length; i++) found[i] = values[from[i] as number] as number;
  return found;
}

/** As many axes as another tensor has, by new ones in front. */
export function ranked({ shape, values }: Load, rank: number): Load {
  return { shape: [...new Array<number>(rank - shape.length).fill(1), ...shape], values };
}

/** Axes along which all elements turn out to carry the same stored once. */
export function compact(load: Load): Load {
  let { shape, values } = load;
  for (let axis = 0; axis < shape.length; axis++) {
    const length = shape[axis] ?? 1;
    if (length === 1) continue;
    const behind = sizeOf(shape.slice(axis + 1));
    if (!isUniform(values, length, behind)) continue;
    const kept = new Int32Array(values.length / length);
    for (let block = 0; block * behind < kept.length; block++) {
      const start = block * length * behind;
      kept.set(values.subarray(start, start + behind), block * behind);
    }
    values = kept;
    shape = shape.map((size, i) => (i === axis ? 1 : size));
  }
  return { shape, values };
}

function isUniform(values: Int32Array, length: number, behind: number): boolean {
  const block = length * behind;
  for (let start = 0; start < values.length; start += block) {
    // Every coordinate against the one before it.
    for (let i = start + behind; i < start + block; i++) if (values[i] !== values[i - behind]) return false;
  }
  return true;
}

/** Lengths along each axis at which several loads of tensors of one rank are stored together. */
export function commonShape(loads: readonly Load[], rank: number): Shape {
  return Array.from({ length: rank }, (_, axis) => Math.max(1, ...loads.map(({ shape }) => shape[axis] ?? 1)));
}

/** What a join of loads element by element carries: of all that broadcast to one shape. */
export function joinedEach(loads: readonly Load[], rank: number, join: (...values: number[]) => number): Load {
  const all = loads.map((load) => ranked(load, rank));
  const shape = commonShape(all, rank);
  const given = all.map((load) => stretched(load, shape).values);
  return compact({ shape, values: joinedValues(given, sizeOf(shape), join) });
}

/** The join of values of one place, for each place. Written out by their number: most of an audit is spent here. */
function joinedValues(given: readonly Int32Array[], size: number, join: (...values: number[]) => number): Int32Array {
  const found = new Int32Array(size);
  const [a = found, b = found, c = found] = given;
  if (given.length === 1) for (let i = 0; i < size; i++) found[i] = join(a[i] as number);
  else if (given.length === 2) for (let i = 0; i < size; i++) found[i] = join(a[i] as number, b[i] as number);
  else if (given.length === 3)
    for (let i = 0; i < size; i++) found[i] = join(a[i] as number, b[i] as number, c[i] as number);
  else for (let i = 0; i < size; i++) found[i] = join(...given.map((values) => values[i] as number));
  return found;
}

/** What elements carry after axes are reduced to one by a join for which join(a, a) taken once more changes nothing. */
export function reducedOver(
  load: Load,
  shape: Shape,
  axes: readonly number[],
  join: (a: number, b: number) => number,
): Load {
  const kept = load.shape.map((length, axis) => (axes.includes(axis) ? 1 : length));
  const values = new Int32Array(sizeOf(kept));
  const to = broadcastPlaces(kept, load.shape);
  for (let i = 0; i < to.length; i++) {
    const place = to[i] as number;
    values[place] = join(values[place] as number, load.values[i] as number);
  }
  // Axes that are stored once and have more than one element: there, the value meets itself.
  const repeated = axes.some((axis) => load.shape[axis] === 1 && (shape[axis] ?? 1) > 1);
  return compact({ shape: kept, values: repeated ? values.map((value) => join(value, value)) : values });
}

/** A load of the same elements, in the same order, in another shape. */
export function reshaped(load: Load, from: Shape, to: Shape): Load {
  const stored: number[] = [];
  const differing: number[] = [];
  for (const { axes, targets } of groupsOf(from, to)) {
    const isUniform = axes.every((axis) => load.shape[axis] === 1);
    if (!isUniform) differing.push(...axes);
    for (const target of targets) stored.push(isUniform ? 1 : (to[target] ?? 1));
  }
  return compact({ shape: stored, values: spread(load, from, differing).values });
}

/** Runs of axes that are made into runs of axes of as many elements, by their numbers. */
function groupsOf(from: Shape, to: Shape): { axes: number[]; targets: number[] }[] {
  const groups: { axes: number[]; targets: number[] }[] = [];
  let [i, j] = [0, 0];
  while (i < from.length || j < to.length) {
    const group = { axes: [] as number[], targets: [] as number[] };
    let [left, right] = [1, 1];
    do {
      if (left <= right && i < from.length) {
        left *= from[i] ?? 1;
        group.axes.push(i++);
      } else if (j < to.length) {
        right *= to[j] ?? 1;
        group.targets.push(j++);
      } else {
        left *= from[i] ?? 1;
        group.axes.push(i++);
      }
    } while (left !== right);
    groups.push(group);
  }
  return groups;
}

/** Axes in another order. */
export function transposed(load: Load, permutation: readonly number[]): Load {
  const shape = permutation.map((axis) => load.shape[axis] ?? 1);
  // Axes that are stored once may change places with any other.
  const differing = permutation.filter((axis) => (load.shape[axis] ?? 1) > 1);
  if (differing.every((axis, i) => i === 0 || axis > (differing[i - 1] ?? 0))) return { shape, values: load.values };
  return { shape, values: picked(load.values, places("transpose", { permutation }, [load.shape])) };
}

/** Coordinates [start, end) along every axis. */
export function sliced({ shape, values }: Load, starts: readonly number[], ends: readonly number[]): Load {
  const first = shape.map((length, axis) => (length === 1 ? 0 : (starts[axis] ?? 0)));
  const last = shape.map((length, axis) => (length === 1 ? 1 : (ends[axis] ?? 1)));
  const left = last.map((end, axis) => end - (first[axis] ?? 0));
  if (sameShape(left, shape)) return { shape, values };
  return compact({ shape: left, values: picked(values, places("slice", { starts: first, ends: last }, [shape])) });
}

/** Elements put in front and behind along every axis of a tensor of shape `of`, each carrying `value`. */
export function padded(
  load: Load,
  of: Shape,
  { before, after }: { readonly before: readonly number[]; readonly after: readonly number[] },
  value: number,
): Load {
  const grown = of.map((_, axis) => (before[axis] ?? 0) + (after[axis] ?? 0));
  const full = spread(
    load,
    of,
    of.flatMap((_, axis) => (grown[axis] === 0 ? [] : [axis])),
  );
  const from = places("pad", { before, after }, [full.shape]);
  return compact({
    shape: full.shape.map((length, axis) => length + (grown[axis] ?? 0)),
    values: Int32Array.from(from, (place) => (place < 0 ? value : (full.values[place] ?? 0))),
  });
}

/** Loads of tensors one behind the other along an axis; `shapes` are those of the tensors. */
export function concatenated(loads: readonly Load[], shapes: readonly Shape[], axis: number): Load {
  const rank = loads[0]?.shape.length ?? 0;
  const common = Array.from({ length: rank }, (_, at) => Math.max(...loads.map(({ shape }) => shape[at] ?? 1)));
  const parts = loads.map((load, k) =>
    stretched(
      load,
      common.map((length, at) => (at === axis ? (shapes[k]?.[axis] ?? 1) : length)),
    ),
  );
  const from = places(
    "concat",
    { axis },
    parts.map(({ shape }) => shape),
  );
  const all = new Int32Array(parts.reduce((sum, { values }) => sum + values.length, 0));
  parts.reduce((start, { values }) => (all.set(values, start), start + values.length), 0);
  return compact({
    shape: common.map((length, at) =>
      at === axis ? parts.reduce((sum, { shape }) => sum + (shape[axis] ?? 1), 0) : length,
    ),
    values: picked(all, from),
  });
}

/** A load without axes along which it is stored once. */
export function dropped({ shape, values }: Load, axes: readonly number[]): Load {
  return { shape: shape.filter((_, axis) => !axes.includes(axis)), values };
}
