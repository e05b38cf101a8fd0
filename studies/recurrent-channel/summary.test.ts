import { expect, test } from "vitest";
import type { RecurrentSample } from "./measure.ts";
import { summariseRecurrent } from "./summary.ts";

test("the recurrent case is paired by seed, with the bounds of theory", () => {
  const sample = (seed: number, method: RecurrentSample["method"], bits: number): RecurrentSample => ({
    seed,
    step: 0,
    method,
    weights: 60,
    operationsPerWeight: 2,
    cosine: 0.1,
    batchCosines: [0.1, -0.3],
    bits,
  });
  const samples = [0, 1, 2].flatMap((seed) => [
    sample(seed, "bptt", 24),
    sample(seed, "weight-perturbation", 0.1 * (seed + 1)),
    sample(seed, "node-perturbation", 24 + (seed - 1)),
  ]);
  const rows = summariseRecurrent([{ length: 4, samples }], { width: 6, draws: 2, precision: 24 });
  expect(rows.map(({ method, rate }) => [method, rate.mean])).toEqual([
    ["bptt", 12],
    ["weight-perturbation", expect.closeTo(0.1, 12)],
    ["node-perturbation", 12],
  ]);
  expect(rows.map(({ boundBits }) => boundBits)).toEqual([24, (24 * 2) / 60, (24 * 2) / (6 * 4)]);
  expect(rows[1]!.expectedCosineSquared).toBeCloseTo(2 / 61, 12);
  expect(rows[1]!.cosineSquared.mean).toBeCloseTo(0.05, 12);
  expect(rows[0]!.pValue).toBeUndefined();
  expect(rows[1]!.pValue).toBeLessThan(0.01);
  expect(rows[2]!.pValue).toBe(1);
});
