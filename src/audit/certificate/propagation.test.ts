/** What arrives through computed indices, whose bounds are known and differ: at each element by hand. */
import { expect, test } from "vitest";
import { constant, input, scatterAdd, type Tensor } from "../../graph/index.ts";
import { dependences } from "./dependence.ts";
import { alongAxis, stretched } from "./load.ts";

const x = input("x", [4, 2]);
const whole = (values: number[]): Tensor => constant(values, [4], "int32");
/** Somewhere in 0..1, exactly 3, somewhere in 2..3, and again in 0..1. */
const index = input("gate", [4])
  .sigmoid()
  .cast("int32")
  .mul(whole([1, 0, 1, 1]))
  .add(whole([0, 3, 2, 0]));

function tagsOf(output: Tensor): number[] {
  const found = dependences([output], { at: (node) => (node === x ? alongAxis(x, 0, (row) => 1 << row) : undefined) });
  const load = found.get(output);
  return load === undefined ? [] : [...stretched(load, [output.size(0), 1]).values];
}

test("a gathered row depends on every row that its index may name", () => {
  expect(tagsOf(x.gather(index, 0))).toEqual([0b0011, 0b1000, 0b1100, 0b0011]);
});

test("a row is scattered to every place that its index may name", () => {
  expect(tagsOf(scatterAdd(x, index, 0, 5))).toEqual([0b1001, 0b1001, 0b0100, 0b0110, 0]);
});
