import { describe, expect, it } from "vitest";
import { defaultNetwork, heldOutStudy, networkBase, networkStudy, type NetworkTrials } from "./networks.ts";
import { expand } from "../spec/expand.ts";
import { summarise } from "../summary/summary.ts";
import { syntheticRow } from "../summary/synthetic-rows.ts";

const trials: NetworkTrials = {
  rules: ["O*I - O^2*w", "T*I - O*I"],
  ruleOptions: { activity: "preactivation" },
  base: defaultNetwork,
  rates: [0.01, 0.1],
  seeds: [0, 1],
};

describe("the studies of a search", () => {
  const study = networkStudy(trials);
  const planned = expand(study);

  it("run every rule and two controls at the same learning rates and seeds; only rules with a target have a channel", () => {
    expect(planned).toHaveLength(4 * 2 * 2);
    const rules = new Map(planned.map(({ spec }) => [spec.rule.id, spec.rule]));
    expect([...rules.keys()]).toEqual(["frozen", "backprop", "O*I - O^2*w", "T*I - O*I"]);
    expect(rules.get("T*I - O*I")).toMatchObject({ channel: "random", activity: "preactivation" });
    expect(rules.get("O*I - O^2*w")).not.toHaveProperty("channel");
    for (const id of rules.keys())
      expect(planned.filter(({ spec }) => spec.rule.id === id).map(({ spec }) => spec.train.learningRate)).toEqual([
        0.01, 0.1, 0.01, 0.1,
      ]);
  });

  it("have a name from what they run: the same for the same, another for another network", () => {
    expect(study.name).toMatch(/^discover-[0-9a-f]{6}$/);
    expect(networkStudy(trials).name).toBe(study.name);
    expect(networkStudy({ ...trials, base: networkBase({ "network.width": 5 }) }).name).not.toBe(study.name);
  });

  it("hold out other hierarchies, at the rate each rule was given on the search's, and no other", () => {
    const best: Readonly<Record<string, number>> = {
      frozen: 0.01,
      backprop: 0.1,
      "O*I - O^2*w": 0.1,
      "T*I - O*I": 0.01,
    };
    const rows = planned.map((run) => {
      const { rule, train } = run.spec;
      return syntheticRow(run, { validationError: train.learningRate === best[rule.id] ? 0.2 : 0.6 });
    });
    const heldOut = expand(heldOutStudy(study, summarise(planned, rows)));
    expect(heldOut).toHaveLength(4 * 2);
    for (const { spec } of heldOut) expect(spec.train.learningRate).toBe(best[spec.rule.id]);
    const seeds = new Set(planned.map(({ spec }) => spec.seed));
    for (const { spec } of heldOut) expect(seeds).not.toContain(spec.seed);
    expect(new Set(heldOut.map(({ spec }) => spec.seed)).size).toBe(2);
  });
});
