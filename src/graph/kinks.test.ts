/**
 * Where a slope does not exist, or a formula would give what is not a number: the value and the slope that were chosen there, for every
 * primitive and every derived expression. Everywhere else derivatives are held to finite differences (`derivative.test.ts`).
 */
import { describe, expect, test } from "vitest";
import { interpret } from "../runtime/interpreter.ts";
import {
  centred,
  crossEntropies,
  crossEntropy,
  normalise,
  partnerCrossEntropy,
  pool2d,
  softplus,
  variance,
} from "./derived.ts";
import type * as derived from "./derived.ts";
import { grad } from "./grad.ts";
import type { Primitive } from "./primitive.ts";
import { concat, constant, full, input, scalar, type Tensor } from "./tensor.ts";

/** What an expression of a vector x gives at a point: its values, and the slopes of their sum. */
interface Kink {
  readonly name: string;
  readonly of: (x: Tensor) => Tensor;
  readonly at: readonly number[];
  readonly gives: readonly number[];
  readonly slopes: readonly number[];
}

const [inf, nan] = [Infinity, NaN];
const many = [-1e4, -1, 0, 1, 1e4] as const;

/** A vector as the only row of a matrix. */
const row = (x: Tensor): Tensor => x.expand(0);
const float = (x: Tensor): Tensor => x.cast("float32");

