import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { arbitraryPolynomial } from "./arbitrary.contract.ts";
import { knownRules, recognise } from "./known-rules.ts";
import { parsePolynomial, PolynomialError } from "./parse.ts";
import { add, limits, multiply, type Polynomial, substitute } from "./polynomial.ts";
import { polynomialLatex, polynomialText } from "./print.ts";
import { propertiesOf } from "./properties.ts";
import { rational, rationalOf, rationalText, toNumber } from "./rational.ts";

/** The value of a canonical polynomial; an average takes the place of its own product of powers. */
function value({ terms }: Polynomial, at: Readonly<Record<string, number>>): number {
  const powers = (of: Readonly<Record<string, number>>): number =>
    Object.entries(of).reduce((product, [name, exponent]) => product * at[name]! ** exponent, 1);
  return terms.reduce((sum, { coefficient, exponents, averages, constants }) => {
    const means = averages.reduce((product, { of, exponent }) => product * (1 + powers({ ...of })) ** exponent, 1);
    const named = constants.reduce((product, { name, exponent }) => product * at[name]! ** exponent, 1);
    return sum + toNumber(coefficient) * means * named * powers({ ...exponents });
  }, 0);
}

/** What LaTeX says, put back into the language sign by sign: an independent reading of the printed form. */
function fromLatex(latex: string): string {
  return latex
    .replaceAll(/\\frac\{(\d+)\}\{(\d+)\}/g, "$1/$2")
    .replaceAll("\\langle ", "E[")
    .replaceAll(" \\rangle", "]")
    .replaceAll(/\\mathrm\{([^}]*)\}/g, (_, name: string) => name.replaceAll("\\_", "_"))
    .replaceAll(/\^\{(\d+)\}/g, "^$1")
    .replaceAll("\\,", "*")
    .replaceAll("\\", "");
}

const at = { T: 0.7, O: -1.3, I: 0.9, w: 0.4, alpha: 0.3, g: 1.7, theta_1: 2.1 };

describe("the language", () => {
  it("prints what it reads and reads what it prints, as text and as LaTeX", () => {
    fc.assert(
      fc.property(arbitraryPolynomial(), (rule) => {
        const text = polynomialText(rule);
        expect(parsePolynomial(text)).toEqual(rule);
        expect(polynomialText(parsePolynomial(text))).toBe(text);
        const latex = polynomialLatex(rule);
        expect(latex).not.toContain("/");
        expect(parsePolynomial(fromLatex(latex))).toEqual(rule);
      }),
      { numRuns: 100, seed: 1 },
    );
  });

  it("adds and multiplies as numbers do, whatever the order of terms", () => {
    fc.assert(
      fc.property(arbitraryPolynomial(), arbitraryPolynomial(), (a, b) => {
        const small = (rule: Polynomial): Polynomial => ({ terms: rule.terms.slice(0, 3) });
        const [p, q] = [small(a), small(b)];
        const near = (x: Polynomial, expected: number): void =>
          expect(Math.abs(value(x, at) - expected)).toBeLessThan(1e-9 * (1 + Math.abs(expected)) * 1e3);
        near(add(p, q), value(p, at) + value(q, at));
        expect(add(p, q)).toEqual(add(q, p));
        if (Math.max(0, ...p.terms.concat(q.terms).map(full)) * 2 <= limits.degree) {
          near(multiply(p, q), value(p, at) * value(q, at));
          expect(multiply(p, q)).toEqual(multiply(q, p));
        }
      }),
      { numRuns: 60, seed: 2 },
    );
  });

  it.each([
    ["(T - O)*I", "T*I - O*I"],
    ["-w^2", "-w^2"],
    ["(-w)^2", "w^2"],
    ["2*-w", "-2*w"],
    ["w*O^2 - O*w*O", "0"],
    ["O*(O - E[O^2])*I", "O^2*I - E[O^2]*O*I"],
    ["E[2*O + alpha]*I", "2*E[O]*I + alpha*I"],
    ["(O + I)^3", "O^3 + 3*O^2*I + 3*O*I^2 + I^3"],
    ["O/3 + O/6", "0.5*O"],
    ["O/3 - I*.125e1", "1/3*O - 1.25*I"],
    ["0.1*O + 0.2*O - 0.3*O + w", "w"],
  ])("%s is %s", (text, canonical) => {
    expect(polynomialText(parsePolynomial(text))).toBe(canonical);
  });

  it("keeps the exact value of constants put in", () => {
    const rule = substitute(parsePolynomial("O*I - alpha^2*w"), { alpha: rationalOf("0.1")! });
    expect(polynomialText(rule)).toBe("O*I - 0.01*w");
  });
});

