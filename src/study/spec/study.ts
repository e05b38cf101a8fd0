/**
 * A study: one question, and the grid of runs that answers it.
 *
 * `defineStudy` checks what a person wrote and returns plain data; `expand.ts` turns that into runs. A tuned key is not a
 * grid axis: every rule is run at every value of it, with the same seeds, and `summary.ts` keeps the value with the
 * lowest validation error in each cell. No rule gets more attempts than another.
 */
import { closest } from "fastest-levenshtein";
import { z } from "zod";
import type { AxisValue } from "./keys.ts";
import { checkValue, isRecord, nearestKey, ruleNameOf, specKeys, valueAt, withValue } from "./keys.ts";
import type { BaseSpec, Overrides } from "./overrides.ts";
import { baseWith, checkedSampling, parseValues } from "./overrides.ts";
import { drawValues, parseRange, type Sampling } from "./ranges.ts";
import type { RunSpec } from "./spec.ts";
import { isOwnTask, taskNameOf, type TaskSpecInput } from "./task-spec.ts";

type Group = "data" | "network" | "train" | "seeds" | "engine";
type LeafKey = { [G in Group]: `${G}.${Extract<keyof RunSpec[G], string>}` }[Group] | "probes" | "seed";
/** A dotted key of the specification; options of a rule and of a task are open. */
export type SpecKey = LeafKey | "rule" | Group | `rule.${string}` | "task" | `task.${string}`;

type ValueOf<K> = K extends `${infer G}.${infer N}`
  ? G extends Group
    ? N extends keyof RunSpec[G]
      ? Exclude<RunSpec[G][N], undefined>
      : never
    : AxisValue
  : K extends "rule"
    ? string | { readonly id: string; readonly [option: string]: AxisValue }
    : K extends "task"
      ? TaskSpecInput
      : K extends Group
        ? Partial<RunSpec[K]>
        : K extends keyof RunSpec
          ? RunSpec[K]
          : never;

/** Axes by key: a list of values, or text as on the command line (`"0..4"`, `"1e-3,1e-2"`, `"log(1e-4..1e-1)"` to draw from). */
export type AxesInput = { readonly [K in SpecKey]?: readonly ValueOf<K>[] | string };
/** Single values by key. */
export type SettingsInput = { readonly [K in SpecKey]?: ValueOf<K> };

/** What a tuned key is chosen by, lower is better: measured on the validation strings, never on the test strings. */
export const tuneMeasures = ["validationError", "validationLoss"] as const;
export type TuneMeasure = (typeof tuneMeasures)[number];

/** A study as it is written. */
export interface StudyInput {
  /** Short name, as in file names: letters, digits, `-`, `_`, `.`. */
  readonly name: string;
  /** What the study asks, in one sentence. */
  readonly question: string;
  /** What all runs share; everything left out has the default of the specification. */
  readonly base?: BaseSpec;
  /** Every combination is run; the last axis varies fastest. `seed` and `seeds.*` are repetitions, the others make cells. */
  readonly grid?: AxesInput;
  /** Keys to choose in each cell (every grid axis but the seeds), each value run with every rule and seed. */
  readonly tune?: { readonly over: AxesInput; readonly by?: TuneMeasure };
  /** How many values are drawn from each range. Ranges of the grid are drawn together, so that they make so many points, and so are tuned ones. */
  readonly samples?: number;
  /** Seed of the draws; 0 when left out. */
  readonly sampleSeed?: number;
  /** The ranges that values were drawn from, by key: `defineStudy` writes it. */
  readonly drawn?: Readonly<Record<string, string>>;
  /** Settings for one rule only, by rule name; may not touch a grid axis or a tuned key. */
  readonly perRule?: Readonly<Record<string, SettingsInput>>;
  /** The rule others are compared with; `backprop` when the study has it, none otherwise. */
  readonly baseline?: string;
  /** Rules that are there as controls, and what each one controls for. */
  readonly controls?: Readonly<Record<string, string>>;
  /** What the author expects to find, written before the runs. */
  readonly expected?: string;
  /** Expected running time, in words, with the machine: "4 minutes on 8 cores". */
  readonly runtime?: string;
}