/** By primitive; none for those that are linear in every operand, or have no operand. */
const kinks: { readonly [P in Primitive]: readonly Kink[] } = {
  input: [],
  constant: [],

  neg: [],
  abs: [{ name: "flat at 0", of: (x) => x.abs(), at: [-2, 0, 3], gives: [2, 0, 3], slopes: [-1, 0, 1] }],
  sign: [
    { name: "0 at 0, flat everywhere", of: (x) => x.sign(), at: [-2, 0, 3], gives: [-1, 0, 1], slopes: [0, 0, 0] },
  ],
  exp: [{ name: "underflows to 0", of: (x) => x.exp(), at: [-1e4, 0], gives: [0, 1], slopes: [0, 1] }],
  log: [
    {
      name: "infinite at 0, no number below",
      of: (x) => x.log(),
      at: [-1, 0, 1],
      gives: [nan, -inf, 0],
      slopes: [-1, inf, 1],
    },
  ],
  sqrt: [
    {
      name: "infinitely steep at 0, no number below",
      of: (x) => x.sqrt(),
      at: [-1, 0, 4],
      gives: [nan, 0, 2],
      slopes: [nan, inf, 0.25],
    },
  ],
  tanh: [{ name: "saturates", of: (x) => x.tanh(), at: [-1e4, 0, 1e4], gives: [-1, 0, 1], slopes: [0, 1, 0] }],
  sigmoid: [
    { name: "saturates", of: (x) => x.sigmoid(), at: [-1e4, 0, 1e4], gives: [0, 0.5, 1], slopes: [0, 0.25, 0] },
  ],
  relu: [{ name: "flat at 0", of: (x) => x.relu(), at: [-1, 0, 1], gives: [0, 0, 1], slopes: [0, 0, 1] }],
  floor: [
    {
      name: "a whole number is its own, flat everywhere",
      of: (x) => x.floor(),
      at: [-0.5, 0, 1, 1.5],
      gives: [-1, 0, 1, 1],
      slopes: [0, 0, 0, 0],
    },
  ],
  not: [{ name: "no slope", of: (x) => float(x.less(0).not()), at: [-1, 0, 1], gives: [0, 1, 1], slopes: [0, 0, 0] }],
  cast: [
    {
      name: "a bool has no slope",
      of: (x) => float(x.cast("bool")),
      at: [-1, 0, 2],
      gives: [1, 0, 1],
      slopes: [0, 0, 0],
    },
  ],

  add: [],
  sub: [],
  mul: [{ name: "of itself", of: (x) => x.mul(x), at: [-1, 0, 3], gives: [1, 0, 9], slopes: [-2, 0, 6] }],
  div: [
    { name: "by 0, from above", of: (x) => scalar(1).div(x), at: [0, 2], gives: [inf, 0.5], slopes: [-inf, -0.25] },
    { name: "of 0 by 0", of: (x) => x.div(0), at: [0, 1], gives: [nan, inf], slopes: [inf, inf] },
  ],
  pow: [
    { name: "x^3", of: (x) => x.pow(3), at: [-1, 0, 2], gives: [-1, 0, 8], slopes: [3, 0, 12] },
    { name: "x^2", of: (x) => x.pow(2), at: [-1, 0, 3], gives: [1, 0, 9], slopes: [-2, 0, 6] },
    { name: "x^1", of: (x) => x.pow(1), at: [-1, 0, 3], gives: [-1, 0, 3], slopes: [1, 1, 1] },
    { name: "x^0 is 1, and flat", of: (x) => x.pow(0), at: [-1, 0, 3], gives: [1, 1, 1], slopes: [0, 0, 0] },
    { name: "x^(1/2)", of: (x) => x.pow(0.5), at: [0, 4], gives: [0, 2], slopes: [inf, 0.25] },
    { name: "x^-1", of: (x) => x.pow(-1), at: [0, 2], gives: [inf, 0.5], slopes: [-inf, -0.25] },
    { name: "0^x is flat", of: (x) => scalar(0).pow(x), at: [0, 1, 2], gives: [1, 0, 0], slopes: [0, 0, 0] },
    { name: "1^x is flat", of: (x) => scalar(1).pow(x), at: [-1, 0, 2], gives: [1, 1, 1], slopes: [0, 0, 0] },
    { name: "(-2)^x is flat", of: (x) => scalar(-2).pow(x), at: [0, 1, 2], gives: [1, -2, 4], slopes: [0, 0, 0] },
  ],
  maximum: [
    { name: "half of a tie", of: (x) => x.maximum(2), at: [1, 2, 3], gives: [2, 2, 3], slopes: [0, 0.5, 1] },
    {
      name: "half of a tie, on the right",
      of: (x) => scalar(2).maximum(x),
      at: [1, 2, 3],
      gives: [2, 2, 3],
      slopes: [0, 0.5, 1],
    },
    { name: "of itself", of: (x) => x.maximum(x), at: [-1, 0], gives: [-1, 0], slopes: [1, 1] },
  ],
  minimum: [
    { name: "half of a tie", of: (x) => x.minimum(2), at: [1, 2, 3], gives: [1, 2, 2], slopes: [1, 0.5, 0] },
    {
      name: "half of a tie, on the right",
      of: (x) => scalar(2).minimum(x),
      at: [1, 2, 3],
      gives: [1, 2, 2],
      slopes: [1, 0.5, 0],
    },
  ],
  equal: [{ name: "no slope", of: (x) => float(x.equal(0)), at: [-1, 0, 1], gives: [0, 1, 0], slopes: [0, 0, 0] }],
  less: [
    { name: "not at a tie", of: (x) => float(x.less(0)), at: [-1, 0, 1], gives: [1, 0, 0], slopes: [0, 0, 0] },
    { name: "nor the other way", of: (x) => float(x.greater(0)), at: [-1, 0, 1], gives: [0, 0, 1], slopes: [0, 0, 0] },
  ],
  lessEqual: [
    { name: "at a tie", of: (x) => float(x.lessEqual(0)), at: [-1, 0, 1], gives: [1, 1, 0], slopes: [0, 0, 0] },
  ],
  and: [
    {
      name: "no slope",
      of: (x) => float(x.less(1).and(x.greater(-1))),
      at: [-1, 0, 1],
      gives: [0, 1, 0],
      slopes: [0, 0, 0],
    },
  ],
  where: [
    {
      name: "the slope of the branch taken, whatever the other one is",
      of: (x) => x.greater(0).where(x.mul(3), x.mul(0)),
      at: [-1, 0, 2],
      gives: [0, 0, 6],
      slopes: [0, 0, 3],
    },
  ],

  matmul: [],
  gemm: [],
  conv2d: [],

  transpose: [],
  reshape: [],
  broadcastTo: [],
  slice: [],
  concat: [],
  pad: [],

  gather: [],
  scatterAdd: [],
  oneHot: [
    {
      name: "nothing for an index that is out of range",
      of: (x) => x.cast("int32").oneHot(2),
      at: [-1, 0, 2],
      gives: [0, 0, 1, 0, 0, 0],
      slopes: [0, 0, 0],
    },
  ],

  sum: [],
  max: [
    { name: "shared equally among equals", of: (x) => x.max(), at: [4, 1, 4], gives: [4], slopes: [0.5, 0, 0.5] },
    { name: "zeros", of: (x) => x.max(), at: [0, 0, 0, 0], gives: [0], slopes: [0.25, 0.25, 0.25, 0.25] },
    {
      name: "of several axes",
      of: (x) => x.reshape([2, 1, 2]).max([0, 2]),
      at: [3, 3, 3, 1],
      gives: [3],
      slopes: [1 / 3, 1 / 3, 1 / 3, 0],
    },
  ],
  argmax: [{ name: "the first of equals", of: (x) => float(x.argmax()), at: [0, 2, 2], gives: [1], slopes: [0, 0, 0] }],
  softmax: [
    { name: "of equals", of: (x) => x.softmax().narrow(0, 0, 1), at: [0, 0], gives: [0.5], slopes: [0.25, -0.25] },
    { name: "far apart", of: (x) => x.softmax(), at: [1e4, -1e4], gives: [1, 0], slopes: [0, 0] },
  ],
  logSoftmax: [{ name: "far apart", of: (x) => x.logSoftmax(), at: [1e4, -1e4], gives: [0, -2e4], slopes: [-1, 1] }],

  stopGradient: [{ name: "no slope", of: (x) => x.stopGradient(), at: [-1, 0], gives: [-1, 0], slopes: [0, 0] }],
};

