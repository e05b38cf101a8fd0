import { describe, expect, test } from "vitest";
import { chooseFrom } from "../choose.ts";
import { goalWeights, infomorphic, infomorphicLateral } from "./infomorphic.ts";
import * as naive from "./naive-information.contract.ts";
import { expectObjective, type LayerNumbers, objectiveCases } from "../testing/layerwise.contract.ts";
import { type Cube, cube, drawFeeds, evaluate, networkCase, rows, trace } from "../testing/rule-cases.contract.ts";
import { RuleError } from "../contract/index.ts";

interface Options {
  readonly contextModulation: number;
  readonly lateralModulation: number;
  readonly steepness: number;
  readonly contextPositions: "shared" | "specific";
  readonly bins: number;
  readonly binning: "batch" | "fixed";
  readonly range: number;
  readonly lateralOutputs: "sampled" | "expected";
}
const plain: Options = {
  contextModulation: 0.2,
  lateralModulation: 0.3,
  steepness: 2,
  contextPositions: "specific",
  bins: 3,
  binning: "batch",
  range: 2,
  lateralOutputs: "sampled",
};
const sigma = (x: number): number => 1 / (1 + Math.exp(-x));

/** Options as the rule takes them: the bivariate one has no lateral source. */
function specOf(letters: string, { lateralModulation, lateralOutputs, ...options }: Options, gamma: object) {
  const none = { goal: "redundancy", gamma: { "{R}{C}": 0, ...gamma } };
  return letters === "RC"
    ? { id: "infomorphic", ...options, ...none }
    : { id: "infomorphic-lateral", ...options, lateralModulation, lateralOutputs, ...none };
}

/** Sources and A of every neuron, [source][sample][position][unit] and [sample][position][unit], from drives and the layer's own matrices. `said` are the others' outputs, drawn if left out. */
function neurons(
  { layer, labels, classes, evaluation }: LayerNumbers,
  letters: string,
  options: Options,
  drive: Cube,
  matrix: LayerNumbers["matrix"],
  said?: Cube,
): { sources: Cube[]; a: Cube; said: Cube } {
  const { index, positions, outFeatures: units, shared } = layer;
  const own = options.contextPositions === "specific" ? positions : 1;
  const weight = matrix(`layer${index}.context`, own * units);
  const bias = matrix(`layer${index}.contextBias`, own * units)[0]!;
  const at = (p: number, j: number): number => (own === 1 ? 0 : p) * units + j;
  const c = drive.map((sample, b) =>
    sample.map((row, p) => row.map((_, j) => weight[labels[b]!]![at(p, j)]! + bias[at(p, j)]!)),
  );
  expect(weight).toHaveLength(classes);
  const strengths =
    letters === "RC" ? [options.contextModulation] : [options.contextModulation, options.lateralModulation];
  const gain = letters === "RC" ? 2 : 1;
  const activate = (modulators: Cube[]): Cube =>
    drive.map((sample, b) =>
      sample.map((row, p) =>
        row.map((r, j) => {
          let factor = 1;
          strengths.forEach((strength, s) => {
            factor += strength * (gain * sigma(options.steepness * r * modulators[s]![b]![p]![j]!) - 1);
          });
          return r * factor;
        }),
      ),
    );
  if (letters === "RC") return { sources: [drive, c], a: activate([c]), said: [] };
  const lateral = matrix(`layer${index}.lateral`, units);
  const lateralBias = matrix(`layer${index}.lateralBias`, units);
  const offset = (p: number, j: number): number => lateralBias[shared ? 0 : p]![j]!;
  const uniform =
    options.lateralOutputs === "sampled"
      ? cube(evaluation.feeds[`noise.layer${index}.lateralOutputs`]!, [0, positions, units])
      : [];
  const first = activate([c, drive.map((sample) => sample.map((row, p) => row.map((_, j) => offset(p, j))))]);
  const outputs =
    said ??
    first.map((sample, b) =>
      sample.map((row, p) =>
        row.map((a, j) =>
          options.lateralOutputs === "sampled" ? (uniform[b]![p]![j]! < sigma(a) ? 1 : -1) : 2 * sigma(a) - 1,
        ),
      ),
    );
  const l = outputs.map((sample) =>
    sample.map((row, p) =>
      row.map((_, j) => {
        let sum = offset(p, j);
        row.forEach((output, k) => (sum += k === j ? 0 : output * lateral[(shared ? 0 : p) * units + k]![j]!));
        return sum;
      }),
    ),
  );
  return { sources: [drive, c, l], a: activate([c, l]), said: outputs };
}

/** The joint histogram of every neuron of a layer. Bins and what neurons tell one another do not move with parameters. */
function histograms(numbers: LayerNumbers, letters: string, options: Options): naive.Cell[][] {
  const { feeds } = numbers.evaluation;
  const fixed = neurons(numbers, letters, options, numbers.still.own.preactivation, (name, columns) =>
    rows(feeds[name]!, columns),
  );
  const moving = neurons(numbers, letters, options, numbers.own.preactivation, numbers.matrix, fixed.said);
  const { positions, outFeatures } = numbers.layer;
  const cells: naive.Cell[][] = [];
  for (let p = 0; p < positions; p++)
    for (let j = 0; j < outFeatures; j++) {
      const bins = fixed.sources.map((source) => {
        const x = source.map((sample) => sample[p]![j]!);
        const reach = options.binning === "fixed" ? options.range : Math.max(...x.map(Math.abs)) + 1e-12;
        return x.map((value) => {
          const bin = Math.floor(((value / reach + 1) / 2) * options.bins);
          return Math.min(Math.max(bin, 0), options.bins - 1);
        });
      });
      const probability = moving.a.map((sample) => sigma(sample[p]![j]!));
      cells.push(
        naive.histogram(
          probability.map((_, b) => bins.map((source) => source[b]!)),
          probability.map((theta) => [theta, 1 - theta] as const),
        ),
      );
    }
  return cells;
}

