/**
 * Lowering of expression graphs to ONNX models.
 *
 * Opset 18 of ONNX; in the `cpu` dialect also ONNX Runtime's FusedMatMul (com.microsoft, version 1), which multiplies
 * stacks of matrices without transposing them first. The `portable` dialect uses standard operators only.
 */
import {
  type Attributes,
  type DType,
  is,
  type Primitive,
  type Shape,
  sizeOf,
  type Tensor,
  topological,
} from "../graph/index.ts";
import {
  encodeModel,
  type OnnxAttribute,
  type OnnxGraph,
  type OnnxNode,
  type OnnxPort,
  type OnnxTensor,
  onnxType,
} from "./onnx-schema.ts";

export const ONNX_OPSET = 18;
const IR_VERSION = 8;

export type Dialect = "cpu" | "portable";

/** A named value that enters or leaves a model. */
export interface Port {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
}

/** A model ready to be executed, and what it expects and returns. */
export interface Program {
  readonly model: Uint8Array;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
}

type Node<P extends Primitive> = Tensor & { readonly attributes: Attributes[P] };
type Lowering<P extends Primitive> = (node: Node<P>, inputs: readonly string[], emit: Emitter) => string;

/** Collects the nodes of one ONNX graph. */
class Emitter {
  readonly nodes: OnnxNode[] = [];
  readonly initializers: OnnxTensor[] = [];
  private readonly constants = new Map<string, string>();

  constructor(
    readonly dialect: Dialect,
    private readonly sharesConstants: boolean,
  ) {}

  /** Appends an operator and returns the name of its only result. */
  op(
    opType: string,
    input: readonly string[],
    attributes: Readonly<Record<string, number | readonly number[] | string>> = {},
    domain = "",
  ): string {
    const name = `${opType}_${this.nodes.length}`;
    this.nodes.push({
      name,
      opType,
      domain,
      input,
      output: [name],
      attribute: Object.entries(attributes).map(attribute),
    });
    return name;
  }

  /** A constant; equal constants are stored once, where they are shared. */
  constant(values: ArrayLike<number>, dims: Shape, type: keyof typeof onnxType): string {
    const rawData = bytesOf(values, type);
    const key = `${type} [${dims.join(",")}] ${rawData.join(",")}`;
    const known = this.constants.get(key);
    if (this.sharesConstants && known !== undefined) return known;
    const name = `constant_${this.initializers.length}`;
    this.initializers.push({ name, dims, dataType: onnxType[type], rawData });
    this.constants.set(key, name);
    return name;
  }

  /** A list of axes, sizes or positions. */
  integers(values: readonly number[]): string {
    return this.constant(values, [values.length], "int64");
  }
}

function attribute([name, value]: readonly [string, number | readonly number[] | string]): OnnxAttribute {
  if (typeof value === "string") return { name, type: 3, s: new TextEncoder().encode(value) };
  if (typeof value !== "number") return { name, type: 7, ints: value };
  // ONNX has no untyped numbers; the scale factors are its only float attributes here.
  return name === "alpha" || name === "beta" ? { name, type: 1, f: value } : { name, type: 2, i: value };
}

function bytesOf(values: ArrayLike<number>, type: keyof typeof onnxType): Uint8Array {
  switch (type) {
    case "float32":
      return new Uint8Array(Float32Array.from(values).buffer);
    case "int32":
      return new Uint8Array(Int32Array.from(values).buffer);
    case "int64":
      return new Uint8Array(BigInt64Array.from(Array.from(values), (value) => BigInt(value)).buffer);
    case "bool":
      return Uint8Array.from(values);
    default:
      return type satisfies never;
  }
}

const elementwise =
  <P extends Primitive>(opType: string): Lowering<P> =>
  (_, inputs, emit) =>
    emit.op(opType, inputs);

/** Products from which ONNX Runtime may split one over threads: half of what it gives a thread. */
const splitFrom = 2 ** 15;

/** Terms of the longest sum that is added up in one go, whatever the number of columns. */
const panel = 128;

/**
 * How a product must be written so that its bits do not depend on the threads of the session (cpu dialect).
 *
 * ONNX Runtime splits the longer side of a result over threads. Where that is the columns, a narrow part adds up its sums in longer panels
 * than a wide one; they are added up panel by panel here, as a wide one does. A single column is made by a kernel that takes rows four at
 * a time, and the last ones one by one, so that a cut between rows shows; it is computed twice, side by side, by the kernel of all others.
 */
