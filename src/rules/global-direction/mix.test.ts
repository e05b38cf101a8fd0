import { describe, expect, it } from "vitest";
import { z } from "zod";
import { mixOf } from "./mix.ts";
import { drawFeeds, evaluate, networkCase, networkCases, trace } from "../testing/rule-cases.contract.ts";
import { defineRule, RuleError } from "../contract/index.ts";
import { chooseFrom } from "../choose.ts";

describe("mix", () => {
  it.each([
    [2, 0.5],
    [-1, 3],
    [0, 1],
    [1, 0],
  ])("is %d of the local change and %d of the gradient", (alphaLocal, alphaGlobal) => {
    for (const network of networkCases.filter((_, i) => i % 3 === 1)) {
      const local = { id: "oja", reduction: "sum", learnBias: true };
      const { id, ...localOptions } = local;
      const traced = trace(network, { id: "mix", local: id, localOptions, alphaLocal, alphaGlobal });
      const feeds = drawFeeds(traced, 3);
      const mixed = evaluate(traced, feeds).gradients;
      const oja = evaluate(trace(network, local), feeds).gradients;
      const gradient = evaluate(trace(network, { id: "backprop" }), feeds).gradients;
      expect(Object.keys(mixed).sort()).toEqual(Object.keys(gradient).sort());
      for (const [name, values] of Object.entries(mixed)) {
        values.forEach((value, i) =>
          expect(value).toBeCloseTo(alphaLocal * oja[name]![i]! + alphaGlobal * gradient[name]![i]!, 10),
        );
      }
    }
  });

  it("leaves to the gradient what the local rule leaves alone", () => {
    const network = networkCase("tree-cnn", { bias: "shared" });
    const traced = trace(network, { id: "mix", local: "oja", alphaLocal: 5, alphaGlobal: 2 });
    const feeds = drawFeeds(traced, 3);
    const gradient = evaluate(trace(network, { id: "backprop" }), feeds).gradients;
    evaluate(traced, feeds).gradients["layer1.bias"]!.forEach((value, i) =>
      expect(value).toBeCloseTo(2 * gradient["layer1.bias"]![i]!, 10),
    );
  });

  it("keeps the local rule's heads, objectives and state as they are", () => {
    const network = networkCase("tree-cnn");
    const plain = trace(network, { id: "info-nce" });
    const traced = trace(network, { id: "mix", local: "info-nce", alphaLocal: 7 });
    const feeds = drawFeeds(plain, 3);
    const [alone, mixed] = [evaluate(plain, feeds), evaluate(traced, feeds)];
    expect(mixed.gradients["layer1.predictor"]).toEqual(alone.gradients["layer1.predictor"]);
    expect(mixed.objectives).toEqual(alone.objectives);
    expect(Object.keys(trace(network, { id: "mix", local: "bcm" }).next)).toEqual([
      "layer1.threshold",
      "layer2.threshold",
    ]);
  });

  it("refuses an unknown local rule, its unknown options, and rules that change what layers pass on", () => {
    const network = networkCase("mlp", { symbols: 4 });
    expect(() => trace(network, { id: "mix", local: "hbb" })).toThrow(
      /rule\.local: rule: expected a rule, .*did you mean "hebb"\?/,
    );
    expect(() => trace(network, { id: "mix", local: "oja", localOptions: { reducton: "sum" } })).toThrow(
      /rule\.local: rule\.reducton: expected an option of oja .*did you mean "reduction"\?/,
    );
    const normalising = defineRule(
      {
        id: "normalising",
        family: "test",
        equation: "",
        source: "",
        relation: "none",
        reads: [],
        options: z.strictObject({}),
        between:
          () =>
          (_, { post }) =>
            post,
      },
      () => ({ slopes: [] }),
    );
    expect(() => chooseFrom([mixOf([normalising])], { id: "mix", local: "normalising" })).toThrow(
      new RuleError(
        "rule.local: expected a rule whose layers pass on their activity itself, got normalising, which changes it; use it unmixed",
      ),
    );
  });
});
