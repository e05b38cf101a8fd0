/** What all commands share: their place in commander, `--json`, examples in `--help`. */
import { Command, type CommanderError } from "commander";
import { closest } from "fastest-levenshtein";
import { type ExitCode, exitCodes, UsageError } from "./exit.ts";
import type { Surroundings } from "./surroundings.ts";
import { sortWords, type Words } from "./words.ts";

/** What a command says of itself. */
export interface CommandCard {
  readonly name: string;
  /** How the words after the name are shown, e.g. `[study]`. */
  readonly words: string;
  readonly summary: string;
  /** Paragraphs of `--help` after the options. */
  readonly details?: readonly string[];
  /** Lines that work when typed, each with what it does. */
  readonly examples: readonly (readonly [line: string, effect: string])[];
  /** The keys that `--json` prints. */
  readonly json: string;
}

/** Values of options, by camel-cased name; `json` is on every command. */
export type OptionValues = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

/** Performs a command. Returns its exit code where that is not 0. */
export type Action = (words: readonly string[], options: OptionValues) => Promise<ExitCode | undefined>;

/** A command without options of its own; `.option(...)` adds them. */
export function command(card: CommandCard, at: Surroundings, end: (code: ExitCode) => void, action: Action): Command {
  const built = new Command(card.name)
    .argument("[words...]")
    .usage(`[options] ${card.words}`.trimEnd())
    .summary(card.summary)
    .description(card.summary)
    .option("--json", "print one JSON document on stdout and nothing else there")
    .helpOption("-h, --help", "show this help")
    .action(async (words: string[], options: OptionValues) => {
      end((await action(words, options)) ?? exitCodes.ok);
    })
    .addHelpText("after", () => afterHelp(card));
  return quiet(built, at);
}

/** Makes commander throw instead of printing and exiting: UsageError for a wrong option, CommanderError (exit code 0) after help. */
export function quiet(built: Command, { stdout, stderr }: Surroundings): Command {
  return built
    .exitOverride((error) => {
      throw error.exitCode === 0 ? error : new UsageError(translated(built, error));
    })
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
      outputError: () => undefined,
      getOutHelpWidth: () => stdout.columns ?? 100,
      getErrHelpWidth: () => stderr.columns ?? 100,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    });
}

/** Commander's complaint in the words of all other errors here. */
function translated(built: Command, { code, message }: CommanderError): string {
  const [, name = ""] = /'(.*?)'/.exec(message) ?? [];
  const options = ["--help", ...built.options.flatMap(({ long }) => long ?? [])];
  const where = built.parent === null ? "" : `${built.name()}: `;
  switch (code) {
    case "commander.unknownOption":
      return `${where}expected one of the options ${options.join(", ")}, got "${name}"; did you mean ${closest(name, options)}?`;
    case "commander.optionMissingArgument":
      return `${where}expected a value after ${name}, got none; afferent ${built.name()} --help shows an example`;
    case "commander.unknownCommand": {
      const visible = built.createHelp().visibleCommands(built);
      const commands = visible.map((known) => known.name()).filter((known) => known !== "help");
      return `expected one of the commands ${commands.join(", ")}, got "${name}"; did you mean ${closest(name, commands)}?`;
    }
    default:
      return `${where}${message.replace(/^error: /, "")}`;
  }
}

function afterHelp({ details = [], examples, json }: CommandCard): string {
  const width = Math.max(...examples.map(([line]) => line.length));
  return [
    ...details.map((paragraph) => `\n${paragraph}`),
    "\nExamples:",
    ...examples.map(([line, effect]) => `  afferent ${line.padEnd(width)}  ${effect}`),
    `\nKeys of --json: ${json}`,
  ].join("\n");
}

/** The text of an option that takes a value; undefined when it is not given. */
export function textOption(options: OptionValues, name: string): string | undefined {
  const value = options[name];
  return typeof value === "string" ? value : undefined;
}

/** For commands that take neither names nor overrides: throws UsageError when there are any. */
export function noWords(words: readonly string[]): Words {
  const sorted = sortWords(words);
  const [extra] = [...sorted.names, ...sorted.overrides];
  if (extra !== undefined) throw new UsageError(`expected options only, got "${extra}"; leave it out`);
  return sorted;
}