/** A checked study: plain data, axes as lists of values. `defineStudy` of a Study returns an equal Study. */
export interface Study extends Omit<StudyInput, "grid" | "tune" | "perRule" | "base"> {
  readonly base: BaseSpec;
  readonly grid: Readonly<Record<string, readonly AxisValue[]>>;
  readonly tune?: { readonly over: Readonly<Record<string, readonly AxisValue[]>>; readonly by: TuneMeasure };
  readonly perRule: Readonly<Record<string, Readonly<Record<string, AxisValue>>>>;
}

const AxesShape = z.record(
  z.string(),
  z.union([z.array(z.any()).min(1, "expected at least one value, got none"), z.string()]),
);
const SettingsShape = z.record(z.string(), z.any());

/** The outer shape of a study file; keys and values inside are checked by `defineStudy`. */
export const StudyShape = z
  .strictObject({
    name: z.string().regex(/^[\w.-]+$/, "expected letters, digits, -, _ or ."),
    question: z.string().min(1),
    base: z.record(z.string(), z.any()).optional(),
    grid: AxesShape.optional(),
    tune: z.strictObject({ over: AxesShape, by: z.enum(tuneMeasures).default("validationError") }).optional(),
    samples: z.int().min(1).optional(),
    sampleSeed: z.int().min(0).optional(),
    drawn: z.record(z.string(), z.string()).optional(),
    perRule: z.record(z.string(), SettingsShape).optional(),
    baseline: z.string().optional(),
    controls: z.record(z.string(), z.string()).optional(),
    expected: z.string().optional(),
    runtime: z.string().optional(),
  })
  .describe("A study of afferent: a question and the grid of runs that answers it");

/**
 * Checks a study and returns it as plain data. Throws with the study's name and the path of the key: an unknown key
 * (with the nearest known one), a value of the wrong type, an empty axis, a tuned key that is also a grid axis, settings,
 * controls or a baseline for a rule that the study does not run.
 */
export function defineStudy(input: StudyInput): Study {
  const given = isRecord(input) && typeof input.name === "string" ? ` "${input.name}"` : "";
  const where = `study${given}`;
  const shape = StudyShape.safeParse(input);
  if (!shape.success) throw new Error(`${where}: ${issueText(shape.error, Object.keys(StudyShape.shape))}`);
  const { base = {}, grid = {}, tune, perRule = {}, drawn: ranges, ...words } = shape.data;
  const ownTask = hasOwnTask(shape.data as StudyInput);
  checkBase(`${where}: base`, base, ownTask);
  const shared = baseWith({}, base);
  const drawn: Record<string, string> = { ...ranges };
  const { samples, sampleSeed: seed = 0 } = words;
  const sampling = samples === undefined ? undefined : { samples, seed };
  const axes = axesOf(`${where}: grid`, grid, drawn, sampling, ownTask);
  const over = tune ? axesOf(`${where}: tune.over`, tune.over, drawn, sampling, ownTask) : {};
  checkDrawn(where, drawn, [axes, over]);
  for (const key of Object.keys(over)) {
    if (key in axes)
      throw new Error(`${where}: tune.over.${key}: expected a key that is not in grid; keep it in one of them`);
    if (isSeedKey(key))
      throw new Error(`${where}: tune.over.${key}: expected a hyper-parameter, got a seed; put it in grid`);
  }
  for (const [rule, settings] of Object.entries(perRule)) {
    for (const [key, value] of Object.entries(settings)) {
      const path = `${where}: perRule.${rule}.${key}`;
      checkValue(path, key, value, ownTask);
      if (key in axes || key in over) {
        throw new Error(
          `${path}: expected a key that is neither in grid nor tuned; every rule gets the same values of those`,
        );
      }
    }
  }
  const study = {
    ...words,
    base: shared,
    grid: axes,
    perRule,
    ...(tune ? { tune: { over, by: tune.by } } : {}),
    ...(Object.keys(drawn).length > 0 ? { drawn } : {}),
  } as Study;
  checkRuleNames(where, study);
  return study;
}

/** The names of the rules that a study runs, in its order. */
export function ruleNames(study: Pick<Study, "grid" | "base">): string[] {
  const rules = study.grid.rule ?? [study.base.rule ?? "backprop"];
  return [...new Set(rules.map(ruleNameOf))];
}

