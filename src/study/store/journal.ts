/**
 * The journal of a group in flight: JSON lines, the first saying what is computed, each later one how far it has come. It is
 * removed when the group is closed. A process that is killed leaves it behind; readers then see that the process is gone.
 *
 * Non-finite numbers are written as the strings "NaN", "Infinity" and "-Infinity" and read back as numbers.
 */
import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { faultOfFile } from "./entries.ts";
import { liveness, ownedName, ownerOf, type Owner } from "./ownership.ts";
import { isMissing, namesIn } from "./publish.ts";

const extension = ".jsonl";

const Header = z.object({
  study: z.string(),
  runs: z.array(z.string()),
  startedAt: z.string(),
});

const value = z.union([z.number(), z.enum(["NaN", "Infinity", "-Infinity"]).transform(Number), z.string()]);
const Entry = z.object({ step: z.number() }).catchall(value);

/** One line of progress: the step and whatever is known there (`trainLoss`, `run`, ...). */
export type JournalEntry = Readonly<Record<string, number | string>> & { readonly step: number };

/** A journal being written. */
export interface Journal {
  readonly path: string;
  /** Appends one line, at once visible to readers. */
  append(entry: JournalEntry): void;
  /** The group is finished (or given up): removes the journal. */
  close(): Promise<void>;
}

/** A journal found in a store. */
export interface InFlight {
  readonly path: string;
  readonly owner: Owner;
  /** `stale`: its process is gone, the file may be removed. `elsewhere`: on another host; `lastAt` says when it was last heard of. */
  readonly state: "running" | "stale" | "elsewhere";
  readonly study: string;
  readonly runs: readonly string[];
  /** ISO 8601, UTC; "" when the first line is torn. */
  readonly startedAt: string;
  /** All progress so far, oldest first. */
  readonly entries: readonly JournalEntry[];
  /** When the file last changed: ISO 8601, UTC. */
  readonly lastAt: string;
}

/** Opens a journal for a group of runs in the store at `store`. Throws what the file system says. */
export function openJournal(store: string, group: { runs: readonly string[]; study: string }): Journal {
  const folder = join(store, "journal");
  mkdirSync(folder, { recursive: true });
  const path = join(folder, ownedName(extension));
  // "ax": append, and never into a file that exists.
  const file = openSync(path, "ax");
  let open = true;
  const line = (content: object): void => {
    if (!open) throw new Error(`internal: journal ${path}: expected no entry after close`);
    writeSync(file, `${JSON.stringify(content, nameNonFinite)}\n`);
  };
  line({ study: group.study, runs: group.runs, startedAt: new Date().toISOString() });
  return {
    path,
    append: line,
    close: async () => {
      if (!open) return;
      open = false;
      closeSync(file);
      await rm(path, { force: true });
    },
  };
}

/** The groups in flight, oldest first, stale ones included. */
export async function inFlight(store: string): Promise<InFlight[]> {
  const found: InFlight[] = [];
  for (const name of await namesIn(join(store, "journal"))) {
    const owner = ownerOf(name, extension);
    if (owner === undefined) continue;
    const path = join(store, "journal", name);
    try {
      if ((await faultOfFile(path)) !== "") continue;
      const lastAt = (await stat(path)).mtime.toISOString();
      const { header, entries } = parseJournal(await readFile(path, "utf8"));
      const live = liveness(owner);
      found.push({ path, owner, state: live === "gone" ? "stale" : live, ...header, entries, lastAt });
    } catch (error) {
      if (!isMissing(error)) throw error; // Missing: closed since it was listed.
    }
  }
  return found;
}

/** Removes the journals of processes that are gone; returns what they said. Those of other hosts are left. */
export async function removeStale(store: string): Promise<InFlight[]> {
  const stale = (await inFlight(store)).filter(({ state }) => state === "stale");
  for (const { path } of stale) await rm(path, { force: true });
  return stale;
}

/** Torn or damaged lines are left out: a kill cuts the last one short, and a reader may see it half written. */
function parseJournal(text: string): { header: z.output<typeof Header>; entries: JournalEntry[] } {
  const [first = "", ...rest] = text.split("\n").slice(0, -1);
  const header = Header.safeParse(parsedLine(first));
  const entries = rest.map((line) => Entry.safeParse(parsedLine(line))).flatMap(({ data }) => data ?? []);
  return { header: header.data ?? { study: "", runs: [], startedAt: "" }, entries };
}

function parsedLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function nameNonFinite(_key: string, item: unknown): unknown {
  return typeof item === "number" && !Number.isFinite(item) ? String(item) : item;
}
