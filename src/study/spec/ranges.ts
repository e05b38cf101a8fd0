/**
 * Ranges that values are drawn from, for random search: `log(1e-4..1e-1)`, `uniform(0.1..0.9)`, `uniform(16..256)`.
 *
 * Every key has a stream of its own, named by the seed of the draws and the key, so that more samples begin with those that fewer
 * have, and one range more or less does not move the values of another.
 */
import { stream } from "../../random/stream.ts";
import { allows, describeValue, schemaOfKey } from "./keys.ts";

/** How many values are drawn, and by which seed. */
export interface Sampling {
  readonly samples: number;
  readonly seed: number;
}

/** What a range says. */
export interface Range {
  /** As it was written. */
  readonly text: string;
  readonly scale: "log" | "uniform";
  readonly low: number;
  readonly high: number;
  /** Whole numbers, both ends included. */
  readonly whole: boolean;
}

/** Most values that are drawn. */
export const mostSamples = 10_000;

/** Digits of a drawn number: enough to search by, and short enough to be read and typed again. */
const digits = 4;

/**
 * The range that a text stands for; undefined for a text that begins like none. Throws, with `where` before it, for one that is not
 * `log(low..high)` or `uniform(low..high)`, whose ends are in the wrong order or not allowed, or at a key that takes no number.
 */
export function parseRange(where: string, key: string, text: string): Range | undefined {
  const [, scale, inside = ""] = /^\s*(log|uniform)\((.*)$/.exec(text) ?? [];
  if (scale !== "log" && scale !== "uniform") return undefined;
  const refused = (expected: string): Error => new Error(`${where}: expected ${expected}, got "${text}"`);
  const schema = schemaOfKey(where, key);
  if (schema !== undefined && schema.type !== "number" && schema.type !== "integer") {
    throw refused(`${describeValue(schema)}; ranges are for keys that take a number`);
  }
  const [, lowText = "", highText = ""] = /^\s*(.*?)\s*\.\.\s*(.*?)\s*\)\s*$/.exec(inside) ?? [];
  const [low, high] = [lowText, highText].map((end) => (end === "" ? NaN : Number(end)));
  if (low === undefined || high === undefined || !Number.isFinite(low) || !Number.isFinite(high)) {
    throw refused(`${scale}(low..high) with two numbers, such as ${scale}(1e-4..1e-1)`);
  }
  if (low >= high) throw refused("a range from low to high");
  if (scale === "log" && low <= 0) throw refused("a lowest value above 0 on a scale of logarithms");
  if (schema !== undefined && !(allows(schema, low) && allows(schema, high))) throw refused(describeValue(schema));
  const whole =
    schema === undefined ? [lowText, highText].every((end) => /^-?\d+$/.test(end)) : schema.type === "integer";
  return { text: text.trim(), scale, low, high, whole };
}

/** The values of a key, in the order they are drawn. Numbers have four digits. */
export function drawValues(key: string, { scale, low, high, whole }: Range, { samples, seed }: Sampling): number[] {
  const { uniform } = stream(seed, `samples of ${key}`);
  // A whole number stands for all that is rounded to it.
  const [from, to] = whole ? [low - 0.5, high + 0.5] : [low, high];
  return Array.from({ length: samples }, () => {
    const at = uniform();
    const drawn = scale === "log" ? Math.exp(Math.log(from) + at * Math.log(to / from)) : from + at * (to - from);
    const rounded = whole ? Math.round(drawn) : Number(drawn.toPrecision(digits));
    return Math.min(high, Math.max(low, rounded));
  });
}
