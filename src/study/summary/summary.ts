/**
 * From rows to what a study says: one cell for each combination of grid axes other than seeds, with the tuned values chosen
 * on validation strings and estimates over seeds.
 *
 * A diverged run is a result. Its errors count as chance, except when choosing tuned values, where it counts as the worst
 * there is: a learning rate that sometimes diverges must not win a tie against one that merely learns nothing.
 * A failed run is not a result and counts as missing. Intervals of errors, which are fractions, stay in [0, 1]
 * (`measures/fractions.ts`); those of losses and of differences are t intervals.
 */
import { estimateFraction } from "../../measures/fractions.ts";
import type { Estimate, Interval } from "../../measures/statistics.ts";
import { estimate, holm, mean, pairedTest } from "../../measures/statistics.ts";
import type { AxisValue } from "../spec/keys.ts";
import { labelOf, ruleNameOf, valueAt } from "../spec/keys.ts";
import type { Outcome, RunRow } from "../store/rows.ts";
import type { Signal } from "../../rules/index.ts";
import { taskShapeOf } from "../run/user-tasks.ts";
import type { RunSpec } from "../spec/spec.ts";
import type { PlannedRun, TuneMeasure } from "../spec/study.ts";
import { isSeedKey } from "../spec/study.ts";

/** The numbers of a row that cells summarise. */
export const measures = [
  "trainLoss",
  "trainError",
  "validationLoss",
  "validationError",
  "testLoss",
  "testError",
] as const;
/** Name of one of them. */
export type Measure = (typeof measures)[number];

/** One seed of a cell. */
export interface Repetition {
  /** `seed=3`, or "" when the study repeats nothing. */
  readonly seed: string;
  readonly run: string;
  /** Undefined while the run is missing. */
  readonly row: RunRow | undefined;
}

/** One combination of tuned values in a cell. */
export interface Candidate {
  readonly tuned: Readonly<Record<string, AxisValue>>;
  readonly repetitions: readonly Repetition[];
  /** What the choice is made by (lower is better): mean over seeds, diverged seeds at their worst; NaN with no result yet. */
  readonly score: number;
  /** The validation measure as it is reported: diverged seeds at chance. */
  readonly validation: Estimate;
  readonly outcomes: OutcomeCounts;
}

/** Runs by outcome; `missing` ones have no row yet. */
export type OutcomeCounts = Readonly<Record<Outcome | "missing", number>>;

/** One point of the grid, seeds and tuned keys aside. */
export interface Cell {
  /** Value of every grid axis but the seeds. */
  readonly axes: Readonly<Record<string, AxisValue>>;
  /** The rule, with those of its options that differ between the cells: `feedback (gate=none)`. */
  readonly rule: string;
  /** Name of the rule alone. */
  readonly ruleName: string;
  /** Specification of the first run at the chosen values. */
  readonly spec: RunSpec;
  /** Chosen value of every tuned key; empty when nothing is tuned. */
  readonly chosen: Readonly<Record<string, AxisValue>>;
  /** Some runs are missing or failed, so that the choice or the numbers may still change. */
  readonly provisional: boolean;
  readonly candidates: readonly Candidate[];
  /** Seeds at the chosen values. */
  readonly repetitions: readonly Repetition[];
  readonly outcomes: OutcomeCounts;
  /** Signals that the rule read in these runs and does not claim; its label is marked with a dagger then. */
  readonly undeclared: readonly Signal[];
  /** Estimates over the seeds that have a result, at the chosen values. */
  readonly measures: Readonly<Record<Measure, Estimate>>;
}

/**
 * The cells of planned runs in the order of the plan. `by` says what tuned keys are chosen by. Rows of other runs are
 * ignored; of several rows of one run the one finished last counts.
 */
export function summarise(
  planned: readonly PlannedRun[],
  rows: readonly RunRow[],
  by: TuneMeasure = "validationError",
): Cell[] {
  const byRun = new Map<string, RunRow>();
  for (const row of rows) {
    const old = byRun.get(row.run);
    if (!old || old.finishedAt <= row.finishedAt) byRun.set(row.run, row);
  }
  const groups = groupBy(planned, (run) => JSON.stringify(split(run.axes).cell));
  const cells = [...groups.values()].map((runs) => cellOf(runs, byRun, by));
  return withRuleLabels(cells);
}

/** The runs that cells take their numbers from: those at the chosen values of tuned keys, all where nothing is tuned. */
export function chosenRuns(cells: readonly Cell[]): Set<string> {
  return new Set(cells.flatMap(({ repetitions }) => repetitions.map(({ run }) => run)));
}

/** Probability of a wrong class when guessing evenly: 1 - 1/classes. */
export function chanceError(spec: RunSpec): number {
  return 1 - 1 / taskShapeOf(spec.task).classes;
}

