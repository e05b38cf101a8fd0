/**
 * Evaluates a graph in float64 with plain loops: the oracle against which faster runtimes, derivatives and simplifications
 * are checked. It is written to be obviously right, and fuses, reorders and approximates nothing.
 *
 * Every movement of data is one list of offsets: for each element of one tensor, in row-major order, the place of the
 * element of another that belongs to it (`offsets`). An axis of stride 0 repeats on reading and accumulates on writing.
 *
 * One table holds a kernel for every primitive, which is why the file is long.
 */
import {
  type Attributes,
  describe,
  type DType,
  is,
  type Primitive,
  range,
  sameShape,
  type Shape,
  sizeOf,
  stridesOf,
  type Tensor,
  topological,
} from "../graph/index.ts";

/** A tensor's value: `values` row-major in float64 whatever `dtype` is, bool as 0 and 1. */
export interface Value {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly values: Float64Array;
}

/**
 * Values of inputs by name, or of nodes. A node of the map need not be an input: its given value then takes the place of
 * the computed one. Names and nodes that the graph does not have are ignored.
 */
export type Feeds = ReadonlyMap<Tensor, ArrayLike<number>> | Readonly<Record<string, ArrayLike<number>>>;

/**
 * Values of `outputs`, in their order. Throws when an input has no value or one of the wrong length, and when an index of
 * `gather` or `scatterAdd` is out of range.
 */
export function interpret(outputs: readonly Tensor[], feeds: Feeds = {}): Value[] {
  const done = new Map<Tensor, Value>();
  const valueOf = (node: Tensor): Value => {
    const found = done.get(node);
    if (found === undefined) throw new Error(`internal: interpret met ${node.toString()} before its value`);
    return found;
  };
  for (const node of topological(outputs)) {
    const values = given(node, feeds) ?? kernelOf(node)(node, node.inputs.map(valueOf));
    done.set(node, { shape: node.shape, dtype: node.dtype, values });
  }
  return outputs.map(valueOf);
}

function given(node: Tensor, feeds: Feeds): Float64Array | undefined {
  const name = is(node, "input") ? node.attributes.name : undefined;
  const what = `${node.primitive} ${name === undefined ? "" : `${name} `}${describe(node.dtype, node.shape)}`;
  const found = isMap(feeds)
    ? feeds.get(node)
    : name !== undefined && Object.hasOwn(feeds, name)
      ? feeds[name]
      : undefined;
  if (found === undefined) {
    if (name === undefined) return undefined;
    throw new Error(`interpret: expected a value for ${what}, got none; pass one by this name or by its node`);
  }
  const size = sizeOf(node.shape);
  if (found.length !== size) {
    throw new Error(`interpret: expected ${size} values for ${what}, got ${found.length}; pass them row-major`);
  }
  return Float64Array.from(found);
}

const isMap = (feeds: Feeds): feeds is ReadonlyMap<Tensor, ArrayLike<number>> => feeds instanceof Map;

type Node<P extends Primitive> = Tensor & { readonly attributes: Attributes[P] };
type Kernel<P extends Primitive> = (node: Node<P>, operands: readonly Value[]) => Float64Array;

const kernelOf = (node: Tensor): Kernel<Primitive> => kernels[node.primitive] as Kernel<Primitive>;

function operand(operands: readonly Value[], index: number): Value {
  const found = operands[index];
  if (found === undefined) throw new Error(`internal: interpret met a node without operand ${index + 1}`);
  return found;
}

/** Element `at`; reading past the end would be a wrong offset, never a default. */
function read(values: ArrayLike<number>, at: number): number {
  const value = values[at];
  if (value === undefined) throw new Error(`internal: interpret read element ${at} of ${values.length}`);
  return value;
}

function write(values: Float64Array, at: number, value: number): void {
  if (!(at >= 0 && at < values.length)) throw new Error(`internal: interpret wrote element ${at} of ${values.length}`);
  values[at] = value;
}

const sizeAt = (shape: Shape, axis: number): number => read(shape, axis < 0 ? axis + shape.length : axis);
const strideAt = (strides: readonly number[], axis: number): number =>
  read(strides, axis < 0 ? axis + strides.length : axis);

/** For every element of `shape` in row-major order: `start` plus its coordinates times `strides`. */
function offsets(shape: Shape, strides: readonly number[], start = 0): number[] {
  let list = [start];
  shape.forEach((size, axis) => {
    list = list.flatMap((at) => range(size).map((i) => at + i * strideAt(strides, axis)));
  });
  return list;
}

