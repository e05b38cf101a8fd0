/** Going through a search within a time: what it will cost is measured first, and the event loop gets its turn. */
import { setImmediate as turn } from "node:timers/promises";
import {
  evolve,
  exhaustiveSearch,
  passedBy,
  pilotSearch,
  type Scored,
  type Survivor,
  survivorsOf,
} from "../theory/discovery/index.ts";
import { duration, grouped, plural } from "./columns.ts";
import type { DiscoverOptions } from "./discover-options.ts";
import { UsageError } from "./exit.ts";
import type { Surroundings } from "./surroundings.ts";

/** What a search found. */
export interface SearchFound {
  readonly found: readonly Scored[];
  readonly survivors: readonly Survivor[];
  /** Whether all of the space, or all evaluations of an evolution, were done. */
  readonly complete: boolean;
  /** Rules that passed, and for which no time was left to try them on what is held out: they are not among the survivors. */
  readonly untried: number;
}

/** Largest space that is gone through, whatever the budget: its results are kept in memory. */
const mostRules = 2_000_000;
const pilots = { discarded: 60, timed: 240 };

/**
 * States how many rules there are and how long they will take, and scores them until done or `deadline` (as performance.now()). Throws
 * UsageError, with advice, when an exhaustive search would take longer.
 */
export async function search(
  at: Surroundings,
  options: DiscoverOptions,
  { deadline, signal }: { readonly deadline: number; readonly signal: AbortSignal },
): Promise<SearchFound> {
  const { space, evaluations } = options;
  const each = timeOfOne(options);
  const total = evaluations === undefined ? space.size : Math.min(evaluations, space.size);
  const expected = (each * total) / 1000;
  const what = `${plural(space.products.length, "product")} up to degree ${space.degree}, at most ${plural(space.maxTerms, "term")}, ${grouped(space.size)} rules`;
  if (evaluations === undefined && (space.size > mostRules || expected * 1000 > deadline - performance.now())) {
    throw new UsageError(
      `discover: expected a space that can be searched within ${duration(options.budget / 1000)}, got ${what}, about ${duration(expected)}; ` +
        "lower --degree or --max-terms, ask for symmetries (--invariant rotation,output), raise --budget, or add --evolve",
    );
  }
  const plan = evaluations === undefined ? "each scored" : `${grouped(total)} of them scored, by evolution`;
  at.stderr.write(`discover: ${what}; ${plan}, about ${duration(expected)}\n`);
  const rules = evaluations === undefined ? exhaustiveSearch(options) : evolve({ ...options, evaluations });
  const scored = await through(at, rules, { total, noun: "rule", deadline, signal });
  const passing = scored.list.filter((one) => passedBy(one).length > 0).length;
  const survivors = await through(at, survivorsOf(scored.list, options), {
    total: passing,
    noun: "held-out task",
    deadline,
    signal,
  });
  const untried = passing - survivors.list.length;
  return { found: scored.list, survivors: survivors.list, complete: scored.complete, untried };
}

interface Going {
  readonly total: number;
  readonly noun: string;
  readonly deadline: number;
  readonly signal: AbortSignal;
}

/** Takes from a generator until it ends or the deadline is reached; other work gets its turn every 50 ms. Throws the signal's reason. */
async function through<T>(
  at: Surroundings,
  source: Iterable<T>,
  { total, noun, deadline, signal }: Going,
): Promise<{ readonly list: readonly T[]; readonly complete: boolean }> {
  const list: T[] = [];
  const progress = progressLine(at, total, noun);
  let last = performance.now();
  for (const one of source) {
    list.push(one);
    const now = performance.now();
    if (now - last < 50) continue;
    last = now;
    progress.show(list.length, now);
    await turn();
    signal.throwIfAborted();
    if (now > deadline) {
      progress.end();
      return { list, complete: false };
    }
  }
  progress.end();
  return { list, complete: true };
}

/** Milliseconds that one rule takes, measured on random rules of the space. */
function timeOfOne(options: DiscoverOptions): number {
  const pilot = pilotSearch(options);
  for (let i = 0; i < pilots.discarded; i++) pilot.next();
  const started = performance.now();
  for (let i = 0; i < pilots.timed; i++) pilot.next();
  return (performance.now() - started) / pilots.timed;
}

/** On a terminal a line that is rewritten, elsewhere a line every five seconds. */
function progressLine(
  { stderr }: Surroundings,
  total: number,
  noun: string,
): { readonly show: (done: number, now: number) => void; readonly end: () => void } {
  const started = performance.now();
  let last = started;
  const every = stderr.isTTY ? 200 : 5000;
  return {
    show: (done, now) => {
      if (now - last < every) return;
      last = now;
      const left = ((now - started) / done) * (total - done);
      const text = `${grouped(done)} of ${grouped(total)} ${noun}s, ${duration(Math.max(0, left) / 1000)} left`;
      stderr.write(stderr.isTTY ? `\r\u001B[K${text}` : `${text}\n`);
    },
    end: () => {
      if (stderr.isTTY) stderr.write("\r\u001B[K");
    },
  };
}
