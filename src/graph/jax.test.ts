/**
 * Values and derivatives against jax-js on its `cpu` device, which computes in float64: a second implementation by others.
 *
 * Every graph is translated node by node. jax-js frees an array once a function has taken it; `.ref` keeps it, and here
 * every use of a value is one, so that nothing is freed early (what stays is small).
 */
import { defaultDevice, init, lax, nn, numpy as np, vjp } from "@jax-js/jax";
import { beforeAll, describe, expect, test } from "vitest";
import { interpret } from "../runtime/interpreter.ts";
import { crossEntropy } from "./derived.ts";
import { randomDirection, relativeError } from "./finite-difference.contract.ts";
import { grad, pullback } from "./grad.ts";
import { allCases, instantiate } from "./primitive-cases.contract.ts";
import type { Attributes, Primitive } from "./primitive.ts";
import { broadcastShapes, type DType, type Shape, sizeOf } from "./shape.ts";
import { constant, input, type Tensor, topological } from "./tensor.ts";

const TOLERANCE = 1e-10;

// jax-js asks whether data is a Float16Array, which Node has from version 24 on.
if (!("Float16Array" in globalThis)) Object.assign(globalThis, { Float16Array: Uint16Array });

beforeAll(async () => {
  await init("cpu");
  defaultDevice("cpu");
});

type Translate<P extends Primitive> = (
  node: Tensor & { readonly attributes: Attributes[P] },
  ...inputs: np.Array[]
) => np.Array;

const dtypes = { float32: np.float64, int32: np.int32, bool: np.bool } satisfies Record<DType, np.DType>;

function array(values: ArrayLike<number>, shape: Shape, dtype: DType): np.Array {
  const list = Array.from(values);
  const flat = dtype === "bool" ? np.array(list.map((value) => value !== 0)) : np.array(list, { dtype: dtypes[dtype] });
  return flat.reshape([...shape]);
}

/** The compiler does not know one of the array types of jax-js, so the element type is told here. */
const numbers = (x: np.Array): number[] => Array.from(x.dataSync() as ArrayLike<number>);

const swapLast = (x: np.Array): np.Array => {
  const axes = Array.from({ length: x.ndim }, (_, i) => i);
  return np.transpose(x, [...axes.slice(0, -2), x.ndim - 1, x.ndim - 2]);
};
/** jax-js puts leading axes that have to be broadcast in the wrong order, so they are broadcast here. */
function times(flags: Attributes["matmul"], a: np.Array, b: np.Array): np.Array {
  const leading = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2))!;
  const spread = (x: np.Array): np.Array => np.broadcastTo(x, [...leading, ...x.shape.slice(-2)]);
  return np.matmul(spread(flags.transposeA ? swapLast(a) : a), spread(flags.transposeB ? swapLast(b) : b));
}
const number = (value: number): np.Array => np.array(value, { dtype: np.float64 });
const all = (axes: readonly number[]): number[] => [...axes];

const translations: { readonly [P in Primitive]: Translate<P> } = {
  input: () => {
    throw new Error("a value is given for every input");
  },
  constant: ({ attributes: { values, shape, dtype } }) => array(values, shape, dtype),
  neg: (_, x) => np.negative(x),
  abs: (_, x) => np.abs(x),
  sign: (_, x) => np.sign(x),
  exp: (_, x) => np.exp(x),
  log: (_, x) => np.log(x),
  sqrt: (_, x) => np.sqrt(x),
  tanh: (_, x) => np.tanh(x),
  sigmoid: (_, x) => nn.sigmoid(x),
  relu: (_, x) => nn.relu(x),
  floor: (_, x) => np.floor(x),
  not: (_, x) => np.logicalNot(x),
  cast: ({ dtype }, x) => (dtype === "bool" ? np.notEqual(x, 0) : x.astype(dtypes[dtype])),
  add: (_, a, b) => np.add(a, b),
  sub: (_, a, b) => np.subtract(a, b),
  mul: (_, a, b) => np.multiply(a, b),
  div: (_, a, b) => np.divide(a, b),
  pow: (_, a, b) => np.power(a, b),
  maximum: (_, a, b) => np.maximum(a, b),
  minimum: (_, a, b) => np.minimum(a, b),
  equal: (_, a, b) => np.equal(a, b),
  less: (_, a, b) => np.less(a, b),
  lessEqual: (_, a, b) => np.lessEqual(a, b),
  and: (_, a, b) => np.logicalAnd(a, b),
  where: (_, condition, a, b) => np.where(condition, a, b),
  matmul: ({ attributes }, a, b) => times(attributes, a, b),
  gemm: ({ attributes }, a, b, c) =>
    times(attributes, a, b)
      .mul(number(attributes.alpha))
      .add(c.mul(number(attributes.beta))),
  conv2d: ({ attributes: { strides, padding, dilations, groups } }, x, kernel) => {
    const [top, left, bottom, right] = padding;
    const sides: [number, number][] = [
      [top, bottom],
      [left, right],
    ];
    return lax.convGeneralDilated(x, kernel, [...strides], sides, {
      rhsDilation: [...dilations],
      featureGroupCount: groups,
    });
  },
  transpose: ({ attributes }, x) => np.transpose(x, all(attributes.permutation)),
  reshape: ({ attributes }, x) => x.reshape(all(attributes.shape)),
  broadcastTo: ({ attributes }, x) => np.broadcastTo(x, all(attributes.shape)),
  slice: ({ attributes: { starts, ends } }, x) =>
    x.slice(...starts.map((start, i): [number, number] => [start, ends[i]!])),
  concat: ({ attributes }, ...parts) => np.concatenate(parts, attributes.axis),
  pad: ({ attributes: { before, after } }, x) =>
    np.pad(
      x,
      before.map((size, i): [number, number] => [size, after[i]!]),
    ),
  gather: ({ attributes }, x, indices) => np.take(x, indices, attributes.axis),
  // jax-js has no scatter by that name: it is the transpose of `take`.
  scatterAdd: ({ shape, attributes: { axis } }, updates, indices) => {
    const [picked, transpose] = vjp(
      (whole: np.Array) => np.take(whole, indices.ref, axis),
      [np.zeros([...shape], { dtype: np.float64 })],
    );
    picked.dispose();
    return transpose(updates)[0];
  },
  // Its own oneHot counts negative indices from the back.
  oneHot: ({ attributes: { depth } }, x) =>
    np.equal(np.expandDims(x, x.ndim), np.arange(depth).astype(np.int32)).astype(np.float64),
  sum: ({ attributes }, x) => (attributes.axes.length === 0 ? x : np.sum(x, all(attributes.axes))),
  max: ({ attributes }, x) => np.max(x, all(attributes.axes)),
  argmax: ({ attributes }, x) => np.argmax(x, attributes.axis),
  softmax: ({ attributes }, x) => nn.softmax(x, attributes.axis),
  logSoftmax: ({ attributes }, x) => nn.logSoftmax(x, attributes.axis),
  stopGradient: (_, x) => lax.stopGradient(x),
};

