import { describe, expect, it } from "vitest";
import { stream } from "../../random/stream.ts";
import { exponentsText, knownRules, monomial, parsePolynomial, polynomialText } from "../polynomial/index.ts";
import { violation } from "./confirm.ts";
import { countProducts, enumerateProducts, symmetryCounts } from "./enumerate.ts";
import { keepsFormUnderRecoding, recoded } from "./recode.ts";
import { hasSymmetry, symmetries } from "./symmetries.ts";

const texts = (options: Parameters<typeof enumerateProducts>[0]): string[] =>
  enumerateProducts(options).map(exponentsText);

describe("symmetries of named rules", () => {
  it.each([
    ["-w", "yyy"],
    ["O*I", "yyy"],
    ["T*I", "yyy"],
    ["(T-O)*I", "yyy"],
    ["O*I - g*w", "yyy"],
    ["(O-p)*(I-q)", "nnn"],
    ["O*(I-w)", "yny"],
    ["I*(O-w)", "nyn"],
    ["O*I - alpha*O^2*w", "yyy"],
    ["T*I - T^2*w", "yyy"],
    ["O*(O - E[O^2])*I", "yny"],
    ["T*I*(1-w^2)", "yyn"],
    ["(O - E[O])*(I - E[I])", "yyy"],
    ["E[I*w]*w", "ynn"],
    ["E[T*I*w]*w", "yyn"],
  ])("%s: input signs, output, rotation %s", (text, expected) => {
    const rule = parsePolynomial(text);
    const found = (["isometry", "output", "rotation"] as const).map((symmetry) =>
      hasSymmetry(rule, symmetry) === true ? "y" : "n",
    );
    expect(found.join("")).toBe(expected);
  });
});

describe("decision and experiment agree", () => {
  const random = stream(1, "symmetry");
  const products = enumerateProducts({ degree: 4, supervised: true }).map((exponents) => monomial(exponents));

  it.each(symmetries)("%s, over all products up to degree 4 and all named rules", (symmetry) => {
    for (const rule of [...products, ...knownRules.map(({ text }) => parsePolynomial(text))]) {
      const size = violation(rule, symmetry, random);
      const decided = hasSymmetry(rule, symmetry);
      expect(size < 1e-9, `${polynomialText(rule)}: ${symmetry} decided ${String(decided)}, violation ${size}`).toBe(
        decided,
      );
      expect(size < 1e-9 || size > 1e-4).toBe(true);
    }
  });
});

describe("counting", () => {
  it("gives the known numbers for degrees up to 3", () => {
    const table = symmetryCounts(3).map(({ counts }) =>
      counts.map(({ supervised, unsupervised }) => `${supervised}/${unsupervised}`),
    );
    expect(table).toEqual([
      ["5/4", "15/10", "35/20"],
      ["2/2", "6/4", "16/10"],
      ["2/2", "6/4", "12/6"],
      ["1/1", "3/2", "8/5"],
      ["1/1", "3/2", "6/3"],
    ]);
  });

  it("without symmetry follows the binomial coefficients", () => {
    for (const [supervised, numbers] of [
      [false, [4, 10, 20, 35, 56, 84]],
      [true, [5, 15, 35, 70, 126, 210]],
    ] as const)
      numbers.forEach((count, i) => {
        expect(countProducts({ degree: i + 1, supervised })).toBe(count);
        expect(enumerateProducts({ degree: i + 1, supervised })).toHaveLength(count);
      });
    expect(enumerateProducts({ degree: 2, supervised: true, binary: true })).toHaveLength(24);
    expect(enumerateProducts({ degree: 2, supervised: false, binary: true })).toHaveLength(12);
  });

  it("lists the products that turn with the inputs and flip with the output", () => {
    const invariant = ["rotation", "output"] as const;
    expect(texts({ degree: 3, supervised: true, invariant })).toEqual(["w", "T*I", "O*I", "T^2*w", "T*O*w", "O^2*w"]);
    const isometries = texts({ degree: 3, supervised: true, invariant: ["isometry", "output"] });
    expect(isometries.filter((text) => !texts({ degree: 3, supervised: true, invariant }).includes(text))).toEqual([
      "I^2*w",
      "w^3",
    ]);
    expect(texts({ degree: 0, supervised: true, binary: true, invariant: ["isometry", "output"] })).toEqual([
      "T*I",
      "O*I",
    ]);
  });

  it("refuses what would not end", () => {
    expect(() => enumerateProducts({ degree: 400, supervised: true })).toThrow(
      "degree: expected at most 200000 products, got 1093567501",
    );
    expect(() => enumerateProducts({ degree: 1.5, supervised: true })).toThrow("expected a whole number");
  });
});

describe("recoding", () => {
  it("turns Hebb into (2T - 1)(2I - 1)", () => {
    expect(polynomialText(recoded(parsePolynomial("T*I")))).toBe("4*T*I - 2*T - 2*I + 1");
    expect(polynomialText(recoded(parsePolynomial("k*E[O]*w")))).toBe("2*k*E[O]*w - k*w");
  });

  it.each([
    ["T*I", false],
    ["(T - O)*I", false],
    ["T - O", true],
    ["(T - O)^2*w^2", true],
    ["(O - E[O])*(I - E[I])", true],
    ["w", true],
    ["I", false],
    ["0", true],
    ["T - O + w", false],
  ])("%s keeps its form: %s", (text, keeps) => expect(keepsFormUnderRecoding(parsePolynomial(text))).toBe(keeps));
});
