/** What stands in a store's folders: whether a file is a file and a folder a folder, before anything is read. */
import { constants, type Stats } from "node:fs";
import { access, lstat, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Problem } from "./problems.ts";
import { isMissing, namesIn } from "./publish.ts";

const storeFolders = ["rows", "curves", "weights", "checkpoints", "studies", "journal", "temporary"] as const;

/** "" when a path is a file that can be read, undefined when nothing is there, otherwise why it is none, in one line. */
export function faultOfFile(path: string): Promise<string | undefined> {
  return faultOf(path, "file");
}

/** The folders of a store that are none. */
export function folderProblems(store: string): Promise<Problem[]> {
  return problemsOf(store, storeFolders, "folder");
}

/** The folders of a store that are none, and what lies among journals and temporary files and is no file. */
export async function entryProblems(store: string): Promise<Problem[]> {
  const problems = await folderProblems(store);
  for (const folder of ["journal", "temporary"]) {
    const names = await namesIn(join(store, folder));
    const files = names.map((name) => `${folder}/${name}`);
    problems.push(...(await problemsOf(store, files, "file")));
  }
  return problems;
}

async function problemsOf(store: string, files: readonly string[], wanted: "file" | "folder"): Promise<Problem[]> {
  const problems: Problem[] = [];
  for (const file of files) {
    const reason = await faultOf(join(store, file), wanted);
    if (reason !== undefined && reason !== "") problems.push({ file, reason });
  }
  return problems;
}

async function faultOf(path: string, wanted: "file" | "folder"): Promise<string | undefined> {
  try {
    const found = await stat(path);
    if (wanted === "file" ? !found.isFile() : !found.isDirectory()) {
      return `expected a ${wanted}, got ${kindOf(found)}; move it elsewhere`;
    }
    await access(path, wanted === "file" ? constants.R_OK : constants.R_OK | constants.X_OK);
    return "";
  } catch (error) {
    if (isMissing(error)) return (await isLink(path)) ? "a symbolic link to nothing; remove it" : undefined;
    const { code = String(error) } = error as NodeJS.ErrnoException;
    return code === "ELOOP"
      ? "a symbolic link that leads back to itself; remove it"
      : `cannot be read (${code}); see to its permissions and its disk`;
  }
}

function kindOf(found: Stats): string {
  if (found.isDirectory()) return "a folder";
  return found.isFile() ? "a file" : "neither a file nor a folder";
}

async function isLink(path: string): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined);
  return found?.isSymbolicLink() === true;
}
