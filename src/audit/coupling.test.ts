/** What counts as samples meeting, on small expressions whose answer is known. */
import { expect, test } from "vitest";
import { constant, full, input, scatterAdd, type Tensor } from "../graph/index.ts";
import { networkCase, trace } from "../rules/rule-cases.contract.ts";
import { couplesSamples, couplings } from "./coupling.ts";

const x = input("x", [2, 3]);
const y = input("y", [2, 3]);
const mean = x.mean(0);
const itself = constant([1, 0, 0, 1], [2, 2]);
const next = (z: Tensor): Tensor => z.gather(constant([1, 0], [2], "int32"), 0);

test.each<[string, Tensor, boolean]>([
  ["a sum of products", x.transposeLast().matmul(y), false],
  ["the sign of an average", mean.sign(), false],
  ["an average divided by its largest element", mean.div(mean.abs().max()), false],
  ["a softmax over units", x.softmax(-1).mul(y).sum(0), false],
  ["the largest value of the batch", x.max(0), false],
  ["deviations from the mean", x.sub(mean).mul(y).sum(0), true],
  ["an average times each sample", x.mul(mean).sum(0), true],
  ["all pairs of samples", x.matmul(y.transposeLast()).sum(), true],
  ["a softmax along the batch", x.softmax(0).sum(0), true],
  ["the next sample's gates", next(x).greater(0).where(y, 0).sum(0), true],
  ["another order of the batch", next(x).sum(0), false],
  ["a sample chosen by another's value", x.gather(y.slice([0, 0], [2, 1]).cast("int32").reshape([2]), 0).sum(0), true],
  ["a histogram of the batch", scatterAdd(x, constant([0, 0], [2], "int32"), 0, 1), false],
  [
    "samples that met before a constant 0 takes them away: sound, not exact",
    x.matmul(y.transposeLast()).mul(itself).sum(),
    true,
  ],
  ["a sample that is multiplied by 0 before it meets another", x.mul(0).add(next(y)).sum(0), false],
  [
    "pairs of samples where some terms are 0",
    x
      .mul(constant([1, 0, 1], [3]))
      .matmul(y.transposeLast())
      .sum(),
    true,
  ],
  ["samples kept apart by zeros in a product", itself.matmul(x).mul(y).sum(0), false],
])("%s", (_, output, expected) => {
  expect(couplesSamples([output], ["x", "y"])).toBe(expected);
});

test("what no sample reaches is not even an average", () => {
  const [fixed, averaged] = [full(1, [3]).mul(2), x.sum(0)];
  const coupling = couplings([fixed, averaged], ["x"]);
  expect([coupling([fixed]), coupling([averaged])]).toEqual(["none", "average"]);
});

test("a value that is the same for all samples couples nothing", () => {
  expect(couplesSamples([x.mul(y).sum(0)], ["x"])).toBe(false);
});

test.each([
  ["all", false],
  ["shuffled", true],
])("backpropagation with gates of kind %s", (gate, expected) => {
  const traced = trace(networkCase("tree-cnn"), { id: "backprop", gate }, 2);
  const outputs = Object.values(traced.updates.gradients);
  expect(couplesSamples(outputs, ["tokens", "labels"])).toBe(expected);
});
