import { describe, expect, test } from "vitest";
import { mean } from "../../measures/statistics.ts";
import { modelled, smallModel } from "./cases.contract.ts";
import { type ChannelSummary, rateClaim, summariseChannel } from "./summary.ts";
import type { ChannelMeasurement, Information } from "./measure.ts";

const information = (bits: number): Information => ({
  signAgreement: 0.75,
  cosine: 0.5,
  signBits: bits / 10,
  gaussianBits: bits,
  batchCosines: [0.4, 0.6],
});

const measurement: ChannelMeasurement = {
  layers: [
    { layer: 1, weights: 80, operations: 800 },
    { layer: 2, weights: 25, operations: 100 },
  ],
  samples: [1, 2, 3].map((bits, replica) => ({
    replica,
    step: 0,
    layers: [information(bits), information(2 * bits)],
    all: information(1.2 * bits),
  })),
};

describe("a rule's channel", () => {
  const summary = summariseChannel("wp", modelled(smallModel({ id: "weight-perturbation", draws: 4 })), 3, measurement);

  test("is bits over operations, a layer at a time and together, with intervals over seeds", () => {
    const [step] = summary.steps;
    expect(summary.weights).toBe(105);
    expect(summary.operationsPerWeight).toBeCloseTo(900 / 105, 12);
    expect(step!.layers[0]!.rate.mean).toBeCloseTo(2 / 10, 12);
    expect(step!.layers[1]!.rate.mean).toBeCloseTo(4 / 4, 12);
    expect(step!.all.rate.mean).toBeCloseTo((2.4 * 105) / 900, 12);
    expect(step!.all.bits.n).toBe(3);
    // t of 0.975 with two degrees of freedom.
    expect(step!.all.bits.interval.high).toBeCloseTo(2.4 + (4.302653 * 1.2) / Math.sqrt(3), 5);
    expect(step!.all.batchCosine.n).toBe(6);
  });

  test("has a price for judged numbers: one for each draw, at D bits, over the weights", () => {
    const { layers, precision, batch } = summary;
    for (const { judged, judgedBits, weights } of layers) {
      expect(judged).toBe(4);
      expect(judgedBits).toBeCloseTo(Math.min(precision, (precision * 4 * batch) / weights), 9);
    }
    const error = summariseChannel("dfa", modelled(smallModel({ id: "direct-feedback-alignment" })), 3, measurement);
    expect(error.layers.map(({ judged }) => judged)).toEqual([0, 0]);
  });

  test("of weight perturbation has its mean cos^2 beside k / (W + k - 1)", () => {
    const { perturbation } = summary.steps[0]!;
    expect(perturbation!.expected).toBeCloseTo(4 / 108, 12);
    expect(perturbation!.measured.mean).toBeCloseTo((0.16 + 0.36) / 2, 12);
    expect(
      summariseChannel("bp", modelled(smallModel({ id: "backprop" })), 3, measurement).steps[0]!.perturbation,
    ).toBeUndefined();
  });

  test("has no rate for a run that was lost", () => {
    const lost = { ...measurement, samples: measurement.samples.slice(1) };
    const { runs } = summariseChannel("bp", modelled(smallModel({ id: "backprop" })), 3, lost);
    expect(runs[0]!.rates[0]).toBeNaN();
    expect(runs[0]!.rates[1]).toBeCloseTo((2.4 * 105) / 900, 12);
  });
});

const rated = (rule: string, rates: readonly number[], operationsPerWeight: number): ChannelSummary => ({
  rule,
  precision: 24,
  batch: 1,
  weights: 10,
  operationsPerWeight,
  layers: [],
  growth: undefined,
  order: undefined,
  bound: undefined,
  steps: [],
  runs: [{ step: 0, rates, signRates: rates.map((rate) => -rate) }],
});

describe("the claim that backprop has the highest rate", () => {
  const base = rated("backprop", [6, 6.1, 5.9, 6], 4);

  test("stands when every other is below it, beyond chance", () => {
    const claim = rateClaim(
      [base, rated("a", [0.1, 0.2, 0.1, 0.15], 2), rated("b", [3, 3.1, 3, 2.9], 8)],
      "backprop",
      0,
      "bits",
    )!;
    expect(claim.supported).toBe(true);
    expect(claim.comparisons.map(({ difference }) => difference)).toEqual([
      expect.closeTo(6 - 0.1375, 12),
      expect.closeTo(3, 12),
    ]);
  });

  test("falls when one is above it, or when the difference may be chance", () => {
    expect(rateClaim([base, rated("a", [7, 7.1, 7, 7], 2)], "backprop", 0, "bits")!.supported).toBe(false);
    expect(rateClaim([base, rated("a", [5, 7.1, 4, 7.5], 2)], "backprop", 0, "bits")!.supported).toBe(false);
    // Read by signs, the order is reversed here.
    expect(rateClaim([base, rated("a", [0.1, 0.2, 0.1, 0.15], 2)], "backprop", 0, "signs")!.supported).toBe(false);
  });

  test("is adjusted for the number of rules", () => {
    const close = rated("a", [5.5, 5.3, 5.95, 5.8], 2);
    const alone = rateClaim([base, close], "backprop", 0, "bits")!.comparisons[0]!.pValue;
    const others = Array.from({ length: 9 }, (_, i) => rated(`x${i}`, [5.5, 5.2, 5.95, 5.9], 2));
    const among = rateClaim([base, close, ...others], "backprop", 0, "bits")!.comparisons[0]!.pValue;
    expect(among).toBeGreaterThan(2 * alone);
  });

  test("says at how few bits a number the cheaper update would be ahead", () => {
    // Half the operations, 0.25 bits: ahead of min(D, 24) / 4 while D / 4 < 0.25 / 2.
    const cheap = rated("cheap", [0.125, 0.125, 0.125, 0.125], 2);
    const [comparison] = rateClaim([base, cheap], "backprop", 0, "bits")!.comparisons;
    expect(comparison!.overtakesBelow).toBeCloseTo(0.5, 12);
    const rateAt = (bits: number, precision: number, operations: number): number =>
      Math.min(bits, precision) / operations;
    expect(rateAt(0.25, 0.49, 2)).toBeGreaterThan(rateAt(24, 0.49, 4));
    expect(rateAt(0.25, 0.51, 2)).toBeLessThan(rateAt(24, 0.51, 4));
    const dear = rated("dear", [1, 1, 1, 1], 8);
    expect(rateClaim([base, dear], "backprop", 0, "bits")!.comparisons[0]!.overtakesBelow).toBe(0);
  });

  test("leaves out rules that do nothing and runs that were lost; without the baseline there is none", () => {
    const idle = rated("idle", [0, 0, 0, 0], 0);
    const lost = rated("lost", [NaN, 1, 1.1, 1], 4);
    const claim = rateClaim([base, idle, lost], "backprop", 0, "bits")!;
    expect(claim.comparisons.map(({ rule }) => rule)).toEqual(["lost"]);
    expect(claim.comparisons[0]!.difference).toBeCloseTo(mean([5.1, 4.8, 5]), 12);
    expect(rateClaim([idle], "backprop", 0, "bits")).toBeUndefined();
    expect(rateClaim([base, lost], "backprop", 7, "bits")).toBeUndefined();
  });
});