/** The value of `output`, as jax-js computes it from values of the inputs. */
function inJax(output: Tensor, given: ReadonlyMap<Tensor, np.Array>): np.Array {
  const done = new Map(given);
  for (const node of topological([output])) {
    if (done.has(node)) continue;
    const translate = translations[node.primitive] as (node: Tensor, ...inputs: np.Array[]) => np.Array;
    done.set(node, translate(node, ...node.inputs.map((operand) => done.get(operand)!.ref)));
  }
  return done.get(output)!;
}

/** Cotangents of `wrt` by jax-js. */
function pullbackInJax(
  output: Tensor,
  cotangent: np.Array,
  wrt: readonly Tensor[],
  given: ReadonlyMap<Tensor, np.Array>,
): np.Array[] {
  const f = (...values: np.Array[]): np.Array =>
    inJax(output, new Map([...given, ...wrt.map((node, i) => [node, values[i]!] as const)]));
  const [value, transpose] = vjp(
    f,
    wrt.map((node) => given.get(node)!.ref),
  );
  value.dispose();
  return transpose(cotangent);
}

const asJax = (nodes: readonly Tensor[], values: readonly ArrayLike<number>[]): Map<Tensor, np.Array> =>
  new Map(nodes.map((node, i) => [node, array(values[i]!, node.shape, node.dtype)]));

/** What jax-js cannot do, with its reason. Finite differences (derivative.test.ts) cover these. */
const notInJax: Readonly<Record<string, string>> = {
  "conv2d: padding the stride jumps over": "its transpose crops before it pads, and refuses when nothing is left",
};

describe.each(allCases)("%s", (title, primitiveCase) => {
  const { inputs, values, output } = instantiate(primitiveCase);
  const feeds = new Map(inputs.map((node, i) => [node, values[i]!]));

  test("value", () => {
    const expected = inJax(output, asJax(inputs, values));
    const [actual] = interpret([output], feeds);
    expect(expected.shape).toEqual(actual!.shape);
    expect(relativeError(actual!.values, numbers(expected))).toBeLessThan(TOLERANCE);
  });

  const differentiable = inputs.filter((__, i) => primitiveCase.inputs[i]!.differentiable);
  if (output.dtype === "float32" && differentiable.length > 0) {
    const reason = notInJax[title];
    test.skipIf(reason !== undefined)(reason === undefined ? "cotangents" : `cotangents (jax-js: ${reason})`, () => {
      const cotangent = randomDirection(5, "cotangent", sizeOf(output.shape));
      const expected = pullbackInJax(
        output,
        array(cotangent, output.shape, "float32"),
        differentiable,
        asJax(inputs, values),
      );
      const actual = interpret(pullback([output], [constant(cotangent, output.shape)], differentiable), feeds);
      expected.forEach((piece, i) => {
        expect(relativeError(actual[i]!.values, numbers(piece))).toBeLessThan(TOLERANCE);
      });
    });
  }
});

test("the loss and all gradients of a network with a hidden layer", () => {
  const nodes = [input("x", [5, 4]), input("w", [4, 6]), input("b", [6]), input("v", [6, 3]), input("y", [5], "int32")];
  const [x, w, b, v, y] = nodes as [Tensor, Tensor, Tensor, Tensor, Tensor];
  const loss = crossEntropy(x.matmul(w).add(b).tanh().matmul(v), y);
  const values = nodes.map((node) =>
    node === y ? [0, 2, 1, 1, 0] : randomDirection(6, node.toString(), sizeOf(node.shape)),
  );

  const [actualLoss, ...actual] = interpret(
    [loss, ...grad(loss, [w, b, v, x])],
    new Map(nodes.map((node, i) => [node, values[i]!])),
  );
  const given = asJax(nodes, values);
  expect(relativeError(actualLoss!.values, numbers(inJax(loss, given)))).toBeLessThan(TOLERANCE);
  pullbackInJax(loss, number(1), [w, b, v, x], given).forEach((piece, i) => {
    expect(relativeError(actual[i]!.values, numbers(piece))).toBeLessThan(TOLERANCE);
  });
});
