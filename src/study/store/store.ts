/**
 * The results store: a folder of immutable Parquet files that any number of processes read and write at once, without a lock.
 *
 *   rows/      one file for each finished group of runs (columns: `columns.ts`)
 *   curves/    their curves
 *   weights/   their trained values (`weights.ts`)
 *   checkpoints/ what long runs in flight would go on from (`run/checkpoints.ts`)
 *   studies/   which runs a study is made of (`manifest.ts`)
 *   journal/   groups in flight (`journal.ts`)
 *   temporary/ files being written (`publish.ts`)
 *
 * Stores are merged by copying the files of one into the other.
 */
import type { JS } from "@duckdb/node-api";
import { constants } from "node:fs";
import { access, mkdir, rm, stat, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { CurvePoint, RunOverview, RunRow } from "./rows.ts";
import { byItself, compact, type Compaction, type CompactOptions } from "./compact.ts";
import { Database } from "./database.ts";
import { entryProblems, folderProblems } from "./entries.ts";
import { exportCurves, exportRows, type ExportFormat } from "./export.ts";
import { manifests, readManifest } from "./manifest.ts";
import { Inventory, type Problem, tables } from "./problems.ts";
import { isMissing, namesIn, removeLeftovers, temporaryPath } from "./publish.ts";
import { isOneOf, readCurves, readOverview, readRecords, readRows, type RowCondition, withNumbers } from "./read.ts";
import type { RunWeights } from "./weights.ts";
import { writeGroup } from "./write.ts";

/** Which rows are asked for; all conditions given hold together. */
export interface RowFilter {
  /** The runs of the study's manifest or, without one that can be read, the rows that name the study. */
  readonly study?: string;
  readonly runs?: readonly string[];
}

/**
 * Opens the store in a folder. For writing (the default) a missing folder is created, the folder is tried by writing to it, and
 * what killed writers left is cleared away. Throws when the path is not a folder, cannot be written, has something else where a
 * folder of its own belongs, or (`access: "read"`) does not exist.
 */
export async function openStore(path: string, options: { access?: "read" | "write" } = {}): Promise<Store> {
  const folder = resolve(path);
  if (options.access === "read") await checkReadable(folder);
  else await makeWritable(folder);
  return new Store(folder);
}

/** An open store; made by `openStore`. Every method may be called while other processes write and compact. */
export class Store {
  /** Absolute path. */
  readonly folder: string;
  readonly #inventory: Inventory;
  readonly #database: Database;

  constructor(folder: string) {
    this.folder = folder;
    this.#inventory = new Inventory(folder);
    this.#database = new Database(this.#inventory);
  }

  /** Writes a finished group of runs, durably; `write.ts` says what it refuses. */
  writeGroup(rows: readonly RunRow[], curves: readonly CurvePoint[], weights?: RunWeights): Promise<void> {
    return writeGroup(this.folder, this.#database, rows, curves, weights);
  }

  /** The rows asked for, one a run, oldest first; all when there is no filter. */
  async rows(filter: RowFilter = {}): Promise<RunRow[]> {
    const condition = await this.#condition(filter);
    return this.#database.reading((connection) => readRows(connection, condition));
  }

  /** What a list of runs shows of the rows asked for, oldest first: much cheaper than the rows, and as many. */
  async overview(filter: RowFilter = {}): Promise<RunOverview[]> {
    const condition = await this.#condition(filter);
    return this.#database.reading((connection) => readOverview(connection, condition));
  }

  /** The curves of runs, of the metrics named or of all, by run, metric, step. */
  curves(runs: readonly string[], metrics?: readonly string[]): Promise<CurvePoint[]> {
    return this.#database.reading((connection) => readCurves(connection, runs, metrics));
  }

  /** Those of the runs that need not be computed again: they are stored with an outcome other than `failed`. */
  async finished(runs: readonly string[]): Promise<Set<string>> {
    const sql = `SELECT run FROM runs WHERE outcome <> 'failed' AND ${isOneOf("run", runs)}`;
    const found = await this.#database.reading((connection) => readRecords(connection, sql));
    return new Set(found.map(({ run }) => run as string));
  }

  /** Those of the runs that ended well and whose curves are not there. */
  async withoutCurves(runs: readonly string[]): Promise<string[]> {
    const sql = `SELECT run FROM runs ANTI JOIN curvePoints USING (run, groupId)
      WHERE outcome IN ('finished', 'stopped') AND ${isOneOf("run", runs)} ORDER BY run`;
    const found = await this.#database.reading((connection) => readRecords(connection, sql));
    return found.map(({ run }) => run as string);
  }

  /** Files that are damaged, of a later version or not afferent's, in part or whole; what is damaged is not read. */
  async problems(): Promise<Problem[]> {
    const { problems } = await this.#inventory.list();
    return [...(await entryProblems(this.folder)), ...problems, ...(await manifests(this.folder)).problems];
  }

  /** Merges small files; `compact.ts` says why that is safe. */
  compact(options?: CompactOptions): Promise<Compaction> {
    return compact(this.#inventory, this.#database, options);
  }

  /** The most files that a table has. A store with many small ones is slow to read. */
  async files(): Promise<number> {
    return Math.max(
      ...(await Promise.all(tables.map(async (table) => (await namesIn(join(this.folder, table))).length))),
    );
  }

  /** Merges small files where there are many, as a store does by itself; undefined where there are not. */
  async compactWhereMany(): Promise<Compaction | undefined> {
    return (await this.files()) < byItself.atLeast ? undefined : this.compact(byItself);
  }

  /** Writes rows to a file for other programs (formats and the column of `chosen` runs: `export.ts`); returns how many. */
  async exportRows(
    filter: RowFilter,
    format: ExportFormat,
    path: string,
    chosen?: ReadonlySet<string>,
  ): Promise<number> {
    const condition = await this.#condition(filter);
    return this.#database.reading((connection) => exportRows(connection, condition, format, path, chosen));
  }

  /** Writes the curves of runs to a file likewise; returns the number of points. */
  exportCurves(runs: readonly string[], format: ExportFormat, path: string): Promise<number> {
    return this.#database.reading((connection) => exportCurves(connection, runs, format, path));
  }

  /**
   * What an SQL query (DuckDB's dialect) over the views `runs` and `curves` returns, one object a row. Integers are numbers
   * where they are safe and bigints elsewhere; a map (`metrics`) is a list of `{ key, value }`. Throws DuckDB's error for a
   * query that is wrong.
   */
  async query(sql: string): Promise<Record<string, JS>[]> {
    const records = await this.#database.reading((connection) => readRecords(connection, sql));
    return records.map((record) => withNumbers(record) as Record<string, JS>);
  }

  /** Frees DuckDB. */
  close(): Promise<void> {
    return this.#database.close();
  }

  async #condition(filter: RowFilter): Promise<RowCondition> {
    // A manifest that cannot be read is among the problems; the rows still name their study.
    const manifest =
      filter.study === undefined ? undefined : await readManifest(this.folder, filter.study).catch(() => undefined);
    if (manifest === undefined) return filter;
    const members = new Set(manifest.runs);
    return { runs: filter.runs?.filter((run) => members.has(run)) ?? manifest.runs };
  }
}

async function checkReadable(folder: string): Promise<void> {
  try {
    await access(folder, constants.R_OK);
  } catch (error) {
    throw new Error(
      `store: expected a readable folder, got ${folder} (${code(error)}); check store.path or AFFERENT_STORE`,
      {
        cause: error,
      },
    );
  }
  await checkFolder(folder);
}

async function makeWritable(folder: string): Promise<void> {
  await checkFolder(folder);
  const [wrong] = await folderProblems(folder);
  if (wrong !== undefined) throw new Error(`store: ${folder}/${wrong.file}: ${wrong.reason}`);
  try {
    await mkdir(folder, { recursive: true });
    // Tried, not asked: permissions alone do not tell of read-only mounts and full disks.
    const trial = await temporaryPath(folder);
    await writeFile(trial, "");
    await rm(trial);
    await removeLeftovers(folder);
  } catch (error) {
    await checkFolder(folder);
    throw new Error(
      `store: expected a folder that can be written, got ${folder} (${code(error)}); choose another or open it for reading`,
      { cause: error },
    );
  }
}

async function checkFolder(folder: string): Promise<void> {
  const found = await stat(folder).catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw new Error(`store: expected a folder, got ${folder} (${code(error)}); check the path`, { cause: error });
  });
  if (found?.isDirectory() === false) {
    throw new Error(`store: expected a folder, got the file ${folder}; give the folder of the store`);
  }
}

function code(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}
