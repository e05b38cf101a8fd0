/**
 * How every primitive acts on operands that have gained a leading replica axis.
 *
 * A rule receives the original node, its operands (those with `batched[i]` carry a leading axis of size `size`) and returns
 * the node's value for all replicas: the original shape behind a leading axis. At least one operand is batched.
 */
import type { Attributes, Primitive } from "./primitive.ts";
import { range, type Shape } from "./shape.ts";
import { concat, constant, scatterAdd, Tensor } from "./tensor.ts";

type Node<P extends Primitive> = Tensor & { readonly attributes: Attributes[P] };
export interface Batch {
  readonly inputs: readonly Tensor[];
  readonly batched: readonly boolean[];
  readonly size: number;
}
type Batching<P extends Primitive> = (node: Node<P>, batch: Batch) => Tensor;

function operand(batch: Batch, index: number): Tensor {
  const found = batch.inputs[index];
  if (found === undefined) throw new Error(`internal: vmap met a node without operand ${index + 1}`);
  return found;
}

const isBatched = (batch: Batch, index: number): boolean => batch.batched[index] === true;

/** Operand `index` with the replica axis whether or not it had one. */
function everywhere(batch: Batch, index: number): Tensor {
  const x = operand(batch, index);
  return isBatched(batch, index) ? x : x.broadcastTo([batch.size, ...x.shape]);
}

/** Puts axes of size 1 between the replica axis and the rest, so that a batched operand of lower rank still broadcasts from the right. */
function align(batch: Batch, index: number, rank: number): Tensor {
  const x = operand(batch, index);
  if (!isBatched(batch, index) || x.rank - 1 >= rank) return x;
  const [size, ...rest] = x.shape;
  return x.reshape([size ?? 1, ...new Array<number>(rank - rest.length).fill(1), ...rest]);
}

const elementwise =
  <P extends Primitive>(): Batching<P> =>
  (node, batch) =>
    Tensor.of(node.primitive, node.attributes, ...batch.inputs.map((_, i) => align(batch, i, node.rank)));

const moveAxis = (x: Tensor, from: number, to: number): Tensor => {
  if (from === to) return x;
  const order = range(x.rank).filter((axis) => axis !== from);
  order.splice(to, 0, from);
  return x.transpose(order);
};

/** Moves `count` neighbouring axes that start at `from` so that they start at `to`. */
const moveAxes = (x: Tensor, from: number, count: number, to: number): Tensor => {
  if (from === to || count === 0) return x;
  const moving = range(count).map((i) => from + i);
  const order = range(x.rank).filter((axis) => !moving.includes(axis));
  order.splice(to, 0, ...moving);
  return x.transpose(order);
};

/** Indices of replica r point into block r of an axis of `size * length` elements. */
function offset(indices: Tensor, size: number, length: number): Tensor {
  const starts = constant(
    range(size).map((replica) => replica * length),
    [size, ...indices.shape.slice(1).map(() => 1)],
    "int32",
  );
  return indices.add(starts);
}

const matmul: Batching<"matmul"> = (node, batch) => {
  const [a, b] = [node.inputs[0]?.rank ?? 2, node.inputs[1]?.rank ?? 2];
  const rank = Math.max(a, b);
  return Tensor.of("matmul", node.attributes, align(batch, 0, rank), align(batch, 1, rank));
};

const internal =
  <P extends Primitive>(): Batching<P> =>
  (node) => {
    throw new Error(`internal: vmap met ${node.toString()}, a leaf without batched operands`);
  };

