/** What the rules are known to converge to, by running them: plain descent on every sample at once, in float64. */
import { describe, expect, it } from "vitest";
import { is, sizeOf, type Tensor, topological } from "../../graph/index.ts";
import { interpret } from "../../runtime/interpreter.ts";
import { drawFeeds, networkCase, trace } from "../testing/rule-cases.contract.ts";

type Matrix = number[][];
interface Run {
  readonly inputs: Matrix;
  readonly units: number;
  readonly rate: number;
  readonly steps: number;
  readonly labels?: number[];
  readonly activation?: "linear" | "relu";
  /** [in][unit]; random where left out. */
  readonly weight?: Matrix;
}

/** Weights [in][unit] of one dense layer after `steps` steps on the same batch of `inputs` [sample][in]. */
function learn(spec: { readonly id: string; readonly [option: string]: unknown }, run: Run): Matrix {
  const { inputs, units, rate, steps, labels = [], activation = "linear" } = run;
  const fanIn = inputs[0]!.length;
  const network = networkCase("mlp", { symbols: fanIn, vocabulary: 1, classes: 2, widths: [units], activation });
  const traced = trace(network, spec, inputs.length);
  const { workspace, variables } = traced;
  const drawn = drawFeeds(traced, 7);
  // The input takes the place of the encoded strings, so that its covariance can be chosen.
  const feeds = new Map<Tensor, ArrayLike<number>>([[workspace.pass.layers[0]!.pre, inputs.flat()]]);
  for (const [name, tensor] of Object.entries(variables)) feeds.set(tensor, drawn[name]!);
  feeds.set(
    workspace.labels,
    inputs.map((_, b) => labels[b] ?? 0),
  );
  const weight = variables["layer1.weight"]!;
  if (run.weight !== undefined) feeds.set(weight, run.weight.flat());
  const states = Object.entries(traced.next);
  for (const node of topological([traced.gradients["layer1.weight"]!])) {
    if (is(node, "input") && !feeds.has(node)) feeds.set(node, new Array<number>(sizeOf(node.shape)).fill(0));
  }
  for (let step = 0; step < steps; step++) {
    const [gradient, ...next] = interpret(
      [traced.gradients["layer1.weight"]!, ...states.map(([, tensor]) => tensor)],
      feeds,
    );
    feeds.set(
      weight,
      Array.from(feeds.get(weight)!, (w, i) => w - rate * gradient!.values[i]!),
    );
    states.forEach(([name], i) => feeds.set(variables[name]!, next[i]!.values));
  }
  const flat = Array.from(feeds.get(weight)!);
  return Array.from({ length: fanIn }, (_, i) => flat.slice(i * units, (i + 1) * units));
}

const column = (w: Matrix, k: number): number[] => w.map((row) => row[k]!);
const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, x, i) => sum + x * b[i]!, 0);

// Orthonormal directions (rows of a Hadamard matrix / 2) with variances 2, 1.2, 0.6, 0.2: samples +-sqrt(4 variance) * direction.
const directions = [
  [0.5, 0.5, 0.5, 0.5],
  [0.5, -0.5, 0.5, -0.5],
  [0.5, 0.5, -0.5, -0.5],
  [0.5, -0.5, -0.5, 0.5],
];
const cloud = directions.flatMap((q, j) =>
  [1, -1].map((side) => q.map((x) => side * Math.sqrt(4 * [2, 1.2, 0.6, 0.2][j]!) * x)),
);

