import { describe, expect, test } from "vitest";
import { stream } from "../../random/stream.ts";
import type { Examples } from "../task.ts";
import { parse, symbolsAt } from "./derivation.ts";
import { drawHierarchy, type Hierarchy } from "./hierarchy.ts";
import { exchangeSynonyms, replaceSymbol, resampleBelow } from "./interventions.ts";
import { drawSplit } from "./sample.ts";

const models = [
  { v: 8, m: 3, s: 2, depth: 3, classes: 5 },
  { v: 4, m: 2, s: 3, depth: 2, classes: 4 },
].map((parameters) => drawHierarchy(parameters, stream(4, "rules")));

const some = (hierarchy: Hierarchy): Examples<Int32Array> =>
  drawSplit(hierarchy, { train: 60, validation: 0, test: 0 }, stream(1, "data")).train;

/** Choices of one level of all trees, [count, s^level]. */
function choicesAt(hierarchy: Hierarchy, tokens: Int32Array, level: number): number[] {
  const trees = parse(hierarchy, tokens);
  const { s } = hierarchy.parameters;
  const above = trees.choices.length / trees.count;
  const first = (s ** level - 1) / (s - 1);
  return Array.from({ length: trees.count }, (_, row) => [
    ...trees.choices.slice(row * above + first, row * above + first + s ** level),
  ]).flat();
}

const symbolsOf = (hierarchy: Hierarchy, tokens: Int32Array, level: number) => [
  ...symbolsAt(hierarchy, parse(hierarchy, tokens), level),
];

describe.each(models.map((hierarchy) => ({ hierarchy, ...hierarchy.parameters })))(
  "v $v, m $m, s $s, depth $depth",
  ({ hierarchy, depth, m }) => {
    const examples = some(hierarchy);
    const before = examples.inputs.slice();
    const levels = Array.from({ length: depth }, (_, level) => level);

    test.each(levels)("exchangeSynonyms at level %i changes every choice of that level and no other", (level) => {
      const changed = exchangeSynonyms(hierarchy, examples, level, stream(2, "noise"));
      for (const other of levels) {
        const [old, now] = [choicesAt(hierarchy, before, other), choicesAt(hierarchy, changed, other)];
        if (other === level) expect(now.every((choice, i) => choice !== old[i])).toBe(true);
        else expect(now).toEqual(old);
      }
      for (let kept = 0; kept <= level; kept++)
        expect(symbolsOf(hierarchy, changed, kept)).toEqual(symbolsOf(hierarchy, before, kept));
      // All m - 1 other synonyms are used.
      const steps = choicesAt(hierarchy, changed, level).map(
        (c, i) => (c - choicesAt(hierarchy, before, level)[i]! + m) % m,
      );
      expect(new Set(steps).size).toBe(m - 1);
    });

    test.each(levels)("resampleBelow level %i keeps symbols down to it and redraws every choice below", (level) => {
      const changed = resampleBelow(hierarchy, examples, level, stream(2, "noise"));
      for (let kept = 0; kept <= level; kept++)
        expect(symbolsOf(hierarchy, changed, kept)).toEqual(symbolsOf(hierarchy, before, kept));
      for (const other of levels) {
        const [old, now] = [choicesAt(hierarchy, before, other), choicesAt(hierarchy, changed, other)];
        if (other < level) expect(now).toEqual(old);
        else {
          // Chosen anew among all m: a choice is kept with probability 1/m.
          const kept = now.filter((choice, i) => choice === old[i]).length / now.length;
          expect(Math.abs(kept - 1 / m)).toBeLessThan(5 * Math.sqrt(((1 / m) * (1 - 1 / m)) / now.length));
          expect(new Set(now).size).toBe(m);
        }
      }
    });

    test("examples themselves are not changed", () => {
      expect(examples.inputs).toEqual(before);
    });
  },
);

