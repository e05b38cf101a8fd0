import { describe, expect, test } from "vitest";
import {
  expectObjective,
  type LayerNumbers,
  logSumExp,
  mean,
  objectiveCases,
  times,
} from "../testing/layerwise.contract.ts";
import { naivePooled } from "../testing/local-head.contract.ts";
import { type Cube, drawFeeds, evaluate, networkCase, trace } from "../testing/rule-cases.contract.ts";

interface Options {
  readonly agreement: number;
  readonly dropout: number;
  readonly pooling: "flatten" | "mean";
}
const plain: Options = { agreement: 0.6, dropout: 0, pooling: "flatten" };

/** Log posteriors of a layer's random projection. */
function posterior(numbers: LayerNumbers, index: number, post: Cube, { dropout, pooling }: Options): number[][] {
  const h = naivePooled(post, pooling);
  const draws = numbers.evaluation.feeds[`noise.layer${index}.dropout`];
  const kept = h.map((row, b) =>
    row.map((value, i) =>
      draws === undefined ? value : draws[b * row.length + i]! < dropout ? 0 : value / (1 - dropout),
    ),
  );
  return times(kept, numbers.matrix(`layer${index}.projection`, numbers.classes)).map((scores) =>
    scores.map((score) => score - logSumExp(scores)),
  );
}

function naive(numbers: LayerNumbers, options: Options): number {
  const { index } = numbers.layer;
  const own = posterior(numbers, index, numbers.own.post, options);
  const likelihood = mean(own.map((row, b) => -row[numbers.labels[b]!]!));
  if (index === 1) return likelihood;
  const below = posterior(numbers, index - 1, numbers.evaluation.layers[index - 2]!.post, options);
  const distances = own.map((row, b) => {
    let overlap = 0;
    row.forEach((logP, k) => (overlap += Math.sqrt(Math.exp(logP) * Math.exp(below[b]![k]!))));
    return -Math.log(overlap);
  });
  return likelihood + options.agreement * mean(distances);
}

describe("likelihood and Bhattacharyya distance to the layer below, by loops over classes", () => {
  test.each(objectiveCases)("$name", (network) => {
    expectObjective({ id: "sll", ...plain }, network, (numbers) => naive(numbers, plain));
  });
  test.each<Partial<Options>>([{ dropout: 0.4 }, { pooling: "mean", dropout: 0.2 }, { agreement: 0 }])(
    "%o",
    (changed) => {
      const options = { ...plain, ...changed };
      const network = networkCase("tree-cnn", { widths: [5, 3, 7], bias: "shared" });
      for (const batch of [1, 4])
        expectObjective({ id: "sll", ...options }, network, (numbers) => naive(numbers, options), { batch });
    },
  );
});

test("a layer that says what the layer below says is at no distance from it", () => {
  // Two linear layers of one position and the same size, the upper one the identity, with the same projection.
  const network = networkCase("mlp", { symbols: 4, widths: [3, 3], activation: "linear" });
  const traced = trace(network, { id: "sll", agreement: 100, dropout: 0 }, 4);
  const feeds = drawFeeds(traced, 1);
  feeds["layer2.weight"] = [1, 0, 0, 0, 1, 0, 0, 0, 1];
  feeds["layer2.projection"] = feeds["layer1.projection"]!;
  const { objectives } = evaluate(traced, feeds);
  expect(objectives["layer2.objective"]).toBeCloseTo(objectives["layer1.objective"]!, 10);
});

test("by default a tenth of the units is silent in a projection, other ones in every layer", () => {
  const noises = (options: object): readonly [string, string][] =>
    trace(networkCase("tree-cnn"), { id: "sll", ...options }).workspace.registry.noises.map(
      ({ name, distribution }) => [name, distribution],
    );
  expect(noises({})).toEqual([
    ["noise.layer1.dropout", "uniform"],
    ["noise.layer2.dropout", "uniform"],
  ]);
  expect(noises({ dropout: 0 })).toEqual([]);
  const [traced, given] = [{}, { dropout: 0.1 }].map((options) =>
    trace(networkCase("tree-cnn"), { id: "sll", ...options }),
  );
  const feeds = drawFeeds(traced!, 1);
  expect(evaluate(traced!, feeds).objectives).toEqual(evaluate(given!, feeds).objectives);
});
