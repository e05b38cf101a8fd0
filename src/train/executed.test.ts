/** The checks of what is executed notice what they are for. */
import { describe, expect, test } from "vitest";
import { input, type Tensor } from "../graph/index.ts";
import { networkCase } from "../rules/testing/rule-cases.contract.ts";
import { chooseRule } from "../rules/index.ts";
import { refuseNewReads, refuseOtherSteps } from "./executed.ts";
import { buildStep } from "./step.ts";
import { unroll } from "./unroll.ts";

const x = input("x", [2]);
const w = input("w", [2]);
const rate = input("rate", []);

describe("a rewritten step", () => {
  test("may read less, and nothing more", () => {
    expect(() => refuseNewReads({ a: x.add(w.mul(0)) }, { a: x })).not.toThrow();
    expect(() => refuseNewReads({ a: x }, { a: x.add(w) })).toThrow("a of the rewritten step reads w");
  });
});

describe("a block of steps", () => {
  const step = { loss: x.mul(w).sum(), "next.w": w.sub(x.mul(rate)) };
  const fixed = new Set(["rate"]);

  test("is the step again and again", () => {
    expect(() => refuseOtherSteps(step, unroll(step, 3, fixed), 3, fixed)).not.toThrow();
  });

  test.each<[string, (block: Record<string, Tensor>) => Record<string, Tensor>, string]>([
    ["another operation", (block) => ({ ...block, "next.w": block["next.w"]!.neg() }), "neg f32[2] for sub f32[2]"],
    ["another input", (block) => ({ ...block, "next.w": input("w", [2]).sub(x.mul(rate)) }), "another input than x@2"],
    ["an output left out", ({ loss }) => ({ loss: loss! }), "other outputs"],
  ])("with %s is refused", (_, change, what) => {
    expect(() => refuseOtherSteps(step, change(unroll(step, 3, fixed)), 3, fixed)).toThrow(what);
  });

  test("holds for a rule with states and partners", () => {
    const { network, symbols } = networkCase("tree-cnn");
    const optimiser = { kind: "adam", momentum: 0, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0 } as const;
    const { outputs } = buildStep({ network, rule: chooseRule("lpl"), optimiser, batch: 4 }, symbols);
    const none = new Set<string>();
    expect(() => refuseOtherSteps(outputs, unroll(outputs, 4, none), 4, none)).not.toThrow();
  });
});
