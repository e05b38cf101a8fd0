/** What `grad` and `pullback` do beyond single primitives (derivative.test.ts): paths, stops, inner nodes, depth, errors. */
import { describe, expect, test } from "vitest";
import { interpret } from "../runtime/interpreter.ts";
import { crossEntropy } from "./derived.ts";
import { directionalDerivative, dot, randomDirection, relativeError } from "./finite-difference.contract.ts";
import { grad, pullback } from "./grad.ts";
import { ShapeError, sizeOf } from "./shape.ts";
import { constant, input, scalar, type Tensor, topological } from "./tensor.ts";

const x = input("x", [3]);
const at = [0.5, -1, 2];
const value = (output: Tensor, feeds: Readonly<Record<string, readonly number[]>> = { x: at }): number[] => [
  ...interpret([output], feeds)[0]!.values,
];

describe("paths", () => {
  test("a value used many times gets the sum of its cotangents", () => {
    const y = x.mul(x).add(x.exp()).sub(x);
    expect(value(grad(y.sum(), [x])[0]!)).toEqual(at.map((v) => expect.closeTo(2 * v + Math.exp(v) - 1, 12) as number));
  });

  test("several outputs, each with its own cotangent", () => {
    const [outer] = pullback([x.square(), x.sum()], [constant([1, 10, 100], [3]), scalar(7)], [x]);
    expect(value(outer!)).toEqual([2 * 0.5 + 7, -20 + 7, 400 + 7]);
  });

  test("an output given twice counts twice, and an output may be what one differentiates by", () => {
    const y = x.mul(3);
    const [forY, forX] = pullback([y, y], [constant([1, 2, 3], [3]), constant([10, 10, 10], [3])], [y, x]);
    expect(value(forY!)).toEqual([11, 12, 13]);
    expect(value(forX!)).toEqual([33, 36, 39]);
  });

  test("what no output depends on gets zeros of its shape", () => {
    const other = input("other", [2, 2]);
    const [forOther, forX] = grad(x.sum(), [other, x]);
    expect(forOther!.shape).toEqual([2, 2]);
    expect(value(forOther!)).toEqual([0, 0, 0, 0]);
    expect(value(forX!)).toEqual([1, 1, 1]);
  });

  test("builds nothing for branches that do not lead to what one differentiates by", () => {
    const deep = input("y", [3]).exp().tanh().exp().tanh();
    const [g] = grad(x.mul(deep).sum(), [x]);
    const own = topological([deep, scalar(1)]).length;
    expect(topological([g!]).length - own).toBeLessThanOrEqual(4);
  });
});

describe("stopGradient", () => {
  test("keeps the value and counts as constant", () => {
    const y = x.mul(x.stopGradient());
    expect(value(y)).toEqual([0.25, 1, 4]);
    expect(value(grad(y.sum(), [x])[0]!)).toEqual(at);
  });

  test("stops every path behind it, not those around it", () => {
    const hidden = x.exp();
    const y = hidden.stopGradient().square().add(hidden);
    expect(value(grad(y.sum(), [x])[0]!)).toEqual(at.map((v) => expect.closeTo(Math.exp(v), 12) as number));
    expect(value(grad(hidden.stopGradient().sum(), [x])[0]!)).toEqual([0, 0, 0]);
  });

  test("the stopped node itself can be differentiated by", () => {
    const stopped = x.stopGradient();
    const [forStopped, forX] = grad(stopped.square().sum(), [stopped, x]);
    expect(value(forStopped!)).toEqual([1, -2, 4]);
    expect(value(forX!)).toEqual([0, 0, 0]);
  });

  test("stops second derivatives too", () => {
    const [slope] = grad(x.mul(x.stopGradient().square()).sum(), [x]);
    expect(value(grad(slope!.sum(), [x])[0]!)).toEqual([0, 0, 0]);
  });
});

describe("inner nodes", () => {
  const nodes = [input("x", [4, 3]), input("w", [3, 5]), input("v", [5, 2]), input("y", [4], "int32")];
  const [data, w, v, labels] = nodes as [Tensor, Tensor, Tensor, Tensor];
  const preactivation = data.matmul(w);
  const hidden = preactivation.tanh();
  const logits = hidden.matmul(v);
  const loss = crossEntropy(logits, labels);
  const point = new Map<Tensor, readonly number[]>(
    nodes.map((node) => [
      node,
      node === labels ? [0, 1, 1, 0] : randomDirection(1, node.toString(), sizeOf(node.shape)),
    ]),
  );

  test.each([
    ["pre-activation", preactivation],
    ["activity", hidden],
    ["logits", logits],
  ])("gradient by the %s is that of the graph above it", (_, node) => {
    const [gradient] = interpret(grad(loss, [node]), point);
    const [own] = interpret([node], point);
    const direction = randomDirection(2, "direction", sizeOf(node.shape));
    const measured = directionalDerivative(
      (values) => interpret([loss], new Map(point).set(node, values))[0]!.values[0]!,
      [...own!.values],
      direction,
    );
    expect(relativeError([dot(gradient!.values, direction)], [measured])).toBeLessThan(1e-8);
  });

  test("the chain rule closes: pulling an inner cotangent further gives the whole gradient", () => {
    const [atHidden] = grad(loss, [hidden]);
    const inTwoSteps = pullback([hidden], [atHidden!], [w, data]);
    const atOnce = grad(loss, [w, data]);
    const values = interpret([...inTwoSteps, ...atOnce], point);
    expect(relativeError(values[0]!.values, values[2]!.values)).toBeLessThan(1e-14);
    expect(relativeError(values[1]!.values, values[3]!.values)).toBeLessThan(1e-14);
  });

  test("inner nodes and inputs together", () => {
    const [byW, byHidden, byV] = interpret(grad(loss, [w, hidden, v]), point);
    for (const [one, node] of [
      [byW, w],
      [byHidden, hidden],
      [byV, v],
    ] as const) {
      expect(one!.values).toEqual(interpret(grad(loss, [node]), point)[0]!.values);
    }
  });
});

test("a graph of 20,000 nodes is differentiated without recursion", () => {
  let y = input("x", []);
  const first = y;
  for (let i = 0; i < 10_000; i++) y = y.tanh().mul(1.0001);
  const [slope] = grad(y, [first]);
  // tanh has slope 1 at 0, so the factors remain.
  const [atZero] = interpret([slope!], { x: [0] });
  expect(atZero!.values[0]).toBeCloseTo(1.0001 ** 10_000, 9);
});

describe("errors", () => {
  test.each<[string, () => unknown, string]>([
    [
      "grad of a vector",
      () => grad(x, [x]),
      "grad: expected a float32 scalar to differentiate, got input f32[3]; use sum() or mean()",
    ],
    [
      "grad of an integer",
      () => grad(x.argmax(0), [x]),
      "grad: expected a float32 scalar to differentiate, got argmax i32[]; use sum() or mean()",
    ],
    [
      "a cotangent of another shape",
      () => pullback([x.exp()], [scalar(1)], [x]),
      "pullback: expected a cotangent like exp f32[3], got constant f32[]",
    ],
    [
      "no cotangent",
      () => pullback([x, x.exp()], [x], [x]),
      "pullback: expected a cotangent like exp f32[3], got none",
    ],
  ])("%s", (_, run, message) => {
    expect(run).toThrow(new ShapeError(message));
  });
});
