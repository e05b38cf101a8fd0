/**
 * Makes a graph smaller without changing what it computes (up to rounding): removes common subexpressions, dead code and
 * trivial algebra, and folds what the runtime would do in separate passes over memory: transposes into products, scaling
 * into the smaller factor of a product, accumulation into `gemm`.
 *
 * Two passes. The first rewrites node by node and shares equal nodes. The second fuses, and needs the first one's result
 * to know that a product has no other reader.
 */
import { standingFor } from "./origin.ts";
import type { Attributes, Primitive } from "./primitive.ts";
import { range, sameShape, type Shape, sizeOf } from "./shape.ts";
import { constant, is, scalar, Tensor, topological } from "./tensor.ts";

export interface SimplifyOptions {
  /**
   * Only rewrites that keep every bit of every result and do not weigh sizes: sharing, renaming, transposes into products.
   * For a stack of replicas of a graph that is simplified already: what a replica computes must not depend on how many
   * there are.
   */
  readonly exact?: boolean;
  /** Only the algebra, nothing that is done for speed alone: products stay products, sums stay sums. For audits. */
  readonly algebraOnly?: boolean;
}

/** Builds a node from simplified operands, applying rewrites and sharing equal nodes. */
type Make = <P extends Primitive>(primitive: P, attributes: Attributes[P], ...inputs: readonly Tensor[]) => Tensor;
type Rewrite = (node: Tensor, make: Make) => Tensor | undefined;

/** An equivalent graph; outputs in the same order, with the same shapes. */
export function simplify(outputs: readonly Tensor[], options: SimplifyOptions = {}): Tensor[] {
  const tidy = [dropStops, ...(options.exact === true ? exact : algebra)];
  if (options.exact === true || options.algebraOnly === true)
    return rewriteAll(outputs, (node, make) => firstOf(tidy, node, make));
  // Only here: the second pass moves scales the other way, into the smaller factor of a product.
  const first = rewriteAll(outputs, (node, make) => firstOf([...tidy, scalesOutward], node, make));
  const readers = countReaders(first);
  return rewriteAll(first, (node, make, original) => {
    return (
      firstOf(tidy, node, make) ??
      fuse(node, make, (operand) => readers.get(original.inputs[operand] ?? original) === 1)
    );
  });
}

/**
 * Rebuilds the graph bottom up, offering every node to `rewrite`, and sharing nodes that are equal. A node that is made was written where the
 * one was that it stands for.
 */
function rewriteAll(
  outputs: readonly Tensor[],
  rewrite: (node: Tensor, make: Make, original: Tensor) => Tensor | undefined,
): Tensor[] {
  const shared = new Map<string, Tensor>();
  const identity = new Map<Tensor, number>();
  const idOf = (node: Tensor): number => {
    const known = identity.get(node) ?? identity.size;
    identity.set(node, known);
    return known;
  };
  const share = (node: Tensor): Tensor => {
    if (node.primitive === "input") return node;
    const key = `${node.primitive} ${JSON.stringify(node.attributes, exactly)} ${node.inputs.map(idOf).join(" ")}`;
    const known = shared.get(key);
    if (known !== undefined) return known;
    shared.set(key, node);
    return node;
  };
  const makeFor =
    (original: Tensor): Make =>
    (primitive, attributes, ...inputs) => {
      const node = standingFor(Tensor.of(primitive, attributes, ...inputs), original);
      return rewrite(node, makeFor(node), original) ?? share(node);
    };

  const done = new Map<Tensor, Tensor>();
  for (const node of topological(outputs)) {
    const inputs = node.inputs.map((operand) => done.get(operand) ?? operand);
    const rebuilt = inputs.every((operand, i) => operand === node.inputs[i])
      ? node
      : standingFor(Tensor.of(node.primitive, node.attributes, ...inputs), node);
    done.set(node, rewrite(rebuilt, makeFor(node), node) ?? share(rebuilt));
  }
  return outputs.map((output) => done.get(output) ?? output);
}

/** JSON has no infinities, NaN or negative zero; without this, numbers that differ would be shared. */
function exactly(_: string, value: unknown): unknown {
  if (Object.is(value, -0)) return "-0";
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}

