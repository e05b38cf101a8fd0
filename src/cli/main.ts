#!/usr/bin/env node
/** The `afferent` command: connects the program to this process. */
import { afferent } from "./program.ts";
import { exitCodes } from "./exit.ts";
import { Interruption, type Output, type Surroundings } from "./surroundings.ts";

function output(stream: NodeJS.WriteStream): Output {
  // Whoever read us has gone (`| head`): nobody is left to tell.
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit();
  });
  return {
    // Node's types have it always true; on a pipe it is undefined.
    isTTY: (stream.isTTY as boolean | undefined) === true,
    get columns() {
      return stream.isTTY ? stream.columns : undefined;
    },
    write: (text) => void stream.write(text),
  };
}

async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const stop = (signal: NodeJS.Signals): void => {
    if (controller.signal.aborted) process.exit(exitCodes.interrupted);
    controller.abort(new Interruption(signal === "SIGTERM" ? "SIGTERM" : "SIGINT"));
  };
  process.on("SIGINT", stop).on("SIGTERM", stop);
  try {
    return await work(controller.signal);
  } finally {
    process.off("SIGINT", stop).off("SIGTERM", stop);
  }
}

/** Only where both ends are a terminal: a script is never asked. */
const isAttended = process.stdin.isTTY && process.stderr.isTTY;

async function confirm(question: string): Promise<boolean> {
  const { createInterface } = await import("node:readline/promises");
  const asked = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await asked.question(`${question} [y/N] `)).trim());
  } finally {
    asked.close();
  }
}

const surroundings: Surroundings = {
  stdout: output(process.stdout),
  stderr: output(process.stderr),
  env: process.env,
  confirm: isAttended ? confirm : undefined,
  interruptible,
};
process.exitCode = await afferent(process.argv.slice(2), surroundings);
