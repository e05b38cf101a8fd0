import { describe, expect, test } from "vitest";
import { stream } from "../../random/stream.ts";
import type { Examples } from "../task.ts";
import { datumOf } from "./datum.ts";
import { parse, symbolsAt } from "./derivation.ts";
import { drawHierarchy, stringCount, type Hierarchy, type HierarchyParameters } from "./hierarchy.ts";
import { drawByString, drawSplit } from "./sample.ts";

const model = (v: number, m: number, depth: number, classes = v, seed = 0): Hierarchy =>
  drawHierarchy({ v, m, s: 2, depth, classes } satisfies HierarchyParameters, stream(seed, "rules"));

const data = (hierarchy: Hierarchy, { inputs, count }: Pick<Examples<Int32Array>, "inputs" | "count">) => {
  const trees = parse(hierarchy, inputs);
  return Array.from({ length: count }, (_, row) => datumOf(hierarchy, trees, row));
};

describe.each([
  { name: "small P_max, all of it", hierarchy: model(8, 2, 3), sizes: { train: 700, validation: 124, test: 200 } },
  { name: "small P_max, part of it", hierarchy: model(8, 2, 3), sizes: { train: 100, validation: 0, test: 50 } },
  { name: "P_max about 2^33", hierarchy: model(8, 4, 4), sizes: { train: 600, validation: 100, test: 200 } },
  {
    name: "P_max about 2^64, by string",
    hierarchy: model(16, 16, 4),
    sizes: { train: 600, validation: 100, test: 200 },
  },
  { name: "P_max about 2^129, by string", hierarchy: model(8, 4, 6), sizes: { train: 200, validation: 50, test: 50 } },
])("$name", ({ hierarchy, sizes }) => {
  const split = drawSplit(hierarchy, sizes, stream(1, "data"));

  test("sizes, labels of the grammar, no string twice in or between the sets", () => {
    const drawn = (["train", "validation", "test"] as const).flatMap((name) => {
      const examples = split[name];
      expect(examples.count).toBe(sizes[name]);
      expect(examples.inputs).toHaveLength(sizes[name] * hierarchy.positions);
      expect(examples.labels).toEqual(symbolsAt(hierarchy, parse(hierarchy, examples.inputs), 0));
      return data(hierarchy, examples);
    });
    expect(new Set(drawn).size).toBe(sizes.train + sizes.validation + sizes.test);
  });

  test("the same stream gives the same split, another one another", () => {
    expect(drawSplit(hierarchy, sizes, stream(1, "data"))).toEqual(split);
    expect(drawSplit(hierarchy, sizes, stream(2, "data")).train.inputs).not.toEqual(split.train.inputs);
  });

  test("a smaller training set is the beginning of a larger one, with the same test set", () => {
    const fewer = drawSplit(hierarchy, { ...sizes, train: 40 }, stream(1, "data"));
    expect(fewer.test).toEqual(split.test);
    expect(fewer.train.inputs).toEqual(split.train.inputs.slice(0, 40 * hierarchy.positions));
  });
});

