/**
 * The derivative of every primitive, written in primitives, so that a gradient can be differentiated again.
 *
 * A rule maps a node and the cotangent of its value (same shape) to the cotangents of its operands; `undefined` where an
 * operand has none (integers, conditions, stopped gradients).
 */
import type { Attributes, Primitive } from "./primitive.ts";
import { range, type Shape, sameShape } from "./shape.ts";
import { concat, full, scatterAdd, Tensor } from "./tensor.ts";

type Node<P extends Primitive> = Tensor & { readonly attributes: Attributes[P] };
type Derivative<P extends Primitive> = (node: Node<P>, cotangent: Tensor) => readonly (Tensor | undefined)[];

/** Operand `index`; a node that passed inference has as many as its primitive takes. */
function operand(node: Tensor, index: number): Tensor {
  const found = node.inputs[index];
  if (found === undefined) throw new Error(`internal: ${node.primitive} has no operand ${index + 1}`);
  return found;
}

/** Sums a cotangent over the axes along which an operand of `shape` was broadcast. */
export function unbroadcast(cotangent: Tensor, shape: Shape): Tensor {
  if (sameShape(cotangent.shape, shape)) return cotangent;
  const lead = cotangent.rank - shape.length;
  const axes = range(cotangent.rank).filter(
    (axis) => axis < lead || (shape[axis - lead] === 1 && cotangent.shape[axis] !== 1),
  );
  return cotangent.sum(axes).reshape(shape);
}

/** Puts axes that a reduction dropped back, as size 1. */
function restore(reduced: Tensor, axes: readonly number[], shape: Shape): Tensor {
  return reduced.reshape(shape.map((size, axis) => (axes.includes(axis) ? 1 : size)));
}

const unary =
  <P extends Primitive>(slope: (x: Tensor, y: Tensor, cotangent: Tensor) => Tensor): Derivative<P> =>
  (node, cotangent) => [slope(operand(node, 0), node, cotangent)];

const binary =
  <P extends Primitive>(
    slopes: (a: Tensor, b: Tensor, y: Tensor, cotangent: Tensor) => readonly [Tensor, Tensor],
  ): Derivative<P> =>
  (node, cotangent) => {
    const [a, b] = [operand(node, 0), operand(node, 1)];
    const [forA, forB] = slopes(a, b, node, cotangent);
    return [unbroadcast(forA, a.shape), unbroadcast(forB, b.shape)];
  };

/** Cotangents of a and b of a (batched) product, whatever is transposed. */
function productDerivative(
  a: Tensor,
  b: Tensor,
  flags: Attributes["matmul"],
  cotangent: Tensor,
): readonly [Tensor, Tensor] {
  const { transposeA, transposeB } = flags;
  const product = (left: Tensor, flipLeft: boolean, right: Tensor, flipRight: boolean): Tensor =>
    Tensor.of("matmul", { transposeA: flipLeft, transposeB: flipRight }, left, right);
  const forA = transposeA ? product(b, transposeB, cotangent, true) : product(cotangent, false, b, !transposeB);
  const forB = transposeB ? product(cotangent, true, a, transposeA) : product(a, !transposeA, cotangent, false);
  return [unbroadcast(forA, a.shape), unbroadcast(forB, b.shape)];
}

/** Inserts `factor - 1` zeros after every element of an axis but the last. */
function dilate(x: Tensor, axis: number, factor: number): Tensor {
  if (factor === 1) return x;
  const size = x.size(axis);
  const open = x.expand(axis + 1);
  const zeros = range(open.rank).map(() => 0);
  const padded = open.pad(
    zeros,
    zeros.map((_, i) => (i === axis + 1 ? factor - 1 : 0)),
  );
  const flat = padded.reshape(x.shape.map((length, i) => (i === axis ? size * factor : length)));
  return flat.narrow(axis, 0, (size - 1) * factor + 1);
}

/** Reverses an axis. */
function flip(x: Tensor, axis: number): Tensor {
  return concat(
    range(x.size(axis)).map((i) => x.narrow(axis, x.size(axis) - 1 - i, x.size(axis) - i)),
    axis,
  );
}

