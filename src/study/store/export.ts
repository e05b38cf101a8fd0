/**
 * Rows and curves for other programs.
 *
 * Parquet has the columns of `columns.ts`. CSV has them too, but each metric in a column of its own, `metrics.<name>`, and
 * non-finite numbers as `nan`, `inf`, `-inf` (what pandas, R and DuckDB read). JSON is an array of rows shaped as `RunRow`;
 * JSON has no such numbers, so NaN is null and an infinity the string "Infinity" or "-Infinity". Curves have the
 * columns run, step, metric, value: one line a point. Rows of a study have one column more, `chosen`: whether the study's report takes
 * this run for its cell.
 */
import type { DuckDBConnection } from "@duckdb/node-api";
import { rm, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { RunRow } from "./rows.ts";
import { sqlString } from "./records.ts";
import { publish, temporaryBeside } from "./publish.ts";
import { isOneOf, readCurves, readRows, type RowCondition, selectCurves, selectRows } from "./read.ts";

/** Formats of an export. */
export const exportFormats = ["parquet", "csv", "json"] as const;
/** One of the formats. */
export type ExportFormat = (typeof exportFormats)[number];

/**
 * Writes the wanted rows to a file, which appears whole or not at all, with a column that says which runs are `chosen` where that is given;
 * returns how many. Throws what the file system says.
 */
export async function exportRows(
  connection: DuckDBConnection,
  condition: RowCondition,
  format: ExportFormat,
  path: string,
  chosen?: ReadonlySet<string>,
): Promise<number> {
  const rows = await readRows(connection, condition);
  const columns = [
    format === "csv" ? wideColumns(rows) : "*",
    ...(chosen === undefined ? [] : [`${isOneOf("run", [...chosen])} AS chosen`]),
  ];
  const records = chosen === undefined ? rows : rows.map((row) => ({ ...row, chosen: chosen.has(row.run) }));
  await exportQuery(connection, selectRows(condition, columns.join(", ")), records, format, path);
  return rows.length;
}

/** Writes the curves of runs to a file likewise; returns the number of points. */
export async function exportCurves(
  connection: DuckDBConnection,
  runs: readonly string[],
  format: ExportFormat,
  path: string,
): Promise<number> {
  const points = await readCurves(connection, runs);
  await exportQuery(connection, selectCurves(runs), points, format, path);
  return points.length;
}

/** Writes what a query returns, in JSON as `records`. */
async function exportQuery(
  connection: DuckDBConnection,
  select: string,
  records: readonly unknown[],
  format: ExportFormat,
  path: string,
): Promise<void> {
  const temporary = await temporaryBeside(path);
  const copy = (options: string): Promise<unknown> =>
    connection.run(`COPY (${select}) TO ${sqlString(temporary)} (${options})`);
  try {
    switch (format) {
      case "parquet":
        await copy("FORMAT parquet, COMPRESSION zstd");
        break;
      case "csv":
        await copy("FORMAT csv, HEADER");
        break;
      case "json":
        await writeFile(temporary, `${JSON.stringify(records, namedWhenNotFinite, 1)}\n`);
        break;
      default:
        format satisfies never;
    }
    await publish(temporary, resolve(path));
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

function wideColumns(rows: readonly RunRow[]): string {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row.metrics)))].sort();
  const columns = names.map((name) => `metrics[${sqlString(name)}] AS "metrics.${name.replaceAll('"', '""')}"`);
  return ["* EXCLUDE (metrics)", ...columns].join(", ");
}

function namedWhenNotFinite(_key: string, value: unknown): unknown {
  if (typeof value !== "number" || Number.isFinite(value)) return value;
  return Number.isNaN(value) ? null : String(value);
}
