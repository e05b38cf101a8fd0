/**
 * DuckDB over the files of a store: the views that turn many immutable files into one table of runs and one of curves.
 *
 * `runs` has one row a run. When two processes computed the same run, the first to finish counts, a success before any
 * failure; of failures alone the latest counts, since it says what is wrong now. The order is total and reads only what the
 * rows say, so that it does not depend on which files hold them: a run is the same before, during and after `compact`.
 * `curves` has the points that were computed together with the row that counts.
 */
import type { DuckDBConnection } from "@duckdb/node-api";
import type { Inventory, Listing } from "./problems.ts";
import { recordsOf } from "./records.ts";

/** How often a read starts over when files vanish under it. Each time another process has finished compacting. */
const attempts = 10;

/** Runs work against the views. */
export class Database {
  readonly #inventory: Inventory;

  constructor(inventory: Inventory) {
    this.#inventory = inventory;
  }

  /** Runs `work` on a connection of its own, closed afterwards. */
  connected<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    return this.#inventory.engine.connected(work);
  }

  /**
   * Runs `work` on a connection that has the views `runs` and `curves`. It starts over when a listed file has vanished or
   * proves damaged, so `work` must be repeatable. Throws DuckDB's error when the files are not the cause.
   */
  async reading<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      const listing = await this.#inventory.list();
      try {
        return await this.connected(async (connection) => {
          await connection.run(views(listing));
          return await work(connection);
        });
      } catch (error) {
        this.#inventory.forget();
        if (attempt === attempts || isSame(listing, await this.#inventory.list())) throw error;
      }
    }
  }

  /** Frees DuckDB; a later use opens it anew. */
  close(): Promise<void> {
    return this.#inventory.engine.close();
  }
}

function views({ rows, curves, setAside }: Listing): string {
  const failed = "(outcome = 'failed')";
  return `
    CREATE TEMP VIEW runs AS SELECT * FROM ${recordsOf("rows", rows, setAside)}
      QUALIFY row_number() OVER (PARTITION BY run ORDER BY ${failed}, if(${failed}, NULL, finishedAt),
        if(${failed}, finishedAt, NULL) DESC, groupId) = 1;
    CREATE TEMP VIEW curvePoints AS SELECT * FROM ${recordsOf("curves", curves)};
    CREATE TEMP VIEW curves AS SELECT DISTINCT run, step, metric, value FROM curvePoints
      SEMI JOIN (SELECT run, groupId FROM runs) USING (run, groupId);`;
}

function isSame(a: Listing, b: Listing): boolean {
  return a.rows.join() === b.rows.join() && a.curves.join() === b.curves.join();
}
