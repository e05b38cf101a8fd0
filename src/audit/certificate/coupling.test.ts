/** What counts as samples meeting, on small expressions whose answer is known. */
import { expect, test } from "vitest";
import { constant, full, input, scatterAdd, type Tensor } from "../../graph/index.ts";
import { chooseRule } from "../../rules/index.ts";
import { networkCase } from "../../rules/testing/rule-cases.contract.ts";
import { certify } from "./certificate.ts";
import { type Coupling, couplingOf as couplingOfAll } from "./coupling.ts";
import { alongAxis } from "./load.ts";

const x = input("x", [2, 3]);
const y = input("y", [2, 3]);
const mean = x.mean(0);
const itself = constant([1, 0, 0, 1], [2, 2]);
const next = (z: Tensor): Tensor => z.gather(constant([1, 0], [2], "int32"), 0);
const second = (z: Tensor): Tensor => z.slice([1, 0], [2, 3]).reshape([3]);

/** Coupling of rows of `x` and of `y`: row b of both is sample b. */
function couplingOf(output: Tensor): Coupling {
  const sampleOf = (node: Tensor) => (node === x || node === y ? alongAxis(node, 0, (row) => row + 1) : undefined);
  return couplingOfAll([output], sampleOf);
}

test.each<[string, Tensor, Coupling]>([
  ["nothing of the batch", full(1, [3]).mul(2), "none"],
  ["a mean", mean, "average"],
  ["a sum of products", x.transposeLast().matmul(y), "average"],
  ["a sum of functions of a sample each", x.tanh().mul(y.exp()).sum(0), "average"],
  ["a difference of means, scaled", mean.sub(y.mean(0)).mul(3).div(2), "average"],
  ["one sample alone", second(x), "average"],
  ["a softmax over units", x.softmax(-1).mul(y).sum(0), "average"],
  ["the greatest unit of each sample", x.max(1, { keepdims: true }).mul(y).sum(0), "average"],
  ["another order of the batch", next(x).sum(0), "average"],
  ["a histogram of the batch", scatterAdd(x, constant([0, 0], [2], "int32"), 0, 1), "average"],
  ["samples kept apart by zeros in a product", itself.matmul(x).mul(y).sum(0), "average"],
  ["a sample that is multiplied by 0 before it meets another", x.tanh().mul(0).add(next(y)).sum(0), "average"],
  ["the sign of a mean", mean.sign(), "dependent"],
  ["a mean divided by its largest element", mean.div(mean.abs().max()), "dependent"],
  ["the largest value of the batch", x.max(0), "dependent"],
  ["which sample has it", x.argmax(0).cast("float32"), "dependent"],
  ["deviations from the mean", x.sub(mean).mul(y).sum(0), "dependent"],
  [
    "the same covariance as a product of means",
    x
      .mul(y)
      .mean(0)
      .sub(mean.mul(y.mean(0))),
    "dependent",
  ],
  [
    "the same by squares",
    mean
      .add(y.mean(0))
      .square()
      .sub(mean.sub(y.mean(0)).square()),
    "dependent",
  ],
  ["a mean times each sample", x.mul(mean).sum(0), "dependent"],
  ["the square of a mean", mean.pow(2), "dependent"],
  ["all pairs of samples", x.matmul(y.transposeLast()).sum(), "dependent"],
  ["each sample by the next", x.mul(next(y)).sum(0), "dependent"],
  ["samples that are nearly by themselves", itself.add(1e-30).matmul(x).mul(y).sum(0), "dependent"],
  ["a softmax along the batch", x.softmax(0).sum(0), "dependent"],
  ["the next sample's gates", next(x).greater(0).where(y, 0).sum(0), "dependent"],
  [
    "a sample chosen by another's value",
    x.gather(y.slice([0, 0], [2, 1]).cast("int32").reshape([2]), 0).sum(0),
    "dependent",
  ],
  ["a mean in whole numbers", mean.cast("int32").cast("float32"), "dependent"],
  ["a sample divided by a mean", x.div(mean).sum(0), "dependent"],
  ["a mean divided by what no sample has to do with", mean.div(full(2, [3])), "average"],
  ["which of two samples is chosen by a third value", second(x).greater(0).where(mean, 0), "dependent"],
  ["samples that met before a constant 0 takes them away", x.matmul(y.transposeLast()).mul(itself).sum(), "average"],
  [
    "pairs of samples where some terms are 0",
    x
      .mul(constant([1, 0, 1], [3]))
      .matmul(y.transposeLast())
      .sum(),
    "dependent",
  ],
])("%s", (_, output, expected) => {
  expect(couplingOf(output)).toBe(expected);
});

test.each([
  ["all", "average"],
  ["shuffled", "dependent"],
])("backpropagation with gates of kind %s", (gate, expected) => {
  const { layers } = certify(chooseRule({ id: "backprop", gate }), networkCase("tree-cnn").network, 8);
  // Nothing passes the gates of layers below.
  expect(layers[0]?.coupling).toBe(expected);
});
