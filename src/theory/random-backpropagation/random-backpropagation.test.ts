import { describe, expect, it } from "vitest";
import { type Random, stream } from "../../random/stream.ts";
import { Matrix } from "../dynamics/matrix.ts";
import { drawData, drawNetwork } from "./draw.ts";
import { layerInvariants } from "./invariants.ts";
import { leastExcessError, predictedLimits } from "./limits.ts";
import { type ChannelKind, type LinearNetwork, packed, weightFlow } from "./linear-network.ts";
import { powerFlow, powerInvariant, powerLimit, powerMoments, type PowerUnit } from "./power-unit.ts";
import { limitOfFlow, realRoots, times, valueOf } from "./real-roots.ts";
import { runToRest, simulateNetwork } from "./simulate.ts";

function drawn(
  sizes: readonly number[],
  seed: number,
  channel: ChannelKind = "random",
  kind: "random" | "identity" = "random",
) {
  const random = stream(seed, "test");
  const data = drawData(sizes, kind, random);
  return drawNetwork({ sizes, channel, data, deviation: 0.5 }, random);
}

const number = (value: number): Matrix => new Matrix(1, 1, Float64Array.of(value));

/** A chain of single units with given numbers: first weights, products of channel weights c_1 ... c_(L-1), alpha, beta. */
function chain(start: number[], c: number[], alpha: number, beta: number): LinearNetwork {
  return {
    sizes: new Array<number>(start.length + 1).fill(1),
    channel: "skipped",
    start: start.map(number),
    fixed: c.map(number),
    data: { targetInput: number(alpha), inputs: number(beta) },
  };
}

describe("the flow of the weights", () => {
  it("of chains is da_i/dt = c_i a_1 ... a_(i-1) (alpha - beta P)", () => {
    const network = chain([0.5, -0.8, 1.3], [0.7, -1.1], 2, 1.5);
    const e = 2 - 1.5 * 0.5 * -0.8 * 1.3;
    const flow = Array.from(weightFlow(network)(0, packed(network.start)));
    [0.7 * e, -1.1 * 0.5 * e, 0.5 * -0.8 * e].forEach((expected, i) => expect(flow[i]).toBeCloseTo(expected, 14));
  });

  it("of gradient descent is minus the slope of half the squared error", () => {
    const network = drawn([3, 4, 2, 2], 5, "gradient");
    const { inputs, targetInput } = network.data;
    // Half of tr(P S_II P') - 2 tr(P S_TI'), by loops.
    const loss = (state: ArrayLike<number>): number => {
      let from = 0;
      let p = [
        [1, 0, 0],
        [0, 1, 0],
        [0, 0, 1],
      ];
      network.sizes.slice(1).forEach((rows, l) => {
        const columns = network.sizes[l]!;
        p = Array.from({ length: rows }, (_, i) =>
          [0, 1, 2].map((j) => {
            let sum = 0;
            for (let k = 0; k < columns; k++) sum += state[from + i * columns + k]! * p[k]![j]!;
            return sum;
          }),
        );
        from += rows * columns;
      });
      let sum = 0;
      for (let i = 0; i < 2; i++)
        for (let j = 0; j < 3; j++) {
          sum -= p[i]![j]! * targetInput.at(i, j);
          for (let k = 0; k < 3; k++) sum += 0.5 * p[i]![j]! * inputs.at(j, k) * p[i]![k]!;
        }
      return sum;
    };
    const at = packed(network.start);
    const flow = weightFlow(network)(0, at);
    at.forEach((_, i) => {
      const moved = (by: number) => loss(at.map((value, j) => value + (i === j ? by : 0)));
      expect(flow[i]).toBeCloseTo(-(moved(1e-5) - moved(-1e-5)) / 2e-5, 6);
    });
  });

  it("of random and skipped channels differ by how the channel is put together, and agree where B_l gives C_l", () => {
    const random = drawn([3, 4, 3, 2], 1);
    const [b1, b2] = random.fixed;
    const skipped: LinearNetwork = { ...random, channel: "skipped", fixed: [b1!.multiply(b2!), b2!] };
    const state = packed(random.start);
    expect(Array.from(weightFlow(skipped)(0, state))).toEqual(Array.from(weightFlow(random)(0, state)));
  });
});

