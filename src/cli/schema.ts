/** `afferent schema`: the JSON Schema of study files and run specifications, for editors. */
import type { Command } from "commander";
import { publishedSchema } from "../study/spec/schema.ts";
import { command, noWords } from "./command.ts";
import type { ExitCode } from "./exit.ts";
import { printJson } from "./json.ts";
import type { Surroundings } from "./surroundings.ts";

export function schemaCommand(at: Surroundings, end: (code: ExitCode) => void): Command {
  return command(
    {
      name: "schema",
      words: "",
      summary: "print the JSON Schema of study files and run specifications, for editors",
      details: [
        'In a JSON or YAML file: "$schema": "./spec.schema.json". The output is the same with and without --json.',
      ],
      examples: [["schema > spec.schema.json", "for an editor to check and complete study files with"]],
      json: "a JSON Schema, draft 2020-12",
    },
    at,
    end,
    (words) => {
      noWords(words);
      printJson(at, publishedSchema());
      return Promise.resolve(undefined);
    },
  );
}
