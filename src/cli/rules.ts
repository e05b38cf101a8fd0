/** `afferent rules`: the catalogue, or one rule with its options. */
import type { Command } from "commander";
import { catalogue, chooseRule, type Rule, signals } from "../rules/index.ts";
import { labelOf } from "../study/spec/keys.ts";
import { ruleOptions } from "../study/spec/rule-options.ts";
import { alignColumns, nameColumn, wrap } from "./columns.ts";
import { command, type OptionValues } from "./command.ts";
import { type ExitCode, reading } from "./exit.ts";
import { printJson } from "./json.ts";
import type { Surroundings } from "./surroundings.ts";
import { namesOnly } from "./words.ts";

export function rulesCommand(at: Surroundings, end: (code: ExitCode) => void): Command {
  return command(
    {
      name: "rules",
      words: "[rule]",
      summary: "the catalogue of learning rules: equation, source, signals, relation to the gradient, options",
      details: [
        "Signals, what may reach a synapse. A rule claims to read some with its default options; afferent audit says what it reads.\n" +
          alignColumns(Object.entries(signals).map(([name, meaning]) => [`  ${name}`, meaning])).trimEnd(),
      ],
      examples: [
        ["rules", "all rules"],
        [
          "rules info-nce",
          "one rule: its equation and symbols, what it claims to read, its options and their defaults",
        ],
      ],
      json:
        "rules [{id, aliases, family, equation, symbols, source, choices, relation, reads, options [{name, values, default, description}]}];\n" +
        "reads are the signals that the rule claims to read with its default options; symbols and choices are null where nothing is said",
    },
    at,
    end,
    (words, options) => rules(at, words, options),
  );
}

async function rules(at: Surroundings, words: readonly string[], options: OptionValues): Promise<undefined> {
  const [name] = namesOnly(words, "at most the name of a rule").names;
  const chosen = name === undefined ? catalogue : [await reading(() => chooseRule({ id: name }).rule)];
  const [only] = chosen;
  if (options["json"] === true) printJson(at, { rules: chosen.map(entryOf) });
  else if (name !== undefined && only !== undefined) at.stdout.write(textOf(only, at.stdout.columns));
  else at.stdout.write(listOf(chosen, at.stdout.columns));
  return undefined;
}

function entryOf(rule: Rule) {
  const { id, aliases, family, equation, symbols = null, source, choices = null, relation, reads } = rule;
  return { id, aliases, family, equation, symbols, source, choices, relation, reads, options: optionEntries(rule) };
}

function optionEntries(rule: Rule) {
  return ruleOptions(rule).map(({ name, values, default: standard, description }) => {
    return { name, values, default: standard ?? null, description };
  });
}

/** Two lines a rule, family by family. */
function listOf(chosen: readonly Rule[], width?: number): string {
  const families = [...new Set(chosen.map(({ family }) => family))];
  const texts = families.map((family) => {
    const members = chosen.filter((rule) => rule.family === family);
    const names = members.map(({ id, aliases }) => (aliases.length > 0 ? `${id} (${aliases.join(", ")})` : id));
    const lines = members.flatMap((rule, i): [string, string][] => [
      [`  ${names[i] ?? ""}`, `relation to gradient: ${rule.relation}; ${rule.source}`],
      ["", `claims to read ${rule.reads.join(", ") || "nothing"}`],
    ]);
    return `${family}\n${nameColumn(lines, width)}`;
  });
  return `${texts.join("\n")}\nafferent rules RULE shows its equation and options; afferent audit RULE what it reads\n`;
}

function textOf(rule: Rule, width = Infinity): string {
  const { id, aliases, family, equation, symbols, source, choices, relation, reads } = rule;
  const read = reads.map((name) => [`  ${name}`, signals[name]] as const);
  const options = optionEntries(rule).map(({ name, values, default: standard, description }) => {
    const otherwise = standard === null ? "may be left out" : `default ${labelOf(standard)}`;
    const [head = "", ...more] = wrap(`rule.${name}: ${values} (${otherwise})`, width - 2);
    const below = [...more, ...(description === "" ? [] : wrap(description, width - 6))];
    return [`  ${head}\n`, ...below.map((line) => `      ${line}\n`)].join("");
  });
  return [
    nameColumn(
      [
        ["rule", id],
        ["aliases", aliases.join(", ") || "-"],
        ["family", family],
        ["equation", equation],
        ...(symbols === undefined ? [] : [["symbols", symbols] as const]),
        ["source", source],
        ...(choices === undefined ? [] : [["choices", choices] as const]),
        ["relation to gradient", relation],
      ],
      width,
    ),
    `claims to read, with its default options\n${read.length > 0 ? nameColumn(read, width) : "  nothing\n"}`,
    `options\n${options.length > 0 ? options.join("") : "  none\n"}`,
    `afferent audit ${id} says what it reads\n`,
  ].join("\n");
}
