/** What a document of a rule may not say, whoever wrote it. */
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { constant, range, type Tensor } from "../graph/index.ts";
import {
  chooseRule,
  defineRule,
  plasticity,
  RuleError,
  type RuleCard,
  type RuleDocument,
  type Workspace,
} from "../rules/index.ts";
import { networkCase } from "../rules/testing/rule-cases.contract.ts";
import { buildEvaluation } from "./evaluation.ts";
import { readDocument } from "./read-document.ts";
import { buildStep } from "./step.ts";
import { documentOf, traceUpdates } from "./traced.ts";

const { network, symbols } = networkCase("mlp", { symbols: 4 });
const request = { network, batch: 4, length: symbols };
const card = {
  ...{ id: "test", family: "test", equation: "", source: "", reads: [] },
  relation: "none" as const,
  options: z.strictObject({}),
};

/** The refusal of a rule's document with something changed. */
function refusal(change: (document: RuleDocument) => unknown): string {
  const rule = chooseRule("bcm");
  const document = JSON.parse(JSON.stringify(documentOf(rule, request))) as RuleDocument;
  try {
    readDocument(rule, change(document), request);
  } catch (error) {
    expect(error).toBeInstanceOf(RuleError);
    return (error as Error).message;
  }
  return "read";
}

test("a document is read over text, and written once for all who ask", () => {
  expect(refusal((document) => document)).toBe("read");
  const rule = chooseRule("bcm");
  expect(documentOf(rule, request)).toBe(documentOf(rule, { ...request }));
  expect(traceUpdates({ network, rule, batch: 4 }, symbols).document).toEqual(documentOf(rule, request));
});

describe("refused is", () => {
  test.each<[string, (document: RuleDocument) => unknown, string]>([
    ["what is no document", () => ({}), "rule bcm: batch"],
    ["one for another batch", (document) => ({ ...document, batch: 5 }), "expected a graph for 4 inputs of 4 symbols"],
    [
      "an owner that is no layer",
      (document) => ({ ...document, variables: document.variables.map((one) => ({ ...one, owner: 99 })) }),
      "expected a layer from 1 to",
    ],
    [
      "a second weight",
      (document) => ({ ...document, variables: [{ ...document.variables[0], kind: "weight" }] }),
      "variables.0.kind",
    ],
    [
      "a value called as a parameter",
      (document) => ({ ...document, variables: document.variables.map((one) => ({ ...one, name: "layer1.weight" })) }),
      'expected one value called "layer1.weight", got two',
    ],
    [
      "two pseudo-gradients of one weight",
      (document) => ({ ...document, slopes: document.slopes.map(() => "layer1.weight") }),
      "expected one pseudo-gradient",
    ],
    ["a state without a next value", (document) => ({ ...document, next: [] }), "expected an output for each"],
    [
      "a decay beyond all",
      (document) => ({ ...document, decays: [{ parameter: "layer1.weight", rate: 2 }] }),
      'expected the decay of "layer1.weight" to be a share from 0 to below 1, got 2',
    ],
  ])("%s", (_, change, message) => {
    expect(refusal(change)).toContain(message);
  });

  test.each(["labels", "momentum.layer1.weight", "next.layer1.weight", "loss", "a b"])("a state called %s", (name) => {
    const rule = defineRule(card, (workspace) => {
      const state = workspace.state(name, [], 0);
      return { slopes: [], next: [state.becomes(state.now)] };
    })();
    expect(() => traceUpdates({ network, rule, batch: 4 }, symbols)).toThrow(/expected (another|a) name/);
  });

  test("an objective called loss", () => {
    const rule = defineRule(card, ({ layers }) => ({
      slopes: [],
      objectives: [{ of: undefined, name: "loss", value: layers[0]!.post.sum() }],
    }))();
    expect(() => traceUpdates({ network, rule, batch: 4 }, symbols)).toThrow('expected another name than "loss"');
  });

  test.each<[string, (workspace: Workspace) => Tensor]>([
    ["labels", ({ target }) => target],
    ["noise", (workspace) => workspace.noise("xi", [workspace.batch, workspace.classes], "normal")],
  ])("scores made of %s", (_, scores) => {
    const rule = defineRule({ ...card, scores }, () => ({ slopes: [] }))();
    expect(() => buildEvaluation({ network, rule, batch: 4 }, symbols)).toThrow(
      "expected scores made of symbols, weights and what is kept",
    );
  });
});

test("what layers pass on is the same in training and in evaluation", () => {
  const passing = (between: NonNullable<RuleCard["between"]>) => ({
    network,
    rule: defineRule({ ...card, between }, () => ({ slopes: [] }))(),
    batch: 4,
  });
  expect(() =>
    traceUpdates(
      passing(
        () =>
          (_, { post }) =>
            post.mul(2),
      ),
      symbols,
    ),
  ).not.toThrow();
  const other = passing(
    () =>
      (_, { post }) =>
        post.size(0) > 100 ? post.mul(3) : post.mul(2),
  );
  expect(() => traceUpdates(other, symbols)).toThrow("expected layers to pass on the same in batches of every size");
});

describe("numbers baked into a graph", () => {
  const baked = (values: readonly number[], constants?: string) =>
    plasticity({
      ...card,
      ...(constants === undefined ? {} : { constants }),
      change: ({ weight }) => weight.mul(constant(values, [values.length]).sum()),
    })();
  const trace = (rule: ReturnType<typeof baked>) => () => traceUpdates({ network, rule, batch: 4 }, symbols);
  const weights = range(70).map((i) => Math.sin(i));

  test("are refused where they are many and not named", () => {
    expect(trace(baked(weights.slice(0, 60)))).not.toThrow();
    expect(trace(baked(weights))).toThrow("expected at most 64 numbers that are not whole");
    expect(trace(baked(range(5000)))).toThrow("5000 in [5000]");
    expect(trace(baked(weights, "a table of sines"))).not.toThrow();
  });
});

test("what a rule does to its nodes after it was traced changes nothing", () => {
  let values: number[] = [];
  const rule = plasticity({
    ...card,
    change: ({ weight }) => {
      const zero = constant([0, 0], [2]);
      ({ values } = zero.attributes as unknown as { values: number[] });
      return weight.mul(zero.sum());
    },
  })();
  const model = {
    network,
    rule,
    batch: 4,
    optimiser: { kind: "sgd", momentum: 0, beta1: 0, beta2: 0, epsilon: 0, weightDecay: 0 },
  } as const;
  const before = JSON.stringify(buildStep(model, symbols).traced.document);
  values.fill(1);
  expect(JSON.stringify(buildStep(model, symbols).traced.document)).toBe(before);
});
