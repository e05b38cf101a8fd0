/** Five inputs: 94572 threshold functions among four thousand million. About half a minute. */
import { expect, it } from "vitest";
import { learnedCounts } from "./learnability.ts";
import { booleanRules } from "./rules.ts";
import { pointsOf, valueAt } from "./setting.ts";
import { thresholdFunctions } from "./threshold-functions.ts";

const signed = { inputs: 5, encoding: "signed", target: "signed", threshold: 0 } as const;
const functions = thresholdFunctions(5);
const strict = (id: string, bias: boolean): number | undefined =>
  learnedCounts(
    booleanRules.find((rule) => rule.id === id)!,
    { ...signed, bias },
    functions,
  )?.strict;

it("without a bias five inputs are four with one", () => {
  expect(strict("clamped-hebb", false)).toBe(1402);
  expect(strict("perceptron", false)).toBe(1882);
});

it("clamped Hebb with a bias, by a loop of its own", () => {
  const points = pointsOf({ ...signed, bias: true });
  const right = functions.filter((f) => {
    const w = [0, 1, 2, 3, 4, 5].map((j) =>
      points.reduce((sum, x, p) => sum + (valueAt(f, p) === 1 ? x[j]! : -x[j]!), 0),
    );
    return points.every((x, p) => {
      const s = x.reduce((sum, value, j) => sum + value * w[j]!, 0);
      return valueAt(f, p) === 1 ? s > 0 : s < 0;
    });
  });
  expect(strict("clamped-hebb", true)).toBe(right.length);
  expect(strict("delta", true)).toBe(right.length);
  expect(right.length).toBe(21228);
  expect(strict("perceptron", true)).toBe(94572);
});
