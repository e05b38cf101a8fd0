import { describe, expect, test } from "vitest";
import { interpret } from "../../runtime/interpreter.ts";
import {
  expectObjective,
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
  readonly invariance: number;
  readonly variance: number;
  readonly covariance: number;
  readonly deviation: number;
  readonly projector: "none" | "linear";
}
const plain: Options = {
  pair: "same-class",
  positions: "together",
  invariance: 2,
  variance: 3,
  covariance: 5,
  deviation: 1,
  projector: "none",
};

/** s, v and c by loops over samples and units. */
function naive(numbers: LayerNumbers, options: Options): number {
  const { here, there } = naivePair(numbers, options.pair, options.positions);
  const name = `layer${numbers.layer.index}.projector`;
  const project = (x: number[][]): number[][] =>
    options.projector === "none" ? x : times(x, numbers.matrix(name, x[0]!.length));
  return mean(
    here.map((raw, p) => {
      const [a, b] = [project(raw), project(there[p]!)];
      const [batch, units] = [a.length, a[0]!.length];
      let loss = 0;
      for (let s = 0; s < batch; s++)
        for (let i = 0; i < units; i++) loss += (options.invariance * (a[s]![i]! - b[s]![i]!) ** 2) / batch / units;
      for (const x of [a, b]) {
        const means = x[0]!.map((_, i) => mean(x.map((row) => row[i]!)));
        for (let i = 0; i < units; i++)
          for (let k = 0; k < units; k++) {
            let covariance = 0;
            for (const row of x) covariance += (row[i]! - means[i]!) * (row[k]! - means[k]!);
            covariance /= Math.max(batch - 1, 1);
            if (i === k)
              loss += (options.variance * Math.max(0, options.deviation - Math.sqrt(covariance + 1e-4))) / units;
            else loss += (options.covariance * covariance ** 2) / units;
          }
      }
      return loss;
    }),
  );
}

describe("VICReg's loss, by loops over units", () => {
  test.each(objectiveCases)("$name", (network) => {
    expectObjective({ id: "vicreg", ...plain }, network, (numbers) => naive(numbers, plain));
  });
  test.each<Partial<Options>>([
    { positions: "each", deviation: 0.3 },
    { projector: "linear", positions: "each" },
    { pair: "context", positions: "each" },
  ])("%o", (changed) => {
    const options = { ...plain, ...changed };
    const network = networkCase("tree-cnn", { symbols: 4, bias: "shared", activation: "tanh" });
    expectObjective({ id: "vicreg", ...options, projectorSize: 0 }, network, (numbers) => naive(numbers, options));
  });
  test("a batch of one has distance and hinge only", () => {
    const network = networkCase("tree-cnn", { symbols: 4 });
    expectObjective({ id: "vicreg", ...plain }, network, (numbers) => naive(numbers, plain), { batch: 1 });
  });
});

test("equal views of uncorrelated units with enough variance cost nothing at all; each term by itself costs", () => {
  const cost = (amplitude: number, change: (unit: number, value: number) => number, options: object = {}): number => {
    const { objective, feeds, there } = hadamardViews("vicreg", { ...plain, ...options }, amplitude);
    const values = there.values.map((value, i) => change(i % 3, value));
    return interpret([objective], new Map([...feeds, [there.tensor, values]]))[0]!.values[0]!;
  };
  const same = (_unit: number, value: number): number => value;
  expect(cost(1, same)).toBeCloseTo(0, 12);
  // Both views at half the deviation asked for: unbiased variance 4/3 amplitude^2.
  const deviation = Math.sqrt((4 / 3) * 0.25 + 1e-4);
  expect(cost(0.5, same)).toBeCloseTo(2 * 3 * (1 - deviation), 12);
  // One view shifted by 1: distance alone.
  expect(cost(1, (_unit, value) => value + 1)).toBeCloseTo(2, 12);
});
