import { describe, expect, test } from "vitest";
import { expectObjective, type LayerNumbers, mean, objectiveCases } from "../testing/layerwise.contract.ts";
import { type NaiveClassifier, naiveAffine, naiveClassifier, naivePooled } from "../testing/local-head.contract.ts";
import { type Cube, drawFeeds, evaluate, networkCase, slope, trace } from "../testing/rule-cases.contract.ts";

interface Options extends NaiveClassifier {
  readonly reconciliation: number;
}
const plain: Options = { head: "linear", hidden: 4, pooling: "flatten", reconciliation: 0.7 };

/** dE/dh of each sample for a linear classifier on a layer's activity: W (softmax - onehot), [batch][position][unit]. */
function wanted(numbers: LayerNumbers, index: number, post: Cube, pooling: "flatten" | "mean"): Cube {
  const at = { ...numbers, layer: numbers.evaluation.layers[index - 1]!.layer };
  const { outFeatures, positions } = at.layer;
  const scores = naiveAffine(at, naivePooled(post, pooling), "classifier", "classifierBias", numbers.classes);
  const weight = numbers.matrix(`layer${index}.classifier`, numbers.classes);
  return post.map((sample, b) => {
    const total = scores[b]!.reduce((sum, score) => sum + Math.exp(score), 0);
    const error = scores[b]!.map((score, k) => Math.exp(score) / total - (numbers.labels[b] === k ? 1 : 0));
    return sample.map((units, p) =>
      units.map((_, j) => {
        const row = weight[pooling === "mean" ? j : p * outFeatures + j]!;
        const message = error.reduce((sum, e, k) => sum + e * row[k]!, 0);
        return pooling === "mean" ? message / positions : message;
      }),
    );
  });
}

function naive(numbers: LayerNumbers, options: Options): number {
  const own = naiveClassifier(numbers, options);
  const { layer, evaluation, classes } = numbers;
  const { index, inFeatures, outFeatures, shared, scale } = layer;
  if (index === 1 || options.reconciliation === 0) return own;
  const below = evaluation.layers[index - 2]!;
  const message = wanted(numbers, index - 1, below.post, options.pooling);
  const felt = wanted(numbers, index, numbers.own.post, options.pooling);
  const weight = numbers.matrix(`layer${index}.weight`, outFeatures);
  const distances = felt.map((sample, b) => {
    let distance = 0;
    sample.forEach((units, p) => {
      for (let i = 0; i < inFeatures; i++) {
        let back = 0;
        for (let j = 0; j < outFeatures; j++) {
          const gated = units[j]! * slope(layer, numbers.own.preactivation[b]![p]![j]!);
          back += scale * weight[(shared ? 0 : p * inFeatures) + i]![j]! * gated;
        }
        // Input i of patch p is unit i mod C of position 2p + floor(i / C) of the layer below.
        const channels = below.layer.outFeatures;
        const place = p * (inFeatures / channels) + Math.floor(i / channels);
        distance += (back - message[b]![place]![i % channels]!) ** 2;
      }
    });
    return distance;
  });
  expect(classes).toBe(4);
  return own + options.reconciliation * mean(distances);
}

describe("classifier and distance of derivatives, both written out", () => {
  test.each(objectiveCases)("$name", (network) => {
    expectObjective({ id: "sgr", ...plain }, network, (numbers) => naive(numbers, plain));
  });
  test.each<Partial<Options>>([{ pooling: "mean" }, { reconciliation: 0 }])("%o", (changed) => {
    const options = { ...plain, ...changed };
    const network = networkCase("tree-cnn", { widths: [5, 3, 7], bias: "shared", activation: "tanh" });
    for (const batch of [1, 4])
      expectObjective({ id: "sgr", ...options }, network, (numbers) => naive(numbers, options), { batch });
  });
});

test("without reconciliation it is greedy", () => {
  const network = networkCase("tree-cnn", { bias: "shared" });
  const [sgr, greedy] = [trace(network, { id: "sgr", reconciliation: 0 }), trace(network, { id: "greedy" })];
  const feeds = drawFeeds(greedy, 5);
  expect(evaluate(sgr, feeds).gradients).toEqual(evaluate(greedy, feeds).gradients);
});
