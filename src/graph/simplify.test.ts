/** `simplify`: the same values over all cases and over random expressions, and each of its rewrites seen to happen. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { interpret } from "../runtime/interpreter.ts";
import { crossEntropy } from "./derived.ts";
import { randomDirection, relativeError } from "./finite-difference.contract.ts";
import { grad, pullback } from "./grad.ts";
import { allCases, instantiate } from "./primitive-cases.contract.ts";
import { range, ShapeError, type Shape, sizeOf } from "./shape.ts";
import { simplify, uniformValue } from "./simplify.ts";
import { concat, constant, full, input, is, scalar, Tensor, topological } from "./tensor.ts";

const count = (outputs: readonly Tensor[]): number => topological(outputs).length;

/** The expression below a node on one line. */
function expression(node: Tensor): string {
  if (is(node, "input")) return node.attributes.name;
  if (is(node, "constant")) return node.attributes.values.length === 1 ? `${node.attributes.values[0]!}` : "constant";
  const { transposeA, transposeB, alpha, beta } = node.attributes as Partial<Tensor<"gemm">["attributes"]>;
  const flags = [transposeA === true ? "a'" : "", transposeB === true ? "b'" : ""].join("");
  const scales = alpha === undefined ? "" : `${alpha},${beta!}`;
  const shape = is(node, "broadcastTo") || is(node, "reshape") ? `[${node.shape.join(",")}]` : "";
  const permutation = is(node, "transpose") ? `[${node.attributes.permutation.join(",")}]` : "";
  return `${node.primitive}${permutation}${flags}${scales}${shape}(${node.inputs.map(expression).join(", ")})`;
}

describe("same values, never more nodes", () => {
  test.each(allCases)("%s", (_, primitiveCase) => {
    const { inputs, values, output } = instantiate(primitiveCase);
    const feeds = new Map(inputs.map((node, i) => [node, values[i]!]));
    const differentiable = inputs.filter((__, i) => primitiveCase.inputs[i]!.differentiable);
    const cotangent = constant(randomDirection(1, "cotangent", sizeOf(output.shape)), output.shape);
    const gradients = output.dtype === "float32" ? pullback([output], [cotangent], differentiable) : [];
    const outputs = [output, ...gradients];
    const before = interpret(outputs, feeds);
    for (const exact of [false, true]) {
      const smaller = simplify(outputs, { exact });
      expect(count(smaller)).toBeLessThanOrEqual(count(outputs));
      interpret(smaller, feeds).forEach((after, i) => {
        expect(after).toMatchObject({ shape: before[i]!.shape, dtype: before[i]!.dtype });
        expect(relativeError(after.values, before[i]!.values)).toBeLessThan(1e-12);
      });
    }
  });
});