describe("what is conserved", () => {
  it.each<[number[], ChannelKind, number]>([
    [[1, 1, 1], "random", 1],
    [[1, 1, 1, 1], "random", 2],
    [[1, 1, 1, 1, 1], "skipped", 3],
    [[1, 6, 1], "random", 1],
    [[4, 1, 4], "random", 1],
    [[3, 5, 2], "random", 1],
    [[3, 2, 4], "random", 1],
    [[3, 4, 3, 2], "random", 2],
    [[3, 4, 3, 2], "skipped", 2],
    // C_2 has fewer rows than there are outputs: only the last pair of layers is bound.
    [[3, 4, 1, 2], "skipped", 1],
    [[3, 2, 4], "gradient", 1],
    [[2, 3, 3, 2], "gradient", 2],
  ])("A[%j] by %s: %i invariants, to 1e-8 over the course", (sizes, channel, count) => {
    for (const seed of [0, 2]) {
      const { invariants, trajectory } = simulateNetwork(drawn(sizes, seed, channel), {
        time: 4,
        points: 9,
        longest: 4,
      });
      expect(invariants).toHaveLength(count);
      const moved = trajectory.states.at(-1)!.map((value, i) => Math.abs(value - trajectory.states[0]![i]!));
      expect(Math.max(...moved)).toBeGreaterThan(0.05);
      for (const { drift } of invariants) expect(drift).toBeLessThan(1e-8);
    }
  });

  it("in A[1,1,1]: a_2 - a_1^2/(2c) by random backpropagation, a_1^2 - a_2^2 by gradient descent, and not the other way round", () => {
    const start = chain([0.5, 0.4], [0.7], 1, 1);
    const of = (network: LinearNetwork, quantity: (a1: number, a2: number) => number): number => {
      const { trajectory } = simulateNetwork(network, { time: 5, points: 11 });
      const values = trajectory.states.map((state) => quantity(state[0]!, state[1]!));
      return Math.max(...values.map((value) => Math.abs(value - values[0]!)));
    };
    const parabola = (a1: number, a2: number): number => a2 - a1 ** 2 / 1.4;
    const hyperbola = (a1: number, a2: number): number => a1 ** 2 - a2 ** 2;
    const gradient: LinearNetwork = { ...start, channel: "gradient", fixed: [] };
    expect(of(start, parabola)).toBeLessThan(1e-10);
    expect(of(gradient, hyperbola)).toBeLessThan(1e-10);
    expect(of(start, hyperbola)).toBeGreaterThan(1e-3);
    expect(of(gradient, parabola)).toBeGreaterThan(1e-3);
  });

  it("names the pair of layers", () => {
    expect(layerInvariants(drawn([1, 1, 1, 1], 0)).map(({ text }) => text)).toEqual([
      "B1 A2 + A2' B1' - A1 A1'",
      "B2 A3 + A3' B2' - A2 A2'",
    ]);
  });
});

