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
  readonly negatives: number;
  readonly steps: number;
}
const plain: Options = { pair: "same-class", positions: "together", negatives: 2, steps: 0 };

/** The partner k positions on against the same place in the next N samples. */
function naive(numbers: LayerNumbers, { pair, positions, negatives, steps }: Options): number {
  const { here, there } = naivePair(numbers, pair, positions);
  const batch = here[0]!.length;
  const perStep: number[] = [];
  for (let k = 0; k <= steps && k < here.length; k++) {
    const matrix = numbers.matrix(`layer${numbers.layer.index}.predictor${k}`, here[0]![0]!.length);
    const losses: number[] = [];
    for (let t = 0; t + k < here.length; t++) {
      const predicted = times(there[t]!, matrix);
      for (let b = 0; b < batch; b++) {
        const candidates = [b];
        for (let n = 1; n <= Math.min(negatives, batch - 1); n++) candidates.push((b + n) % batch);
        const scores = candidates.map((c) => inner(predicted[b]!, here[t + k]![c]!));
        losses.push(logSumExp(scores) - scores[0]!);
      }
    }
    perStep.push(mean(losses));
  }
  return mean(perStep);
}

describe("Greedy InfoMax's loss, by loops over candidates", () => {
  test.each(objectiveCases)("$name", (network) => {
    expectObjective({ id: "greedy-infomax", ...plain }, network, (numbers) => naive(numbers, plain), { batch: 5 });
  });
  test.each<Partial<Options>>([
    { positions: "each", steps: 2 },
    { positions: "each", steps: 1, pair: "context" },
    { negatives: 50 },
  ])("%o", (changed) => {
    const options = { ...plain, ...changed };
    const network = networkCase("tree-cnn", { bias: "shared" });
    expectObjective({ id: "greedy-infomax", ...options }, network, (numbers) => naive(numbers, options), { batch: 4 });
  });
});

test("a batch of one has no negatives: the partner is certain, the loss 0, and nothing moves", () => {
  for (const network of fewObjectiveCases) {
    const options = { ...plain, positions: "each", steps: 1 } as const;
    const { evaluation } = expectObjective({ id: "greedy-infomax", ...options }, network, (n) => naive(n, options), {
      batch: 1,
    });
    for (const loss of Object.values(evaluation.objectives)) expect(loss).toBeCloseTo(0, 12);
    for (const values of Object.values(evaluation.gradients))
      expect(Math.max(...values.map(Math.abs))).toBeLessThan(1e-12);
  }
});

test("with every other sample as a negative it is InfoNCE from the second view to the first", () => {
  const network = networkCase("tree-cnn");
  const [gim, nce] = [
    trace(network, { id: "greedy-infomax", negatives: 3 }, 4),
    trace(network, { id: "info-nce", symmetric: true }, 4),
  ];
  const feeds = drawFeeds(gim, 1);
  for (const layer of ["layer1", "layer2"]) feeds[`${layer}.predictor`] = feeds[`${layer}.predictor0`]!;
  // Symmetric InfoNCE is the mean of both directions; finding the second view from the first is the other half.
  const forwards = evaluate(trace(network, { id: "info-nce" }, 4), feeds).objectives;
  const both = evaluate(nce, feeds).objectives;
  const found = evaluate(gim, feeds).objectives;
  for (const name of ["layer1.objective", "layer2.objective"])
    expect(found[name]).toBeCloseTo(2 * both[name]! - forwards[name]!, 10);
});
