/** Hands a file to the browser of whoever sits at this machine. */
import { spawn } from "node:child_process";

/**
 * Starts `$BROWSER`, or the platform's own way to open a file, and does not wait for it to end. Returns what went wrong in words,
 * undefined when it started.
 */
export function openInBrowser(
  path: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined> {
  const [program, ...before] = opener(env);
  return new Promise((resolve) => {
    const child = spawn(program, [...before, path], { detached: true, stdio: "ignore" });
    child.once("error", (error) => resolve(`expected ${program} to start, got ${error.message}`));
    child.once("spawn", () => {
      child.unref();
      resolve(undefined);
    });
  });
}

function opener(env: Readonly<Record<string, string | undefined>>): [string, ...string[]] {
  const chosen = env["BROWSER"];
  if (chosen !== undefined && chosen !== "") return [chosen];
  if (process.platform === "darwin") return ["open"];
  // The empty argument is the window's title, which `start` would otherwise take from the path.
  if (process.platform === "win32") return ["cmd", "/c", "start", ""];
  return ["xdg-open"];
}
