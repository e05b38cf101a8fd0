/**
 * Cases for every primitive: small expressions of odd sizes, whose inputs stay away from kinks and poles. Tests of the
 * interpreter, of derivatives, of `vmap`, of `simplify` and of every runtime run over the same table, so that a new
 * primitive is tested everywhere once it has cases here, and does not compile without.
 */
import { type Random, stream } from "../random/stream.ts";
import { type Primitive } from "./primitive.ts";
import { type DType, type Shape, sizeOf } from "./shape.ts";
import { concat, constant, input, scatterAdd, Tensor } from "./tensor.ts";

/** `count` values of an input, row-major. */
export type Draw = (random: Random, count: number) => number[];

/** One operand of a case. */
export interface CaseInput {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly draw: Draw;
  /** Whether the output is a differentiable function of it, in the sense of `grad`. */
  readonly differentiable: boolean;
}

/** An expression around one primitive. */
export interface PrimitiveCase {
  readonly name: string;
  readonly inputs: readonly CaseInput[];
  readonly build: (...inputs: Tensor[]) => Tensor;
}

/** A case with input nodes (named `x0`, `x1`, ...) and their values. */
export interface Instance {
  readonly inputs: readonly Tensor[];
  readonly values: readonly (readonly number[])[];
  readonly output: Tensor;
}

/** The case's expression over fresh inputs. Equal seeds give equal values, other seeds independent ones. */
export function instantiate(primitiveCase: PrimitiveCase, seed = 0): Instance {
  const inputs = primitiveCase.inputs.map(({ shape, dtype }, i) => input(`x${i}`, shape, dtype));
  return { inputs, values: drawValues(primitiveCase, seed), output: primitiveCase.build(...inputs) };
}

/** Values of every input of a case. Equal seeds give equal values. */
export function drawValues(primitiveCase: PrimitiveCase, seed: number): number[][] {
  const random = stream(seed, `case ${primitiveCase.name}`);
  return primitiveCase.inputs.map(({ shape, draw }) => draw(random, sizeOf(shape)));
}

const each = (count: number, value: (i: number) => number): number[] =>
  Array.from({ length: count }, (_, i) => value(i));

/** Uniform in [low, high). */
export const uniform =
  (low: number, high: number): Draw =>
  (random, count) =>
    each(count, () => low + (high - low) * random.uniform());

/** Either sign, magnitude in [0.2, 1.5): away from the kinks of abs, sign and relu, and from poles at 0. */
export const awayFromZero: Draw = (random, count) =>
  each(count, () => (0.2 + 1.3 * random.uniform()) * (random.uniform() < 0.5 ? -1 : 1));

/**
 * Distinct values of a grid of step 0.1, shifted by `shift` steps: no two are nearer than 0.1, and none is nearer than a
 * fraction of a step to one that was shifted otherwise.
 */
export const distinct =
  (shift = 0.25): Draw =>
  (random, count) =>
    Array.from(random.permutation(count), (place) => 0.1 * (place - Math.floor(count / 2) + shift));

/** Integers of [0, below). */
export const integers =
  (below: number): Draw =>
  (random, count) =>
    each(count, () => random.integer(below));

/** Values 0.3 from a whole number of [-3, 3]: away from the steps of floor and truncation. */
const betweenSteps: Draw = (random, count) =>
  each(count, () => random.integer(7) - 3 + (random.uniform() < 0.5 ? 0.3 : -0.3));

const real = (shape: Shape, draw: Draw = uniform(-1.5, 1.5)): CaseInput => ({
  shape,
  dtype: "float32",
  draw,
  differentiable: true,
});
/** A float32 operand that gets no cotangent. */
const flat = (shape: Shape, draw: Draw): CaseInput => ({ ...real(shape, draw), differentiable: false });
const whole = (shape: Shape, below: number): CaseInput => ({
  shape,
  dtype: "int32",
  draw: integers(below),
  differentiable: false,
});
const truth = (shape: Shape): CaseInput => ({ shape, dtype: "bool", draw: integers(2), differentiable: false });

const unary = (build: (x: Tensor) => Tensor, draw?: Draw): PrimitiveCase[] => [
  { name: "matrix", inputs: [real([3, 5], draw)], build },
  { name: "scalar", inputs: [real([], draw)], build },
];
const step = (build: (x: Tensor) => Tensor, draw: Draw): PrimitiveCase[] => [
  { name: "matrix", inputs: [flat([3, 5], draw)], build },
  { name: "scalar", inputs: [flat([], draw)], build },
];