function threadSafeForm(
  [a, b]: readonly Tensor[],
  { transposeA, transposeB }: { readonly transposeA: boolean; readonly transposeB: boolean },
): "as it is" | "by panels" | "two columns" {
  if (a === undefined || b === undefined || transposeA) return "as it is";
  const length = a.size(-1);
  const columns = transposeB ? b.size(-2) : b.size(-1);
  // A stack times one matrix is one tall matrix.
  const rows = b.rank === 2 ? sizeOf(a.shape) / length : a.size(-2);
  if (rows === 1 || rows * columns * length < splitFrom) return "as it is";
  if (columns === 1) return "two columns";
  return rows < columns && length > panel ? "by panels" : "as it is";
}

interface ProductForm {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  /** Whether both are single matrices. */
  readonly matrices: boolean;
}

const product: Lowering<"matmul"> = (node, [a = "", b = ""], emit) => {
  const { transposeA, transposeB } = node.attributes;
  const [rankA = 2, rankB = 2] = node.inputs.map(({ rank }) => rank);
  const of: ProductForm = { transposeA, transposeB, matrices: rankA === 2 && rankB === 2 };
  if (emit.dialect !== "cpu" && !of.matrices) {
    const swap = (name: string, rank: number): string => {
      const perm = [...Array(rank).keys()];
      return emit.op("Transpose", [name], { perm: [...perm.slice(0, -2), rank - 1, rank - 2] });
    };
    return emit.op("MatMul", [transposeA ? swap(a, rankA) : a, transposeB ? swap(b, rankB) : b]);
  }
  const form = emit.dialect === "cpu" ? threadSafeForm(node.inputs, node.attributes) : "as it is";
  switch (form) {
    case "as it is":
      return multiplied(a, b, of, emit);
    case "by panels":
      return panels(node.inputs, [a, b], of, emit)
        .map(([left, right]) => multiplied(left, right, of, emit))
        .reduce((sum, part) => emit.op("Add", [sum, part]));
    case "two columns": {
      const twice = emit.op("Concat", [b, b], { axis: transposeB ? rankB - 2 : rankB - 1 });
      return firstColumn(multiplied(a, twice, of, emit), node.rank - 1, emit);
    }
    default:
      return form satisfies never;
  }
};

function multiplied(a: string, b: string, { transposeA, transposeB, matrices }: ProductForm, emit: Emitter): string {
  if (!transposeA && !transposeB) return emit.op("MatMul", [a, b]);
  const attributes = { transA: Number(transposeA), transB: Number(transposeB) };
  return matrices ? emit.op("Gemm", [a, b], attributes) : emit.op("FusedMatMul", [a, b], attributes, "com.microsoft");
}

/** The first of the columns, which lie along `axis`. */
function firstColumn(name: string, axis: number, emit: Emitter): string {
  const [start, end, axes] = [[0], [1], [axis]].map((values) => emit.integers(values));
  return emit.op("Slice", [name, start ?? "", end ?? "", axes ?? ""]);
}

/** Both sides of a product cut along the sum, the left one not transposed. */
function panels(
  inputs: readonly Tensor[],
  [a, b]: readonly [string, string],
  { transposeB }: Pick<ProductForm, "transposeB">,
  emit: Emitter,
): (readonly [string, string])[] {
  const length = inputs[0]?.size(-1) ?? 0;
  const [rankA = 2, rankB = 2] = inputs.map(({ rank }) => rank);
  const cut = (name: string, axis: number, at: number): string => {
    const places = [[at * panel], [Math.min(length, (at + 1) * panel)], [axis]];
    return emit.op("Slice", [name, ...places.map((values) => emit.integers(values))]);
  };
  return Array.from({ length: Math.ceil(length / panel) }, (_, at) => [
    cut(a, rankA - 1, at),
    cut(b, transposeB ? rankB - 1 : rankB - 2, at),
  ]);
}

/** alpha A B + beta C, thread by thread as `product`. */
const fusedProduct: Lowering<"gemm"> = (node, [a = "", b = "", c = ""], emit) => {
  const { transposeA, transposeB, alpha, beta } = node.attributes;
  const attributes = { transA: Number(transposeA), transB: Number(transposeB), alpha };
  const form = emit.dialect === "cpu" ? threadSafeForm(node.inputs, node.attributes) : "as it is";
  if (form === "as it is") return emit.op("Gemm", [a, b, c], { ...attributes, beta });
  if (form === "two columns") {
    const twice = emit.op("Concat", [b, b], { axis: transposeB ? 0 : 1 });
    return firstColumn(emit.op("Gemm", [a, twice, c], { ...attributes, beta }), 1, emit);
  }
  return panels(node.inputs, [a, b], node.attributes, emit).reduce(
    (sum, [left, right], at) => emit.op("Gemm", [left, right, sum], { ...attributes, beta: at === 0 ? beta : 1 }),
    c,
  );
};