/** Strides that read an operand as if it had been broadcast to `shape`: 0 along repeated axes. */
function broadcastStrides(from: Shape, shape: Shape): number[] {
  const strides = stridesOf(from);
  const lead = shape.length - from.length;
  return shape.map((_, axis) => (axis < lead || from[axis - lead] === 1 ? 0 : strideAt(strides, axis - lead)));
}

/** The values of an operand broadcast to `shape`. */
function spread(x: Value, shape: Shape): ArrayLike<number> {
  if (sameShape(x.shape, shape)) return x.values;
  return offsets(shape, broadcastStrides(x.shape, shape)).map((at) => read(x.values, at));
}

const unary =
  <P extends Primitive>(f: (x: number) => number): Kernel<P> =>
  (_, operands) =>
    operand(operands, 0).values.map(f);

const binary =
  <P extends Primitive>(f: (a: number, b: number) => number): Kernel<P> =>
  (node, operands) => {
    const b = spread(operand(operands, 1), node.shape);
    return Float64Array.from(spread(operand(operands, 0), node.shape), (a, i) => f(a, read(b, i)));
  };

const same: Kernel<Primitive> = (_, operands) => operand(operands, 0).values;

/** Reads the operand's elements at `at`, in order. */
const pick = (x: Value, at: readonly number[]): Float64Array => Float64Array.from(at, (i) => read(x.values, i));

/** Strides of a result without `axes`, one per axis of the operand: 0 along the axes that are reduced. */
function reducedStrides(shape: Shape, axes: readonly number[]): number[] {
  const kept = stridesOf(shape.filter((_, axis) => !axes.includes(axis)));
  let next = 0;
  return shape.map((_, axis) => (axes.includes(axis) ? 0 : strideAt(kept, next++)));
}

function reduce(x: Value, axes: readonly number[], from: number, f: (a: number, b: number) => number): Float64Array {
  const out = new Float64Array(sizeOf(x.shape.filter((_, axis) => !axes.includes(axis)))).fill(from);
  offsets(x.shape, reducedStrides(x.shape, axes)).forEach((to, i) =>
    write(out, to, f(read(out, to), read(x.values, i))),
  );
  return out;
}

/** Applies `f` to every line of values along `axis`. */
function alongLines(x: Value, axis: number, f: (line: readonly number[]) => readonly number[]): Float64Array {
  const out = new Float64Array(x.values.length);
  for (const line of lines(x, axis))
    f(line.map((at) => read(x.values, at))).forEach((value, i) => write(out, read(line, i), value));
  return out;
}

/** Places of the elements of every line along `axis`, lines in row-major order. */
function lines(x: Value, axis: number): number[][] {
  const strides = stridesOf(x.shape);
  const others = (_: unknown, i: number): boolean => i !== axis;
  const starts = offsets(x.shape.filter(others), strides.filter(others));
  return starts.map((start) => range(sizeAt(x.shape, axis)).map((i) => start + i * strideAt(strides, axis)));
}

function logSumExp(line: readonly number[]): number {
  const top = line.reduce((a, b) => Math.max(a, b));
  return top + Math.log(line.reduce((sum, value) => sum + Math.exp(value - top), 0));
}

/** a b for the last two axes; leading axes broadcast. */
function multiply(flags: Attributes["matmul"], a: Value, b: Value, shape: Shape): Float64Array {
  const [rows, columns] = [sizeAt(shape, -2), sizeAt(shape, -1)];
  const inner = sizeAt(a.shape, flags.transposeA ? -2 : -1);
  const [stridesA, stridesB] = [stridesOf(a.shape), stridesOf(b.shape)];
  const [aRow, aInner] = [
    strideAt(stridesA, flags.transposeA ? -1 : -2),
    strideAt(stridesA, flags.transposeA ? -2 : -1),
  ];
  const [bInner, bColumn] = [
    strideAt(stridesB, flags.transposeB ? -1 : -2),
    strideAt(stridesB, flags.transposeB ? -2 : -1),
  ];

  const leading = shape.slice(0, -2);
  // Strides of the leading axes count whole matrices; an element stride is that times the size of a matrix.
  const starts = (x: Value): number[] => {
    const matrix = sizeAt(x.shape, -2) * sizeAt(x.shape, -1);
    return offsets(leading, broadcastStrides(x.shape.slice(0, -2), leading)).map((at) => at * matrix);
  };
  const [startsA, startsB] = [starts(a), starts(b)];

  const out = new Float64Array(sizeOf(shape));
  startsA.forEach((startA, batch) => {
    const startB = read(startsB, batch);
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        let sum = 0;
        for (let k = 0; k < inner; k++) {
          sum +=
            read(a.values, startA + row * aRow + k * aInner) * read(b.values, startB + k * bInner + column * bColumn);
        }
        write(out, (batch * rows + row) * columns + column, sum);
      }
    }
  });
  return out;
}

