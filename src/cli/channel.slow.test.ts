import { expect, it } from "vitest";
import { typed, typedJson } from "./typed.contract.ts";

const small =
  "task.v=4 task.m=2 task.depth=2 data.train=20 data.validation=4 data.test=4 train.batch=4 train.steps=10 network.width=5 --batches 2";

it("measures the recurrent case on strings of the task", async () => {
  const { recurrent } = (await typedJson(`channel bp seed=0,1 --recurrent 2,4 ${small}`)) as {
    readonly recurrent: {
      readonly orders: object;
      readonly rows: readonly { length: number; method: string; step: number }[];
    };
  };
  expect(recurrent.orders).toEqual({ bptt: "O(T)", "weight-perturbation": "O(T k)", "node-perturbation": "O(T k)" });
  expect(recurrent.rows).toHaveLength(2 * 2 * 3);
  expect(recurrent.rows[0]).toMatchObject({ length: 2, step: 0, method: "bptt" });
});

it("the shipped study, shortened", async () => {
  const line =
    "channel studies/learning-channel.ts train.steps=5 train.batch=4 network.width=6 network.depth=2 seed=0,1 --batches 2";
  const { code, stdout, stderr } = await typed(line);
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout).toContain("others");
  expect(stdout).toContain("weight-perturbation (draws=50)");
  expect(stdout).toMatch(/frozen +0 +0\.5 ± 0 /);
});
