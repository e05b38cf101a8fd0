/**
 * A configuration file: settings by key in YAML (or JSON, which is YAML), nested (`task: { v: 8 }`) or dotted (`task.v: 8`), and named
 * groups of them (`groups: { network: { wide: { width: 512 } } }`).
 *
 * Values are those of a command line: a text may be a list, an integer range or a range to draw from, and makes an axis then. A YAML list
 * makes an axis too, but where the key itself takes a list. Every setting knows its file and line.
 */
import { readFile } from "node:fs/promises";
import { dirname, isAbsolute, relative, resolve } from "node:path";
import { closest } from "fastest-levenshtein";
import { type Document, isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument } from "yaml";
import { type AxisValue, checkValue, isRecord, isRuleOption, schemaOfKey, specKeys } from "../keys.ts";
import { type Given, parseGiven } from "../overrides.ts";
import { isOwnTask, taskNameOf } from "../task-spec.ts";

/** What a key is given, and where: `afferent.yaml:3`, `group network=wide (afferent.yaml:9)`, `command line`. */
export interface Setting {
  readonly key: string;
  readonly given: Given;
  readonly origin: string;
}

/** A file that was read. */
export interface ConfigurationFile {
  /** As it is named in messages: relative to the working folder where that is shorter. */
  readonly name: string;
  readonly settings: readonly Setting[];
  /** Settings by group and name. */
  readonly groups: ReadonlyMap<string, ReadonlyMap<string, readonly Setting[]>>;
}

/** Keys of the process, which decide no run and stand on the command line. */
const processKeys = ["store", "store.path", "engine.threads", "engine.workers"];
/** Keys of a study, which is run by its name. */
const studyKeys = ["name", "question", "base", "grid", "tune", "perRule"];

/**
 * Reads a file. Throws, with file and line: when it cannot be read or parsed, is no map, or has an unknown key, a key twice, or a value
 * that its key does not allow.
 */
export async function readConfiguration(path: string): Promise<ConfigurationFile> {
  const name = shownPath(path);
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
    const found = code === "ENOENT" ? "found nothing there" : `got ${code}`;
    throw new Error(`${name}: expected a configuration file, ${found}; paths are relative to ${process.cwd()}`, {
      cause,
    });
  });
  return new Reader(name, dirname(resolve(path)), text).read();
}

/** A path as a message shows it. */
export function shownPath(path: string): string {
  const near = relative(process.cwd(), resolve(path));
  return near === "" || near.length > resolve(path).length ? resolve(path) : near;
}

class Reader {
  private readonly lines = new LineCounter();
  private readonly document: Document;
  /** Whether the file names a task of one's own, whose options are open. */
  private readonly ownTask: boolean;

  constructor(
    private readonly name: string,
    private readonly folder: string,
    text: string,
  ) {
    this.document = parseDocument(text, { lineCounter: this.lines, uniqueKeys: true });
    const [error] = this.document.errors;
    const content: unknown = error === undefined ? this.document.toJS() : undefined;
    this.ownTask = isRecord(content) && isOwnTask(taskNameOf(content["task"]));
    if (error === undefined) return;
    const [what = error.message] = error.message.split(/ at line \d+/);
    throw new Error(`${name}:${error.linePos?.[0].line ?? 1}: expected valid YAML, got a parse error: ${what}`);
  }

  read(): ConfigurationFile {
    const groups = new Map<string, ReadonlyMap<string, readonly Setting[]>>();
    const settings: Setting[] = [];
    const { contents } = this.document;
    // An empty file, or one of comments alone.
    if (contents === null || (isScalar(contents) && contents.value === null))
      return { name: this.name, settings, groups };
    for (const pair of this.pairs(contents, "")) {
      const key = keyOf(pair);
      if (key === "$schema") continue;
      if (key === "groups") this.readGroups(pair, groups);
      else this.collect(pair, key, (line) => `${this.name}:${line}`, settings);
    }
    return { name: this.name, settings: this.once(settings), groups };
  }

  private readGroups(pair: Pair, groups: Map<string, ReadonlyMap<string, readonly Setting[]>>): void {
    for (const group of this.pairs(pair.value, "groups")) {
      const named = new Map<string, readonly Setting[]>();
      for (const member of this.pairs(group.value, `groups.${keyOf(group)}`)) {
        const path = `${keyOf(group)}=${keyOf(member)}`;
        const settings: Setting[] = [];
        for (const inner of this.pairs(member.value, `groups.${keyOf(group)}.${keyOf(member)}`)) {
          const key = keyWithin(keyOf(group), keyOf(inner));
          this.collect(inner, key, (line) => `group ${path} (${this.name}:${line})`, settings);
        }
        named.set(keyOf(member), this.once(settings));
      }
      groups.set(keyOf(group), named);
    }
  }

