import { describe, expect, test } from "vitest";
import { drawFeeds, evaluate, networkCase, trace } from "../testing/rule-cases.contract.ts";

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
    const { gradients, next } = evaluate(ordered, { ...feeds, "turn.step": [step] });
    expect(Object.keys(gradients)).toEqual(Object.keys(all));
    for (const [name, values] of Object.entries(gradients)) {
      const learning = name.startsWith(`layer${turn}.`);
      expect(values, name).toEqual(learning ? all[name] : all[name]!.map(() => 0));
    }
    expect(next["turn.step"]).toEqual([step + 1]);
  });

  test("the clock starts at zero, and is not there when layers learn together", () => {
    expect(drawFeeds(ordered, 1)["turn.step"]).toEqual([0]);
    expect(Object.keys(together.variables).some((name) => name.startsWith("turn"))).toBe(false);
  });
});
