/** A block of steps against the same steps one by one. */
import { describe, expect, it } from "vitest";
import { input } from "../graph/index.ts";
import { catalogue } from "../rules/index.ts";
import { interpret } from "../runtime/interpreter.ts";
import { nodeEngine } from "../runtime/node-engine.node.ts";
import { groupOf } from "./group-cases.contract.ts";
import { Trainer } from "./index.ts";
import { blockStepsFor, unroll } from "./unroll.ts";

const engine = nodeEngine();

describe("unroll", () => {
  const [x, total, scale] = [input("x", []), input("total", []), input("scale", [])];
  const grown = total.add(x.mul(scale));
  const outputs = { sum: grown, "next.total": grown };

  it("carries the state, gives each step its inputs, shares what is fixed, and stacks the results", () => {
    const block = unroll(outputs, 3, new Set(["scale"]));
    const [sum, next] = interpret([block["sum"]!, block["next.total"]!], {
      total: [1],
      scale: [10],
      "x@0": [1],
      "x@1": [2],
      "x@2": [3],
    });
    expect([sum!.shape, Array.from(sum!.values), Array.from(next!.values)]).toEqual([[3], [11, 31, 61], [61]]);
  });

  it("makes blocks shorter for large graphs and short runs", () => {
    expect([blockStepsFor(100, 3000), blockStepsFor(2000, 3000), blockStepsFor(9000, 3000)]).toEqual([8, 4, 1]);
    expect([blockStepsFor(100, 20), blockStepsFor(100, 50)]).toEqual([1, 3]);
  });
});

const cases = [
  ...catalogue.map(({ id }) => [id, "stacked"] as const),
  ...["backprop", "direct-feedback-alignment", "info-nce", "oja"].map((id) => [id, "plain"] as const),
];

describe("five steps, three as one block, give the bits of five single steps", () => {
  it.each(cases)("%s, %s", async (rule, form) => {
    const seeds = form === "plain" ? [1] : [0, 1];
    const last = seeds.length - 1;
    const own = groupOf(rule, form, seeds, { width: 6, batch: 5 });
    const single = await Trainer.create(own, engine);
    const block = await Trainer.create(own, engine, 48);
    const losses: number[][] = [];
    const states: Record<string, Float32Array>[] = [];
    for (let step = 0; step < 5; step++) {
      losses.push(...(await single.advance()).map(({ loss }) => Array.from(loss!)));
      states.push(single.snapshot(last));
    }
    expect(block.blockSteps).toBe(3);
    const first = await block.advance();
    expect(await block.snapshotAfter(1, last)).toEqual(states[0]);
    expect(block.snapshot(last)).toEqual(states[first.length - 1]);
    const found = first.map(({ loss }) => Array.from(loss!));
    while (found.length < 5) {
      found.push(...(await block.advance(5 - found.length)).map(({ loss }) => Array.from(loss!)));
    }
    expect(found).toEqual(losses);
    expect(block.snapshot(last)).toEqual(states[4]);
    await single.dispose();
    await block.dispose();
  });
});
