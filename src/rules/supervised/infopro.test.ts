import { describe, expect, test } from "vitest";
import {
  expectObjective,
  fewObjectiveCases,
  inner,
  type LayerNumbers,
  logSumExp,
  mean,
  objectiveCases,
  times,
} from "../testing/layerwise.contract.ts";
import { type NaiveClassifier, naiveAffine, naiveClassifier, naivePooled } from "../testing/local-head.contract.ts";
import { type NetworkCase, networkCase, rows } from "../testing/rule-cases.contract.ts";

interface Options extends NaiveClassifier {
  readonly task: "cross-entropy" | "contrast";
  readonly temperature: number;
  readonly projection: number;
  readonly firstReconstruction: number;
  readonly lastReconstruction: number;
  readonly firstTask: number;
  readonly lastTask: number;
}
const plain: Options = {
  head: "linear",
  hidden: 4,
  pooling: "flatten",
  task: "cross-entropy",
  temperature: 0.3,
  projection: 3,
  firstReconstruction: 2,
  lastReconstruction: 0.5,
  firstTask: 0.1,
  lastTask: 0.9,
};

const naive =
  ({ network, symbols, vocabulary }: NetworkCase, options: Options) =>
  (numbers: LayerNumbers): number => {
    const { layer, evaluation, labels } = numbers;
    const depth = network.layers.length === 1 ? 1 : (layer.index - 1) / (network.layers.length - 1);
    const pooled = naivePooled(numbers.own.post, options.pooling);
    // The string one-hot, against independent probabilities of each symbol at each place.
    const scores = naiveAffine(numbers, pooled, "decoder", "decoderBias", symbols * vocabulary);
    const strings = rows(evaluation.feeds.tokens!, symbols);
    let reconstruction = 0;
    scores.forEach((row, b) =>
      row.forEach((score, at) => {
        const present = strings[b]![Math.floor(at / vocabulary)] === at % vocabulary;
        const probability = 1 / (1 + Math.exp(-score));
        reconstruction -= Math.log(present ? probability : 1 - probability) / row.length / scores.length;
      }),
    );
    let task = 0;
    if (options.task === "cross-entropy") task = naiveClassifier(numbers, options);
    else {
      const z = times(pooled, numbers.matrix(`layer${layer.index}.projection`, options.projection));
      const cosine = (a: number[], b: number[]): number =>
        inner(a, b) / (Math.sqrt(inner(a, a)) || 1) / (Math.sqrt(inner(b, b)) || 1) / options.temperature;
      task = mean(
        z.map((own, b) => {
          const others = z.map((_, c) => c).filter((c) => c !== b);
          const partners = others.filter((c) => labels[c] === labels[b]);
          const all = logSumExp(others.map((c) => cosine(own, z[c]!)));
          return partners.length === 0 ? 0 : mean(partners.map((c) => all - cosine(own, z[c]!)));
        }),
      );
    }
    const at = (first: number, last: number): number => (1 - depth) * first + depth * last;
    return (
      at(options.firstReconstruction, options.lastReconstruction) * reconstruction +
      at(options.firstTask, options.lastTask) * task
    );
  };

describe("reconstruction and task, by loops over symbols and samples", () => {
  test.each(objectiveCases)("$name", (network) => {
    expectObjective({ id: "infopro", ...plain }, network, naive(network, plain));
  });
  test.each<Partial<Options>>([{ task: "contrast" }, { task: "contrast", pooling: "mean" }, { head: "mlp" }])(
    "%o",
    (changed) => {
      const options = { ...plain, ...changed };
      for (const widths of [[5], [5, 4, 3]]) {
        const network = networkCase("tree-cnn", { bias: "shared", classes: 2, widths });
        expectObjective({ id: "infopro", ...options }, network, naive(network, options), { batch: 5 });
      }
    },
  );
  test.each(fewObjectiveCases)("a batch of one: $name", (network) => {
    expectObjective({ id: "infopro", ...plain }, network, naive(network, plain), { batch: 1 });
  });
  test("a batch of one has nobody to be told from: with the contrast, reconstruction alone is left", () => {
    const network = networkCase("tree-cnn", { symbols: 4 });
    const options = { ...plain, task: "contrast" } as const;
    const { evaluation } = expectObjective({ id: "infopro", ...options }, network, naive(network, options), {
      batch: 1,
    });
    for (const { index } of network.network.layers)
      expect(evaluation.gradients[`layer${index}.projection`]!.every((value) => value === 0)).toBe(true);
  });
  test("samples without another of their class add nothing to the contrast", () => {
    const network = networkCase("tree-cnn", { symbols: 4 });
    const options = { ...plain, task: "contrast" } as const;
    const { evaluation } = expectObjective({ id: "infopro", ...options }, network, naive(network, options), {
      batch: 2,
    });
    expect(new Set(evaluation.feeds.labels).size).toBe(2);
  });
});
