/** Derived expressions against their definitions, written as plain arithmetic; gradients against closed forms. */
import { describe, expect, test } from "vitest";
import { interpret } from "../runtime/interpreter.ts";
import {
  centred,
  crossEntropies,
  crossEntropy,
  normalise,
  partnerCrossEntropy,
  pool2d,
  softplus,
  variance,
} from "./derived.ts";
import { grad } from "./grad.ts";
import { ShapeError } from "./shape.ts";
import { constant, full, input, type Tensor } from "./tensor.ts";

const x = input("x", [2, 3]);
const feed = { x: [1, 2, 2, -3, 0, 4] };
const values = (node: Tensor, feeds: Readonly<Record<string, readonly number[]>> = feed): number[] => [
  ...interpret([node], feeds)[0]!.values,
];
const near = (numbers: readonly number[]): unknown => numbers.map((value) => expect.closeTo(value, 7) as number);

describe("softplus", () => {
  test("is log(1 + e^x), and its slope the logistic function", () => {
    expect(values(softplus(x))).toEqual(near(feed.x.map((v) => Math.log(1 + Math.exp(v)))));
    expect(values(grad(softplus(x).sum(), [x])[0]!, { x: [1, 2, 2, -3, 0.1, 4] })).toEqual(
      near([1, 2, 2, -3, 0.1, 4].map((v) => 1 / (1 + Math.exp(-v)))),
    );
  });

  test("is finite for large magnitudes, in value and slope", () => {
    const [y, z] = [input("y", [2]), { y: [1000, -1000] }];
    expect(values(softplus(y), z)).toEqual([1000, 0]);
    expect(values(grad(softplus(y).sum(), [y])[0]!, z)).toEqual([1, 0]);
  });
});

test("normalise gives unit length along any axis, and stays finite at zero", () => {
  expect(values(normalise(x))).toEqual(near([1 / 3, 2 / 3, 2 / 3, -0.6, 0, 0.8]));
  expect(values(normalise(x, 0))).toEqual(values(normalise(x, -2)));
  expect(values(normalise(x, 0))[0]).toBeCloseTo(1 / Math.sqrt(10), 7);
  expect(values(normalise(x), { x: [0, 0, 0, 0, 0, 0] })).toEqual([0, 0, 0, 0, 0, 0]);
});

test("variance is that of the population, along any axis", () => {
  expect(values(variance(x, 1))).toEqual(near([2 / 9, (100 / 9 + 1 / 9 + 121 / 9) / 3]));
  expect(values(variance(x, -2))).toEqual(near([4, 1, 1]));
});

test("centred takes the mean along one axis away, whatever its sign", () => {
  expect(values(centred(x, 1))).toEqual(near([-2 / 3, 1 / 3, 1 / 3, -10 / 3, -1 / 3, 11 / 3]));
  expect(values(centred(x, -2))).toEqual(near([2, 1, -1, -2, -1, 1]));
  expect(values(centred(x, 1).sum(1))).toEqual(near([0, 0]));
  // A shift is invisible: slopes add up to zero.
  const slopes = values(
    grad(
      centred(x, 1)
        .mul(constant([1, -2, 5, 0, 3, 0], [2, 3]))
        .sum(),
      [x],
    )[0]!,
  );
  expect([slopes[0]! + slopes[1]! + slopes[2]!, slopes[3]! + slopes[4]! + slopes[5]!]).toEqual(near([0, 0]));
});

describe("cross-entropies of rows", () => {
  const rowsOf = input("x", [2, 1, 3]);
  const labels = input("labels", [2, 1], "int32");
  const feeds = { ...feed, labels: [2, 0] };

  test("are one number for each row, of any leading axes", () => {
    const nats = (row: number[], label: number): number =>
      Math.log(row.reduce((sum, v) => sum + Math.exp(v), 0)) - row[label]!;
    const each = crossEntropies(rowsOf, labels);
    expect(each.shape).toEqual([2, 1]);
    expect(values(each, feeds)).toEqual(near([nats([1, 2, 2], 2), nats([-3, 0, 4], 0)]));
    expect(values(crossEntropy(rowsOf, labels), feeds)).toEqual(values(each.mean(), feeds));
  });
});

