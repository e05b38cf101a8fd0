/** Networks written as models for batches of any size answer as they are judged. */
import type { TypedTensor } from "onnxruntime-common";
import { describe, expect, it } from "vitest";
import { constant, input, sizeOf } from "../graph/index.ts";
import { layOut, networkDefaults } from "../networks/index.ts";
import { stream } from "../random/stream.ts";
import { catalogue, chooseRule } from "../rules/index.ts";
import { interpret, lowerForAnyBatch } from "../runtime/index.ts";
import { nodeEngine } from "../runtime/node-engine.node.ts";
import { buildInference, buildStep, inferenceModel, parametersOf } from "./index.ts";

const engine = nodeEngine();
const length = 4;
const optimiser = { kind: "sgd", momentum: 0, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 } as const;

/** A model with values for all that it has. */
function trained(id: string, network: Partial<Parameters<typeof layOut>[1]> = {}, options: object = {}) {
  const sizes = { positions: length, channels: 3, classes: 3, branching: 2 };
  const layers = layOut(sizes, { ...networkDefaults, ...{ width: 5, bias: "shared" }, ...network });
  const model = { network: layers, rule: chooseRule({ id, ...options }), optimiser, batch: 8 };
  const random = stream(1, id);
  const kept = [...parametersOf(layers), ...buildStep(model, length).variables];
  const values = Object.fromEntries(
    kept.map(({ name, shape }) => {
      const own = new Float32Array(sizeOf(shape));
      random.fillNormal(own, 1);
      return [name, own];
    }),
  );
  return { model, values };
}

const examples = (count: number): Int32Array =>
  Int32Array.from({ length: count * length }, (_, i) => (i * 7 + (i >> 2)) % 3);

async function answers(bytes: Uint8Array, count: number): Promise<number[]> {
  const session = await engine.open(bytes);
  const { scores } = await session.run({ tokens: engine.tensor("int32", examples(count), [count, length]) });
  await session.release();
  expect(scores!.dims).toEqual([count, 3]);
  return Array.from((scores as TypedTensor<"float32">).data);
}

/** By the interpreter, of the graph by which networks are judged. */
function judged({ model, values }: ReturnType<typeof trained>, count: number): number[] {
  const tokens = new Int32Array(500 * length);
  tokens.set(examples(count));
  const feeds = Object.fromEntries(Object.entries(values).map(([name, own]) => [name, Array.from(own)]));
  const [scores] = interpret([buildInference(model, length, 500).scores], { ...feeds, tokens: Array.from(tokens) });
  return Array.from(scores!.values).slice(0, count * 3);
}

describe("a network as a model for batches of any size", () => {
  // Of the catalogue those whose layers pass on something else, or that have scores of their own, and some that have neither.
  it.each([
    ["backprop", {}],
    ["forward-forward", {}],
    ["forward-forward", { inference: "goodness" }],
    ["soft-hebb", {}],
    ["info-nce", {}],
  ])("%s %j", async (id, options) => {
    for (const architecture of ["tree-cnn", "locally-connected", "mlp"] as const) {
      const one = trained(id, { architecture }, options);
      const bytes = inferenceModel(one.model, length, one.values);
      for (const count of [1, 7]) {
        const expected = judged(one, count);
        const found = await answers(bytes, count);
        found.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 3));
      }
    }
  });

  it("of every shape", async () => {
    for (const network of [
      { bias: "none" },
      { bias: "per-position" },
      { readout: "mean" },
      { activation: "tanh" },
    ] as const) {
      const one = trained("backprop", network);
      const found = await answers(inferenceModel(one.model, length, one.values), 3);
      const expected = judged(one, 3);
      found.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 3));
    }
  });

  it("of every rule of the catalogue can be written", () => {
    for (const { id } of catalogue) {
      const one = trained(id);
      expect(inferenceModel(one.model, length, one.values).length).toBeGreaterThan(100);
    }
  });

  it("is refused where the size of the batch is in its numbers", () => {
    const at = (size: number) => ({ y: input("x", [size, 2]).mul(constant([size], [])) });
    expect(() => lowerForAnyBatch(at(4), at(5), {})).toThrow("got other constants; it cannot be written as one model");
    const sum = (size: number) => ({ y: size === 4 ? input("x", [4, 2]) : input("x", [size, 2]).neg() });
    expect(() => lowerForAnyBatch(sum(4), sum(5), {})).toThrow("got other operators");
  });
});
