/** Asks a rule file something, in a process of its own that ends with the answer. */
import { spawnSync } from "node:child_process";
import { RuleError } from "../rules/index.ts";
import type { RuleBundle } from "./bundle.ts";
import { answerSchema, type Request, type Task } from "./messages.ts";

export interface Limits {
  readonly seconds: number;
  readonly megabytes: number;
  /** Of the answer. */
  readonly answerMegabytes: number;
}
export const usualLimits: Limits = { seconds: 60, megabytes: 4096, answerMegabytes: 512 };

/** The programs around a rule file (`bundle.ts`). */
export interface Surroundings {
  readonly inside: string;
  readonly child: string;
}

/** What a rule file answers. Throws RuleError, which begins with the file, for an answer that is an error, and for none. */
export function ask(bundle: RuleBundle, { inside, child }: Surroundings, request: Request, limits: Limits): unknown {
  const { seconds, megabytes, answerMegabytes } = limits;
  const refuse = (what: string): never => {
    throw new RuleError(`${bundle.given}: ${what}`);
  };
  const task: Task = { inside, rule: bundle.script, request: JSON.stringify(request) };
  const { stdout, stderr, status, signal, error } = spawnSync(
    process.execPath,
    [...flags(megabytes), "--eval", child],
    {
      input: `${JSON.stringify(task)}\n`,
      encoding: "utf8",
      env: environment(),
      timeout: seconds * 1000,
      killSignal: "SIGKILL",
      maxBuffer: answerMegabytes * 2 ** 20,
      windowsHide: true,
    },
  );
  const code = error !== undefined && "code" in error ? error.code : undefined;
  if (code === "ETIMEDOUT") refuse(`expected an end within ${seconds} s, got none; it was stopped`);
  if (code === "ENOBUFS") refuse(`expected a graph of at most ${answerMegabytes} MB, got a larger one`);
  if (/heap out of memory|allocation failed/i.test(stderr))
    refuse(`expected to need at most ${megabytes} MB of memory, got more; it was stopped`);
  if (status !== 0 || stdout === "")
    refuse(
      `expected an answer from its process, got none (${error?.message ?? signal ?? `exit code ${status ?? ""}`})`,
    );
  const answer = answerSchema.safeParse(parsed(stdout));
  if (!answer.success) return refuse("expected an answer from its process, got something else");
  if ("value" in answer.data) return answer.data.value;
  const { name, message, at } = answer.data.error;
  const places = at.map(bundle.placeOf);
  const place = places.find((one) => one !== undefined);
  const kind = name === "Error" || name === "RuleError" ? "" : `${name}: `;
  return refuse(`${kind}${message}${place === undefined ? "" : ` (${place})`}`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function flags(megabytes: number): string[] {
  // No files, processes, workers: where this Node can refuse them.
  const permission = process.allowedNodeEnvironmentFlags.has("--permission") ? ["--permission"] : [];
  const own = [`--max-old-space-size=${megabytes}`, "--disallow-code-generation-from-strings", "--input-type=commonjs"];
  return [...own, ...permission];
}

/** Nothing of this process's, and one time zone and language for all. */
function environment(): NodeJS.ProcessEnv {
  const { SystemRoot } = process.env;
  return { TZ: "UTC", LC_ALL: "C", ...(SystemRoot === undefined ? {} : { SystemRoot }) };
}
