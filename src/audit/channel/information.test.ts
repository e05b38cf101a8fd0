import { describe, expect, test } from "vitest";
import { stream } from "../../random/stream.ts";
import {
  agreementOf,
  binaryEntropy,
  cosine,
  gaussianBits,
  noAgreement,
  perturbationCosineSquared,
  signAgreement,
  signBits,
  together,
} from "./information.ts";

describe("bits", () => {
  test("of signs: none of a coin, one of certainty, half a bit at p = 0.889972", () => {
    expect(signBits(0.5)).toBe(0);
    expect(signBits(1)).toBe(1);
    expect(signBits(0)).toBe(-1);
    expect(signBits(0.889972)).toBeCloseTo(0.5, 5);
    expect(signBits(1 - 0.889972)).toBeCloseTo(-0.5, 5);
    expect(binaryEntropy(0.25)).toBeCloseTo(2 - 0.75 * Math.log2(3), 12);
  });

  test("of a Gaussian channel: 1/2 log2(1 + signal / noise), at most the precision, and signed", () => {
    for (const ratio of [0.01, 1, 3, 255]) {
      const rho = Math.sqrt(ratio / (1 + ratio));
      expect(gaussianBits(rho)).toBeCloseTo(0.5 * Math.log2(1 + ratio), 10);
      expect(gaussianBits(-rho)).toBeCloseTo(-0.5 * Math.log2(1 + ratio), 10);
    }
    expect(gaussianBits(1)).toBe(24);
    expect(gaussianBits(-1, 3)).toBe(-3);
    expect(gaussianBits(0)).toBe(0);
  });
});

describe("agreement", () => {
  test("counts weights with a gradient, half of those without an update", () => {
    const agreement = agreementOf([1, -1, 0, 5, -2], [2, 2, -1, 0, -3]);
    expect(signAgreement(agreement)).toBe(2.5 / 4);
    expect(cosine(agreement)).toBeCloseTo((2 - 2 + 6) / Math.sqrt(31 * 18), 12);
  });

  test("adds up over batches to what all of them give at once", () => {
    const random = stream(1, "agreement");
    const draw = (): number[] => Array.from({ length: 20 }, random.normal);
    const [u, g, v, h] = [draw(), draw(), draw(), draw()];
    const parts = [agreementOf(u, g), agreementOf(v, h)].reduce(together, noAgreement);
    const whole = agreementOf([...u, ...v], [...g, ...h]);
    expect(cosine(parts)).toBeCloseTo(cosine(whole), 12);
    expect(signAgreement(parts)).toBe(signAgreement(whole));
  });

  test("is uncentred: a common offset is direction", () => {
    expect(cosine(agreementOf([11, 9], [9, 11]))).toBeGreaterThan(0.9);
  });

  test("of a silent update is that of a coin, and not a number where something is not finite", () => {
    expect(cosine(agreementOf([0, 0], [1, 2]))).toBe(0);
    expect(signAgreement(agreementOf([0, 0], [1, -2]))).toBe(0.5);
    expect(signAgreement(agreementOf([1, 1], [0, 0]))).toBe(0.5);
    expect(cosine(agreementOf([NaN, 0], [1, 2]))).toBeNaN();
    expect(() => agreementOf([1], [1, 2])).toThrow("internal: an update of 1 weights and a gradient of 2");
  });

  test("of a normal gradient seen through normal noise has the rate of that channel", () => {
    const random = stream(2, "channel");
    const gradient = Array.from({ length: 200_000 }, random.normal);
    const update = gradient.map((g) => 0.3 * (g + 0.5 * random.normal()));
    const agreement = agreementOf(update, gradient);
    expect(gaussianBits(cosine(agreement))).toBeCloseTo(0.5 * Math.log2(1 + 1 / 0.25), 2);
    // Probability that two normals of correlation rho have one sign.
    expect(signAgreement(agreement)).toBeCloseTo(0.5 + Math.asin(Math.sqrt(0.8)) / Math.PI, 2);
  });
});

test.each([1, 2, 5, 12])("%i normal perturbations of 12 numbers: mean cos^2 k / (W + k - 1), by drawing", (k) => {
  const [weights, trials] = [12, 8000];
  const random = stream(3, `perturbation ${k}`);
  let sum = 0;
  for (let trial = 0; trial < trials; trial++) {
    const estimate = new Float64Array(weights);
    for (let draw = 0; draw < k; draw++) {
      const xi = Array.from({ length: weights }, random.normal);
      // The gradient is the first axis; any other is a rotation of it.
      for (let i = 0; i < weights; i++) estimate[i]! += xi[0]! * xi[i]!;
    }
    sum += estimate[0]! ** 2 / estimate.reduce((total, x) => total + x * x, 0);
  }
  expect(Math.abs(sum / trials - perturbationCosineSquared(weights, k))).toBeLessThan(0.009);
});