/** One measure of a repetition; NaN when there is no result. A diverged run's errors are chance, its losses infinite. */
export function valueOf({ row }: Repetition, measure: Measure): number {
  if (!row || row.outcome === "failed") return NaN;
  if (row.outcome !== "diverged") return row[measure];
  return measure.endsWith("Error") ? chanceError(row.spec) : Infinity;
}

/** A cell against the baseline cell that shares its other axes, on test error, paired by seed. */
export interface Difference {
  readonly cell: Cell;
  readonly baseline: Cell;
  /** Seeds both have. */
  readonly n: number;
  /** Mean of cell minus baseline: positive when the cell's rule is worse. */
  readonly mean: number;
  readonly interval: Interval;
  /** Paired t-test, two-sided, and the same after Holm's correction for all differences listed. */
  readonly pValue: number;
  readonly adjusted: number;
}

/** Every cell's difference to the baseline rule's cell; cells without one, and the baseline itself, are left out. */
export function differences(cells: readonly Cell[], baseline: string, measure: Measure = "testError"): Difference[] {
  const raw = cells.flatMap((cell) => {
    const others = cells.filter((other) => settingOf(other) === settingOf(cell));
    // By its label, by its name, or by the abbreviation that the study uses for it.
    const against =
      others.find((other) => other.rule === baseline) ??
      others.find((other) => other.ruleName === baseline) ??
      others.find((other) => ruleNameOf(other.axes["rule"]) === baseline);
    if (!against || against === cell) return [];
    const pairs = cell.repetitions.flatMap((repetition) => {
      const partner = against.repetitions.find((other) => other.seed === repetition.seed);
      const pair = [valueOf(repetition, measure), partner ? valueOf(partner, measure) : NaN] as const;
      return pair.every(Number.isFinite) ? [pair] : [];
    });
    const test = pairedTest(
      pairs.map(([value]) => value),
      pairs.map(([, value]) => value),
    );
    const { difference, interval, pValue } = test;
    return [{ cell, baseline: against, n: pairs.length, mean: difference, interval, pValue }];
  });
  const adjusted = holm(raw.map((entry) => entry.pValue));
  return raw.map((entry, index) => ({ ...entry, adjusted: adjusted[index] ?? NaN }));
}

/** The axes of a cell other than its rule and the rule's options, by key. */
export function settingAxes(cell: Pick<Cell, "axes">): Record<string, AxisValue> {
  return Object.fromEntries(Object.entries(cell.axes).filter(([key]) => key !== "rule" && !key.startsWith("rule.")));
}

function settingOf(cell: Cell): string {
  return JSON.stringify(settingAxes(cell));
}

function split(axes: PlannedRun["axes"]): { cell: Record<string, AxisValue>; seed: string } {
  const entries = Object.entries(axes);
  const seeds = entries.filter(([key]) => isSeedKey(key)).map(([key, value]) => `${key}=${labelOf(value)}`);
  return { cell: Object.fromEntries(entries.filter(([key]) => !isSeedKey(key))), seed: seeds.join(" ") };
}

function cellOf(runs: readonly PlannedRun[], rows: ReadonlyMap<string, RunRow>, by: TuneMeasure): Cell {
  const groups = [...groupBy(runs, (run) => JSON.stringify(run.tuned)).values()];
  const candidates = groups.map((group) => candidateOf(group, rows, by));
  const best = choose(candidates, by);
  const spec = groups[candidates.indexOf(best)]?.[0]?.spec;
  const [first] = runs;
  if (!first || !spec) throw new Error("internal: a cell without planned runs");
  const incomplete = candidates.some(({ outcomes }) => outcomes.missing + outcomes.failed > 0);
  return {
    axes: split(first.axes).cell,
    rule: spec.rule.id,
    ruleName: spec.rule.id,
    spec,
    chosen: best.tuned,
    provisional: incomplete,
    candidates,
    repetitions: best.repetitions,
    outcomes: best.outcomes,
    undeclared: [
      ...new Set(
        candidates.flatMap(({ repetitions }) => repetitions.flatMap(({ row }) => row?.knows?.undeclared ?? [])),
      ),
    ],
    measures: Object.fromEntries(measures.map((measure) => [measure, estimateOf(best.repetitions, measure)])) as Record<
      Measure,
      Estimate
    >,
  };
}

function estimateOf(repetitions: readonly Repetition[], measure: Measure): Estimate {
  const measured = repetitions.filter((repetition) => !Number.isNaN(valueOf(repetition, measure)));
  const values = measured.map((repetition) => valueOf(repetition, measure));
  if (!isFraction(measure)) return estimate(values);
  return estimateFraction(
    values,
    measured.reduce((sum, repetition) => sum + stringsOf(repetition, measure), 0),
  );
}

/** Whether a measure is a fraction, of misclassified strings. */
export function isFraction(measure: Measure): measure is ErrorMeasure {
  return measure.endsWith("Error");
}

type ErrorMeasure = Extract<Measure, `${string}Error`>;