/** Drops [top, left, bottom, right] rows and columns of an image [n, c, h, w]. */
function narrowImage(x: Tensor, [top, left, bottom, right]: Attributes["conv2d"]["padding"]): Tensor {
  return x.slice([0, 0, top, left], [x.size(0), x.size(1), x.size(2) - bottom, x.size(3) - right]);
}

/** [groups * a, b, ...] -> [groups * b, a, ...]: swaps the first two axes within each group. */
function swapWithinGroups(x: Tensor, groups: number): Tensor {
  const [first, second, ...rest] = x.shape;
  const a = (first ?? 1) / groups;
  const swapped = x.reshape([groups, a, second ?? 1, ...rest]).transpose([0, 2, 1, ...rest.map((_, i) => i + 3)]);
  return swapped.reshape([groups * (second ?? 1), a, ...rest]);
}

const convolution: Derivative<"conv2d"> = (node, cotangent) => {
  const [x, kernel] = [operand(node, 0), operand(node, 1)];
  const { strides, padding, dilations, groups } = node.attributes;
  const spread = dilate(dilate(cotangent, 2, strides[0]), 3, strides[1]);
  const reach = [dilations[0] * (kernel.size(2) - 1), dilations[1] * (kernel.size(3) - 1)] as const;

  // Every input pixel collects the outputs it contributed to: a convolution of the spread cotangent with the flipped kernel.
  const full = [reach[0] - padding[0], reach[1] - padding[1]] as const;
  const need = (axis: 0 | 1): number => x.size(axis + 2) - (spread.size(axis + 2) + full[axis] - reach[axis]);
  const sides = [full[0], full[1], need(0), need(1)] as const;
  const [top, left, bottom, right] = sides.map((size) => Math.max(size, 0)) as [number, number, number, number];
  const crop = sides.map((size) => Math.max(-size, 0)) as [number, number, number, number];
  const flipped = flip(flip(swapWithinGroups(kernel, groups), 2), 3);
  const forX = crop.every((size) => size === 0)
    ? spread.conv2d(flipped, { padding: [top, left, bottom, right], dilations, groups })
    : // Padded first: where strides jump over padding, the crop alone can leave nothing.
      narrowImage(spread.pad([0, 0, top, left], [0, 0, bottom, right]), crop).conv2d(flipped, { dilations, groups });

  // Every tap collects input times cotangent over samples and places: samples take the place of channels. Groups are
  // moved out of the channels into separate products.
  const perGroup = range(groups).map((group) => {
    const share = (t: Tensor): Tensor =>
      t.narrow(1, (group * t.size(1)) / groups, ((group + 1) * t.size(1)) / groups).transpose([1, 0, 2, 3]);
    const taps = share(x).conv2d(share(cotangent), { padding, strides: dilations, dilations: strides });
    return taps
      .transpose([1, 0, 2, 3])
      .slice([0, 0, 0, 0], [kernel.size(0) / groups, kernel.size(1), kernel.size(2), kernel.size(3)]);
  });
  return [forX, concat(perGroup, 0)];
};

const none = (): readonly undefined[] => [];