const conv2d: Kernel<"conv2d"> = (node, operands) => {
  const [x, kernel] = [operand(operands, 0), operand(operands, 1)];
  const { strides, padding, dilations, groups } = node.attributes;
  const [channelsIn, height, width] = [sizeAt(x.shape, 1), sizeAt(x.shape, 2), sizeAt(x.shape, 3)];
  const [perGroup, kernelRows, kernelColumns] = [
    sizeAt(kernel.shape, 1),
    sizeAt(kernel.shape, 2),
    sizeAt(kernel.shape, 3),
  ];
  const [batch, channelsOut, rows, columns] = [0, 1, 2, 3].map((axis) => sizeAt(node.shape, axis)) as [
    number,
    number,
    number,
    number,
  ];
  const out = new Float64Array(sizeOf(node.shape));
  for (let n = 0; n < batch; n++) {
    for (let o = 0; o < channelsOut; o++) {
      const group = Math.floor(o / (channelsOut / groups));
      for (let row = 0; row < rows; row++) {
        for (let column = 0; column < columns; column++) {
          let sum = 0;
          for (let i = 0; i < perGroup; i++) {
            for (let p = 0; p < kernelRows; p++) {
              for (let q = 0; q < kernelColumns; q++) {
                const y = row * strides[0] + p * dilations[0] - padding[0];
                const z = column * strides[1] + q * dilations[1] - padding[1];
                if (y < 0 || y >= height || z < 0 || z >= width) continue;
                const channel = group * perGroup + i;
                const pixel = read(x.values, ((n * channelsIn + channel) * height + y) * width + z);
                sum += pixel * read(kernel.values, ((o * perGroup + i) * kernelRows + p) * kernelColumns + q);
              }
            }
          }
          write(out, ((n * channelsOut + o) * rows + row) * columns + column, sum);
        }
      }
    }
  }
  return out;
};

/**
 * Pairs of places that gather and scatterAdd connect: of an element behind indices (`whole`, which has the axis of `size`)
 * and of the same element under its index (`picked`, which has the axes of the indices instead).
 */
function indexed(
  primitive: Primitive,
  shape: Shape,
  axis: number,
  indices: Value,
): { whole: number; picked: number }[] {
  const [before, size, after] = [sizeOf(shape.slice(0, axis)), sizeAt(shape, axis), sizeOf(shape.slice(axis + 1))];
  const count = indices.values.length;
  const pairs: { whole: number; picked: number }[] = [];
  for (let outer = 0; outer < before; outer++) {
    for (let k = 0; k < count; k++) {
      const index = read(indices.values, k);
      if (!(index >= 0 && index < size)) {
        throw new Error(
          `${primitive}: expected indices from 0 to ${size - 1} on axis ${axis} of [${shape.join(", ")}], got ${index}`,
        );
      }
      for (let inner = 0; inner < after; inner++) {
        pairs.push({ whole: (outer * size + index) * after + inner, picked: (outer * count + k) * after + inner });
      }
    }
  }
  return pairs;
}

const truth = (holds: boolean): number => (holds ? 1 : 0);

/** To int32 truncates towards zero; to bool asks whether it differs from zero. */
const conversions = {
  float32: (x) => x,
  int32: Math.trunc,
  bool: (x) => truth(x !== 0),
} satisfies Record<DType, (x: number) => number>;

