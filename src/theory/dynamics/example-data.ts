/** The data that expected dynamics are shown on where none are given. */
import { type Data, fromMoments } from "./data.ts";

/**
 * Two correlated normal inputs of mean 0 with E[x x'] = [[2, 0.6], [0.6, 1]], and the target T = x1 - x2 / 2 + noise of variance 1/4, so
 * that E[T x] = (1.7, 0.1) and E[T^2] = 1.9.
 */
export function exampleData(): Data {
  return fromMoments({
    covariance: [
      [2, 0.6],
      [0.6, 1],
    ],
    target: { square: 1.9, input: [1.7, 0.1] },
    gaussian: true,
  });
}

/** The example in words. */
export const exampleDataText =
  "example: two normal inputs, mean 0, E[xx'] = [[2, 0.6], [0.6, 1]], T = x1 - x2/2 + noise of variance 1/4 (--moments FILE for your own)";