export const derivative: { readonly [P in Primitive]: Derivative<P> } = {
  input: none,
  constant: none,

  neg: unary((_, __, g) => g.neg()),
  abs: unary((x, _, g) => g.mul(x.sign())),
  sign: none,
  exp: unary((_, y, g) => g.mul(y)),
  log: unary((x, _, g) => g.div(x)),
  sqrt: unary((_, y, g) => g.div(y).mul(0.5)),
  tanh: unary((_, y, g) => g.mul(y.square().neg().add(1))),
  sigmoid: unary((_, y, g) => g.mul(y).mul(y.neg().add(1))),
  // A product with the cast gate: ONNX Runtime's Where takes three passes over memory. relu'(0) = 0.
  relu: unary((_, y, g) => g.mul(y.greater(0).cast("float32"))),
  floor: none,
  not: none,
  cast: (node, g) => [operand(node, 0).dtype === "float32" && node.dtype === "float32" ? g : undefined],

  add: binary((_, __, ___, g) => [g, g]),
  sub: binary((_, __, ___, g) => [g, g.neg()]),
  mul: binary((a, b, _, g) => [g.mul(b), g.mul(a)]),
  div: binary((_, b, y, g) => [g.div(b), g.mul(y).div(b).neg()]),
  // 0^0 is 1, and flat like every x^0. The exponent's slope is y log(a); a = 0 contributes nothing, so that a fixed exponent of a zero
  // base stays finite.
  pow: binary((a, b, y, g) => [
    g.mul(b).mul(a.pow(a.equal(0).and(b.equal(0)).where(1, b.sub(1)))),
    a.greater(0).where(g.mul(y).mul(a.greater(0).where(a, 1).log()), 0),
  ]),
  // At a tie each operand gets half, as in a symmetric subgradient.
  maximum: binary((a, b, _, g) => {
    const [wins, loses] = [b.less(a).where(1, a.equal(b).where(0.5, 0)), a.less(b).where(1, a.equal(b).where(0.5, 0))];
    return [g.mul(wins), g.mul(loses)];
  }),
  minimum: binary((a, b, _, g) => {
    const [wins, loses] = [a.less(b).where(1, a.equal(b).where(0.5, 0)), b.less(a).where(1, a.equal(b).where(0.5, 0))];
    return [g.mul(wins), g.mul(loses)];
  }),
  equal: none,
  less: none,
  lessEqual: none,
  and: none,
  where: (node, g) => {
    const [condition, a, b] = [operand(node, 0), operand(node, 1), operand(node, 2)];
    if (node.dtype !== "float32") return [];
    return [undefined, unbroadcast(condition.where(g, 0), a.shape), unbroadcast(condition.where(0, g), b.shape)];
  },

  matmul: (node, g) => productDerivative(operand(node, 0), operand(node, 1), node.attributes, g),
  gemm: (node, g) => {
    const { alpha, beta, ...flags } = node.attributes;
    const [forA, forB] = productDerivative(operand(node, 0), operand(node, 1), flags, g);
    return [forA.mul(alpha), forB.mul(alpha), unbroadcast(g.mul(beta), operand(node, 2).shape)];
  },
  conv2d: convolution,

  transpose: (node, g) => {
    const inverse = range(g.rank).map((axis) => node.attributes.permutation.indexOf(axis));
    return [g.transpose(inverse)];
  },
  reshape: (node, g) => [g.reshape(operand(node, 0).shape)],
  broadcastTo: (node, g) => [unbroadcast(g, operand(node, 0).shape)],
  slice: (node, g) => {
    const { starts, ends } = node.attributes;
    return [
      g.pad(
        starts,
        operand(node, 0).shape.map((size, axis) => size - (ends[axis] ?? size)),
      ),
    ];
  },
  concat: (node, g) => {
    const { axis } = node.attributes;
    let start = 0;
    return node.inputs.map((part) => {
      const piece = g.narrow(axis, start, start + part.size(axis));
      start += part.size(axis);
      return piece;
    });
  },
  pad: (node, g) => {
    const { before } = node.attributes;
    return [
      g.slice(
        before,
        operand(node, 0).shape.map((size, axis) => size + (before[axis] ?? 0)),
      ),
    ];
  },

  gather: (node, g) => {
    const x = operand(node, 0);
    return [scatterAdd(g, operand(node, 1), node.attributes.axis, x.size(node.attributes.axis))];
  },
  scatterAdd: (node, g) => [g.gather(operand(node, 1), node.attributes.axis)],
  oneHot: none,

  sum: (node, g) => {
    const x = operand(node, 0);
    return [restore(g, node.attributes.axes, x.shape).broadcastTo(x.shape)];
  },
  // Tied maxima share the cotangent equally.
  max: (node, g) => {
    const x = operand(node, 0);
    const { axes } = node.attributes;
    const isMax = x.equal(restore(node, axes, x.shape)).where(full(1, x.shape), 0);
    return [isMax.mul(restore(g.div(isMax.sum(axes)), axes, x.shape))];
  },
  argmax: none,
  softmax: (node, g) => {
    const { axis } = node.attributes;
    const weighted = g.mul(node);
    return [weighted.sub(node.mul(weighted.sum(axis).expand(axis)))];
  },
  logSoftmax: (node, g) => {
    const { axis } = node.attributes;
    return [g.sub(node.exp().mul(g.sum(axis).expand(axis)))];
  },

  stopGradient: none,
};
