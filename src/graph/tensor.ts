/**
 * A symbolic tensor: one node of an expression graph.
 *
 * A node is immutable and knows its shape and type from the moment it is built; nothing is computed until a runtime
 * executes the graph. Methods build further nodes, so a rule reads as its equation: `pre.transposeLast().matmul(delta)`.
 */
import { infer } from "./infer.ts";
import { recordOrigin } from "./origin.ts";
import type { Attributes, Primitive } from "./primitive.ts";
import { describe, type DType, normaliseAxis, range, type Shape, ShapeError, sizeOf } from "./shape.ts";

/** A tensor, or a number that becomes a float32 scalar. */
export type Operand = Tensor | number;

/** One axis or several; negative counts from the back. */
export type Axes = number | readonly number[];

/** Whether reduced axes stay, with size 1, so that the result broadcasts against what was reduced. */
export interface Reduction {
  readonly keepdims?: boolean;
}

export class Tensor<P extends Primitive = Primitive> {
  readonly shape: Shape;
  readonly dtype: DType;

  private constructor(
    readonly primitive: P,
    readonly attributes: Attributes[P],
    readonly inputs: readonly Tensor[],
  ) {
    const typed = infer[primitive](attributes, inputs);
    this.shape = typed.shape;
    this.dtype = typed.dtype;
    recordOrigin(this);
  }

  /** Builds a node. Throws ShapeError when the operands do not fit the primitive. */
  static of<P extends Primitive>(primitive: P, attributes: Attributes[P], ...inputs: readonly Tensor[]): Tensor {
    return new Tensor(primitive, attributes, inputs);
  }

  get rank(): number {
    return this.shape.length;
  }

  /** Size of an axis; negative counts from the back. */
  size(axis: number): number {
    return this.shape[normaliseAxis(axis, this.rank, "size")] ?? 1;
  }

  toString(): string {
    return `${this.primitive} ${describe(this.dtype, this.shape)}`;
  }

  neg(): Tensor {
    return Tensor.of("neg", {}, this);
  }
  abs(): Tensor {
    return Tensor.of("abs", {}, this);
  }
  sign(): Tensor {
    return Tensor.of("sign", {}, this);
  }
  exp(): Tensor {
    return Tensor.of("exp", {}, this);
  }
  log(): Tensor {
    return Tensor.of("log", {}, this);
  }
  sqrt(): Tensor {
    return Tensor.of("sqrt", {}, this);
  }
  square(): Tensor {
    return this.mul(this);
  }
  /** 1 - x. */
  oneMinus(): Tensor {
    return this.neg().add(1);
  }
  tanh(): Tensor {
    return Tensor.of("tanh", {}, this);
  }
  sigmoid(): Tensor {
    return Tensor.of("sigmoid", {}, this);
  }
  relu(): Tensor {
    return Tensor.of("relu", {}, this);
  }
  floor(): Tensor {
    return Tensor.of("floor", {}, this);
  }
  not(): Tensor {
    return Tensor.of("not", {}, this);
  }
  cast(dtype: DType): Tensor {
    return dtype === this.dtype ? this : Tensor.of("cast", { dtype }, this);
  }

  add(other: Operand): Tensor {
    return Tensor.of("add", {}, this, this.like(other));
  }
  sub(other: Operand): Tensor {
    return Tensor.of("sub", {}, this, this.like(other));
  }
  mul(other: Operand): Tensor {
    return Tensor.of("mul", {}, this, this.like(other));
  }
  div(other: Operand): Tensor {
    return Tensor.of("div", {}, this, this.like(other));
  }
  pow(exponent: Operand): Tensor {
    return Tensor.of("pow", {}, this, this.like(exponent));
  }
  maximum(other: Operand): Tensor {
    return Tensor.of("maximum", {}, this, this.like(other));
  }
  minimum(other: Operand): Tensor {
    return Tensor.of("minimum", {}, this, this.like(other));
  }
  equal(other: Operand): Tensor {
    return Tensor.of("equal", {}, this, this.like(other));
  }
  less(other: Operand): Tensor {
    return Tensor.of("less", {}, this, this.like(other));
  }
  lessEqual(other: Operand): Tensor {
    return Tensor.of("lessEqual", {}, this, this.like(other));
  }
  greater(other: Operand): Tensor {
    return Tensor.of("less", {}, this.like(other), this);
  }
  and(other: Tensor): Tensor {
    return Tensor.of("and", {}, this, other);
  }
  /** `this` is the condition (bool). */
  where(whenTrue: Operand, whenFalse: Operand): Tensor {
    const [a, b] = [scalarOr(whenTrue, "float32"), scalarOr(whenFalse, "float32")];
    return Tensor.of("where", {}, this, a, b);
  }

