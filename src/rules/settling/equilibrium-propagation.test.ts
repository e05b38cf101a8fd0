import { describe, expect, test } from "vitest";
import { relativeError } from "../../graph/finite-difference.contract.ts";
import {
  type Cube,
  drawFeeds,
  evaluate,
  type Feeds,
  networkCase,
  type NetworkCase,
  networkCases,
  trace,
} from "../testing/rule-cases.contract.ts";
import { type Energy, flatten, mapCubes, naiveNetwork, slopes } from "./naive.contract.ts";

interface Options {
  readonly nudging: "one-sided" | "symmetric";
  readonly beta: number;
  readonly feedback: number;
  readonly freeSteps: number;
  readonly nudgedSteps: number;
  readonly rate: number;
  readonly energy: Energy;
}

/** s_l <- (1 - rate) s_l + rate f(a_l + kappa W_{l+1} s_{l+1}), at the top f(a_L - beta dE/ds_L), all layers at once. */
function relax(net: NetworkCase, feeds: Feeds, start: readonly Cube[], steps: number, beta: number, options: Options) {
  const { layers, input, slopeAtTop } = naiveNetwork(net, feeds);
  let states = start;
  for (let t = 0; t < steps; t++) {
    const before = states;
    states = before.map((state, l) => {
      const above = layers[l + 1];
      let drive = layers[l]!.drive(before[l - 1] ?? input);
      if (above !== undefined) {
        const message = above.sendDown(before[l + 1]!, state);
        drive = mapCubes((a, m) => a + options.feedback * m, drive, message);
      } else if (beta !== 0) drive = mapCubes((a, e) => a - beta * e, drive, slopeAtTop(state, options.energy));
      return mapCubes((s, x) => (1 - options.rate) * s + options.rate * x, state, layers[l]!.activate(drive));
    });
  }
  return states;
}

/** - (c_l / width) <s_{l-1} s_l^T> of one state minus the same of another, and the same for biases. */
function contrast(net: NetworkCase, feeds: Feeds, plus: readonly Cube[], minus: readonly Cube[], options: Options) {
  const { layers, input } = naiveNetwork(net, feeds);
  const width = options.nudging === "symmetric" ? 2 * options.beta : options.beta;
  const batch = input.length;
  const gradients: Record<string, number[]> = {};
  layers.forEach(({ layer, pre }, l) => {
    const { index, positions, inFeatures, outFeatures, shared, scale, bias } = layer;
    const weight = new Array<number>((shared ? 1 : positions) * inFeatures * outFeatures).fill(0);
    const biases = new Array<number>((bias === "shared" ? 1 : positions) * outFeatures).fill(0);
    for (const [states, sign] of [
      [plus, 1],
      [minus, -1],
    ] as const) {
      const below = pre(states[l - 1] ?? input);
      const factor = (-sign * options.feedback ** (index - layers.length)) / width / batch;
      for (let b = 0; b < batch; b++)
        for (let p = 0; p < positions; p++)
          for (let j = 0; j < outFeatures; j++) {
            const s = states[l]![b]![p]![j]!;
            biases[(bias === "shared" ? 0 : p) * outFeatures + j]! += factor * s;
            for (let i = 0; i < inFeatures; i++)
              weight[((shared ? 0 : p) * inFeatures + i) * outFeatures + j]! += factor * scale * below[b]![p]![i]! * s;
          }
    }
    gradients[`layer${index}.weight`] = weight;
    if (bias !== "none") gradients[`layer${index}.bias`] = biases;
  });
  return gradients;
}

function naiveGradients(net: NetworkCase, feeds: Feeds, options: Options): Record<string, number[]> {
  const { freeSteps, nudgedSteps, beta, nudging } = options;
  const free = relax(net, feeds, naiveNetwork(net, feeds).forward(), freeSteps, 0, options);
  const plus = relax(net, feeds, free, nudgedSteps, beta, options);
  const minus = nudging === "symmetric" ? relax(net, feeds, free, nudgedSteps, -beta, options) : free;
  return contrast(net, feeds, plus, minus, options);
}

