import { describe, expect, it } from "vitest";
import fc from "fast-check";
import { binomialInterval, estimateFraction, logOddsInterval } from "./fractions.ts";
import { estimate } from "./statistics.ts";

describe("intervals of fractions", () => {
  it("stay in [0, 1] and hold the mean, whatever the values", () => {
    const values = fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 2, maxLength: 8 });
    fc.assert(
      fc.property(values, (counts) => {
        const { mean, interval } = estimateFraction(
          counts.map((count) => count / 50),
          50 * counts.length,
        );
        expect(interval.low).toBeGreaterThanOrEqual(0);
        expect(interval.high).toBeLessThanOrEqual(1);
        expect(interval.low).toBeLessThanOrEqual(mean + 1e-12);
        expect(interval.high).toBeGreaterThanOrEqual(mean - 1e-12);
      }),
    );
  });

  it("are the t interval on log odds: by hand for 0.2 and 0.21", () => {
    // Log odds of 0.205 are -1.3554; t = 12.706, standard error 0.005, slope 1 / (0.205 * 0.795): half-width 0.3898.
    const { interval } = estimateFraction([0.2, 0.21], 4000);
    expect(interval.low).toBeCloseTo(1 / (1 + Math.exp(1.3554 + 0.3898)), 4);
    expect(interval.high).toBeCloseTo(1 / (1 + Math.exp(1.3554 - 0.3898)), 4);
  });

  it("approach the t interval where the spread is small, and leave mean and standard error as they are", () => {
    const values = [0.4, 0.401, 0.4005, 0.4002];
    const [plain, fraction] = [estimate(values), estimateFraction(values, 8000)];
    expect(fraction.interval.low).toBeCloseTo(plain.interval.low, 5);
    expect(fraction.interval.high).toBeCloseTo(plain.interval.high, 5);
    expect(fraction).toMatchObject({ n: 4, mean: plain.mean, standardError: plain.standardError });
  });

  it("mirror when hits and misses change places", () => {
    const errors = [0.01, 0.05, 0.02];
    const [error, accuracy] = [errors, errors.map((value) => 1 - value)].map((values) => estimateFraction(values, 300));
    expect(accuracy!.interval.low).toBeCloseTo(1 - error!.interval.high, 10);
    expect(accuracy!.interval.high).toBeCloseTo(1 - error!.interval.low, 10);
  });

  it("are exact binomial ones for means of 0 and 1: no error in 300 strings leaves up to 1 - 0.025^(1/300)", () => {
    const bound = 1 - 0.025 ** (1 / 300);
    const none = estimateFraction([0, 0, 0], 300).interval;
    expect(none.low).toBe(0);
    expect(none.high).toBeCloseTo(bound, 10);
    const all = estimateFraction([1, 1, 1], 300).interval;
    expect(all.low).toBeCloseTo(1 - bound, 10);
    expect(all.high).toBe(1);
  });

  it("agree with a published Clopper-Pearson interval: 4 of 20 is 0.0573 to 0.4366", () => {
    const { low, high } = binomialInterval(0.2, 20);
    expect([low, high].map((end) => end.toFixed(4))).toEqual(["0.0573", "0.4366"]);
  });

  it("are not given for fewer than two values, and collapse where equal values were not counted", () => {
    expect(estimateFraction([0.3], 100).interval.low).toBeNaN();
    expect(estimateFraction([0.75, 0.75], 0).interval).toEqual({ low: 0.75, high: 0.75 });
  });

  it("cover the true mean of log odds that are normal", () => {
    // Seeds whose errors vary about 0.02: Box and Muller on a fixed lattice, no chance in the test.
    let inside = 0;
    let state = 7;
    const uniform = (): number => ((state = (state * 1103515245 + 12345) % 2 ** 31) + 0.5) / 2 ** 31;
    const normal = (): number => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
    const draw = (): number => 1 / (1 + Math.exp(3.9 - 0.3 * normal()));
    const truth = Array.from({ length: 20_000 }, draw).reduce((sum, value) => sum + value, 0) / 20_000;
    for (let i = 0; i < 1000; i++) {
      const { low, high } = estimateFraction(Array.from({ length: 5 }, draw), 0).interval;
      if (low <= truth && truth <= high) inside += 1;
    }
    expect(inside).toBeGreaterThan(930);
    expect(inside).toBeLessThan(985);
  });

  it("is what a half-width that was kept gives: 0.031 ± 0.067 does not go below 0", () => {
    const { low, high } = logOddsInterval(0.031, 0.067);
    expect(low).toBeGreaterThan(0);
    expect(high).toBeGreaterThan(0.098);
    expect(high).toBeLessThan(1);
  });
});