  /**
   * Matrix product over the last two axes; leading axes broadcast. A matrix on the right makes one large product of all
   * leading axes, so that its gradient is one product too.
   */
  matmul(other: Tensor): Tensor {
    if (other.rank === 2 && this.rank > 2) {
      const inner = this.size(-1);
      const flat = this.reshape([sizeOf(this.shape) / inner, inner]);
      return flat.matmul(other).reshape([...this.shape.slice(0, -1), other.size(-1)]);
    }
    return Tensor.of("matmul", { transposeA: false, transposeB: false }, this, other);
  }
  conv2d(kernel: Tensor, options: Partial<Attributes["conv2d"]> = {}): Tensor {
    const attributes = { strides: [1, 1], padding: [0, 0, 0, 0], dilations: [1, 1], groups: 1, ...options } as const;
    return Tensor.of("conv2d", attributes, this, kernel);
  }

  transpose(permutation: readonly number[]): Tensor {
    return Tensor.of("transpose", { permutation }, this);
  }
  /** Swaps the last two axes. */
  transposeLast(): Tensor {
    if (this.rank < 2) throw new ShapeError(`transposeLast: expected rank 2 or more, got ${this.toString()}`);
    const axes = range(this.rank);
    return this.transpose([...axes.slice(0, -2), this.rank - 1, this.rank - 2]);
  }
  reshape(shape: Shape): Tensor {
    return Tensor.of("reshape", { shape }, this);
  }
  /** Inserts an axis of size 1. */
  expand(axis: number): Tensor {
    const at = normaliseAxis(axis, this.rank + 1, "expand");
    return this.reshape([...this.shape.slice(0, at), 1, ...this.shape.slice(at)]);
  }
  broadcastTo(shape: Shape): Tensor {
    return Tensor.of("broadcastTo", { shape }, this);
  }
  slice(starts: readonly number[], ends: readonly number[]): Tensor {
    return Tensor.of("slice", { starts, ends }, this);
  }
  /** Elements [start, end) along one axis. */
  narrow(axis: number, start: number, end: number): Tensor {
    const at = normaliseAxis(axis, this.rank, "narrow");
    return this.slice(
      this.shape.map((_, i) => (i === at ? start : 0)),
      this.shape.map((size, i) => (i === at ? end : size)),
    );
  }
  pad(before: readonly number[], after: readonly number[]): Tensor {
    return Tensor.of("pad", { before, after }, this);
  }

  gather(indices: Tensor, axis = 0): Tensor {
    return Tensor.of("gather", { axis: normaliseAxis(axis, this.rank, "gather") }, this, indices);
  }
  oneHot(depth: number): Tensor {
    return Tensor.of("oneHot", { depth }, this);
  }

