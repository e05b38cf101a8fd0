import { describe, expect, test } from "vitest";
import { chooseRule } from "../../rules/index.ts";
import { degreeOf, evaluate, interpolate, operationOrder, orderOfCounts } from "./order.ts";

describe("polynomials", () => {
  test("their degree is where differences vanish", () => {
    expect(degreeOf([5, 5, 5])).toBe(0);
    expect(degreeOf([0, 0, 0])).toBe(0);
    expect(degreeOf([1, 3, 5, 7])).toBe(1);
    expect(degreeOf([1, 4, 9, 16, 25])).toBe(2);
    // Three values lie on some parabola: nothing is known.
    expect(degreeOf([1, 2, 4])).toBeUndefined();
    expect(degreeOf([2, 4, 8, 16, 32])).toBeUndefined();
  });

  test("are recovered from a grid, every coefficient", () => {
    const at = ([n = 0, l = 0]: readonly number[]): number => 4 * l * n ** 2 - 2 * n ** 2 + 7 * n - 3 * l + 11;
    const found = interpolate(
      [
        [4, 6, 8],
        [2, 3],
      ],
      at,
    );
    const coefficients = Object.fromEntries(found.map((term) => [term.exponents.join(), term.coefficient]));
    for (const [key, value] of Object.entries({ "2,1": 4, "2,0": -2, "1,0": 7, "0,1": -3, "0,0": 11 })) {
      expect(coefficients[key]).toBeCloseTo(value, 8);
    }
    expect(found).toHaveLength(5);
    expect(evaluate(found, [20, 9])).toBeCloseTo(at([20, 9]), 6);
  });

  test("one that only looks like it where it was taken is not believed", () => {
    const axes = [{ symbol: "N", sizes: [4, 6, 8, 10], check: 16 }];
    expect(orderOfCounts(axes, ({ N = 0 }) => N ** 2, { N: 2 })?.text).toBe("O(1)");
    expect(orderOfCounts(axes, ({ N = 0 }) => (N === 16 ? 0 : N ** 2), { N: 2 })).toBeUndefined();
    expect(orderOfCounts(axes, ({ N = 0 }) => 2 ** N, { N: 2 })).toBeUndefined();
  });

  test("terms that another outgrows, and savings, are no part of the order", () => {
    const axes = [
      { symbol: "N", sizes: [4, 6, 8, 10, 12], check: 16 },
      { symbol: "T", sizes: [3, 4, 5], check: 7 },
    ];
    const text = orderOfCounts(axes, ({ N = 0, T = 0 }) => N ** 2 * T - 5 * N ** 2 + N ** 3 + N, { N: 2 })?.text;
    expect(text).toBe("O(N + T)");
    expect(orderOfCounts(axes, ({ N = 0, T = 0 }) => 50 * N ** 2 * T - N ** 3, { N: 2 })?.text).toBe("O(T)");
  });
});

describe("orders by counting against those of Baldi and Sadowski 2016", () => {
  const orderOf = (rule: { readonly id: string; readonly [option: string]: unknown }): string | undefined =>
    operationOrder(chooseRule(rule))?.text;

  test("backprop: four operations a weight, two of the lowest layer's saved, as nothing goes below it", () => {
    const order = operationOrder(chooseRule({ id: "backprop" }))!;
    expect(order.text).toBe("O(1 + C/(N L))");
    const rounded = order.terms.map(({ coefficient, exponents }) => [Math.round(coefficient * 1e6) / 1e6, exponents]);
    // (4 L N^2 - 2 N^2 + 2 L N + 2 N C + 5 C) / (L N^2)
    expect(rounded).toHaveLength(5);
    expect(rounded).toEqual(
      expect.arrayContaining([
        [4, {}],
        [-2, { L: -1 }],
        [2, { N: -1 }],
        [2, { N: -1, L: -1, C: 1 }],
        [5, { N: -2, L: -1, C: 1 }],
      ]),
    );
  });

  test.each([
    ["direct-feedback-alignment", {}, "O(1 + C/N)"],
    ["weight-perturbation", {}, "O(k + C k/(N L))"],
    ["oja-subspace", {}, "O(N)"],
    ["frozen", {}, "0"],
  ])("%s %o: %s", (id, options, text) => {
    expect(orderOf({ id, ...options })).toBe(text);
  });

  test("symbols name the options they stand for", () => {
    expect(operationOrder(chooseRule({ id: "node-perturbation" }))?.symbols).toEqual({ k: "draws" });
  });
});
