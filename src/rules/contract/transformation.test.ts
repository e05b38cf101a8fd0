/** Variants of a change, against loops over weights. */
import { describe, expect, test } from "vitest";
import { relativeError } from "../../graph/finite-difference.contract.ts";
import { input, type Tensor } from "../../graph/index.ts";
import { interpret } from "../../runtime/interpreter.ts";
import { drawFeeds, type Feeds, networkCase, rows, trace } from "../testing/rule-cases.contract.ts";
import {
  chain,
  type Change,
  largest,
  normalised,
  ofWeight,
  slowedNearUnitNorm,
  toUnitNorm,
  type Transformation,
  unitNorms,
} from "./index.ts";

/** Layers with shared weights and with one for each position; in the mean-field parametrisation they act with less than they keep. */
const layers = (["tree-cnn", "locally-connected"] as const).map((architecture) => {
  const traced = trace(networkCase(architecture, { parametrisation: "mean-field", bias: "per-position" }), {
    id: "backprop",
  });
  const view = traced.workspace.layers[0]!;
  const [weight, bias] = view.parameters;
  const change: Change = { weight: input("dW", weight!.shape), bias: input("db", bias!.shape) };
  const drawn = drawFeeds(traced, 1);
  const feeds: Feeds = {
    ...drawn,
    dW: drawn["layer1.weight"]!.map((_, i) => Math.sin(3 * i + 1)),
    db: drawn["layer1.bias"]!.map((_, i) => 2 * Math.cos(i)),
  };
  return { name: architecture, view, change, feeds };
});
const values = (tensor: Tensor, feeds: Feeds): number[] => [...interpret([tensor], feeds)[0]!.values];

describe.each(layers)("$name", ({ view, change, feeds }) => {
  const { inFeatures, outFeatures, scale } = view.layer;
  const size = Math.max(...[...feeds["dW"]!, ...feeds["db"]!].map(Math.abs));

  /** A change made of that of the weight, unit by unit: `of` gets the weights as they act and the changes of one unit. */
  const byUnit = (of: (w: number[], dw: number[]) => number[]): number[] => {
    const [weights, changes] = ["layer1.weight", "dW"].map((name) => rows(rows(feeds[name]!, outFeatures), inFeatures));
    return weights!.flatMap((matrix, p) => {
      const columns = matrix[0]!.map((_, j) =>
        of(
          matrix.map((line) => scale * line[j]!),
          changes![p]!.map((line) => line[j]!),
        ),
      );
      return matrix.flatMap((_, i) => columns.map((column) => column[i]!));
    });
  };
  const norm = (w: readonly number[], power: number): number =>
    w.reduce((sum, x) => sum + Math.abs(x) ** power, 0) ** (1 / power);

  test("normalised by nothing, by the largest of weight and bias, by the root of the inputs", () => {
    expect(normalised("none")(change, view)).toBe(change);
    const max = normalised("max")(change, view);
    expect(values(max.weight, feeds)).toEqual(feeds["dW"]!.map((x): unknown => expect.closeTo(x / size, 12)));
    expect(values(max.bias!, feeds)).toEqual(feeds["db"]!.map((x): unknown => expect.closeTo(x / size, 12)));
    const alone = normalised("max")({ weight: change.weight }, view);
    expect(Math.max(...values(alone.weight, feeds).map(Math.abs))).toBeCloseTo(1, 12);
    expect(alone.bias).toBeUndefined();
    const fanIn = normalised("fan-in")(change, view);
    for (const [of, given] of [
      [fanIn.weight, feeds["dW"]!],
      [fanIn.bias!, feeds["db"]!],
    ] as const)
      expect(
        relativeError(
          values(of, feeds),
          given.map((x) => x / Math.sqrt(inFeatures)),
        ),
      ).toBeLessThan(1e-12);
  });

  test("the largest of zeros keeps a change of zero what it is", () => {
    expect(values(largest([change.weight, change.bias!]), feeds)[0]).toBeCloseTo(size, 12);
    const none = { ...feeds, dW: feeds["dW"]!.map(() => 0), db: feeds["db"]!.map(() => 0) };
    expect(values(normalised("max")(change, view).weight, none).every((x) => x === 0)).toBe(true);
  });

  test.each([1, 2, 3])("norms of units are those of the weights as they act, p = %i", (power) => {
    const norms = byUnit((w) => w.map(() => norm(w, power)));
    expect(unitNorms(view.weight, power).shape).toEqual([...view.weight.shape.slice(0, -2), 1, outFeatures]);
    expect(
      relativeError(values(unitNorms(view.weight, power).broadcastTo(view.weight.shape), feeds), norms),
    ).toBeLessThan(1e-12);
  });

  test.each([
    [0.5, 2],
    [2, 3],
  ])("slowed near unit norm: | |w| - 1 |^%d, p = %i", (rate, power) => {
    const { weight, bias } = slowedNearUnitNorm(rate, power)(change, view);
    const expected = byUnit((w, dw) => dw.map((x) => x * Math.abs(norm(w, power) - 1) ** rate));
    expect(relativeError(values(weight, feeds), expected)).toBeLessThan(1e-12);
    expect(bias).toBe(change.bias);
    expect(slowedNearUnitNorm(0, power)(change, view)).toBe(change);
  });

  test.each([
    [2, 1],
    [3, 0.25],
  ])("to unit norm, p = %i: at rate %d the weights are normalised after the step", (power, step) => {
    const { weight, bias } = toUnitNorm(power, step)(change, view);
    const found = values(weight, feeds);
    const expected = byUnit((w, dw) => {
      const moved = w.map((x, i) => x / scale + step * dw[i]!);
      const acting = norm(
        moved.map((x) => scale * x),
        power,
      );
      return moved.map((x, i) => (x / acting - w[i]! / scale) / step);
    });
    expect(relativeError(found, expected)).toBeLessThan(1e-12);
    const after = feeds["layer1.weight"]!.map((w, i) => w + step * found[i]!);
    expect(
      values(unitNorms(view.weight, power), { ...feeds, "layer1.weight": after }).every((x) => Math.abs(x - 1) < 1e-12),
    ).toBe(true);
    expect(bias).toBe(change.bias);
  });

  test("to unit norm leaves a unit without weights without", () => {
    const zeros = feeds["layer1.weight"]!.map(() => 0);
    const found = values(toUnitNorm(2, 1)(change, view).weight, { ...feeds, "layer1.weight": zeros, dW: zeros });
    expect(found).toEqual(zeros);
  });
});

test("a chain applies the first first", () => {
  const { view, change, feeds } = layers[0]!;
  const by = (of: (x: Tensor) => Tensor): Transformation => ofWeight(of);
  const [add, double] = [by((x) => x.add(1)), by((x) => x.mul(2))];
  const after = (transformation: Transformation): number[] => values(transformation(change, view).weight, feeds);
  expect(after(chain(add, double))).toEqual(feeds["dW"]!.map((x): unknown => expect.closeTo(2 * (x + 1), 12)));
  expect(after(chain(double, add))).toEqual(feeds["dW"]!.map((x): unknown => expect.closeTo(2 * x + 1, 12)));
  expect(chain()(change, view)).toBe(change);
});