/** Numbers that ONNX Runtime takes at once in a logarithm, or a multiple. */
const logBlock = 64;

/**
 * In the cpu dialect the logarithm is taken of whole blocks: what is left over at the end of a tensor is computed in another way, with other
 * last bits, and where a replica's numbers lie in a stack must not show.
 */
const logarithm: Lowering<"log"> = (node, [x = ""], emit) => {
  const size = sizeOf(node.shape);
  const missing = (logBlock - (size % logBlock)) % logBlock;
  if (emit.dialect !== "cpu" || missing === 0) return emit.op("Log", [x]);
  const flat = emit.op("Reshape", [x, emit.integers([size])]);
  const ones = emit.constant(new Float32Array(missing).fill(1), [missing], "float32");
  const whole = emit.op("Log", [emit.op("Concat", [flat, ones], { axis: 0 })]);
  const own = emit.op("Slice", [whole, emit.integers([0]), emit.integers([size])]);
  return emit.op("Reshape", [own, emit.integers(node.shape)]);
};

/** Depth up to which one-hot vectors are rows of a stored table. */
const largestTable = 512;

/**
 * One-hot vectors as rows of the identity, which is faster than comparing with every class. Indices are first clipped to
 * one below and one above the classes: both name the row of zeros behind the identity (-1 counts from the back).
 */
function oneHotRows(indices: string, depth: number, emit: Emitter): string {
  const table = new Float32Array((depth + 1) * depth);
  for (let k = 0; k < depth; k++) table[k * (depth + 1)] = 1;
  const [below, above] = [-1, depth].map((bound) => emit.constant([bound], [], "int32"));
  const inside = emit.op("Clip", [indices, below ?? "", above ?? ""]);
  return emit.op("Gather", [emit.constant(table, [depth + 1, depth], "float32"), inside], { axis: 0 });
}

const scatterAdd: Lowering<"scatterAdd"> = (node, [updates = "", indices = ""], emit) => {
  const { axis, indexRank } = node.attributes;
  const shape = node.inputs[0]?.shape ?? [];
  const count = sizeOf(shape.slice(axis, axis + indexRank));
  const flat = [...shape.slice(0, axis), count, ...shape.slice(axis + indexRank)];
  const rows = emit.op("Reshape", [updates, emit.integers(flat)]);
  // ScatterElements wants one index per update.
  const column = emit.op("Reshape", [indices, emit.integers(flat.map((size, i) => (i === axis ? size : 1)))]);
  const spread = emit.op("Expand", [column, emit.integers(flat)]);
  const zeros = emit.op("Expand", [emit.constant([0], [], "float32"), emit.integers(node.shape)]);
  return emit.op("ScatterElements", [zeros, spread, rows], { axis, reduction: "add" });
};

/**
 * Sums block by block of neighbouring axes, the last first.
 *
 * ONNX Runtime's ReduceSum adds the numbers of a row in an order that depends on where in memory the row begins, and the
 * rows of a lone matrix in another order than those of a stack. In the cpu dialect every sum is a product with ones, whose
 * order is fixed, and no row is multiplied alone, which is another kernel: a run's last bits must not depend on its place in a
 * stack.
 */
const sum: Lowering<"sum"> = (node, [x = ""], emit) => {
  const { axes } = node.attributes;
  if (emit.dialect !== "cpu")
    return emit.op("ReduceSum", [x, emit.integers(axes)], { keepdims: 0, noop_with_empty_axes: 1 });
  const whole = node.inputs[0]?.shape ?? [];
  const left = whole.map((size, axis) => ({ size, summed: axes.includes(axis) })).filter(({ size }) => size > 1);
  let name = x;
  for (let last = left.findLastIndex(isSummed); last >= 0; last = left.findLastIndex(isSummed)) {
    const first = left.slice(0, last).findLastIndex((axis) => !isSummed(axis)) + 1;
    const size = (from: number, to: number): number => sizeOf(left.slice(from, to).map((axis) => axis.size));
    name = sumMiddle(name, [size(0, first), size(first, last + 1), size(last + 1, left.length)], emit);
    left.splice(first, last + 1 - first);
  }
  return emit.op("Reshape", [name, emit.integers(node.shape)]);
};

const isSummed = ({ summed }: { readonly summed: boolean }): boolean => summed;

