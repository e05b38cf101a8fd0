import { describe, expect, test } from "vitest";
import { stream } from "../../random/stream.ts";
import { blank, pairKinds, type PartnerRequest } from "../pair-kinds.ts";
import { parse, symbolsAt } from "./derivation.ts";
import type { HierarchyParameters } from "./hierarchy.ts";
import { rhm } from "./task.ts";

const task = (changes: Partial<HierarchyParameters> = {}) => rhm({ classes: 5, ...changes });

test("a task tells its sizes", () => {
  const { id, positions, vocabulary, classes } = task();
  expect({ id, positions, vocabulary, classes }).toEqual({ id: "rhm", positions: 8, vocabulary: 8, classes: 5 });
});

describe("partners of the same class", () => {
  const rhm = task();
  const { train } = rhm.draw({ train: 40, validation: 0, test: 0 }, stream(1, "data"));
  const rows = (tokens: Int32Array) =>
    Array.from({ length: tokens.length / 8 }, (_, i) => tokens.slice(i * 8, i * 8 + 8).join());
  const strings = rows(train.inputs);

  test("are uniform over all other strings of the class, never the string itself", () => {
    const times = 3000;
    const example = 17;
    const out = new Int32Array(times * 8);
    rhm.partners({ kind: "same-class" }, train, new Int32Array(times).fill(example), out, stream(2, "order"));
    const counts = new Map<string, number>();
    for (const partner of rows(out)) counts.set(partner, (counts.get(partner) ?? 0) + 1);
    const others = strings.filter((_, i) => i !== example && train.labels[i] === train.labels[example]);
    expect(others.length).toBeGreaterThan(3);
    expect([...counts.keys()].sort()).toEqual([...others].sort());
    const expected = times / others.length;
    const chi = [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    expect(chi).toBeLessThan(others.length - 1 + 6 * Math.sqrt(2 * (others.length - 1)));
  });

  test("stand at the place of their index, for every example of the set", () => {
    const indices = stream(3, "order").permutation(40);
    const out = new Int32Array(40 * 8);
    rhm.partners({ kind: "same-class" }, train, indices, out, stream(2, "order"));
    rows(out).forEach((partner, i) => {
      const example = indices[i]!;
      expect(partner).not.toBe(strings[example]);
      expect(train.labels[strings.indexOf(partner)]).toBe(train.labels[example]);
    });
  });

  test("a class of one string is its own partner, also as the last class", () => {
    const examples = { count: 3, inputs: train.inputs.slice(0, 24), labels: Int32Array.of(4, 0, 4) };
    const out = new Int32Array(24);
    rhm.partners({ kind: "same-class" }, examples, Int32Array.of(0, 1, 2), out, stream(2, "order"));
    expect(rows(out)).toEqual([strings[2], strings[1], strings[0]]);
  });
});

describe("resampled partners", () => {
  const rhm = task();
  const { train } = rhm.draw({ train: 200, validation: 0, test: 0 }, stream(1, "data"));
  const indices = stream(3, "order").permutation(200).subarray(0, 150);
  const latents = (tokens: Int32Array, level: number) => [
    ...symbolsAt(rhm.hierarchy, parse(rhm.hierarchy, tokens), level),
  ];
  const chosen = Int32Array.from([...indices].flatMap((i) => [...train.inputs.slice(i * 8, i * 8 + 8)]));

  // A layer, counted from the symbols up, stands for a level; layers above the class keep the class.
  test.each([
    [0, 0],
    [1, 1],
    [2, 2],
    [{ layer: 1 }, 2],
    [{ layer: 2 }, 1],
    [{ layer: 3 }, 0],
    [{ layer: 4 }, 0],
  ])("of level %j share the latents down to level %i and nothing below", (level, kept) => {
    const out = new Int32Array(150 * 8);
    rhm.partners({ kind: "resample", level }, train, indices, out, stream(2, "order"));
    for (let l = 0; l <= kept; l++) expect(latents(out, l)).toEqual(latents(chosen, l));
    for (let l = kept + 1; l <= 3; l++) expect(latents(out, l)).not.toEqual(latents(chosen, l));
  });
});

test("shuffled partners are uniform over all other strings of the set, whatever their class", () => {
  const rhm = task();
  const { train } = rhm.draw({ train: 6, validation: 0, test: 0 }, stream(1, "data"));
  const times = 3000;
  const out = new Int32Array(times * 8);
  rhm.partners({ kind: "shuffled" }, train, new Int32Array(times).fill(2), out, stream(2, "order"));
  const counts = Array.from({ length: 6 }, (_, example) => {
    const string = train.inputs.slice(example * 8, example * 8 + 8).join();
    return Array.from({ length: times }, (__, i) => out.slice(i * 8, i * 8 + 8).join()).filter((s) => s === string)
      .length;
  });
  expect(counts[2]).toBe(0);
  const expected = times / 5;
  const chi = counts.reduce((sum, count, i) => (i === 2 ? sum : sum + (count - expected) ** 2 / expected), 0);
  expect(chi).toBeLessThan(4 + 6 * Math.sqrt(8));
  // Alone in its set, a string has nobody else.
  const single = { count: 1, inputs: train.inputs.slice(0, 8), labels: Int32Array.of(0) };
  const own = new Int32Array(8);
  rhm.partners({ kind: "shuffled" }, single, Int32Array.of(0), own, stream(2, "order"));
  expect(own).toEqual(single.inputs);
});

test("a part is the string itself with the other symbols blank, for every index", () => {
  const rhm = task();
  const { train } = rhm.draw({ train: 4, validation: 0, test: 0 }, stream(1, "data"));
  const out = new Int32Array(2 * 8);
  rhm.partners({ kind: "part", from: 2, to: 5 }, train, Int32Array.of(3, 1), out, stream(2, "order"));
  const shown = [3, 1].flatMap((example) =>
    Array.from({ length: 8 }, (_, k) => (k >= 2 && k < 5 ? train.inputs[example * 8 + k]! : blank)),
  );
  expect([...out]).toEqual(shown);
  expect(blank).toBeLessThan(0);
});

describe("misuse of partners", () => {
  const rhm = task();
  const { train } = rhm.draw({ train: 4, validation: 0, test: 0 }, stream(1, "data"));
  const random = stream(0, "order");

  test.each<PartnerRequest>([
    { kind: "same-class" },
    { kind: "shuffled" },
    { kind: "part", from: 0, to: 4 },
    { kind: "resample", level: 1 },
  ])("%j", (request) => {
    expect(() => rhm.partners(request, train, Int32Array.of(0, 1), new Int32Array(8), random)).toThrow(
      "partners: expected out to hold [2, 8] numbers, got 8; allocate one example per index",
    );
    expect(() => rhm.partners(request, train, Int32Array.of(4), new Int32Array(8), random)).toThrow(
      "partners: expected indices below 4, got 4; index the set the batch was drawn from",
    );
  });

  test("a level that does not exist", () => {
    const request = { kind: "resample", level: 3 } as const;
    expect(() => rhm.partners(request, train, Int32Array.of(0), new Int32Array(8), random)).toThrow(
      "expected a level from 0 (the class) to 2, got 3",
    );
  });
});

describe("refusals of pair kinds", () => {
  test("nothing is refused where there is signal", () => {
    for (const kind of pairKinds.filter((other) => other !== "noise")) expect(task().refusal(kind)).toBeUndefined();
  });

  test("context in the maximal case, where tokens are independent and uniform", () => {
    expect(task({ m: 8, classes: 8 }).refusal("context")).toBe(
      "context pairs: expected m < v^(s-1) = 8 or classes < v, got m = 8, classes = v = 8; every string of v^d occurs exactly once, " +
        "so symbols are independent and uniform and neighbouring patches carry no unsupervised signal; lower m",
    );
    expect(task({ v: 3, m: 9, s: 3, depth: 2, classes: 3 }).refusal("context")).toContain("m < v^(s-1) = 9");
    // Fewer classes leave correlations at the top, fewer synonyms at every level.
    expect(task({ m: 8, classes: 4 }).refusal("context")).toBeUndefined();
    expect(task({ m: 7, classes: 8 }).refusal("context")).toBeUndefined();
    for (const kind of pairKinds.filter((other) => other !== "context" && other !== "noise")) {
      expect(task({ m: 8, classes: 8 }).refusal(kind)).toBeUndefined();
    }
  });

  test("resample without synonyms or of a level that does not exist, same-class with one class", () => {
    // One patch has two halves.
    expect(task({ depth: 1 }).refusal("context")).toBeUndefined();
    for (const level of ["layer", 0, 2] as const) expect(task().refusal("resample", level)).toBeUndefined();
    expect(task().refusal("resample", 3)).toBe(
      "resample pairs: expected a level from 0 (the class) to 2, above the symbols, got 3",
    );
    expect(task({ m: 1 }).refusal("resample")).toBe(
      "resample pairs: expected m of at least 2, got 1; symbols have no synonyms, so a string is its own partner; raise m",
    );
    expect(task({ classes: 1 }).refusal("same-class")).toBe(
      "same-class pairs: expected at least 2 classes, got 1, so any two strings are a pair; raise classes",
    );
  });
});