const third = 1 / 3;
/** By expression, as the methods of a tensor and `derived.ts` name them. */
const derivedKinks: { readonly [name in keyof typeof derived]: readonly Kink[] } = {
  softplus: [
    {
      name: "the logistic function is its slope, 1/2 at 0",
      of: softplus,
      at: many,
      gives: [0, Math.log(1 + Math.exp(-1)), Math.LN2, Math.log(1 + Math.E), 1e4],
      slopes: [0, 1 / (1 + Math.E), 0.5, 1 / (1 + Math.exp(-1)), 1],
    },
  ],
  normalise: [
    {
      name: "zeros stay zeros, with the slope of the identity",
      of: (x) => normalise(x),
      at: [0, 0, 0],
      gives: [0, 0, 0],
      slopes: [1, 1, 1],
    },
    {
      name: "row by row",
      of: (x) => normalise(x.reshape([2, 2])),
      at: [0, 0, 3, 4],
      gives: [0, 0, 0.6, 0.8],
      // (1 - u (u . 1)) / |x|
      slopes: [1, 1, (1 - 0.6 * 1.4) / 5, (1 - 0.8 * 1.4) / 5],
    },
    {
      name: "tiny rows have unit length",
      of: (x) => normalise(x).square().sum(),
      at: [3e-9, 4e-9],
      gives: [1],
      slopes: [0, 0],
    },
  ],
  centred: [
    { name: "equals", of: (x) => centred(x, 0), at: [2, 2, 2], gives: [0, 0, 0], slopes: [0, 0, 0] },
    {
      name: "of its first",
      of: (x) => centred(x, 0).narrow(0, 0, 1),
      at: [1, 2, 6],
      gives: [-2],
      slopes: [2 * third, -third, -third],
    },
  ],
  variance: [
    { name: "equals, where it is least", of: (x) => variance(x, 0), at: [2, 2, 2], gives: [0], slopes: [0, 0, 0] },
    { name: "of one", of: (x) => variance(x, 0), at: [5], gives: [0], slopes: [0] },
  ],
  crossEntropies: [
    {
      name: "equal scores, and scores far apart on either side",
      of: (x) => crossEntropies(x.reshape([3, 2]), constant([0, 0, 1], [3], "int32")),
      at: [0, 0, 1e4, -1e4, 1e4, -1e4],
      gives: [Math.LN2, 0, 2e4],
      slopes: [-0.5, 0.5, 0, 0, 1, -1],
    },
    {
      name: "a label out of range costs nothing",
      of: (x) => crossEntropies(row(x), constant([-1], [1], "int32")),
      at: [1, 2],
      gives: [0],
      slopes: [0, 0],
    },
  ],
  crossEntropy: [
    {
      name: "equal scores",
      of: (x) => crossEntropy(x.reshape([2, 2]), constant([0, 1], [2], "int32")),
      at: [0, 0, 7, 7],
      gives: [Math.LN2],
      slopes: [-0.25, 0.25, 0.25, -0.25],
    },
  ],
  partnerCrossEntropy: [
    {
      name: "equal scores, one of which takes no part",
      of: (x) => partnerCrossEntropy(row(x), constant([1, 0, 0], [1, 3]), constant([1, 1, 0], [1, 3])),
      at: [0, 0, 0],
      gives: [Math.LN2],
      slopes: [-0.5, 0.5, 0],
    },
    {
      name: "a score that takes no part may be any, none is lost for it",
      of: (x) => partnerCrossEntropy(row(x), constant([1, 0, 0], [1, 3]), constant([1, 1, 0], [1, 3])),
      at: [1e4, 1e4, 2e4],
      gives: [Math.LN2],
      slopes: [-0.5, 0.5, 0],
    },
    {
      name: "the only candidate is found at no cost",
      of: (x) => partnerCrossEntropy(row(x), constant([1, 0], [1, 2]), constant([1, 0], [1, 2])),
      at: [3, 9],
      gives: [0],
      slopes: [0, 0],
    },
    {
      name: "a row without a partner costs nothing",
      of: (x) => partnerCrossEntropy(row(x), full(0, [1, 2]), full(0, [1, 2])),
      at: [3, 9],
      gives: [0],
      slopes: [0, 0],
    },
  ],
  pool2d: [
    {
      name: "the largest of equals share",
      of: (x) => pool2d(x.reshape([1, 1, 2, 2]), [2, 2], "max"),
      at: [5, 5, 1, 0],
      gives: [5],
      slopes: [0.5, 0.5, 0, 0],
    },
  ],
};

