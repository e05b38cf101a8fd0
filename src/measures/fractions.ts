/**
 * Intervals of means of fractions (errors, accuracies), which never leave [0, 1].
 *
 * Between 0 and 1 it is Student's t interval on the scale of log odds: the half-width there is that of the t interval over
 * mean (1 - mean), the slope of the scale, and its ends are taken back. Where all values agree, as do means of 0 and 1, their
 * spread says nothing; the interval is then the exact one of Clopper and Pearson (1934) for all trials together.
 */
import type { Estimate, Interval } from "./statistics.ts";
import { estimate } from "./statistics.ts";
import { incompleteBeta } from "./student-t.ts";

/** How these intervals are made, for tables, captions and methods. */
export const fractionIntervalText = "95 % interval (t on log odds)";

/** The interval around a mean strictly between 0 and 1, from the half-width of its t interval, in [0, 1]. */
export function logOddsInterval(mean: number, halfWidth: number): Interval {
  const centre = Math.log(mean / (1 - mean));
  const half = halfWidth / (mean * (1 - mean));
  const fraction = (logOdds: number): number => 1 / (1 + Math.exp(-logOdds));
  return { low: fraction(centre - half), high: fraction(centre + half) };
}

/**
 * The exact interval of a fraction that `trials` independent trials gave (Clopper and Pearson 1934); the fraction itself for 0 trials.
 */
export function binomialInterval(fraction: number, trials: number, level = 0.95): Interval {
  if (trials === 0) return { low: fraction, high: fraction };
  const hits = fraction * trials;
  const tail = (1 - level) / 2;
  return {
    low: fraction <= 0 ? 0 : betaQuantile(tail, hits, trials - hits + 1),
    high: fraction >= 1 ? 1 : betaQuantile(1 - tail, hits + 1, trials - hits),
  };
}

/**
 * Mean, standard error and 95 % interval of values in [0, 1]. `trials` is what all of them were counted on together (strings, over all
 * seeds), 0 where they were not counted. The interval is NaN for fewer than two values.
 */
export function estimateFraction(values: readonly number[], trials: number): Estimate {
  const plain = estimate(values);
  const { n, mean, interval } = plain;
  if (n < 2) return plain;
  const agree = values.every((value) => value === values[0]);
  if (agree) return { ...plain, mean: values[0] ?? NaN, interval: binomialInterval(values[0] ?? NaN, trials) };
  return { ...plain, interval: logOddsInterval(mean, interval.high - mean) };
}

/** The x at which the regularised incomplete beta function is `q`. */
function betaQuantile(q: number, a: number, b: number): number {
  let [low, high] = [0, 1];
  // 60 halvings are below a double's resolution of a number near 1.
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (incompleteBeta(middle, a, b) < q) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
