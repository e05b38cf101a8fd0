/** The layout of samples, against loops over examples, positions and features: for positions that share the weight, and for those that do not. */
import { describe, expect, test } from "vitest";
import { input, type Tensor } from "../graph/index.ts";
import { interpret } from "../runtime/interpreter.ts";
import {
  batchOf,
  correlate,
  fromExamples,
  type Grid,
  meanOverSamples,
  outer,
  perExample,
  relaid,
  samplesPerWeight,
  toEverySample,
  toPositions,
  toSamples,
  unitShape,
} from "./samples.ts";

const [batch, positions] = [3, 2];
const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const values = (tensor: Tensor, feeds: Readonly<Record<string, readonly number[]>>): number[] => [
  ...interpret([tensor], feeds)[0]!.values,
];

/** Which example and position each row of samples is, weight by weight. */
const rowsOf = (shared: boolean): (readonly [example: number, position: number])[][] =>
  shared
    ? [range(batch).flatMap((b) => range(positions).map((p) => [b, p] as const))]
    : range(positions).map((p) => range(batch).map((b) => [b, p] as const));

/** A number for every example, position and feature. */
const x = (b: number, p: number, i: number): number => 100 * b + 10 * p + i;
const y = (b: number, p: number, j: number): number => Math.sin(1 + b + 5 * p + 20 * j);

/** A signal as [batch, positions, n], row-major. */
const placed = (of: typeof x, n: number): number[] =>
  range(batch).flatMap((b) => range(positions).flatMap((p) => range(n).map((i) => of(b, p, i))));
const near = (numbers: readonly number[]): unknown => numbers.map((value) => expect.closeTo(value, 9) as number);

describe.each([true, false])("positions that share the weight: %s", (shared) => {
  const grid: Grid = { positions, shared };
  const lead = shared ? [] : [positions];
  const samples = shared ? batch * positions : batch;
  const rows = rowsOf(shared);
  const [a, b] = [input("a", [batch, positions, 4]), input("b", [batch, positions, 3])];
  const feeds = { a: placed(x, 4), b: placed(y, 3) };
  const [xs, ys] = [toSamples(grid, a), toSamples(grid, b)];

  test("samples are rows: every position of every example, or the examples of each position", () => {
    expect(xs.shape).toEqual([...lead, samples, 4]);
    expect(values(xs, feeds)).toEqual(rows.flat().flatMap(([e, p]) => range(4).map((i) => x(e, p, i))));
    expect(batchOf(grid, xs)).toBe(batch);
    expect(samplesPerWeight(grid, batch)).toBe(samples);
  });

  test("toPositions is the inverse of toSamples", () => {
    expect(toPositions(grid, xs).shape).toEqual([batch, positions, 4]);
    expect(values(toPositions(grid, xs), feeds)).toEqual(feeds.a);
  });

  test("perExample has all positions of an example side by side, and fromExamples is its inverse", () => {
    const flat = perExample(grid, xs);
    expect(flat.shape).toEqual([batch, positions * 4]);
    expect(values(flat, feeds)).toEqual(feeds.a);
    expect(fromExamples(grid, flat).shape).toEqual(xs.shape);
    expect(values(fromExamples(grid, flat), feeds)).toEqual(values(xs, feeds));
  });

  test("relaid has the same signal for positions that share otherwise", () => {
    const other: Grid = { positions, shared: !shared };
    expect(values(relaid(grid, other, xs), feeds)).toEqual(values(toSamples(other, a), feeds));
    expect(relaid(grid, grid, xs)).toBe(xs);
  });

  test("toEverySample gives every sample what belongs to its example", () => {
    const [one, several] = [input("one", [batch]), input("several", [batch, 2])];
    const given = { ...feeds, one: [7, 8, 9], several: [1, 2, 3, 4, 5, 6] };
    const spread = (of: Tensor, n: number): number[] =>
      values(toEverySample(grid, of).broadcastTo([...lead, samples, n]), given);
    expect(spread(one, 1)).toEqual(rows.flat().map(([e]) => 7 + e));
    expect(spread(several, 2)).toEqual(rows.flat().flatMap(([e]) => [1 + 2 * e, 2 + 2 * e]));
    // It meets a signal of the units as it is.
    expect(values(ys.mul(toEverySample(grid, one)), given)).toEqual(
      near(rows.flat().flatMap(([e, p]) => range(3).map((j) => (7 + e) * y(e, p, j)))),
    );
  });

  test("means and products over samples are those that one weight sees", () => {
    expect(meanOverSamples(ys).shape).toEqual([...lead, 1, 3]);
    expect(values(meanOverSamples(ys), feeds)).toEqual(
      near(rows.flatMap((own) => range(3).map((j) => own.reduce((sum, [e, p]) => sum + y(e, p, j), 0) / samples))),
    );
    const sums = rows.flatMap((own) =>
      range(4).flatMap((i) => range(3).map((j) => own.reduce((sum, [e, p]) => sum + x(e, p, i) * y(e, p, j), 0))),
    );
    expect(correlate(xs, ys).shape).toEqual([...lead, 4, 3]);
    expect(values(correlate(xs, ys), feeds)).toEqual(near(sums));
    expect(values(outer(xs, ys), feeds)).toEqual(near(sums.map((sum) => sum / samples)));
  });

  test("a number for each unit meets samples, and a matrix into the units meets their product", () => {
    expect(unitShape(grid, 3)).toEqual([...lead, 1, 3]);
    expect(unitShape(grid, 3, 4)).toEqual([...lead, 4, 3]);
    expect(xs.matmul(input("w", unitShape(grid, 3, 4))).add(input("t", unitShape(grid, 3))).shape).toEqual(ys.shape);
  });
});

test("a layer of one position has the same rows, whether or not it is said to share", () => {
  const a = input("a", [batch, 1, 4]);
  const feeds = { a: range(batch * 4) };
  for (const shared of [true, false]) {
    const grid: Grid = { positions: 1, shared };
    expect(values(toSamples(grid, a), feeds)).toEqual(feeds.a);
    expect(values(perExample(grid, toSamples(grid, a)), feeds)).toEqual(feeds.a);
    expect(toEverySample(grid, input("one", [batch])).shape).toEqual([batch, 1]);
  }
});
