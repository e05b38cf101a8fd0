import { describe, expect, test } from "vitest";
import { estimate } from "../../measures/statistics.ts";
import { nodeEngine } from "../../runtime/node-engine.node.ts";
import { rhm } from "../../tasks/index.ts";
import type { Group } from "../../train/trainer.ts";
import { smallModel } from "./cases.contract.ts";
import { measureChannel } from "./measure.ts";
import { hiddenWeights } from "./bound.ts";
import { perturbationCosineSquared } from "./information.ts";

const engine = nodeEngine();

function groupOf(
  rule: Parameters<typeof smallModel>[0],
  {
    form = "stacked",
    seeds = [0, 1, 2],
    learningRate = 0.1,
  }: { form?: Group["form"]; seeds?: number[]; learningRate?: number } = {},
): Group {
  const task = rhm({ v: 4, m: 2, s: 2, depth: 2, classes: 3 });
  return {
    model: smallModel(rule, { architecture: "tree-cnn", widths: [6, 8] }),
    schedule: { kind: "constant", decay: 1, steps: 40 },
    form,
    replicas: seeds.map((seed) => ({
      task,
      sizes: { train: 20, validation: 0, test: 0 },
      seeds: { data: seed, init: seed, order: seed, noise: seed },
      learningRate,
      readoutLearningRate: learningRate,
    })),
  };
}

const measure = (group: Group, at = [0, 20], batches = 4) => measureChannel(group, { at, batches }, engine);

describe("what an update says of the gradient", () => {
  test("backprop: every sign, and all bits but those its own rounding costs", async () => {
    const { samples } = await measure(groupOf({ id: "backprop" }));
    expect(samples.map(({ replica, step }) => [replica, step])).toEqual(
      [0, 20].flatMap((step) => [0, 1, 2].map((r) => [r, step])),
    );
    for (const { layers, all } of samples) {
      for (const one of [...layers, all]) {
        expect(one.cosine).toBeCloseTo(1, 10);
        expect(one.gaussianBits).toBeGreaterThan(20);
        expect(one.gaussianBits).toBeLessThanOrEqual(24);
        expect(one.signBits).toBeGreaterThan(0.99);
      }
    }
  });

  test("the precision is its ceiling", async () => {
    const { samples } = await measureChannel(
      groupOf({ id: "backprop" }),
      { at: [0], batches: 2, precision: 10 },
      engine,
    );
    expect(samples.map(({ all }) => all.gaussianBits)).toEqual([10, 10, 10]);
  });

  test("no update: nothing", async () => {
    const { samples, layers } = await measure(groupOf({ id: "frozen" }), [0]);
    expect(samples[0]!.all).toMatchObject({ cosine: 0, signAgreement: 0.5, gaussianBits: 0, signBits: 0 });
    expect(layers.map(({ operations }) => operations)).toEqual([0, 0]);
  });

  test.each([1, 8])("weight perturbation with %i draws: mean cos^2 near k / (W + k - 1)", async (draws) => {
    const group = groupOf({ id: "weight-perturbation", draws, antithetic: true }, { seeds: [0, 1, 2, 3] });
    const { samples } = await measure(group, [0], 60);
    const { mean, standardError } = estimate(samples.flatMap(({ all }) => all.batchCosines.map((value) => value ** 2)));
    const expected = perturbationCosineSquared(hiddenWeights(group.model.network), draws);
    expect(Math.abs(mean - expected)).toBeLessThan(3 * standardError);
    expect(standardError).toBeLessThan(0.2 * expected);
  });

  test("of all layers together is the mean over weights of each layer's bits", async () => {
    const { samples, layers } = await measure(groupOf({ id: "direct-feedback-alignment" }), [0]);
    const [first, second] = [layers[0]!.weights, layers[1]!.weights];
    for (const { layers: own, all } of samples) {
      const [a, b] = [own[0]!.gaussianBits, own[1]!.gaussianBits];
      expect(all.gaussianBits).toBeCloseTo((a * first + b * second) / (first + second), 12);
    }
  });
});

describe("measuring", () => {
  test("does not disturb training: what is found later is the same without looking earlier", async () => {
    const group = groupOf({ id: "node-perturbation" });
    const [often, once] = [await measure(group, [0, 7, 20]), await measure(group, [20])];
    expect(often.samples.filter(({ step }) => step === 20)).toEqual(once.samples);
  });

  test("finds nearly the same alone as in a stack", async () => {
    const rule = { id: "direct-feedback-alignment" };
    const [stacked, plain] = [await measure(groupOf(rule)), await measure(groupOf(rule, { form: "plain" }))];
    for (const sample of stacked.samples) {
      const twin = plain.samples.find(({ replica, step }) => replica === sample.replica && step === sample.step)!;
      expect(twin.all.cosine).toBeCloseTo(sample.all.cosine, 3);
    }
  });

  test("leaves a run out once it is no longer finite", async () => {
    const { samples } = await measure(groupOf({ id: "hebb" }, { learningRate: 1e20 }), [0, 20]);
    expect(samples.map(({ step }) => step)).toEqual([0, 0, 0]);
  });

  test("stops when told to", async () => {
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(measureChannel(groupOf({ id: "backprop" }), { at: [5], batches: 1, signal }, engine)).rejects.toThrow(
      "enough",
    );
  });
});
