/** What a command may touch besides its arguments: two text streams, the environment and Ctrl-C. Tests pass their own. */

/** A stream of text. */
export interface Output {
  /** Whether a person watches: only then is a line ever rewritten. */
  readonly isTTY: boolean;
  /** Width in characters; undefined when not a terminal. */
  readonly columns: number | undefined;
  write(text: string): void;
}

/** The world around a command. */
export interface Surroundings {
  /** Results: what a pipe receives. */
  readonly stdout: Output;
  /** Progress, warnings and errors. */
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Asks whoever sits at the terminal a question to be answered with yes or no; undefined where nobody does. */
  readonly confirm?: ((question: string) => Promise<boolean>) | undefined;
  /**
   * Runs work that can be stopped: Ctrl-C (or a request to terminate) aborts the signal, with an `Interruption` as its reason. A
   * second Ctrl-C ends the process at once.
   */
  interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T>;
}

/** Somebody asked the process to stop. */
export class Interruption extends Error {
  override name = "Interruption";
  constructor(readonly signal: "SIGINT" | "SIGTERM") {
    super(`interrupted by ${signal}`);
  }
}

/** The command as a person types it here, for advice: `npx afferent` where npm started this process. */
export function commandName({ env }: Pick<Surroundings, "env">): string {
  return env["npm_command"] === undefined ? "afferent" : "npx afferent";
}

/** Words as they are typed into a shell: quoted where it would take them apart. */
export function shellWords(words: readonly string[]): string {
  return words.map((word) => (/^[\w./:=,@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(" ");
}
