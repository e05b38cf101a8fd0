/** What a layer keeps and what it refuses. What it computes is held to loops wherever a rule is. */
import { describe, expect, test } from "vitest";
import { workspaceFor } from "../../train/write-document.ts";
import { networkCase, type NetworkCase } from "../testing/rule-cases.contract.ts";
import { RuleError, type Workspace } from "./index.ts";

const workspaceOf = ({ network, symbols }: NetworkCase, batch = 3): Workspace =>
  workspaceFor({ network, batch, length: symbols }, undefined);

test("layers know their neighbours; the read-out is the last", () => {
  const { layers, readout, top } = workspaceOf(networkCase("tree-cnn"));
  const [first, second] = layers;
  expect([first!.below, first!.above, second!.below, second!.above]).toEqual([undefined, second, first, readout]);
  expect([readout.below, readout.above, top]).toEqual([second, undefined, second]);
  expect([first!, second!, readout].map(({ isReadout }) => isReadout)).toEqual([false, false, true]);
});

test.each([
  ["tree-cnn", [1, 5], [5, 5], [6, 5]],
  ["locally-connected", [4, 1, 5], [4, 5, 5], [4, 6, 5]],
] as const)(
  "%s: a value is kept for each unit, each pair of units, or each weight, as positions share them",
  (architecture, unit, pair, weight) => {
    const { layers, registry } = workspaceOf(networkCase(architecture));
    const [view] = layers;
    view!.head("a", "per unit", 2);
    view!.fixed("b", "between units", { kind: "normal", deviation: 3 });
    view!.state("c", "per weight", { kind: "identity" });
    view!.perUnit("d", 4);
    view!.head("e", [7, 2], { kind: "uniform", bound: 5 });
    const kept = registry.variables.filter(({ kind }) => kind !== "weight" && kind !== "bias");
    expect(kept.map(({ name, kind, shape, initial }) => [name, kind, shape, initial])).toEqual([
      ["layer1.a", "head", unit, { kind: "constant", value: 2 }],
      ["layer1.b", "fixed", pair, { kind: "normal", deviation: 3 }],
      ["layer1.c", "state", weight, { kind: "identity" }],
      ["layer1.d", "state", unit, { kind: "constant", value: 4 }],
      ["layer1.e", "head", [7, 2], { kind: "uniform", bound: 5 }],
    ]);
    for (const { owner, learningRate } of kept) expect([owner, learningRate]).toEqual([view!.layer, "hidden"]);
  },
);

test("noise of units has a row for each example, whatever the layout", () => {
  for (const architecture of ["tree-cnn", "locally-connected"] as const) {
    const { layers, registry } = workspaceOf(networkCase(architecture, { bias: "per-position" }));
    const [view] = layers;
    expect(view!.noise("a", "units", "normal").shape).toEqual(view!.post.shape);
    view!.noise("b", "weight", "sign");
    view!.noise("c", "bias", "uniform");
    view!.noise("d", [9], "permutation");
    expect(registry.noises.map(({ name, shape, distribution }) => [name, shape, distribution])).toEqual([
      ["noise.layer1.a", [3, 4, 5], "normal"],
      ["noise.layer1.b", view!.stored.weight.shape, "sign"],
      ["noise.layer1.c", [4, 5], "uniform"],
      ["noise.layer1.d", [9], "permutation"],
    ]);
  }
});

describe("is refused", () => {
  const { layers } = workspaceOf(networkCase("tree-cnn"));
  const [first] = layers;

  test("what needs a layer below the first", () => {
    for (const [what, ask] of [
      ["receive", () => first!.receive(first!.post)],
      ["toBelow", () => first!.toBelow(first!.pre)],
      ["sendBack", () => first!.sendBack(first!.post)],
    ] as const)
      expect(ask).toThrow(
        new RuleError(`${what}: expected a layer with another one below, got layer1, which reads the input`),
      );
  });

  test("noise of a bias that is not there", () => {
    expect(() => first!.noise("b", "bias", "sign")).toThrow(new RuleError('noise "b": layer1 has no bias'));
  });

  test("a name that stands for another value already", () => {
    first!.perUnit("threshold", 0);
    expect(() => first!.head("threshold", "per unit", 0)).toThrow(
      new RuleError(
        "layer1.threshold: expected one value of this name, got a head [1, 5] after a state [1, 5]; rename one",
      ),
    );
  });
});
