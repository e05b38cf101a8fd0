import { describe, expect, test } from "vitest";
import { sizeOf } from "../../graph/index.ts";
import { distance, expectUpdates, naivePass } from "../testing/naive-pass.contract.ts";
import {
  type Cube,
  cube,
  drawFeeds,
  evaluate,
  type Feeds,
  naiveDescent,
  type NetworkCase,
  networkCase,
  networkCases,
  trace,
  type Traced,
} from "../testing/rule-cases.contract.ts";

interface Options {
  readonly sigma: number;
  readonly draws: number;
  readonly antithetic: boolean;
  readonly scope: "network" | "layer" | "local";
  readonly distribution: "normal" | "sign";
  readonly credit: "noise" | "difference";
  readonly broadcast: "sample" | "batch";
}
const plain: Options = {
  sigma: 0.05,
  draws: 1,
  antithetic: false,
  scope: "network",
  distribution: "normal",
  credit: "noise",
  broadcast: "sample",
};

/** The update by loops: for each draw and each set of layers shaken together. */
function naive(net: NetworkCase, feeds: Feeds, options: Options): Record<string, number[]> {
  const { layers } = net.network;
  const batch = feeds["labels"]!.length;
  const { sigma, draws, antithetic } = options;
  const xi = (index: number, draw: number): Cube => {
    const { positions, outFeatures } = layers[index - 1]!;
    return cube(feeds[`noise.layer${index}.units.${draw}`]!, [batch, positions, outFeatures]);
  };
  const clean = naivePass(net, feeds);
  const update: Record<string, number[]> = {};
  const groups = options.scope === "network" ? [layers] : layers.map((layer) => [layer]);
  if (options.scope === "local") return naiveAlone(net, feeds, options, xi);
  for (let draw = 1; draw <= draws; draw++)
    for (const group of groups) {
      const shaken = (size: number) =>
        naivePass(net, feeds, {
          noise: (layer, b, p, j) => (group.includes(layer) ? size * xi(layer.index, draw)[b]![p]![j]! : 0),
        });
      const [up, down] = [shaken(sigma), antithetic ? shaken(-sigma) : clean];
      const half = antithetic ? 2 : 1;
      const rises = up.losses.map((loss, b) => (loss - down.losses[b]!) / half);
      const steps = group.map(({ index }) =>
        up.layers[index - 1]!.preactivation.map((sample, b) =>
          sample.map((units, p) => units.map((a, j) => (a - down.layers[index - 1]!.preactivation[b]![p]![j]!) / half)),
        ),
      );
      const sum = (list: number[]): number => list.reduce((total, x) => total + x, 0);
      const squares = rises.map((_, b) => sum(steps.flatMap((step) => step[b]!.flat().map((x) => x * x))));
      const units = sum(steps.map((step) => step[0]!.flat().length));
      group.forEach((layer, g) => {
        const delta = steps[g]!.map((sample, b) =>
          sample.map((list, p) =>
            list.map((step, j) => {
              if (options.credit === "noise") {
                const rise = options.broadcast === "sample" ? rises[b]! : sum(rises);
                return (rise / sigma) * xi(layer.index, draw)[b]![p]![j]!;
              }
              // With one number for the batch, all units of all samples are the coordinates of one step.
              return options.broadcast === "sample"
                ? (units * rises[b]! * step) / squares[b]!
                : (units * batch * sum(rises) * step) / sum(squares);
            }),
          ),
        );
        for (const [name, values] of Object.entries(naiveDescent(clean.layers[layer.index - 1]!, delta)))
          update[name] = values.map((x, i) => (update[name]?.[i] ?? 0) + x / draws);
      });
    }
  return update;
}

/** The update by loops over units: a pass for each, in which it alone is shaken. */
function naiveAlone(
  net: NetworkCase,
  feeds: Feeds,
  { sigma, draws, antithetic, broadcast }: Options,
  xi: (index: number, draw: number) => Cube,
): Record<string, number[]> {
  const clean = naivePass(net, feeds);
  const update: Record<string, number[]> = {};
  for (let draw = 1; draw <= draws; draw++)
    for (const shaken of net.network.layers) {
      const noise = xi(shaken.index, draw);
      const delta = noise.map((sample) => sample.map((units) => units.map(() => 0)));
      for (let p = 0; p < shaken.positions; p++)
        for (let j = 0; j < shaken.outFeatures; j++) {
          const losses = (size: number): number[] =>
            naivePass(net, feeds, {
              noise: (layer, b, q, k) => (layer === shaken && q === p && k === j ? size * noise[b]![p]![j]! : 0),
            }).losses;
          const [up, down] = [losses(sigma), losses(antithetic ? -sigma : 0)];
          const rises = up.map((loss, b) => (loss - down[b]!) / (antithetic ? 2 : 1) / sigma);
          const all = rises.reduce((sum, rise) => sum + rise, 0);
          rises.forEach((rise, b) => {
            delta[b]![p]![j] = (broadcast === "sample" ? rise : all) * noise[b]![p]![j]!;
          });
        }
      for (const [name, values] of Object.entries(naiveDescent(clean.layers[shaken.index - 1]!, delta)))
        update[name] = values.map((x, i) => (update[name]?.[i] ?? 0) + x / draws);
    }
  return update;
}

