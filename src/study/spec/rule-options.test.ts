import { expect, it } from "vitest";
import { z } from "zod";
import { chooseRule } from "../../rules/index.ts";
import { ruleOptions } from "./rule-options.ts";

it("names every option of a rule with its values, its default and what it means", () => {
  const options = z.strictObject({
    kind: z.enum(["a", "b"]).default("a").describe("which"),
    level: z.union([z.literal("layer"), z.int().nonnegative()]).default("layer"),
    rate: z.number().positive().default(0.5),
    shift: z.int().default(-1),
    on: z.boolean().optional(),
  });
  expect(ruleOptions({ options })).toEqual([
    { name: "kind", values: "a | b", choices: ["a", "b"], default: "a", description: "which" },
    { name: "level", values: "layer | integer >= 0", choices: undefined, default: "layer", description: "" },
    { name: "rate", values: "number > 0", choices: undefined, default: 0.5, description: "" },
    { name: "shift", values: "integer", choices: undefined, default: -1, description: "" },
    { name: "on", values: "true | false", choices: undefined, default: undefined, description: "" },
  ]);
});

it("reads the schemas of shipped rules", () => {
  const pair = ruleOptions(chooseRule({ id: "info-nce" }).rule).find(({ name }) => name === "pair");
  expect(pair?.choices).toContain("same-class");
});
