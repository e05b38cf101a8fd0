import { describe, expect, it } from "vitest";
import { z } from "zod";
import { publishedSchema } from "./schema.ts";

describe("publishedSchema", () => {
  // zod reads a JSON Schema back by code of its own, which makes it a validator of what is published.
  const { $defs } = publishedSchema() as { $defs: Record<string, Record<string, unknown>> };
  const accepts = (name: string, value: unknown): boolean =>
    z.fromJSONSchema($defs[name] as never).safeParse(value).success;
  const study = { name: "s", question: "Q?" };

  it("is plain JSON", () => {
    expect(JSON.parse(JSON.stringify(publishedSchema()))).toEqual(publishedSchema());
  });

  it("takes run specifications, whole and partial, and refuses what RunSpec refuses", () => {
    expect(accepts("runSpec", {})).toBe(true);
    expect(accepts("runSpec", { task: { v: 4 }, rule: { id: "oja", rate: 1 }, train: { optimiser: "sgd" } })).toBe(
      true,
    );
    expect(accepts("runSpec", { task: { w: 4 } })).toBe(false);
    expect(accepts("runSpec", { train: { optimiser: "sdg" } })).toBe(false);
  });

  it("takes studies, with axes as lists or text, and refuses unknown keys at every level", () => {
    expect(accepts("study", { ...study, grid: { rule: ["a", { id: "b" }], "rule.pair": ["x"], seed: "0..4" } })).toBe(
      true,
    );
    expect(
      accepts("study", { ...study, tune: { over: { "train.learningRate": [0.1] } }, perRule: { a: { seed: 1 } } }),
    ).toBe(true);
    expect(accepts("study", { ...study, grid: { "task.w": [1] } })).toBe(false);
    expect(accepts("study", { ...study, grid: { "task.v": ["many"] } })).toBe(false);
    expect(accepts("study", { ...study, perRule: { a: { "task.v": "many" } } })).toBe(false);
    expect(accepts("study", { ...study, base: { task: { w: 1 } } })).toBe(false);
    expect(accepts("study", { question: "Q?" })).toBe(false);
  });
});
