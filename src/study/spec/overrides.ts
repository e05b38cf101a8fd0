/**
 * Overrides as a person types them: `task.v=8 rule=backprop,oja rule.pair=same-class train.learningRate=1e-3 seed=0..4`.
 *
 * A comma list or an integer range `a..b` (both ends included) makes a grid axis, anything else a setting. Quotes or a
 * backslash keep a comma inside a value; brackets make a list (`network.widths=[64,32]`). Values are typed by the
 * specification; those of rule options, which are open, by how they look. A range to draw from (`log(1e-4..1e-1)`) makes an axis too.
 */
import type { AxisValue, ValueSchema } from "./keys.ts";
import { advice, allows, describeValue, isRecord, nameKeyOf, schemaOfKey, withValue } from "./keys.ts";
import { drawValues, mostSamples, parseRange, type Range, type Sampling } from "./ranges.ts";
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
  /** The ranges, as they were written, that the values of axes were drawn from, by key. */
  readonly drawn: Readonly<Record<string, string>>;
  /** The settings as a partial specification. */
  readonly base: BaseSpec;
}

/** What is given to a key: values, or a range to draw them from. */
export type Given = readonly AxisValue[] | Range;

const LONGEST_RANGE = 10_000;

/**
 * Parses `key=value` overrides. Throws on a word that is not `key=value`, an unknown key, a key given twice, and a value
 * its key does not allow; the text names the key, what was expected and what was given. Options of a task are open where the task is one of
 * one's own: among the words, or before them (`ownTask`).
 */
export function parseOverrides(
  words: readonly string[],
  { sampling, ownTask = false }: { readonly sampling?: Sampling | undefined; readonly ownTask?: boolean } = {},
): Overrides {
  return overridesFrom(parseWords(words, ownTask), sampling);
}

/** What words `key=value` give to each key, in order. Throws as `parseOverrides`. */
export function parseWords(words: readonly string[], ownTask = false): Map<string, Given> {
  const open =
    ownTask || words.some((word) => /^task(\.id)?=/.test(word) && isOwnTask(word.slice(word.indexOf("=") + 1)));
  const given = new Map<string, Given>();
  for (const word of words) {
    const split = word.indexOf("=");
    if (split <= 0) throw new Error(`override: expected key=value, got "${word}"; for example train.learningRate=1e-3`);
    const written = word.slice(0, split).trim();
    const key = { "rule.id": "rule", "task.id": "task", "network.architecture": "network" }[written] ?? written;
    const where = `override ${key}`;
    if (given.has(key))
      throw new Error(`${where}: expected a key once, got it twice; for several values write ${key}=a,b`);
    given.set(key, parseGiven(where, key, word.slice(split + 1), open));
  }
  return given;
}

/** What a text gives to a key: a range, or values. Throws as `parseRange` and `parseValues`. */
export function parseGiven(where: string, key: string, text: string, ownTask = false): Given {
  return parseRange(where, key, text) ?? parseValues(where, key, text, ownTask);
}

/** Whether what is given is a range. */
export function isRange(given: Given): given is Range {
  return !Array.isArray(given);
}

/** Sorts what is given to keys into settings and axes. Values are drawn from ranges; throws where it is not said how many. */
export function overridesFrom(given: ReadonlyMap<string, Given>, sampling?: Sampling): Overrides {
  const settings: Record<string, AxisValue> = {};
  const axes: Axis[] = [];
  const drawn: Record<string, string> = {};
  const rules = given.get("rule");
  for (const [key, values] of given) {
    if (isRange(values)) {
      drawn[key] = values.text;
      axes.push({ key, values: drawValues(key, values, checkedSampling(`override ${key}`, values, sampling)) });
      continue;
    }
    const [only] = values;
    if (values.length > 1 || only === undefined) axes.push({ key, values });
    else settings[key] = only;
  }
  // With several rules there is no one rule to hold a single option: the option goes to each of them.
  if (rules && !isRange(rules) && rules.length > 1) {
    const options = Object.entries(settings).filter(([key]) => key.startsWith("rule."));
    for (const [key] of options) Reflect.deleteProperty(settings, key);
    const withOptions = rules.map((rule) =>
      options.reduce<{ rule: AxisValue }>((spec, [key, value]) => withValue(spec, key, value), { rule }),
    );
    const at = axes.findIndex((axis) => axis.key === "rule");
    axes[at] = { key: "rule", values: withOptions.map((spec) => spec.rule) };
  }
  return { settings, axes, drawn, base: baseWith({}, settings) };
}

/** How values are drawn from a range. Throws where it is not said, with `where` before it. */
export function checkedSampling(where: string, { text }: Pick<Range, "text">, sampling?: Sampling): Sampling {
  if (sampling === undefined) {
    throw new Error(
      `${where}: expected a number of samples beside a range, got "${text}" alone; give --samples N, or samples: N in a study`,
    );
  }
  if (Number.isSafeInteger(sampling.samples) && sampling.samples > 0 && sampling.samples <= mostSamples)
    return sampling;
  throw new Error(`${where}: expected 1 to ${mostSamples} samples, got ${sampling.samples}`);
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
