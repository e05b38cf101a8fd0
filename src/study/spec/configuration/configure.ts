/**
 * From all that a person may say of runs to one study, with where each value came from. Later wins:
 *
 * 1. defaults of the specification and of the rule,
 * 2. `afferent.yaml` of the working folder or the nearest folder above it,
 * 3. the study file,
 * 4. each `--config FILE`, in the order given,
 * 5. each group (`+network=wide`), in the order given,
 * 6. `key=value` words.
 *
 * A value replaces an axis and an axis a value; a rule replaces a rule with its options, and a task a task. What a study sets for one rule alone
 * (`perRule`) is part of the study file.
 */
import { stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { isRecord, specKeys } from "../keys.ts";
import { adoptOwnFiles } from "../../run/own-files.ts";
import { loadStudy } from "../load.ts";
import { type Given, isRange, overridesFrom, parseWords } from "../overrides.ts";
import type { Sampling } from "../ranges.ts";
import { defineStudy, hasOwnTask, overrideStudy, pick, type Study } from "../study.ts";
import { isOwnTask, taskNameOf } from "../task-spec.ts";
import { type ConfigurationFile, readConfiguration, type Setting, settingsOfGroup, shownPath } from "./file.ts";

/** The name of a project's own configuration. */
export const projectFileName = "afferent.yaml";

/** What a person says. */
export interface Said {
  /** A study or run specification. */
  readonly file?: string | undefined;
  /** `key=value` words, and `+group=name` words among them. */
  readonly words: readonly string[];
  /** Files of `--config`. */
  readonly configs?: readonly string[];
  readonly sampling?: Sampling | undefined;
  /** Where the search for `afferent.yaml` begins. */
  readonly folder?: string;
}

/** The study that is meant, and where its values came from. */
export interface Configured {
  readonly study: Study;
  /** Where a key was set, in words; keys of defaults are not there. */
  readonly origins: ReadonlyMap<string, string>;
  /** The project's file, and how many keys of it count. */
  readonly project: { readonly name: string; readonly keys: number } | undefined;
  /** The study is not what its file says alone: `--config`, groups or words change it. */
  readonly changed: boolean;
}

/** The nearest `afferent.yaml` from a folder upwards; undefined where there is none. */
export async function findProjectFile(from: string): Promise<string | undefined> {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    const path = join(folder, projectFileName);
    const found = await stat(path).catch(() => undefined);
    if (found !== undefined) return path;
    if (dirname(folder) === folder) return undefined;
  }
}

/** Throws what reading files, parsing words and defining the study throw; errors name file and line. */
export async function configure({
  file,
  words,
  configs = [],
  sampling,
  folder = process.cwd(),
}: Said): Promise<Configured> {
  const projectPath = await findProjectFile(folder);
  const project = projectPath === undefined ? undefined : await readConfiguration(projectPath);
  const files: ConfigurationFile[] = [];
  for (const path of configs) files.push(await readConfiguration(path));
  const groups = groupSettings(words, [...(project === undefined ? [] : [project]), ...files]);
  const stated = file === undefined ? undefined : await loadStudy(file);
  const configured = [...(project?.settings ?? []), ...files.flatMap(({ settings }) => settings), ...groups];
  const ownTask = (stated !== undefined && hasOwnTask(stated)) || configured.some(namesOwnTask);
  const plain = words.filter((word) => !word.startsWith("+"));
  const typed = [...parseWords(plain, ownTask)].map(([key, given]): Setting => ({
    key,
    given,
    origin: "command line",
  }));
  const above = [...files.map(({ settings }) => settings), groups, typed];
  const below = merged([project?.settings ?? []]);
  const own = stated === undefined ? new Map<string, string>() : originsOf(stated, shownPath(file ?? ""));
  for (const whole of ["rule", "task"] as const)
    if (own.has(whole)) for (const key of below.keys()) if (isOf(whole, key)) below.delete(key);
  for (const key of own.keys()) below.delete(key);
  const upper = merged(above);
  const study =
    stated === undefined
      ? inline(merged([[...below.values()], ...above]), words, sampling)
      : overrideStudy(overrideStudy(stated, kept(below, sampling)), kept(upper, sampling), sampling);
  await adoptOwnFiles(study);
  const origins = new Map([...[...below.values()].map(({ key, origin }) => [key, origin] as const), ...own]);
  for (const { key, origin } of upper.values()) {
    if (key === "rule" || key === "task")
      for (const old of [...origins.keys()]) if (isOf(key, old)) origins.delete(old);
    origins.set(key, origin);
  }
  return {
    study,
    origins,
    project: project === undefined ? undefined : { name: project.name, keys: countIn(origins, project.name) },
    changed: above.some((settings) => settings.length > 0) || sampling !== undefined,
  };
}

