import { describe, expect, test } from "vitest";
import { interpret } from "../../runtime/interpreter.ts";
import {
  expectObjective,
  fewObjectiveCases,
  type LayerNumbers,
  mean,
  naivePair,
  objectiveCases,
  times,
} from "../testing/layerwise.contract.ts";
import { networkCase } from "../testing/rule-cases.contract.ts";
import { hadamardViews } from "../testing/two-views.contract.ts";
import type { PairKind } from "../../tasks/index.ts";

interface Options {
  readonly pair: PairKind;
  readonly positions: "each" | "together";
  readonly offDiagonal: number;
  readonly scale: number;
  readonly projector: "none" | "linear";
}
const plain: Options = { pair: "same-class", positions: "together", offDiagonal: 0.2, scale: 1, projector: "none" };

/** Correlation of every unit of one view with every unit of the other. */
function naive(numbers: LayerNumbers, { pair, positions, offDiagonal, scale, projector }: Options): number {
  const { here, there } = naivePair(numbers, pair, positions);
  const name = `layer${numbers.layer.index}.projector`;
  return (
    scale *
    mean(
      here.map((raw, p) => {
        const project = (x: number[][]): number[][] =>
          projector === "none" ? x : times(x, numbers.matrix(name, x[0]!.length));
        const [a, b] = [project(raw), project(there[p]!)];
        const standard = (x: number[][], unit: number): number[] => {
          const values = x.map((row) => row[unit]!);
          const centre = mean(values);
          const deviation = Math.sqrt(mean(values.map((value) => (value - centre) ** 2)) + 1e-5);
          return values.map((value) => (value - centre) / deviation);
        };
        let loss = 0;
        for (let i = 0; i < a[0]!.length; i++)
          for (let j = 0; j < a[0]!.length; j++) {
            const [x, y] = [standard(a, i), standard(b, j)];
            const correlation = mean(x.map((value, s) => value * y[s]!));
            loss += i === j ? (1 - correlation) ** 2 : offDiagonal * correlation ** 2;
          }
        return loss;
      }),
    )
  );
}

describe("Barlow Twins' loss, by loops over units", () => {
  test.each(objectiveCases)("$name", (network) => {
    expectObjective({ id: "barlow-twins", ...plain }, network, (numbers) => naive(numbers, plain));
  });
  test.each<Partial<Options>>([
    { positions: "each", scale: 0.024 },
    { projector: "linear", positions: "each" },
    { pair: "context", positions: "each" },
  ])("%o", (changed) => {
    const options = { ...plain, ...changed };
    const network = networkCase("tree-cnn", { symbols: 4, bias: "shared", activation: "tanh" });
    expectObjective({ id: "barlow-twins", ...options, projectorSize: 0 }, network, (numbers) =>
      naive(numbers, options),
    );
  });
});

test("a batch of one has no correlation to learn from: every unit costs 1, and nothing moves", () => {
  for (const network of fewObjectiveCases) {
    const options = { ...plain, projector: "linear" } as const;
    const { evaluation } = expectObjective(
      { id: "barlow-twins", ...options, projectorSize: 0 },
      network,
      (numbers) => naive(numbers, options),
      { batch: 1 },
    );
    // A single sample is its own mean: zhat = 0, whatever the weights, so C = 0 and J = sum_i 1.
    for (const { positions, outFeatures, index } of network.network.layers)
      expect(evaluation.objectives[`layer${index}.objective`]).toBeCloseTo(positions * outFeatures, 12);
    for (const values of Object.values(evaluation.gradients)) expect(values.every((value) => value === 0)).toBe(true);
  }
});

describe("the optimum", () => {
  test("equal views of uncorrelated units cost nothing but epsilon, and any departure costs", () => {
    const { objective, feeds, here } = hadamardViews("barlow-twins", { offDiagonal: 0.5, projector: "none" });
    const cost = (change: (unit: number, sample: number, value: number) => number): number => {
      const values = here.values.map((value, i) => change(i % 3, Math.floor(i / 3), value));
      return interpret([objective], new Map([...feeds, [here.tensor, values]]))[0]!.values[0]!;
    };
    expect(cost((_unit, _sample, value) => value)).toBeLessThan(1e-9);
    // Shifts and scales of a unit do not matter.
    expect(cost((unit, _sample, value) => 3 + (unit + 1) * value)).toBeLessThan(1e-9);
    // One unit of one view reversed: (1 - -1)^2.
    expect(cost((unit, _sample, value) => (unit === 1 ? -value : value))).toBeCloseTo(4, 3);
    // A unit of one view repeats its neighbour: it misses its own partner, 1, and correlates with the neighbour's, 0.5.
    const repeat = here.values.map((value, i) => (i % 3 === 1 ? here.values[i - 1]! : value));
    const cost2 = interpret([objective], new Map([...feeds, [here.tensor, repeat]]))[0]!.values[0]!;
    expect(cost2).toBeCloseTo(1.5, 3);
  });
});
