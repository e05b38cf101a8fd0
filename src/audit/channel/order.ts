/**
 * The order of an update's operations a weight, found by counting at several sizes.
 *
 * The cost model adds products of sizes, so an update's operations are a polynomial of the width N, the depth L, the classes C and
 * a rule's own counts (draws k, samples S, steps T). Finite differences give its degree along each axis without any fit, interpolation
 * on a grid of sizes gives every coefficient, and the cost at larger sizes, not used before, must come out to the last
 * operation. Divided by the W = L N^2 weights, the terms that no other term outgrows are the order.
 *
 * Counted on the fully connected network that is meant by such orders in Baldi and Sadowski 2016: L layers of N units on N
 * inputs, no biases, C classes, one example at a time.
 */
import { layOut } from "../../networks/index.ts";
import type { ChosenRule } from "../../rules/index.ts";
import { buildStep, type Model } from "../../train/step.ts";
import { totalOperations } from "./operations.ts";

/** One term of the operations a weight: `coefficient * N^a L^b ...`. */
export interface OrderTerm {
  readonly coefficient: number;
  /** Exponent of each symbol, zeros left out; negative where the number of weights grows faster. */
  readonly exponents: Readonly<Record<string, number>>;
}

/** Operations a weight of one update by one example, as a function of the sizes. */
export interface Order {
  /** `O(1)`, `O(1 + C/N)`, `O(k)`: N units a layer, L layers, C classes; k, S, T of `symbols`. */
  readonly text: string;
  /** All terms. */
  readonly terms: readonly OrderTerm[];
  /** What symbols beside N, L and C stand for: option by symbol. */
  readonly symbols: Readonly<Record<string, string>>;
}

/** Options of rules that count something: their symbol. */
const counts = { draws: "k", samples: "S", steps: "T", freeSteps: "T", nudgedSteps: "U" } as const;

/**
 * Fewer classes than units, as simplification scales the smaller of two factors; and no size twice where it can be helped, as equal
 * constants are computed once.
 */
const usual: readonly Axis[] = [
  { symbol: "N", sizes: [14, 18, 22, 26, 30, 34], check: 38 },
  { symbol: "L", sizes: [3, 4, 5, 6], check: 7 },
  { symbol: "C", sizes: [5, 7, 9, 11], check: 13 },
];
/** For rules that take a pass for every weight. */
const small: readonly Axis[] = [
  { symbol: "N", sizes: [6, 7, 8, 9, 10, 11], check: 12 },
  { symbol: "L", sizes: [2, 3, 4, 5], check: 6 },
  { symbol: "C", sizes: [2, 3, 4], check: 5 },
];
/** Repetitions are all alike. */
const repeated = { sizes: [2, 3, 4], check: 5 };
/** The first steps of settling cost less than later ones, until news from the output has reached every one of up to 6 layers. */
const settling = { sizes: [16, 18, 20], check: 22 };

/** Sizes at which costs are counted. */
export interface Axis {
  readonly symbol: string;
  /** Equally spaced sizes at which the degree is looked for. */
  readonly sizes: readonly number[];
  /** A size at which the polynomial is checked. */
  readonly check: number;
}

/**
 * Finds the order of a rule. Undefined where its operations are no polynomial of the sizes in the range looked at, or where it
 * cannot be traced on a fully connected network with one example.
 */
export function operationOrder(chosen: ChosenRule): Order | undefined {
  const symbols = Object.fromEntries(
    Object.entries(counts).flatMap(([option, symbol]) =>
      countOf(chosen, option) === undefined ? [] : [[symbol, option]],
    ),
  );
  const more = Object.keys(symbols).map((symbol) => ({
    symbol,
    ...(symbol === "T" || symbol === "U" ? settling : repeated),
  }));
  for (const sizes of [usual, small]) {
    try {
      // W = L N^2.
      const count = (at: Sizes): number => operationsAt(chosen, at, symbols);
      const order = orderOfCounts([...sizes, ...more], count, { N: 2, L: 1 });
      const used = Object.entries(symbols).filter(([symbol]) =>
        order?.terms.some(({ exponents }) => symbol in exponents),
      );
      return order && { ...order, symbols: Object.fromEntries(used) };
    } catch (error) {
      // A rule may refuse a network as too large, or this kind of network altogether.
      if (error instanceof Error && error.message.startsWith("internal:")) throw error;
    }
  }
  return undefined;
}

/** Sizes by symbol. */
export type Sizes = Readonly<Record<string, number>>;

/**
 * The order a weight of whatever `operationsAt` counts, from its values at the sizes of `axes`. `weights` holds the exponents of
 * the number of weights. Undefined where the counts are no polynomial, or not the one found when checked.
 */
export function orderOfCounts(
  axes: readonly Axis[],
  operationsAt: (sizes: Sizes) => number,
  weights: Sizes,
): Order | undefined {
  const known = new Map<string, number>();
  const at = (sizes: readonly number[]): number => {
    const key = sizes.join(" ");
    const named = (): Sizes => Object.fromEntries(axes.map(({ symbol }, i) => [symbol, sizes[i] ?? 1]));
    const operations = known.get(key) ?? operationsAt(named());
    known.set(key, operations);
    return operations;
  };
  const base = axes.map(({ sizes }) => sizes[0] ?? 1);
  const degrees = axes.map(({ sizes }, a) => degreeOf(sizes.map((size) => at(base.with(a, size)))));
  if (degrees.some((degree) => degree === undefined)) return undefined;
  const points = axes.map(({ sizes }, a) => sizes.slice(0, (degrees[a] ?? 0) + 1));
  const polynomial = interpolate(points, at);
  const checks = axes.map(({ check }) => check);
  if (Math.round(evaluate(polynomial, checks)) !== at(checks)) return undefined;
  return orderOf(polynomial, axes, weights);
}