/** Shapes of two operands that broadcast: equal, lower rank, both repeated, a scalar, axes of size 1 in the middle. */
const broadcasts: readonly (readonly [string, Shape, Shape])[] = [
  ["equal shapes", [3, 5], [3, 5]],
  ["row on the right", [3, 5], [5]],
  ["column on the left", [3, 1], [2, 3, 5]],
  ["both repeated", [3, 1], [1, 5]],
  ["scalar on the left", [], [2, 3]],
  ["inner axis of one", [2, 1, 3], [2, 4, 1]],
];
const binary = (
  build: (a: Tensor, b: Tensor) => Tensor,
  operand: (shape: Shape, index: 0 | 1) => CaseInput = (shape) => real(shape),
): PrimitiveCase[] =>
  broadcasts.map(([name, a, b]) => ({ name, inputs: [operand(a, 0), operand(b, 1)], build: (x, y) => build(x, y) }));

/** Two grids that never meet, so that no pair of operands is a tie. */
const apart = (shape: Shape, index: 0 | 1): CaseInput => real(shape, distinct(index === 0 ? 0.25 : 0.75));
const withoutSlope =
  (operand: (shape: Shape, index: 0 | 1) => CaseInput) =>
  (shape: Shape, index: 0 | 1): CaseInput => ({ ...operand(shape, index), differentiable: false });

const matmul = (name: string, a: Shape, b: Shape, transposeA = false, transposeB = false): PrimitiveCase => ({
  name,
  inputs: [real(a), real(b)],
  build: (x, y) => Tensor.of("matmul", { transposeA, transposeB }, x, y),
});
const gemm = (
  name: string,
  c: Shape,
  alpha: number,
  beta: number,
  transposeA = false,
  transposeB = false,
): PrimitiveCase => ({
  name,
  inputs: [real(transposeA ? [4, 3] : [3, 4]), real(transposeB ? [5, 4] : [4, 5]), real(c)],
  build: (x, y, z) => Tensor.of("gemm", { transposeA, transposeB, alpha, beta }, x, y, z),
});
const conv2d = (
  name: string,
  x: Shape,
  kernel: Shape,
  options: Parameters<Tensor["conv2d"]>[1] = {},
): PrimitiveCase => ({
  name,
  inputs: [real(x), real(kernel)],
  build: (image, weights) => image.conv2d(weights, options),
});
const gather = (name: string, x: Shape, indices: Shape, axis: number): PrimitiveCase => ({
  name,
  inputs: [real(x), whole(indices, x[axis]!)],
  build: (values, at) => values.gather(at, axis),
});
const scatter = (name: string, updates: Shape, indices: Shape, axis: number, size: number): PrimitiveCase => ({
  name,
  inputs: [real(updates), whole(indices, size)],
  build: (values, at) => scatterAdd(values, at, axis, size),
});
const alongAxis = (build: (x: Tensor, axis: number) => Tensor): PrimitiveCase[] => [
  { name: "last axis", inputs: [real([3, 5])], build: (x) => build(x, 1) },
  { name: "first axis", inputs: [real([3, 5])], build: (x) => build(x, 0) },
  { name: "middle axis", inputs: [real([2, 3, 4], uniform(-4, 4))], build: (x) => build(x, 1) },
  { name: "vector", inputs: [real([7])], build: (x) => build(x, 0) },
  { name: "axis of one", inputs: [real([3, 1])], build: (x) => build(x, 1) },
];