  /** Sum over `axes` (all when left out), which are dropped, or kept with size 1. */
  sum(axes?: Axes, { keepdims = false }: Reduction = {}): Tensor {
    const list = this.axes(axes, "sum");
    return this.restored(Tensor.of("sum", { axes: list }, this), list, keepdims);
  }
  /** Mean over `axes` (all when left out), which are dropped, or kept with size 1. */
  mean(axes?: Axes, reduction: Reduction = {}): Tensor {
    const list = this.axes(axes, "mean");
    return this.sum(list, reduction).mul(1 / list.reduce((n, axis) => n * this.size(axis), 1));
  }
  /** Largest element over `axes` (all when left out), which are dropped, or kept with size 1. */
  max(axes?: Axes, { keepdims = false }: Reduction = {}): Tensor {
    const list = this.axes(axes, "max");
    return this.restored(Tensor.of("max", { axes: list }, this), list, keepdims);
  }
  argmax(axis = -1): Tensor {
    return Tensor.of("argmax", { axis: normaliseAxis(axis, this.rank, "argmax") }, this);
  }
  softmax(axis = -1): Tensor {
    return Tensor.of("softmax", { axis: normaliseAxis(axis, this.rank, "softmax") }, this);
  }
  logSoftmax(axis = -1): Tensor {
    return Tensor.of("logSoftmax", { axis: normaliseAxis(axis, this.rank, "logSoftmax") }, this);
  }

  /** The same value, a constant to `grad`. */
  stopGradient(): Tensor {
    return Tensor.of("stopGradient", {}, this);
  }

  private like(other: Operand): Tensor {
    return scalarOr(other, this.dtype);
  }

  private restored(reduced: Tensor, axes: readonly number[], keepdims: boolean): Tensor {
    return keepdims ? reduced.reshape(this.shape.map((size, axis) => (axes.includes(axis) ? 1 : size))) : reduced;
  }

  private axes(axes: Axes | undefined, operation: string): number[] {
    const list = axes === undefined ? range(this.rank) : typeof axes === "number" ? [axes] : axes;
    return list.map((axis) => normaliseAxis(axis, this.rank, operation)).sort((a, b) => a - b);
  }
}

function scalarOr(operand: Operand, dtype: DType): Tensor {
  return typeof operand === "number" ? scalar(operand, dtype) : operand;
}

/** Whether `node` is of this primitive; narrows its attributes. */
export function is<P extends Primitive>(
  node: Tensor,
  primitive: P,
): node is Tensor & { readonly primitive: P; readonly attributes: Attributes[P] } {
  return node.primitive === primitive;
}

/** A value supplied at run time under a name unique in its graph. */
export function input(name: string, shape: Shape, dtype: DType = "float32"): Tensor {
  return Tensor.of("input", { name, shape, dtype });
}

/** A scalar known now. */
export function scalar(value: number, dtype: DType = "float32"): Tensor {
  return Tensor.of("constant", { shape: [], dtype, values: [value] });
}

/** A tensor known now, row-major. */
export function constant(values: ArrayLike<number>, shape: Shape, dtype: DType = "float32"): Tensor {
  return Tensor.of("constant", { shape, dtype, values: Array.from(values) });
}

/** A tensor of one repeated value. */
export function full(value: number, shape: Shape): Tensor {
  return shape.length === 0 ? scalar(value) : scalar(value).broadcastTo(shape);
}

/** Joins tensors along an axis. */
export function concat(tensors: readonly Tensor[], axis = 0): Tensor {
  const [first] = tensors;
  if (first === undefined) throw new ShapeError("concat: expected at least one tensor, got none");
  return Tensor.of("concat", { axis: normaliseAxis(axis, first.rank, "concat") }, ...tensors);
}

/** Zeros of `size` along `axis`, with `updates` added at `indices`: the transpose of `gather`. */
export function scatterAdd(updates: Tensor, indices: Tensor, axis: number, size: number): Tensor {
  return Tensor.of("scatterAdd", { axis, size, indexRank: indices.rank }, updates, indices);
}

/** Every node the outputs depend on, operands before the nodes that use them, each once. */
export function topological(outputs: readonly Tensor[]): Tensor[] {
  const order: Tensor[] = [];
  const seen = new Set<Tensor>();
  // An explicit stack: unrolled networks are deeper than the call stack allows.
  const stack: { node: Tensor; next: number }[] = [];
  for (const output of outputs) {
    if (!seen.has(output)) stack.push({ node: output, next: 0 });
    seen.add(output);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const operand = top.node.inputs[top.next++];
      if (operand === undefined) {
        order.push(top.node);
        stack.pop();
      } else if (!seen.has(operand)) {
        seen.add(operand);
        stack.push({ node: operand, next: 0 });
      }
    }
  }
  return order;
}
