/**
 * Cells as a plain-text table for a terminal.
 */
import type { Estimate } from "../../measures/statistics.ts";
import { labelOf, ruleNameOf } from "../spec/keys.ts";
import { edgeNotes } from "./edges.ts";
import type { Cell, Difference, OutcomeCounts } from "./summary.ts";
import { chanceError, settingAxes, undeclaredNote } from "./summary.ts";

/** A column: its title and how a cell fills it. */
export interface Column {
  readonly title: string;
  readonly text: (cell: Cell) => string;
  readonly align: "left" | "right";
  /** Columns with the highest number go first when the terminal is too narrow; 0 always stays. */
  readonly dispensable: number;
}

/** Rules that are there as controls, and what each one controls for. */
export type Controls = Readonly<Record<string, string>>;

/** Whether a cell is of a rule that is there as a control, by its name or the abbreviation that the study uses for it. */
export function isControl({ ruleName, axes }: Cell, controls: Controls): boolean {
  return ruleName in controls || ruleNameOf(axes["rule"]) in controls;
}

function withControls(column: Column, controls: Controls): Column {
  return { ...column, text: (cell) => column.text(cell) + (isControl(cell, controls) ? " (control)" : "") };
}

/** What the brackets of `formatFraction` hold. */
export const fractionNote = "in brackets the 95 % interval over seeds (t on log odds, exact binomial where all agree)";

/** The mean of a fraction with its 95 % interval, `0.012 [0.007, 0.021]`; the mean alone for one seed; `-` for none. */
export function formatFraction({ n, mean, interval }: Pick<Estimate, "n" | "mean" | "interval">): string {
  if (n === 0 || Number.isNaN(mean)) return "-";
  if (Number.isNaN(interval.low)) return mean.toFixed(3);
  return `${mean.toFixed(3)} [${interval.low.toFixed(3)}, ${interval.high.toFixed(3)}]`;
}

/** The mean with the half-width of its 95 % t interval, `0.012 ± 0.003`; the mean alone for one seed; `-` for none. */
export function formatEstimate({ n, mean, interval }: Pick<Estimate, "n" | "mean" | "interval">, digits = 3): string {
  if (n === 0 || Number.isNaN(mean)) return "-";
  const half = interval.high - mean;
  return Number.isNaN(half) ? mean.toFixed(digits) : `${mean.toFixed(digits)} ± ${half.toFixed(digits)}`;
}

/** A probability as a reader wants it: `0.031`, `< 0.001`, `-` when undefined. */
export function formatP(p: number): string {
  if (Number.isNaN(p)) return "-";
  return p < 0.001 ? "< 0.001" : p.toFixed(3);
}

/** What a reader should know of a cell's runs: `1 diverged, 2 missing`; "" when all is well. */
export function outcomeNote(outcomes: OutcomeCounts, provisional: boolean): string {
  const parts = (["diverged", "failed", "missing"] as const)
    .filter((outcome) => outcomes[outcome] > 0)
    .map((outcome) => `${outcomes[outcome]} ${outcome}`);
  if (provisional) parts.push("provisional");
  return parts.join(", ");
}

/** The columns for these cells: rule, axes that vary, chosen values, seeds, errors, notes. */
export function columnsOf(cells: readonly Cell[]): Column[] {
  const axes = [...new Set(cells.flatMap((cell) => Object.keys(settingAxes(cell))))];
  const varied = axes.filter((key) => new Set(cells.map((cell) => JSON.stringify(cell.axes[key]))).size > 1);
  const tuned = [...new Set(cells.flatMap((cell) => Object.keys(cell.chosen)))];
  const error = (
    title: string,
    measure: "trainError" | "validationError" | "testError",
    dispensable: number,
  ): Column => ({
    title,
    text: (cell) => formatFraction(cell.measures[measure]),
    align: "right",
    dispensable,
  });
  const columns: Column[] = [
    { title: "rule", text: (cell) => cell.rule, align: "left", dispensable: 0 },
    ...varied.map((key): Column => ({
      title: key,
      text: (cell) => labelOf(cell.axes[key]),
      align: "right",
      dispensable: 0,
    })),
    ...tuned.map((key): Column => ({
      title: key,
      text: (cell) => labelOf(cell.chosen[key]),
      align: "right",
      dispensable: 1,
    })),
    { title: "seeds", text: seedsText, align: "right", dispensable: 2 },
    error("train error", "trainError", 4),
    error("validation error", "validationError", 3),
    error("test error", "testError", 0),
    { title: "", text: (cell) => outcomeNote(cell.outcomes, cell.provisional), align: "left", dispensable: 0 },
  ];
  return columns.filter((column) => column.title !== "" || cells.some((cell) => column.text(cell) !== ""));
}

