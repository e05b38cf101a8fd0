/** `afferent completion`, which prints the script of a shell, and the hidden `afferent complete`, which that script calls. */
import type { Command } from "commander";
import { command, type OptionValues } from "../command.ts";
import { type ExitCode, UsageError } from "../exit.ts";
import { printJson } from "../json.ts";
import type { Surroundings } from "../surroundings.ts";
import { namesOnly, oneOf } from "../words.ts";
import type { Candidate } from "./candidates.ts";
import { scripts, shells } from "./scripts.ts";

export function completionCommand(at: Surroundings, end: (code: ExitCode) => void): Command {
  return command(
    {
      name: "completion",
      words: "bash|zsh|fish",
      summary: "print a script that completes commands, options, keys, values, rules and studies in a shell",
      details: [
        "For good: in ~/.bashrc  source <(afferent completion bash); in ~/.zshrc, after compinit,  source <(afferent completion zsh);\n" +
          "in ~/.config/fish/config.fish  afferent completion fish | source.",
      ],
      examples: [["completion bash > afferent.bash", "a script to source"]],
      json: "shell, script",
    },
    at,
    end,
    (words, options) => completion(at, words, options),
  );
}

function completion(at: Surroundings, words: readonly string[], options: OptionValues): Promise<undefined> {
  const [name] = namesOnly(words, "the name of a shell").names;
  if (name === undefined)
    throw new UsageError(`completion: expected one of ${shells.join(", ")}, got none; name your shell`);
  const shell = oneOf("completion", shells, name);
  if (options["json"] === true) printJson(at, { shell, script: scripts[shell] });
  else at.stdout.write(scripts[shell]);
  return Promise.resolve(undefined);
}

/** Prints a candidate a line, with its meaning behind a tab. Never fails: what cannot be found out is not offered. */
export function completeCommand(at: Surroundings, end: (code: ExitCode) => void): Command {
  const built: Command = command(
    {
      name: "complete",
      words: "-- [words...]",
      summary: "what may come next on a command line; for completion scripts",
      examples: [["complete -- run rule=back", "what the last word may become"]],
      json: "candidates [{word, meaning}]",
    },
    at,
    end,
    async (words, options) => {
      const { candidates } = await import("./candidates.ts");
      const program = built.parent ?? built;
      const found = await candidates(program, words, { studies: () => studiesOf(at, words), folder: process.cwd() });
      if (options["json"] === true) printJson(at, { candidates: found });
      else
        for (const { word, meaning } of found) at.stdout.write(meaning === "" ? `${word}\n` : `${word}\t${meaning}\n`);
      return undefined;
    },
  );
  return built;
}

async function studiesOf(at: Surroundings, words: readonly string[]): Promise<Candidate[]> {
  const { storeFolder } = await import("../stored.ts");
  const { manifests } = await import("../../study/store/manifest.ts");
  const given = words.find((word) => word.startsWith("store.path="))?.slice("store.path=".length);
  const folder = storeFolder(given === undefined || given === "" ? {} : { storePath: given }, at);
  const { studies } = await manifests(folder);
  const named = studies.map(({ name, question }) => ({ word: name, meaning: question.replaceAll(/\s+/g, " ") }));
  return named.length > 0 ? [...named, { word: "latest", meaning: "the study started last" }] : [];
}
