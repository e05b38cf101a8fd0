/** Tasks of arrays: which sets they give, what is held out, scaling, and arrays that are refused. */
import { describe, expect, test } from "vitest";
import { stream } from "../random/stream.ts";
import { arraysDefinition, cardOfArrays, type TaskArray } from "./arrays.ts";
import type { Split } from "./task.ts";

const array = (dtype: string, shape: number[], of: (i: number) => number): TaskArray => ({
  ...{ dtype, shape },
  values: Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => of(i)),
});
/** Example n has the numbers 10 n, 10 n + 1, 10 n + 2 and class n mod 3. */
const x = (n: number, first = 0): TaskArray =>
  array("float64", [n, 3], (i) => 10 * (first + Math.floor(i / 3)) + (i % 3));
const y = (n: number, first = 0): TaskArray => array("int64", [n], (i) => (first + i) % 3);
const arrays = { x_train: x(50), y_train: y(50) };
const withTest = { ...arrays, x_test: x(10, 100), y_test: y(10, 100) };

const define = (given: Readonly<Record<string, TaskArray>>) =>
  arraysDefinition("mine", cardOfArrays("mine.npz", given, Object.keys(given)), () => given);

function drawn(
  given: Readonly<Record<string, TaskArray>>,
  sizes: Partial<Record<keyof Split, number>>,
  options = {},
  seed = 1,
) {
  const definition = define(given);
  const settled = definition.options.parse(options);
  const split = definition
    .make(settled, stream(0, "task"))
    .draw(definition.sizes!(settled, sizes), stream(seed, "data"));
  return split;
}
const numbersOf = ({ inputs }: Split["train"]) =>
  Array.from({ length: inputs.length / 3 }, (_, i) => inputs[3 * i]! / 10);

test("sets that a file lacks are held out of its training examples, by the seed", () => {
  const split = drawn(arrays, {});
  expect([split.train, split.validation, split.test].map(({ count }) => count)).toEqual([35, 5, 10]);
  const all = [split.train, split.validation, split.test].flatMap(numbersOf);
  expect([...all].sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, n) => n));
  expect([...split.test.labels]).toEqual(numbersOf(split.test).map((n) => n % 3));
  expect(drawn(arrays, {})).toEqual(split);
  expect(numbersOf(drawn(arrays, {}, {}, 2).test)).not.toEqual(numbersOf(split.test));
});

test("a smaller training set is part of a larger one, tested on the same examples", () => {
  const [few, many] = [drawn(arrays, { train: 8 }), drawn(arrays, { train: 30 })];
  expect(numbersOf(many.train).slice(0, 8)).toEqual(numbersOf(few.train));
  expect(few.test).toEqual(many.test);
});

test("sets that a file has are used as they are", () => {
  const split = drawn(withTest, {});
  expect([split.train, split.validation, split.test].map(({ count }) => count)).toEqual([45, 5, 10]);
  expect([...numbersOf(split.test)].sort((a, b) => a - b)).toEqual(Array.from({ length: 10 }, (_, n) => 100 + n));
  expect(numbersOf(drawn(withTest, { test: 4 }).test).every((n) => n >= 100)).toBe(true);
});

test("standard scaling is that of the training examples", () => {
  const raw = drawn(arrays, { train: 20 });
  const { train, test: tested } = drawn(arrays, { train: 20 }, { scaling: "standard" });
  const own = numbersOf(raw.train).map((n) => 10 * n);
  const mean = own.reduce((a, b) => a + b) / 20;
  const deviation = Math.sqrt(own.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 20);
  raw.train.inputs.forEach((value, i) => expect(train.inputs[i]).toBeCloseTo((value - (i % 3) - mean) / deviation, 5));
  expect(tested.inputs[0]).toBeCloseTo((raw.test.inputs[0]! - mean) / deviation, 5);
});

