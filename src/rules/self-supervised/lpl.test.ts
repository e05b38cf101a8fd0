import { describe, expect, test } from "vitest";
import { relativeError } from "../../graph/finite-difference.contract.ts";
import { expectObjective, type LayerNumbers, mean, naivePair, objectiveCases } from "../testing/layerwise.contract.ts";
import {
  type Cube,
  drawFeeds,
  evaluate,
  type LayerValues,
  naiveDescent,
  type NetworkCase,
  networkCase,
  slope,
  trace,
  zerosLike,
} from "../testing/rule-cases.contract.ts";

interface Options {
  readonly positions: "each" | "together";
  readonly predictive: number;
  readonly hebbian: number;
  readonly decorrelation: number;
}
const plain: Options = { positions: "together", predictive: 0.7, hebbian: 1.3, decorrelation: 8 };

/** The corrected equation as dLoss/dPreactivation of each sample (times the batch): minus the change at f'(a_i) x_j. */
function corrected({ layer, post, preactivation, partner }: LayerValues, options: Options): Cube {
  const delta = zerosLike(post);
  const batch = post.length;
  const groups =
    options.positions === "each"
      ? post[0]!.map((units, p) => units.map((_, i) => [p, i] as const))
      : [post[0]!.flatMap((units, p) => units.map((_, i) => [p, i] as const))];
  for (const group of groups) {
    const size = group.length;
    const z = post.map((sample) => group.map(([p, i]) => sample[p]![i]!));
    const before = partner!.post.map((sample) => group.map(([p, i]) => sample[p]![i]!));
    const centre = z[0]!.map((_, i) => mean(z.map((row) => row[i]!)));
    const covariance = (i: number, k: number): number =>
      z.reduce((sum, row) => sum + (row[i]! - centre[i]!) * (row[k]! - centre[k]!), 0) / (batch - 1);
    const [alpha, beta] = [batch / (batch - 1), batch / (batch - 1) / (size - 1)];
    group.forEach(([p, i], unit) => {
      for (let b = 0; b < batch; b++) {
        const row = z[b]!;
        let change = -options.predictive * (row[unit]! - before[b]![unit]!);
        change += ((options.hebbian * alpha) / (covariance(unit, unit) + 1e-4)) * (row[unit]! - centre[unit]!);
        row.forEach((value, k) => {
          if (k !== unit) change -= options.decorrelation * beta * (value - centre[k]!) * covariance(unit, k);
        });
        delta[b]![p]![i] = (-change * slope(layer, preactivation[b]![p]![i]!)) / size / groups.length;
      }
    });
  }
  return delta;
}

function expectCorrected(network: NetworkCase, options: Options, batch = 4): void {
  const traced = trace(network, { id: "lpl", pair: "same-class", ...options, symmetric: false }, batch);
  const { layers, gradients } = evaluate(traced, drawFeeds(traced, 6));
  for (const values of layers)
    for (const [name, wanted] of Object.entries(naiveDescent(values, corrected(values, options))))
      expect(relativeError(gradients[name]!, wanted), `${network.name}: ${name}`).toBeLessThan(1e-9);
}

describe("LPL's update is the erratum's equation", () => {
  test.each(objectiveCases)("$name", (network) => {
    for (const positions of ["together", "each"] as const) expectCorrected(network, { ...plain, positions });
  });
  test.each(["predictive", "hebbian", "decorrelation"] as const)("the %s term by itself", (term) => {
    const options = { ...plain, predictive: 0, hebbian: 0, decorrelation: 0, [term]: 2 };
    expectCorrected(networkCase("tree-cnn", { bias: "shared" }), options, 5);
  });
});

test("the symmetric form's objective is the mean of both directions, by loops", () => {
  const naive = (numbers: LayerNumbers): number => {
    const moving = naivePair(numbers, "same-class", "together");
    const still = naivePair({ ...numbers, ...numbers.still }, "same-class", "together");
    const loss = (now: number[][], before: number[][]): number => {
      const [batch, units] = [now.length, now[0]!.length];
      const centre = now[0]!.map((_, i) => mean(now.map((row) => row[i]!)));
      let [pull, push, decorrelate] = [0, 0, 0];
      for (let i = 0; i < units; i++)
        for (let k = 0; k < units; k++) {
          let covariance = 0;
          for (const row of now) covariance += (row[i]! - centre[i]!) * (row[k]! - centre[k]!);
          covariance /= Math.max(batch - 1, 1);
          if (i === k) push -= Math.log(covariance + 1e-4) / 2 / units;
          else decorrelate += covariance ** 2 / 4 / units / (units - 1);
        }
      for (let b = 0; b < batch; b++)
        for (let i = 0; i < units; i++) pull += (now[b]![i]! - before[b]![i]!) ** 2 / 2 / units / batch;
      return plain.predictive * pull + plain.hebbian * push + plain.decorrelation * decorrelate;
    };
    return (loss(moving.here[0]!, still.there[0]!) + loss(moving.there[0]!, still.here[0]!)) / 2;
  };
  const network = networkCase("tree-cnn", { symbols: 4 });
  for (const batch of [1, 3])
    expectObjective({ id: "lpl", pair: "same-class", ...plain, symmetric: true }, network, naive, { batch });
});
