import { describe, expect, it } from "vitest";
import { parsePolynomial } from "../polynomial/index.ts";
import { applies, unitCriteria } from "./criteria.ts";
import { scoreRule } from "./score.ts";
import { situations } from "./situation.ts";
import type { Candidate } from "./space.ts";

const rule = (text: string): Candidate => ({ terms: parsePolynomial(text).terms });
const search = situations("search", 0, 3, 4);
const heldOut = situations("held-out", 0, 3, 4);
const scores = (text: string, at = search) => scoreRule(rule(text), unitCriteria, at, { race: false });

describe("known rules under the criteria", () => {
  it.each([
    // rule, stability, principal component, supervised, boolean; "-" where the criterion is not for it.
    ["O*I - O^2*w", "yes yes - -"],
    ["O*I", "no no - -"],
    ["-O*I", "no no - -"],
    ["-O*I + O^2*w", "no no - -"],
    ["-w", "no no - -"],
    ["O^2*I", "no no - -"],
    ["T*I - O*I", "yes - yes yes"],
    ["O*I - T*I", "no - no no"],
    ["T*I", "no - no yes"],
    ["-T*I", "no - no no"],
    ["T*I - w", "yes - no yes"],
    ["T^2 - w", "yes - no no"],
  ])("%s: %s", (text, expected) => {
    const found = scores(text);
    const shown = unitCriteria.map((name) => (found[name] === undefined ? "-" : found[name].passed ? "yes" : "no"));
    expect(shown.join(" ")).toBe(expected);
    expect(unitCriteria.map((name) => applies(name, rule(text)))).toEqual(shown.map((word) => word !== "-"));
  });

  it("score a Hebbian direction without an end half, and the opposite rule near nothing", () => {
    expect(scores("O*I")["principal-component"]?.mean).toBeCloseTo(0.5, 3);
    expect(scores("-O*I")["principal-component"]?.mean).toBeLessThan(0.1);
  });

  it("score clamped Hebb with decay by its weights, E[T x], in the place of least squares", () => {
    // Independent of learning: what the weights E[T x] explain.
    const expected = search.map(({ linear }) => {
      const { samples, inputs, inputPowers, targetPowers } = linear.data;
      const w = new Float64Array(inputs);
      for (let s = 0; s < samples; s++)
        for (let j = 0; j < inputs; j++) w[j]! += (targetPowers[1]![s]! * inputPowers[1]![s * inputs + j]!) / samples;
      const nothing = linear.error(new Float64Array(inputs));
      return Math.max(0, (nothing - linear.error(w)) / (nothing - linear.error(linear.leastSquares)));
    });
    const mean = expected.reduce((a, b) => a + b, 0) / expected.length;
    expect(scores("T*I - w").supervised?.mean).toBeCloseTo(mean, 6);
  });

  it("count the functions of three inputs: all 104 for the perceptron; 40 to 72 for clamped Hebb, by where ties fall", () => {
    const learned = (text: string): number => Math.round(104 * (scores(text, heldOut).boolean?.mean ?? NaN));
    expect(learned("T*I - O*I")).toBe(104);
    expect(learned("T*I")).toBeGreaterThanOrEqual(40);
    expect(learned("T*I")).toBeLessThanOrEqual(72);
    expect(learned("-T*I")).toBe(0);
  });
});

describe("a race", () => {
  it("passes the same rules as full scores, in no more trials", () => {
    for (const text of ["O*I - O^2*w", "O*I", "T*I - O*I", "T*I - w", "1 - w", "O*I - w - w^3"]) {
      const [raced, full] = [scoreRule(rule(text), unitCriteria, search), scores(text)];
      for (const name of unitCriteria) {
        expect(raced[name]?.passed).toBe(full[name]?.passed);
        expect(raced[name]?.n ?? 0).toBeLessThanOrEqual(full[name]?.n ?? 0);
      }
    }
    expect(scoreRule(rule("O*I"), ["principal-component"], search)["principal-component"]?.n).toBe(1);
  });

  it("gives the standard error of the mean over seeds", () => {
    const { mean, standardError, n } = scores("T*I - w").supervised!;
    const each = search.map((at) => scoreRule(rule("T*I - w"), ["supervised"], [at]).supervised!.mean);
    expect(n).toBe(3);
    expect(mean).toBeCloseTo((each[0]! + each[1]! + each[2]!) / 3, 12);
    const variance = each.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 2;
    expect(standardError).toBeCloseTo(Math.sqrt(variance / 3), 12);
    expect(standardError).toBeGreaterThan(0);
  });
});
