/** Going through a search of the rule space within a time: what it will cost is measured first, and the event loop gets its turn. */
import { setImmediate as turn } from "node:timers/promises";
import {
  evolve,
  exhaustiveSearch,
  passedBy,
  pilotSearch,
  type Scored,
  type SearchOptions,
  type Survivor,
  survivorsOf,
} from "../../theory/discovery/index.ts";

/** What is searched for, and by which method. */
export interface DiscoverySearch extends SearchOptions {
  /** Rules an evolution scores; undefined for every rule of the space. */
  readonly evaluations: number | undefined;
}

/** What a search will take. */
export interface SearchPlan {
  /** Rules that will be scored. */
  readonly rules: number;
  /** Milliseconds expected. */
  readonly time: number;
  /** Whether the results of all of them can be kept in memory. */
  readonly fits: boolean;
}

/** What a search found. */
export interface SearchFound {
  readonly found: readonly Scored[];
  readonly survivors: readonly Survivor[];
  /** Whether all of the space, or all evaluations of an evolution, were done. */
  readonly complete: boolean;
  /** Rules that passed, and for which no time was left to try them on what is held out: they are not among the survivors. */
  readonly untried: number;
}

/** How far a search is. */
export interface SearchProgress {
  readonly stage: "rules" | "held-out tasks";
  readonly done: number;
  readonly total: number;
  /** Milliseconds. */
  readonly left: number;
}

/** When a search ends, and who hears of it. */
export interface SearchLimits {
  /** As performance.now(). */
  readonly deadline: number;
  readonly signal: AbortSignal;
  /** Told at most every 50 ms. */
  readonly onProgress?: (progress: SearchProgress) => void;
}

/** Largest space that is gone through, whatever the time: its results are kept in memory. */
const mostRules = 2_000_000;
const pilots = { discarded: 60, timed: 240 };

/** What a search will take, measured on random rules of its space. */
export function planSearch(search: DiscoverySearch): SearchPlan {
  const { space, evaluations } = search;
  const rules = evaluations === undefined ? space.size : Math.min(evaluations, space.size);
  return { rules, time: timeOfOne(search) * rules, fits: rules <= mostRules };
}

/** Scores rules until done or the deadline, then tries those that pass on what is held out. Throws the signal's reason when aborted. */
export async function runSearch(search: DiscoverySearch, limits: SearchLimits): Promise<SearchFound> {
  const { evaluations, space } = search;
  const rules = evaluations === undefined ? exhaustiveSearch(search) : evolve({ ...search, evaluations });
  const total = evaluations === undefined ? space.size : Math.min(evaluations, space.size);
  const scored = await through(rules, { ...limits, stage: "rules", total });
  const passing = scored.list.filter((one) => passedBy(one).length > 0).length;
  const heldOut = { ...limits, stage: "held-out tasks", total: passing } as const;
  const survivors = await through(survivorsOf(scored.list, search), heldOut);
  const untried = passing - survivors.list.length;
  return { found: scored.list, survivors: survivors.list, complete: scored.complete, untried };
}

/** Takes from a generator until it ends or the deadline is reached; other work gets its turn every 50 ms. Throws the signal's reason. */
async function through<T>(
  source: Iterable<T>,
  { total, stage, deadline, signal, onProgress }: SearchLimits & Pick<SearchProgress, "stage" | "total">,
): Promise<{ readonly list: readonly T[]; readonly complete: boolean }> {
  const list: T[] = [];
  const started = performance.now();
  let last = started;
  for (const one of source) {
    list.push(one);
    const now = performance.now();
    if (now - last < 50) continue;
    last = now;
    const left = Math.max(0, ((now - started) / list.length) * (total - list.length));
    onProgress?.({ stage, done: list.length, total, left });
    await turn();
    signal.throwIfAborted();
    if (now > deadline) return { list, complete: false };
  }
  return { list, complete: true };
}

/** Milliseconds that one rule takes. */
function timeOfOne(search: SearchOptions): number {
  const pilot = pilotSearch(search);
  for (let i = 0; i < pilots.discarded; i++) pilot.next();
  const started = performance.now();
  for (let i = 0; i < pilots.timed; i++) pilot.next();
  return (performance.now() - started) / pilots.timed;
}