describe("every unit shaken alone, by a pass for each", () => {
  test.each([networkCases[1]!, networkCases[4]!, networkCases[8]!].map((net) => [net.name, net] as const))(
    "%s",
    (_, net) => {
      for (const changed of [{}, { broadcast: "batch" }, { draws: 2, antithetic: true }] as const) {
        const options = { ...plain, scope: "local", ...changed } as const;
        const traced = trace(net, { id: "np", ...options }, 3);
        const feeds = drawFeeds(traced, 1);
        expectUpdates(evaluate(traced, feeds).gradients, naive(net, feeds, options));
      }
    },
  );

  test("with sign noise, either side of the drive, it is the gradient in a single step", () => {
    const net = networkCase("locally-connected", { activation: "tanh", bias: "per-position" });
    const traced = trace(net, { id: "np", scope: "local", distribution: "sign", antithetic: true, sigma: 1e-4 }, 3);
    const feeds = drawFeeds(traced, 2);
    expectUpdates(evaluate(traced, feeds).gradients, evaluate(trace(net, { id: "backprop" }, 3), feeds).gradients);
  });

  test("more units than passes, and credit for what moved, are refused", () => {
    expect(() => trace(networkCase("mlp", { widths: [4000, 97] }), { id: "np", scope: "local" })).toThrow(
      "rule node-perturbation: expected at most 4096 units with scope=local, which takes a pass for each, got 4097; use scope=layer",
    );
    expect(() => trace(networkCase("mlp"), { id: "np", scope: "local", credit: "difference" })).toThrow(
      "rule node-perturbation: expected credit=noise with scope=local, got credit=difference; a unit shaken alone",
    );
  });
});

describe("the rise of each sample's loss times noise times input, by loops", () => {
  test.each(networkCases.map((net) => [net.name, net] as const))("%s", (_, net) => {
    for (const credit of ["noise", "difference"] as const) {
      const options = { ...plain, credit };
      const traced = trace(net, { id: "np", ...options }, 3);
      const feeds = drawFeeds(traced, 1);
      expectUpdates(evaluate(traced, feeds).gradients, naive(net, feeds, options));
    }
  });

  test.each<Partial<Options>>([
    { antithetic: true },
    { scope: "layer" },
    { draws: 3, distribution: "sign" },
    { broadcast: "batch" },
    { credit: "difference", broadcast: "batch" },
    { credit: "difference", antithetic: true },
    { credit: "difference", draws: 2, antithetic: true, scope: "layer", broadcast: "batch" },
  ])("%o", (changed) => {
    const options = { ...plain, ...changed };
    const net = networkCase("tree-cnn", { bias: "shared" });
    for (const batch of [2, 1]) {
      const traced = trace(net, { id: "np", ...options }, batch);
      const feeds = drawFeeds(traced, 2);
      expectUpdates(evaluate(traced, feeds).gradients, naive(net, feeds, options));
    }
  });
});

/** The update averaged over all signs of all noise; with `alike` every sample gets the same signs. */
function overAllSigns(traced: Traced, feeds: Feeds, alike: boolean): Record<string, number[]> {
  const { noises } = traced.workspace.registry;
  const perSample = noises.map(({ shape }) => sizeOf(shape) / traced.batch);
  const bits = (alike ? 1 : traced.batch) * perSample.reduce((sum, size) => sum + size, 0);
  const average: Record<string, number[]> = {};
  for (let pattern = 0; pattern < 2 ** bits; pattern++) {
    let bit = 0;
    const given = { ...feeds };
    noises.forEach(({ name, shape }, n) => {
      const own = alike ? perSample[n]! : sizeOf(shape);
      const signs = Array.from({ length: own }, () => ((pattern >> bit++) & 1) * 2 - 1);
      given[name] = Array.from({ length: sizeOf(shape) }, (_, i) => signs[i % own]!);
    });
    for (const [name, values] of Object.entries(evaluate(traced, given).gradients))
      average[name] = values.map((x, i) => (average[name]?.[i] ?? 0) + x / 2 ** bits);
  }
  return average;
}

describe("theorems", () => {
  const small = { symbols: 4, vocabulary: 2, classes: 3, activation: "tanh", bias: "shared" } as const;

  test.each([
    ["mlp", { widths: [3, 2] }, {}],
    ["tree-cnn", { widths: [2, 1] }, { scope: "layer" }],
    ["locally-connected", { widths: [1, 2] }, { antithetic: true }],
    ["mlp", { widths: [2, 1] }, { broadcast: "batch" }],
  ] as const)(
    "averaged over all signs of the noise, the update is the gradient: %s %o %o",
    (architecture, sizes, changed) => {
      const net = networkCase(architecture, { ...small, ...sizes });
      const traced = trace(net, { id: "np", ...plain, distribution: "sign", sigma: 1e-4, ...changed }, 2);
      const feeds = drawFeeds(traced, 4);
      const gradient = evaluate(trace(net, { id: "backprop" }, 2), feeds).gradients;
      const average = overAllSigns(traced, feeds, !("broadcast" in changed));
      expectUpdates(average, gradient, 1e-5);
    },
  );

  test("with one hidden layer and sign noise, the activity difference is the noise", () => {
    const net = networkCase("locally-connected", { widths: [3], bias: "shared" });
    const [noise, difference] = (["noise", "difference"] as const).map((credit) => {
      const traced = trace(net, { id: "np", ...plain, distribution: "sign", credit }, 3);
      return evaluate(traced, drawFeeds(traced, 5)).gradients["layer1.weight"]!;
    });
    expect(distance(difference!, noise!)).toBeLessThan(1e-9);
  });

  test("the activity difference does not know the size of the noise", () => {
    const net = networkCase("mlp", { symbols: 4, widths: [3, 2] });
    const traced = trace(net, { id: "np", ...plain, credit: "difference", sigma: 1e-4 }, 1);
    const feeds = drawFeeds(traced, 6);
    const scaled = { ...feeds };
    for (const { name } of traced.workspace.registry.noises) scaled[name] = feeds[name]!.map((x) => 2 * x);
    const [once, twice] = [feeds, scaled].map((given) => evaluate(traced, given).gradients["layer2.weight"]!);
    expect(distance(twice!, once!)).toBeLessThan(1e-3);
  });
});
