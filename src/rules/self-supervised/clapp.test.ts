import { describe, expect, test } from "vitest";
import { relativeError } from "../../graph/finite-difference.contract.ts";
import { objectiveCases } from "../testing/layerwise.contract.ts";
import {
  type Cube,
  cube,
  drawFeeds,
  evaluate,
  type LayerValues,
  type NetworkCase,
  networkCase,
  rows,
  slope,
  sumToBias,
  sumToWeight,
  trace,
} from "../testing/rule-cases.contract.ts";

interface Options {
  readonly predictor: "symmetric" | "asymmetric";
  readonly update: "both" | "either";
  readonly positions: "each" | "together";
  readonly margin: number;
}

/**
 * The three-factor form: one list of comparisons, each with its factor gamma; every comparison changes
 * dV = gamma [ (W c)_j f'(a_j) x_i + (W^T z)_j f'(a^c_j) x^c_i ] and dW = gamma z c^T. Averaged over samples and positions.
 */
function threeFactors(
  values: LayerValues,
  { predictor, update, positions, margin }: Options,
  forwards: number[][],
  backwards: number[][],
  draws: readonly number[],
) {
  const { layer, post, preactivation, pre } = values;
  const partner = values.partner!;
  const [batch, units] = [post.length, layer.outFeatures];
  const blocks = positions === "each" ? layer.positions : 1;
  const width = units * (positions === "each" ? 1 : layer.positions);
  const block = (x: Cube, sample: number, p: number): number[] =>
    positions === "each" ? x[sample]![p]! : x[sample]!.flat();
  const zeros = (): Cube => post.map((sample) => sample.map((list) => list.map(() => 0)));
  // Dendritic signals at both sides, gated below: [sample][position][unit].
  const [atZ, atC] = [zeros(), zeros()];
  const matrix = (): number[][] => Array.from({ length: width }, () => new Array<number>(width).fill(0));
  const [dW, dR] = [matrix(), matrix()];
  const put = (to: Cube, sample: number, p: number, i: number, value: number): void => {
    const at = positions === "each" ? p : Math.floor(i / units);
    to[sample]![at]![i % units]! += value;
  };
  for (let p = 0; p < blocks; p++)
    for (let b = 0; b < batch; b++)
      for (const kind of [1, -1]) {
        if (update === "either" && draws[b] !== kind) continue;
        const z = kind === 1 ? b : (b + 1) % batch;
        const [zs, cs] = [block(post, z, p), block(partner.post, b, p)];
        let [u, v] = [0, 0];
        for (let i = 0; i < width; i++)
          for (let j = 0; j < width; j++) {
            // The predictor maps c (rows of the stored matrix) to z; the retrodictor z to c.
            u += cs[i]! * forwards[i]![j]! * zs[j]!;
            v += zs[i]! * backwards[i]![j]! * cs[j]!;
          }
        const share = 1 / batch / blocks;
        const gamma = kind * u < margin ? kind * share : 0;
        const gammaBack = predictor === "symmetric" ? gamma : kind * v < margin ? kind * share : 0;
        for (let i = 0; i < width; i++)
          for (let j = 0; j < width; j++) {
            put(atZ, z, p, j, gamma * cs[i]! * forwards[i]![j]!);
            if (predictor === "symmetric") put(atC, b, p, i, gamma * forwards[i]![j]! * zs[j]!);
            else put(atC, b, p, j, gammaBack * zs[i]! * backwards[i]![j]!);
            dW[i]![j]! += gamma * cs[i]! * zs[j]!;
            dR[i]![j]! += gammaBack * zs[i]! * cs[j]!;
          }
      }
  const onZ = (b: number, p: number, j: number): number => atZ[b]![p]![j]! * slope(layer, preactivation[b]![p]![j]!);
  const onC = (b: number, p: number, j: number): number =>
    atC[b]![p]![j]! * slope(layer, partner.preactivation[b]![p]![j]!);
  return {
    weight: sumToWeight(
      values,
      (b, p, i, j) => layer.scale * (onZ(b, p, j) * pre[b]![p]![i]! + onC(b, p, j) * partner.pre[b]![p]![i]!),
    ),
    bias: sumToBias(values, (b, p, j) => onZ(b, p, j) + onC(b, p, j)),
    predictor: dW.flat(),
    retrodictor: dR.flat(),
  };
}

