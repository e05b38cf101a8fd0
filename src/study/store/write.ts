/** Writes one finished group of runs: a file of rows and a file of curves, each appearing whole or not at all. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { runIdentity } from "../spec/identity.ts";
import type { CurvePoint, RunRow } from "./rows.ts";
import { appendRecords, curveColumns, rowColumns } from "./columns.ts";
import type { Database } from "./database.ts";
import { uniqueName } from "./ownership.ts";
import { fileDigest, type Table } from "./problems.ts";
import { publish, temporaryPath } from "./publish.ts";
import { createTable, sqlString } from "./records.ts";
import { type RunWeights, writeWeights } from "./weights.ts";

/**
 * Writes the rows of a group, their curves, and what is kept of their weights. When it returns both are on disk and visible to every process. Throws, having
 * written nothing, when there are no rows, a run appears twice, a row's `run` is not the identity of its `spec`, its
 * `finishedAt` is no date, or a curve belongs to no row.
 */
export async function writeGroup(
  store: string,
  database: Database,
  rows: readonly RunRow[],
  curves: readonly CurvePoint[],
  weights: RunWeights = new Map(),
): Promise<void> {
  const dated = rows.map((row) => ({ ...row, finishedAt: isoDate(row) }));
  checkGroup(rows, curves);
  const groupId = uniqueName();
  await writeWeights(store, weights);
  await database.connected(async (connection) => {
    await connection.run(createTable("groupCurves", "curves"));
    await connection.run(createTable("groupRows", "rows"));
    const curveAppender = await connection.createAppender("groupCurves");
    appendRecords(curveAppender, curveColumns, curves, groupId);
    curveAppender.closeSync();
    const rowAppender = await connection.createAppender("groupRows");
    appendRecords(rowAppender, rowColumns, dated, groupId);
    rowAppender.closeSync();
    // Weights and curves first: whoever sees a row finds them. A kill in between leaves curves that no row claims, which no view shows.
    const curveOrder = "SELECT * FROM groupCurves ORDER BY run, metric, step";
    if (curves.length > 0) await writeParquet(store, connection, "curves", curveOrder);
    await writeParquet(store, connection, "rows", "SELECT * FROM groupRows ORDER BY run");
  });
}

/** Writes what an SQL query returns as one file of a table and makes it visible; returns its path. */
export async function writeParquet(
  store: string,
  connection: DuckDBConnection,
  table: Table,
  select: string,
): Promise<string> {
  const temporary = await temporaryPath(store);
  try {
    await connection.run(`COPY (${select}) TO ${sqlString(temporary)} (FORMAT parquet, COMPRESSION zstd)`);
    const target = join(store, table, `${uniqueName()}-${await fileDigest(temporary)}.parquet`);
    await publish(temporary, target);
    return target;
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

function checkGroup(rows: readonly RunRow[], curves: readonly CurvePoint[]): void {
  if (rows.length === 0) throw new Error("internal: store.writeGroup: expected at least one row, got none");
  const runs = new Set<string>();
  for (const { run, spec } of rows) {
    const identity = runIdentity(spec);
    if (run !== identity) {
      throw new Error(
        `internal: store.writeGroup: expected run ${identity} (the identity of its spec), got ${run}; ` +
          "use runIdentity on the parsed specification",
      );
    }
    if (runs.has(run)) throw new Error(`internal: store.writeGroup: expected each run once, got ${run} twice`);
    runs.add(run);
  }
  const stray = curves.find(({ run }) => !runs.has(run));
  if (stray !== undefined) {
    throw new Error(`internal: store.writeGroup: expected curves of the group's runs, got a point of ${stray.run}`);
  }
}

/** Dates are compared as text, so all are written alike: ISO 8601, UTC, milliseconds. */
function isoDate({ run, finishedAt }: RunRow): string {
  const time = Date.parse(finishedAt);
  if (Number.isNaN(time)) {
    throw new Error(`internal: store.writeGroup: expected an ISO 8601 finishedAt for run ${run}, got "${finishedAt}"`);
  }
  return new Date(time).toISOString();
}
