/**
 * How a file comes into being: written under a temporary name, forced to disk, then renamed. A reader sees all of it or
 * nothing, and a process killed at any moment leaves only a file in `temporary/`, which the next writer to open the store
 * removes.
 */
import { mkdir, open, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { liveness, ownedName, ownerOf } from "./ownership.ts";

const extension = ".part";
/** Before this a leftover is left alone even when its owner seems gone: containers may share a host name but not process ids. */
const graceMilliseconds = 60_000;
/** After this it goes, whoever wrote it. */
const abandonedMilliseconds = 24 * 3600_000;

/** A path for a file about to be written, in the store's folder, which must exist (a rename must not cross file systems). */
export async function temporaryPath(store: string): Promise<string> {
  const folder = join(store, "temporary");
  // Not recursive: where a file system refuses new folders with ENOENT, as /proc does, Node's recursive mkdir never returns.
  await mkdir(folder).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  });
  return join(folder, ownedName(extension));
}

/** A temporary path beside a file outside the store, for exports; creates the folder. */
export async function temporaryBeside(path: string): Promise<string> {
  const folder = dirname(resolve(path));
  await mkdir(folder, { recursive: true });
  return join(folder, `.${basename(path)}.${ownedName(extension)}`);
}

/** Makes a finished temporary file visible under its name, durably: file and folder are on disk when this returns. */
export async function publish(temporary: string, target: string): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  await synchronise(temporary, "r+");
  await rename(temporary, target);
  // Windows cannot open a folder, and makes renames durable by itself.
  if (process.platform !== "win32") await synchronise(dirname(target), "r");
}

/** Writes a whole file at once, replacing what was there; readers see the old content or the new. */
export async function publishContent(temporary: string, target: string, content: string | Uint8Array): Promise<void> {
  try {
    await writeFile(temporary, content, { flag: "wx" });
    await publish(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Removes what killed writers left behind; returns the names removed. */
export async function removeLeftovers(store: string): Promise<string[]> {
  const folder = join(store, "temporary");
  const removed: string[] = [];
  for (const name of await namesIn(folder)) {
    const owner = ownerOf(name, extension);
    const written = await stat(join(folder, name)).catch(() => undefined);
    if (owner === undefined || written?.isFile() !== true) continue;
    const age = Date.now() - written.mtimeMs;
    if (age > abandonedMilliseconds || (age > graceMilliseconds && liveness(owner) === "gone")) {
      await rm(join(folder, name), { force: true });
      removed.push(name);
    }
  }
  return removed;
}

/** The names in a folder, sorted, without hidden ones (`.DS_Store`, `.nfs...`); none when there is no such folder (`entryProblems` says why). */
export async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((name) => !name.startsWith(".")).sort();
  } catch (error) {
    if (noFolder.has((error as NodeJS.ErrnoException).code ?? "")) return [];
    throw error;
  }
}

/** What the file system says of a folder that is not there, is a file or a link to itself, or must not be read. */
const noFolder = new Set(["ENOENT", "ENOTDIR", "ELOOP", "EACCES"]);

/** Whether an error of the file system says that the file does not exist. */
export function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === "ENOENT";
}

async function synchronise(path: string, flags: "r" | "r+"): Promise<void> {
  const handle = await open(path, flags);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
