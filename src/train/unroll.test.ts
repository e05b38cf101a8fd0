/** A block of steps against the same steps one by one. */
import { describe, expect, it } from "vitest";
import { input } from "../graph/index.ts";
import { interpret } from "../runtime/interpreter.ts";
import { blocksGiveTheSameBits } from "./blocks.contract.ts";
import { blockStepsFor, unroll } from "./unroll.ts";

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

// One of each way of keeping state, drawing noise and settling; every rule: unroll.slow.test.ts.
blocksGiveTheSameBits([
  ...[
    "backprop",
    "weight-mirror",
    "info-nce",
    "lpl",
    "bcm",
    "foldiak",
    "node-perturbation",
    "infomorphic",
    "deep-targets",
  ].map((id) => [id, "stacked"] as const),
  ...["backprop", "direct-feedback-alignment", "info-nce", "oja"].map((id) => [id, "plain"] as const),
]);
