/** The cost model against counts worked out by hand. */
import { describe, expect, test } from "vitest";
import { cost, operationsOf } from "./cost.ts";
import { crossEntropy } from "./derived.ts";
import { grad } from "./grad.ts";
import { simplify } from "./simplify.ts";
import { constant, input, scatterAdd, Tensor } from "./tensor.ts";

const gemm = { transposeA: false, transposeB: false, alpha: 1, beta: 1 };
const [x, w] = [input("x", [3, 4]), input("w", [4, 5])];
const indices = constant([0, 2], [2], "int32");

describe("operations of one node", () => {
  test.each<[string, Tensor, number]>([
    ["an elementwise operation counts one per element of its result", x.add(input("y", [2, 1, 4])), 24],
    ["matmul: 2 m n k", x.matmul(w), 2 * 3 * 5 * 4],
    ["matmul, a transposed", Tensor.of("matmul", { transposeA: true, transposeB: false }, input("a", [4, 3]), w), 120],
    ["matmul, b transposed", Tensor.of("matmul", { transposeA: false, transposeB: true }, x, input("b", [5, 4])), 120],
    ["batched matmul", input("a", [7, 3, 4]).matmul(input("b", [7, 4, 5])), 7 * 120],
    [
      "batched matmul with one operand repeated",
      Tensor.of("matmul", { transposeA: false, transposeB: false }, input("a", [7, 3, 4]), w),
      7 * 120,
    ],
    ["gemm: the product, its scale and its addition", Tensor.of("gemm", gemm, x, w, input("b", [5])), 120 + 2 * 15],
    [
      "conv2d: 2 per output, channel and tap",
      input("i", [2, 3, 8, 8]).conv2d(input("k", [5, 3, 3, 3])),
      2 * (2 * 5 * 6 * 6) * (3 * 3 * 3),
    ],
    [
      "conv2d with stride and groups",
      input("i", [1, 4, 9, 9]).conv2d(input("k", [6, 2, 3, 3]), { strides: [2, 2], groups: 2 }),
      2 * (6 * 4 * 4) * (2 * 3 * 3),
    ],
    ["a reduction counts one per element it reads", x.sum(0), 12],
    ["argmax too", x.argmax(), 12],
    ["softmax counts four", x.softmax(), 48],
    ["moving data is free", x.transposeLast(), 0],
    ["gather is free", x.gather(indices, 1), 0],
    ["scatterAdd adds each update", scatterAdd(input("u", [3, 2]), indices, 1, 4), 6],
    ["an input is free", x, 0],
  ])("%s", (_, node, expected) => {
    expect(operationsOf(node)).toBe(expected);
  });
});

describe("totals", () => {
  test("each node is counted once, however often it is read", () => {
    const y = x.exp();
    expect(cost([y.add(y), y]).operations).toBe(24);
  });

  test("bytes are what every node reads and writes: 4 per number, 1 per bool; renamings are free", () => {
    expect(cost([x.exp()]).bytes).toBe(2 * 4 * 12);
    expect(cost([x.matmul(w)]).bytes).toBe(4 * (12 + 20 + 15));
    expect(cost([x.less(0)]).bytes).toBe(4 * 12 + 4 + 12);
    expect(cost([x.reshape([12]).stopGradient()]).bytes).toBe(0);
    expect(cost([x.transposeLast()]).bytes).toBe(2 * 4 * 12);
  });

  test("a network of 8 -> 16 -> 4 on a batch of 32, forward", () => {
    const [data, first, second] = [input("data", [32, 8]), input("first", [8, 16]), input("second", [16, 4])];
    const logits = data.matmul(first).relu().matmul(second);
    const products = 2 * 32 * 8 * 16 + 2 * 32 * 16 * 4;
    expect(cost([logits])).toEqual({
      operations: products + 32 * 16,
      products,
      bytes: 4 * (32 * 8 + 8 * 16 + 32 * 16 + 2 * 32 * 16 + 32 * 16 + 16 * 4 + 32 * 4),
    });
  });

  test("its gradient by the weights costs two products a layer but one at the first", () => {
    const [data, first, second] = [input("data", [32, 8]), input("first", [8, 16]), input("second", [16, 4])];
    const loss = crossEntropy(data.matmul(first).relu().matmul(second), input("labels", [32], "int32"));
    const [one, two] = [2 * 32 * 8 * 16, 2 * 32 * 16 * 4];
    expect(cost(simplify([loss, ...grad(loss, [first, second])])).products).toBe(2 * one + 3 * two);
  });
});