const kernels: { readonly [P in Primitive]: Kernel<P> } = {
  // `given` answers for inputs.
  input: (node) => {
    throw new Error(`internal: interpret tried to compute ${node.toString()}`);
  },
  constant: (node) => Float64Array.from(node.attributes.values),

  neg: unary((x) => -x),
  abs: unary(Math.abs),
  sign: unary(Math.sign),
  exp: unary(Math.exp),
  log: unary(Math.log),
  sqrt: unary(Math.sqrt),
  tanh: unary(Math.tanh),
  sigmoid: unary((x) => 1 / (1 + Math.exp(-x))),
  relu: unary((x) => Math.max(x, 0)),
  floor: unary(Math.floor),
  not: unary((x) => truth(x === 0)),
  cast: (node, operands) => operand(operands, 0).values.map(conversions[node.attributes.dtype]),

  add: binary((a, b) => a + b),
  sub: binary((a, b) => a - b),
  mul: binary((a, b) => a * b),
  div: binary((a, b) => a / b),
  pow: binary(Math.pow),
  maximum: binary(Math.max),
  minimum: binary(Math.min),
  equal: binary((a, b) => truth(a === b)),
  less: binary((a, b) => truth(a < b)),
  lessEqual: binary((a, b) => truth(a <= b)),
  and: binary((a, b) => truth(a !== 0 && b !== 0)),
  where: (node, operands) => {
    const [a, b] = [spread(operand(operands, 1), node.shape), spread(operand(operands, 2), node.shape)];
    return Float64Array.from(spread(operand(operands, 0), node.shape), (condition, i) =>
      read(condition === 0 ? b : a, i),
    );
  },

  matmul: (node, operands) => multiply(node.attributes, operand(operands, 0), operand(operands, 1), node.shape),
  gemm: (node, operands) => {
    const { alpha, beta } = node.attributes;
    const c = spread(operand(operands, 2), node.shape);
    return multiply(node.attributes, operand(operands, 0), operand(operands, 1), node.shape).map(
      (ab, i) => alpha * ab + beta * read(c, i),
    );
  },
  conv2d,

  transpose: (node, operands) => {
    const x = operand(operands, 0);
    const strides = stridesOf(x.shape);
    return pick(
      x,
      offsets(
        node.shape,
        node.attributes.permutation.map((axis) => strideAt(strides, axis)),
      ),
    );
  },
  reshape: same,
  broadcastTo: (node, operands) => Float64Array.from(spread(operand(operands, 0), node.shape)),
  slice: (node, operands) => {
    const x = operand(operands, 0);
    const strides = stridesOf(x.shape);
    const start = node.attributes.starts.reduce((at, first, axis) => at + first * strideAt(strides, axis), 0);
    return pick(x, offsets(node.shape, strides, start));
  },
  concat: (node, operands) => {
    const out = new Float64Array(sizeOf(node.shape));
    const strides = stridesOf(node.shape);
    let start = 0;
    for (const part of operands) {
      offsets(part.shape, strides, start * strideAt(strides, node.attributes.axis)).forEach((to, i) =>
        write(out, to, read(part.values, i)),
      );
      start += sizeAt(part.shape, node.attributes.axis);
    }
    return out;
  },
  pad: (node, operands) => {
    const x = operand(operands, 0);
    const out = new Float64Array(sizeOf(node.shape));
    const strides = stridesOf(node.shape);
    const start = node.attributes.before.reduce((at, first, axis) => at + first * strideAt(strides, axis), 0);
    offsets(x.shape, strides, start).forEach((to, i) => write(out, to, read(x.values, i)));
    return out;
  },

  gather: (node, operands) => {
    const [x, indices] = [operand(operands, 0), operand(operands, 1)];
    const out = new Float64Array(sizeOf(node.shape));
    for (const { whole, picked } of indexed("gather", x.shape, node.attributes.axis, indices))
      write(out, picked, read(x.values, whole));
    return out;
  },
  scatterAdd: (node, operands) => {
    const [updates, indices] = [operand(operands, 0), operand(operands, 1)];
    const out = new Float64Array(sizeOf(node.shape));
    for (const { whole, picked } of indexed("scatterAdd", node.shape, node.attributes.axis, indices)) {
      write(out, whole, read(out, whole) + read(updates.values, picked));
    }
    return out;
  },
  oneHot: (node, operands) => {
    const { depth } = node.attributes;
    return Float64Array.from(
      [...operand(operands, 0).values].flatMap((index) => range(depth).map((k) => truth(k === index))),
    );
  },

  sum: (node, operands) => reduce(operand(operands, 0), node.attributes.axes, 0, (a, b) => a + b),
  max: (node, operands) => reduce(operand(operands, 0), node.attributes.axes, -Infinity, Math.max),
  argmax: (node, operands) => {
    const x = operand(operands, 0);
    return Float64Array.from(lines(x, node.attributes.axis), (line) => {
      const values = line.map((at) => read(x.values, at));
      return values.indexOf(values.reduce((a, b) => Math.max(a, b)));
    });
  },
  softmax: (node, operands) =>
    alongLines(operand(operands, 0), node.attributes.axis, (line) => {
      const total = logSumExp(line);
      return line.map((value) => Math.exp(value - total));
    }),
  logSoftmax: (node, operands) =>
    alongLines(operand(operands, 0), node.attributes.axis, (line) => {
      const total = logSumExp(line);
      return line.map((value) => value - total);
    }),

  stopGradient: same,
};