describe("random expressions", () => {
  const leaves = [
    input("x", [3, 4]),
    input("y", [3, 4]),
    input("row", [4]),
    input("column", [3, 1]),
    input("s", []),
    input("w", [4, 4]),
  ];
  const feeds = Object.fromEntries(
    leaves.map((leaf) => [expression(leaf), randomDirection(1, expression(leaf), sizeOf(leaf.shape))]),
  );
  const gate = leaves[0]!.less(leaves[1]!);
  const shapes: readonly Shape[] = [[3, 4], [4, 3], [1, 4], [12], [2, 3, 4], [3, 1, 4]];

  // Smooth or at least continuous, so that rounding stays rounding.
  const operations: readonly ((a: Tensor, b: Tensor, choice: number) => Tensor)[] = [
    (a, b) => a.add(b),
    (a, b) => a.sub(b),
    (a, b) => a.mul(b),
    (a, _, choice) => a.mul([0, 1, -1, 2, 0.5][choice % 5]!),
    (a, _, choice) => scalar([0, 1, -1, 3][choice % 4]!).add(a),
    (a, _, choice) => scalar([0, 1, -1, 3][choice % 4]!).sub(a),
    (a, _, choice) => a.div([1, 2, -4][choice % 3]!),
    (a) => a.neg(),
    (a) => a.tanh(),
    (a) => a.maximum(0),
    (a, b) => a.maximum(b),
    (a, b) => gate.where(a, b),
    (a, b) => a.matmul(b),
    (a, b) => Tensor.of("matmul", { transposeA: true, transposeB: false }, a, b),
    (a, b) => Tensor.of("matmul", { transposeA: false, transposeB: true }, a, b),
    (a) => a.transposeLast(),
    (a) => a.transpose(range(a.rank).map((axis) => (axis + 1) % a.rank)),
    (a, _, choice) => a.reshape(shapes[choice % shapes.length]!),
    (a, _, choice) => a.broadcastTo(shapes[choice % shapes.length]!),
    (a, _, choice) => a.sum(choice % Math.max(a.rank, 1)),
    (a) => a.sum(),
    (a, _, choice) => a.expand(choice % (a.rank + 1)),
    (a, b) => concat([a, b], 0),
    (a) => a.stopGradient(),
    (a, _, choice) => full([0, 1, 2][choice % 3]!, a.shape),
  ];

  const step = fc.record({
    operation: fc.nat(operations.length - 1),
    // Recent results are preferred, so that expressions grow deep.
    a: fc.nat(100),
    b: fc.nat(100),
    choice: fc.nat(100),
  });

  test("keep their values and their gradients", () => {
    let reached = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 3, maxLength: 20 }), (program) => {
        const pool = [...leaves];
        for (const { operation, a, b, choice } of program) {
          const pick = (index: number): Tensor => pool[pool.length - 1 - (index % pool.length)]!;
          try {
            pool.push(operations[operation]!(pick(a % 3 === 0 ? 0 : a), pick(b), choice));
          } catch (error) {
            if (!(error instanceof ShapeError)) throw error;
          }
        }
        const outputs = pool.slice(leaves.length).slice(-3);
        if (outputs.length === 0) return;
        const total = outputs.map((output) => output.sum()).reduce((sum, next) => sum.add(next));
        const all = [...outputs, ...grad(total, leaves)];
        const nodes = topological(all);
        const before = new Map(interpret(nodes, feeds).map((value, i) => [nodes[i]!, value.values]));
        // Cancellation makes errors relative to the largest number that occurs, not to the result.
        const largest = [...before.values()].reduce(
          (most, values) => values.reduce((m, v) => Math.max(m, Math.abs(v)), most),
          1,
        );
        fc.pre(largest < 1e6);
        reached++;
        const smaller = simplify(all);
        expect(count(smaller)).toBeLessThanOrEqual(count(all));
        interpret(smaller, feeds).forEach((after, i) => {
          expect(after.shape).toEqual(all[i]!.shape);
          const expected = before.get(all[i]!)!;
          const off = after.values.findIndex((value, at) => !(Math.abs(value - expected[at]!) < 1e-11 * largest));
          expect(off).toBe(-1);
        });
      }),
      { numRuns: 150, seed: 7 },
    );
    expect(reached).toBeGreaterThan(100);
  });
});

