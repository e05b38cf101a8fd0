/**
 * Which files of a store can be trusted.
 *
 * The name of a data file ends in the digest of its content, `<time>-<pid>-<random>-<digest>.parquet`. A file whose bytes no
 * longer give that digest (cut short, a flipped bit), or whose name is not of that form (put there by hand), is named as a
 * problem and skipped; so is one whose bytes are as they were and that holds something else (`inspect.ts`). Of a file that holds a
 * few damaged rows those alone are left out. The rest of the store stays readable.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { basename, join } from "node:path";
import { Engine } from "./engine.ts";
import { faultOfFile } from "./entries.ts";
import { inspect, type Verdict } from "./inspect.ts";
import { uniqueNamePattern } from "./ownership.ts";
import { isMissing, namesIn } from "./publish.ts";
import type { SetAside } from "./records.ts";
import type { RowFault } from "./row-faults.ts";

/** The two tables of a store, each a folder of Parquet files. */
export const tables = ["rows", "curves"] as const;
/** One of the two tables. */
export type Table = (typeof tables)[number];

/** A file in the store that is not read, and why. `file` is relative to the store. */
export interface Problem {
  readonly file: string;
  readonly reason: string;
}

/** The readable files of each table (absolute paths) at one moment, and what had to be left out. */
export interface Listing {
  readonly rows: readonly string[];
  readonly curves: readonly string[];
  readonly problems: readonly Problem[];
  /** The rows of readable files that are not to be read. */
  readonly setAside: SetAside;
}

const dataFile = new RegExp(`^${uniqueNamePattern}-([0-9a-f]{16})\\.parquet$`);

/** Lists a store's files; remembers what it found in them, since a file under its final name is never written again. */
export class Inventory {
  readonly store: string;
  /** What the files are looked into with. */
  readonly engine = new Engine();
  readonly #verdicts = new Map<string, Verdict>();

  constructor(store: string) {
    this.store = store;
  }

  /** Forgets what was found: after a failed read the files are looked at again. */
  forget(): void {
    this.#verdicts.clear();
  }

  /** What can be read now. Rows are listed before curves, and written after them, so that every listed row has its curves. */
  async list(): Promise<Listing> {
    const problems: Problem[] = [];
    const setAside = new Map<string, readonly number[]>();
    const rows = await this.#readable("rows", problems, setAside);
    const curves = await this.#readable("curves", problems, setAside);
    for (const name of await namesIn(this.store)) {
      if (!name.endsWith(".parquet")) continue;
      problems.push({
        file: name,
        reason: "not written by afferent: results lie in rows/ and curves/; move it elsewhere",
      });
    }
    return { rows, curves, problems, setAside };
  }

  async #readable(table: Table, problems: Problem[], setAside: Map<string, readonly number[]>): Promise<string[]> {
    const folder = join(this.store, table);
    // A listing may miss a file that appears while it is made together with the sources that file replaces. The second
    // listing sees it; a source seen only by the first is found missing when it is read, and the read starts over.
    const names = [...new Set([...(await namesIn(folder)), ...(await namesIn(folder))])].sort();
    const faults = await this.#verify(
      table,
      names.map((name) => join(folder, name)),
    );
    const readable: string[] = [];
    for (const name of names) {
      const path = join(folder, name);
      const verdict = this.#verdicts.get(path);
      const reason = faults.get(path) ?? verdict?.reason;
      if (reason === undefined) continue;
      const file = `${table}/${name}`;
      if (reason !== "") {
        problems.push({ file, reason });
        continue;
      }
      readable.push(path);
      if (verdict === undefined || verdict.rows.length === 0) continue;
      problems.push({ file, reason: setAsideReason(verdict.rows) });
      setAside.set(
        path,
        verdict.rows.map(({ row }) => row),
      );
    }
    return readable;
  }

  /** Looks at the files of a table that are new; returns what is wrong with those that cannot be looked into. */
  async #verify(table: Table, paths: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const faults = new Map<string, string>();
    const whole: string[] = [];
    for (const path of paths) {
      if (this.#verdicts.has(path)) continue;
      const reason = await faultOf(path);
      if (reason === "") whole.push(path);
      else if (reason !== undefined) faults.set(path, reason);
    }
    if (whole.length === 0) return faults;
    const found = await this.engine.connected((connection) => inspect(connection, table, whole));
    for (const [path, verdict] of found) this.#verdicts.set(path, verdict);
    return faults;
  }
}

/** The rows named when many of a file are set aside. */
const mostNamed = 3;

function setAsideReason(rows: readonly RowFault[]): string {
  const named = rows.slice(0, mostNamed).map(({ row, run, reason }) => `row ${row + 1}, run ${run}: ${reason}`);
  if (rows.length > mostNamed) named.push(`and ${rows.length - mostNamed} more`);
  const those = rows.length === 1 ? "1 row, which counts" : `${rows.length} rows, which count`;
  return `damaged in ${those} as missing: ${named.join("; ")}; run the study again`;
}

/** The digest of a file that its name carries: 16 hex digits of the SHA-256 of its bytes. */
export async function fileDigest(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest("hex").slice(0, 16);
}

/** "" when the file is sound, undefined when it has vanished, otherwise what is wrong. */
async function faultOf(path: string): Promise<string | undefined> {
  const stated = dataFile.exec(basename(path))?.[2];
  if (stated === undefined) {
    return "not written by afferent: expected a name <time>-<pid>-<random>-<digest>.parquet; move it elsewhere";
  }
  const entry = await faultOfFile(path);
  if (entry !== "") return entry;
  try {
    const digest = await fileDigest(path);
    if (digest === stated) return "";
    return `damaged or cut short: expected content with digest ${stated}, got ${digest}; remove it and run the study again`;
  } catch (error) {
    return isMissing(error) ? undefined : `cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)})`;
  }
}