function namesOwnTask({ key, given }: Setting): boolean {
  return key === "task" && !isRange(given) && given.some((task) => isOwnTask(taskNameOf(task)));
}

/** The settings of `+group=name` words. */
function groupSettings(words: readonly string[], files: readonly ConfigurationFile[]): readonly Setting[] {
  const chosen = new Map<string, string>();
  return words
    .filter((word) => word.startsWith("+"))
    .flatMap((word) => {
      const [, group, name] = /^\+([^=]+)=(.+)$/.exec(word) ?? [];
      if (group === undefined || name === undefined) {
        throw new Error(`group: expected +group=name, got "${word}"; for example +network=wide`);
      }
      if (chosen.has(group)) {
        throw new Error(`${word}: expected a group once, got +${group}=${chosen.get(group) ?? ""} before; keep one`);
      }
      chosen.set(group, name);
      return settingsOfGroup(`${group}=${name}`, files);
    });
}

/** Settings by key, later ones in the place of earlier ones. */
function merged(layers: readonly (readonly Setting[])[]): Map<string, Setting> {
  const found = new Map<string, Setting>();
  for (const settings of layers) {
    for (const whole of ["rule", "task"] as const)
      if (settings.some(({ key }) => key === whole))
        for (const key of found.keys()) if (isOf(whole, key)) found.delete(key);
    for (const setting of settings) found.set(setting.key, setting);
  }
  return found;
}

function isOf(whole: "rule" | "task", key: string): boolean {
  return key === whole || key.startsWith(`${whole}.`);
}

function kept(
  settings: ReadonlyMap<string, Setting>,
  sampling: Sampling | undefined,
): ReturnType<typeof overridesFrom> {
  return overridesFrom(new Map([...settings].map(([key, { given }]): [string, Given] => [key, given])), sampling);
}

function inline(
  settings: ReadonlyMap<string, Setting>,
  words: readonly string[],
  sampling: Sampling | undefined,
): Study {
  const { base, axes, drawn } = kept(settings, sampling);
  const { size } = settings;
  return defineStudy({
    name: "command-line",
    question:
      words.length > 0 ? words.join(" ") : size > 0 ? "what the configuration says" : "defaults of the specification",
    base,
    grid: Object.fromEntries(axes.map(({ key, values }) => [key, values])),
    drawn,
    ...(sampling === undefined ? {} : { samples: sampling.samples, sampleSeed: sampling.seed }),
  });
}

/** The keys that a study sets, each with where. */
function originsOf({ base, grid, tune }: Study, name: string): Map<string, string> {
  const origins = new Map<string, string>();
  const collect = (prefix: string, value: unknown): void => {
    const inside =
      isRecord(value) &&
      (prefix === "" || prefix === "rule" || prefix === "task" || specKeys().get(prefix)?.type === "object");
    if (!inside) {
      if (value !== undefined) origins.set(prefix.replace(/\.id$/, ""), name);
      return;
    }
    for (const [key, member] of Object.entries(value)) collect(prefix === "" ? key : `${prefix}.${key}`, member);
  };
  collect("", base);
  for (const key of [...Object.keys(grid), ...Object.keys(tune?.over ?? {})]) origins.set(key, name);
  return new Map(Object.entries(pick(Object.fromEntries(origins), (key) => key !== "")));
}

function countIn(origins: ReadonlyMap<string, string>, name: string): number {
  return [...origins.values()].filter((origin) => origin.startsWith(`${name}:`)).length;
}
