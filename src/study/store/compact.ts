/**
 * Merging small files, while other processes read and write.
 *
 * The merged file becomes visible before its sources are removed, and it holds all that they held; every view drops copies, so
 * no reader ever misses or doubles a row. A file is removed only by a process that has a durable file with its content, and that
 * file can only be younger, so two processes that compact at once cannot remove each other's work.
 */
import { rm, stat } from "node:fs/promises";
import type { Database } from "./database.ts";
import { type Inventory, type Table, tables } from "./problems.ts";
import { isMissing } from "./publish.ts";
import { recordsOf } from "./records.ts";
import { writeParquet } from "./write.ts";

/** Which files `compact` takes. */
export interface CompactOptions {
  /** Files of fewer bytes are merged; 64 MiB when left out. */
  readonly smallerThan?: number;
  /** Sources of one merged file have at most this many bytes together; 256 MiB when left out. */
  readonly atMost?: number;
  /** A table with fewer small files is left as it is; 2 when left out. */
  readonly atLeast?: number;
}

/**
 * What a store does by itself while it is written and before it is read: looking into a file costs about as much as reading two hundred
 * rows of it. Files of 8 MiB are left alone, so that what is merged again and again stays small.
 */
export const byItself = { smallerThan: 8 * 2 ** 20, atLeast: 64 } as const satisfies CompactOptions;

/** What `compact` did: how many files became how many. */
export interface Compaction {
  readonly merged: number;
  readonly into: number;
}

/** Merges the small files of each table. Nothing is lost: where a run was computed twice, both rows are kept. Damage stays where it is. */
export async function compact(
  inventory: Inventory,
  database: Database,
  { smallerThan = 64 * 2 ** 20, atMost = 256 * 2 ** 20, atLeast = 2 }: CompactOptions = {},
): Promise<Compaction> {
  let merged = 0;
  let into = 0;
  const listing = await inventory.list();
  for (const table of tables) {
    for (const sources of await batches(
      listing[table].filter((file) => !listing.setAside.has(file)),
      { smallerThan, atMost, atLeast },
    )) {
      if (!(await merge(inventory.store, database, table, sources))) continue;
      merged += sources.length;
      into += 1;
    }
  }
  return { merged, into };
}

/** False when a source has vanished: another process is compacting, and nothing need be done. */
async function merge(store: string, database: Database, table: Table, sources: readonly string[]): Promise<boolean> {
  const records = recordsOf(table, sources);
  const select =
    table === "rows"
      ? `SELECT DISTINCT ON (run, groupId) * FROM ${records} ORDER BY run, groupId`
      : `SELECT DISTINCT * FROM ${records} ORDER BY run, metric, step, groupId`;
  try {
    await database.connected((connection) => writeParquet(store, connection, table, select));
  } catch (error) {
    if ((await sizes(sources)).includes(undefined)) return false;
    throw error;
  }
  for (const source of sources) await rm(source, { force: true });
  return true;
}

async function batches(
  files: readonly string[],
  { smallerThan, atMost, atLeast }: Required<CompactOptions>,
): Promise<string[][]> {
  const found: string[][] = [];
  let batch: string[] = [];
  let bytes = 0;
  const known = await sizes(files);
  const small = files.flatMap((file, index) => {
    const size = known[index];
    return size === undefined || size >= smallerThan ? [] : [{ file, size }];
  });
  if (small.length < atLeast) return [];
  for (const { file, size } of small) {
    if (bytes + size > atMost) {
      found.push(batch);
      batch = [];
      bytes = 0;
    }
    batch.push(file);
    bytes += size;
  }
  found.push(batch);
  return found.filter((sources) => sources.length > 1);
}

/** Bytes of each file; undefined for one that has vanished. */
async function sizes(files: readonly string[]): Promise<(number | undefined)[]> {
  return Promise.all(
    files.map(async (file) => {
      try {
        return (await stat(file)).size;
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw error;
      }
    }),
  );
}
