/** Layers that learn in turn: who learns at which step, and what goes on meanwhile. */
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { full } from "../../graph/index.ts";
import { drawFeeds, evaluate, networkCase, trace } from "../testing/rule-cases.contract.ts";
import { constantly, defineRule, inTurns, type Parameter, type Slope, type Turns, type Updates } from "./index.ts";

const network = networkCase("tree-cnn", { widths: [4, 6, 2], bias: "shared" });

/** Ones for every weight, bias and head, and for a head of the whole network; a state that counts, and a decay. */
const turning = (turns: Turns) =>
  defineRule(
    { id: "test", family: "test", equation: "", source: "", relation: "none", reads: [], options: z.strictObject({}) },
    (workspace) => {
      const { layers, registry } = workspace;
      for (const view of layers) view.head("head", [2], 0);
      registry.keep({ name: "shared", kind: "head", shape: [3], initial: constantly(0) });
      const learning = registry.variables.filter(
        (one): one is Parameter => one.kind === "head" || layers.some(({ layer }) => layer === one.owner),
      );
      const slopes = learning.map((parameter): Slope => ({ parameter, gradient: full(1, parameter.shape) }));
      const count = workspace.state("count", [], 5);
      const updates: Updates = {
        slopes,
        objectives: [{ of: layers[0], name: "objective", value: full(7, []) }],
        next: [count.becomes(count.now.add(1))],
        decays: [{ parameter: layers[2]!.parameters[0]!, rate: 0.5 }],
      };
      return inTurns(workspace, updates, turns);
    },
  )();

/** Which layers learn at a step, and the next step. */
function at(turns: Turns, step: number): { learning: string[]; shared: number[]; next: number } {
  const traced = trace(network, turning(turns));
  const { gradients, next, objectives } = evaluate(traced, { ...drawFeeds(traced, 1), "turn.step": [step] });
  const learning = ["layer1", "layer2", "layer3"].filter((layer) => {
    const own = Object.entries(gradients).filter(([name]) => name.startsWith(layer));
    expect(own).toHaveLength(3);
    const flat = own.flatMap(([, values]) => values);
    // All of a layer or nothing of it, its heads as well.
    expect(new Set(flat).size).toBe(1);
    return flat[0] === 1;
  });
  expect(next["count"]).toEqual([6]);
  expect(objectives).toEqual({ "layer1.objective": 7 });
  return { learning, shared: gradients["shared"]!, next: next["turn.step"]![0]! };
}

describe("turns of two steps", () => {
  test.each([
    [0, 1],
    [1, 1],
    [2, 2],
    [3, 2],
    [4, 3],
    [5, 3],
  ])("at step %i it is layer %i's turn", (step, layer) => {
    for (const again of [true, false])
      expect(at({ steps: 2, again }, step)).toMatchObject({ learning: [`layer${layer}`], shared: [1, 1, 1] });
  });

  test("after the last layer the first follows again, or the last goes on", () => {
    expect(at({ steps: 2, again: true }, 4).next).toBe(5);
    expect(at({ steps: 2, again: true }, 5).next).toBe(0);
    expect(at({ steps: 2, again: false }, 5).next).toBe(6);
    for (const step of [6, 100, 5000])
      expect(at({ steps: 2, again: false }, step)).toMatchObject({ learning: ["layer3"], next: step + 1 });
  });
});

test("decays are left as they are: whoever's turn it is, weights forget", () => {
  const { updates } = trace(network, turning({ steps: 1, again: true }));
  expect(updates.decays!.map(({ parameter, rate }) => [parameter.name, rate])).toEqual([["layer3.weight", 0.5]]);
});
