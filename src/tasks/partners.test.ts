/** Pairs that need nothing but the examples: what each kind changes, and when it is refused. */
import { describe, expect, test } from "vitest";
import { stream } from "../random/stream.ts";
import { blank, type PairKind } from "./pair-kinds.ts";
import { plainRefusal, writePlainPartners } from "./partners.ts";
import type { Examples, TaskShape } from "./task.ts";

const real: TaskShape = { values: "real", positions: 3, channels: 2, classes: 2 };
const symbols: TaskShape = { values: "symbols", positions: 6, channels: 5, classes: 2 };
const count = 400;

/** Number k of an example has mean 3 k and standard deviation k + 1. */
const numbers: Examples = (() => {
  const random = stream(1, "numbers");
  const inputs = Float32Array.from({ length: count * 6 }, (_, i) => 3 * (i % 6) + ((i % 6) + 1) * random.normal());
  return { count, inputs, labels: Int32Array.from({ length: count }, (_, i) => i % 2) };
})();
const strings: Examples = {
  count,
  inputs: Int32Array.from({ length: count * 6 }, (_, i) => (i * 7) % 5),
  labels: numbers.labels,
};
const all = Int32Array.from({ length: count }, (_, i) => i);

function partners(
  shape: TaskShape,
  examples: Examples,
  request: Parameters<typeof writePlainPartners>[1],
): readonly number[] {
  const out = shape.values === "real" ? new Float32Array(count * 6) : new Int32Array(count * 6);
  writePlainPartners(shape, request, examples, all, out, stream(2, "pairs"));
  return [...out];
}

test("noise is normal, in units of each number's own deviation", () => {
  const noisy = partners(real, numbers, { kind: "noise", deviation: 0.5 });
  for (let k = 0; k < 6; k++) {
    const added = Array.from(
      { length: count },
      (_, i) => (noisy[i * 6 + k]! - numbers.inputs[i * 6 + k]!) / (0.5 * (k + 1)),
    );
    const mean = added.reduce((sum, value) => sum + value, 0) / count;
    const variance = added.reduce((sum, value) => sum + (value - mean) ** 2, 0) / count;
    // Five standard errors, and the sampling error of the deviation of the numbers themselves.
    expect(Math.abs(mean)).toBeLessThan(0.3);
    expect(Math.abs(variance - 1)).toBeLessThan(0.5);
  }
});

test("dropout leaves positions out whole, at its rate", () => {
  const dropped = partners(real, numbers, { kind: "dropout", rate: 0.25 });
  let blanks = 0;
  for (let place = 0; place < count * 3; place++) {
    const own = [0, 1].map((c) => dropped[place * 2 + c]!);
    const isBlank = own.every((value) => value === 0);
    if (!isBlank) expect(own).toEqual([0, 1].map((c) => numbers.inputs[place * 2 + c]!));
    blanks += Number(isBlank);
  }
  expect(Math.abs(blanks / (count * 3) - 0.25)).toBeLessThan(5 * Math.sqrt((0.25 * 0.75) / (count * 3)));
  const masked = partners(symbols, strings, { kind: "dropout", rate: 0.25 });
  expect(masked.filter((symbol) => symbol === blank).length).toBeGreaterThan(0);
  expect(masked.every((symbol, i) => symbol === blank || symbol === strings.inputs[i])).toBe(true);
});

test("where there is one position, dropout leaves numbers out each on its own", () => {
  const vector: TaskShape = { values: "real", positions: 1, channels: 6, classes: 2 };
  const dropped = partners(vector, numbers, { kind: "dropout", rate: 0.5 });
  const perExample = Array.from(
    { length: count },
    (_, i) => dropped.slice(i * 6, i * 6 + 6).filter((value) => value === 0).length,
  );
  expect(new Set(perExample).size).toBeGreaterThan(3);
});

test("a part is blank elsewhere: 0 for numbers, no symbol for symbols", () => {
  const request = { kind: "part", from: 2, to: 4 } as const;
  const isShown = (i: number): boolean => i % 6 >= 2 && i % 6 < 4;
  expect(partners(real, numbers, request)).toEqual([...numbers.inputs].map((value, i) => (isShown(i) ? value : 0)));
  expect(partners(symbols, strings, request)).toEqual(
    [...strings.inputs].map((value, i) => (isShown(i) ? value : blank)),
  );
});

describe("refusals", () => {
  const one: TaskShape = { values: "real", positions: 1, channels: 1, classes: 1 };
  test.each<[PairKind, TaskShape, string | undefined]>([
    ["noise", real, undefined],
    ["dropout", real, undefined],
    ["context", real, undefined],
    ["same-class", real, undefined],
    ["resample", real, "expected a task that knows how its data come about, got examples alone; choose context, noise"],
    ["noise", symbols, "expected real numbers, got symbols, to which nothing can be added"],
    ["dropout", symbols, undefined],
    ["dropout", one, "dropout pairs: expected inputs of at least 2 numbers, got 1"],
    ["context", one, "context pairs: expected inputs of at least 2 numbers, got 1"],
    ["same-class", one, "expected at least 2 classes, got 1"],
    ["shuffled", one, undefined],
  ])("%s of %o", (kind, shape, expected) => {
    const refusal = plainRefusal(shape, kind);
    if (expected === undefined) expect(refusal).toBeUndefined();
    else expect(refusal).toContain(expected);
  });
});