/** Every value that a study gives a key, in its order, whether as a setting, on an axis, in a group or for one rule. */
export function valuesIn(
  { base = {}, grid = {}, tune, perRule = {} }: Pick<Partial<StudyInput>, "base" | "grid" | "tune" | "perRule">,
  key: string,
): unknown[] {
  const axes = [...Object.entries(grid), ...Object.entries(tune?.over ?? {})].flatMap(([axis, values]) =>
    // An axis that is not checked yet may be written as on a command line.
    (typeof values === "string" ? values.split(",") : (values ?? [])).map((value): [string, unknown] => [axis, value]),
  );
  const settings = [...Object.entries(base), ...axes, ...Object.values(perRule).flatMap((own) => Object.entries(own))];
  return settings.flatMap(([name, value]) => valueAt(withValue({}, name, value), key) ?? []);
}

/** Whether a study names a task of one's own, whose options are then open. */
export function hasOwnTask(study: Parameters<typeof valuesIn>[0]): boolean {
  return valuesIn(study, "task").some((task) => isOwnTask(taskNameOf(task)));
}

/** The rule that others are compared with, by name; undefined when the study runs none such. */
export function baselineOf(study: Study): string | undefined {
  return study.baseline ?? (ruleNames(study).includes("backprop") ? "backprop" : undefined);
}

/**
 * The study with overrides on top: a setting replaces an axis of that key, an axis replaces the one there was (a tuned
 * key given on the command line is no longer tuned). What the study says of rules that are no longer run is dropped.
 */
export function overrideStudy(
  study: Study,
  {
    settings: given,
    axes,
    drawn: newlyDrawn = {},
  }: Pick<Overrides, "settings" | "axes"> & Partial<Pick<Overrides, "drawn">>,
  sampling?: Sampling,
): Study {
  const changed = new Set([...Object.keys(given), ...axes.map((axis) => axis.key)]);
  const { tune, baseline, controls = {}, ...rest } = sampling === undefined ? study : drawnAgain(study, sampling);
  const grid = pick(rest.grid, (key) => !changed.has(key));
  for (const { key, values } of axes) grid[key] = values;
  const settings = intoRules(grid, given);
  const drawn = { ...pick(rest.drawn ?? {}, (key) => !changed.has(key)), ...newlyDrawn };
  const base = baseWith(study.base, settings);
  const over = pick(tune?.over ?? {}, (key) => !changed.has(key));
  const run = new Set(ruleNames({ grid, base }));
  const perRule = Object.entries(pick(study.perRule, (rule) => run.has(rule))).map(
    ([rule, own]) => [rule, pick(own, (key) => !changed.has(key))] as const,
  );
  return defineStudy({
    ...rest,
    ...(sampling === undefined ? {} : { samples: sampling.samples, sampleSeed: sampling.seed }),
    drawn,
    base,
    grid,
    perRule: Object.fromEntries(perRule),
    controls: pick(controls, (rule) => run.has(rule)),
    ...(tune && Object.keys(over).length > 0 ? { tune: { over, by: tune.by } } : {}),
    ...(baseline !== undefined && run.has(baseline) ? { baseline } : {}),
  });
}

/** Where a study runs several rules, options that are given go to each of them, as on a command line; returns the other settings. */
function intoRules(
  grid: Record<string, readonly AxisValue[]>,
  settings: Readonly<Record<string, AxisValue>>,
): Record<string, AxisValue> {
  const options = Object.entries(settings).filter(([key]) => key.startsWith("rule."));
  if (grid["rule"] === undefined || options.length === 0) return { ...settings };
  grid["rule"] = grid["rule"].map(
    (rule) => options.reduce<{ rule: AxisValue }>((spec, [key, value]) => withValue(spec, key, value), { rule }).rule,
  );
  return pick(settings, (key) => !key.startsWith("rule."));
}

/** The study with its ranges in the place of what was drawn from them, to be drawn anew. */
function drawnAgain(study: Study, { samples, seed }: Sampling): Study {
  const { drawn = {}, tune, grid } = study;
  const ranged = (axes: Study["grid"]): Study["grid"] =>
    Object.fromEntries(Object.entries(axes).map(([key, values]) => [key, drawn[key] ?? values])) as Study["grid"];
  const { drawn: _old, ...rest } = study;
  return defineStudy({
    ...rest,
    grid: ranged(grid),
    ...(tune ? { tune: { ...tune, over: ranged(tune.over) } } : {}),
    samples,
    sampleSeed: seed,
  });
}