/** Minus the goal summed over neurons. */
const minusGoal =
  (letters: string, options: Options, gamma: Readonly<Record<string, number>>) =>
  (numbers: LayerNumbers): number => {
    let loss = 0;
    for (const cells of histograms(numbers, letters, options)) {
      const atoms = naive.atoms(cells, letters);
      const all = Array.from(letters, (_, i) => i);
      atoms["residual"] = naive.entropy(cells) - naive.mutualInformation(cells, all);
      for (const [name, weight] of Object.entries(gamma)) loss -= weight * atoms[name]!;
    }
    return loss;
  };

const two = { "{R}{C}": 1, "{R}": -0.3, "{C}": 0.2, "{RC}": 0.7, residual: 0.4 };
const three = { "{R}{C}": 1, "{R}{CL}": -0.5, "{RC}{RL}{CL}": 0.6, "{L}": -0.8, "{RCL}": 0.3, residual: 0.2 };

describe("two sources: the goal of every neuron, by loops over its histogram", () => {
  test.each(objectiveCases)("$name", (network) => {
    expectObjective(specOf("RC", plain, two), network, minusGoal("RC", plain, two), { batch: 6 });
  });
  test.each<Partial<Options>>([
    { binning: "fixed", bins: 4 },
    { contextPositions: "shared", contextModulation: 0.6, steepness: 0.7 },
  ])("%o", (changed) => {
    const options = { ...plain, ...changed };
    const network = networkCase("tree-cnn", { symbols: 4, bias: "shared" });
    for (const batch of [1, 6])
      expectObjective(specOf("RC", options, two), network, minusGoal("RC", options, two), { batch });
  });
});

describe("three sources", () => {
  const cases = [objectiveCases[1]!, objectiveCases[3]!, objectiveCases[5]!];
  test.each(cases)("$name", (network) => {
    expectObjective(specOf("RCL", plain, three), network, minusGoal("RCL", plain, three), { batch: 6 });
  });
  test("expected outputs and fixed bins", () => {
    const options = { ...plain, lateralOutputs: "expected", binning: "fixed", range: 1 } as const;
    const network = networkCase("tree-cnn", { symbols: 4 });
    expectObjective(specOf("RCL", options, three), network, minusGoal("RCL", options, three), { batch: 5 });
  });
});

describe.each(["RC", "RCL"])("sources %s", (letters) => {
  const names = Object.keys(naive.atoms([{ bins: [0, 0, 0], mass: [0.5, 0.5] }], letters));
  const everything = Object.fromEntries(names.map((name) => [name, 1]));
  const network = networkCase("tree-cnn", { symbols: 4, activation: "tanh" });
  const sum = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0);

  test("all atoms together are the mutual information of the output and all sources", () => {
    const all = Array.from(letters, (_, i) => i);
    expectObjective(
      specOf(letters, plain, everything),
      network,
      (numbers) => -sum(histograms(numbers, letters, plain).map((cells) => naive.mutualInformation(cells, all))),
      { batch: 8 },
    );
  });

  test("with the residual they are the entropy of the output", () => {
    expectObjective(
      specOf(letters, plain, { ...everything, residual: 1 }),
      network,
      (numbers) => -sum(histograms(numbers, letters, plain).map(naive.entropy)),
      { batch: 8 },
    );
  });
});

test.each(["relu", "tanh", "linear"] as const)("a layer of %s units passes on the expected output", (activation) => {
  const network = networkCase("tree-cnn", { symbols: 4, activation });
  const through = (passes: string) => {
    const traced = trace(network, { id: "infomorphic", passes }, 5);
    const [first, second] = evaluate(traced, drawFeeds(traced, 1)).layers;
    return { drive: first!.preactivation.flat(2), post: first!.post.flat(2), next: second!.pre.flat(2) };
  };
  const { drive, next } = through("expected");
  next.forEach((value, i) => {
    const expected = 2 * sigma(drive[i]!) - 1;
    expect(value).toBeCloseTo(activation === "relu" ? Math.max(expected, 0) : expected, 12);
  });
  const plainly = through("activity");
  expect(plainly.next).toEqual(plainly.post);
});

test("goals by name become weights of shared information, without those that cancel", () => {
  // Redundancy of R and C that L does not have: I({R}{C}) - I({R}{C}{L}).
  expect(goalWeights({ "{R}{C}": 1 }, "RCL")).toEqual([
    { antichain: [0b001, 0b010, 0b100], weight: -1 },
    { antichain: [0b001, 0b010], weight: 1 },
  ]);
  expect(() => goalWeights({ "{R}{L}": 1 }, "RC")).toThrow(
    new RuleError('rule.gamma: expected names among {R}{C}, {R}, {C}, {RC}, residual, got "{R}{L}"'),
  );
});

test("a network that has diverged gives numbers that show it, not an index out of range", () => {
  const network = networkCase("tree-cnn", { symbols: 4 });
  for (const rule of [infomorphic, infomorphicLateral]) {
    const traced = trace(network, chooseFrom([rule], { id: rule.id }), 4);
    const feeds = { ...drawFeeds(traced, 1) };
    feeds["layer1.weight"] = feeds["layer1.weight"]!.map((w, i) => (i % 2 === 0 ? NaN : w * Infinity));
    expect(Number.isNaN(evaluate(traced, feeds).objectives["layer1.objective"])).toBe(true);
  }
});
