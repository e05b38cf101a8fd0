import { expect, test } from "vitest";
import { perturbationCosineSquared } from "../../src/audit/channel/information.ts";
import { estimate } from "../../src/measures/statistics.ts";
import { nodeEngine } from "../../src/runtime/node-engine.node.ts";
import { rhm } from "../../src/tasks/index.ts";
import { measureRecurrentChannel } from "./measure.ts";
import { recurrentMethods, recurrentOrder } from "./network.ts";
import { summariseRecurrent } from "./summary.ts";
import { recurrentText } from "./text.ts";

test("orders, counted", () => {
  const orders = recurrentMethods.map((method) => recurrentOrder(method)?.text);
  expect(orders).toEqual(["O(T)", "O(T k)", "O(T k)"]);
});

test("measured: bptt has all bits, weight perturbation's mean cos^2 is near k / (W + k - 1)", async () => {
  const task = rhm({ v: 4, m: 2, s: 2, depth: 2 });
  const options = { width: 6, draws: 4, batch: 4, batches: 60, examples: 20, at: [0, 30], learningRate: 0.2 };
  const tasks = [0, 1].map((seed) => ({ task, seed }));
  const samples = await measureRecurrentChannel(tasks, options, nodeEngine());
  expect(samples).toHaveLength(2 * 2 * 3);
  for (const { method, bits } of samples) if (method === "bptt") expect(bits).toBe(24);
  for (const step of [0, 30]) {
    const own = samples.filter((sample) => sample.method === "weight-perturbation" && sample.step === step);
    const found = estimate(own.flatMap(({ batchCosines }) => batchCosines.map((value) => value ** 2)));
    const expected = perturbationCosineSquared(4 * 6 + 6 * 6, 4);
    expect(Math.abs(found.mean - expected)).toBeLessThan(3 * found.standardError);
  }
  const states = samples.filter(({ method, seed }) => method === "node-perturbation" && seed === 0);
  expect(states[0]!.cosine).not.toBe(states[1]!.cosine);
  const rows = summariseRecurrent([{ length: 4, samples }], { width: 6, draws: 4, precision: 24 });
  expect(rows).toHaveLength(2 * 3);
  expect(rows[0]).toMatchObject({ length: 4, step: 0, method: "bptt" });
  expect(recurrentText(rows, { bptt: "O(T)" }, 4)).toMatch(/\n +4 +0 +bptt +[\d.]+ +1 ± 0 /);
});
