import { describe, expect, it } from "vitest";
import { countProducts, enumerateProducts } from "../symmetry/index.ts";
import { polynomialText } from "../polynomial/index.ts";
import { rational } from "../polynomial/rational.ts";
import { candidateKey, candidates, mirrorImage, polynomialOf, representative, ruleSpace } from "./space.ts";

const signs = [rational(-1n), rational(0n), rational(1n)];
const choose = (n: number, k: number): number => (k === 0 ? 1 : (choose(n - 1, k - 1) * n) / k);
/** Sums of at most k of n products with coefficients -1 and 1. */
const signed = (n: number, k: number): number =>
  Array.from({ length: k }, (_, i) => choose(n, i + 1) * 2 ** (i + 1)).reduce((a, b) => a + b, 0);

describe("the size of a space", () => {
  it.each([
    [1, false, 2],
    [2, true, 3],
    [3, false, 3],
    [3, true, 2],
  ] as const)(
    "degree %i, target %s, at most %i terms: closed form, and as many different rules",
    (degree, supervised, maxTerms) => {
      const space = ruleSpace({ degree, supervised, maxTerms, coefficients: signs });
      const products = countProducts({ degree, supervised });
      const unturned = enumerateProducts({ degree, supervised, invariant: ["output"] }).length;
      expect(space.size).toBe((signed(products, maxTerms) + signed(unturned, maxTerms)) / 2);
      const rules = [...candidates(space)];
      expect(rules).toHaveLength(space.size);
      expect(new Set(rules.map(candidateKey)).size).toBe(space.size);
    },
  );

  it("is the number of classes that a direct comparison of all sums finds", () => {
    // Every sum of at most two of the four products 1, O, I, w, brought to one of: the sum, its mirror image.
    const products = ["1", "O", "I", "w"];
    const mirror = { "1": -1, O: 1, I: -1, w: 1 } as Record<string, number>;
    const classes = new Set<string>();
    const values = [-2, -1, 1, 2];
    const canonical = (sum: readonly (readonly [string, number])[]): string => {
      const size = Math.max(...sum.map(([, c]) => Math.abs(c)));
      const text = (flip: boolean): string =>
        sum.map(([name, c]) => `${((flip ? (mirror[name] ?? 1) : 1) * c) / size}${name}`).join(" ");
      return [text(false), text(true)].sort()[0]!;
    };
    for (const [i, a] of products.entries())
      for (const c of values) {
        classes.add(canonical([[a, c]]));
        for (const b of products.slice(i + 1)) for (const d of values) classes.add(canonical([[a, c], [b, d]])); // prettier-ignore
      }
    const coefficients = values.map((value) => rational(BigInt(value)));
    expect(ruleSpace({ degree: 1, supervised: false, maxTerms: 2, coefficients }).size).toBe(classes.size);
  });

  it("does not divide out the sign convention where coefficients have one sign", () => {
    const space = ruleSpace({ degree: 1, supervised: false, maxTerms: 2, coefficients: [rational(1n), rational(2n)] });
    // 4 single products; 6 pairs with the ratios 1, 2 and 1/2.
    expect(space.size).toBe(4 + 6 * 3);
    expect([...candidates(space)]).toHaveLength(22);
  });

  it("with rotation and output is spanned by six products", () => {
    const space = ruleSpace({
      degree: 3,
      supervised: true,
      maxTerms: 3,
      coefficients: signs,
      invariant: ["rotation", "output"],
    });
    // No term turns its sign: nothing to divide out.
    expect(space.size).toBe(12 + 15 * 4 + 20 * 8);
  });
});

describe("the representative of a rule", () => {
  const space = ruleSpace({ degree: 2, supervised: true, maxTerms: 3, coefficients: signs });
  it("is itself for every rule of the space, and the same for its mirror image in any order of terms", () => {
    for (const rule of candidates(space)) {
      expect(candidateKey(representative(space, rule.terms))).toBe(candidateKey(rule));
      const mirrored = [...mirrorImage(rule).terms].reverse();
      expect(candidateKey(representative(space, mirrored))).toBe(candidateKey(rule));
    }
  });

  it("has the coefficients of its class, and reads as a polynomial", () => {
    const doubled = space.products
      .filter(({ I, O, T }) => I === 1 && O + T === 1)
      .map((exponents) => ({ exponents, coefficient: rational(exponents.T === 1 ? 2n : -2n) }));
    expect(polynomialText(polynomialOf(representative(space, doubled)))).toBe("T*I - O*I");
  });
});

describe("refusals", () => {
  const base = { degree: 2, supervised: false, maxTerms: 2, coefficients: signs };
  it.each([
    ["a degree", { degree: 9 }, "degree: expected a whole number from 1 to 8, got 9"],
    ["no terms", { maxTerms: 0 }, "max-terms: expected a whole number from 1 to 6, got 0"],
    [
      "no coefficient",
      { coefficients: [rational(0n)] },
      "coefficients: expected 1 to 9 different values other than 0, got 0; for example -1,0,1",
    ],
  ])("of %s", (_what, change, message) => {
    expect(() => ruleSpace({ ...base, ...change })).toThrow(message);
  });
});
