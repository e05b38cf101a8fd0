#!/usr/bin/env node
/** The `afferent` command: connects the program to this process. */
import { hearSignals } from "./signals.ts";
import type { Output, Surroundings } from "./surroundings.ts";

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

const words = process.argv.slice(2);
const { interruptible, loaded } = hearSignals(words);
const surroundings: Surroundings = {
  stdout: output(process.stdout),
  stderr: output(process.stderr),
  env: process.env,
  confirm: isAttended ? confirm : undefined,
  interruptible,
};
// Loaded once signals are heard: loading takes longest.
const { afferent } = await import("./program.ts");
loaded();
process.exitCode = await afferent(words, surroundings);
