/** The search of `afferent discover`: how long it will take is said first, then how far it is. */
import { planSearch, runSearch, type SearchFound, type SearchProgress } from "../../study/discovery/search.ts";
import { duration, grouped, plural } from "../columns.ts";
import { UsageError } from "../exit.ts";
import type { Surroundings } from "../surroundings.ts";
import type { DiscoverOptions } from "./options.ts";

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
  const { rules, time, fits } = planSearch(options);
  const what = `${plural(space.products.length, "product")} up to degree ${space.degree}, at most ${plural(space.maxTerms, "term")}, ${grouped(space.size)} rules`;
  if (evaluations === undefined && (!fits || time > deadline - performance.now())) {
    throw new UsageError(
      `discover: expected a space that can be searched within ${duration(options.budget / 1000)}, got ${what}, about ${duration(time / 1000)}; ` +
        "lower --degree or --max-terms, ask for symmetries (--invariant rotation,output), raise --budget, or add --evolve",
    );
  }
  const plan = evaluations === undefined ? "each scored" : `${grouped(rules)} of them scored, by evolution`;
  at.stderr.write(`discover: ${what}; ${plan}, about ${duration(time / 1000)}\n`);
  const line = progressLine(at);
  try {
    return await runSearch(options, { deadline, signal, onProgress: line.show });
  } finally {
    line.end();
  }
}

/** On a terminal a line that is rewritten, elsewhere a line every five seconds. */
function progressLine({ stderr }: Surroundings): {
  readonly show: (progress: SearchProgress) => void;
  readonly end: () => void;
} {
  let last = performance.now();
  const every = stderr.isTTY ? 200 : 5000;
  return {
    show: ({ stage, done, total, left }) => {
      const now = performance.now();
      if (now - last < every) return;
      last = now;
      const text = `${grouped(done)} of ${grouped(total)} ${stage}, ${duration(left / 1000)} left`;
      stderr.write(stderr.isTTY ? `\r\u001B[K${text}` : `${text}\n`);
    },
    end: () => {
      if (stderr.isTTY) stderr.write("\r\u001B[K");
    },
  };
}
