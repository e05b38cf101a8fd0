/**
 * Cost model: floating-point operations and memory traffic of a graph, counted from shapes.
 *
 * A multiply-add counts two operations, as is usual for matrix products; an exponential, logarithm, root or power counts
 * one like any other elementwise operation; moving or renaming data counts none. Bytes are what each node reads and writes
 * (4 per float32 and int32, 1 per bool), as if nothing stayed in cache.
 */
import type { Attributes, Primitive } from "./primitive.ts";
import { type DType, sizeOf } from "./shape.ts";
import { type Tensor, topological } from "./tensor.ts";

type Node<P extends Primitive> = Tensor & { readonly attributes: Attributes[P] };
type Operations<P extends Primitive> = (node: Node<P>) => number;

export interface Cost {
  readonly operations: number;
  readonly bytes: number;
  /** Operations of the matrix products and convolutions alone. */
  readonly products: number;
}

const perElement = (node: Tensor): number => sizeOf(node.shape);
const perOperandElement = (node: Tensor): number => sizeOf(node.inputs[0]?.shape ?? []);
const free = (): number => 0;

const product = (node: Tensor, transposeA: boolean): number => {
  const a = node.inputs[0];
  return 2 * sizeOf(node.shape) * (a?.size(transposeA ? -2 : -1) ?? 1);
};

/** Operations of one node. */
export const operations: { readonly [P in Primitive]: Operations<P> } = {
  input: free,
  constant: free,
  neg: perElement,
  abs: perElement,
  sign: perElement,
  exp: perElement,
  log: perElement,
  sqrt: perElement,
  tanh: perElement,
  sigmoid: perElement,
  relu: perElement,
  floor: perElement,
  not: perElement,
  cast: free,
  add: perElement,
  sub: perElement,
  mul: perElement,
  div: perElement,
  pow: perElement,
  maximum: perElement,
  minimum: perElement,
  equal: perElement,
  less: perElement,
  lessEqual: perElement,
  and: perElement,
  where: perElement,
  matmul: (node) => product(node, node.attributes.transposeA),
  gemm: (node) => product(node, node.attributes.transposeA) + 2 * sizeOf(node.shape),
  conv2d: (node) => 2 * sizeOf(node.shape) * sizeOf(node.inputs[1]?.shape.slice(1) ?? []),
  transpose: free,
  reshape: free,
  broadcastTo: free,
  slice: free,
  concat: free,
  pad: free,
  gather: free,
  scatterAdd: perOperandElement,
  oneHot: free,
  sum: perOperandElement,
  max: perOperandElement,
  argmax: perOperandElement,
  // Subtract the maximum, exponentiate, sum, divide (or take the logarithm and subtract).
  softmax: (node) => 4 * sizeOf(node.shape),
  logSoftmax: (node) => 4 * sizeOf(node.shape),
  stopGradient: free,
};

const isProduct = (primitive: Primitive): boolean =>
  primitive === "matmul" || primitive === "gemm" || primitive === "conv2d";
/** Renamings: the runtime passes their buffer on. */
const isView = (primitive: Primitive): boolean => ["input", "constant", "reshape", "stopGradient"].includes(primitive);
const bytesPer = { float32: 4, int32: 4, bool: 1 } satisfies Record<DType, number>;
const bytesOf = (tensor: Tensor): number => sizeOf(tensor.shape) * bytesPer[tensor.dtype];

/** Operations of one node, by its primitive's rule. */
export function operationsOf(node: Tensor): number {
  return (operations[node.primitive] as (node: Tensor) => number)(node);
}

/** Total cost of the graph below `outputs`, each node counted once. */
export function cost(outputs: readonly Tensor[]): Cost {
  let [total, products, bytes] = [0, 0, 0];
  for (const node of topological(outputs)) {
    const own = operationsOf(node);
    total += own;
    if (isProduct(node.primitive)) products += own;
    if (!isView(node.primitive)) bytes += node.inputs.reduce((sum, operand) => sum + bytesOf(operand), bytesOf(node));
  }
  return { operations: total, bytes, products };
}
