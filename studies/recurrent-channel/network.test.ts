import { describe, expect, test } from "vitest";
import { is, topological } from "../../src/graph/index.ts";
import { stream } from "../../src/random/stream.ts";
import { interpret } from "../../src/runtime/interpreter.ts";
import { recurrentMethods, recurrentOperations, unrolledNetwork } from "./network.ts";

const sizes = { symbols: 3, length: 3, width: 4, classes: 2, batch: 2, draws: 2 };

/** Losses of each example by loops; `shake` adds to the pre-activations. */
function losses(
  { tokens, labels, inward, recurrent, readout }: Record<string, number[]>,
  shake: (t: number, example: number, unit: number) => number = () => 0,
): { losses: number[]; states: number[][][] } {
  const { length, width, classes, batch } = sizes;
  const states: number[][][] = [];
  const all = Array.from({ length: batch }, (_, b) => {
    let state = new Array<number>(width).fill(0);
    const seen: number[][] = [];
    for (let t = 0; t < length; t++) {
      const symbol = tokens![b * length + t]!;
      state = state.map((_, j) => {
        let drive = inward![symbol * width + j]! + shake(t, b, j);
        state.forEach((h, i) => (drive += h * recurrent![i * width + j]!));
        return Math.tanh(drive);
      });
      seen.push(state);
    }
    states.push(seen);
    const scores = Array.from({ length: classes }, (_, c) =>
      state.reduce((s, h, i) => s + h * readout![i * classes + c]!, 0),
    );
    return Math.log(scores.reduce((s, score) => s + Math.exp(score), 0)) - scores[labels![b]!]!;
  });
  return { losses: all, states };
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

describe("updates against loops", () => {
  const { updates } = unrolledNetwork(sizes);
  const named = recurrentMethods.flatMap((method) => [updates[method].inward, updates[method].recurrent]);
  const random = stream(1, "recurrent test");
  const feeds: Record<string, number[]> = {};
  for (const node of topological(named)) {
    if (!is(node, "input")) continue;
    const { name, shape } = node.attributes;
    const below = name === "tokens" ? 3 : 2;
    const draw = name === "tokens" || name === "labels" ? () => random.integer(below) : random.normal;
    feeds[name] = Array.from({ length: shape.reduce((product, size) => product * size, 1) }, draw);
  }
  const values = interpret(named, feeds).map(({ values: own }) => [...own]);
  const updateOf = (method: (typeof recurrentMethods)[number], of: "inward" | "recurrent"): number[] =>
    values[2 * recurrentMethods.indexOf(method) + (of === "inward" ? 0 : 1)]!;

  test.each(["inward", "recurrent"] as const)("backpropagation through time: the slope of the loss by %s", (name) => {
    const slopes = feeds[name]!.map((_, i) => {
      const at = (by: number): number =>
        mean(losses({ ...feeds, [name]: feeds[name]!.map((value, j) => (j === i ? value + by : value)) }).losses);
      return (at(1e-5) - at(-1e-5)) / 2e-5;
    });
    updateOf("bptt", name).forEach((value, i) => expect(value).toBeCloseTo(slopes[i]!, 8));
  });

  test.each(["inward", "recurrent"] as const)("weight perturbation of %s", (name) => {
    const expected = feeds[name]!.map(() => 0);
    for (const draw of [0, 1]) {
      const shaken = { ...feeds };
      for (const of of ["inward", "recurrent"])
        shaken[of] = feeds[of]!.map((value, i) => value + 1e-3 * feeds[`noise.${of}.${draw}`]![i]!);
      const rise = mean(losses(shaken).losses) - mean(losses(feeds).losses);
      expected.forEach((_, i) => (expected[i]! += ((rise / 1e-3) * feeds[`noise.${name}.${draw}`]![i]!) / 2));
    }
    updateOf("weight-perturbation", name).forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 8));
  });

  test("node perturbation of both", () => {
    const { width, length, batch } = sizes;
    const expected = { inward: feeds["inward"]!.map(() => 0), recurrent: feeds["recurrent"]!.map(() => 0) };
    const clean = losses(feeds);
    for (const draw of [0, 1]) {
      const noise = (t: number, b: number, j: number): number => feeds[`noise.units.${draw}.${t}`]![b * width + j]!;
      const shaken = losses(feeds, (t, b, j) => 1e-2 * noise(t, b, j));
      for (let b = 0; b < batch; b++) {
        const slope = (shaken.losses[b]! - clean.losses[b]!) / 1e-2 / 2 / batch;
        for (let t = 0; t < length; t++)
          for (let j = 0; j < width; j++) {
            expected.inward[feeds["tokens"]![b * length + t]! * width + j]! += slope * noise(t, b, j);
            for (let i = 0; i < width && t > 0; i++)
              expected.recurrent[i * width + j]! += clean.states[b]![t - 1]![i]! * slope * noise(t, b, j);
          }
      }
    }
    for (const of of ["inward", "recurrent"] as const)
      updateOf("node-perturbation", of).forEach((value, i) => expect(value).toBeCloseTo(expected[of][i]!, 8));
  });
});

test("operations grow with the string and with the draws, backpropagation's not with the draws", () => {
  const at = (method: (typeof recurrentMethods)[number], changed: object): number =>
    recurrentOperations({ ...sizes, ...changed }, method);
  expect(at("bptt", { draws: 5 })).toBe(at("bptt", { draws: 1 }));
  for (const method of recurrentMethods) expect(at(method, { length: 6 })).toBeGreaterThan(at(method, { length: 3 }));
  for (const method of ["weight-perturbation", "node-perturbation"] as const)
    expect(at(method, { draws: 6 }) / at(method, { draws: 3 })).toBeCloseTo(2, 1);
});
