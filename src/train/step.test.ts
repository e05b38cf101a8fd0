/** Whole training steps, for every rule of the catalogue: ONNX Runtime in float32 against the interpreter in float64, and alone against in company. */
import { describe, expect, it } from "vitest";
import { catalogue } from "../rules/index.ts";
import { interpret } from "../runtime/interpreter.ts";
import { nodeEngine } from "../runtime/node-engine.node.ts";
import { groupOf } from "./group-cases.contract.ts";
import { replicate, Trainer } from "./index.ts";

const engine = nodeEngine();
/** Rules whose steps are made of different primitives; the plain form differs from the stacked one in how products are fused. */
const plainRules = [
  "backprop",
  "direct-feedback-alignment",
  "info-nce",
  "lpl",
  "oja",
  "ghl",
  "node-perturbation",
  "greedy",
];

describe.each([
  ["plain", plainRules],
  ["stacked", catalogue.map(({ id }) => id)],
] as const)("a step, %s", (form, rules) => {
  it.each(rules)("%s", async (rule) => {
    const own = groupOf(rule, form, form === "plain" ? [1] : [1, 2], { width: 6, batch: 8 });
    const trainer = await Trainer.create(own, engine);
    const before = own.replicas.map((_, r) => trainer.snapshot(r));
    const scalars = Object.fromEntries(
      Object.entries((await trainer.advance())[0]!).map(([name, values]) => [name, Array.from(values)]),
    );
    const after = own.replicas.map((_, r) => trainer.snapshot(r));
    const outputs = form === "plain" ? trainer.graph.outputs : replicate(trainer.graph.outputs, own.replicas.length);
    const feeds: Record<string, ArrayLike<number>> = { ...trainer.lastFeeds() };
    for (const name of Object.keys(before[0]!)) feeds[name] ??= before.flatMap((values) => Array.from(values[name]!));
    await trainer.dispose();

    const names = Object.keys(outputs);
    interpret(Object.values(outputs), feeds).forEach(({ values }, i) => {
      const name = names[i]!;
      const found = name.startsWith("next.")
        ? after.flatMap((state) => Array.from(state[name.slice(5)]!))
        : scalars[name]!;
      expect(found, name).toHaveLength(values.length);
      found.forEach((value, k) => {
        expect(Math.abs(value - values[k]!), `${name}[${k}]: ${value} against ${values[k]!}`).toBeLessThanOrEqual(
          1e-4 * Math.max(1, Math.abs(values[k]!)),
        );
      });
    });
  });
});

describe("two steps at odd sizes give a replica the same bits alone and in company (every rule: same-bits.slow.test.ts)", () => {
  it.each(["forward-forward", ...plainRules])("%s", async (rule) => {
    const run = async (seeds: readonly number[]): Promise<Record<string, Float32Array>[]> => {
      const trainer = await Trainer.create(groupOf(rule, "stacked", seeds, { width: 10, batch: 13 }), engine);
      await trainer.advance();
      await trainer.advance();
      const states = seeds.map((_, r) => trainer.snapshot(r));
      await trainer.dispose();
      return states;
    };
    const [alone] = await run([2]);
    const company = await run([1, 2, 3]);
    expect(company[1]).toEqual(alone);
  });
});

describe("two steps give the same bits on one thread and on two", () => {
  const cases = (["plain", "stacked"] as const).flatMap((form) =>
    ["backprop", "info-nce", "oja"].map((rule) => [rule, form] as const),
  );
  it.each(cases)("%s, %s", async (rule, form) => {
    const run = async (threads: number): Promise<Record<string, Float32Array>> => {
      // Wide enough that products and elementwise operations are split.
      const own = groupOf(rule, form, [1], { width: 96, batch: 130 });
      const trainer = await Trainer.create(own, nodeEngine({ threads }));
      await trainer.advance();
      await trainer.advance();
      const state = trainer.snapshot(0);
      await trainer.dispose();
      return state;
    };
    expect(await run(2)).toEqual(await run(1));
  });
});
