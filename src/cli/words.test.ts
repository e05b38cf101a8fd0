import { expect, it } from "vitest";
import { completeSpec } from "../study/run/build.ts";
import { runIdentity } from "../study/spec/identity.ts";
import { parseOverrides } from "../study/spec/overrides.ts";
import { RunSpec } from "../study/spec/spec.ts";
import { overridesOf } from "./overrides-of.ts";
import { shellWords } from "./surroundings.ts";
import { namesOnly, oneOf, sortWords } from "./words.ts";

it("sorts words into settings, overrides and names", () => {
  const settings = [
    "store.path=/tmp/a=b",
    "store.weights=none",
    "store.checkpoints=2.5",
    "engine.workers=3",
    "engine.threads=2",
  ];
  const words = ["a.yaml", "seed=0..4", ...settings];
  expect(sortWords(words)).toEqual({
    settings: { storePath: "/tmp/a=b", weights: false, checkpointEvery: 2.5, workers: 3, threads: 2 },
    overrides: ["seed=0..4"],
    names: ["a.yaml"],
  });
});

it.each([
  [["store.path="], "store.path: expected a folder, got nothing; write store.path=DIR"],
  [["store.path=a", "store.path=b"], "store.path: expected it once, got it twice; keep one"],
  [["store.pth=a"], 'override: expected a known key, got "store.pth"; did you mean store.path?'],
  [["engine.thread=1"], 'override: expected a known key, got "engine.thread"; did you mean engine.threads?'],
  [["store.weights=all"], 'store.weights: expected one of final, none, got "all"; did you mean final?'],
  [["store.checkpoints=often"], 'store.checkpoints: expected seconds between two, or 0 for none, got "often"'],
  [["engine.workers=0"], 'engine.workers: expected a whole number of at least 1, got "0"'],
  [["engine.threads=two"], 'engine.threads: expected a whole number of at least 1, got "two"'],
])("refuses %j", (words, message) => {
  expect(() => sortWords(words)).toThrow(message);
});

it("refuses overrides and second names where a command takes neither", () => {
  expect(() => namesOnly(["seed=0"], "a study")).toThrow('expected a study, got the override "seed=0"');
  expect(() => namesOnly(["a", "b"], "a study")).toThrow('expected a study, got "b" besides; leave it out');
  expect(() => oneOf("--format", ["csv", "json"], "jsn")).toThrow(
    '--format: expected one of csv, json, got "jsn"; did you mean json?',
  );
});

it("counts many names, so that the nearest is seen", () => {
  const many = Array.from({ length: 58 }, (_, i) => `rule-${i}`);
  expect(() => oneOf("--baseline", many, "rule-4x")).toThrow(
    '--baseline: expected one of 58 names, got "rule-4x"; did you mean rule-4?',
  );
});

it("quotes what a shell would take apart, and nothing else", () => {
  expect(shellWords(["seed=0..4", "rule=a,b", "network.widths=[8,4]", "it's"])).toBe(
    "seed=0..4 rule=a,b 'network.widths=[8,4]' 'it'\\''s'",
  );
});

it.each([
  {},
  { task: { v: 16 } },
  { task: { v: 16, classes: 8 }, seed: 3, seeds: { init: 7 } },
  {
    rule: { id: "info-nce", pair: "halves", temperature: 0.5 },
    network: { widths: [8, 4, 2], bias: "shared" as const },
  },
  { rule: "dfa", train: { learningRate: 1e-5, optimiser: "sgd" as const }, probes: true },
])("says a specification in words that give it again: %j", (input) => {
  const spec = completeSpec(RunSpec.parse(input));
  const again = completeSpec(RunSpec.parse(parseOverrides(overridesOf(spec)).base));
  expect(runIdentity(again)).toBe(runIdentity(spec));
});

it("says only what differs from the defaults", () => {
  expect(overridesOf(completeSpec(RunSpec.parse({ rule: "dfa", task: { v: 16, m: 2 } })))).toEqual([
    "rule=direct-feedback-alignment",
    "task.v=16",
    "task.m=2",
  ]);
});