/** Sum over the middle axis of [before, block, after]. */
function sumMiddle(x: string, [before, block, after]: readonly [number, number, number], emit: Emitter): string {
  if (after > 1) {
    const stack = emit.op("Reshape", [x, emit.integers([before, block, after])]);
    return emit.op("MatMul", [emit.constant(new Float32Array(block).fill(1), [1, block], "float32"), stack]);
  }
  const rows = emit.op("Reshape", [x, emit.integers([before, block])]);
  const stack = before > 1 ? rows : emit.op("Concat", [rows, rows], { axis: 0 });
  // Twice, side by side: a single column is another kernel, in which the last rows differ from the others (`threadSafeForm`).
  const sums = emit.op("MatMul", [stack, emit.constant(new Float32Array(2 * block).fill(1), [block, 2], "float32")]);
  return emit.op("Slice", [sums, emit.integers([0, 0]), emit.integers([before, 1])]);
}

const alongAxis =
  <P extends "softmax" | "logSoftmax">(opType: string): Lowering<P> =>
  (node, inputs, emit) =>
    emit.op(opType, inputs, { axis: node.attributes.axis });

const alias =
  <P extends Primitive>(): Lowering<P> =>
  (_, [x = ""]) =>
    x;

const lowering: { readonly [P in Primitive]: Lowering<P> } = {
  input: (node) => node.attributes.name,
  constant: ({ attributes }, _, emit) => emit.constant(attributes.values, attributes.shape, attributes.dtype),

  neg: elementwise("Neg"),
  abs: elementwise("Abs"),
  sign: elementwise("Sign"),
  exp: elementwise("Exp"),
  log: logarithm,
  sqrt: elementwise("Sqrt"),
  tanh: elementwise("Tanh"),
  sigmoid: elementwise("Sigmoid"),
  relu: elementwise("Relu"),
  floor: elementwise("Floor"),
  not: elementwise("Not"),
  cast: (node, inputs, emit) => emit.op("Cast", inputs, { to: onnxType[node.attributes.dtype] }),

  add: elementwise("Add"),
  sub: elementwise("Sub"),
  mul: elementwise("Mul"),
  div: elementwise("Div"),
  pow: elementwise("Pow"),
  maximum: elementwise("Max"),
  minimum: elementwise("Min"),
  equal: elementwise("Equal"),
  less: elementwise("Less"),
  lessEqual: elementwise("LessOrEqual"),
  and: elementwise("And"),
  where: elementwise("Where"),

  matmul: product,
  gemm: fusedProduct,
  conv2d: (node, inputs, emit) => {
    const { strides, padding, dilations, groups } = node.attributes;
    return emit.op("Conv", inputs, { strides, pads: padding, dilations, group: groups });
  },

  transpose: (node, inputs, emit) => emit.op("Transpose", inputs, { perm: node.attributes.permutation }),
  reshape: (node, [x = ""], emit) => emit.op("Reshape", [x, emit.integers(node.shape)]),
  broadcastTo: (node, [x = ""], emit) => emit.op("Expand", [x, emit.integers(node.shape)]),
  slice: (node, [x = ""], emit) => {
    const whole = node.inputs[0]?.shape ?? [];
    const { starts, ends } = node.attributes;
    const axes = [...whole.keys()].filter((axis) => starts[axis] !== 0 || ends[axis] !== whole[axis]);
    const pick = (list: readonly number[]): string => emit.integers(axes.map((axis) => list[axis] ?? 0));
    return emit.op("Slice", [x, pick(starts), pick(ends), emit.integers(axes)]);
  },
  concat: (node, inputs, emit) => emit.op("Concat", inputs, { axis: node.attributes.axis }),
  pad: (node, [x = ""], emit) =>
    emit.op("Pad", [x, emit.integers([...node.attributes.before, ...node.attributes.after])]),

  gather: (node, inputs, emit) => emit.op("Gather", inputs, { axis: node.attributes.axis }),
  scatterAdd,
  oneHot: (node, [indices = ""], emit) => {
    const { depth } = node.attributes;
    if (emit.dialect === "cpu" && depth <= largestTable) return oneHotRows(indices, depth, emit);
    // Comparison instead of OneHot, whose negative indices count from the back.
    const column = emit.op("Unsqueeze", [indices, emit.integers([-1])]);
    const hit = emit.op("Equal", [column, emit.constant([...Array(depth).keys()], [depth], "int32")]);
    return emit.op("Cast", [hit], { to: onnxType.float32 });
  },

  sum,
  max: (node, [x = ""], emit) =>
    emit.op("ReduceMax", [x, emit.integers(node.attributes.axes)], { keepdims: 0, noop_with_empty_axes: 1 }),
  argmax: (node, inputs, emit) => {
    const index = emit.op("ArgMax", inputs, { axis: node.attributes.axis, keepdims: 0 });
    return emit.op("Cast", [index], { to: onnxType.int32 });
  },
  softmax: alongAxis("Softmax"),
  logSoftmax: alongAxis("LogSoftmax"),

  stopGradient: alias(),
};