describe("principal components", () => {
  const run = { inputs: cloud, units: 3, rate: 0.2, steps: 250 };

  it("oja: every unit finds the first component, with unit norm", () => {
    const w = learn({ id: "oja" }, run);
    for (const k of [0, 1, 2]) {
      expect(dot(column(w, k), column(w, k))).toBeCloseTo(1, 8);
      expect(Math.abs(dot(column(w, k), directions[0]!))).toBeCloseTo(1, 8);
    }
  });

  it("sanger: unit k finds component k", () => {
    const w = learn({ id: "sanger" }, { ...run, steps: 400 });
    for (const k of [0, 1, 2])
      directions.forEach((q, j) => expect(Math.abs(dot(column(w, k), q))).toBeCloseTo(j === k ? 1 : 0, 6));
  });

  it("oja-subspace: the units are an orthonormal basis of the first components", () => {
    const w = learn({ id: "oja-subspace" }, run);
    for (const j of [0, 1, 2])
      for (const k of [0, 1, 2]) expect(dot(column(w, j), column(w, k))).toBeCloseTo(j === k ? 1 : 0, 8);
    // W W^T projects on the first three directions.
    directions.forEach((q, j) =>
      expect([0, 1, 2].reduce((sum, k) => sum + dot(column(w, k), q) ** 2, 0)).toBeCloseTo(j < 3 ? 1 : 0, 8),
    );
    // Unlike sanger's, the basis is rotated within the subspace.
    expect(Math.abs(dot(column(w, 0), directions[0]!))).toBeLessThan(0.99);
  });

  it("hebb with unit norm: every unit turns to the first component", () => {
    const w = learn({ id: "hebb" }, run);
    for (const k of [0, 1, 2]) expect(Math.abs(dot(column(w, k), directions[0]!))).toBeCloseTo(1, 8);
  });

  it("hebb unbounded: grows as exp(variance t) along each direction", () => {
    const weight = [[1], [0], [0], [0]];
    const w = learn({ id: "hebb", weightNorm: "none" }, { inputs: cloud, units: 1, rate: 0.01, steps: 100, weight });
    [2, 1.2, 0.6, 0.2].forEach((variance, j) =>
      expect(dot(column(w, 0), directions[j]!)).toBeCloseTo(0.5 * (1 + 0.01 * variance) ** 100, 9),
    );
  });

  it("covariance: takes no notice of the mean, which hebb follows", () => {
    const shifted = cloud.map((x) => x.map((xi, i) => xi + 3 * directions[3]![i]!));
    const options = { inputs: shifted, units: 1, rate: 0.2, steps: 250 };
    const along = (w: Matrix, j: number): number => Math.abs(dot(column(w, 0), directions[j]!));
    expect(along(learn({ id: "covariance" }, options), 0)).toBeCloseTo(1, 6);
    expect(along(learn({ id: "hebb" }, options), 3)).toBeCloseTo(1, 6);
  });
});

