/** Shape and element type of every primitive's result; refuses operands that do not fit. */
import type { Attributes, Primitive } from "./primitive.ts";
import {
  broadcastShapes,
  describe,
  type DType,
  normaliseAxis,
  range,
  sameShape,
  type Shape,
  ShapeError,
  sizeOf,
} from "./shape.ts";

export interface Typed {
  readonly shape: Shape;
  readonly dtype: DType;
}

type Infer<P extends Primitive> = (attributes: Attributes[P], inputs: readonly Typed[]) => Typed;

const show = (inputs: readonly Typed[]): string => inputs.map((t) => describe(t.dtype, t.shape)).join(", ");

function operand(primitive: Primitive, inputs: readonly Typed[], index: number): Typed {
  const found = inputs[index];
  if (found === undefined)
    throw new ShapeError(`${primitive}: expected at least ${index + 1} operands, got ${inputs.length}`);
  return found;
}

function wants(primitive: Primitive, inputs: readonly Typed[], index: number, dtype: DType): Typed {
  const found = operand(primitive, inputs, index);
  if (found.dtype !== dtype) {
    throw new ShapeError(
      `${primitive}: expected operand ${index + 1} of type ${dtype}, got (${show(inputs)}); use cast("${dtype}")`,
    );
  }
  return found;
}

const unary =
  <P extends Primitive>(primitive: P, dtype: DType = "float32"): Infer<P> =>
  (_, inputs) => ({ shape: wants(primitive, inputs, 0, dtype).shape, dtype });

function broadcastAll(primitive: Primitive, inputs: readonly Typed[], from = 0): Shape {
  return inputs.slice(from).reduce<Shape>((shape, next) => {
    const joined = broadcastShapes(shape, next.shape);
    if (joined === undefined) {
      throw new ShapeError(
        `${primitive}: expected shapes that broadcast (equal, or 1, from the last axis), got (${show(inputs)})`,
      );
    }
    return joined;
  }, []);
}

const binary =
  <P extends Primitive>(
    primitive: P,
    result: "same" | "bool",
    allowed: readonly DType[] = ["float32", "int32"],
  ): Infer<P> =>
  (_, inputs) => {
    const [a, b] = [operand(primitive, inputs, 0), operand(primitive, inputs, 1)];
    if (a.dtype !== b.dtype || !allowed.includes(a.dtype)) {
      throw new ShapeError(
        `${primitive}: expected two operands of one type (${allowed.join(" or ")}), got (${show(inputs)})`,
      );
    }
    return { shape: broadcastAll(primitive, inputs), dtype: result === "bool" ? "bool" : a.dtype };
  };

/** The two inner sizes and the outer result of a matrix product; leading axes broadcast. */
function product(
  primitive: "matmul" | "gemm",
  transposeA: boolean,
  transposeB: boolean,
  inputs: readonly Typed[],
): Shape {
  const [a, b] = [wants(primitive, inputs, 0, "float32").shape, wants(primitive, inputs, 1, "float32").shape];
  const flags = `${transposeA ? ", a transposed" : ""}${transposeB ? ", b transposed" : ""}`;
  const fail = (what: string): never => {
    throw new ShapeError(`${primitive}: expected ${what}, got (${show(inputs)}${flags})`);
  };
  if (a.length < 2 || b.length < 2) return fail("two operands of rank 2 or more");
  const [rows, inner] = transposeA ? [a.at(-1), a.at(-2)] : [a.at(-2), a.at(-1)];
  const [innerB, columns] = transposeB ? [b.at(-1), b.at(-2)] : [b.at(-2), b.at(-1)];
  if (inner !== innerB) return fail(`equal inner sizes ([..., m, k] and [..., k, n])`);
  const leading = broadcastShapes(a.slice(0, -2), b.slice(0, -2));
  if (leading === undefined) return fail("leading axes that broadcast");
  return [...leading, rows ?? 1, columns ?? 1];
}

function reduced(primitive: "sum" | "max", axes: readonly number[], inputs: readonly Typed[]): Typed {
  const x = wants(primitive, inputs, 0, "float32");
  for (const axis of axes) normaliseAxis(axis, x.shape.length, primitive);
  if (new Set(axes).size !== axes.length)
    throw new ShapeError(`${primitive}: expected distinct axes, got [${axes.join(", ")}]`);
  return { shape: x.shape.filter((_, axis) => !axes.includes(axis)), dtype: x.dtype };
}

const alongAxis =
  <P extends "softmax" | "logSoftmax">(primitive: P): Infer<P> =>
  ({ axis }, inputs) => {
    const x = wants(primitive, inputs, 0, "float32");
    normaliseAxis(axis, x.shape.length, primitive);
    return { shape: x.shape, dtype: "float32" };
  };

