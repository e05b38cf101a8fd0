import { describe, expect, test } from "vitest";
import { relativeError } from "../../graph/finite-difference.contract.ts";
import { expectObjective, objectiveCases } from "../testing/layerwise.contract.ts";
import { type NaiveClassifier, naiveClassifier } from "../testing/local-head.contract.ts";
import { drawFeeds, evaluate, naiveDescent, networkCase, slope, trace } from "../testing/rule-cases.contract.ts";

const plain: NaiveClassifier = { head: "linear", hidden: 4, pooling: "flatten" };

describe("each layer lowers its own classifier's cross-entropy, by loops", () => {
  test.each(objectiveCases)("$name", (network) => {
    expectObjective({ id: "greedy", ...plain }, network, (numbers) => naiveClassifier(numbers, plain));
  });
  test.each<Partial<NaiveClassifier>>([{ head: "mlp" }, { pooling: "mean" }, { head: "mlp", pooling: "mean" }])(
    "%o",
    (changed) => {
      const options = { ...plain, ...changed };
      const network = networkCase("tree-cnn", { bias: "shared" });
      for (const batch of [1, 4])
        expectObjective({ id: "greedy", ...options }, network, (numbers) => naiveClassifier(numbers, options), {
          batch,
        });
    },
  );
});

test("a linear classifier teaches f'(a) * W (softmax - onehot): the derivative written out", () => {
  const traced = trace(
    networkCase("locally-connected", { bias: "per-position", activation: "tanh" }),
    { id: "greedy" },
    3,
  );
  const feeds = drawFeeds(traced, 2);
  const { layers, gradients } = evaluate(traced, feeds);
  for (const values of layers) {
    const { layer, post, preactivation } = values;
    const [w, b] = [feeds[`layer${layer.index}.classifier`]!, feeds[`layer${layer.index}.classifierBias`]!];
    const delta = post.map((sample, s) => {
      const x = sample.flat();
      const scores = b.map((offset, k) => x.reduce((sum, value, i) => sum + value * w[i * 4 + k]!, offset));
      const total = scores.reduce((sum, score) => sum + Math.exp(score), 0);
      const error = scores.map((score, k) => Math.exp(score) / total - (feeds.labels![s] === k ? 1 : 0));
      return sample.map((units, p) =>
        units.map((_, j) => {
          const message = error.reduce((sum, e, k) => sum + e * w[(p * layer.outFeatures + j) * 4 + k]!, 0);
          return message * slope(layer, preactivation[s]![p]![j]!);
        }),
      );
    });
    for (const [name, wanted] of Object.entries(naiveDescent(values, delta)))
      expect(relativeError(gradients[name]!, wanted), name).toBeLessThan(1e-9);
  }
});