/** Operands of an operation with another one: what reaches both. */
const both: readonly Kink[] = [
  {
    name: "a maximum of two parts",
    of: (x) => x.narrow(0, 0, 1).maximum(x.narrow(0, 1, 2)),
    at: [0, 0],
    gives: [0],
    slopes: [0.5, 0.5],
  },
  { name: "a part used twice", of: (x) => concat([x, x, x]), at: [1, 2], gives: [1, 2, 1, 2, 1, 2], slopes: [3, 3] },
  { name: "1 - x", of: (x) => x.oneMinus(), at: [0, 1], gives: [1, 0], slopes: [-1, -1] },
  { name: "the square", of: (x) => x.square(), at: [-2, 0], gives: [4, 0], slopes: [-4, 0] },
];

function expectKink({ of, at, gives, slopes }: Kink): void {
  const x = input("x", [at.length]);
  const output = of(x);
  const [values, found] = interpret([output, ...grad(output.sum(), [x])], { x: at });
  const near = (numbers: readonly number[]): unknown =>
    numbers.map((value) => (Number.isFinite(value) ? (expect.closeTo(value, 9) as number) : value));
  expect([...values!.values]).toEqual(near(gives));
  expect([...found!.values]).toEqual(near(slopes));
}

const cases = (table: Readonly<Record<string, readonly Kink[]>>): (readonly [string, Kink])[] =>
  Object.entries(table).flatMap(([of, list]) => list.map((kink) => [`${of}: ${kink.name}`, kink] as const));

describe("primitives", () => {
  test.each(cases(kinks))("%s", (_, kink) => expectKink(kink));
});
describe("derived expressions", () => {
  test.each(cases({ ...derivedKinks, both }))("%s", (_, kink) => expectKink(kink));
});

test("normalise lets a signal through a row of zeros as it is", () => {
  const [x, g] = [input("x", [2]), constant([3, -5], [2])];
  const [slope] = interpret(grad(normalise(x).mul(g).sum(), [x]), { x: [0, 0] });
  expect([...slope!.values]).toEqual([3, -5]);
});
