import { describe, expect, test } from "vitest";
import { RuleError } from "./signal.ts";
import { drawFeeds, evaluate, networkCase, trace } from "./rule-cases.contract.ts";

const network = networkCase("tree-cnn", { widths: [4, 6, 2], bias: "shared" });

describe("layers learning one by one", () => {
  const together = trace(network, { id: "info-nce" });
  const feeds = drawFeeds(together, 1);
  const all = evaluate(together, feeds).gradients;
  const ordered = trace(network, { id: "info-nce", sequence: "one-by-one", stepsPerLayer: 10 });

  test.each([
    [0, 1],
    [9, 1],
    [10, 2],
    [19, 2],
    [20, 3],
    [29, 3],
    [1000, 3],
  ])("at step %i (from 0) layer %i alone learns, as it would together", (step, turn) => {
    const { gradients, next } = evaluate(ordered, { ...feeds, "layerwise.step": [step] });
    expect(Object.keys(gradients)).toEqual(Object.keys(all));
    for (const [name, values] of Object.entries(gradients)) {
      const learning = name.startsWith(`layer${turn}.`);
      expect(values, name).toEqual(learning ? all[name] : all[name]!.map(() => 0));
    }
    expect(next["layerwise.step"]).toEqual([step + 1]);
  });

  test("the clock starts at zero, and is not there when layers learn together", () => {
    expect(drawFeeds(ordered, 1)["layerwise.step"]).toEqual([0]);
    expect([...together.workspace.variables.keys()].some((name) => name.startsWith("layerwise"))).toBe(false);
  });
});

test("a network without any pair of the kind is refused", () => {
  const dense = networkCase("mlp", { symbols: 4 });
  expect(() => trace(dense, { id: "clapp", pair: "context" })).toThrow(
    new RuleError(
      "rule clapp: expected at least one layer with a pair, got layers of 1, 1 positions; " +
        "pair=context needs two positions: use another pair or another network.architecture",
    ),
  );
});

test("layers of one position have no neighbour: with pair=context they do not learn", () => {
  const { gradients } = evaluate(
    trace(network, { id: "vicreg", pair: "context", projector: "none" }),
    drawFeeds(trace(network, { id: "vicreg", projector: "none" }), 1),
  );
  expect(Object.keys(gradients)).toEqual(["layer1.weight", "layer1.bias", "layer2.weight", "layer2.bias"]);
});