describe("rewrites", () => {
  const [x, y, row, rate] = [input("x", [3, 4]), input("y", [3, 4]), input("row", [4]), input("rate", [])];
  const [w, batch] = [input("w", [4, 5]), input("batch", [2, 3, 4])];

  test.each<[string, Tensor, string]>([
    ["reshape to the same shape", x.reshape([3, 4]).exp(), "exp(x)"],
    ["slice of everything", x.slice([0, 0], [3, 4]), "x"],
    ["pad by nothing", x.pad([0, 0], [0, 0]), "x"],
    ["broadcast to the same shape", x.broadcastTo([3, 4]), "x"],
    ["transpose that moves nothing", x.transpose([0, 1]), "x"],
    ["cast to the same type", Tensor.of("cast", { dtype: "float32" }, x), "x"],
    ["concat of one", concat([x], 1), "x"],
    ["sum over no axis", x.sum([]), "x"],
    ["sum over axes of one", x.expand(0).sum(0), "x"],
    ["two reshapes", x.reshape([12]).reshape([4, 3]), "reshape[4,3](x)"],
    ["two reshapes that cancel", x.reshape([12]).reshape([3, 4]), "x"],
    ["two broadcasts", row.broadcastTo([3, 4]).broadcastTo([2, 3, 4]), "broadcastTo[2,3,4](row)"],
    ["two transposes that cancel", x.transposeLast().transposeLast(), "x"],
    ["two transposes that do not", batch.transpose([1, 2, 0]).transpose([0, 2, 1]), "transpose[1,0,2](batch)"],
    ["two rotations are one the other way", batch.transpose([1, 2, 0]).transpose([1, 2, 0]), "transpose[2,0,1](batch)"],
    ["three negations", x.neg().neg().neg(), "neg(x)"],
    ["reshape of a constant", constant([1, 2], [2]).reshape([2, 1]).exp(), "exp(constant)"],
    ["reshape of one repeated number", full(2, [3, 4]).reshape([12]), "broadcastTo[12](2)"],
    ["an operand broadcast for nothing", x.add(row.broadcastTo([3, 4])), "add(x, row)"],
    [
      "a condition broadcast for nothing",
      x.less(rate.broadcastTo([3, 4])).where(x, full(0, [3, 4])),
      "where(less(x, rate), x, 0)",
    ],
    [
      "operands that were both broadcast: one has to be",
      row.broadcastTo([3, 4]).add(rate.broadcastTo([3, 4])),
      "add(broadcastTo[3,4](row), rate)",
    ],
    ["numbers are computed", x.add(scalar(2).mul(3).sub(1).div(2)), "add(x, 2.5)"],
    ["a number negated", x.mul(full(2, [3, 4]).neg()), "mul(x, -2)"],
    ["one repeated number negated", full(2, [3, 4]).neg(), "broadcastTo[3,4](-2)"],
    ["times one", x.mul(1), "x"],
    ["one times, repeated", full(1, [3, 4]).mul(x), "x"],
    ["times zero", x.mul(0), "broadcastTo[3,4](0)"],
    ["times minus one", x.mul(-1), "neg(x)"],
    ["minus one times", scalar(-1).mul(x), "neg(x)"],
    ["plus zero", x.add(0), "x"],
    ["zero plus", scalar(0).add(x), "x"],
    ["minus zero", x.sub(0), "x"],
    ["zero minus", scalar(0).sub(x), "neg(x)"],
    ["over one", x.div(1), "x"],
    ["a neutral element that broadcasts", row.mul(full(1, [3, 4])), "broadcastTo[3,4](row)"],
    ["numbers gather", x.mul(2).mul(3), "mul(x, 6)"],
    ["a sign joins the number", x.neg().mul(2), "mul(x, -2)"],
    ["plus a negative", x.add(y.neg()), "sub(x, y)"],
    ["a negative plus", x.neg().add(y), "sub(y, x)"],
    ["minus a negative", x.sub(y.neg()), "add(x, y)"],
    ["maximum with zero", x.maximum(0), "relu(x)"],
    ["a transposed operand", x.transposeLast().matmul(y), "matmula'(x, y)"],
    ["both operands transposed", w.transposeLast().matmul(x.transposeLast()), "matmula'b'(w, x)"],
    [
      "a transpose that is not of the last two axes stays",
      batch.transpose([1, 0, 2]).mul(2),
      "mul(transpose[1,0,2](batch), 2)",
    ],
    ["a bias", x.matmul(w).add(input("b", [5])), "gemm1,1(x, w, b)"],
    ["an accumulation with decay", input("v", [3, 5]).mul(0.9).add(x.matmul(w)), "gemm1,0.9(x, w, v)"],
    ["minus a product", input("v", [3, 5]).sub(x.matmul(w)), "gemm-1,1(x, w, v)"],
    ["a product minus", x.matmul(w).sub(input("v", [3, 5])), "gemm1,-1(x, w, v)"],
    ["a product broadcast by its addend stays", x.matmul(w).add(input("v", [2, 3, 5])), "add(matmul(x, w), v)"],
    ["a batched product stays", batch.matmul(input("u", [2, 4, 5])).add(1), "add(matmul(batch, u), 1)"],
    [
      "a scale moves to the smaller factor",
      input("p", [9, 2])
        .matmul(input("q", [2, 8]))
        .mul(rate),
      "matmul(p, mul(q, rate))",
    ],
    [
      "a scale stays where that is as much work",
      input("p", [2, 9])
        .matmul(input("q", [9, 2]))
        .mul(rate),
      "mul(matmul(p, q), rate)",
    ],
    [
      "a scale per product of a batch",
      input("p", [2, 7, 1])
        .matmul(input("q", [2, 1, 8]))
        .mul(input("r", [2, 1, 1])),
      "matmul(mul(p, r), q)",
    ],
    [
      "a scale per row stays",
      input("p", [9, 2])
        .matmul(input("q", [2, 8]))
        .mul(input("r", [9, 1])),
      "mul(matmul(p, q), r)",
    ],
    ["stopped gradients are dropped", x.stopGradient().exp(), "exp(x)"],
  ])("%s", (_, before, after) => {
    const [smaller] = simplify([before]);
    expect(expression(smaller!)).toBe(after);
    expect(smaller).toMatchObject({ shape: before.shape, dtype: before.dtype });
  });

  test("a product that something else reads is not fused, and is computed once", () => {
    const product = x.matmul(w);
    const [sum, other] = simplify([product.add(input("b", [5])), product.exp()]);
    expect(expression(sum!)).toBe("add(matmul(x, w), b)");
    expect(sum!.inputs[0]).toBe(other!.inputs[0]);
    const [kept] = simplify([product.add(input("b", [5])), product]);
    expect(expression(kept!)).toBe("add(matmul(x, w), b)");
  });

  test("a decay that something else reads keeps its node", () => {
    const decayed = input("v", [3, 5]).mul(0.9);
    expect(simplify([decayed.add(x.matmul(w)), decayed]).map(expression)).toEqual([
      "gemm1,1(x, w, mul(v, 0.9))",
      "mul(v, 0.9)",
    ]);
  });
});

