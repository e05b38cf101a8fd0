/** Numbers do not depend on where they stand in a tensor, nor on the threads of the session. */
import { describe, expect, it } from "vitest";
import { input, range, sizeOf, Tensor } from "../graph/index.ts";
import { Executable } from "./index.ts";
import { nodeEngine } from "./node-engine.node.ts";

const drawn = (size: number, step: number): Float32Array =>
  Float32Array.from(range(size), (i) => Math.sin(i * step) * 2);

async function computed(out: Tensor, feeds: Record<string, Float32Array>, threads = 1): Promise<number[]> {
  const executable = await Executable.compile({ out }, nodeEngine({ threads }));
  const { out: found } = await executable.run(feeds);
  await executable.dispose();
  return Array.from(found!);
}

describe("logarithms and sums have the same bits wherever they stand", () => {
  const most = 64;
  const positive = drawn(3 * most, 1.7).map((value) => Math.exp(value));

  it.each<[string, number, (x: Tensor) => Tensor]>([
    ["log", 1, (x) => x.log()],
    ["sum of rows", 3, (x) => x.sum(1)],
    ["softplus", 1, (x) => x.exp().add(1).log()],
  ])("%s", async (_, columns, build) => {
    const of = (rows: number): Promise<number[]> =>
      computed(build(input("x", [rows, columns])), { x: positive.slice(0, rows * columns) });
    const whole = await of(most);
    for (const rows of [1, 3, 7, 9, 10, 11, 15, 63]) expect(await of(rows)).toEqual(whole.slice(0, rows));
  });
});

describe("products have the same bits on any number of threads", () => {
  it.each<[string, readonly number[], readonly number[], { transposeB: boolean }]>([
    ["wider than high", [32, 300], [300, 150], { transposeB: false }],
    ["wider than high, transposed", [32, 300], [150, 300], { transposeB: true }],
    ["wider than high, stacked", [2, 8, 300], [2, 300, 64], { transposeB: false }],
    ["of few rows", [2, 1024], [1024, 512], { transposeB: false }],
    ["of one column", [301, 500], [500, 1], { transposeB: false }],
    ["of one row", [1, 500], [500, 301], { transposeB: false }],
  ])("%s", async (_, left, right, { transposeB }) => {
    const [a, b] = [input("a", left), input("b", right)];
    const feeds = { a: drawn(sizeOf(left), 0.37), b: drawn(sizeOf(right), 0.71) };
    const product = Tensor.of("matmul", { transposeA: false, transposeB }, a, b);
    const one = await computed(product, feeds);
    for (const threads of [2, 4, 7]) expect(await computed(product, feeds, threads)).toEqual(one);
    if (left.length > 2) return;
    const fused = Tensor.of("gemm", { transposeA: false, transposeB, alpha: 0.5, beta: 2 }, a, b, input("c", [1]));
    const alone = await computed(fused, { ...feeds, c: Float32Array.of(0.1) });
    for (const threads of [4, 7])
      expect(await computed(fused, { ...feeds, c: Float32Array.of(0.1) }, threads)).toEqual(alone);
    // As is, but for rounding: half the product and a fifth.
    alone.forEach((value, i) => expect(Math.abs(value - (0.5 * one[i]! + 0.2))).toBeLessThan(1e-3));
  });

  it("sums of rows", async () => {
    const of = (threads: number): Promise<number[]> =>
      computed(input("x", [300, 5000]).sum(1), { x: drawn(300 * 5000, 0.3) }, threads);
    const one = await of(1);
    for (const threads of [2, 4, 7]) expect(await of(threads)).toEqual(one);
  });
});