/**
 * Gives results their names. The node that computes a result writes it under that name, so that large state is not copied
 * once more; a value that is an input, a constant, or leaves under several names is copied by Identity.
 */
function nameResults(nodes: readonly OnnxNode[], results: readonly (readonly [string, string])[]): OnnxNode[] {
  const computed = new Set(nodes.flatMap(({ output }) => output));
  const renamed = new Map<string, string>();
  const copies: OnnxNode[] = [];
  for (const [name, value] of results) {
    if (computed.has(value) && !renamed.has(value)) {
      renamed.set(value, name);
      continue;
    }
    copies.push({
      name: `result_${name}`,
      opType: "Identity",
      domain: "",
      input: [value],
      output: [name],
      attribute: [],
    });
  }
  const final = (value: string): string => renamed.get(value) ?? value;
  return [...nodes, ...copies].map((node) => ({
    ...node,
    input: node.input.map(final),
    output: node.output.map(final),
  }));
}

/** A graph as ONNX has it, before it is written as bytes. */
export interface LoweredGraph {
  readonly graph: OnnxGraph;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
}

/** What of a graph is not as usual: inputs whose values are written into the model, and constants that are not shared. */
interface LoweringOptions {
  readonly values?: Readonly<Record<string, Float32Array>>;
  readonly sharesConstants?: boolean;
}

/**
 * The ONNX graph that computes `outputs`, by name. Inputs are the graph's `input` nodes, in order of first use, but those that `values` has.
 *
 * Throws Error when two inputs share a name.
 */
export function lowerGraph(
  outputs: Readonly<Record<string, Tensor>>,
  dialect: Dialect,
  { values = {}, sharesConstants = true }: LoweringOptions = {},
): LoweredGraph {
  const emit = new Emitter(dialect, sharesConstants);
  const names = new Map<Tensor, string>();
  const inputs: Port[] = [];
  for (const node of topological(Object.values(outputs))) {
    if (is(node, "input")) {
      const { name, dtype, shape } = node.attributes;
      if (inputs.some((port) => port.name === name)) {
        throw new Error(`lower: expected inputs with distinct names, got two named "${name}"; share one input node`);
      }
      const own = values[name];
      if (own === undefined) inputs.push({ name, dtype, shape });
      else emit.initializers.push(initializerOf(name, own, shape, dtype));
    }
    const rule = lowering[node.primitive] as (node: Tensor, inputs: readonly string[], emit: Emitter) => string;
    const operands = node.inputs.map((operand) => names.get(operand) ?? "");
    names.set(node, rule(node, operands, emit));
  }
  const results = Object.entries(outputs).map(([name, { dtype, shape }]): Port => ({ name, dtype, shape }));
  const nodes = nameResults(
    emit.nodes,
    Object.entries(outputs).map(([name, tensor]) => [name, names.get(tensor) ?? ""]),
  );
  const port = ({ name, dtype, shape }: Port): OnnxPort => ({ name, elemType: onnxType[dtype], dims: shape });
  const graph = {
    ...{ name: "step", nodes, initializers: emit.initializers },
    ...{ inputs: inputs.map(port), outputs: results.map(port) },
  };
  return { graph, inputs, outputs: results };
}

function initializerOf(name: string, values: Float32Array, shape: Shape, dtype: DType): OnnxTensor {
  if (dtype !== "float32" || values.length !== sizeOf(shape))
    throw new Error(`lower: expected ${dtype}[${shape.join(", ")}] for "${name}", got ${values.length} float32`);
  return { name, dims: shape, dataType: onnxType.float32, rawData: bytesOf(values, "float32") };
}

/** The bytes of a model. */
export function encodeGraph(graph: OnnxGraph, dialect: Dialect): Uint8Array {
  const opsets = dialect === "cpu" ? { "": ONNX_OPSET, "com.microsoft": 1 } : { "": ONNX_OPSET };
  return encodeModel(graph, opsets, IR_VERSION);
}

/** The ONNX model that computes `outputs`, by name. Throws as `lowerGraph`. */
export function lower(outputs: Readonly<Record<string, Tensor>>, dialect: Dialect = "portable"): Program {
  const { graph, ...ports } = lowerGraph(outputs, dialect);
  return { model: encodeGraph(graph, dialect), ...ports };
}
