/**
 * Overrides as a person types them: `task.v=8 rule=backprop,oja rule.pair=same-class train.learningRate=1e-3 seed=0..4`.
 *
 * A comma list or an integer range `a..b` (both ends included) makes a grid axis, anything else a setting. Quotes or a
 * backslash keep a comma inside a value; brackets make a list (`network.widths=[64,32]`). Values are typed by the
 * specification; those of rule options, which are open, by how they look.
 */
import type { AxisValue, ValueSchema } from "./keys.ts";
import { advice, allows, describeValue, isRecord, nameKeyOf, schemaOfKey, withValue } from "./keys.ts";
import { isOwnTask, refuseTaskName } from "./task-spec.ts";
import type { RunSpecInput } from "./spec.ts";

/** A run specification in which everything is optional, as a study or a command line gives it. */
export type BaseSpec = RunSpecInput;

/** One axis of a grid: a dotted key and the values it takes, in order. */
export interface Axis {
  readonly key: string;
  readonly values: readonly AxisValue[];
}

/** What a list of overrides says. */
export interface Overrides {
  /** Single values by dotted key, in the order given. */
  readonly settings: Readonly<Record<string, AxisValue>>;
  /** Keys given more than one value, in the order given; the last varies fastest. */
  readonly axes: readonly Axis[];
  /** The settings as a partial specification. */
  readonly base: BaseSpec;
}

const LONGEST_RANGE = 10_000;

/**
 * Parses `key=value` overrides. Throws on a word that is not `key=value`, an unknown key, a key given twice, and a value
 * its key does not allow; the text names the key, what was expected and what was given. Options of a task are open where the task is one of
 * one's own: among the words, or before them (`ownTask`).
 */
export function parseOverrides(words: readonly string[], { ownTask = false } = {}): Overrides {
  const open =
    ownTask || words.some((word) => /^task(\.id)?=/.test(word) && isOwnTask(word.slice(word.indexOf("=") + 1)));
  const given = new Map<string, readonly AxisValue[]>();
  for (const word of words) {
    const split = word.indexOf("=");
    if (split <= 0) throw new Error(`override: expected key=value, got "${word}"; for example train.learningRate=1e-3`);
    const written = word.slice(0, split).trim();
    const key = { "rule.id": "rule", "task.id": "task", "network.architecture": "network" }[written] ?? written;
    const where = `override ${key}`;
    if (given.has(key))
      throw new Error(`${where}: expected a key once, got it twice; for several values write ${key}=a,b`);
    given.set(key, parseValues(where, key, word.slice(split + 1), open));
  }
  const rules = given.get("rule");
  const settings: Record<string, AxisValue> = {};
  const axes: Axis[] = [];
  for (const [key, values] of given) {
    const [only] = values;
    if (values.length > 1 || only === undefined) axes.push({ key, values });
    else settings[key] = only;
  }
  // With several rules there is no one rule to hold a single option: the option goes to each of them.
  if (rules && rules.length > 1) {
    const options = Object.entries(settings).filter(([key]) => key.startsWith("rule."));
    for (const [key] of options) Reflect.deleteProperty(settings, key);
    const withOptions = rules.map((rule) =>
      options.reduce<{ rule: AxisValue }>((spec, [key, value]) => withValue(spec, key, value), { rule }),
    );
    const at = axes.findIndex((axis) => axis.key === "rule");
    axes[at] = { key: "rule", values: withOptions.map((spec) => spec.rule) };
  }
  return { settings, axes, base: baseWith({}, settings) };
}

/** `base` with single values by dotted key set in it; what has options is set before them. */
export function baseWith(base: BaseSpec, settings: Readonly<Record<string, AxisValue>>): BaseSpec {
  const isFirst = (key: string): number => Number(["rule", "task", "network"].includes(key));
  const ordered = Object.entries(settings).sort(([a], [b]) => isFirst(b) - isFirst(a));
  return ordered.reduce<BaseSpec>((spec, [key, value]) => withValue(spec, key, value), base);
}

/**
 * The values that the text after `=` stands for: one, or several for a comma list or range. `where` begins error texts.
 * Throws on an unknown key and on a value the key does not allow.
 */
