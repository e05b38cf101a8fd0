/**
 * The dotted keys of a run specification (`task.v`, `train.learningRate`, `rule`, `rule.pair`, `seed`): which there are,
 * what value each expects, and how to read and set one. Derived from `RunSpec` itself, so that a key exists as soon as
 * the specification has it.
 */
import { distance } from "fastest-levenshtein";
import { z } from "zod";
import { RunSpec } from "./spec.ts";
import { publishedTaskSchema, refuseTaskName, taskGroup } from "./task-spec.ts";

/** Plain data that a key can hold. */
export type AxisValue = string | number | boolean | readonly AxisValue[] | { readonly [key: string]: AxisValue };

/** The part of JSON Schema that describes one value of the specification. */
export interface ValueSchema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  /** What may stand there besides the values of `enum`, and an example of it. */
  readonly pattern?: string;
  readonly example?: string;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly exclusiveMaximum?: number;
  readonly items?: ValueSchema;
  /** One of several kinds of object. */
  readonly oneOf?: readonly ValueSchema[];
  readonly required?: readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, ValueSchema>>;
}

/** JSON Schema of what a person may write as a run specification. Everything in it is optional. */
export function runSpecJsonSchema(): Record<string, unknown> {
  const schema: Record<string, unknown> = z.toJSONSchema(RunSpec, { io: "input" });
  // What `task` may be, the catalogue of tasks says; it goes through a preprocess step, which zod reports as required although the step fills it in.
  const required = Array.isArray(schema.required) ? schema.required.filter((key) => key !== "task") : [];
  delete schema.required;
  const properties = { ...(schema.properties as Record<string, unknown>), task: publishedTaskSchema() };
  return { ...schema, ...(required.length > 0 ? { required } : {}), properties };
}

let table: ReadonlyMap<string, ValueSchema> | undefined;

/** Every key with the schema of its value: groups (`task`), leaves (`task.v`), `rule`. Rule options are open and not listed. */
export function specKeys(): ReadonlyMap<string, ValueSchema> {
  if (table) return table;
  const keys = new Map<string, ValueSchema>();
  const collect = (prefix: string, schema: ValueSchema): void => {
    for (const [name, value] of Object.entries(schema.properties ?? {})) {
      const key = prefix === "" ? name : `${prefix}.${name}`;
      keys.set(key, value);
      collect(key, value);
    }
  };
  const { properties = {} } = runSpecJsonSchema() as ValueSchema;
  collect("", { properties: { ...properties, task: taskGroup() } });
  // A file may stand for an architecture.
  const architecture = keys.get("network.architecture");
  if (architecture !== undefined)
    keys.set("network.architecture", { ...architecture, pattern: networkFile, example: "./my-network.ts" });
  table = keys;
  return keys;
}

const networkFile = "\\.[cm]?[jt]s$";

/** Groups that a name may stand for: of a task, or a file with a network. */
const namedBy: Readonly<Record<string, string>> = { task: "task.id", network: "network.architecture" };

/** The key that a group given as a name means: `task.id` for `task=rhm`, `network.architecture` for `network=./my-network.ts`. */
export function nameKeyOf(key: string): string | undefined {
  return namedBy[key];
}

/** True for `task.<option>`, which is open where the task is one of one's own. */
export function isTaskOption(key: string): boolean {
  return /^task\.[A-Za-z_][\w-]*$/.test(key);
}

/** True for `rule.<option>`, whose values only the rule itself can check. */
export function isRuleOption(key: string): boolean {
  return /^rule(\.[A-Za-z_][\w-]*)+$/.test(key) && key !== "rule.id";
}

/**
 * The schema of `key`'s value; undefined for an option of a rule, or of a task of one's own (`ownTask`), which is open.
 * Throws when there is no such key: `<where>: expected a key ..., got ...; did you mean ...?`
 */
