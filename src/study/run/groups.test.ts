/** Which runs share a graph, how many groups they make, and who gets the cores that are left. */
import { describe, expect, it } from "vitest";
import { expand } from "../spec/expand.ts";
import { groupRuns } from "./groups.ts";
import { PlannedModels } from "./planned-model.ts";
import { defineStudy, type PlannedRun } from "../spec/study.ts";

function runs(width: number, grid: Record<string, readonly (string | number)[]>): PlannedRun[] {
  return expand(
    defineStudy({
      name: "planned",
      question: "?",
      base: { task: { v: 8, m: 4, depth: 3 }, data: { train: 500 }, network: { width }, train: { steps: 100 } },
      grid,
    }),
  );
}

const sizes = (planned: readonly PlannedRun[], workers: number): number[] =>
  groupRuns(planned, workers, new PlannedModels()).map((group) => group.runs.length);

describe("groups", () => {
  it("stack what differs in seed, data or learning rate, in equal parts for the workers, sixteen at most", () => {
    const alike = { seed: [0, 1, 2, 3, 4], "train.learningRate": [0.01, 0.02], "data.train": [400, 500] };
    expect(sizes(runs(16, alike), 2)).toEqual([10, 10]);
    expect(sizes(runs(16, alike), 1)).toEqual([10, 10]);
    expect(sizes(runs(16, alike), 3)).toEqual([7, 7, 6]);
  });

  it("keep apart what has another graph, and large models from each other", () => {
    expect(sizes(runs(16, { seed: [0, 1], rule: ["backprop", "frozen"] }), 1)).toEqual([2, 2]);
    expect(sizes(runs(512, { seed: [0, 1, 2] }), 2)).toEqual([1, 1, 1]);
  });

  it("come with the most work first", () => {
    const [first] = groupRuns(runs(16, { rule: ["frozen", "backprop"] }), 1, new PlannedModels());
    expect(first?.runs[0]?.spec.rule.id).toBe("backprop");
  });
});

describe("threads of a group", () => {
  const threads = (planned: readonly PlannedRun[], workers: number): number[] =>
    groupRuns(planned, workers, new PlannedModels()).map((group) => group.threads);

  it("are the cores that would have no group, where the steps are large enough", () => {
    expect(threads(runs(512, { seed: [0] }), 8)).toEqual([8]);
    expect(threads(runs(512, { seed: [0, 1, 2] }), 8)).toEqual([2, 2, 2]);
    expect(threads(runs(512, { seed: [0, 1, 2] }), 2)).toEqual([1, 1, 1]);
    expect(threads(runs(16, { seed: [0] }), 8)).toEqual([1]);
  });
});
