/** Files that a store did not write itself, for the tests of what it makes of them. */
import { DuckDBInstance } from "@duckdb/node-api";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { uniqueName } from "./ownership.ts";
import { sqlString } from "./records.ts";

/** Puts bytes into a store under the name that a sound file with them has; returns its path relative to the store. */
export function plant(store: string, table: "rows" | "curves", bytes: Uint8Array): string {
  const digest = createHash("sha256").update(bytes).digest("hex").slice(0, 16);
  const file = `${table}/${uniqueName()}-${digest}.parquet`;
  mkdirSync(join(store, table), { recursive: true });
  writeFileSync(join(store, file), bytes);
  return file;
}

/** Puts what an SQL query returns there likewise, as Parquet. */
export async function plantQuery(store: string, table: "rows" | "curves", select: string): Promise<string> {
  const path = join(store, `planted-${uniqueName()}`);
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  await connection.run(`COPY (${select}) TO ${sqlString(path)} (FORMAT parquet)`);
  connection.closeSync();
  instance.closeSync();
  const bytes = readFileSync(path);
  rmSync(path);
  return plant(store, table, bytes);
}

/** Replaces a file of a store by what a query makes of its records, `FROM file`; returns the new path. */
export async function rewrite(store: string, file: string, select: string): Promise<string> {
  const [table] = file.split("/") as ["rows" | "curves"];
  const from = `(SELECT * FROM read_parquet(${sqlString(join(store, file))}))`;
  const written = await plantQuery(store, table, select.replace("FROM file", `FROM ${from} AS file`));
  rmSync(join(store, file));
  return written;
}
