/** Printed graphs as snapshots: what a linear layer, an optimiser's step and a network's gradient look like once simplified. */
import { describe, expect, test } from "vitest";
import { crossEntropy } from "./derived.ts";
import { grad } from "./grad.ts";
import { print } from "./print.ts";
import { simplify } from "./simplify.ts";
import { concat, constant, full, input } from "./tensor.ts";

describe("simplified graphs", () => {
  const [x, w, b] = [input("x", [128, 64]), input("w", [64, 32]), input("b", [32])];

  test("a linear layer with bias is one product", () => {
    expect(print(simplify([x.matmul(w).add(b)]))).toMatchInlineSnapshot(`
      "x : f32[128, 64]
      w : f32[64, 32]
      b : f32[32]
      %1 = gemm{alpha=1 beta=1}(x, w, b) : f32[128, 32]
      return %1"
    `);
  });

  test("momentum accumulates inside the gradient's product", () => {
    const [delta, velocity, rate] = [input("delta", [128, 32]), input("velocity", [64, 32]), input("rate", [])];
    const gradient = x.transposeLast().matmul(delta);
    const next = velocity.mul(0.9).add(gradient);
    expect(print(simplify([next, w.sub(next.mul(rate))]), ["velocity", "w"])).toMatchInlineSnapshot(`
      "x : f32[128, 64]
      delta : f32[128, 32]
      velocity : f32[64, 32]
      %1 = gemm{transposeA alpha=1 beta=0.9}(x, delta, velocity) : f32[64, 32]
      w : f32[64, 32]
      rate : f32[]
      %2 = mul(%1, rate) : f32[64, 32]
      %3 = sub(w, %2) : f32[64, 32]
      return velocity = %1
      return w = %3"
    `);
  });

  test("the gradient of a network with rectified units", () => {
    const [v, labels] = [input("v", [32, 10]), input("labels", [128], "int32")];
    const loss = crossEntropy(x.matmul(w).add(b).relu().matmul(v), labels);
    expect(print(simplify([loss, ...grad(loss, [w, b, v])]), ["loss", "w", "b", "v"])).toMatchInlineSnapshot(`
      "x : f32[128, 64]
      w : f32[64, 32]
      b : f32[32]
      %1 = gemm{alpha=1 beta=1}(x, w, b) : f32[128, 32]
      %2 = relu(%1) : f32[128, 32]
      v : f32[32, 10]
      %3 = matmul(%2, v) : f32[128, 10]
      %4 = logSoftmax{axis=1}(%3) : f32[128, 10]
      labels : i32[128]
      %5 = oneHot(labels) : f32[128, 10]
      %6 = mul(%4, %5) : f32[128, 10]
      %7 = sum{axes=[1]}(%6) : f32[128]
      %8 = neg(%7) : f32[128]
      %9 = sum{axes=[0]}(%8) : f32[]
      %10 = mul(%9, 0.0078125) : f32[]
      %11 = mul(-0.0078125, %5) : f32[128, 10]
      %12 = exp(%4) : f32[128, 10]
      %13 = sum{axes=[1]}(%11) : f32[128]
      %14 = reshape(%13) : f32[128, 1]
      %15 = mul(%12, %14) : f32[128, 10]
      %16 = sub(%11, %15) : f32[128, 10]
      %17 = matmul{transposeB}(%16, v) : f32[128, 32]
      %18 = less(0, %2) : bool[128, 32]
      %19 = cast(%18) : f32[128, 32]
      %20 = mul(%17, %19) : f32[128, 32]
      %21 = matmul{transposeA}(x, %20) : f32[64, 32]
      %22 = sum{axes=[0]}(%20) : f32[32]
      %23 = matmul{transposeA}(%2, %16) : f32[32, 10]
      return loss = %10
      return w = %21
      return b = %22
      return v = %23"
    `);
  });
});

describe("notation", () => {
  const x = input("x", [2, 3]);

  test("operands first, each node once, outputs in order", () => {
    const shared = x.exp();
    expect(print([shared.add(shared), shared, x])).toMatchInlineSnapshot(`
      "x : f32[2, 3]
      %1 = exp(x) : f32[2, 3]
      %2 = add(%1, %1) : f32[2, 3]
      return %2
      return %1
      return x"
    `);
  });

  test("attributes that the shape does not tell", () => {
    const image = x.reshape([1, 1, 2, 3]);
    const convolved = image.conv2d(constant([1, 2], [1, 1, 1, 2]), { padding: [0, 1, 0, 0] });
    const indices = constant([0, 1], [2], "int32");
    const outputs = [
      convolved,
      concat([x, full(0, [1, 3])])
        .gather(indices, 1)
        .cast("bool"),
      constant([1, 2, 3, 4, 5, 6, 7, 8, 9], [9]),
    ];
    expect(print(outputs, ["image"])).toMatchInlineSnapshot(`
      "x : f32[2, 3]
      %1 = reshape(x) : f32[1, 1, 2, 3]
      %2 = constant{shape=[1,1,1,2] dtype="float32" values=[1,2]}() : f32[1, 1, 1, 2]
      %3 = conv2d{strides=[1,1] padding=[0,1,0,0] dilations=[1,1] groups=1}(%1, %2) : f32[1, 1, 2, 3]
      %4 = broadcastTo(0) : f32[1, 3]
      %5 = concat{axis=0}(x, %4) : f32[3, 3]
      %6 = constant{shape=[2] dtype="int32" values=[0,1]}() : i32[2]
      %7 = gather{axis=1}(%5, %6) : f32[3, 2]
      %8 = cast(%7) : bool[3, 2]
      %9 = constant{shape=[9] dtype="float32" values=[1,2,3,4,5,6,7,8,...]}() : f32[9]
      return image = %3
      return %8
      return %9"
    `);
  });
});
