/** Finding the run that a person names by the beginning of its identity. */
import type { InFlight } from "../study/store/journal.ts";
import type { Store } from "../study/store/store.ts";
import { UsageError } from "./exit.ts";
import { commandName, type Surroundings } from "./surroundings.ts";

/** Throws UsageError for what cannot be the beginning of a run's identity. */
export function refuseNoRun(at: Surroundings, where: string, prefix: string): void {
  if (/^[0-9a-f]{1,16}$/.test(prefix)) return;
  throw new UsageError(
    `${where}: expected a run as up to 16 hex digits, got "${prefix}"; ${commandName(at)} ls --all lists them`,
  );
}

/** The whole identity of the run that begins so. Throws when there is none, or several, listing them. */
export async function findRun(
  at: Surroundings,
  where: string,
  store: Store,
  prefix: string,
  flights: readonly InFlight[] = [],
): Promise<string> {
  const stored = await store.query(`SELECT run FROM runs WHERE starts_with(run, '${prefix}') ORDER BY run`);
  const flying = flights.flatMap(({ runs }) => runs.filter((run) => run.startsWith(prefix)));
  const found = [...new Set([...stored.map(({ run }) => run as string), ...flying])];
  const [only] = found;
  if (only === undefined) {
    throw new Error(
      `${where}: expected a run of the store ${store.folder}, got "${prefix}"; ${commandName(at)} ls --all lists them`,
    );
  }
  if (found.length > 1) {
    const listed = found.length > 10 ? [...found.slice(0, 10), `and ${found.length - 10} more`] : found;
    throw new Error(
      `${where}: expected the beginning of one run, got "${prefix}" of ${found.length}: ${listed.join(", ")}; give more digits`,
    );
  }
  return only;
}
