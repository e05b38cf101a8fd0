/** The options of a rule, or of a task, as a reader wants them, from its own schema. */
import { z } from "zod";
import type { Rule } from "../../rules/index.ts";

/** One option of a rule. */
export interface RuleOption {
  readonly name: string;
  /** The values it takes, in words: `none | unit`, `number > 0`, `layer | integer >= 0`. */
  readonly values: string;
  /** The names among which it chooses; undefined where it takes others. */
  readonly choices: readonly string[] | undefined;
  /** Undefined where it may, or must, be left out or given. */
  readonly default: unknown;
  readonly description: string;
}

/** All options, in the order of the schema. */
export function ruleOptions({ options }: Pick<Rule, "options">): RuleOption[] {
  const { properties = {} } = z.toJSONSchema(options, { io: "input", unrepresentable: "any" }) as {
    readonly properties?: Readonly<Record<string, OptionSchema>>;
  };
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    values: valuesOf(schema),
    choices: schema.enum?.map(String),
    default: schema.default,
    description: schema.description ?? "",
  }));
}

/** The part of JSON Schema in which options are written. */
interface OptionSchema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly OptionSchema[];
  readonly exclusiveMinimum?: number;
  readonly minimum?: number;
  readonly default?: unknown;
  readonly description?: string;
}

function valuesOf({ type = "any", const: only, enum: list, anyOf, exclusiveMinimum, minimum }: OptionSchema): string {
  if (anyOf !== undefined) return anyOf.map(valuesOf).join(" | ");
  if (list !== undefined) return list.join(" | ");
  if (only !== undefined) return JSON.stringify(only).replaceAll('"', "");
  if (type === "boolean") return "true | false";
  if (exclusiveMinimum !== undefined) return `${type} > ${exclusiveMinimum}`;
  // zod gives every integer the smallest safe integer as a minimum; saying so helps nobody.
  return minimum === undefined || minimum === Number.MIN_SAFE_INTEGER ? type : `${type} >= ${minimum}`;
}
