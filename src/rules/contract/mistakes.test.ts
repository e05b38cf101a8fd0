/** What a rule's author gets wrong is told by the rule, the layer, and what was expected. */
import { describe, expect, test } from "vitest";
import { z } from "zod";
import type { Tensor } from "../../graph/index.ts";
import { networkCase, trace } from "../testing/rule-cases.contract.ts";
import { defineRule, type LayerView, localObjective, plasticity, RuleError, type Workspace } from "./index.ts";

const network = networkCase("tree-cnn");
const card = { ...{ id: "mine", family: "test", equation: "", source: "", reads: [] }, relation: "none" as const };
const options = z.strictObject({});

describe("a card", () => {
  const refused =
    (wrong: object): (() => unknown) =>
    () =>
      defineRule({ ...card, options, ...wrong }, () => ({ slopes: [] }));
  test.each<[string, object, string]>([
    ["an unknown signal", { reads: ["prre"] }, 'got "prre"; did you mean "pre"?'],
    [
      "an unknown relation",
      { relation: "equals" },
      'relation: expected one of equal, equal when the feedback is the transpose, descent direction, none, got "equals"',
    ],
  ])("with %s is refused", (_, wrong, message) => {
    expect(refused(wrong)).toThrow(RuleError);
    expect(refused(wrong)).toThrow(message);
  });
});

test("options that are not declared strict are strict all the same", () => {
  const rule = defineRule({ ...card, options: z.object({ scale: z.number().default(1) }) }, () => ({ slopes: [] }));
  expect(() => rule({ scal: 5 } as never)).toThrow(
    'rule.scal: expected an option of mine (scale); did you mean "scale"?',
  );
  expect(rule({ scale: 5 }).options).toEqual({ scale: 5 });
  const open = defineRule({ ...card, options: z.looseObject({}) }, () => ({ slopes: [] }));
  expect(open({ any: 1 }).options).toEqual({ any: 1 });
});

describe("while a rule is traced", () => {
  const traced = (change: (view: LayerView, workspace: Workspace) => Tensor) => () =>
    trace(network, plasticity({ ...card, options, change: (view, _, workspace) => change(view, workspace) })());

  test("a misspelt property is told with the nearest one", () => {
    const label = (workspace: Workspace): Tensor => (workspace as unknown as { label: Tensor }).label;
    expect(traced((_, workspace) => label(workspace).oneHot(4))).toThrow(
      'layer1: workspace: expected one of its properties, got "label"; did you mean "labels"?',
    );
    const drive = ({ preactivations }: LayerView & { readonly preactivations?: Tensor }): Tensor =>
      preactivations!.sum();
    expect(traced((view) => drive(view))).toThrow(
      'layer1: layer: expected one of its properties, got "preactivations"',
    );
  });

  test("shapes that do not fit are told with the layer", () => {
    expect(
      traced(({ pre, post, index }) => (index === 1 ? pre.transposeLast().matmul(post) : pre.matmul(pre))),
    ).toThrow(/^layer2: matmul: expected/);
    const objective = localObjective({ ...card, options, objective: ({ post, pre }) => post.add(pre).sum() });
    expect(() => trace(network, objective())).toThrow(/^layer1: add: expected/);
  });
});
