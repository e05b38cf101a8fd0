/**
 * A study as YAML with where each value came from beside it. The text is a study file, or a run specification where there is one run, and
 * gives the same runs again.
 */
import { Document, isMap, isNode, isPair, type Pair, type Scalar, visit } from "yaml";
import { expand } from "../expand.ts";
import { isRecord, specKeys } from "../keys.ts";
import type { RunSpec } from "../spec.ts";
import type { Study } from "../study.ts";
import type { Configured } from "./configure.ts";

/** One value of the result, and where it came from. */
export interface Sourced {
  readonly key: string;
  readonly value: unknown;
  readonly origin: string;
}

/** Where what nobody set comes from. */
const byDefault = "default";

/** Every value of a study by dotted key, axes and tuned keys as lists, in the order of the specification. Throws as `expand`. */
export function sourced({ study, origins }: Pick<Configured, "study" | "origins">): Sourced[] {
  const axes: Record<string, unknown> = { ...study.grid, ...study.tune?.over };
  const several = Object.values(axes).some((values) => Array.isArray(values) && values.length > 0);
  const [first] = expand(study);
  if (first === undefined) throw new Error("internal: a study without runs");
  const found: Sourced[] = [];
  const varied = (key: string): boolean => key in axes || (key.startsWith("rule") && "rule" in axes);
  for (const [key, value] of leavesOf(first.spec)) {
    const name = key === "rule.id" ? "rule" : key;
    // A file is found again by its path; its digest follows.
    if (varied(name) || name === "ruleFile") continue;
    const origin = origins.get(name) ?? byDefault;
    // What follows from other keys is left to follow from them where these may vary.
    if (several && origin === byDefault && specKeys().get(name)?.default === undefined && !name.startsWith("rule"))
      continue;
    found.push({ key: name, value: name === "rule" ? (first.spec.ruleFile ?? value) : value, origin });
  }
  for (const [key, values] of Object.entries(axes))
    found.push({ key, value: values, origin: origins.get(key) ?? byDefault });
  return found;
}

/** The study as YAML, each value with its origin as a comment. */
export function configurationText(configured: Pick<Configured, "study" | "origins">): string {
  const { study } = configured;
  const values = sourced(configured);
  const axes = new Set([...Object.keys(study.grid), ...Object.keys(study.tune?.over ?? {})]);
  const base = values.filter(({ key }) => !axes.has(key));
  const spec = nested(base);
  const content = axes.size === 0 ? spec : studyContent(study, spec);
  const document = new Document(content);
  const origins = new Map(values.map(({ key, origin }) => [key, origin]));
  visit(document, {
    Seq: (_, list) => {
      list.flow = true;
    },
    Pair: (_, pair, path) => {
      const names = [...path.flatMap((each) => (isPair(each) ? [nameOf(each)] : [])), nameOf(pair)];
      const origin = originOf(names, axes.size > 0, origins);
      if (origin !== undefined && isNode(pair.value) && !isMap(pair.value)) pair.value.comment = ` ${origin}`;
    },
  });
  const text = document.toString({ lineWidth: 0, flowCollectionPadding: false });
  return aligned(text);
}

function originOf(
  names: readonly string[],
  isStudy: boolean,
  origins: ReadonlyMap<string, string>,
): string | undefined {
  if (!isStudy) return origins.get(keyOf(names));
  const [section, ...rest] = names;
  if (section === "base") return origins.get(keyOf(rest));
  if (section === "grid") return rest.length === 1 ? origins.get(rest[0] ?? "") : undefined;
  if (section === "tune") return rest[0] === "over" && rest.length === 2 ? origins.get(rest[1] ?? "") : undefined;
  return undefined;
}

function keyOf(names: readonly string[]): string {
  const key = names.join(".");
  return key === "rule.id" ? "rule" : key;
}

/** A study's parts in the order in which they are read. Lists stand on one line. */
function studyContent(
  { name, question, base: _base, grid, tune, ...rest }: Study,
  spec: Record<string, unknown>,
): unknown {
  const document = { name, question, base: spec, grid, ...(tune ? { tune } : {}), ...rest };
  return Object.fromEntries(
    Object.entries(document).filter(([, value]) => !isRecord(value) || Object.keys(value).length > 0),
  );
}

function nested(values: readonly Sourced[]): Record<string, unknown> {
  const rule = values.find(({ key }) => key === "rule");
  const start: Record<string, unknown> = rule === undefined ? {} : { rule: { id: rule.value } };
  const spec = values.reduce<Record<string, unknown>>(
    (all, { key, value }) => (key === "rule" ? all : withPath(all, key.split("."), value)),
    start,
  );
  return spec;
}

function withPath(
  into: Record<string, unknown>,
  [first = "", ...rest]: readonly string[],
  value: unknown,
): Record<string, unknown> {
  const old = into[first];
  return { ...into, [first]: rest.length === 0 ? value : withPath(isRecord(old) ? old : {}, rest, value) };
}

function nameOf({ key }: Pair): string {
  return String((key as Scalar | null)?.value ?? key);
}

function leavesOf(spec: RunSpec): [string, unknown][] {
  const leaves: [string, unknown][] = [];
  const collect = (prefix: string, value: unknown): void => {
    const isGroup = prefix === "" || prefix === "rule" || specKeys().get(prefix)?.type === "object";
    if (!isGroup || !isRecord(value)) {
      if (value !== undefined) leaves.push([prefix, value]);
      return;
    }
    for (const [key, member] of Object.entries(value)) collect(prefix === "" ? key : `${prefix}.${key}`, member);
  };
  collect("", spec);
  return leaves;
}

/** Comments in one column, so that values can be read by themselves. */
function aligned(text: string): string {
  const lines = text
    .split("\n")
    .map((line) => / #(?= (?:default|command line|group |\S*:\d+|\S+\.\w+$)).*$/.exec(line) ?? line);
  const bodies = lines.map((found) => (typeof found === "string" ? found : found.input.slice(0, found.index)));
  const column = Math.min(
    60,
    Math.max(0, ...lines.map((found, i) => (typeof found === "string" ? 0 : (bodies[i] ?? "").length))),
  );
  return lines
    .map((found, i) => (typeof found === "string" ? found : `${(bodies[i] ?? "").padEnd(column)} ${found[0]}`))
    .join("\n");
}