const sets = { trainError: "train", validationError: "validation", testError: "test" } as const;

/** The strings on which an error was counted: none for a run that diverged, whose error is what guessing gives. */
function stringsOf({ row }: Repetition, measure: ErrorMeasure): number {
  return row === undefined || row.outcome === "diverged" ? 0 : row.spec.data[sets[measure]];
}

function candidateOf(runs: readonly PlannedRun[], rows: ReadonlyMap<string, RunRow>, by: TuneMeasure): Candidate {
  const repetitions = runs.map(({ run, axes }) => ({ seed: split(axes).seed, run, row: rows.get(run) }));
  const outcomes = { finished: 0, stopped: 0, diverged: 0, failed: 0, missing: 0 };
  for (const { row } of repetitions) outcomes[row?.outcome ?? "missing"]++;
  return {
    tuned: runs[0]?.tuned ?? {},
    repetitions,
    score: mean([...scoresOf(repetitions, by).values()]),
    validation: estimateOf(repetitions, by),
    outcomes,
  };
}

/**
 * The candidate with the lowest mean score over the seeds that all of them have (means over different seeds are not
 * comparable; where no seed is common, over those each has). Ties go to the smaller learning rate, then to the smaller value
 * of the other tuned keys in their order, then to the first.
 */
function choose(candidates: readonly Candidate[], by: TuneMeasure): Candidate {
  const [first] = candidates;
  if (!first) throw new Error("internal: a cell without candidates");
  const seeds = new Map(candidates.map((candidate) => [candidate, scoresOf(candidate.repetitions, by)]));
  const measured = [...seeds.values()].filter((scores) => scores.size > 0);
  const common = [...(measured[0]?.keys() ?? [])].filter((seed) => measured.every((scores) => scores.has(seed)));
  const fair = (candidate: Candidate): number =>
    common.length > 0 ? mean(common.map((seed) => seeds.get(candidate)?.get(seed) ?? NaN)) : candidate.score;
  const compare = (a: Candidate, b: Candidate): number => {
    const [scoreA, scoreB] = [fair(a), fair(b)];
    // Two infinite scores (losses of diverged runs) are a tie, and their difference is not a number.
    if (Math.abs(scoreA - scoreB) > 1e-12) return scoreA - scoreB;
    const keys = Object.keys(a.tuned).sort(
      (x, y) => Number(y === "train.learningRate") - Number(x === "train.learningRate"),
    );
    for (const key of keys) {
      const [x, y] = [a.tuned[key], b.tuned[key]];
      if (typeof x === "number" && typeof y === "number" && x !== y) return x - y;
    }
    return 0;
  };
  return [...candidates.filter((candidate) => !Number.isNaN(fair(candidate)))].sort(compare)[0] ?? first;
}

/** What the choice is made by, for every seed that has a result; the worst there is for one that diverged. */
function scoresOf(repetitions: readonly Repetition[], by: TuneMeasure): Map<string, number> {
  const worst = by === "validationError" ? 1 : Infinity;
  const scores = repetitions.map(
    (repetition) =>
      [repetition.seed, repetition.row?.outcome === "diverged" ? worst : valueOf(repetition, by)] as const,
  );
  return new Map(scores.filter(([, score]) => !Number.isNaN(score)));
}

/** What the dagger of a label means, for those that have one; "" where none has. */
export function undeclaredNote(cells: readonly Cell[]): string {
  const marked = new Map(
    cells.flatMap(({ rule, undeclared }) => (undeclared.length > 0 ? [[rule, undeclared.join(", ")] as const] : [])),
  );
  if (marked.size === 0) return "";
  return `† reads more than its card claims: ${[...marked].map(([rule, reads]) => `${rule.replace(" †", "")} reads ${reads}`).join("; ")}`;
}

/** Adds to each rule's label the options in which cells of that rule differ, and a dagger where it read more than it claims. */
function withRuleLabels(cells: readonly Cell[]): Cell[] {
  return cells.map((cell) => {
    const rivals = cells.filter((other) => other.ruleName === cell.ruleName);
    const options = new Set(rivals.flatMap((other) => Object.keys(other.spec.rule)).filter((name) => name !== "id"));
    const varied = [...options].filter(
      (name) => new Set(rivals.map((other) => JSON.stringify(valueAt(other.spec, `rule.${name}`)))).size > 1,
    );
    const shown = varied.filter(
      (name) => valueAt(cell.spec, `rule.${name}`) !== undefined && !(`rule.${name}` in cell.chosen),
    );
    const rule: Record<string, unknown> = { id: cell.ruleName };
    for (const name of shown) rule[name] = valueAt(cell.spec, `rule.${name}`);
    return { ...cell, rule: cell.undeclared.length > 0 ? `${labelOf(rule)} †` : labelOf(rule) };
  });
}

function groupBy<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group) group.push(item);
    else groups.set(key(item), [item]);
  }
  return groups;
}
