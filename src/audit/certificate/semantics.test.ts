/** What the audit says of every primitive, and of expressions of all of them, against what these compute. */
import { describe, expect, test } from "vitest";
import { constant, input, range, Tensor } from "../../graph/index.ts";
import { allCases } from "../../graph/primitive-cases.contract.ts";
import { type Case, caseOf, contradictions, drawOf, wrongOfRandom } from "./told-and-computed.contract.ts";

describe("every primitive", () => {
  test.each(allCases)("%s", (_, one) => {
    expect(contradictions(caseOf(one), 1, 4).join("\n")).toBe("");
  });
});

describe("expressions that are hard to follow", () => {
  const x = input("x", [3, 2]);
  const row = input("row", [2]);
  const mask = constant([0, 1], [2]);
  const whole = (value: number): Tensor => constant([value], [], "int32");
  const indexed = (index: Tensor): Tensor => row.gather(index.minimum(1).maximum(0).cast("int32"), 0);
  /** 0 or 1 by which of a row is larger. */
  const larger = x.argmax(-1);
  const huge = x.mul(1e35);
  const zeros = Tensor.of(
    "gemm",
    { transposeA: false, transposeB: false, alpha: 1e-30, beta: 0 },
    x.mul(1e30),
    constant([1e10, 2e10, 3e10, 4e10], [2, 2]),
    constant([0], []),
  );

  test.each<[string, Tensor]>([
    ["0 times what may be infinite", x.exp().mul(mask)],
    ["0 times what was infinite on the way", huge.mul(1e-20).mul(mask)],
    ["0 times what was infinite within a product", zeros.mul(mask)],
    ["0 times a square beyond float32", x.mul(1e30).square().mul(mask)],
    ["a product with what was infinite", huge.mul(1e-20).matmul(constant([0, 1, 0, 0], [2, 2]))],
    ["one divided by 0 times a value", constant([1], []).div(x.mul(mask))],
    ["a negative power of 0 times a value, moved and joined", x.mul(mask).neg().sum(0).pow(-1)],
    [
      "whole numbers that float32 does not hold",
      row.mul(
        constant([2 ** 24], [])
          .add(1)
          .sub(2 ** 24),
      ),
    ],
    ["an index made of them", indexed(constant([2 ** 24 + 1], []).sub(2 ** 24))],
    [
      "an index below what is large",
      indexed(
        x
          .mul(1e4)
          .neg()
          .add(2 ** 30),
      ),
    ],
    ["a whole number of what may be no number", x.sub(x).div(0).maximum(1).minimum(1).cast("int32")],
    [
      "an index whose whole numbers begin again",
      indexed(
        larger
          .mul(whole(2 ** 30))
          .mul(whole(2))
          .cast("float32"),
      ),
    ],
    ["an index of truths", indexed(row.maximum(5).cast("bool").cast("float32").sub(1))],
    ["an index that no number chooses", indexed(constant([NaN], []).less(x).where(x, -1).add(1))],
  ])("%s", (_, output) => {
    const one: Case = { inputs: new Map([x, row].map((own) => [own, drawOf.float32])), outputs: [output] };
    expect(contradictions(one, 1, 40).join("\n")).toBe("");
  });
});

describe("random expressions (more of them: semantics.slow.test.ts)", () => {
  test.each(range(3))("%i", (block) => {
    expect(wrongOfRandom(30 * block, 30, block)).toBe("");
  });
});
