import { expect, test } from "vitest";
import { analyticBound, hiddenUnits, hiddenWeights } from "./bound.ts";
import { smallModel } from "./cases.contract.ts";

const boundOf = (rule: Parameters<typeof smallModel>[0], precision = 24) => {
  const { rule: chosen, network } = smallModel(rule, { widths: [5, 7] });
  return analyticBound(chosen, network, precision);
};

test("sizes leave the read-out and the input out", () => {
  const { network } = smallModel({ id: "backprop" }, { widths: [5, 7], bias: "shared" });
  expect(hiddenWeights(network)).toBe(16 * 5 + 5 + 5 * 7 + 7);
  expect(hiddenUnits(network)).toBe(12);
});

test.each([
  [{ id: "weight-perturbation" }, 24 / 115, "D k/W", "O(k)"],
  [{ id: "weight-perturbation", draws: 3, scope: "layer" }, (24 * 3 * 2) / 115, "D k L/W", "O(k L)"],
  [{ id: "weight-perturbation", scope: "local" }, 24, "D", "O(k W)"],
  [{ id: "node-perturbation", draws: 2 }, (24 * 2) / 12, "D k/N", "O(k)"],
  [{ id: "node-perturbation", scope: "layer" }, (24 * 2) / 12, "D k L/N", "O(k L)"],
  [{ id: "deep-targets", samples: 7 }, 3 / 7, "log2(1+S)/N_l", "O(S L)"],
  [{ id: "backprop" }, 24, "D", "O(1)"],
] as const)("%o", (rule, bits, bitsOrder, operationsOrder) => {
  const bound = boundOf(rule)!;
  expect(bound.bits).toBeCloseTo(bits, 12);
  expect([bound.bitsOrder, bound.operationsOrder, bound.nominal]).toEqual([bitsOrder, operationsOrder, false]);
});

test("more draws than weights bring no more than D", () => {
  expect(boundOf({ id: "weight-perturbation", draws: 1000 }, 10)?.bits).toBe(10);
});

test("random feedback carries D bits of signal that need not be about the gradient; of other rules counting says nothing", () => {
  expect(boundOf({ id: "feedback-alignment" })).toMatchObject({ bits: 24, nominal: true });
  expect(boundOf({ id: "info-nce" })).toBeUndefined();
});
