import { describe, expect, test } from "vitest";
import {
  expectObjective,
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
  readonly temperature: number;
  readonly projector: "none" | "linear" | "mlp";
  readonly projectorSize: number;
}
const plain: Options = {
  pair: "same-class",
  positions: "together",
  temperature: 0.5,
  projector: "none",
  projectorSize: 0,
};

/** 2B views; each finds its other view among the 2B - 1 that are not itself. */
function naive(numbers: LayerNumbers, { pair, positions, temperature, projector, projectorSize }: Options): number {
  const { here, there } = naivePair(numbers, pair, positions);
  const prefix = `layer${numbers.layer.index}.`;
  const losses: number[] = [];
  here.forEach((first, p) => {
    let views = [...first, ...there[p]!];
    const size = projectorSize || views[0]!.length;
    if (projector === "mlp")
      views = times(views, numbers.matrix(`${prefix}projectorHidden`, size)).map((row) =>
        row.map((a) => Math.max(a, 0)),
      );
    if (projector !== "none") views = times(views, numbers.matrix(`${prefix}projector`, size));
    const cosine = (a: number[], b: number[]): number =>
      inner(a, b) / (Math.sqrt(inner(a, a)) || 1) / (Math.sqrt(inner(b, b)) || 1);
    views.forEach((view, i) => {
      const partner = i < first.length ? i + first.length : i - first.length;
      const others = views.filter((_, k) => k !== i).map((other) => cosine(view, other) / temperature);
      losses.push(logSumExp(others) - cosine(view, views[partner]!) / temperature);
    });
  });
  return mean(losses);
}

describe("NT-Xent, by loops over the views", () => {
  test.each(objectiveCases)("$name", (network) => {
    expectObjective({ id: "simclr", ...plain }, network, (numbers) => naive(numbers, plain));
  });
  test.each<Partial<Options>>([
    { positions: "each", temperature: 0.2 },
    { projector: "linear", projectorSize: 3 },
    { projector: "mlp", projectorSize: 0, positions: "each" },
    { pair: "context", positions: "each" },
  ])("%o", (changed) => {
    const options = { ...plain, ...changed };
    const network = networkCase("locally-connected", { bias: "shared", activation: "tanh" });
    expectObjective({ id: "simclr", ...options }, network, (numbers) => naive(numbers, options));
  });
});

test("it is log(2 batch - 1) where all views are alike, and zero for a batch of one", () => {
  for (const batch of [1, 4]) {
    const traced = trace(networkCase("tree-cnn", { activation: "tanh" }), { id: "simclr", pair: "same-class" }, batch);
    const feeds = drawFeeds(traced, 2);
    // Every string the same symbol throughout.
    feeds["tokens"] = feeds["partner.same-class"] = feeds["tokens"]!.map(() => 1);
    for (const value of Object.values(evaluate(traced, feeds).objectives))
      expect(value).toBeCloseTo(Math.log(2 * batch - 1), 10);
  }
});
