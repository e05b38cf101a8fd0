import { describe, expect, test } from "vitest";
import {
  expectObjective,
  inner,
  type LayerNumbers,
  mean,
  objectiveCases,
  times,
} from "../testing/layerwise.contract.ts";
import { type NaiveClassifier, naiveClassifier, naivePooled } from "../testing/local-head.contract.ts";
import { drawFeeds, evaluate, networkCase, trace } from "../testing/rule-cases.contract.ts";

interface Options extends NaiveClassifier {
  readonly beta: number;
  readonly similarityHead: "none" | "linear";
}
const plain: Options = { head: "linear", hidden: 4, pooling: "flatten", beta: 0.7, similarityHead: "linear" };

/** Cosine of two rows, each minus its mean. */
function similarity(a: number[], b: number[]): number {
  const centre = (x: number[]): number[] => x.map((value) => value - mean(x));
  const [x, y] = [centre(a), centre(b)];
  return inner(x, y) / (Math.sqrt(inner(x, x)) || 1) / (Math.sqrt(inner(y, y)) || 1);
}

function naive(numbers: LayerNumbers, options: Options): number {
  let loss = options.beta < 1 ? (1 - options.beta) * naiveClassifier(numbers, options) : 0;
  if (options.beta === 0) return loss;
  let h = naivePooled(numbers.own.post, options.pooling);
  if (options.similarityHead === "linear")
    h = times(h, numbers.matrix(`layer${numbers.layer.index}.similarity`, h[0]!.length));
  const labels = numbers.labels.map((label) =>
    Array.from({ length: numbers.classes }, (_, k) => (k === label ? 1 : 0)),
  );
  for (let b = 0; b < h.length; b++)
    for (let c = 0; c < h.length; c++)
      loss += (options.beta * (similarity(h[b]!, h[c]!) - similarity(labels[b]!, labels[c]!)) ** 2) / h.length ** 2;
  return loss;
}

describe("prediction and similarity matching, by loops over pairs of samples", () => {
  test.each(objectiveCases)("$name", (network) => {
    expectObjective({ id: "predsim", ...plain }, network, (numbers) => naive(numbers, plain));
  });
  test.each<Partial<Options>>([
    { beta: 1, similarityHead: "none" },
    { beta: 0 },
    { pooling: "mean", head: "mlp", similarityHead: "none" },
  ])("%o", (changed) => {
    const options = { ...plain, ...changed };
    const network = networkCase("tree-cnn", { symbols: 4, bias: "shared" });
    for (const batch of [1, 4])
      expectObjective({ id: "predsim", ...options }, network, (numbers) => naive(numbers, options), { batch });
  });
});

test("similarity matching is zero where activity is alike within classes and as different between them as labels are", () => {
  const network = networkCase("mlp", { symbols: 4, vocabulary: 4, classes: 4, widths: [4], activation: "linear" });
  const traced = trace(network, { id: "predsim", beta: 1, similarityHead: "none" }, 4);
  const feeds = drawFeeds(traced, 1);
  // Strings k k k k of class k; each unit sums one symbol: activity is the one-hot label times 4.
  feeds.tokens = [0, 1, 2, 3].flatMap((k) => [k, k, k, k]);
  feeds.labels = [0, 1, 2, 3];
  feeds["layer1.weight"] = Array.from({ length: 16 * 4 }, (_, at) => (Math.floor(at / 4) % 4 === at % 4 ? 1 : 0));
  expect(evaluate(traced, feeds).objectives["layer1.objective"]).toBeCloseTo(0, 10);
  feeds.labels = [1, 0, 2, 2];
  expect(evaluate(traced, feeds).objectives["layer1.objective"]).toBeGreaterThan(0.01);
});
