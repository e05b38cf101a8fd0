import { describe, expect, test } from "vitest";
import {
  expectObjective,
  fewObjectiveCases,
  type LayerNumbers,
  mean,
  naivePair,
  objectiveCases,
} from "../testing/layerwise.contract.ts";
import { networkCase } from "../testing/rule-cases.contract.ts";
import type { PairKind } from "../../tasks/index.ts";

interface Options {
  readonly pair: PairKind;
  readonly positions: "each" | "together";
  readonly positiveThreshold: number;
  readonly negativeThreshold: number;
  readonly positiveSlope: number;
  readonly negativeSlope: number;
  readonly goodnessPenalty: number;
}
const plain: Options = {
  pair: "same-class",
  positions: "together",
  positiveThreshold: 0.8,
  negativeThreshold: 0.4,
  positiveSlope: 2,
  negativeSlope: 3,
  goodnessPenalty: 0.1,
};

function naive(numbers: LayerNumbers, options: Options): number {
  const pair = naivePair(numbers, options.pair, options.positions, "preactivation");
  const f = { relu: (a: number) => Math.max(a, 0), tanh: Math.tanh, linear: (a: number) => a }[
    numbers.layer.activation
  ];
  const goodness = (a: number[], b: number[]): number => mean(a.map((value, i) => f((value + b[i]!) / 2) ** 2));
  const [pull, push, squares]: number[][] = [[], [], []];
  pair.here.forEach((here, p) => {
    const there = pair.there[p]!;
    here.forEach((view, b) => {
      const positive = goodness(view, there[b]!);
      const negative = goodness(view, there[(b + 1) % here.length]!);
      pull!.push(Math.log(1 + Math.exp(options.positiveSlope * (options.positiveThreshold - positive))));
      push!.push(Math.log(1 + Math.exp(options.negativeSlope * (negative - options.negativeThreshold))));
      squares!.push(positive ** 2);
    });
  });
  return mean(pull!) + mean(push!) + options.goodnessPenalty * Math.sqrt(mean(squares!));
}

describe("SCFF's loss, by loops over pairs", () => {
  test.each(objectiveCases)("$name", (network) => {
    expectObjective({ id: "scff", ...plain }, network, (numbers) => naive(numbers, plain));
  });
  // The next sample is the sample itself: its own pair is pulled up and pushed down at once.
  test.each(fewObjectiveCases)("a batch of one: $name", (network) => {
    expectObjective({ id: "scff", ...plain }, network, (numbers) => naive(numbers, plain), { batch: 1 });
  });
  test.each<Partial<Options>>([
    { positions: "each" },
    { pair: "context", positions: "each" },
    { goodnessPenalty: 0, positiveSlope: 1 },
  ])("%o", (changed) => {
    const options = { ...plain, ...changed };
    const network = networkCase("tree-cnn", { bias: "shared" });
    expectObjective({ id: "scff", ...options, normalise: false }, network, (numbers) => naive(numbers, options));
  });
});

test("layers pass on activity of mean square one, and as it is without normalise", () => {
  const network = networkCase("tree-cnn", { activation: "tanh", bias: "shared" });
  const upper = (normalise: boolean): number[] => {
    const { evaluation } = expectObjective({ id: "scff", ...plain, normalise }, network, (n) => naive(n, plain));
    return evaluation.layers[1]!.pre.flat(2);
  };
  const square = (list: number[]): number => mean(list.map((value) => value ** 2));
  expect(square(upper(true))).toBeCloseTo(1, 6);
  expect(square(upper(false))).toBeLessThan(0.9);
});
