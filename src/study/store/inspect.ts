/**
 * What data files hold, looked at once before they are read: whether they are Parquet, of a version that this program knows, with
 * the columns of `columns.ts` in their types, and which of their rows cannot be trusted.
 *
 * All files are asked at once. Where that fails they are asked by halves, so that one damaged file among a thousand costs some
 * twenty questions more.
 */
import type { DuckDBConnection } from "@duckdb/node-api";
import { columnsOf } from "./columns.ts";
import { faultOfFile } from "./entries.ts";
import type { Table } from "./problems.ts";
import { readRecords } from "./read.ts";
import { numberedRecordsOf, placeColumns, sqlList } from "./records.ts";
import { doubtful, faultOfRow, judgedColumns, type RowFault, shortText } from "./row-faults.ts";
import { laterReason, storeSchema } from "./schema.ts";

/** What was found in a file: why it is not read, "" when it is, and the rows of it that are not. */
export interface Verdict {
  readonly reason: string;
  readonly rows: readonly RowFault[];
}

/** Columns without which a file is none of the table. */
const required: Readonly<Record<Table, readonly string[]>> = {
  rows: ["run", "outcome", "spec", "finishedAt", "groupId"],
  curves: ["run", "step", "metric", "value", "groupId"],
};

/** Errors for which no file is to blame: what is sound must not be computed again because memory ran out. */
const notOfTheFile = /Out of Memory|Too many open files|Parser Error|INTERRUPT/;

/** Looks at files of a table. One that has vanished has no verdict. */
export async function inspect(
  connection: DuckDBConnection,
  table: Table,
  files: readonly string[],
): Promise<ReadonlyMap<string, Verdict>> {
  try {
    return await verdicts(connection, table, files);
  } catch (error) {
    if (notOfTheFile.test(String(error))) throw error;
    const [only] = files;
    if (only !== undefined && files.length === 1) {
      const reason = await faultOfFile(only);
      if (reason === undefined) return new Map();
      return new Map([[only, refused(reason || "cannot be read as Parquet; remove it and run the study again")]]);
    }
    const half = Math.ceil(files.length / 2);
    const first = await inspect(connection, table, files.slice(0, half));
    return new Map([...first, ...(await inspect(connection, table, files.slice(half)))]);
  }
}

async function verdicts(
  connection: DuckDBConnection,
  table: Table,
  files: readonly string[],
): Promise<Map<string, Verdict>> {
  const found = new Map<string, Verdict>();
  const shaped: string[] = [];
  for (const { like, types } of await shapes(connection, files)) {
    const reason = faultOfShape(table, types);
    const versioned = table === "rows" && types.get("schema") === "BIGINT";
    const later = versioned ? await laterFiles(connection, like) : new Map<string, number>();
    for (const file of like) {
      const schema = later.get(file);
      found.set(file, refused(schema === undefined ? reason : laterReason(schema)));
      if (schema === undefined && reason === "") shaped.push(file);
    }
  }
  if (table === "curves" || shaped.length === 0) return found;
  for (const [file, rows] of await rowFaults(connection, shaped)) found.set(file, { reason: "", rows });
  return found;
}

interface Shape {
  readonly like: readonly string[];
  readonly types: ReadonlyMap<string, string>;
}

/** The files by what columns they have: all that one version wrote are alike. */
async function shapes(connection: DuckDBConnection, files: readonly string[]): Promise<Shape[]> {
  if (files.length === 0) return [];
  const column = "{ name: name, kind: coalesce(duckdb_type, converted_type), children: num_children }";
  const groups = (await readRecords(
    connection,
    `SELECT list(file_name) AS "like" FROM (SELECT file_name, list(${column} ORDER BY column_id) AS shape
       FROM parquet_schema(${sqlList(files)}) GROUP BY file_name) GROUP BY shape`,
  )) as unknown as { like: string[] }[];
  const found: Shape[] = [];
  for (const { like } of groups) {
    const described = await readRecords(
      connection,
      `DESCRIBE SELECT * FROM read_parquet(${sqlList(like.slice(0, 1))})`,
    );
    const types = new Map(described.map((each) => [each["column_name"] as string, each["column_type"] as string]));
    found.push({ like, types });
  }
  return found;
}

/** What is wrong with the columns of a file; "" when nothing is. One that an older version did not write yet may be missing. */
function faultOfShape(table: Table, types: ReadonlyMap<string, string>): string {
  const missing = required[table].find((name) => !types.has(name));
  if (missing !== undefined) {
    return `not written by afferent: expected a column "${missing}", got none; move it elsewhere`;
  }
  const changed = columnsOf(table).find(({ name, type }) => types.has(name) && types.get(name) !== type);
  if (changed === undefined) return "";
  const { name, type } = changed;
  return `expected column "${name}" as ${type}, got ${types.get(name) ?? ""}; remove it and run the study again`;
}

/** Those of some files that a later version wrote, with its number. */
async function laterFiles(connection: DuckDBConnection, files: readonly string[]): Promise<Map<string, number>> {
  const { file } = placeColumns;
  const records = await readRecords(
    connection,
    `SELECT "${file}" AS file, max("schema") AS later FROM read_parquet(${sqlList(files)}, filename = '${file}')
       GROUP BY ALL HAVING max("schema") > ${storeSchema}`,
  );
  return new Map(records.map((record) => [record["file"] as string, Number(record["later"])]));
}

async function rowFaults(connection: DuckDBConnection, files: readonly string[]): Promise<Map<string, RowFault[]>> {
  const { file, row } = placeColumns;
  const records = await readRecords(
    connection,
    `SELECT "${file}" AS file, "${row}" AS place, ${judgedColumns.join(", ")} FROM ${numberedRecordsOf("rows", files)}
       WHERE ${doubtful} ORDER BY file, place`,
  );
  const found = new Map<string, RowFault[]>();
  for (const record of records) {
    const reason = faultOfRow(record);
    if (reason === undefined) continue;
    const name = record["file"] as string;
    const fault = { row: Number(record["place"]), run: shortText(record["run"]), reason };
    found.set(name, [...(found.get(name) ?? []), fault]);
  }
  return found;
}

function refused(reason: string): Verdict {
  return { reason, rows: [] };
}
