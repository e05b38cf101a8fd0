import { describe, expect, it } from "vitest";
import { exactInverse } from "./exact-inverse.ts";
import { perceptron } from "./perceptron.ts";
import { pointsOf, valueAt } from "./setting.ts";
import { classesOf, complement, thresholdFunctions } from "./threshold-functions.ts";
import { weightForms } from "./weight-form.ts";

/** Every function sum_i w_i x_i > b with whole weights up to `most` and b between whole numbers, x in {0,1}. */
function byEnumeration(inputs: number, most: number): number[] {
  const found = new Set<number>();
  const weights = new Array<number>(inputs).fill(-most);
  for (;;) {
    for (let b = -inputs * most - 0.5; b <= inputs * most + 0.5; b++) {
      let f = 0;
      for (let p = 0; p < 2 ** inputs; p++) {
        let s = 0;
        for (let i = 0; i < inputs; i++) if (Math.floor(p / 2 ** i) % 2 === 1) s += weights[i]!;
        if (s > b) f += 2 ** p;
      }
      found.add(f);
    }
    let at = 0;
    while (at < inputs && weights[at] === most) weights[at++] = -most;
    if (at === inputs) return [...found].sort((a, b) => a - b);
    weights[at]!++;
  }
}

describe("threshold functions", () => {
  it.each([
    [1, 1, 4],
    [2, 1, 14],
    [3, 2, 104],
    [4, 3, 1882],
  ])("of %i inputs are those found by enumerating weights up to %i: %i", (inputs, most, count) => {
    const found = thresholdFunctions(inputs);
    expect(found).toEqual(byEnumeration(inputs, most));
    expect(found).toHaveLength(count);
  });

  it("of 5 inputs: 94572, as counted before (OEIS A000609)", () => {
    const found = thresholdFunctions(5);
    expect(found).toHaveLength(94572);
    expect(found.every((f, i) => i === 0 || f > found[i - 1]!)).toBe(true);
    expect(found.at(-1)).toBe(2 ** 32 - 1);
  });

  it("refuses other numbers of inputs", () => {
    for (const inputs of [0, 6, 2.5]) {
      expect(() => thresholdFunctions(inputs)).toThrow(
        `inputs: expected a whole number from 1 to 5, got ${inputs}; there are 2^(2^N) functions of N inputs`,
      );
    }
  });
});

describe("classes", () => {
  it("are those of three inputs, with their sizes", () => {
    const classes = classesOf(thresholdFunctions(3), 3);
    const forms = weightForms(classes, 3);
    const sizes = classes.map(({ representative, members }) => [forms.get(representative), members.length]);
    expect(Object.fromEntries(sizes)).toEqual({
      constant: 2,
      "a >= 1": 6,
      "a + b >= 1": 24,
      "a + b + c >= 1": 16,
      "a + b + c >= 2": 8,
      "2a + b + c >= 2": 48,
    });
  });

  it("have forms that name members of their own", () => {
    const classes = classesOf(thresholdFunctions(4), 4);
    for (const [representative, form] of weightForms(classes, 4)) {
      if (form === "constant") continue;
      const [left = "", least = ""] = form.split(" >= ");
      let f = 0;
      for (let p = 0; p < 16; p++) {
        let s = 0;
        for (const term of left.split(" + ")) {
          const letter = "abcd".indexOf(term.at(-1)!);
          s += Number(term.slice(0, -1) || "1") * Math.floor((p / 2 ** letter) % 2);
        }
        if (s >= Number(least)) f += 2 ** p;
      }
      expect(classes.find(({ members }) => members.includes(f))?.representative).toBe(representative);
    }
  });

  it("complement turns every value round, also of 32 points", () => {
    expect(complement(0b0110, 4)).toBe(0b1001);
    expect(complement(1, 32)).toBe(2 ** 32 - 2);
  });
});

describe("perceptron", () => {
  const points = pointsOf({ inputs: 2, encoding: "signed", bias: true });

  it("ends with weights that are right, and goes round for ever on exclusive or", () => {
    const and = perceptron(0b1000, points)!;
    points.forEach((x, p) => {
      const s = x.reduce((sum, value, j) => sum + value * and[j]!, 0);
      expect(s > 0).toBe(valueAt(0b1000, p) === 1);
      expect(s).not.toBe(0);
    });
    expect(perceptron(0b0110, points)).toBeUndefined();
  });

  it("takes S at the threshold as 1 where told so", () => {
    // Without bias the point of zeros is always at the threshold 0.
    const binary = pointsOf({ inputs: 1, encoding: "binary", bias: false });
    expect(perceptron(0b01, binary)).toBeUndefined();
    expect(perceptron(0b01, binary, { ties: "one" })).toEqual([-1]);
    expect(perceptron(0b10, binary, { threshold: 0.5 })).toEqual([1]);
  });
});

it("the exact inverse times the matrix is the identity", () => {
  // Second moments of {0,1} inputs with a bias, times 16.
  const a = [
    [8, 4, 4, 8],
    [4, 8, 4, 8],
    [4, 4, 8, 8],
    [8, 8, 8, 16],
  ];
  const { numerators, denominator } = exactInverse(a);
  const product = a.map((row) => a.map((_, k) => row.reduce((sum, value, j) => sum + value * numerators[j]![k]!, 0)));
  expect(product).toEqual(a.map((_, i) => a.map((_, k) => (i === k ? denominator : 0))));
  expect(denominator).toBeGreaterThan(0);
});