describe("limits", () => {
  it("A[1,1,1] ends at the next root of a^3 + 2 c C a - 2 c alpha/beta, from 50 starts", () => {
    const random: Random = stream(4, "starts");
    let rested = 0;
    for (let trial = 0; trial < 50; trial++) {
      const [c, a1, a2, alpha] = [random.normal(), random.normal(), random.normal(), random.normal()];
      const beta = 0.5 + random.uniform();
      const network = chain([a1, a2], [c], alpha, beta);
      const [first, product] = predictedLimits(network);
      const constant = a2 - a1 ** 2 / (2 * c);
      const limit = first!.value.at(0, 0);
      const cubic = (a: number): number => a ** 3 + 2 * c * constant * a - (2 * c * alpha) / beta;
      expect(Math.abs(cubic(limit))).toBeLessThan(1e-10 * (1 + Math.abs(limit) ** 3));
      expect(product!.value.at(0, 0)).toBeCloseTo(alpha / beta, 14);
      const run = simulateNetwork(network, { time: 10, points: 3 });
      // A limit that the flow barely touches takes longer than anyone waits.
      if (run.outcome !== "rests") continue;
      rested++;
      for (const { difference } of run.limits) expect(difference).toBeLessThan(1e-8);
      // Stability: the eigenvalue -beta (c a_2 + a_1^2) is not positive.
      expect(c * run.end[1]! + run.end[0]! ** 2).toBeGreaterThan(-1e-9);
    }
    expect(rested).toBeGreaterThanOrEqual(45);
  });

  it.each([[[1, 1, 1, 1]], [[1, 1, 1, 1, 1]], [[1, 5, 1]], [[2, 2, 2]], [[3, 5, 2]], [[3, 2, 4]], [[4, 2, 2]]])(
    "A[%j] ends where predicted",
    (sizes) => {
      let rested = 0;
      for (let seed = 0; seed < 3; seed++) {
        const run = simulateNetwork(drawn(sizes, seed), { time: 10, points: 3, longest: 320 });
        if (run.outcome !== "rests") continue;
        rested++;
        expect(run.limits.length).toBeGreaterThan(0);
        for (const { difference, quantity } of run.limits) expect(difference, quantity).toBeLessThan(1e-8);
      }
      expect(rested).toBeGreaterThan(0);
    },
  );

  it("the autoencoder A[N,1,N] ends along the channel", () => {
    for (let seed = 0; seed < 3; seed++) {
      const network = drawn([4, 1, 4], seed, "random", "identity");
      const run = simulateNetwork(network, { time: 20, points: 3 });
      expect(run.outcome).toBe("rests");
      expect(run.limits.map(({ quantity }) => quantity)).toEqual([
        "A1 -> b C1",
        "A2 -> C1'/(b |C1|^2)",
        "A2 A1 -> C1' C1/|C1|^2",
        "C1 A2 A1",
      ]);
      for (const { difference } of run.limits) expect(difference).toBeLessThan(1e-9);
      // A projection onto one direction leaves 3 of 4 variances.
      expect(run.excess).toBeCloseTo(3, 9);
    }
  });

  it("with fewer hidden units than outputs random backpropagation stops short; with enough it does not", () => {
    for (let seed = 0; seed < 3; seed++) {
      const short = drawn([3, 2, 4], seed);
      const run = simulateNetwork(short, { time: 20, points: 3 });
      expect(run.limits[0]!.difference).toBeLessThan(1e-9);
      expect(run.excess).toBeGreaterThan(1.05 * leastExcessError(short));
      const gradient = simulateNetwork({ ...short, channel: "gradient", fixed: [] }, { time: 20, points: 3 });
      expect(gradient.excess).toBeCloseTo(leastExcessError(short), 6);
    }
    const enough = simulateNetwork(drawn([3, 5, 2], 0), { time: 20, points: 3 });
    expect(enough.excess).toBeLessThan(1e-18);
  });

  it("gradient descent has none that is known in advance", () => {
    expect(predictedLimits(drawn([1, 1, 1], 0, "gradient"))).toEqual([]);
  });
});

