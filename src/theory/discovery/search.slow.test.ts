/** The whole space of degree 3 without a target, three terms: what finds the principal component, and what of it holds. */
import { expect, it } from "vitest";
import { polynomialText } from "../polynomial/index.ts";
import { rational } from "../polynomial/rational.ts";
import { survivorsOf } from "./ranking.ts";
import { exhaustiveSearch, type SearchOptions } from "./search.ts";
import { polynomialOf, ruleSpace } from "./space.ts";

it("Oja's rule is the simplest, and what holds on skewed inputs has its two terms", () => {
  const coefficients = [rational(-1n), rational(1n)];
  const space = ruleSpace({ degree: 3, supervised: false, maxTerms: 3, coefficients });
  const asked: SearchOptions = { space, criteria: ["principal-component"], seed: 0 };
  const found = [...exhaustiveSearch(asked)];
  expect(found).toHaveLength(5540);
  const survivors = [...survivorsOf(found, asked)].map(({ rule, heldOut }) => ({
    text: polynomialText(polynomialOf(rule)),
    holds: heldOut["principal-component"]?.passed === true,
  }));
  expect(survivors[0]).toEqual({ text: "O*I - O^2*w", holds: true });
  const holding = survivors.filter(({ holds }) => holds);
  expect(holding.length).toBeGreaterThan(1);
  expect(holding.length).toBeLessThan(survivors.length);
  for (const { text } of holding) expect(text).toMatch(/O\*I/u);
  for (const { text } of holding) expect(text).toMatch(/- O\^2\*w/u);
  const texts = survivors.map(({ text }) => text);
  for (const wrong of ["O*I", "-O*I", "-O*I + O^2*w", "-w", "O*I - w"]) expect(texts).not.toContain(wrong);
});