describe("sharing", () => {
  const x = input("x", [3, 4]);

  test("equal expressions become one node", () => {
    const [a, b] = simplify([x.exp().sum(0), x.exp().sum(0)]);
    expect(a).toBe(b);
    const [c, d] = simplify([x.exp().sum(0), x.exp().sum(1)]);
    expect(c).not.toBe(d);
    expect(c!.inputs[0]).toBe(d!.inputs[0]);
  });

  test("expressions that become equal become one node", () => {
    const [a, b] = simplify([x.neg().neg().exp(), x.mul(1).exp()]);
    expect(a).toBe(b);
  });

  test("inputs are never merged, even of one shape", () => {
    const y = input("y", [3, 4]);
    expect(count(simplify([x.exp().add(y.exp())]))).toBe(5);
  });

  test.each([
    [Infinity, -Infinity],
    [Infinity, NaN],
    [0, -0],
    [1, 1 + Number.EPSILON],
  ])("%d and %d are not equal numbers", (a, b) => {
    const outputs = simplify([constant([a, 1], [2]), constant([b, 1], [2])]);
    expect(outputs.map((output) => interpret([output])[0]!.values[0])).toEqual([a, b]);
  });

  test("masking with infinities keeps its sign", () => {
    const masked = x.less(0).where(-Infinity, x.less(1).where(x, Infinity));
    const values = { x: [-1, 0.5, 2, -3, 0, 0, 0, 0, 0, 0, 0, 0] };
    expect([...interpret(simplify([masked]), values)[0]!.values]).toEqual([
      -Infinity,
      0.5,
      Infinity,
      -Infinity,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
    ]);
  });

  test("dead code goes, outputs stay in order and may repeat", () => {
    const y = x.exp();
    const outputs = simplify([y, x, y.mul(0).add(x), y]);
    expect(outputs.map(expression)).toEqual(["exp(x)", "x", "x", "exp(x)"]);
    expect(outputs[0]).toBe(outputs[3]);
    expect(count(outputs)).toBe(2);
  });

  test("a graph that is small already stays as it is", () => {
    const outputs = [x.exp().tanh()];
    expect(simplify(outputs)[0]).toBe(outputs[0]);
  });
});

test("uniformValue sees through shapes, not through arithmetic", () => {
  expect(uniformValue(full(3, [2, 2]).reshape([4]))).toBe(3);
  expect(uniformValue(constant([2, 2], [2]))).toBe(2);
  expect(uniformValue(constant([2, 3], [2]))).toBeUndefined();
  expect(uniformValue(scalar(2).neg())).toBeUndefined();
  expect(uniformValue(undefined)).toBeUndefined();
});

test("a graph deeper than the call stack", () => {
  let y = input("y", []);
  for (let i = 0; i < 10_000; i++) y = y.tanh().mul(1).add(0);
  const outputs = simplify([y]);
  expect(count(outputs)).toBe(10_001);
});

test("a training step loses at least a third of its nodes", () => {
  const [x, w, b, v, labels] = [
    input("x", [8, 4]),
    input("w", [4, 6]),
    input("b", [6]),
    input("v", [6, 3]),
    input("y", [8], "int32"),
  ];
  const loss = crossEntropy(x.matmul(w).add(b).relu().matmul(v), labels);
  const step = [w, b, v].map((weight, i) => weight.sub(grad(loss, [w, b, v])[i]!.mul(0.1)));
  expect(count(simplify([loss, ...step])) / count([loss, ...step])).toBeLessThan(2 / 3);
});

describe("numbers move out of products to where fewer elements are scaled", () => {
  const [a, b, small] = [input("a", [6, 50]), input("b", [50, 4]), input("small", [])];
  const simplified = (node: Tensor): string => expression(simplify([node])[0]!);

  test("through a product from either side, and from both", () => {
    expect(simplified(a.mul(3).matmul(b))).toBe("mul(matmul(a, b), 3)");
    expect(simplified(a.mul(3).matmul(b.mul(0.5)).tanh())).toBe("tanh(mul(matmul(a, b), 1.5))");
  });

  test("through a reshape", () => {
    expect(simplified(a.mul(3).reshape([300]).tanh())).toBe("tanh(mul(reshape[300](a), 3))");
  });

  test("onto a smaller factor", () => {
    expect(simplified(a.mul(3).mul(small))).toBe("mul(a, mul(small, 3))");
  });
});
