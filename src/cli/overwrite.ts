/** Files that a command writes where a person says: nothing that is there is replaced unless that is asked for. */
import { mkdtemp, readFile, rm, rmdir, stat } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { makeFolder } from "../study/folder.ts";
import type { OptionValues } from "./command.ts";
import { UsageError } from "./exit.ts";

/** The option of commands that write such files. */
export const forceOption = ["--force", "replace files that are there"] as const;

/**
 * To be called before the work: makes the folders of the files and tries them. Throws UsageError, after the option that names the files,
 * when one of them is there and `--force` is not given, or a folder cannot be written.
 */
export async function refuseReplacing(where: string, files: readonly string[], options: OptionValues): Promise<void> {
  const there = options["force"] === true ? [] : await thoseThere(files);
  if (there.length > 0) {
    throw new UsageError(
      `${where}: expected files that are not there yet, got ${there.map(shown).join(", ")}; choose another place, or give --force to replace`,
    );
  }
  for (const folder of new Set(files.map((file) => dirname(resolve(file))))) await tryFolder(where, folder);
}

/**
 * Lets `write` write a file where `refuseReplacing` allows it, or where the same is there already: a command that is repeated says the
 * same again. Returns what `write` returns.
 */
export async function writeNew<T>(
  where: string,
  file: string,
  options: OptionValues,
  write: (path: string) => Promise<T>,
): Promise<T> {
  if (options["force"] !== true && (await thoseThere([file])).length > 0) {
    const again = `${file}.${process.pid}.again`;
    try {
      const result = await write(again);
      if ((await readFile(again)).equals(await readFile(file))) return result;
    } finally {
      await rm(again, { force: true });
    }
  }
  await refuseReplacing(where, [file], options);
  return write(file);
}

async function thoseThere(files: readonly string[]): Promise<string[]> {
  const found = await Promise.all(files.map((file) => stat(file).catch(() => undefined)));
  return files.filter((_, i) => found[i] !== undefined);
}

/** Tried, not asked: permissions do not tell of read-only mounts, full disks and /proc. */
async function tryFolder(where: string, folder: string): Promise<void> {
  try {
    await makeFolder(folder);
    await rmdir(await mkdtemp(join(folder, ".afferent-")));
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new UsageError(`${where}: expected a folder that can be written, got ${folder} (${code}); choose another`, {
      cause,
    });
  }
}

/** As a person would name it from here. */
function shown(file: string): string {
  const near = relative(process.cwd(), resolve(file));
  return near.startsWith("..") ? resolve(file) : near;
}
