import { describe, expect, it } from "vitest";
import { input } from "../graph/index.ts";
import { interpret } from "../runtime/interpreter.ts";
import { type LearningRates, stepScalars } from "./learning-rates.ts";
import { descendParameter, optimiserInputs, type OptimiserOptions } from "./optimiser.ts";

const gradients = [0.5, -1.2, 0.3, 0.9, -0.1];
const defaults = { momentum: 0.9, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 };

/** What a step of these learning rates is fed, without a schedule. */
function scalarsOf(options: OptimiserOptions, step: number, rates: LearningRates): Record<string, number> {
  return stepScalars(options, { learningRateScale: 1 }, { kind: "constant", decay: 1, steps: 5 }, step, rates);
}

/** Weights after each step of one number, by the graph. */
function byGraph(options: OptimiserOptions, rates: readonly number[], decay?: number): number[] {
  const [value, gradient] = [input("w", []), input("g", [])];
  const parameter = {
    name: "w",
    value,
    gradient,
    learningRate: "hidden",
    ...(decay === undefined ? {} : { decay }),
  } as const;
  const next = descendParameter(parameter, optimiserInputs(), options);
  const names = Object.keys(next);
  let state: Record<string, number[]> = Object.fromEntries(names.map((name) => [name, [name === "w" ? 1 : 0]]));
  return gradients.map((g, i) => {
    const scalars = scalarsOf(options, i + 1, { learningRate: rates[i]!, readoutLearningRate: NaN });
    const feeds = { ...state, g: [g], ...Object.fromEntries(Object.entries(scalars).map(([name, x]) => [name, [x]])) };
    const values = interpret(Object.values(next), feeds);
    state = Object.fromEntries(names.map((name, k) => [name, Array.from(values[k]!.values)]));
    return state["w"]![0]!;
  });
}

const falling = [0.1, 0.08, 0.05, 0.02, 0.01];