describe("uniformity", () => {
  const uniformShares = (counts: readonly number[], outcomes: number) => {
    const n = counts.reduce((a, b) => a + b, 0);
    const chi = counts.reduce((sum, count) => sum + (count - n / outcomes) ** 2 / (n / outcomes), 0);
    expect(counts).toHaveLength(outcomes);
    expect(chi).toBeLessThan(outcomes - 1 + 6 * Math.sqrt(2 * (outcomes - 1)));
  };

  test("every datum of a small model is equally likely in the training set", () => {
    const hierarchy = model(3, 2, 2, 2);
    const counts = new Array<number>(Number(stringCount(hierarchy.parameters))).fill(0);
    const random = stream(5, "data");
    for (let i = 0; i < 4000; i++) {
      const { train } = drawSplit(hierarchy, { train: 1, validation: 0, test: 3 }, random);
      counts[Number(data(hierarchy, train)[0])]! += 1;
    }
    uniformShares(counts, 16);
  });

  test("drawing by string refuses repetitions: asked for all of P_max, it returns each once, labelled", () => {
    const hierarchy = model(3, 2, 2, 2);
    const drawn = drawByString(hierarchy, 16, stream(0, "data"));
    const all = data(hierarchy, { count: 16, inputs: drawn.tokens });
    expect([...all].sort((a, b) => Number(a - b))).toEqual(Array.from({ length: 16 }, (_, i) => BigInt(i)));
    expect([...drawn.labels]).toEqual(all.map((datum) => Number(datum / 8n)));
  });

  test.each([
    ["by number", model(8, 4, 4)],
    ["by string", model(16, 16, 4)],
  ])("classes and choices at every node are uniform, %s", (_, hierarchy) => {
    const { m, classes } = hierarchy.parameters;
    const n = 10_000;
    const { train } = drawSplit(hierarchy, { train: n, validation: 0, test: 0 }, stream(6, "data"));
    const trees = parse(hierarchy, train.inputs);
    const byClass = new Array<number>(classes).fill(0);
    for (const label of train.labels) byClass[label]! += 1;
    uniformShares(byClass, classes);
    const above = trees.choices.length / n;
    for (let node = 0; node < above; node++) {
      const counts = new Array<number>(m).fill(0);
      for (let row = 0; row < n; row++) counts[trees.choices[row * above + node]!]! += 1;
      uniformShares(counts, m);
    }
  });
});

/** Mutual information in nats between the two halves of all strings of length 4, from their joint frequencies. */
function leafPairInformation(hierarchy: Hierarchy): number {
  const total = Number(stringCount(hierarchy.parameters));
  const { train } = drawSplit(hierarchy, { train: total, validation: 0, test: 0 }, stream(0, "data"));
  const count = (key: (row: number) => string) => {
    const counts = new Map<string, number>();
    for (let row = 0; row < total; row++) counts.set(key(row), (counts.get(key(row)) ?? 0) + 1);
    return counts;
  };
  const half = (row: number, side: number) => train.inputs.slice(row * 4 + 2 * side, row * 4 + 2 * side + 2).join();
  const entropy = (counts: Map<string, number>) =>
    [...counts.values()].reduce((sum, c) => sum - (c / total) * Math.log(c / total), 0);
  return (
    entropy(count((r) => half(r, 0))) +
    entropy(count((r) => half(r, 1))) -
    entropy(count((r) => `${half(r, 0)}/${half(r, 1)}`))
  );
}

describe("information between neighbouring patches, depth 2, all data", () => {
  test("none in the maximal case", () => {
    expect(Math.abs(leafPairInformation(model(4, 4, 2)))).toBeLessThan(1e-9);
  });

  test.each([
    [6, 3],
    [8, 4],
  ])("plenty at v = %i, m = %i, about 0.58 nats, varying a little with the rules", (v, m) => {
    const values = [0, 1, 2].map((seed) => leafPairInformation(model(v, m, 2, v, seed)));
    for (const value of values) {
      expect(value).toBeGreaterThan(0.4);
      expect(value).toBeLessThan(0.8);
    }
  });
});

describe("refusals", () => {
  test("more strings than exist", () => {
    expect(() => drawSplit(model(8, 2, 3), { train: 800, validation: 125, test: 100 }, stream(0, "data"))).toThrow(
      "draw: expected train + validation + test <= P_max, got 800 + 125 + 100 = 1025 > 1024 distinct strings; draw fewer, or raise " +
        "m, depth or classes of the task",
    );
  });

  test("sizes that are no counts", () => {
    expect(() => drawSplit(model(8, 2, 3), { train: 8, validation: -1, test: 1 }, stream(0, "data"))).toThrow(
      "draw: expected validation to be a whole number of strings, got -1",
    );
  });
});