  /** The settings of one entry: itself, or those inside it. */
  private collect(pair: Pair, key: string, originAt: (line: number) => string, into: Setting[]): void {
    const line = this.lineOf(pair.key);
    const where = `${this.name}:${line}: ${key}`;
    this.refuseForeign(where, key);
    const inside = (value: unknown): boolean => isMap(value) && (isGroupKey(key) || key === "rule" || key === "task");
    if (inside(pair.value)) {
      for (const inner of this.pairs(pair.value, key)) {
        const name = keyOf(inner);
        this.collect(inner, name === "id" ? key : `${key}.${name}`, originAt, into);
      }
      return;
    }
    into.push({ key, given: this.givenTo(where, key, pair.value), origin: originAt(line) });
  }

  private givenTo(where: string, key: string, node: unknown): Given {
    const value = (node as Node | null)?.toJS(this.document) as AxisValue | null | undefined;
    if (value === null || value === undefined) {
      throw new Error(`${where}: expected a value, got nothing; leave the key out for its default`);
    }
    if (typeof value === "string") return this.resolved(parseGiven(where, key, value, this.ownTask));
    const takesList = schemaOfKey(where, key, this.ownTask)?.type === "array";
    if (!isSeq(node) || takesList) {
      checkValue(where, key, value, this.ownTask);
      return [value];
    }
    const values = value as readonly AxisValue[];
    if (values.length === 0) throw new Error(`${where}: expected at least one value, got an empty list`);
    for (const each of values) checkValue(where, key, each, this.ownTask);
    return this.resolved(values);
  }

  /** A path that begins with a dot is meant from the file on. */
  private resolved(given: Given): Given {
    if (!Array.isArray(given)) return given;
    return (given as readonly AxisValue[]).map((value) => {
      if (typeof value !== "string" || !/^\.\.?\//.test(value) || isAbsolute(value)) return value;
      const path = relative(process.cwd(), resolve(this.folder, value));
      return path.startsWith("..") ? path : `./${path}`;
    });
  }

  private refuseForeign(where: string, key: string): void {
    if (processKeys.includes(key)) {
      throw new Error(
        `${where}: expected a key of the run specification, got a setting of the process; give it on the command line, or AFFERENT_STORE`,
      );
    }
    if (studyKeys.includes(key)) {
      throw new Error(
        `${where}: expected settings, got a part of a study; run it by its name: afferent run ${this.name}`,
      );
    }
    if (isRuleOption(key) || specKeys().has(key)) return;
    // Throws, with the nearest key.
    schemaOfKey(where, key);
  }

  /** A key that is given once: nested and dotted keys may name the same. */
  private once(settings: readonly Setting[]): readonly Setting[] {
    const seen = new Map<string, Setting>();
    for (const setting of settings) {
      const first = seen.get(setting.key);
      if (first !== undefined) {
        throw new Error(
          `${setting.origin}: ${setting.key}: expected a key once, got it again after ${first.origin}; keep one`,
        );
      }
      seen.set(setting.key, setting);
    }
    return settings;
  }

  private pairs(node: unknown, where: string): readonly Pair[] {
    if (isMap(node)) return node.items;
    const line = this.lineOf(node);
    const got = (node as Node | null)?.toJS(this.document) as unknown;
    throw new Error(
      `${this.name}:${line}: ${where === "" ? "" : `${where}: `}expected keys with values, got ${got === undefined || got === null ? "nothing" : JSON.stringify(got)}`,
    );
  }

  private lineOf(node: unknown): number {
    const at = (node as { readonly range?: readonly number[] | null } | null)?.range?.[0];
    return at === undefined ? 1 : this.lines.linePos(at).line;
  }
}

function keyOf({ key }: Pair): string {
  return String(isScalar(key) ? key.value : key);
}

function isGroupKey(key: string): boolean {
  return specKeys().get(key)?.type === "object";
}

/** What a key in a group stands for: first one of the group's own (`width` in `network`), then one of the specification. */
function keyWithin(group: string, name: string): string {
  const own = `${group}.${name}`;
  if (specKeys().has(own)) return own === "rule.id" ? "rule" : own;
  if (group === "rule" && !specKeys().has(name) && !name.includes(".")) return name === "id" ? "rule" : own;
  return name;
}

/**
 * The settings of a group by its name, of the last file that has it. Throws where none has.
 * `words` is as typed: `network=wide`.
 */
export function settingsOfGroup(words: string, files: readonly ConfigurationFile[]): readonly Setting[] {
  const [group = "", name = ""] = words.split("=");
  const where = `+${words}`;
  const known = new Map<string, ReadonlyMap<string, readonly Setting[]>>();
  for (const { groups } of files) {
    for (const [each, members] of groups) known.set(each, new Map([...(known.get(each) ?? []), ...members]));
  }
  if (known.size === 0) {
    throw new Error(
      `${where}: expected a group of a configuration file, found none; write groups: in afferent.yaml or in a --config FILE`,
    );
  }
  const members = known.get(group);
  if (members === undefined) {
    throw new Error(
      `${where}: expected one of the groups ${[...known.keys()].join(", ")}, got "${group}"; did you mean ${closest(group, [...known.keys()])}?`,
    );
  }
  const found = members.get(name);
  if (found !== undefined) return found;
  const names = [...members.keys()];
  const nearest = names.length > 0 ? `; did you mean ${closest(name, names)}?` : "";
  throw new Error(`${where}: expected one of ${names.join(", ") || "no names"}, got "${name}"${nearest}`);
}