describe("fixed points", () => {
  it("bcm: two patterns of probabilities .4 and .6 end at responses (1/.4, 0) or (0, 1/.6)", () => {
    const patterns = [
      [1, 0.2],
      [0.3, 1],
    ];
    const inputs = [0, 0, 1, 1, 1].map((which) => patterns[which]!);
    const options = {
      inputs,
      units: 2,
      rate: 0.04,
      steps: 1500,
      weight: [
        [0.9, 0.1],
        [0.1, 0.9],
      ],
    };
    const w = learn({ id: "bcm", activity: "preactivation", thresholdRate: 0.5 }, options);
    const responses = [0, 1].map((k) => patterns.map((pattern) => dot(pattern, column(w, k))));
    expect(responses[0]![0]).toBeCloseTo(2.5, 5);
    expect(responses[0]![1]).toBeCloseTo(0, 5);
    expect(responses[1]![0]).toBeCloseTo(0, 5);
    expect(responses[1]![1]).toBeCloseTo(1 / 0.6, 5);
  });

  it("clamped oja: <T x> / <T^2>", () => {
    const inputs = [
      [1, 2],
      [3, -1],
      [0.5, 5],
    ];
    const options = { inputs, units: 2, rate: 0.6, steps: 120, labels: [0, 1, 0] };
    const w = learn({ id: "oja", teacher: "clamp" }, options);
    // Unit 0 belongs to class 0 (samples 0 and 2), unit 1 to class 1.
    [0.75, 3.5].forEach((mean, i) => expect(column(w, 0)[i]).toBeCloseTo(mean, 8));
    [3, -1].forEach((mean, i) => expect(column(w, 1)[i]).toBeCloseTo(mean, 8));
  });

  it("hard-wta: units end at the means of what they win, as in k-means", () => {
    const inputs = [
      [2, 0.1],
      [2.2, -0.2],
      [1.8, 0.4],
      [0.2, 3],
      [-0.4, 2.6],
    ];
    const w = learn(
      { id: "hard-wta" },
      {
        inputs,
        units: 2,
        rate: 0.1,
        steps: 300,
        weight: [
          [1, 0.1],
          [0.1, 1],
        ],
      },
    );
    expect(column(w, 0)[0]).toBeCloseTo(2, 8);
    expect(column(w, 0)[1]).toBeCloseTo(0.1, 8);
    expect(column(w, 1)[0]).toBeCloseTo(-0.1, 8);
    expect(column(w, 1)[1]).toBeCloseTo(2.8, 8);
  });

  it.each([2, 3])("krotov-hopfield: the L%i norm of a winner becomes 1", (power) => {
    const inputs = [
      [2, 0.1, 0.3],
      [1.6, 0.3, 0.3],
    ];
    const options = {
      inputs,
      units: 2,
      rate: 0.1,
      steps: 300,
      weight: [
        [1.5, 0.1],
        [0.2, 0.2],
        [0.2, 0.1],
      ],
    };
    const w = learn({ id: "krotov-hopfield", power, antiHebbian: 0, normalise: "none" }, options);
    expect(column(w, 0).reduce((sum, x) => sum + Math.abs(x) ** power, 0)).toBeCloseTo(1, 8);
  });

  it("soft-hebb: weights have unit norm where one unit takes all", () => {
    const options = {
      inputs: cloud.slice(0, 1),
      units: 2,
      rate: 0.1,
      steps: 500,
      weight: [
        [1.5, 0],
        [1, 0],
        [1, 0],
        [1, 0],
      ],
    };
    const w = learn({ id: "soft-hebb", inverseTemperature: 50, normalise: "none", normRate: 0 }, options);
    expect(dot(column(w, 0), column(w, 0))).toBeCloseTo(1, 8);
  });
});

describe("the norm of the weights", () => {
  it("weightNorm with descent at rate = step: normalising after each step", () => {
    const weight = [
      [0.3, -0.7],
      [0.5, 0.2],
      [-0.4, 0.1],
      [0.2, 0.9],
    ];
    const options = { inputs: cloud, units: 2, rate: 0.25, steps: 1, weight };
    const bounded = learn({ id: "hebb", weightNormStep: 0.25, weightNormPower: 3 }, options);
    const free = learn({ id: "hebb", weightNorm: "none" }, options);
    for (const k of [0, 1]) {
      const norm = column(free, k).reduce((sum, x) => sum + Math.abs(x) ** 3, 0) ** (1 / 3);
      expect(norm).not.toBeCloseTo(1, 2);
      column(free, k).forEach((x, i) => expect(bounded[i]![k]).toBeCloseTo(x / norm, 10));
    }
  });

  it("homeostasis: every unit comes to win its share", () => {
    const inputs = [
      [2, 0.1],
      [0.2, 2],
      [1.7, 1.8],
      [2, -0.4],
    ];
    // Unit 1 starts where it wins nothing.
    const options = {
      inputs,
      units: 2,
      rate: 0.1,
      steps: 400,
      weight: [
        [1, -1],
        [1, -1],
      ],
    };
    const still = learn({ id: "hard-wta" }, options);
    expect(column(still, 1)).toEqual([-1, -1]);
    const moved = learn({ id: "hard-wta", homeostasis: 0.05 }, options);
    expect(Math.max(...column(moved, 1))).toBeGreaterThan(0);
  });
});