describe("the traced rule equals phases and products in plain loops", () => {
  const plain = { beta: 0.4, feedback: 0.3, freeSteps: 3, nudgedSteps: 3, rate: 1 };
  const points: readonly [number, Options][] = [
    [4, { ...plain, nudging: "symmetric", energy: "cross-entropy" }],
    [1, { ...plain, nudging: "one-sided", energy: "squared", rate: 0.6 }],
  ];
  test.each(points)("batch of %i, %o", (batch, options) => {
    for (const net of networkCases) {
      const traced = trace(net, { id: "equilibrium-propagation", ...options }, batch);
      const feeds = drawFeeds(traced, 2);
      const { gradients } = evaluate(traced, feeds);
      const naive = naiveGradients(net, feeds, options);
      expect(Object.keys(gradients).sort()).toEqual(Object.keys(naive).sort());
      for (const [name, wanted] of Object.entries(naive))
        expect(relativeError(gradients[name]!, wanted), `${net.name}: ${name}`).toBeLessThan(1e-6);
    }
  });
});

describe("the gradient of the loss at the free fixed point", () => {
  const settled = { freeSteps: 80, nudgedSteps: 80 };
  const names = ["layer1.weight", "layer2.weight", "layer1.bias", "layer2.bias"];

  /** Derivative of the mean energy of the settled free phase by every parameter, by differences: the network settles anew each time. */
  function trueGradient(net: NetworkCase, feeds: Feeds, options: Pick<Options, "feedback" | "energy">): number[] {
    const still = { ...settled, ...options, rate: 1, beta: 1, nudging: "one-sided" } as const;
    const start = relax(net, feeds, naiveNetwork(net, feeds).forward(), 80, 0, still);
    return names.flatMap((name) =>
      slopes((x) => {
        const moved = { ...feeds, [name]: x };
        const free = relax(net, moved, start, 25, 0, still);
        const energies = naiveNetwork(net, moved).energies(free.at(-1)!, options.energy);
        return energies.reduce((sum, E) => sum + E, 0) / energies.length;
      }, feeds[name]!),
    );
  }

  test.each([
    ["cross-entropy", 0.6],
    ["squared", 0.3],
  ] as const)("%s, feedback %f: error of order beta one-sided, beta^2 symmetric", (energy, feedback) => {
    const net = networkCase("mlp", {
      symbols: 2,
      widths: [3, 2],
      activation: "tanh",
      parametrisation: "mean-field",
      bias: "shared",
    });
    const enlarged = (feeds: Feeds): Feeds => ({
      ...feeds,
      "readout.weight": feeds["readout.weight"]!.map((w) => 3 * w),
    });
    const errors = (nudging: Options["nudging"], beta: number): number => {
      const traced = trace(net, { id: "equilibrium-propagation", ...settled, energy, feedback, nudging, beta }, 2);
      const { gradients } = evaluate(traced, enlarged(drawFeeds(traced, 1)));
      return relativeError(flatten(gradients, names), wanted);
    };
    const feeds = enlarged(drawFeeds(trace(net, { id: "equilibrium-propagation" }, 2), 1));
    const wanted = trueGradient(net, feeds, { feedback, energy });
    const [oneSided, symmetric] = (["one-sided", "symmetric"] as const).map((nudging) => [
      errors(nudging, 0.1),
      errors(nudging, 0.05),
      errors(nudging, 0.002),
    ]) as [number[], number[]];
    expect(oneSided[0]! / oneSided[1]!).toBeGreaterThan(1.6);
    expect(oneSided[0]! / oneSided[1]!).toBeLessThan(2.6);
    expect(symmetric[0]! / symmetric[1]!).toBeGreaterThan(3.4);
    expect(symmetric[0]! / symmetric[1]!).toBeLessThan(4.6);
    expect(symmetric[1]!).toBeLessThan(oneSided[1]!);
    expect(oneSided[2]!).toBeLessThan(0.01);
    expect(symmetric[2]!).toBeLessThan(1e-4);
  });
});

test("with weak feedback it is backpropagation, with an error of the order of the feedback", () => {
  for (const net of networkCases.slice(0, 7)) {
    const at = (rule: { readonly id: string; readonly [option: string]: unknown }): number[] => {
      const traced = trace(net, rule);
      const { gradients } = evaluate(traced, drawFeeds(traced, 1));
      return flatten(gradients, Object.keys(gradients).sort());
    };
    const wanted = at({ id: "backprop" });
    const [strong, weak] = [1e-3, 1e-4].map((feedback) =>
      relativeError(at({ id: "ep", feedback, beta: 1e-3, freeSteps: 8, nudgedSteps: 8 }), wanted),
    ) as [number, number];
    expect(weak, net.name).toBeLessThan(2e-3);
    if (net.network.layers.length > 1) expect(strong / weak, net.name).toBeGreaterThan(5);
  }
});