function seedsText({ measures, repetitions }: Cell): string {
  const done = measures.testError.n;
  return done === repetitions.length ? `${done}` : `${done}/${repetitions.length}`;
}

/**
 * An aligned table of cells, at most `width` characters wide where it can be: dispensable columns go first, then the rule's
 * name is shortened. Ends with lines that explain the numbers, what each control controls for, and what to beware of.
 */
export function renderTable(cells: readonly Cell[], width = Infinity, controls: Controls = {}): string {
  if (cells.length === 0) return "no runs planned\n";
  let columns = columnsOf(cells).map((column, index) => (index === 0 ? withControls(column, controls) : column));
  while (widthOf(columns, cells) > width) {
    const worst = Math.max(...columns.map((column) => column.dispensable));
    if (worst === 0) break;
    columns = columns.filter((column) => column.dispensable !== worst);
  }
  const excess = widthOf(columns, cells) - width;
  const rows = columns.map((column, index) => {
    const texts = [column.title, ...cells.map(column.text)];
    return index === 0 && excess > 0 ? texts.map((text) => shorten(text, lengthOf(texts) - excess)) : texts;
  });
  const chances = [...new Set(cells.map((cell) => chanceError(cell.spec).toFixed(3)))];
  const note = `mean, ${fractionNote}; chance ${chances.join(", ")}`;
  const undeclared = undeclaredNote(cells);
  const lines = [
    aligned(rows, columns),
    note,
    ...Object.entries(controls).map(([rule, shows]) => `control ${rule}: ${shows}`),
    ...(undeclared === "" ? [] : [undeclared]),
    ...edgeNotes(cells),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

/** An aligned table of differences in test error to the baseline, positive when worse than it. */
export function renderDifferences(differences: readonly Difference[]): string {
  const [first] = differences;
  if (!first) return "";
  const setting = (cell: Cell): string =>
    Object.entries(settingAxes(cell))
      .map(([key, value]) => `${key}=${labelOf(value)}`)
      .join(" ");
  const columns = [
    ["rule", ...differences.map(({ cell }) => cell.rule)],
    ["where", ...differences.map(({ cell }) => setting(cell))],
    [`minus ${first.baseline.rule}`, ...differences.map((entry) => formatEstimate(entry))],
    ["p", ...differences.map((entry) => formatP(entry.pValue))],
    ["p (Holm)", ...differences.map((entry) => formatP(entry.adjusted))],
  ].filter((texts) => texts.slice(1).some((text) => text !== ""));
  const aligns = columns.map(
    ([title]) => ({ align: title === "rule" || title === "where" ? "left" : "right" }) as const,
  );
  return `${aligned(columns, aligns)}\n`;
}

const GAP = "  ";

function aligned(columns: readonly (readonly string[])[], options: readonly Pick<Column, "align">[]): string {
  const lengths = columns.map(lengthOf);
  const lines = (columns[0] ?? []).map((_, row) =>
    columns
      .map((texts, column) => {
        const text = texts[row] ?? "";
        const length = lengths[column] ?? 0;
        return options[column]?.align === "right" ? text.padStart(length) : text.padEnd(length);
      })
      .join(GAP)
      .trimEnd(),
  );
  return lines.join("\n");
}

function widthOf(columns: readonly Column[], cells: readonly Cell[]): number {
  const widths = columns.map((column) => lengthOf([column.title, ...cells.map(column.text)]));
  return widths.reduce((sum, width) => sum + width, 0) + GAP.length * (columns.length - 1);
}

function lengthOf(texts: readonly string[]): number {
  return Math.max(...texts.map((text) => text.length));
}

function shorten(text: string, length: number): string {
  const most = Math.max(length, 8);
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}