function expectThreeFactors(network: NetworkCase, options: Options, batch: number): void {
  const traced = trace(network, { id: "clapp", pair: "same-class", ...options }, batch);
  const feeds = drawFeeds(traced, 4);
  const { layers, gradients } = evaluate(traced, feeds);
  for (const values of layers) {
    const { index, positions, outFeatures } = values.layer;
    const width = outFeatures * (options.positions === "each" ? 1 : positions);
    const forwards = rows(feeds[`layer${index}.predictor`]!, width);
    const backwards = rows(feeds[`layer${index}.retrodictor`] ?? feeds[`layer${index}.predictor`]!, width);
    const change = threeFactors(values, options, forwards, backwards, feeds["noise.comparison"] ?? []);
    for (const [name, wanted] of Object.entries(change)) {
      const found = gradients[`layer${index}.${name}`];
      const kept =
        name === "bias" ? wanted !== undefined : name !== "retrodictor" || options.predictor === "asymmetric";
      expect(found !== undefined, `${network.name}: layer${index}.${name}`).toBe(kept);
      if (!kept || found === undefined || wanted === undefined) continue;
      // The pseudo-gradient is descended: minus the change.
      const error = relativeError(
        found.map((value) => -value),
        wanted,
      );
      expect(error, `${network.name}: layer${index}.${name}`).toBeLessThan(1e-9);
    }
  }
}

describe("the gradient of CLAPP's loss is its three-factor form", () => {
  const points: readonly Options[] = [
    { predictor: "symmetric", update: "both", positions: "together", margin: 1 },
    { predictor: "asymmetric", update: "either", positions: "each", margin: 0.5 },
  ];
  test.each(objectiveCases)("$name", (network) => {
    for (const options of points) expectThreeFactors(network, options, 5);
  });
  test.each<Options>([
    { predictor: "symmetric", update: "either", positions: "each", margin: 1 },
    { predictor: "asymmetric", update: "both", positions: "together", margin: 1 },
  ])("%o, also for a batch of one, whose negative is itself", (options) => {
    for (const batch of [1, 4]) expectThreeFactors(networkCase("tree-cnn", { bias: "shared" }), options, batch);
  });
});

test("comparisons outside the hinge teach nothing", () => {
  const traced = trace(networkCase("tree-cnn"), { id: "clapp", pair: "same-class", update: "both", margin: 1e-9 }, 4);
  const feeds = drawFeeds(traced, 1);
  for (const name of ["layer1.predictor", "layer2.predictor"]) {
    const size = Math.sqrt(feeds[name]!.length);
    feeds[name] = feeds[name]!.map((_, i) => (i % size === Math.floor(i / size) ? 1 : 0));
  }
  // The same string in both views: z . c > 0 for a positive; a negative of another string is still inside.
  feeds["partner.same-class"] = feeds["tokens"]!;
  const { objectives, layers } = evaluate(traced, feeds);
  const { post } = layers[0]!;
  const flat = post.map((sample) => sample.flat());
  const negatives = flat.map((c, b) => flat[(b + 1) % 4]!.reduce((sum, value, i) => sum + value * c[i]!, 1e-9));
  expect(objectives["layer1.objective"]).toBeCloseTo(negatives.reduce((a, b) => a + Math.max(b, 0), 0) / 4, 9);
  expect(cube(post.flat(2), [4, 4, 5])).toEqual(post);
});

test("by default an example makes one of the two comparisons", () => {
  const [traced, given] = [{}, { update: "either" }].map((options) =>
    trace(networkCase("tree-cnn"), { id: "clapp", ...options }),
  );
  expect(traced!.workspace.registry.noises.map(({ name, distribution }) => [name, distribution])).toEqual([
    ["noise.comparison", "sign"],
  ]);
  const feeds = drawFeeds(traced!, 1);
  expect(evaluate(traced!, feeds).gradients).toEqual(evaluate(given!, feeds).gradients);
});