/** The value of a rule's counting option; undefined where it has none of that name, or one that is no number. */
function countOf({ options }: ChosenRule, option: string): number | undefined {
  const value = (options as Readonly<Record<string, unknown>>)[option];
  return typeof value === "number" ? value : undefined;
}

function operationsAt({ rule, options }: ChosenRule, sizes: Sizes, symbols: Readonly<Record<string, string>>): number {
  const { N: width = 1, L: depth = 1, C: classes = 1 } = sizes;
  const network = layOut(
    { positions: 1, channels: width, classes, branching: 1 },
    {
      architecture: "mlp",
      width,
      depth,
      activation: "relu",
      parametrisation: "standard",
      bias: "none",
      readout: "flatten",
    },
  );
  const own = Object.fromEntries(Object.entries(symbols).map(([symbol, option]) => [option, sizes[symbol] ?? 1]));
  const model: Model = {
    network,
    rule: { rule, options: { ...(options as object), ...own } },
    optimiser: { kind: "sgd", momentum: 0, beta1: 0, beta2: 0, epsilon: 1, weightDecay: 0 },
    batch: 1,
  };
  return totalOperations(buildStep(model, 1));
}

/** Degree of the polynomial through equally spaced values: the last order of differences that is not zero. Undefined when none vanishes. */
export function degreeOf(values: readonly number[]): number | undefined {
  let differences = values;
  for (let order = 0; differences.length > 0; order++) {
    if (differences.every((value) => value === 0)) return Math.max(0, order - 1);
    differences = differences.slice(1).map((value, i) => value - (differences[i] ?? NaN));
  }
  return undefined;
}

/** A polynomial of several sizes: coefficient by exponents, one for each size. */
export type Polynomial = readonly { readonly exponents: readonly number[]; readonly coefficient: number }[];

/** The polynomial with given values on the grid of `points`, of degree one less than their number along each axis. */
export function interpolate(
  points: readonly (readonly number[])[],
  at: (sizes: readonly number[]) => number,
): Polynomial {
  const [own, ...rest] = points;
  if (own === undefined) return [{ exponents: [], coefficient: at([]) }];
  const bases = own.map((point) => lagrange(own, point));
  const sums = new Map<string, { exponents: readonly number[]; coefficient: number }>();
  own.forEach((point, i) => {
    for (const inner of interpolate(rest, (sizes) => at([point, ...sizes]))) {
      (bases[i] ?? []).forEach((basis, power) => {
        const exponents = [power, ...inner.exponents];
        const key = exponents.join(" ");
        const before = sums.get(key)?.coefficient ?? 0;
        sums.set(key, { exponents, coefficient: before + basis * inner.coefficient });
      });
    }
  });
  const all = [...sums.values()];
  const largest = Math.max(...all.map(({ coefficient }) => Math.abs(coefficient)));
  // Coefficients are small fractions; what rounding leaves of a zero is far below.
  return all.filter(({ coefficient }) => Math.abs(coefficient) > 1e-9 * largest);
}

/** Coefficients, constant first, of the polynomial that is 1 at `point` and 0 at the other `points`. */
function lagrange(points: readonly number[], point: number): number[] {
  return points
    .filter((other) => other !== point)
    .reduce<number[]>(
      (product, other) => {
        const shifted = [0, ...product];
        return shifted.map((value, i) => (value - other * (product[i] ?? 0)) / (point - other));
      },
      [1],
    );
}

/** Value of a polynomial. */
export function evaluate(polynomial: Polynomial, sizes: readonly number[]): number {
  const term = (exponents: readonly number[]): number =>
    exponents.reduce((product, exponent, i) => product * (sizes[i] ?? 1) ** exponent, 1);
  return polynomial.reduce((sum, { exponents, coefficient }) => sum + coefficient * term(exponents), 0);
}

function orderOf(polynomial: Polynomial, axes: readonly Axis[], weights: Sizes): Order {
  const terms = polynomial.map(({ exponents, coefficient }): OrderTerm => {
    const perWeight = exponents.map((exponent, i) => exponent - (weights[axes[i]?.symbol ?? ""] ?? 0));
    const named = perWeight.flatMap((exponent, i) =>
      exponent === 0 ? [] : [[axes[i]?.symbol ?? "", exponent] as const],
    );
    return { coefficient, exponents: Object.fromEntries(named) };
  });
  // What is saved, as the first steps of settling, is no order.
  const leading = terms.filter(
    (term) => term.coefficient > 0 && !terms.some((other) => other !== term && outgrows(other, term)),
  );
  const text = leading.length === 0 ? "0" : `O(${leading.map(termText).join(" + ")})`;
  return { text, terms, symbols: {} };
}

/** Whether `a` is at least as large as `b` in every size, and larger in one. */
function outgrows({ exponents: a }: OrderTerm, { exponents: b }: OrderTerm): boolean {
  return Object.keys({ ...a, ...b }).every((symbol) => (a[symbol] ?? 0) >= (b[symbol] ?? 0));
}

function termText({ exponents }: OrderTerm): string {
  const power = ([symbol, exponent]: readonly [string, number]): string =>
    Math.abs(exponent) === 1 ? symbol : `${symbol}^${Math.abs(exponent)}`;
  const entries = Object.entries(exponents);
  const above = entries.filter(([, exponent]) => exponent > 0).map(power);
  const below = entries.filter(([, exponent]) => exponent < 0).map(power);
  const top = above.join(" ") || "1";
  return below.length === 0 ? top : `${top}/${below.length > 1 ? `(${below.join(" ")})` : (below[0] ?? "")}`;
}
