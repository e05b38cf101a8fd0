/** The program: all commands, and how each way of ending becomes an exit code and at most one line on stderr. */
import { Command, CommanderError } from "commander";
import { auditCommand } from "./audit/audit.ts";
import { channelCommand } from "./channel/channel.ts";
import { quiet } from "./command.ts";
import { compactCommand } from "./compact.ts";
import { completeCommand, completionCommand } from "./completion/completion.ts";
import { compareCommand } from "./compare.ts";
import { configCommand } from "./config.ts";
import { dataCommand } from "./data.ts";
import { discoverCommand } from "./discover/discover.ts";
import { type ExitCode, exitCodeOf, exitCodes, textOf } from "./exit.ts";
import { exportCommand } from "./export.ts";
import { predictCommand } from "./predict/predict.ts";
import { infoCommand } from "./info.ts";
import { keysCommand } from "./keys.ts";
import { lsCommand } from "./ls.ts";
import { reportCommand } from "./report/report.ts";
import { rulesCommand } from "./rules.ts";
import { runCommand } from "./run/run.ts";
import { schemaCommand } from "./schema.ts";
import { showCommand } from "./show.ts";
import type { Surroundings } from "./surroundings.ts";
import { tasksCommand } from "./tasks.ts";
import { theoryCommand } from "./theory/theory.ts";
import { traceCommand } from "./trace.ts";
import { packageVersion } from "../study/run/provenance.ts";

/** In the order of `afferent --help`: the way a study goes, then what describes, then upkeep. */
const commands = [
  runCommand,
  lsCommand,
  showCommand,
  compareCommand,
  reportCommand,
  exportCommand,
  predictCommand,
  infoCommand,
  dataCommand,
  tasksCommand,
  rulesCommand,
  keysCommand,
  configCommand,
  auditCommand,
  channelCommand,
  theoryCommand,
  discoverCommand,
  traceCommand,
  schemaCommand,
  compactCommand,
  completionCommand,
] as const;

const epilogue = `
A run is specified by key=value words (task.v=8 rule=backprop train.steps=3000); a comma list or a range makes a grid
(seed=0..4). afferent keys lists every key, afferent config what they make together with afferent.yaml.

Settings of the process, on any command: store.path=DIR (else AFFERENT_STORE, else .afferent in the working folder),
engine.threads=N, engine.workers=N; on run also store.weights=none (final when left out: the trained values of every run are kept)
and store.checkpoints=SECONDS between the checkpoints of long runs (60 when left out, 0 for none).

Exit codes: 0 ok, 1 failure, 2 wrong command line or study file, 130 interrupted. AFFERENT_DEBUG=1 shows stack traces.

Examples:
  afferent run rule=backprop,info-nce task.m=4 task.depth=3 train.steps=500 seed=0..2
  afferent run studies/first-comparison.ts
  afferent report --open`;

/** Runs a command line (without node and script). Prints results on stdout, everything else on stderr; never throws. */
export async function afferent(words: readonly string[], at: Surroundings): Promise<ExitCode> {
  let code: ExitCode = exitCodes.ok;
  try {
    const program = programFor(at, (ended) => (code = ended));
    if (words.length === 0) {
      at.stderr.write(`${program.helpInformation()}${epilogue}\n`);
      return exitCodes.usage;
    }
    await program.parseAsync(words, { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return exitCodes.ok;
    const debug = at.env["AFFERENT_DEBUG"] === "1";
    at.stderr.write(`afferent: ${textOf(error, debug)}\n`);
    return exitCodeOf(error);
  }
}

function programFor(at: Surroundings, end: (code: ExitCode) => void): Command {
  const program = quiet(new Command("afferent"), at)
    .description("A workbench for local learning rules: run them, compare them, look inside.")
    .usage("<command> [options] [words...]")
    .version(packageVersion(), "-V, --version", "show the version")
    .helpOption("-h, --help", "show this help")
    .helpCommand("help [command]", "show the help of a command")
    .configureHelp({ subcommandTerm: (listed) => listed.name() })
    // Options after a command's name are that command's, also where it has commands of its own.
    .enablePositionalOptions()
    .addHelpText("after", epilogue);
  for (const build of commands) program.addCommand(build(at, end));
  program.addCommand(completeCommand(at, end), { hidden: true });
  return program;
}