export const batching: { readonly [P in Primitive]: Batching<P> } = {
  input: internal(),
  constant: internal(),

  neg: elementwise(),
  abs: elementwise(),
  sign: elementwise(),
  exp: elementwise(),
  log: elementwise(),
  sqrt: elementwise(),
  tanh: elementwise(),
  sigmoid: elementwise(),
  relu: elementwise(),
  floor: elementwise(),
  not: elementwise(),
  cast: elementwise(),
  add: elementwise(),
  sub: elementwise(),
  mul: elementwise(),
  div: elementwise(),
  pow: elementwise(),
  maximum: elementwise(),
  minimum: elementwise(),
  equal: elementwise(),
  less: elementwise(),
  lessEqual: elementwise(),
  and: elementwise(),
  where: elementwise(),

  matmul,
  // A batched product has no fused form: it is written out.
  gemm: (node, batch) => {
    const { alpha, beta, ...flags } = node.attributes;
    const product = Tensor.of("matmul", flags, align(batch, 0, 2), align(batch, 1, 2));
    const scaled = alpha === 1 ? product : product.mul(alpha);
    const addend = align(batch, 2, 2);
    return scaled.add(beta === 1 ? addend : addend.mul(beta));
  },
  conv2d: (node, batch) => {
    const { groups } = node.attributes;
    const [n, , ...image] = node.shape;
    const [x, kernel] = [everywhere(batch, 0), operand(batch, 1)];
    if (!isBatched(batch, 1)) {
      const merged = x.reshape([batch.size * x.size(1), ...x.shape.slice(2)]);
      return Tensor.of("conv2d", node.attributes, merged, kernel).reshape([batch.size, ...node.shape]);
    }
    // Each replica has its own kernel: replicas become groups of channels.
    const channels = moveAxis(x, 0, 1).reshape([x.size(1), batch.size * x.size(2), ...x.shape.slice(3)]);
    const kernels = kernel.reshape([batch.size * kernel.size(1), ...kernel.shape.slice(2)]);
    const out = Tensor.of("conv2d", { ...node.attributes, groups: groups * batch.size }, channels, kernels);
    return moveAxis(out.reshape([n ?? 1, batch.size, node.size(1), ...image]), 1, 0);
  },

  transpose: (node, batch) => operand(batch, 0).transpose([0, ...node.attributes.permutation.map((axis) => axis + 1)]),
  reshape: (node, batch) => operand(batch, 0).reshape([batch.size, ...node.attributes.shape]),
  broadcastTo: (node, batch) => align(batch, 0, node.rank).broadcastTo([batch.size, ...node.attributes.shape]),
  slice: (node, batch) =>
    operand(batch, 0).slice([0, ...node.attributes.starts], [batch.size, ...node.attributes.ends]),
  concat: (node, batch) =>
    concat(
      node.inputs.map((_, i) => everywhere(batch, i)),
      node.attributes.axis + 1,
    ),
  pad: (node, batch) => operand(batch, 0).pad([0, ...node.attributes.before], [0, ...node.attributes.after]),

  gather: (node, batch) => {
    const { axis } = node.attributes;
    const [x, indices] = [operand(batch, 0), operand(batch, 1)];
    if (!isBatched(batch, 1)) return x.gather(indices, axis + 1);
    if (!isBatched(batch, 0)) return moveAxis(x.gather(indices, axis), axis, 0);
    const front = moveAxis(x, axis + 1, 1);
    const length = front.size(1);
    const rows = front.reshape([batch.size * length, ...front.shape.slice(2)]);
    const found = rows.gather(offset(indices, batch.size, length), 0);
    return moveAxes(found, 1, indices.rank - 1, 1 + axis);
  },
  scatterAdd: (node, batch) => {
    const { axis, size, indexRank } = node.attributes;
    const indices = operand(batch, 1);
    if (!isBatched(batch, 1)) return scatterAdd(operand(batch, 0), indices, axis + 1, size);
    const updates = moveAxes(everywhere(batch, 0), 1 + axis, indexRank, 1);
    const rows = scatterAdd(updates, offset(indices, batch.size, size), 0, batch.size * size);
    const shape: Shape = [batch.size, size, ...rows.shape.slice(1)];
    return moveAxis(rows.reshape(shape), 1, 1 + axis);
  },
  oneHot: (node, batch) => operand(batch, 0).oneHot(node.attributes.depth),

  sum: (node, batch) => operand(batch, 0).sum(node.attributes.axes.map((axis) => axis + 1)),
  max: (node, batch) => operand(batch, 0).max(node.attributes.axes.map((axis) => axis + 1)),
  argmax: (node, batch) => operand(batch, 0).argmax(node.attributes.axis + 1),
  softmax: (node, batch) => operand(batch, 0).softmax(node.attributes.axis + 1),
  logSoftmax: (node, batch) => operand(batch, 0).logSoftmax(node.attributes.axis + 1),

  stopGradient: elementwise(),
};
