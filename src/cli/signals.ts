/**
 * Ctrl-C and requests to terminate, from the first moment of the process. Imports next to nothing, so that it is there before the program is
 * loaded.
 */
import { exitCodes } from "./exit.ts";
import { Interruption, type Surroundings } from "./surroundings.ts";

/** Commands with work that ends in good order. Others compute without a pause in which a signal could be heard: it ends them at once. */
const orderly: readonly string[] = ["run", "channel", "discover"];

/** Hears signals for a command line; returns what runs interruptible work. Until there is such work a signal ends the process, with a line. */
export function hearSignals(words: readonly string[]): {
  readonly interruptible: Surroundings["interruptible"];
  /** The program is loaded. */
  readonly loaded: () => void;
} {
  let working: AbortController | undefined;
  const hear = (signal: NodeJS.Signals): void => {
    const reason = new Interruption(signal === "SIGTERM" ? "SIGTERM" : "SIGINT");
    const isFirst = working?.signal.aborted === false;
    if (isFirst) {
      working?.abort(reason);
      return;
    }
    if (working === undefined) process.stderr.write(`afferent: ${reason.message} before anything was computed\n`);
    process.exit(reason.signal === "SIGTERM" ? exitCodes.terminated : exitCodes.interrupted);
  };
  const listen = (): void => void process.on("SIGINT", hear).on("SIGTERM", hear);
  const stop = (): void => void process.off("SIGINT", hear).off("SIGTERM", hear);
  listen();
  return {
    loaded: () => {
      if (!orderly.includes(words[0] ?? "")) stop();
    },
    interruptible: async (work) => {
      stop();
      listen();
      working = new AbortController();
      try {
        return await work(working.signal);
      } finally {
        // What comes after it (a table, a report) is lost without harm.
        stop();
      }
    },
  };
}
