/** Attacks by lot are exposed (more of them: generator.slow.test.ts). */
import { expect, test } from "vitest";
import { relativeError } from "../../graph/finite-difference.contract.ts";
import { range } from "../../graph/index.ts";
import { drawFeeds, evaluate, trace } from "../../rules/testing/rule-cases.contract.ts";
import { inputLength, networkNamed } from "./attack.ts";
import { generated } from "./generator.ts";
import { deceiving } from "./outcome.contract.ts";

const attacks = range(500).map((seed) => ({ seed, ...generated(seed) }));

test("80 attacks by lot are exposed", () => {
  expect(deceiving(attacks.slice(0, 80))).toEqual([]);
});

test("the same seed gives the same attack, another one another", () => {
  expect(generated(3).why).toBe(generated(3).why);
  expect(new Set(attacks.map(({ why }) => why)).size).toBeGreaterThan(490);
});

test("a label that is hidden moves what changes or is kept", () => {
  const labelled = attacks.filter(({ why }) => why.includes("the label")).slice(0, 40);
  const moved = labelled.filter(({ rule, on }) => {
    const traced = trace({ name: on, network: networkNamed(on), symbols: inputLength[on], vocabulary: 3 }, rule(), 3);
    const feeds = drawFeeds(traced, 1);
    const all = (labels: readonly number[]): number[] => {
      const { gradients, next } = evaluate(traced, { ...feeds, labels });
      return [...Object.values(gradients), ...Object.values(next)].flat();
    };
    return relativeError(all([3, 1, 0]), all([0, 2, 2])) > 0;
  });
  expect(labelled.length).toBeGreaterThan(20);
  expect(moved.length).toBeGreaterThan(0.7 * labelled.length);
});
