/** A rule that is run elsewhere, or no more, from what it says of itself. */
import { z } from "zod";
import { defineRule, type Rule, RuleError } from "../rules/index.ts";
import type { Description, OptionSchema, OptionsSchema } from "./messages.ts";

/** The rule of a description; `document` gives what it makes of a network. Throws RuleError for options that cannot be rebuilt. */
export function describedRule(
  path: string,
  { symbols, choices, constants, options: schema, ...card }: Description,
  document: NonNullable<Rule["document"]>,
): Rule {
  const said = {
    ...(symbols === undefined ? {} : { symbols }),
    ...(choices === undefined ? {} : { choices }),
    ...(constants === undefined ? {} : { constants }),
  };
  const elsewhere = (): never => {
    throw new Error("internal: a rule from a file was asked to run in this process");
  };
  const rule = defineRule(
    { ...card, ...said, options: optionsOf(path, schema), between: elsewhere, scores: elsewhere },
    elsewhere,
  );
  return Object.assign(rule, { document });
}

/** A schema of the same options: names, values, defaults and descriptions. What JSON Schema cannot say is checked with the graph. */
export function optionsOf(
  path: string,
  { properties, required, additionalProperties, $defs }: OptionsSchema,
  of: "rule" | "task" = "rule",
): z.ZodObject {
  const optionOf = (name: string, { default: standard, description, ...values }: OptionSchema): z.ZodType => {
    const plain = schemaOf(path, `${of}.${name}`, $defs === undefined ? values : { ...values, $defs });
    // Not `default`: that of an object is filled in by the object's own defaults.
    const filled =
      standard !== undefined ? plain.prefault(standard) : required.includes(name) ? plain : plain.optional();
    return description === undefined ? filled : filled.describe(description);
  };
  const options = Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => [name, optionOf(name, schema)]),
  );
  return additionalProperties === false ? z.strictObject(options) : z.looseObject(options);
}

function schemaOf(path: string, name: string, schema: object): z.ZodType {
  try {
    return z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new RuleError(`${path}: ${name}: expected an option that JSON Schema can say, got ${why}`, { cause });
  }
}
