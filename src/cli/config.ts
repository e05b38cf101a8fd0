/** `afferent config`: the study that words, files and groups make together, and where each value came from. */
import type { Command } from "commander";
import { configurationText, sourced } from "../study/spec/configuration/text.ts";
import { command, type OptionValues } from "./command.ts";
import { type ExitCode, reading } from "./exit.ts";
import { printJson } from "./json.ts";
import { configurable, configuredOf } from "./plan.ts";
import type { Surroundings } from "./surroundings.ts";
import { sortWords } from "./words.ts";

export function configCommand(at: Surroundings, end: (code: ExitCode) => void): Command {
  const built = command(
    {
      name: "config",
      words: "[file] [key=value...] [+group=name...]",
      summary: "print what the same words of run would run, as YAML, with where each value came from",
      details: [
        "Later wins: defaults; afferent.yaml of this folder or the nearest above; the study file; each --config FILE in order; each\n" +
          "+group=name in order; key=value words. The output is a study file itself.",
      ],
      examples: [
        ["config rule=info-nce task.v=8", "what run would take, defaults filled in"],
        ["config studies/first-comparison.ts train.steps=300 > short.yaml", "a study file of its own"],
      ],
      json: "study, values [{key, value, origin}]",
    },
    at,
    end,
    (words, options) => config(at, words, options),
  );
  return configurable(built);
}

async function config(at: Surroundings, words: readonly string[], options: OptionValues): Promise<undefined> {
  const configured = await configuredOf(sortWords(words), options);
  await reading(() => {
    if (options["json"] === true) printJson(at, { study: configured.study.name, values: sourced(configured) });
    else at.stdout.write(configurationText(configured));
  });
  return undefined;
}
