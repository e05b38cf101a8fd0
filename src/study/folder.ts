/** Making a folder. */
import { mkdir, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";

/**
 * Makes a folder with those it lies in; whatever is there already stays. Throws what the file system says.
 *
 * Not Node's recursive mkdir: where a file system refuses new folders with ENOENT, as /proc does, that never returns.
 */
export async function makeFolder(path: string): Promise<void> {
  const folder = resolve(path);
  try {
    await mkdir(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return;
    const parentIsThere = await stat(dirname(folder)).then(
      () => true,
      () => false,
    );
    if (code !== "ENOENT" || parentIsThere) throw error;
    await makeFolder(dirname(folder));
    await makeFolder(folder);
  }
}