describe("mistakes", () => {
  it("shows the column with a caret", () => {
    expect(() => parsePolynomial("O*I - w O^2")).toThrowErrorMatchingInlineSnapshot(`
      [PolynomialError: polynomial: column 9: expected a sign before it: +, - or *, got "O"; write w*O for a product
        O*I - w O^2
                ^]
    `);
  });

  it.each([
    ["OI", 1, 'expected one name, got "OI"; write O*I'],
    ["2O", 2, "write 2*O"],
    ["O(I - w)", 2, "a product needs its *"],
    ["O**2", 3, "write ^ for a power"],
    ["O^2^3", 4, "a second ^"],
    ["O^-1", 3, "expected a whole number of at least 0"],
    ["O^1.5", 3, "expected a whole number of at least 0"],
    ["O*", 3, "got the end"],
    ["", 1, "got the end"],
    ["E", 2, "expected [ after E"],
    ["E[E[O]]", 3, "an average inside an average"],
    ["[O]", 1, "E[O^2]"],
    ["W*i", 1, "write w"],
    ["O*I \u2212 w", 5, "write -"],
    ["O\u00b2", 2, "write ^2"],
    ["O/0", 3, "a divisor that is not 0"],
    ["O/I", 3, "expected a number after /"],
    ["((O)", 5, 'expected a closing ) for the "(" at column 1'],
    ["O)", 2, "nothing opened"],
    ["E[O)", 4, "expected a closing ]"],
    ["9".repeat(40), 1, "at most 30 digits"],
    ["1e999999999", 1, "at most 30 digits"],
  ])("%s fails at column %i: %s", (text, column, message) => {
    let error: unknown;
    try {
      parsePolynomial(text);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(PolynomialError);
    expect((error as PolynomialError).column).toBe(column);
    expect((error as PolynomialError).summary).toContain(message);
    expect((error as PolynomialError).summary).not.toContain("\n");
  });

  it.each([
    ["(I + O + w + T)^500", "degree of at most 24, got 500"],
    ["(a + b + c + d + e + f + g + h)^12", "at most 1000 terms"],
    ["((I + O + w + T)^4)^5", "products of terms"],
    [Array(90).fill("(I+O+w+T)^8").join("+"), "products of terms"],
    ["(".repeat(1900), "inside each other"],
    ["-".repeat(1900), "inside each other"],
    ["O".repeat(3000), "at most 2000 characters"],
    ["99999999999^60", "at most 30 digits"],
  ])("refuses %s quickly", (text, message) => {
    const started = performance.now();
    expect(() => parsePolynomial(text)).toThrow(message);
    // Tens of milliseconds; the limit leaves room for a busy machine.
    expect(performance.now() - started).toBeLessThan(1000);
  });

  it("never fails in another way, whatever the text", () => {
    const piece = fc.constantFrom(
      "I",
      "O",
      "w",
      "T",
      "E",
      "[",
      "]",
      "(",
      ")",
      "+",
      "-",
      "*",
      "/",
      "^",
      "2",
      ".5",
      "a",
      " ",
      "\n",
      "#",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
        try {
          parsePolynomial(pieces.join(""));
        } catch (error) {
          expect(error).toBeInstanceOf(PolynomialError);
        }
      }),
      { numRuns: 1000, seed: 3 },
    );
  });
});

