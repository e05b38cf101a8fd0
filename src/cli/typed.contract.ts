/** Types a command line in this process and catches what it prints, for the tests of the commands. */
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ExitCode } from "./exit.ts";
import { afferent } from "./program.ts";

/** How a command ended. */
export interface Ended {
  readonly code: ExitCode;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line, words separated by blanks or as a list. Output is a pipe, `columns` wide when given as a terminal. */
export async function typed(
  line: string | readonly string[],
  env: Readonly<Record<string, string>> = {},
  columns?: number,
  confirm?: (question: string) => Promise<boolean>,
): Promise<Ended> {
  const texts = { stdout: "", stderr: "" };
  const output = (name: "stdout" | "stderr") => ({
    isTTY: columns !== undefined,
    columns,
    write: (text: string) => void (texts[name] += text),
  });
  const code = await afferent(typeof line === "string" ? line.split(" ") : line, {
    stdout: output("stdout"),
    stderr: output("stderr"),
    // What is known of this machine is that of whoever tests; it is neither read nor changed.
    env: { XDG_CACHE_HOME: join(tmpdir(), `afferent-no-cache-${process.pid}`), ...env },
    confirm,
    interruptible: (work) => work(new AbortController().signal),
  });
  return { code, ...texts };
}

/** A command that must succeed without a word on stderr; its JSON. */
export async function typedJson(line: string, env: Readonly<Record<string, string>> = {}): Promise<unknown> {
  const { code, stdout, stderr } = await typed(`${line} --json`, env);
  if (code !== 0 || stderr !== "") throw new Error(`afferent ${line}: exit code ${code}: ${stderr}`);
  return JSON.parse(stdout) as unknown;
}
