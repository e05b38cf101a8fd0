/**
 * The closed set of primitives, with the attributes each carries.
 *
 * Every table over primitives (`infer`, `derivative`, `batching`, `cost`, and the lowering and interpreter of `runtime`)
 * is typed by `Table`, so a primitive without one of its rules does not compile. Everything else a rule may want (means,
 * norms, losses) is written in terms of these, in `derived.ts`.
 */
import type { DType, Shape } from "./shape.ts";

type None = Readonly<Record<string, never>>;

/** Attributes of each primitive. Operands are a node's `inputs`, in the order given here. */
export interface Attributes {
  /** A value supplied at run time. */
  input: { readonly name: string; readonly shape: Shape; readonly dtype: DType };
  /** A value known when the expression is built, row-major. */
  constant: { readonly shape: Shape; readonly dtype: DType; readonly values: readonly number[] };

  // Elementwise, one operand.
  neg: None;
  abs: None;
  /** -1, 0 or 1; sign(0) = 0. */
  sign: None;
  exp: None;
  log: None;
  sqrt: None;
  tanh: None;
  sigmoid: None;
  relu: None;
  floor: None;
  /** Boolean negation. */
  not: None;
  cast: { readonly dtype: DType };

  // Elementwise, two operands, broadcast.
  add: None;
  sub: None;
  mul: None;
  div: None;
  pow: None;
  maximum: None;
  minimum: None;
  equal: None;
  less: None;
  lessEqual: None;
  and: None;
  /** (condition, a, b): a where condition holds, else b; broadcast. */
  where: None;

  /** (a [..., m, k], b [..., k, n]) -> [..., m, n]; leading axes broadcast. A transposed operand is stored with its last two axes swapped. */
  matmul: { readonly transposeA: boolean; readonly transposeB: boolean };
  /** (a [m, k], b [k, n], c broadcast to [m, n]) -> alpha a b + beta c. Introduced by `simplify`, which folds scaling and accumulation into the product. */
  gemm: { readonly transposeA: boolean; readonly transposeB: boolean; readonly alpha: number; readonly beta: number };
  /** (x [n, groups * i, h, w], kernel [groups * o, i, kh, kw]) -> [n, groups * o, h', w']: cross-correlation, as in every deep-learning library. */
  conv2d: {
    readonly strides: readonly [number, number];
    /** Zeros added before and after: [top, left, bottom, right]. */
    readonly padding: readonly [number, number, number, number];
    readonly dilations: readonly [number, number];
    readonly groups: number;
  };

  // Shape.
  transpose: { readonly permutation: readonly number[] };
  reshape: { readonly shape: Shape };
  broadcastTo: { readonly shape: Shape };
  /** Elements [start, end) along every axis. */
  slice: { readonly starts: readonly number[]; readonly ends: readonly number[] };
  concat: { readonly axis: number };
  /** Zeros before and after along every axis. */
  pad: { readonly before: readonly number[]; readonly after: readonly number[] };

  // Indexing.
  /** (x, indices i32 of any shape) -> x with `axis` replaced by the axes of indices. Indices out of range are undefined behaviour. */
  gather: { readonly axis: number };
  /** (updates, indices): the transpose of gather; zeros of `size` along `axis`, with updates added at indices. */
  scatterAdd: { readonly axis: number; readonly size: number; readonly indexRank: number };
  /** (indices i32) -> float32 with a last axis of `depth`; a row is all zeros when the index is out of range. */
  oneHot: { readonly depth: number };

  // Reductions; the reduced axes are dropped.
  sum: { readonly axes: readonly number[] };
  max: { readonly axes: readonly number[] };
  /** First index of the maximum along `axis`, i32. */
  argmax: { readonly axis: number };
  softmax: { readonly axis: number };
  logSoftmax: { readonly axis: number };

  /** The same value; `grad` treats it as a constant. */
  stopGradient: None;
}

export type Primitive = keyof Attributes;
