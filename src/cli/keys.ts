/** `afferent keys`: every key of a run specification, with the values it takes, its default and what it means. */
import type { Command } from "commander";
import { closest } from "fastest-levenshtein";
import { describeValue, specKeys, type ValueSchema } from "../study/spec/keys.ts";
import { alignColumns, wrap } from "./columns.ts";
import { command, type OptionValues } from "./command.ts";
import { type ExitCode, UsageError } from "./exit.ts";
import { printJson } from "./json.ts";
import { commandName, type Surroundings } from "./surroundings.ts";
import { sortWords } from "./words.ts";

export function keysCommand(at: Surroundings, end: (code: ExitCode) => void): Command {
  return command(
    {
      name: "keys",
      words: "[prefix]",
      summary: "list the keys of a run: the values they take, their defaults, what they mean",
      examples: [
        ["keys", "every key"],
        ["keys train", "those that begin so"],
      ],
      json: "keys [{key, values, default, meaning}]",
    },
    at,
    end,
    (words, options) => keys(at, words, options),
  );
}

/** A key as it is listed. */
export interface ListedKey {
  readonly key: string;
  /** In words: `an integer > 0`. */
  readonly values: string;
  /** Undefined where there is none: the value follows from others then, or may be left out. */
  readonly default: unknown;
  readonly meaning: string;
}

/** Every key that takes a value, in the order of the specification. */
export function listedKeys(): ListedKey[] {
  return [...specKeys()].flatMap(([key, schema]) => {
    if (schema.type === "object" || key === "ruleFile") return [];
    return [{ key, values: valuesOf(key, schema), default: defaultOf(key, schema), meaning: meaningOf(key, schema) }];
  });
}

function valuesOf(key: string, schema: ValueSchema): string {
  return key === "rule" ? "a rule of afferent rules, a file, an equation" : describeValue(schema);
}

function meaningOf(key: string, { description = "" }: ValueSchema): string {
  return key === "rule"
    ? "the learning rule; its options are rule.<option> (afferent rules <rule> lists them)"
    : description;
}

function defaultOf(key: string, schema: ValueSchema): unknown {
  return key === "rule" ? "backprop" : schema.default;
}

function keys(at: Surroundings, words: readonly string[], options: OptionValues): Promise<undefined> {
  const { names, overrides } = sortWords(words);
  const [prefix = "", extra] = [...names, ...overrides];
  if (extra !== undefined)
    throw new UsageError(`expected at most the beginning of keys, got "${extra}" besides; leave it out`);
  const all = listedKeys();
  const wanted = all.filter(({ key }) => key.startsWith(prefix));
  if (wanted.length === 0) {
    const beginnings = [...new Set(all.flatMap(({ key }) => [key, key.split(".")[0] ?? ""]))];
    throw new UsageError(
      `keys: expected the beginning of a key, got "${prefix}"; did you mean ${closest(prefix, beginnings)}? (${commandName(at)} keys lists all)`,
    );
  }
  if (options["json"] === true)
    printJson(at, { keys: wanted.map((each) => ({ ...each, default: each.default ?? null })) });
  else at.stdout.write(tableOf(wanted, at.stdout.columns ?? 120));
  return Promise.resolve(undefined);
}

const head = ["key", "values", "default", "meaning"];
/** Characters of the widest column of values. */
const widest = 40;

/** Rows of which long values and meanings go on in further lines. */
function tableOf(listed: readonly ListedKey[], width: number): string {
  const texts = listed.map((each) => [each.key, each.values, textOf(each.default), each.meaning] as const);
  const keyWidth = Math.max(...texts.map(([key]) => key.length));
  const defaultWidth = Math.max(7, ...texts.map(([, , standard]) => standard.length));
  const valuesWidth = Math.min(widest, Math.max(6, ...texts.map(([, values]) => values.length)));
  const room = Math.max(24, width - keyWidth - defaultWidth - valuesWidth - 6);
  const rows = texts.flatMap(([key, values, standard, meaning]) => {
    const [left, right] = [wrap(values, valuesWidth), wrap(meaning, room)];
    return Array.from({ length: Math.max(left.length, right.length) }, (_, line) => [
      ...(line === 0 ? [key, left[line] ?? "", standard] : ["", left[line] ?? "", ""]),
      right[line] ?? "",
    ]);
  });
  return alignColumns([head, ...rows]);
}

function textOf(value: unknown): string {
  if (value === undefined) return "-";
  return typeof value === "string" ? value : JSON.stringify(value);
}
