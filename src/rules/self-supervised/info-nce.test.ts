import { describe, expect, test } from "vitest";
import {
  expectObjective,
  fewObjectiveCases,
  inner,
  type LayerNumbers,
  logSumExp,
  mean,
  naivePair,
  objectiveCases,
  times,
} from "../testing/layerwise.contract.ts";
import { drawFeeds, evaluate, networkCase, trace } from "../testing/rule-cases.contract.ts";
import type { PairKind } from "../../tasks/index.ts";

interface Options {
  readonly pair: PairKind;
  readonly positions: "each" | "together";
  readonly predictor: boolean;
  readonly temperature: number;
  readonly similarity: "cosine" | "dot";
  readonly symmetric: boolean;
  readonly level?: number;
}
const defaults: Options = {
  pair: "same-class",
  positions: "together",
  predictor: true,
  temperature: 1,
  similarity: "dot",
  symmetric: false,
};

/** Row-wise: minus the log probability of the partner among all. */
function naive(numbers: LayerNumbers, options: Options): number {
  const pair = naivePair(numbers, options.pair, options.positions);
  const losses: number[] = [];
  pair.here.forEach((here, p) => {
    const there = pair.there[p]!;
    const name = `layer${numbers.layer.index}.predictor`;
    const predicted = options.predictor ? times(there, numbers.matrix(name, there[0]!.length)) : there;
    const size = (x: number[]): number => (options.similarity === "cosine" ? Math.sqrt(inner(x, x)) || 1 : 1);
    const score = (b: number, c: number): number =>
      inner(here[b]!, predicted[c]!) / size(here[b]!) / size(predicted[c]!) / options.temperature;
    here.forEach((_, b) => {
      const forwards = logSumExp(here.map((_, c) => score(b, c))) - score(b, b);
      const backwards = logSumExp(here.map((_, c) => score(c, b))) - score(b, b);
      losses.push(options.symmetric ? (forwards + backwards) / 2 : forwards);
    });
  });
  return mean(losses);
}

describe("InfoNCE is the negative log probability of the partner, by loops", () => {
  test.each(objectiveCases)("$name", (network) => {
    for (const options of [defaults, { ...defaults, positions: "each", temperature: 0.5 } as const]) {
      expectObjective({ id: "info-nce", ...options }, network, (numbers) => naive(numbers, options));
    }
  });

  test.each(fewObjectiveCases)("pair=context, in layers of one position too: $name", (network) => {
    const options = { ...defaults, pair: "context" } as const;
    expectObjective({ id: "info-nce", ...options }, network, (numbers) => naive(numbers, options));
  });

  test.each<Partial<Options>>([
    { pair: "context", positions: "each" },
    { pair: "context" },
    { pair: "halves" },
    { pair: "halves", positions: "each" },
    { pair: "shuffled" },
    { pair: "resample", level: 1 },
    { pair: "resample", predictor: false, similarity: "cosine", symmetric: true, temperature: 0.3 },
  ])("%o", (changed) => {
    const options = { ...defaults, ...changed };
    const network = networkCase("tree-cnn", { widths: [4, 6, 2], bias: "shared" });
    expectObjective({ id: "info-nce", ...options }, network, (numbers) => naive(numbers, options));
  });
});

describe("InfoNCE's bounds", () => {
  const network = networkCase("tree-cnn");
  const objectives = (feeds: object, batch: number, options: object = {}): number[] => {
    const traced = trace(network, { id: "info-nce", pair: "same-class", ...options }, batch);
    return Object.values(evaluate(traced, { ...drawFeeds(traced, 3), ...feeds }).objectives);
  };

  test("it is log batch where all scores are equal, zero for a batch of one, and never negative", () => {
    const zero = new Array<number>(20 * 20).fill(0);
    for (const batch of [1, 2, 7]) {
      // A predictor of zeros makes all scores zero.
      const [uniform] = objectives({ "layer1.predictor": zero }, batch);
      expect(uniform).toBeCloseTo(Math.log(batch), 12);
      for (const value of objectives({}, batch)) expect(value).toBeGreaterThanOrEqual(0);
    }
  });
});