function firstOf(rewrites: readonly Rewrite[], node: Tensor, make: Make): Tensor | undefined {
  for (const rewrite of rewrites) {
    const found = rewrite(node, make);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** How many operand places and outputs read each node. */
function countReaders(outputs: readonly Tensor[]): Map<Tensor, number> {
  const readers = new Map<Tensor, number>();
  const read = (node: Tensor): void => void readers.set(node, (readers.get(node) ?? 0) + 1);
  outputs.forEach(read);
  for (const node of topological(outputs)) node.inputs.forEach(read);
  return readers;
}

/** The value of a tensor that is one number everywhere, or undefined. */
export function uniformValue(node: Tensor | undefined): number | undefined {
  if (node === undefined) return undefined;
  if (is(node, "broadcastTo") || is(node, "reshape")) return uniformValue(node.inputs[0]);
  if (!is(node, "constant")) return undefined;
  const [first] = node.attributes.values;
  return node.attributes.values.every((value) => value === first) ? first : undefined;
}

/** Derivatives have been taken. */
const dropStops: Rewrite = (node) => (node.primitive === "stopGradient" ? node.inputs[0] : undefined);

/** Operations that leave their operand as it is. */
const identities: Rewrite = (node) => {
  const [x] = node.inputs;
  if (x === undefined) return undefined;
  const keepsShape = sameShape(x.shape, node.shape);
  if ((is(node, "reshape") || is(node, "broadcastTo") || is(node, "slice") || is(node, "pad")) && keepsShape) return x;
  if (is(node, "transpose") && node.attributes.permutation.every((axis, i) => axis === i)) return x;
  if (is(node, "cast") && x.dtype === node.dtype) return x;
  if (is(node, "concat") && node.inputs.length === 1) return x;
  if (is(node, "sum") && node.attributes.axes.length === 0) return x;
  return undefined;
};

/** Pairs of operations that are one or none. */
const pairs: Rewrite = (node, make) => {
  const [x] = node.inputs;
  const [inner] = x?.inputs ?? [];
  if (x === undefined) return undefined;
  if (is(node, "sum") && node.attributes.axes.every((axis) => x.shape[axis] === 1))
    return make("reshape", { shape: node.shape }, x);
  if (is(node, "reshape") && is(x, "constant")) return constant(x.attributes.values, node.shape, node.dtype);
  if (is(node, "reshape") && is(x, "broadcastTo") && uniformValue(x) !== undefined) {
    return make("broadcastTo", { shape: node.shape }, scalar(uniformValue(x) ?? 0, node.dtype));
  }
  if (inner === undefined) return undefined;
  if (is(node, "reshape") && is(x, "reshape")) return make("reshape", node.attributes, inner);
  if (is(node, "broadcastTo") && is(x, "broadcastTo")) return make("broadcastTo", node.attributes, inner);
  if (is(node, "transpose") && is(x, "transpose")) {
    const { permutation } = x.attributes;
    return make(
      "transpose",
      { permutation: node.attributes.permutation.map((axis) => permutation[axis] ?? axis) },
      inner,
    );
  }
  if (is(node, "neg") && is(x, "neg")) return inner;
  return undefined;
};

const arithmetic: Partial<Record<Primitive, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
};
const broadcasting: readonly Primitive[] = [
  "add",
  "sub",
  "mul",
  "div",
  "pow",
  "maximum",
  "minimum",
  "equal",
  "less",
  "lessEqual",
  "and",
  "where",
];

/** Operands that elementwise operations would broadcast anyway need not be broadcast first. */
const looseOperands: Rewrite = (node, make) => {
  if (!broadcasting.includes(node.primitive)) return undefined;
  const loose = node.inputs.map((x) => (is(x, "broadcastTo") ? (x.inputs[0] ?? x) : x));
  if (loose.every((x, i) => x === node.inputs[i])) return undefined;
  for (let keep = -1; keep < loose.length; keep++) {
    // Where all operands were broadcast, one of them has to stay so.
    const inputs = loose.map((x, i) => (i === keep ? (node.inputs[i] ?? x) : x));
    if (inputs.every((x, i) => x === node.inputs[i])) continue;
    const candidate = Tensor.of(node.primitive, node.attributes, ...inputs);
    if (sameShape(candidate.shape, node.shape)) return make(node.primitive, node.attributes, ...inputs);
  }
  return undefined;
};

/** Arithmetic with numbers known now: folding, neutral and absorbing elements. */
const numbers: Rewrite = (node, make) => {
  const negated = is(node, "neg") && node.dtype === "float32" ? uniformValue(node.inputs[0]) : undefined;
  if (negated !== undefined) return make("broadcastTo", { shape: node.shape }, scalar(-negated));
  const fold = arithmetic[node.primitive];
  if (fold === undefined || node.dtype !== "float32") return undefined;
  const [a, b] = node.inputs;
  if (a === undefined || b === undefined) return undefined;
  const [left, right] = [uniformValue(a), uniformValue(b)];
  const spread = (x: Tensor): Tensor =>
    sameShape(x.shape, node.shape) ? x : make("broadcastTo", { shape: node.shape }, x);
  const uniform = (value: number): Tensor => spread(scalar(value));

  if (left !== undefined && right !== undefined) return uniform(fold(left, right));
  if (is(node, "mul")) {
    if (left === 0 || right === 0) return uniform(0);
    if (left === 1) return spread(b);
    if (right === 1) return spread(a);
    if (left === -1) return spread(make("neg", {}, b));
    if (right === -1) return spread(make("neg", {}, a));
  }
  if (is(node, "add")) {
    if (left === 0) return spread(b);
    if (right === 0) return spread(a);
  }
  if (is(node, "sub")) {
    if (left === 0) return spread(make("neg", {}, b));
    if (right === 0) return spread(a);
  }
  if (is(node, "div") && right === 1) return spread(a);
  return undefined;
};

/** Numbers gather in one factor, signs in the operation around them. */
const signsAndScales: Rewrite = (node, make) => {
  const [a, b] = node.inputs;
  if (a === undefined || b === undefined || node.dtype !== "float32") return undefined;
  if (node.primitive === "mul") {
    const [value, other] = uniformValue(a) !== undefined ? [uniformValue(a), b] : [uniformValue(b), a];
    if (value === undefined || !sameShape(other.shape, node.shape)) return undefined;
    if (other.primitive === "neg") return make("mul", {}, other.inputs[0] ?? other, scalar(-value));
    if (!is(other, "mul")) return undefined;
    const [c, d] = other.inputs;
    if (c === undefined || d === undefined) return undefined;
    const [inner, rest] = uniformValue(c) !== undefined ? [uniformValue(c), d] : [uniformValue(d), c];
    return inner === undefined || !sameShape(rest.shape, node.shape)
      ? undefined
      : make("mul", {}, rest, scalar(value * inner));
  }
  if (node.primitive === "add" && is(b, "neg")) return make("sub", {}, a, b.inputs[0] ?? b);
  if (node.primitive === "add" && is(a, "neg")) return make("sub", {}, b, a.inputs[0] ?? a);
  if (node.primitive === "sub" && is(b, "neg")) return make("add", {}, a, b.inputs[0] ?? b);
  return undefined;
};

/** A known factor moves out of products, through reshapes, and joins the factor it meets there. */
const scalesOutward: Rewrite = (node, make) => {
  const [a, b] = node.inputs;
  if (a === undefined) return undefined;
  if (is(node, "reshape")) {
    const [x, scale] = unscale(a);
    return x === a ? undefined : make("mul", {}, make("reshape", node.attributes, x), scalar(scale));
  }
  if (b === undefined) return undefined;
  if (is(node, "matmul")) {
    const [[x, left], [y, right]] = [unscale(a), unscale(b)];
    if (x === a && y === b) return undefined;
    return make("mul", {}, make("matmul", node.attributes, x, y), scalar(left * right));
  }
  if (!is(node, "mul")) return undefined;
  for (const [scaled, factor] of [
    [a, b],
    [b, a],
  ] as const) {
    const [x, scale] = unscale(scaled);
    if (x === scaled || sizeOf(factor.shape) >= sizeOf(x.shape) || !sameShape(x.shape, node.shape)) continue;
    return make("mul", {}, x, make("mul", {}, factor, scalar(scale)));
  }
  return undefined;
};

const maximumIsRelu: Rewrite = (node, make) => {
  const [a, b] = node.inputs;
  if (!is(node, "maximum") || a === undefined || b === undefined) return undefined;
  return uniformValue(b) === 0 && sameShape(a.shape, node.shape) ? make("relu", {}, a) : undefined;
};

/** A product reads a matrix transposed at no cost. */
const transposesIntoProducts: Rewrite = (node, make) => {
  if (!is(node, "matmul")) return undefined;
  const [a, b] = node.inputs;
  if (a === undefined || b === undefined) return undefined;
  const { transposeA, transposeB } = node.attributes;
  if (swapsLastTwo(a)) return make("matmul", { transposeA: !transposeA, transposeB }, a.inputs[0] ?? a, b);
  if (swapsLastTwo(b)) return make("matmul", { transposeA, transposeB: !transposeB }, a, b.inputs[0] ?? b);
  return undefined;
};

function swapsLastTwo(x: Tensor): boolean {
  if (!is(x, "transpose")) return false;
  const axes = range(x.rank);
  const swapped = [...axes.slice(0, -2), x.rank - 1, x.rank - 2];
  return x.attributes.permutation.every((axis, i) => axis === swapped[i]);
}

const exact: readonly Rewrite[] = [identities, pairs, looseOperands, transposesIntoProducts];

const algebra: readonly Rewrite[] = [
  identities,
  pairs,
  looseOperands,
  numbers,
  signsAndScales,
  maximumIsRelu,
  transposesIntoProducts,
];

/** Fusions that are worth it only when nobody else reads the fused operand; `only(i)` says whether operand i is read here alone. */
function fuse(node: Tensor, make: Make, only: (operand: number) => boolean): Tensor | undefined {
  return scaleIntoProduct(node, make, only) ?? accumulateIntoProduct(node, make, only);
}

/** A factor of one element per product scales the smaller of its operands instead of the result, where that is less work. */
function scaleIntoProduct(node: Tensor, make: Make, only: (operand: number) => boolean): Tensor | undefined {
  if (!is(node, "mul")) return undefined;
  for (const [at, other] of [
    [0, 1],
    [1, 0],
  ] as const) {
    const [product, factor] = [node.inputs[at], node.inputs[other]];
    if (product === undefined || factor === undefined || !is(product, "matmul") || !only(at)) continue;
    const [a, b] = product.inputs;
    if (a === undefined || b === undefined || !scalesWholeProducts(factor.shape, product.shape)) continue;
    const smaller = sizeOf(a.shape) <= sizeOf(b.shape) ? a : b;
    const scaledShape = Tensor.of("mul", {}, smaller, factor).shape;
    // Scaling the product costs a pass over it, and keeps a later accumulation from being fused, which costs another.
    if (sizeOf(smaller.shape) >= 2 * sizeOf(product.shape) || !sameShape(scaledShape, smaller.shape)) continue;
    const scaled = make("mul", {}, smaller, factor);
    return smaller === a
      ? make("matmul", product.attributes, scaled, b)
      : make("matmul", product.attributes, a, scaled);
  }
  return undefined;
}

/** Whether a factor is constant over the last two axes, so that it commutes with the product. */
function scalesWholeProducts(factor: Shape, product: Shape): boolean {
  return factor.length <= product.length && factor.slice(-2).every((size) => size === 1);
}

/** alpha a b + beta c in one pass: additions around a product of two matrices. */
function accumulateIntoProduct(node: Tensor, make: Make, only: (operand: number) => boolean): Tensor | undefined {
  if (!is(node, "add") && !is(node, "sub")) return undefined;
  for (const [at, other] of [
    [0, 1],
    [1, 0],
  ] as const) {
    const [product, addend] = [node.inputs[at], node.inputs[other]];
    if (product === undefined || addend === undefined || !is(product, "matmul") || !only(at)) continue;
    if (product.rank !== 2 || !sameShape(product.shape, node.shape)) continue;
    const [a, b] = product.inputs;
    if (a === undefined || b === undefined) continue;
    const sign = (operand: number): number => (is(node, "sub") && operand === 1 ? -1 : 1);
    const [c, scale] = only(other) ? unscale(addend) : [addend, 1];
    const attributes = { ...product.attributes, alpha: sign(at), beta: sign(other) * scale };
    return make("gemm", attributes, a, b, c);
  }
  return undefined;
}

/** Splits a known factor off: x * 0.9 is [x, 0.9]. */
function unscale(x: Tensor): readonly [Tensor, number] {
  if (!is(x, "mul")) return [x, 1];
  const [a, b] = x.inputs;
  const [left, right] = [uniformValue(a), uniformValue(b)];
  if (a !== undefined && right !== undefined && sameShape(a.shape, x.shape)) return [a, right];
  if (b !== undefined && left !== undefined && sameShape(b.shape, x.shape)) return [b, left];
  return [x, 1];
}