describe("values", () => {
  const whole = { x_train: array("uint8", [6, 4], (i) => i % 5), y_train: y(6) };
  test("integers are symbols, as many as there are, unless they are said to be numbers", () => {
    const definition = define(whole);
    expect(definition.shape(definition.options.parse({}))).toEqual({
      values: "symbols",
      positions: 4,
      channels: 5,
      classes: 3,
    });
    expect(definition.shape(definition.options.parse({ values: "real", branching: 2, classes: 7 }))).toEqual({
      ...{ values: "real", positions: 4, channels: 1, classes: 7, branching: 2 },
    });
    expect(drawn(whole, {}).train.inputs).toBeInstanceOf(Int32Array);
  });
  test("images are numbers, positions with channels", () => {
    const definition = define({ x_train: array("uint8", [6, 4, 2], (i) => i), y_train: y(6) });
    expect(definition.shape(definition.options.parse({}))).toMatchObject({ values: "real", positions: 4, channels: 2 });
  });
  test.each<[string, Record<string, TaskArray>, object, string]>([
    [
      "reals as symbols",
      arrays,
      { values: "symbols" },
      "task.values=symbols: expected integers from 0 of shape [examples, positions], got float64 from 0 to 492",
    ],
    [
      "negative symbols",
      { ...arrays, x_train: array("int8", [50, 3], (i) => (i % 3) - 1) },
      {},
      "got int8 from -1 to 1",
    ],
    ["scaled symbols", whole, { scaling: "standard" }, "task.scaling: expected none of symbols, got standard"],
    [
      "large numbers",
      { ...arrays, x_train: array("float64", [50, 3], (i) => i * 1e5) },
      {},
      "expected numbers of at most 1000000 in size, got 0 to 14900000; task.scaling=standard",
    ],
  ])("%s", (_, given, options, text) => {
    const definition = define(given);
    expect(() => definition.shape(definition.options.parse(options))).toThrow(text);
  });
  test("fewer classes than there are labels", () => {
    expect(() => define(arrays).options.parse({ classes: 2 })).toThrow(
      "expected at least 3, one more than the largest label",
    );
  });
});

describe("refused arrays", () => {
  test.each<[string, Record<string, TaskArray>, string]>([
    ["no arrays", {}, "mine.npz: expected arrays x_train and y_train, found none; name them so"],
    ["other names", { a: x(2), b: y(2) }, "mine.npz: expected arrays x_train and y_train, found a, b"],
    ["no labels", { x_train: x(2) }, "expected arrays x_train and y_train, found x_train"],
    ["half of a set", { ...arrays, x_test: x(2) }, "expected arrays x_test and y_test, found x_train, y_train, x_test"],
    [
      "one axis",
      { ...arrays, x_train: array("float32", [50], () => 1) },
      "x_train: expected shape [examples, features] or [examples, positions, channels], got [50]",
    ],
    ["four axes", { ...arrays, x_train: array("float32", [50, 2, 2, 1], () => 1) }, "got [50, 2, 2, 1]; reshape it"],
    [
      "other examples in a set",
      { ...arrays, x_test: array("float64", [10, 2], () => 1), y_test: y(10) },
      "x_test: expected examples of shape [3], as in x_train, got [2]",
    ],
    [
      "another kind in a set",
      { ...arrays, x_test: array("int8", [10, 3], () => 1), y_test: y(10) },
      "x_test: expected real numbers, as in x_train, got int8",
    ],
    [
      "no examples",
      { x_train: x(0), y_train: y(0) },
      "x_train: expected at least one example of at least one number, got shape [0, 3]",
    ],
    [
      "too few labels",
      { ...arrays, y_train: y(49) },
      "y_train: expected a class for each of the 50 examples of x_train, got shape [49]",
    ],
    ["labels as codes", { ...arrays, y_train: array("int8", [50, 3], () => 0) }, "got shape [50, 3]"],
    [
      "real labels",
      { ...arrays, y_train: array("float32", [50], () => 1) },
      'y_train: expected classes as integers from 0, got float32; store them with astype("int64")',
    ],
    [
      "negative labels",
      { ...arrays, y_train: array("int8", [50], (i) => (i === 7 ? -1 : 0)) },
      "y_train: expected classes from 0, got -1 of example 7",
    ],
    [
      "no number",
      { ...arrays, x_train: array("float32", [50, 3], (i) => (i === 7 ? NaN : 0)) },
      "x_train: expected finite numbers, got NaN in example 2, place 1",
    ],
  ])("%s", (_, given, text) => {
    expect(() => cardOfArrays("mine.npz", given, Object.keys(given))).toThrow(text);
  });
});

test.each<[string, Record<string, TaskArray>, Partial<Record<keyof Split, number>>, string]>([
  [
    "more than there are",
    arrays,
    { train: 45 },
    "data: expected train + validation + test <= 50, the examples of x_train, got 45 + 5 + 10 = 60; lower data.train or data.validation or data.test",
  ],
  [
    "with a test set",
    withTest,
    { train: 48 },
    "data: expected train + validation <= 50, the examples of x_train, got 48 + 5 = 53",
  ],
  [
    "more tests than there are",
    withTest,
    { test: 11 },
    "data.test: expected at most the 10 examples of x_test, got 11; lower it",
  ],
])("%s", (_, given, sizes, text) => {
  const definition = define(given);
  const options = definition.options.parse({});
  expect(() => definition.refuseSizes!(options, definition.sizes!(options, sizes))).toThrow(text);
  expect(() => drawn(given, sizes)).toThrow(text);
});