export function parseValues(where: string, key: string, text: string, ownTask = false): AxisValue[] {
  const name = nameKeyOf(key);
  const schema = schemaOfKey(where, name ?? key, ownTask);
  if (name === "task.id") {
    const names = splitList(where, text).map((item) => item.text);
    for (const one of names) refuseTaskName(where, one);
    return names;
  }
  if (schema?.type === "object") {
    const inside = Object.keys(schema.properties ?? {}).map((name) => `${key}.${name}`);
    throw new Error(`${where}: expected one of its keys to be set, got "${text}"; write one of ${inside.join(", ")}`);
  }
  return splitList(where, text).flatMap((item) => {
    const range = item.quoted ? null : /^(-?\d+)\.\.(-?\d+)$/.exec(item.text);
    if (range && (schema === undefined || schema.type === "integer")) {
      return rangeOf(where, Number(range[1]), Number(range[2])).map((value) => checked(where, schema, item, value));
    }
    return [checked(where, schema, item, typed(where, schema, item))];
  });
}

interface Item {
  readonly text: string;
  /** Any part was in quotes or escaped: a rule option keeps it as a string. */
  readonly quoted: boolean;
}

/** Splits at commas outside quotes and brackets, and takes quotes and backslashes off. */
function splitList(where: string, text: string): Item[] {
  const items: Item[] = [];
  let item = "";
  let quoted = false;
  let quote = "";
  let depth = 0;
  const end = (): void => {
    if (item.trim() === "" && !quoted) throw new Error(`${where}: expected a value, got an empty one in "${text}"`);
    items.push({ text: quoted ? item : item.trim(), quoted });
    item = "";
    quoted = false;
  };
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === "\\" && depth === 0) {
      item += text.charAt(++at);
      quoted = true;
    } else if (quote !== "") {
      if (character === quote) quote = "";
      // Inside brackets the quotes belong to JSON and stay.
      if (character !== quote && (quote !== "" || depth > 0)) item += character;
    } else if (character === '"' || (character === "'" && depth === 0)) {
      quote = character;
      if (depth > 0) item += character;
      else quoted = true;
    } else if (character === "," && depth === 0) end();
    else {
      if (character === "[" || character === "{") depth++;
      if (character === "]" || character === "}") depth--;
      item += character;
    }
  }
  if (quote !== "") throw new Error(`${where}: expected a closing ${quote}, got "${text}"`);
  if (depth !== 0) throw new Error(`${where}: expected brackets to close, got "${text}"`);
  end();
  return items;
}

function rangeOf(where: string, from: number, to: number): number[] {
  if (to < from) throw new Error(`${where}: expected a range from low to high, got ${from}..${to}`);
  const size = to - from + 1;
  if (size > LONGEST_RANGE)
    throw new Error(`${where}: expected a range of at most ${LONGEST_RANGE} values, got ${size}`);
  return Array.from({ length: size }, (_, index) => from + index);
}

const NUMBER = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i;

/** Reads an item as what the schema calls for; where nothing fits, as text, which `checked` then refuses. */
function typed(where: string, schema: ValueSchema | undefined, { text, quoted }: Item): AxisValue {
  if (quoted) return text;
  const open = schema === undefined;
  if (/^[[{]/.test(text) && (open || schema.type === "array" || schema.type === undefined))
    return parsedJson(where, text);
  if ((open || schema.type === "integer" || schema.type === "number") && NUMBER.test(text)) return Number(text);
  if ((open || schema.type === "boolean") && (text === "true" || text === "false")) return text === "true";
  return text;
}

function parsedJson(where: string, text: string): AxisValue {
  try {
    const value: unknown = JSON.parse(text);
    if (Array.isArray(value) || isRecord(value)) return value as AxisValue;
  } catch {
    // Refused below, with the text.
  }
  throw new Error(`${where}: expected a list or an object in JSON, got ${text}; for example [64,32]`);
}

function checked(where: string, schema: ValueSchema | undefined, item: Item, value: AxisValue): AxisValue {
  if (schema === undefined || allows(schema, value)) return value;
  throw new Error(`${where}: expected ${describeValue(schema)}, got "${item.text}"${advice(schema)}`);
}
