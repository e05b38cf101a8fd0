/** The records of a store's files as SQL. */
import { columnList, columnsOf } from "./columns.ts";
import type { Table } from "./problems.ts";

/** Rows that are not read, by their file: their places in it, from 0. */
export type SetAside = ReadonlyMap<string, readonly number[]>;

/** The columns of `numberedRecordsOf` that say where a record stands. */
export const placeColumns = { file: "storeFile", row: "file_row_number" } as const;

/** The SQL expression for all records of some files of a table, copies included; with the table's columns even when there are none. */
export function recordsOf(table: Table, files: readonly string[], setAside: SetAside = new Map()): string {
  if (setAside.size === 0) return unionOf(table, files, "");
  const { file, row } = placeColumns;
  const places = [...setAside].map(
    ([path, rows]) => `("${file}" = ${sqlString(path)} AND "${row}" IN (${rows.join()}))`,
  );
  return `(SELECT * EXCLUDE ("${file}", "${row}") FROM ${numberedRecordsOf(table, files)} WHERE NOT (${places.join(" OR ")}))`;
}

/** The same, each record with its file and its place there. */
export function numberedRecordsOf(table: Table, files: readonly string[]): string {
  return unionOf(table, files, `, filename = '${placeColumns.file}', file_row_number = true`);
}

function unionOf(table: Table, files: readonly string[], options: string): string {
  const empty = `SELECT ${columnsOf(table)
    .map(({ name, type }) => `NULL::${type} AS "${name}"`)
    .join(", ")} WHERE false`;
  if (files.length === 0) return `(${empty})`;
  return `(${empty} UNION ALL BY NAME SELECT * FROM read_parquet(${sqlList(files)}, union_by_name = true${options}))`;
}

/** Text as an SQL literal. */
export function sqlString(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** Texts as an SQL list. */
export function sqlList(texts: readonly string[]): string {
  return `[${texts.map(sqlString).join(", ")}]`;
}

/** `CREATE TABLE` for the records of one group. */
export function createTable(name: string, table: Table): string {
  return `CREATE TEMP TABLE "${name}" (${columnList(columnsOf(table))})`;
}
