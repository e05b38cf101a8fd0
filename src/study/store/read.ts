/** Reading records through the views of a connection. */
import type { DuckDBConnection, JS } from "@duckdb/node-api";
import type { CurvePoint, RunOverview, RunRow } from "./rows.ts";
import { columnsOfRow, overviewColumns, overviewOf, rowOf, sharedColumns } from "./columns.ts";
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

/**
 * The wanted rows, oldest first. Long texts that many rows share, such as certificates, are fetched and parsed once and are one object.
 */
export async function readRows(connection: DuckDBConnection, condition: RowCondition): Promise<RunRow[]> {
  const wanted = selectRows(condition, columnsOfRow);
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE wantedRows AS SELECT *, row_number() OVER () AS place FROM (${wanted})`,
  );
  const shared = new Map<string, Map<JS, unknown>>();
  for (const column of sharedColumns) {
    const texts = await readRecords(
      connection,
      `SELECT hash("${column}") AS key, any_value("${column}") AS text FROM wantedRows
         WHERE coalesce("${column}", '') <> '' GROUP BY key`,
    );
    shared.set(column, new Map(texts.map(({ key, text }) => [key ?? null, JSON.parse(text as string) as unknown])));
  }
  const keys = sharedColumns.map(
    (column) => `if(coalesce("${column}", '') = '', NULL, hash("${column}")) AS "${column}"`,
  );
  const records = await readRecords(
    connection,
    `SELECT * EXCLUDE (place) REPLACE (${keys.join(", ")}) FROM wantedRows ORDER BY place`,
  );
  return records.map((record) => rowOf(record, (column, key) => shared.get(column)?.get(key)));
}

/** What a list shows of the wanted rows, oldest first. */
export async function readOverview(connection: DuckDBConnection, condition: RowCondition): Promise<RunOverview[]> {
  return (await readRecords(connection, selectRows(condition, overviewColumns))).map(overviewOf);
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
