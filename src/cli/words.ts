/**
 * The words of a command line that are no options: files, `key=value` overrides of a specification, and settings of this
 * process, which look like overrides but are no part of a run's identity.
 */
import { closest, distance } from "fastest-levenshtein";
import { UsageError } from "./exit.ts";

/** Settings of the process. */
export interface Settings {
  /** `store.path`: folder of the store. */
  readonly storePath?: string;
  /** `store.weights`: `final` keeps the trained values of every run, `none` does not. */
  readonly weights?: boolean;
  /** `store.checkpoints`: seconds between the checkpoints of long runs; 0 for none. */
  readonly checkpointEvery?: number;
  /** `engine.threads`: threads of each session. */
  readonly threads?: number;
  /** `engine.workers`: worker threads. */
  readonly workers?: number;
}

/** A command line taken apart. */
export interface Words {
  readonly settings: Settings;
  /** `key=value` for the specification, in order. */
  readonly overrides: readonly string[];
  /** The others: a file, a study, a run. */
  readonly names: readonly string[];
}

/** The settings of the process. */
export const settingKeys = ["store.path", "store.weights", "store.checkpoints", "engine.threads", "engine.workers"];

/** Sorts words. Throws UsageError for a setting that is given twice, has no or a wrong value, or is nearly one. */
export function sortWords(words: readonly string[]): Words {
  const given = new Map<string, string>();
  const overrides: string[] = [];
  const names: string[] = [];
  for (const word of words) {
    const split = word.indexOf("=");
    const key = word.slice(0, Math.max(split, 0));
    if (split < 0) names.push(word);
    else if (settingKeys.includes(key)) {
      if (given.has(key)) throw new UsageError(`${key}: expected it once, got it twice; keep one`);
      given.set(key, word.slice(split + 1));
    } else {
      refuseNearSetting(key);
      overrides.push(word);
    }
  }
  const storePath = given.get("store.path");
  if (storePath === "") throw new UsageError("store.path: expected a folder, got nothing; write store.path=DIR");
  const weights = weightsIn(given);
  const checkpointEvery = secondsIn(given);
  const threads = countOf(given, "engine.threads");
  const workers = countOf(given, "engine.workers");
  return {
    settings: {
      ...(storePath === undefined ? {} : { storePath }),
      ...(weights === undefined ? {} : { weights }),
      ...(checkpointEvery === undefined ? {} : { checkpointEvery }),
      ...(threads === undefined ? {} : { threads }),
      ...(workers === undefined ? {} : { workers }),
    },
    overrides,
    names,
  };
}

/** For commands that take no overrides: throws UsageError when there are any, or more names than `most`. */
export function namesOnly(words: readonly string[], what: string, most = 1): Words {
  const sorted = sortWords(words);
  const [override] = sorted.overrides;
  if (override !== undefined) {
    throw new UsageError(
      `expected ${what}, got the override "${override}"; of settings only store.path=DIR is taken here`,
    );
  }
  const extra = sorted.names[most];
  if (extra !== undefined) throw new UsageError(`expected ${what}, got "${extra}" besides; leave it out`);
  return sorted;
}

/** A whole number of at least 1 given to an option. Throws UsageError. */
export function countFrom(where: string, text: string): number {
  if (/^\d{1,15}$/.test(text) && Number(text) > 0) return Number(text);
  throw new UsageError(`${where}: expected a whole number of at least 1, got "${text}"`);
}

/** More names than these a message counts: nobody looks for the nearest behind a list of fifty. */
const mostListed = 12;

/** One of a list of names. Throws UsageError with the nearest. */
export function oneOf<T extends string>(where: string, known: readonly T[], text: string): T {
  const found = known.find((name) => name === text);
  if (found !== undefined) return found;
  const which = known.length > mostListed ? `one of ${known.length} names` : `one of ${known.join(", ")}`;
  throw new UsageError(`${where}: expected ${which}, got "${text}"; did you mean ${closest(text, known)}?`);
}

function countOf(given: ReadonlyMap<string, string>, key: string): number | undefined {
  const text = given.get(key);
  return text === undefined ? undefined : countFrom(key, text);
}

function weightsIn(given: ReadonlyMap<string, string>): boolean | undefined {
  const text = given.get("store.weights");
  return text === undefined ? undefined : oneOf("store.weights", ["final", "none"], text) === "final";
}

function secondsIn(given: ReadonlyMap<string, string>): number | undefined {
  const text = given.get("store.checkpoints");
  if (text === undefined) return undefined;
  if (/^\d{1,9}(\.\d+)?$/.test(text)) return Number(text);
  throw new UsageError(`store.checkpoints: expected seconds between two, or 0 for none, got "${text}"`);
}

function refuseNearSetting(key: string): void {
  const nearest = closest(key, settingKeys);
  const near = key.startsWith("store.") || distance(key, nearest) <= 2;
  if (near) throw new UsageError(`override: expected a known key, got "${key}"; did you mean ${nearest}?`);
}