export function schemaOfKey(where: string, key: string, ownTask = false): ValueSchema | undefined {
  if (ownTask && isTaskOption(key) && key !== "task.id") return undefined;
  const schema = specKeys().get(key);
  if (schema) return schema;
  if (isRuleOption(key)) return undefined;
  throw new Error(`${where}: expected a key of the run specification, got "${key}"; did you mean ${nearestKey(key)}?`);
}

/** The known key most like `key`: by its last part when that is exact (`learningRate`), by edit distance otherwise. */
export function nearestKey(key: string): string {
  const last = key.slice(key.lastIndexOf(".") + 1).toLowerCase();
  const candidates = [...specKeys().keys()];
  const sameLast = candidates.filter((candidate) => candidate.toLowerCase().endsWith(`.${last}`));
  const lengthTo = (candidate: string): number =>
    Math.min(distance(key, candidate), key.includes(".") ? Infinity : distance(key, lastPart(candidate)));
  const pool = sameLast.length > 0 ? sameLast : candidates;
  return pool.reduce((best, candidate) => (lengthTo(candidate) < lengthTo(best) ? candidate : best));
}

function lastPart(key: string): string {
  return key.slice(key.lastIndexOf(".") + 1);
}

/** What a value of this schema must be, in words: `an integer > 0`, `one of sgd, adam, adamw`. */
export function describeValue(schema: ValueSchema): string {
  if (schema.enum)
    return `one of ${schema.enum.join(", ")}${schema.example === undefined ? "" : `, or a file (${schema.example})`}`;
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.type === "array") return `a list in brackets of values that are ${describeValue(schema.items ?? {})}`;
  if (schema.type === "boolean") return "true or false";
  if (schema.type === "integer" || schema.type === "number") {
    return [schema.type === "integer" ? "an integer" : "a number", ...bounds(schema)].join(" ");
  }
  if (schema.oneOf) {
    const kinds = schema.oneOf.flatMap(({ properties }) => properties?.["kind"]?.const ?? []);
    return `objects of kind ${kinds.map(String).join(" or ")}`;
  }
  if (schema.type === "object") return `keys among ${Object.keys(schema.properties ?? {}).join(", ")}`;
  return "a name, or an object with an id";
}

function bounds(schema: ValueSchema): string[] {
  const parts: string[] = [];
  if (schema.exclusiveMinimum !== undefined) parts.push(`> ${schema.exclusiveMinimum}`);
  if (schema.minimum !== undefined) parts.push(`>= ${schema.minimum}`);
  if (schema.exclusiveMaximum !== undefined) parts.push(`< ${schema.exclusiveMaximum}`);
  // zod gives every integer the largest safe integer as a maximum; saying so helps nobody.
  if (schema.maximum !== undefined && schema.maximum < Number.MAX_SAFE_INTEGER) parts.push(`<= ${schema.maximum}`);
  return parts.length > 0 ? [parts.join(" and ")] : [];
}

/** Whether `value` is one the schema allows. `RunSpec.parse` has the last word; this one can name the key. */
export function allows(schema: ValueSchema, value: unknown): boolean {
  if (schema.enum) {
    const isOther = schema.pattern !== undefined && typeof value === "string" && new RegExp(schema.pattern).test(value);
    return isOther || schema.enum.includes(value);
  }
  if (schema.const !== undefined) return value === schema.const;
  if (schema.oneOf) return schema.oneOf.some((one) => allows(one, value));
  switch (schema.type) {
    case "integer":
    case "number":
      return typeof value === "number" && Number.isFinite(value) && within(schema, value);
    case "boolean":
    case "string":
      return typeof value === schema.type;
    case "array":
      return Array.isArray(value) && value.every((item) => allows(schema.items ?? {}, item));
    case "object":
      return (
        isRecord(value) &&
        (schema.required ?? []).every((name) => value[name] !== undefined) &&
        Object.entries(value).every(([name, part]) => allows(schema.properties?.[name] ?? NEVER, part))
      );
    default:
      return typeof value === "string" || (isRecord(value) && typeof value.id === "string");
  }
}

const NEVER: ValueSchema = { enum: [] };