describe("finding a partner", () => {
  const scores = input("scores", [2, 3, 3]);
  const random = { scores: [0.5, -1, 2, 0, 3, 1, -2, 0.25, 1.5, 1, 1, 1, -4, 0, 2, 0.5, 0.75, -0.5] };
  const partners = [0, 1, 0, 0.5, 0, 0.5, 0, 0, 1];
  const naive = (candidates: readonly number[]): number => {
    let sum = 0;
    for (let comparison = 0; comparison < 2; comparison++)
      for (let row = 0; row < 3; row++) {
        const own = [0, 1, 2].map((column) => random.scores[comparison * 9 + row * 3 + column]!);
        const competing = own.filter((_, column) => candidates[row * 3 + column] === 1);
        const total = Math.log(competing.reduce((all, score) => all + Math.exp(score), 0));
        own.forEach((score, column) => (sum += partners[row * 3 + column]! * (total - score)));
      }
    return sum / 6;
  };

  test("costs the mean of minus the log of the partner's share, among all or among candidates", () => {
    const wanted = constant(partners, [3, 3]);
    const all = new Array<number>(9).fill(1);
    expect(values(partnerCrossEntropy(scores, wanted), random)).toEqual(near([naive(all)]));
    expect(values(partnerCrossEntropy(scores, wanted, full(1, [3, 3])), random)).toEqual(near([naive(all)]));
    const candidates = [0, 1, 1, 1, 0, 1, 1, 1, 1];
    expect(values(partnerCrossEntropy(scores, wanted, constant(candidates, [3, 3])), random)).toEqual(
      near([naive(candidates)]),
    );
    expect(naive(candidates)).not.toBeCloseTo(naive(all), 2);
  });
});

describe("cross-entropy", () => {
  const labels = input("labels", [2], "int32");
  const feeds = { ...feed, labels: [2, 0] };

  test("is the mean negative log-probability of the label", () => {
    const nats = (row: number[], label: number): number =>
      Math.log(row.reduce((sum, v) => sum + Math.exp(v), 0)) - row[label]!;
    expect(values(crossEntropy(x, labels), feeds)).toEqual(near([(nats([1, 2, 2], 2) + nats([-3, 0, 4], 0)) / 2]));
  });

  test("its gradient is (softmax - one-hot) / batch", () => {
    const softmax = values(x.softmax());
    const expected = softmax.map((p, i) => (p - (i === 2 || i === 3 ? 1 : 0)) / 2);
    expect(values(grad(crossEntropy(x, labels), [x])[0]!, feeds)).toEqual(near(expected));
  });

  test("uniform logits cost log of the number of classes", () => {
    expect(values(crossEntropy(constant([5, 5, 5, 5], [1, 4]), constant([3], [1], "int32")))).toEqual(
      near([Math.log(4)]),
    );
  });
});

describe("pooling", () => {
  const image = constant([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16], [1, 1, 4, 4]);

  test("takes the maximum or the mean of each window", () => {
    expect(values(pool2d(image, [2, 2], "max"))).toEqual([6, 8, 14, 16]);
    expect(values(pool2d(image, [2, 2], "mean"))).toEqual([3.5, 5.5, 11.5, 13.5]);
    expect(values(pool2d(image, [1, 4], "max"))).toEqual([4, 8, 12, 16]);
    expect(pool2d(image, [4, 2], "mean").shape).toEqual([1, 1, 1, 2]);
  });

  test("refuses a window that does not divide the image", () => {
    expect(() => pool2d(image, [3, 2], "max")).toThrow(
      new ShapeError("pool2d: expected a window that divides the image, got 3 x 2 for constant f32[1, 1, 4, 4]"),
    );
  });
});
