/** Reading records through the views of a connection. */
import type { DuckDBConnection, JS } from "@duckdb/node-api";
import type { CurvePoint, RunRow } from "./rows.ts";
import { columnsOfRow, rowOf } from "./columns.ts";
import { sqlString } from "./records.ts";

/** Which rows are wanted: those that name a study, those of some runs; all that satisfy both. */
export interface RowCondition {
  readonly study?: string;
  readonly runs?: readonly string[];
}

/** What a query returns, one object a row. */
export async function readRecords(connection: DuckDBConnection, sql: string): Promise<Record<string, JS>[]> {
  return (await connection.runAndReadAll(sql)).getRowObjectsJS();
}

/** The query for the wanted rows of the view `runs`, oldest first. */
export function selectRows({ study, runs }: RowCondition, columns = "*"): string {
  const conditions = [
    ...(study === undefined ? [] : [`study = ${sqlString(study)}`]),
    ...(runs === undefined ? [] : [isOneOf("run", runs)]),
  ];
  const where = conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
  return `SELECT ${columns} FROM runs ${where} ORDER BY finishedAt, run`;
}

/** The wanted rows, oldest first. */
export async function readRows(connection: DuckDBConnection, condition: RowCondition): Promise<RunRow[]> {
  return (await readRecords(connection, selectRows(condition, columnsOfRow))).map(rowOf);
}

/** The query for every point of the curves of runs. */
export function selectCurves(runs: readonly string[]): string {
  return `SELECT run, step, metric, value FROM curves WHERE ${isOneOf("run", runs)} ORDER BY run, metric, step`;
}

/** The curves of runs, of some metrics or of all, by run, metric, step. */
export async function readCurves(
  connection: DuckDBConnection,
  runs: readonly string[],
  metrics?: readonly string[],
): Promise<CurvePoint[]> {
  const ofMetrics = metrics === undefined ? "" : `AND ${isOneOf("metric", metrics)}`;
  // One record a curve, not a point: the texts of a record cost more to fetch than all else, and there are millions of points.
  const sql = `SELECT run, metric, list(step::DOUBLE ORDER BY step) AS steps, list(value ORDER BY step) AS values FROM curves
    WHERE ${isOneOf("run", runs)} ${ofMetrics} GROUP BY run, metric ORDER BY run, metric`;
  const curves = (await readRecords(connection, sql)) as unknown as StoredCurve[];
  return curves.flatMap(({ run, metric, steps, values }) =>
    steps.map((step, point) => ({ run, step, metric, value: values[point] ?? NaN })),
  );
}

interface StoredCurve {
  readonly run: string;
  readonly metric: string;
  readonly steps: readonly number[];
  readonly values: readonly number[];
}

/**
 * The SQL condition that a column has one of some texts. They stand in the query as literals, not as a parameter: only then does
 * DuckDB skip the parts of a file that cannot match, which for the curves of a few runs is most of them.
 */
export function isOneOf(column: string, texts: readonly string[]): string {
  return texts.length === 0 ? "false" : `${column} IN (${texts.map(sqlString).join(", ")})`;
}

/** A value with its bigints, at any depth, turned into numbers where that loses nothing. */
export function withNumbers(value: JS): JS {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (Array.isArray(value)) return value.map(withNumbers);
  if (value === null || typeof value !== "object" || value instanceof Date || value instanceof Uint8Array) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withNumbers(item)]));
}