/** Cases of every primitive; the expression of a case contains it. */
export const primitiveCases: { readonly [P in Primitive]: readonly PrimitiveCase[] } = {
  input: [
    { name: "vector", inputs: [real([3])], build: (x) => x },
    { name: "scalar", inputs: [real([])], build: (x) => x },
  ],
  constant: [
    { name: "matrix", inputs: [real([2, 3])], build: (x) => x.mul(constant([1, -2, 3, 0.5, 0, 7], [2, 3])) },
    { name: "scalar", inputs: [real([2, 3])], build: (x) => x.add(0.3) },
    { name: "int32", inputs: [real([4, 3])], build: (x) => x.gather(constant([3, 0, 3], [3], "int32")) },
    { name: "bool", inputs: [real([3])], build: (x) => constant([1, 0, 1], [3], "bool").where(x, 0) },
  ],

  neg: unary((x) => x.neg()),
  abs: unary((x) => x.abs(), awayFromZero),
  sign: step((x) => x.sign(), awayFromZero),
  exp: unary((x) => x.exp()),
  log: unary((x) => x.log(), uniform(0.3, 2)),
  sqrt: unary((x) => x.sqrt(), uniform(0.3, 2)),
  tanh: unary((x) => x.tanh()),
  sigmoid: unary((x) => x.sigmoid()),
  relu: unary((x) => x.relu(), awayFromZero),
  floor: step((x) => x.floor(), betweenSteps),
  not: [{ name: "matrix", inputs: [truth([3, 5])], build: (x) => x.not() }],
  cast: [
    { name: "float32 to float32", inputs: [real([3])], build: (x) => Tensor.of("cast", { dtype: "float32" }, x) },
    { name: "float32 to int32", inputs: [flat([3, 5], betweenSteps)], build: (x) => x.cast("int32") },
    {
      name: "float32 to bool",
      inputs: [flat([3, 5], integers(3))],
      build: (x) => x.cast("bool"),
    },
    { name: "int32 to float32", inputs: [whole([3, 5], 9)], build: (x) => x.cast("float32") },
    { name: "int32 to bool", inputs: [whole([3, 5], 3)], build: (x) => x.cast("bool") },
    { name: "bool to float32", inputs: [truth([3, 5])], build: (x) => x.cast("float32") },
    { name: "bool to int32", inputs: [truth([3, 5])], build: (x) => x.cast("int32") },
  ],

  add: [
    ...binary((a, b) => a.add(b)),
    { name: "int32", inputs: [whole([3, 4], 9), whole([4], 9)], build: (a, b) => a.add(b) },
  ],
  sub: [
    ...binary((a, b) => a.sub(b)),
    { name: "int32", inputs: [whole([3, 4], 9), whole([4], 9)], build: (a, b) => a.sub(b) },
  ],
  mul: [
    ...binary((a, b) => a.mul(b)),
    { name: "of itself", inputs: [real([3])], build: (x) => x.square() },
    { name: "int32", inputs: [whole([3, 4], 9), whole([4], 9)], build: (a, b) => a.mul(b) },
  ],
  div: binary(
    (a, b) => a.div(b),
    (shape, index) => real(shape, index === 0 ? undefined : awayFromZero),
  ),
  pow: [
    ...binary(
      (a, b) => a.pow(b),
      (shape, index) => real(shape, index === 0 ? uniform(0.4, 2) : undefined),
    ),
    { name: "negative base, whole exponent", inputs: [real([3, 5], awayFromZero)], build: (x) => x.pow(3) },
  ],
  maximum: binary((a, b) => a.maximum(b), apart),
  minimum: binary((a, b) => a.minimum(b), apart),
  equal: [
    ...binary(
      (a, b) => a.equal(b),
      withoutSlope((shape) => flat(shape, integers(3))),
    ),
    { name: "int32", inputs: [whole([3, 4], 3), whole([4], 3)], build: (a, b) => a.equal(b) },
  ],
  less: [
    ...binary((a, b) => a.less(b), withoutSlope(apart)),
    { name: "with ties", inputs: [whole([3, 4], 3), whole([4], 3)], build: (a, b) => a.less(b) },
  ],
  lessEqual: [
    ...binary((a, b) => a.lessEqual(b), withoutSlope(apart)),
    { name: "with ties", inputs: [whole([3, 4], 3), whole([4], 3)], build: (a, b) => a.lessEqual(b) },
  ],
  and: binary(
    (a, b) => a.and(b),
    (shape) => truth(shape),
  ),
  where: [
    { name: "equal shapes", inputs: [truth([3, 5]), real([3, 5]), real([3, 5])], build: (c, a, b) => c.where(a, b) },
    {
      name: "repeated condition",
      inputs: [truth([3, 1]), real([3, 5]), real([5])],
      build: (c, a, b) => c.where(a, b),
    },
    {
      name: "repeated branches",
      inputs: [truth([2, 3, 5]), real([]), real([3, 1])],
      build: (c, a, b) => c.where(a, b),
    },
    { name: "all repeated", inputs: [truth([2, 1, 1]), real([3, 1]), real([4])], build: (c, a, b) => c.where(a, b) },
    { name: "int32", inputs: [truth([3]), whole([3], 9), whole([3], 9)], build: (c, a, b) => c.where(a, b) },
  ],

  matmul: [
    matmul("matrices", [3, 4], [4, 5]),
    matmul("a transposed", [4, 3], [4, 5], true),
    matmul("b transposed", [3, 4], [5, 4], false, true),
    matmul("both transposed", [4, 3], [5, 4], true, true),
    matmul("batch", [2, 3, 4], [2, 4, 5]),
    matmul("batch, both transposed", [2, 4, 3], [2, 5, 4], true, true),
    matmul("batch times matrix", [2, 3, 4], [4, 5]),
    matmul("matrix times batch, a transposed", [4, 3], [2, 4, 5], true),
    matmul("leading axes broadcast", [2, 1, 3, 4], [3, 4, 2]),
    matmul("leading axes broadcast, b transposed", [3, 3, 4], [2, 1, 2, 4], false, true),
    matmul("row times column", [1, 7], [7, 1]),
  ],
  gemm: [
    gemm("full addend", [3, 5], 1, 1),
    gemm("bias row, scaled", [5], 0.5, 1),
    gemm("accumulate, a transposed", [3, 5], -0.7, 0.9, true),
    gemm("column addend, b transposed", [3, 1], 1, -1, false, true),
    gemm("scalar addend, both transposed", [], 2, 0.3, true, true),
  ],
  conv2d: [
    conv2d("plain", [2, 3, 5, 4], [4, 3, 3, 2]),
    conv2d("one by one", [2, 3, 3, 2], [4, 3, 1, 1]),
    conv2d("padding", [1, 2, 4, 3], [3, 2, 3, 3], { padding: [1, 1, 1, 1] }),
    conv2d("uneven padding", [1, 1, 4, 3], [2, 1, 3, 2], { padding: [2, 0, 1, 1] }),
    conv2d("padding beyond the kernel", [1, 2, 3, 3], [2, 2, 1, 2], { padding: [2, 3, 1, 2] }),
    conv2d("padding the stride jumps over", [1, 1, 1, 2], [1, 1, 1, 1], { padding: [3, 0, 0, 0], strides: [5, 1] }),
    conv2d("strides", [2, 2, 6, 5], [3, 2, 2, 3], { strides: [2, 3] }),
    conv2d("strides that leave pixels over", [1, 2, 6, 7], [2, 2, 3, 2], { strides: [2, 3], padding: [1, 0, 0, 1] }),
    conv2d("dilations", [1, 2, 6, 5], [2, 2, 2, 3], { dilations: [3, 2] }),
    conv2d("groups", [2, 4, 4, 3], [6, 2, 2, 2], { groups: 2 }),
    conv2d("depthwise", [1, 3, 4, 4], [3, 1, 3, 2], { groups: 3, padding: [1, 0, 1, 0] }),
    conv2d("everything", [2, 4, 7, 6], [4, 2, 2, 3], {
      groups: 2,
      strides: [2, 1],
      dilations: [2, 2],
      padding: [1, 2, 0, 1],
    }),
  ],

  transpose: [
    { name: "matrix", inputs: [real([3, 5])], build: (x) => x.transposeLast() },
    { name: "cycle", inputs: [real([2, 3, 4])], build: (x) => x.transpose([2, 0, 1]) },
    { name: "rank 4", inputs: [real([2, 3, 1, 4])], build: (x) => x.transpose([3, 1, 0, 2]) },
    { name: "int32", inputs: [whole([2, 3], 9)], build: (x) => x.transpose([1, 0]) },
  ],
  reshape: [
    { name: "split", inputs: [real([6, 2])], build: (x) => x.reshape([2, 3, 2]) },
    { name: "scalar to matrix", inputs: [real([])], build: (x) => x.reshape([1, 1]) },
    { name: "to scalar", inputs: [real([1, 1])], build: (x) => x.reshape([]) },
    { name: "bool", inputs: [truth([2, 3])], build: (x) => x.reshape([6]) },
  ],
  broadcastTo: [
    { name: "row", inputs: [real([4])], build: (x) => x.broadcastTo([3, 4]) },
    { name: "column", inputs: [real([3, 1])], build: (x) => x.broadcastTo([2, 3, 4]) },
    { name: "scalar", inputs: [real([])], build: (x) => x.broadcastTo([2, 1, 3]) },
    { name: "int32", inputs: [whole([1, 3], 9)], build: (x) => x.broadcastTo([2, 3]) },
  ],
  slice: [
    { name: "both axes", inputs: [real([4, 5])], build: (x) => x.slice([1, 2], [3, 5]) },
    { name: "one element", inputs: [real([2, 3, 4])], build: (x) => x.slice([1, 0, 2], [2, 1, 3]) },
    { name: "int32", inputs: [whole([5], 9)], build: (x) => x.slice([2], [4]) },
  ],
  concat: [
    { name: "first axis", inputs: [real([2, 3]), real([1, 3])], build: (...parts) => concat(parts, 0) },
    {
      name: "last axis, three",
      inputs: [real([2, 3]), real([2, 1]), real([2, 2])],
      build: (...parts) => concat(parts, -1),
    },
    { name: "middle axis", inputs: [real([2, 1, 3]), real([2, 3, 3])], build: (...parts) => concat(parts, 1) },
    { name: "with itself", inputs: [real([2, 3])], build: (x) => concat([x, x], 1) },
    { name: "alone", inputs: [real([2, 3])], build: (x) => concat([x], 1) },
    { name: "int32", inputs: [whole([2], 9), whole([3], 9)], build: (...parts) => concat(parts, 0) },
  ],
  pad: [
    { name: "both axes", inputs: [real([2, 3])], build: (x) => x.pad([1, 0], [2, 3]) },
    { name: "rank 3", inputs: [real([2, 1, 3])], build: (x) => x.pad([0, 2, 1], [1, 0, 1]) },
  ],

  gather: [
    gather("rows", [5, 3], [4], 0),
    gather("columns", [3, 5], [7], 1),
    gather("middle axis", [2, 5, 3], [4], 1),
    gather("matrix of indices, first axis", [5, 3], [2, 3], 0),
    gather("matrix of indices, middle axis", [2, 5, 3], [3, 2], 1),
    gather("matrix of indices, last axis", [2, 3, 5], [2, 4], 2),
    gather("scalar index, first axis", [5, 3], [], 0),
    gather("scalar index, last axis", [2, 5], [], 1),
    { name: "int32", inputs: [whole([5], 9), whole([4], 5)], build: (x, at) => x.gather(at) },
  ],
  scatterAdd: [
    scatter("rows", [4, 3], [4], 0, 5),
    scatter("columns", [3, 7], [7], 1, 5),
    scatter("middle axis", [2, 4, 3], [4], 1, 5),
    scatter("matrix of indices, first axis", [2, 3, 2], [2, 3], 0, 4),
    scatter("matrix of indices, middle axis", [2, 3, 2, 2], [3, 2], 1, 4),
    scatter("matrix of indices, last axis", [3, 2, 4], [2, 4], 1, 5),
    scatter("scalar index, first axis", [3], [], 0, 4),
    scatter("scalar index, last axis", [3], [], 1, 4),
  ],
  oneHot: [
    { name: "vector", inputs: [whole([5], 4)], build: (x) => x.oneHot(4) },
    { name: "matrix", inputs: [whole([2, 3], 4)], build: (x) => x.oneHot(4) },
    { name: "scalar", inputs: [whole([], 4)], build: (x) => x.oneHot(4) },
    { name: "out of range", inputs: [whole([9], 6)], build: (x) => x.sub(constant([1], [], "int32")).oneHot(4) },
  ],

  sum: [
    { name: "everything", inputs: [real([3, 5])], build: (x) => x.sum() },
    { name: "first axis", inputs: [real([3, 5])], build: (x) => x.sum(0) },
    { name: "outer axes", inputs: [real([2, 3, 4])], build: (x) => x.sum([0, 2]) },
    { name: "no axis", inputs: [real([3])], build: (x) => x.sum([]) },
    { name: "scalar", inputs: [real([])], build: (x) => x.sum() },
  ],
  max: [
    { name: "everything", inputs: [real([3, 5], distinct())], build: (x) => x.max() },
    { name: "last axis", inputs: [real([3, 5], distinct())], build: (x) => x.max(1) },
    { name: "outer axes", inputs: [real([2, 3, 4], distinct())], build: (x) => x.max([0, 2]) },
  ],
  argmax: [
    { name: "last axis", inputs: [flat([3, 5], distinct())], build: (x) => x.argmax() },
    { name: "middle axis", inputs: [flat([2, 4, 3], distinct())], build: (x) => x.argmax(1) },
    { name: "first of equals", inputs: [flat([6, 5], integers(3))], build: (x) => x.argmax(1) },
    { name: "vector", inputs: [flat([7], distinct())], build: (x) => x.argmax(0) },
  ],
  softmax: alongAxis((x, axis) => x.softmax(axis)),
  logSoftmax: alongAxis((x, axis) => x.logSoftmax(axis)),

  // stopGradient is no derivative of its value: grad.test.ts tests it by itself.
  stopGradient: [{ name: "matrix", inputs: [flat([2, 3], uniform(-1, 1))], build: (x) => x.stopGradient() }],
};

/** All cases in one list, titled `conv2d: strides`. */
export const allCases: readonly (readonly [title: string, primitiveCase: PrimitiveCase, primitive: Primitive])[] =
  Object.entries(primitiveCases).flatMap(([primitive, cases]) =>
    cases.map((one) => [`${primitive}: ${one.name}`, one, primitive as Primitive] as const),
  );