/** One run of a study, with where it stands in the grid. */
export interface PlannedRun {
  /** Identity: the hash of the specification. */
  readonly run: string;
  readonly spec: RunSpec;
  /** Value of every grid axis, seeds included. */
  readonly axes: Readonly<Record<string, AxisValue>>;
  /** Value of every tuned key. */
  readonly tuned: Readonly<Record<string, AxisValue>>;
}

/** True for a key that only repeats a run: `seed`, `seeds.*`. */
export function isSeedKey(key: string): boolean {
  return key === "seed" || key === "seeds" || key.startsWith("seeds.");
}

/** The values of axes. What is drawn from a range is noted in `drawn`. */
function axesOf(
  where: string,
  axes: Record<string, unknown>,
  drawn: Record<string, string>,
  sampling: Sampling | undefined,
  ownTask: boolean,
): Record<string, readonly AxisValue[]> {
  const entries = Object.entries(axes).map(([key, given]): [string, readonly AxisValue[]] => {
    const path = `${where}.${key}`;
    const range = typeof given === "string" ? parseRange(path, key, given) : undefined;
    if (range !== undefined) {
      drawn[key] = range.text;
      return [key, drawValues(key, range, checkedSampling(path, range, sampling))];
    }
    if (typeof given === "string") return [key, parseValues(path, key, given, ownTask)];
    const values = given as readonly AxisValue[];
    for (const value of values) checkValue(path, key, value, ownTask);
    return [key, values];
  });
  return Object.fromEntries(entries);
}

/** Axes that are drawn together have as many values each. */
function checkDrawn(where: string, drawn: Record<string, string>, sections: readonly Study["grid"][]): void {
  for (const axes of sections) {
    const together = Object.entries(axes).filter(([key]) => key in drawn);
    const [first] = together;
    const other = together.find(([, values]) => values.length !== first?.[1].length);
    if (first === undefined || other === undefined) continue;
    throw new Error(
      `${where}: drawn: expected as many values of ${other[0]} as of ${first[0]}, which are drawn together, got ` +
        `${other[1].length} and ${first[1].length}; draw them with the same --samples N`,
    );
  }
  const stray = Object.keys(drawn).find((key) => !sections.some((axes) => key in axes));
  if (stray !== undefined)
    throw new Error(`${where}: drawn.${stray}: expected a key of grid or tune.over; leave it out`);
}

function checkBase(where: string, base: Record<string, unknown>, ownTask: boolean, prefix = ""): void {
  for (const [name, value] of Object.entries(base)) {
    const key = prefix + name;
    if (specKeys().get(key)?.type === "object" && isRecord(value)) checkBase(where, value, ownTask, `${key}.`);
    else if (value !== undefined) checkValue(`${where}.${key}`, key, value, ownTask);
  }
}

function checkRuleNames(where: string, study: Study): void {
  const known = ruleNames(study);
  const named = [
    ...Object.keys(study.perRule).map((rule) => [`perRule.${rule}`, rule] as const),
    ...Object.keys(study.controls ?? {}).map((rule) => [`controls.${rule}`, rule] as const),
    ...(study.baseline === undefined ? [] : [["baseline", study.baseline] as const]),
  ];
  for (const [path, rule] of named) {
    if (known.includes(rule)) continue;
    const nearest = closest(rule, known);
    throw new Error(
      `${where}: ${path}: expected a rule that this study runs, got "${rule}"; did you mean ${nearest}? It runs ${known.join(", ")}`,
    );
  }
}

/** The entries of a record whose key passes. */
export function pick<T>(record: Readonly<Record<string, T>>, keep: (key: string) => boolean): Record<string, T> {
  return Object.fromEntries(Object.entries(record).filter(([key]) => keep(key)));
}

/** The first issue of a zod error as `path: expected ..., got ...`. */
export function issueText(error: z.ZodError, known: readonly string[]): string {
  const [issue] = error.issues;
  if (!issue) return error.message;
  const path = issue.path.length > 0 ? `${issue.path.join(".")}: ` : "";
  if (issue.code !== "unrecognized_keys") {
    const text = issue.message.replace(/^(Invalid|Too) \w+: /, "").replace(", received ", ", got ");
    return path + text;
  }
  const key = issue.keys[0] ?? "";
  const full = [...issue.path, key].join(".");
  const nearest = known.length > 0 && issue.path.length === 0 ? closest(key, [...known]) : nearestKey(full);
  return `${path}expected known keys only, got "${key}"; did you mean ${nearest}?`;
}