const same =
  <P extends Primitive>(primitive: P): Infer<P> =>
  (_, inputs) =>
    operand(primitive, inputs, 0);

function hasRank(primitive: Primitive, what: string, list: readonly number[], inputs: readonly Typed[]): Typed {
  const x = operand(primitive, inputs, 0);
  if (list.length !== x.shape.length) {
    throw new ShapeError(
      `${primitive}: expected ${x.shape.length} ${what}, one per axis of (${show(inputs)}), got [${list.join(", ")}]`,
    );
  }
  return x;
}

export const infer: { readonly [P in Primitive]: Infer<P> } = {
  input: ({ shape, dtype }) => ({ shape, dtype }),
  constant: ({ shape, dtype, values }) => {
    if (values.length !== sizeOf(shape)) {
      throw new ShapeError(
        `constant: expected ${sizeOf(shape)} values for ${describe(dtype, shape)}, got ${values.length}`,
      );
    }
    return { shape, dtype };
  },

  neg: unary("neg"),
  abs: unary("abs"),
  sign: unary("sign"),
  exp: unary("exp"),
  log: unary("log"),
  sqrt: unary("sqrt"),
  tanh: unary("tanh"),
  sigmoid: unary("sigmoid"),
  relu: unary("relu"),
  floor: unary("floor"),
  not: unary("not", "bool"),
  cast: ({ dtype }, inputs) => ({ shape: operand("cast", inputs, 0).shape, dtype }),

  add: binary("add", "same"),
  sub: binary("sub", "same"),
  mul: binary("mul", "same"),
  div: binary("div", "same", ["float32"]),
  pow: binary("pow", "same", ["float32"]),
  maximum: binary("maximum", "same", ["float32"]),
  minimum: binary("minimum", "same", ["float32"]),
  equal: binary("equal", "bool"),
  less: binary("less", "bool"),
  lessEqual: binary("lessEqual", "bool"),
  and: binary("and", "bool", ["bool"]),
  where: (_, inputs) => {
    wants("where", inputs, 0, "bool");
    const [a, b] = [operand("where", inputs, 1), operand("where", inputs, 2)];
    if (a.dtype !== b.dtype) throw new ShapeError(`where: expected both branches of one type, got (${show(inputs)})`);
    return { shape: broadcastAll("where", inputs), dtype: a.dtype };
  },

  matmul: ({ transposeA, transposeB }, inputs) => ({
    shape: product("matmul", transposeA, transposeB, inputs),
    dtype: "float32",
  }),
  gemm: ({ transposeA, transposeB }, inputs) => {
    const shape = product("gemm", transposeA, transposeB, inputs);
    const c = wants("gemm", inputs, 2, "float32").shape;
    const joined = broadcastShapes(shape, c);
    if (shape.length !== 2 || joined === undefined || sizeOf(joined) !== sizeOf(shape)) {
      throw new ShapeError(
        `gemm: expected two matrices and an addend that broadcasts to their product, got (${show(inputs)})`,
      );
    }
    return { shape, dtype: "float32" };
  },
  conv2d: ({ strides, padding, dilations, groups }, inputs) => {
    const [x, kernel] = [wants("conv2d", inputs, 0, "float32").shape, wants("conv2d", inputs, 1, "float32").shape];
    const [n, channels, ...size] = x;
    const [out, perGroup, ...window] = kernel;
    if (x.length !== 4 || kernel.length !== 4 || channels !== (perGroup ?? 0) * groups || (out ?? 0) % groups !== 0) {
      throw new ShapeError(
        `conv2d: expected x [n, groups * i, h, w] and kernel [groups * o, i, kh, kw] with groups = ${groups}, got (${show(inputs)})`,
      );
    }
    const spatial = range(2).map((axis) => {
      const padded = (size[axis] ?? 0) + (padding[axis] ?? 0) + (padding[axis + 2] ?? 0);
      return Math.floor((padded - (dilations[axis] ?? 1) * ((window[axis] ?? 1) - 1) - 1) / (strides[axis] ?? 1)) + 1;
    });
    if (spatial.some((length) => length < 1)) {
      throw new ShapeError(
        `conv2d: expected a kernel no larger than the padded input, got (${show(inputs)}) with padding [${padding.join(", ")}]`,
      );
    }
    return { shape: [n ?? 1, out ?? 1, ...spatial], dtype: "float32" };
  },

  transpose: ({ permutation }, inputs) => {
    const x = hasRank("transpose", "axes", permutation, inputs);
    if ([...permutation].sort((a, b) => a - b).some((axis, i) => axis !== i)) {
      throw new ShapeError(
        `transpose: expected a permutation of 0..${x.shape.length - 1}, got [${permutation.join(", ")}]`,
      );
    }
    return { shape: permutation.map((axis) => x.shape[axis] ?? 1), dtype: x.dtype };
  },
  reshape: ({ shape }, inputs) => {
    const x = operand("reshape", inputs, 0);
    if (sizeOf(shape) !== sizeOf(x.shape) || !shape.every(Number.isInteger)) {
      throw new ShapeError(
        `reshape: expected a shape of ${sizeOf(x.shape)} elements for (${show(inputs)}), got [${shape.join(", ")}]`,
      );
    }
    return { shape, dtype: x.dtype };
  },
  broadcastTo: ({ shape }, inputs) => {
    const x = operand("broadcastTo", inputs, 0);
    const joined = broadcastShapes(x.shape, shape);
    if (joined === undefined || x.shape.length > shape.length || joined.some((size, axis) => size !== shape[axis])) {
      throw new ShapeError(
        `broadcastTo: expected a shape that (${show(inputs)}) broadcasts to, got [${shape.join(", ")}]`,
      );
    }
    return { shape, dtype: x.dtype };
  },
  slice: ({ starts, ends }, inputs) => {
    const x = hasRank("slice", "starts", starts, inputs);
    hasRank("slice", "ends", ends, inputs);
    const shape = x.shape.map((size, axis) => {
      const [start, end] = [starts[axis] ?? 0, ends[axis] ?? 0];
      if (start < 0 || end > size || end <= start) {
        throw new ShapeError(
          `slice: expected 0 <= start < end <= ${size} on axis ${axis} of (${show(inputs)}), got [${start}, ${end})`,
        );
      }
      return end - start;
    });
    return { shape, dtype: x.dtype };
  },
  concat: ({ axis }, inputs) => {
    const first = operand("concat", inputs, 0);
    normaliseAxis(axis, first.shape.length, "concat");
    for (const next of inputs) {
      const fits =
        next.shape.length === first.shape.length &&
        next.shape.every((size, i) => i === axis || size === first.shape[i]);
      if (!fits || next.dtype !== first.dtype) {
        throw new ShapeError(`concat: expected equal types and shapes but for axis ${axis}, got (${show(inputs)})`);
      }
    }
    const total = inputs.reduce((sum, next) => sum + (next.shape[axis] ?? 0), 0);
    return { shape: first.shape.map((size, i) => (i === axis ? total : size)), dtype: first.dtype };
  },
  pad: ({ before, after }, inputs) => {
    const x = hasRank("pad", "sizes before", before, inputs);
    hasRank("pad", "sizes after", after, inputs);
    if ([...before, ...after].some((size) => size < 0)) {
      throw new ShapeError(
        `pad: expected sizes of 0 or more, got before [${before.join(", ")}], after [${after.join(", ")}]`,
      );
    }
    return { shape: x.shape.map((size, axis) => size + (before[axis] ?? 0) + (after[axis] ?? 0)), dtype: x.dtype };
  },

  gather: ({ axis }, inputs) => {
    const [x, indices] = [operand("gather", inputs, 0), wants("gather", inputs, 1, "int32")];
    const at = normaliseAxis(axis, x.shape.length, "gather");
    return { shape: [...x.shape.slice(0, at), ...indices.shape, ...x.shape.slice(at + 1)], dtype: x.dtype };
  },
  scatterAdd: ({ axis, size, indexRank }, inputs) => {
    const [updates, indices] = [wants("scatterAdd", inputs, 0, "float32"), wants("scatterAdd", inputs, 1, "int32")];
    const window = updates.shape.slice(axis, axis + indexRank);
    const inside = axis >= 0 && axis + indexRank <= updates.shape.length;
    if (!inside || indexRank !== indices.shape.length || !sameShape(window, indices.shape)) {
      throw new ShapeError(
        `scatterAdd: expected updates whose axes from ${axis} on are those of the indices, got (${show(inputs)})`,
      );
    }
    return {
      shape: [...updates.shape.slice(0, axis), size, ...updates.shape.slice(axis + indexRank)],
      dtype: "float32",
    };
  },
  oneHot: ({ depth }, inputs) => ({ shape: [...wants("oneHot", inputs, 0, "int32").shape, depth], dtype: "float32" }),

  sum: ({ axes }, inputs) => reduced("sum", axes, inputs),
  max: ({ axes }, inputs) => reduced("max", axes, inputs),
  argmax: ({ axis }, inputs) => {
    const x = wants("argmax", inputs, 0, "float32");
    const at = normaliseAxis(axis, x.shape.length, "argmax");
    return { shape: x.shape.filter((_, i) => i !== at), dtype: "int32" };
  },
  softmax: alongAxis("softmax"),
  logSoftmax: alongAxis("logSoftmax"),

  stopGradient: same("stopGradient"),
};