function within(schema: ValueSchema, value: number): boolean {
  return (
    (schema.type !== "integer" || Number.isSafeInteger(value)) &&
    value >= (schema.minimum ?? -Infinity) &&
    value > (schema.exclusiveMinimum ?? -Infinity) &&
    value <= (schema.maximum ?? Infinity) &&
    value < (schema.exclusiveMaximum ?? Infinity)
  );
}

/** Throws unless `value` may stand at `key`: `<where>: expected <what> at <key>, got <value>; ...`. */
export function checkValue(where: string, key: string, value: unknown, ownTask = false): void {
  const name = typeof value === "string" ? nameKeyOf(key) : undefined;
  if (name !== undefined) {
    checkValue(where, name, value, ownTask);
    return;
  }
  if (key === "task.id") refuseTaskName(where, value);
  const schema = schemaOfKey(where, key, ownTask);
  if (schema === undefined || (isRecord(value) && ownTask && key === "task") || allows(schema, value)) return;
  throw new Error(`${where}: expected ${describeValue(schema)}, got ${JSON.stringify(value)}${advice(schema)}`);
}

/** What to do about a refused value: what the key means and what it is when left out. */
export function advice(schema: ValueSchema): string {
  const parts = [
    schema.description,
    schema.default === undefined || schema.type === "object" ? undefined : `default ${JSON.stringify(schema.default)}`,
  ].filter((part) => part !== undefined);
  return parts.length > 0 ? ` (${parts.join("; ")})` : "";
}

/** True for a plain object. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value at a dotted key, or undefined; `rule` alone gives its name, or the whole rule when it has options. */
export function valueAt(spec: unknown, key: string): unknown {
  let value: unknown = spec;
  for (const part of key.split(".")) value = isRecord(value) ? value[part] : undefined;
  if (key === "rule" && isRecord(value) && Object.keys(value).length === 1) return value.id;
  return value;
}

/**
 * A copy of `spec` with `value` at a dotted key. A group (`task`) is merged key by key, and so is a name that stands for one. A rule is replaced whole by a new
 * one, and a rule option is added to the rule there is (`backprop` when none was named).
 */
export function withValue<S extends object>(spec: S, key: string, value: unknown): S {
  const [head = "", ...rest] = key.split(".");
  const old: unknown = Reflect.get(spec, head);
  const current = head === "rule" ? asRule(old) : asGroup(head, old);
  if (rest.length > 0) return { ...spec, [head]: withValue(current, rest.join("."), value) };
  if (head === "rule") return { ...spec, [head]: value };
  const given = nameKeyOf(head) !== undefined && typeof value === "string" ? asGroup(head, value) : value;
  return { ...spec, [head]: isRecord(given) && old !== undefined ? { ...current, ...given } : given };
}

/** A group as an object: a name stands under its key. */
function asGroup(head: string, group: unknown): Record<string, unknown> {
  const name = nameKeyOf(head);
  if (typeof group === "string" && name !== undefined) return { [name.slice(head.length + 1)]: group };
  return isRecord(group) ? group : {};
}

function asRule(rule: unknown): Record<string, unknown> {
  if (isRecord(rule)) return rule;
  return { id: typeof rule === "string" ? rule : "backprop" };
}

/** Name of a rule given as a name, as an object with an id, or left out (`backprop`). */
export function ruleNameOf(rule: unknown): string {
  const { id } = asRule(rule);
  return typeof id === "string" ? id : "backprop";
}

/** A value as a reader wants it: `0.001`, `backprop`, `feedback (gate=none)`, `v=8 m=4`. */
export function labelOf(value: unknown): string {
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return `[${value.map(labelOf).join(", ")}]`;
  if (!isRecord(value)) return String(value);
  const { id, ...options } = value;
  const listed = Object.entries(options).map(([name, option]) => `${name}=${labelOf(option)}`);
  if (typeof id !== "string") return listed.join(" ");
  return listed.length > 0 ? `${id} (${listed.join(" ")})` : id;
}