describe("replaceSymbol", () => {
  const hierarchy = models[0]!;
  const { v, m, s, depth, classes } = hierarchy.parameters;
  const examples = some(hierarchy);

  /** Symbol of `level` that produces `tokens`, by search through the production tables; undefined when none does. */
  function symbolAbove(tokens: number[], level: number): number | undefined {
    if (level === depth) return tokens[0];
    const size = tokens.length / s;
    const tuple = Array.from({ length: s }, (_, k) => symbolAbove(tokens.slice(k * size, (k + 1) * size), level + 1));
    const { tuples } = hierarchy.productions[level]!;
    for (let row = 0; row < tuples.length / s; row++) {
      if (tuple.every((symbol, k) => tuples[row * s + k] === symbol)) return Math.floor(row / m);
    }
    return undefined;
  }

  test.each([0, 1, 2, 3])("at level %i: another symbol, its own subtree, nothing else", (level) => {
    const position = s ** level - 1;
    const changed = replaceSymbol(hierarchy, examples, level, stream(2, "noise"), position);
    const width = s ** (depth - level);
    const reached = new Set<number>();
    for (let row = 0; row < examples.count; row++) {
      const [old, now] = [examples.inputs, changed].map((all) => [...all.slice(row * 8, row * 8 + 8)]) as [
        number[],
        number[],
      ];
      const [from, to] = [position * width, (position + 1) * width];
      expect([...now.slice(0, from), ...now.slice(to)]).toEqual([...old.slice(0, from), ...old.slice(to)]);
      const [before, after] = [symbolAbove(old.slice(from, to), level), symbolAbove(now.slice(from, to), level)];
      expect(after).toBeDefined();
      expect(after).not.toBe(before);
      reached.add((after! - before! + v * classes) % (level === 0 ? classes : v));
    }
    // Every other symbol can be the new one.
    expect(reached.size).toBe((level === 0 ? classes : v) - 1);
  });

  test("the position is drawn uniformly when left out, one per string", () => {
    const changed = replaceSymbol(hierarchy, examples, depth, stream(2, "noise"));
    const positions = new Set<number>();
    for (let row = 0; row < examples.count; row++) {
      const differ = Array.from({ length: 8 }, (_, i) => i).filter(
        (i) => changed[row * 8 + i] !== examples.inputs[row * 8 + i],
      );
      expect(differ).toHaveLength(1);
      positions.add(differ[0]!);
    }
    expect(positions.size).toBe(8);
  });

  test("productions below the new symbol are chosen anew among all m", () => {
    const many = drawSplit(hierarchy, { train: 600, validation: 0, test: 0 }, stream(1, "data")).train;
    const changed = replaceSymbol(hierarchy, many, 2, stream(2, "noise"), 0);
    const choice = (tokens: Int32Array, row: number) => hierarchy.productions[2]!.find(tokens, row * 8) % m;
    const rows = Array.from({ length: many.count }, (_, row) => row);
    for (let shift = 0; shift < m; shift++) {
      const share =
        rows.filter((row) => (choice(changed, row) - choice(many.inputs, row) + m) % m === shift).length / many.count;
      expect(Math.abs(share - 1 / m)).toBeLessThan(5 * Math.sqrt(((1 / m) * (1 - 1 / m)) / many.count));
    }
  });
});

describe("refusals", () => {
  const hierarchy = models[0]!;
  const examples = some(hierarchy);
  const random = stream(0, "noise");
  const single = drawHierarchy({ v: 4, m: 1, s: 2, depth: 2, classes: 1 }, stream(0, "rules"));

  test("levels and positions that do not exist", () => {
    expect(() => exchangeSynonyms(hierarchy, examples, 3, random)).toThrow(
      "exchangeSynonyms: expected a level from 0 (the class) to 2, got 3; choose a level of this hierarchy",
    );
    expect(() => resampleBelow(hierarchy, examples, -1, random)).toThrow(
      "resampleBelow: expected a level from 0 (the class) to 2, got -1",
    );
    expect(() => replaceSymbol(hierarchy, examples, 4, random)).toThrow(
      "replaceSymbol: expected a level from 0 (the class) to 3, got 4",
    );
    expect(() => replaceSymbol(hierarchy, examples, 1, random, 2)).toThrow(
      "replaceSymbol: expected a position from 0 to 1 at level 1, got 2",
    );
  });

  test("nothing to exchange or to replace with", () => {
    const own = drawSplit(single, { train: 1, validation: 0, test: 0 }, random).train;
    expect(() => exchangeSynonyms(single, own, 0, random)).toThrow(
      "exchangeSynonyms: expected m of at least 2, got 1; symbols have no synonyms to exchange",
    );
    expect(() => replaceSymbol(single, own, 0, random)).toThrow(
      "replaceSymbol: expected at least 2 symbols at level 0, got 1; there is no other symbol",
    );
  });
});
