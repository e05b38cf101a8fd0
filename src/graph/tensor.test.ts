/** How expressions are built: numbers as operands, axes, products of batches, order of nodes. */
import { describe, expect, test } from "vitest";
import { interpret } from "../runtime/interpreter.ts";
import { concat, constant, full, input, is, scalar, scatterAdd, type Tensor, topological } from "./tensor.ts";

const x = input("x", [2, 3]);
const values = (node: Tensor): number[] => [...interpret([node], { x: [1, 2, 3, 4, 5, 6] })[0]!.values];

describe("operands", () => {
  test("a number takes the type of what it meets", () => {
    expect(x.add(1).dtype).toBe("float32");
    expect(x.argmax().add(1).dtype).toBe("int32");
    expect(x.argmax().equal(2).dtype).toBe("bool");
  });

  test("greater is less with its operands exchanged", () => {
    expect(values(x.greater(3))).toEqual([0, 0, 0, 1, 1, 1]);
  });

  test("where takes numbers on either side", () => {
    expect(values(x.greater(3).where(x, 0))).toEqual([0, 0, 0, 4, 5, 6]);
    expect(values(x.greater(3).where(0, x))).toEqual([1, 2, 3, 0, 0, 0]);
  });

  test("oneMinus is 1 - x", () => {
    expect(values(x.oneMinus())).toEqual([0, -1, -2, -3, -4, -5]);
    expect(x.oneMinus()).toMatchObject({ shape: [2, 3], dtype: "float32" });
  });

  test("a cast to the same type is no node", () => {
    expect(x.cast("float32")).toBe(x);
  });
});

describe("axes", () => {
  test("negative ones count from the back, in any order", () => {
    expect(x.sum(-1).shape).toEqual([2]);
    expect(input("y", [2, 3, 4]).sum([-1, 0]).shape).toEqual([3]);
    expect(x.softmax(-2).attributes).toEqual({ axis: 0 });
    expect(x.expand(-1).shape).toEqual([2, 3, 1]);
    expect(x.expand(0).shape).toEqual([1, 2, 3]);
    expect(x.size(-1)).toBe(3);
    expect(x.narrow(-1, 1, 3).shape).toEqual([2, 2]);
    expect(concat([x, x], -1).shape).toEqual([2, 6]);
    expect(x.gather(constant([0], [1], "int32"), -1).shape).toEqual([2, 1]);
  });

  test("mean divides by the number of elements it sums", () => {
    expect(values(x.mean())).toEqual([3.5]);
    expect(values(x.mean(0))).toEqual([2.5, 3.5, 4.5]);
    expect(values(scalar(3).mean())).toEqual([3]);
  });

  test("reduced ones are kept with size 1 on request, so that the result meets what was reduced", () => {
    const y = input("y", [2, 3, 4]);
    for (const reduce of ["sum", "mean", "max"] as const) {
      expect(y[reduce](1, { keepdims: true }).shape).toEqual([2, 1, 4]);
      expect(y[reduce]([-1, 0], { keepdims: true }).shape).toEqual([1, 3, 1]);
      expect(y[reduce](undefined, { keepdims: true }).shape).toEqual([1, 1, 1]);
      expect(y[reduce]([], { keepdims: true }).shape).toEqual([2, 3, 4]);
      expect(y[reduce](1, { keepdims: false }).shape).toEqual([2, 4]);
    }
    const keepdims = { keepdims: true };
    expect(values(x.sum(1, keepdims))).toEqual([6, 15]);
    expect(values(x.mean(0, keepdims))).toEqual([2.5, 3.5, 4.5]);
    expect(values(x.max(-1, keepdims))).toEqual([3, 6]);
    expect(values(x.sub(x.mean(-1, keepdims)))).toEqual([-1, 0, 1, -1, 0, 1]);
    expect(values(x.max(0, keepdims).sub(x))).toEqual([3, 3, 3, 0, 0, 0]);
  });
});

describe("construction", () => {
  test("a batch times a matrix is one product of all leading axes", () => {
    const product = input("a", [5, 2, 3]).matmul(input("b", [3, 4]));
    expect(product.shape).toEqual([5, 2, 4]);
    expect(product.inputs[0]!.shape).toEqual([10, 4]);
    expect(is(product.inputs[0]!, "matmul")).toBe(true);
  });

  test("full repeats one number without storing it", () => {
    expect(values(full(7, [2, 2]))).toEqual([7, 7, 7, 7]);
    expect(topological([full(7, [100, 100])])).toHaveLength(2);
  });

  test("a constant keeps a copy", () => {
    const given = Float32Array.of(1, 2);
    const kept = constant(given, [2]);
    given[0] = 9;
    expect(values(kept)).toEqual([1, 2]);
  });

  test("scatterAdd is the transpose of gather", () => {
    const [indices, updates] = [constant([2, 0, 2, 2], [4], "int32"), input("u", [2, 4])];
    const u = [1, -2, 3, 5, 0, 2, -1, 4];
    const [left, right] = interpret(
      [x.gather(indices, 1).mul(updates).sum(), scatterAdd(updates, indices, 1, 3).mul(x).sum()],
      {
        x: [1, 2, 3, 4, 5, 6],
        u,
      },
    );
    expect(left!.values[0]).toBe(3 * 1 + 1 * -2 + 3 * 3 + 3 * 5 + 6 * 0 + 4 * 2 + 6 * -1 + 6 * 4);
    expect(right!.values[0]).toBe(left!.values[0]);
  });
});

describe("topological order", () => {
  test("operands come before the nodes that use them, each once", () => {
    const shared = x.exp();
    const outputs = [shared.add(shared.neg()), shared, x.sum()];
    const order = topological(outputs);
    expect(new Set(order).size).toBe(order.length);
    expect(order).toHaveLength(5);
    for (const node of order) {
      for (const operand of node.inputs) expect(order.indexOf(operand)).toBeLessThan(order.indexOf(node));
    }
  });

  test("a chain of 100,000 nodes does not exhaust the stack", () => {
    let y = input("y", []);
    for (let i = 0; i < 100_000; i++) y = y.neg();
    const order = topological([y]);
    expect(order).toHaveLength(100_001);
    expect(order[0]!.primitive).toBe("input");
    expect(order.at(-1)).toBe(y);
    expect(interpret([y], { y: [3] })[0]!.values[0]).toBe(3);
  });

  test("a ladder of shared nodes takes linear time", () => {
    let y = input("y", []);
    for (let i = 0; i < 200; i++) y = y.add(y);
    expect(topological([y])).toHaveLength(201);
  });
});
