/** What may come next on a command line: commands, options, keys and their values, groups, rules, studies of the store. */
import type { Command } from "commander";
import { catalogue } from "../../rules/index.ts";
import { ruleOptions } from "../../study/spec/rule-options.ts";
import { findProjectFile } from "../../study/spec/configuration/configure.ts";
import { type ConfigurationFile, readConfiguration } from "../../study/spec/configuration/file.ts";
import { specKeys } from "../../study/spec/keys.ts";
import { listedKeys } from "../keys.ts";
import { settingKeys } from "../words.ts";

/** A whole word that may stand in the place of the last one, and what it means. */
export interface Candidate {
  readonly word: string;
  readonly meaning: string;
}

/** What is known of the surroundings when a word is completed. */
export interface Known {
  /** Names of the studies of the store. */
  readonly studies: () => Promise<readonly Candidate[]>;
  /** Configuration files that were named on the line are read too. */
  readonly folder: string;
}

/** What the words of a command are. */
const takes: Readonly<Record<string, "specification" | "study" | "rule" | "keys">> = {
  run: "specification",
  config: "specification",
  info: "specification",
  data: "specification",
  trace: "specification",
  channel: "specification",
  audit: "rule",
  rules: "rule",
  keys: "keys",
  ls: "study",
  compare: "study",
  report: "study",
  export: "study",
};

/**
 * The candidates for the last of the words (those after `afferent`; the last may be empty) that begin with it. Where files may stand, none:
 * shells list files by themselves then.
 */
export async function candidates(program: Command, words: readonly string[], known: Known): Promise<Candidate[]> {
  const last = words.at(-1) ?? "";
  const found = await candidatesFor(program, words.slice(0, -1), last, known);
  return found.filter(({ word }) => word.startsWith(last));
}

async function candidatesFor(
  program: Command,
  before: readonly string[],
  last: string,
  known: Known,
): Promise<Candidate[]> {
  let at = program;
  let depth = 0;
  for (const word of before) {
    const next = visible(at).find((command) => command.name() === word);
    if (next === undefined) break;
    at = next;
    depth += 1;
  }
  const previous = at.options.find(({ long, short }) => [long, short].includes(before.at(-1)));
  if (previous !== undefined && (previous.required || previous.optional)) {
    return previous.long === "--baseline"
      ? ruleNames()
      : (previous.argChoices ?? []).map((word) => ({ word, meaning: "" }));
  }
  if (last.startsWith("-")) {
    const options = at.options.flatMap(({ long, description }) =>
      long === undefined ? [] : [{ word: long, meaning: description }],
    );
    return [...options, { word: "--help", meaning: "show this help" }];
  }
  const commands = visible(at).map((command) => ({ word: command.name(), meaning: command.summary() }));
  if (depth === 0) return before.length === 0 ? commands : [];
  if (at.name() === "completion") return ["bash", "zsh", "fish"].map((word) => ({ word, meaning: "" }));
  const settings = settingWords(last);
  const taken = takes[at.name()];
  switch (taken) {
    case "study":
      return [...(before.length === depth ? await known.studies() : []), ...settings];
    case "rule":
      return last.includes("=") ? specificationWords(before, last, known) : [...ruleNames(), ...settings];
    case "keys":
      return listedKeys().map(({ key, meaning }) => ({ word: key, meaning }));
    case "specification":
      return [...(await specificationWords(before, last, known)), ...settings];
    case undefined:
      return commands;
    default:
      return taken satisfies never;
  }
}

function visible(at: Command): Command[] {
  return at.commands.filter((command) => command.name() !== "complete");
}

function settingWords(last: string): Candidate[] {
  return last.includes("=") ? [] : settingKeys.map((key) => ({ word: `${key}=`, meaning: "setting of the process" }));
}

async function specificationWords(before: readonly string[], last: string, known: Known): Promise<Candidate[]> {
  if (last.startsWith("+")) return groupWords(before, known);
  const split = last.indexOf("=");
  if (split >= 0) return valueWords(last.slice(0, split), last.slice(split + 1));
  const given = new Set(before.map((word) => word.split("=")[0]));
  const options = rulesIn(before).flatMap((id) => ruleOptionsOf(id));
  return [
    ...listedKeys().flatMap(({ key, meaning }) => (given.has(key) ? [] : [{ word: `${key}=`, meaning }])),
    ...options.flatMap(({ name, description }) =>
      given.has(`rule.${name}`) ? [] : [{ word: `rule.${name}=`, meaning: description }],
    ),
  ];
}

/** Values of a key; of a comma list, for its last part. */
function valueWords(key: string, text: string): Candidate[] {
  const start = `${key}=${text.slice(0, text.lastIndexOf(",") + 1)}`;
  const those = (values: readonly (readonly [value: string, meaning: string])[]): Candidate[] =>
    values.map(([value, meaning]) => ({ word: start + value, meaning }));
  if (key === "rule") return those(ruleNames().map(({ word, meaning }) => [word, meaning]));
  const schema = specKeys().get(key);
  if (schema?.type === "boolean")
    return those([
      ["true", ""],
      ["false", ""],
    ]);
  if (schema?.enum !== undefined) return those(schema.enum.map((value) => [String(value), ""]));
  if (schema?.const !== undefined) return those([[JSON.stringify(schema.const).replaceAll('"', ""), ""]]);
  if (!key.startsWith("rule.")) return [];
  const name = key.slice("rule.".length);
  const choices = catalogue.flatMap(({ id }) => ruleOptionsOf(id).filter((option) => option.name === name));
  return those([...new Set(choices.flatMap((option) => option.choices ?? []))].map((value) => [value, ""]));
}

function ruleNames(): Candidate[] {
  return catalogue.map(({ id, family }) => ({ word: id, meaning: family }));
}

function rulesIn(words: readonly string[]): string[] {
  const given = words.find((word) => word.startsWith("rule="))?.slice("rule=".length) ?? "backprop";
  return given.split(",");
}

function ruleOptionsOf(id: string): ReturnType<typeof ruleOptions> {
  const rule = catalogue.find((one) => one.id === id || one.aliases.includes(id));
  return rule === undefined ? [] : ruleOptions(rule);
}

async function groupWords(before: readonly string[], { folder }: Known): Promise<Candidate[]> {
  const project = await findProjectFile(folder);
  const named = before.flatMap((word, i) => (word === "--config" ? (before[i + 1] ?? []) : []));
  const files: ConfigurationFile[] = [];
  // A file that cannot be read has nothing to offer; the command itself says what is wrong with it.
  for (const path of [...(project === undefined ? [] : [project]), ...named]) {
    const file = await readConfiguration(path).catch(() => undefined);
    if (file !== undefined) files.push(file);
  }
  return files.flatMap(({ name, groups }) =>
    [...groups].flatMap(([group, members]) =>
      [...members.keys()].map((member) => ({ word: `+${group}=${member}`, meaning: name })),
    ),
  );
}
