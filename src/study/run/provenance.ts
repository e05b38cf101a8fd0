/** Where a number comes from: versions, commit, machine. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus, hostname } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Provenance } from "../store/rows.ts";

/** The package's own folder: the nearest one above this file with a package.json. */
function packageFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    try {
      readFileSync(join(folder, "package.json"));
      return folder;
    } catch {
      const parent = dirname(folder);
      if (parent === folder) return folder;
      folder = parent;
    }
  }
}

/** Version in package.json. */
export function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(join(packageFolder(), "package.json"), "utf8")) as { version: string };
  return version;
}

/** The checkout's commit, with `+changes` when files differ from it; "" outside a checkout of afferent. */
export function commitOf(folder = packageFolder()): string {
  const git = (...args: string[]): string =>
    execFileSync("git", args, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  try {
    // A copy of the package inside somebody else's repository has no commit of its own.
    if (git("rev-parse", "--show-toplevel") !== folder) return "";
    const changed = git("status", "--porcelain", "--untracked-files=no") !== "";
    return `${git("rev-parse", "--short=12", "HEAD")}${changed ? "+changes" : ""}`;
  } catch {
    return "";
  }
}

/** Everything but what differs between groups. */
export function machineProvenance(): Omit<Provenance, "engine" | "threads" | "replicas"> {
  const [cpu] = cpus();
  return {
    afferent: packageVersion(),
    commit: commitOf(),
    node: process.version,
    machine: `${hostname()}: ${cpus().length} x ${cpu?.model.trim() ?? "unknown"}`,
  };
}
