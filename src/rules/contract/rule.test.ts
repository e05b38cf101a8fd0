/** A rule is a function of its options, checked whenever they come in. */
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { full } from "../../graph/index.ts";
import { catalogue, chooseRule } from "../catalogue.ts";
import { oja } from "../hebbian/index.ts";
import { networkCase, trace } from "../testing/rule-cases.contract.ts";
import { defineRule, renamed, RuleError, type Updates } from "./index.ts";

const seen: unknown[] = [];
const card = {
  id: "test",
  aliases: ["t"],
  family: "test",
  equation: "dW = 0",
  source: "none",
  relation: "none",
  reads: ["pre", "label"],
  options: z.strictObject({ rate: z.number().default(0.5), pass: z.enum(["on", "off"]).default("on") }),
} as const;
const trial = defineRule(
  {
    ...card,
    between: ({ pass }) => (pass === "on" ? undefined : (_, { post }) => post.mul(0)),
    scores: ({ batch, classes }, { pass }) => (pass === "on" ? undefined : full(0, [batch, classes])),
  },
  (_, options): Updates => {
    seen.push(options);
    return { slopes: [] };
  },
);
const network = networkCase("mlp", { symbols: 4 });

describe("a rule", () => {
  test("called, is itself with options settled", () => {
    expect(trial()).toEqual({ rule: trial, options: { rate: 0.5, pass: "on" } });
    expect(trial({ rate: 2 }).options).toEqual({ rate: 2, pass: "on" });
    expect(oja({ activity: "tanh" })).toEqual(chooseRule({ id: "oja", activity: "tanh" }));
  });

  test("refuses options that do not fit, with the nearest known one", () => {
    expect(() => trial({ rate: "fast" } as never)).toThrow(RuleError);
    expect(() => trial({ rat: 1 } as never)).toThrow(
      new RuleError('rule.rat: expected an option of test (rate, pass); did you mean "rate"?'),
    );
  });

  test("is its card", () => {
    const { id, aliases, family, equation, source, relation, reads, options } = trial;
    expect({ id, aliases, family, equation, source, relation, reads, options }).toEqual(card);
    const { aliases: _, ...bare } = card;
    expect(defineRule(bare, () => ({ slopes: [] })).aliases).toEqual([]);
    expect("choices" in trial).toBe(false);
  });

  test("traces, passes on and scores by its options", () => {
    seen.length = 0;
    const { workspace, rule } = trace(network, trial({ rate: 3 }));
    expect(new Set(seen.map((one) => JSON.stringify(one)))).toEqual(new Set([JSON.stringify({ rate: 3, pass: "on" })]));
    expect(trial.between(rule.options)).toBeUndefined();
    expect(trial.scores(workspace, rule.options)).toBeUndefined();
    const off = trial({ pass: "off" });
    expect(trial.between(off.options)).toBeTypeOf("function");
    expect(trial.scores(workspace, off.options)?.shape).toEqual([4, 4]);
    // Options as they were written are settled here too.
    expect(trial.between({})).toBeUndefined();
  });

  test("under another id is the same rule", () => {
    const other = renamed(trial, "other");
    expect(other.id).toBe("other");
    expect(other.equation).toBe(trial.equation);
    expect(() => other({ rat: 1 } as never)).toThrow("expected an option of other");
    expect(other.between({ pass: "off" })).toBeTypeOf("function");
    seen.length = 0;
    trace(network, other());
    expect(new Set(seen.map((one) => JSON.stringify(one)))).toEqual(
      new Set([JSON.stringify({ rate: 0.5, pass: "on" })]),
    );
  });
});

test("a specification finds a rule by id or alias, and helps with names", () => {
  expect(chooseRule({ id: "OJA" }).rule).toBe(oja);
  expect(chooseRule({ id: "gha" }).rule.id).toBe("sanger");
  expect(() => chooseRule({ id: "ojja" })).toThrow(
    'rule: expected a rule, got "ojja"; did you mean "oja"? (afferent rules lists all)',
  );
  const names = catalogue.flatMap(({ id, aliases }) => [id, ...aliases]);
  expect(new Set(names).size).toBe(names.length);
});