describe("a hidden unit S^mu", () => {
  const random = stream(2, "power");
  const sample = (): number[] => Array.from({ length: 12 }, () => 0.5 + random.uniform());
  const [inputs, targets] = [sample(), sample()];
  const unit = (power: number, derivative: boolean): PowerUnit => ({
    power,
    channel: 0.7,
    derivative,
    moments: powerMoments(inputs, targets, power),
    start: [0.5, 0.4],
  });

  it("follows the mean over samples of its own equations", () => {
    const [a1, a2, c, power] = [0.8, 1.1, 0.7, 3];
    const mean = (of: (x: number, t: number) => number): number =>
      inputs.reduce((sum, x, i) => sum + of(x, targets[i]!), 0) / inputs.length;
    const error = (x: number, t: number): number => t - a2 * (a1 * x) ** power;
    const slope = (x: number): number => power * (a1 * x) ** (power - 1);
    const expected = {
      with: mean((x, t) => c * slope(x) * error(x, t) * x),
      without: mean((x, t) => c * error(x, t) * x),
      top: mean((x, t) => error(x, t) * (a1 * x) ** power),
    };
    const [first, top] = Array.from(powerFlow(unit(power, true))(0, Float64Array.of(a1, a2)));
    expect(first).toBeCloseTo(expected.with, 12);
    expect(top).toBeCloseTo(expected.top, 12);
    expect(Array.from(powerFlow(unit(power, false))(0, Float64Array.of(a1, a2)))[0]).toBeCloseTo(expected.without, 12);
  });

  it.each([2, 3, 1 / 3])("mu = %f: with f' it rests at the predicted weight, without it never rests", (power) => {
    const whole = unit(power, true);
    const run = runToRest(powerFlow(whole), whole.start, { time: 20, points: 41 });
    expect(run.outcome).toBe("rests");
    expect(run.end[0]).toBeCloseTo(powerLimit(whole)!, 9);
    const { alpha, beta, gamma, delta } = whole.moments;
    expect(run.end[1]! * run.end[0]! ** power).toBeCloseTo(alpha / beta, 10);
    const drift = (states: readonly Float64Array[]): number =>
      Math.max(...states.map((state) => Math.abs(powerInvariant(whole, state) - powerInvariant(whole, whole.start))));
    expect(drift(run.trajectory.states)).toBeLessThan(1e-8);

    const bare = unit(power, false);
    expect(powerLimit(bare)).toBeUndefined();
    const runaway = runToRest(powerFlow(bare), bare.start, { time: 20, points: 41, longest: 80 });
    expect(runaway.outcome).not.toBe("rests");
    expect(drift(runaway.trajectory.states)).toBeGreaterThan(0.1);
    // The two zeros that would have to meet do not.
    expect(Math.abs(alpha / beta - gamma / delta)).toBeGreaterThan(1e-3);
  });

  it("without f' at mu = 2: a_1 leaves, in the direction of gamma/delta beyond alpha/beta", () => {
    const moments = { alpha: 1, beta: 1, gamma: 1.2, delta: 1 };
    const bare: PowerUnit = { power: 2, channel: 0.7, derivative: false, moments, start: [0.5, 0.4] };
    const { states } = runToRest(powerFlow(bare), bare.start, { time: 12, points: 4, longest: 12 }).trajectory;
    const a1 = states.map((state) => state[0]!);
    for (let i = 1; i < a1.length; i++) expect(a1[i]).toBeGreaterThan(a1[i - 1]! + 0.2);
  });

  it("limits are found from starts on both sides, also where the parabola's constant is negative", () => {
    const draws = stream(9, "power starts");
    for (let trial = 0; trial < 20; trial++) {
      const start = [0.3 + 1.5 * draws.uniform(), 0.1 + 1.5 * draws.uniform()] as const;
      const drawnUnit: PowerUnit = { ...unit(2, true), channel: 0.2 + draws.uniform(), start };
      const run = runToRest(powerFlow(drawnUnit), start, { time: 20, points: 3 });
      expect(run.outcome).toBe("rests");
      expect(run.end[0]).toBeCloseTo(powerLimit(drawnUnit)!, 8);
    }
  });

  it("refuses data that are not positive", () => {
    expect(() => powerMoments([1, -2], [1, 1], 2)).toThrow(
      "power unit: expected as many inputs as targets, all positive, got 2 inputs, 2 targets, and the number -2",
    );
  });
});

describe("real roots", () => {
  it("of a product of known factors, with a factor that has none", () => {
    const roots = [-3, -0.5, 0, 0.7, 4];
    const polynomial = roots.reduce((product, root) => times(product, [-root, 1]), [2, 1, 1]);
    realRoots(polynomial).forEach((root, i) => expect(root).toBeCloseTo(roots[i]!, 12));
    expect(realRoots(polynomial)).toHaveLength(5);
    expect(realRoots([1, 0, 1])).toEqual([]);
    expect(valueOf([1, 2, 3], 2)).toBe(17);
  });

  it("a flow goes to the next one; odd degree and negative lead always settle", () => {
    // dx/dt = -(x - 1)(x - 2)(x - 3)
    const q = [6, -11, 6, -1];
    expect([0, 1.5, 2.5, 9].map((start) => Math.round(limitOfFlow(q, start) * 1e9) / 1e9)).toEqual([1, 1, 3, 3]);
    expect(limitOfFlow([0, 0, 0, 1], 1)).toBe(Infinity);
    expect(limitOfFlow([1, 0, 1], 0)).toBe(Infinity);
    expect(limitOfFlow([-1, 0, -1], 0)).toBe(-Infinity);
  });
});

it("refuses matrices that do not fit and data that do not exist", () => {
  const network = drawn([3, 2, 4], 0);
  expect(() => simulateNetwork({ ...network, fixed: [] }, { time: 1 })).toThrow(
    "B_1: expected a matrix 2 x 4 for A[3,2,4], got none",
  );
  expect(() => drawData([3, 2, 4], "identity", stream(0, "x"))).toThrow(
    "identity data: expected as many outputs as inputs, got A[3,2,4]; the target is the input",
  );
});