describe("recognition", () => {
  it.each(knownRules.map(({ name, text }) => [name, text]))("knows %s, scaled and with other names", (name, text) => {
    const renamed = text
      .replaceAll(/alpha|gamma|theta/g, "kappa")
      .replaceAll(/\bp\b/g, "P1")
      .replaceAll(/\bq\b/g, "Q1");
    for (const variant of [text, `2.5*(${renamed})`, `c*(${renamed})`, numbers(text)])
      expect(recognise(parsePolynomial(variant))?.known.name, variant).toBe(name);
  });

  it("gives the values of constants", () => {
    expect(recognise(parsePolynomial("2*O*I - w*O^2/4"))?.constants).toEqual({ alpha: 0.125 });
    expect(recognise(parsePolynomial("(O - 2)*(I - 3)"))?.constants).toEqual({ p: 2, q: 3 });
    expect(recognise(parsePolynomial("O*I - a*w"))?.constants).toEqual({});
  });

  it.each([
    "O*I - p*I - q*O + 2*p*q",
    "O*I - 2*O - 3*I + 7",
    "O*I + w*O^2",
    "O^2*I^2",
    "(T + O)*I",
    "0",
    "O*I - T*I*w",
  ])("does not take %s for a known rule", (text) => expect(recognise(parsePolynomial(text))).toBeUndefined());

  it("tells which side is larger where it only knows both", () => {
    expect(recognise(parsePolynomial("(T - O)*I"))?.known.name).toContain("delta rule");
    expect(recognise(parsePolynomial("T*I - 2*O*I"))?.known.name).toContain("weighted");
  });
});

// n, d, e of the canonical rules: degree, degree in w, degree in w of a linear unit.
describe("degrees", () => {
  it.each([
    ["-w", 1, 1, 1],
    ["O*I", 2, 0, 1],
    ["T*I", 2, 0, 0],
    ["(T-O)*I", 2, 0, 1],
    ["O*I - g*w", 2, 1, 1],
    ["(O-p)*(I-q)", 2, 0, 1],
    ["O*(I-w)", 2, 1, 2],
    ["I*(O-w)", 2, 1, 1],
    ["O*I - alpha*O^2*w", 3, 1, 3],
    ["T*I - T^2*w", 3, 1, 1],
    ["O*(O - E[O^2])*I", 3, 0, 3],
    ["T*I*(1-w^2)", 4, 2, 2],
  ])("%s has n = %i, d = %i, e = %i", (text, n, d, e) => {
    const { degree, weightDegree, effectiveDegree, supervised } = propertiesOf(parsePolynomial(text));
    expect([degree, weightDegree, effectiveDegree]).toEqual([n, d, e]);
    expect(supervised).toBe(text.includes("T"));
  });
});

describe("fractions", () => {
  it.each([
    ["1/3", 1n, 3n],
    ["-0.05", -1n, 20n],
    ["12", 12n, 1n],
    ["0.0009765625", 1n, 1024n],
  ])("%s", (text, numerator, denominator) => {
    expect(rationalText(rational(numerator, denominator))).toBe(text);
    if (!text.includes("/")) expect(rationalOf(text)).toEqual(rational(numerator, denominator));
  });
});

function full({ exponents, averages, constants }: Polynomial["terms"][number]): number {
  const sum = ({ T, O, I, w }: typeof exponents): number => T + O + I + w;
  return (
    sum(exponents) +
    averages.reduce((total, { of, exponent }) => total + sum(of) * exponent, 0) +
    constants.reduce((total, { exponent }) => total + exponent, 0)
  );
}

/** A known rule with a different number in the place of every constant. */
function numbers(text: string): string {
  return text
    .replaceAll(/alpha|gamma|theta/g, "0.7")
    .replaceAll(/\bp\b/g, "1.25")
    .replaceAll(/\bq\b/g, "0.4");
}