describe("descendParameter", () => {
  it("is plain gradient descent without momentum", () => {
    let w = 1;
    const expected = gradients.map((g, i) => (w -= falling[i]! * g));
    expect(byGraph({ ...defaults, kind: "sgd", momentum: 0 }, falling)).toEqual(
      expected.map((x): unknown => expect.closeTo(x, 12)),
    );
  });

  it("is the heavy ball, with momentum in units of the weights", () => {
    let [w, v] = [1, 0];
    const expected = gradients.map((g, i) => {
      v = 0.9 * v - falling[i]! * (g + 0.01 * w);
      return (w += v);
    });
    expect(byGraph({ ...defaults, kind: "sgd", weightDecay: 0.01 }, falling)).toEqual(
      expected.map((x): unknown => expect.closeTo(x, 12)),
    );
  });

  // Kingma and Ba 2015, algorithm 1, as written there.
  it.each(["adam", "adamw"] as const)("is %s", (kind) => {
    const decay = 0.02;
    let [w, m, v] = [1, 0, 0];
    const expected = gradients.map((raw, i) => {
      const t = i + 1;
      const g = kind === "adam" ? raw + decay * w : raw;
      m = 0.9 * m + 0.1 * g;
      v = 0.999 * v + 0.001 * g * g;
      const [mHat, vHat] = [m / (1 - 0.9 ** t), v / (1 - 0.999 ** t)];
      if (kind === "adamw") w -= falling[i]! * decay * w;
      return (w -= (falling[i]! * mHat) / (Math.sqrt(vHat) + 1e-8));
    });
    expect(byGraph({ ...defaults, kind, weightDecay: decay }, falling)).toEqual(
      expected.map((x): unknown => expect.closeTo(x, 10)),
    );
  });

  it("takes the read-out's own learning rate for read-out parameters", () => {
    const [value, gradient] = [input("readout.weight", []), input("g", [])];
    const next = descendParameter(
      { name: "readout.weight", value, gradient, learningRate: "readout" },
      optimiserInputs(),
      { ...defaults, kind: "sgd", momentum: 0 },
    );
    const [after] = interpret([next["readout.weight"]!], {
      "readout.weight": [1],
      g: [1],
      readoutLearningRate: [0.25],
    });
    expect(after!.values[0]).toBe(0.75);
  });

  // Whatever the optimiser adds at a step, the share of the value before it is gone.
  it.each<[string, OptimiserOptions, (w: number, g: number, i: number) => number]>([
    ["sgd", { ...defaults, kind: "sgd", momentum: 0 }, (_, g, i) => -falling[i]! * g],
    [
      "sgd with momentum",
      { ...defaults, kind: "sgd" },
      (_, __, i) => -gradients.slice(0, i + 1).reduce((sum, g, k) => sum + 0.9 ** (i - k) * falling[k]! * g, 0),
    ],
    [
      "adam",
      { ...defaults, kind: "adam" },
      (_, __, i) => {
        const moment = (beta: number, of: (g: number) => number): number =>
          gradients.slice(0, i + 1).reduce((sum, g, k) => sum + (1 - beta) * beta ** (i - k) * of(g), 0) /
          (1 - beta ** (i + 1));
        return (-falling[i]! * moment(0.9, (g) => g)) / (Math.sqrt(moment(0.999, (g) => g * g)) + 1e-8);
      },
    ],
  ])("a rule's own decay acts on the value itself, whatever the learning rate: %s", (_, options, added) => {
    let w = 1;
    const expected = gradients.map((g, i) => (w = (1 - 0.25) * w + added(w, g, i)));
    expect(byGraph(options, falling, 0.25)).toEqual(expected.map((x): unknown => expect.closeTo(x, 10)));
    const still = byGraph(options, [0, 0, 0, 0, 0], 0.25);
    expect(still).toEqual([1, 2, 3, 4, 5].map((steps): unknown => expect.closeTo(0.75 ** steps, 12)));
  });

  it("adds a rule's own decay to that of adamw, as factors", () => {
    const options = { ...defaults, kind: "adamw", weightDecay: 0.1 } as const;
    const [without, w] = [byGraph(options, falling), byGraph(options, falling, 0.25)];
    const steps = byGraph({ ...options, weightDecay: 0 }, falling).map((value, i, all) => value - (all[i - 1] ?? 1));
    const expected = (decay: number): unknown[] => {
      let value = 1;
      return steps.map((step, i): unknown => {
        value = value * (1 - decay) * (1 - 0.1 * falling[i]!) + step;
        return expect.closeTo(value, 10);
      });
    };
    expect(without).toEqual(expected(0));
    expect(w).toEqual(expected(0.25));
  });
});

describe("stepScalars", () => {
  const rates = { learningRate: 0.2, readoutLearningRate: 0.05 };
  const schedule = { kind: "exponential", decay: 0.25, steps: 3 } as const;
  const scaled = { learningRateScale: 8 };

  it("both rates follow the schedule; those of gradient descent are in units of the width", () => {
    const options = { ...defaults, kind: "sgd" } as const;
    expect(stepScalars(options, scaled, schedule, 1, rates)).toEqual({ learningRate: 1.6, readoutLearningRate: 0.4 });
    const third = stepScalars(options, scaled, schedule, 3, rates);
    expect(third).toEqual({ learningRate: 0.4, readoutLearningRate: 0.1 });
  });

  it("Adam has no use for the width, and decays by the rates themselves", () => {
    const options = { ...defaults, kind: "adamw", weightDecay: 0.1 } as const;
    const { learningRate, readoutLearningRate, ...rest } = stepScalars(options, scaled, schedule, 2, rates);
    const correction = Math.sqrt(1 - 0.999 ** 2);
    expect(learningRate).toBeCloseTo((0.1 * correction) / (1 - 0.9 ** 2), 12);
    expect(readoutLearningRate).toBeCloseTo((0.025 * correction) / (1 - 0.9 ** 2), 12);
    expect(rest).toEqual({ decayRate: 0.1, readoutDecayRate: 0.025, "adam.epsilon": 1e-8 * correction });
  });
});
