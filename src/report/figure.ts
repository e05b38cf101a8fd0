/**
 * What all figures share: their input, their panels, and how marks of Observable Plot become one SVG with a legend.
 *
 * Figures are SVG text, not elements: the same string goes into the page, a file and a browser. Colours are the variables
 * of `palette.ts`.
 */
import * as Plot from "@observablehq/plot";
import type { AxisValue } from "../study/spec/keys.ts";
import { labelOf } from "../study/spec/keys.ts";
import type { CurvePoint } from "../study/store/rows.ts";
import type { Cell } from "../study/summary/summary.ts";
import { settingAxes } from "../study/summary/summary.ts";
import { escapeMarkup } from "./markup.ts";
import type { RuleLook } from "./palette.ts";
import { colourStyle, looksOf } from "./palette.ts";

/** The part of a DOM document that drawing needs: a browser's `document`, or `figureDocument()` on Node. */
export interface FigureDocument {
  createElementNS(namespace: string, name: string): unknown;
}

/** What a figure is drawn from. */
export interface FigureInput {
  readonly cells: readonly Cell[];
  readonly curves: readonly CurvePoint[];
  /** Rule drawn in ink, by name. */
  readonly baseline?: string | undefined;
  /** What tuned values were chosen by; names an axis. */
  readonly tunedBy?: "validationError" | "validationLoss" | undefined;
  readonly document: FigureDocument;
}

/** A figure, or the reason why there is none yet. */
export type Figure = DrawnFigure | MissingFigure;

/** A figure that could be drawn. */
export interface DrawnFigure {
  readonly id: string;
  readonly title: string;
  /** What is shown and how, for under the figure. */
  readonly caption: string;
  /** The content in words, for readers who do not see it. */
  readonly alt: string;
  /** A whole `<svg>` element; its colours are variables that the page defines. */
  readonly svg: string;
  /** What is drawn, point by point, for a file; left out where nothing but the picture is given. */
  readonly data?: readonly DataRow[];
}

/** A point of a figure: the panel it stands in, and its numbers by name. */
export type DataRow = Readonly<Record<string, string | number | boolean>>;

/** The points of panels as rows of a file: the panel's label first, then all that is not place or words. */
export function dataOf(
  panels: readonly Pick<Panel, "label" | "fx" | "fy">[],
  points: readonly { readonly fx: number; readonly fy: number }[],
): DataRow[] {
  return points.map(({ fx, fy, ...point }) => {
    const panel = panels.find((one) => one.fx === fx && one.fy === fy)?.label ?? "";
    const told = Object.entries(point).filter(([name]) => name !== "text");
    return { panel, ...Object.fromEntries(told.map(([name, value]) => [name, asCell(value)])) };
  });
}

const asCell = (value: unknown): string | number | boolean =>
  typeof value === "number" || typeof value === "boolean" ? value : labelOf(value);

/** Rows as CSV, with a heading; text with a comma, a quote or a line break is quoted. */
export function csvOf(rows: readonly DataRow[]): string {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const cell = (value: DataRow[string] | undefined): string => {
    const text = value === undefined ? "" : String(value);
    return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [columns, ...rows.map((row) => columns.map((name) => row[name]))]
    .map((line) => `${line.map(cell).join(",")}\n`)
    .join("");
}

/** A figure that has nothing to show yet. */
export interface MissingFigure {
  readonly id: string;
  readonly title: string;
  readonly missing: string;
}

/** Width of every figure in pixels. */
export const FIGURE_WIDTH = 860;

/** Rule labels of the cells in their order. */
export function rulesOf(cells: RulesShown["cells"]): string[] {
  return [...new Set(cells.map((cell) => cell.rule))];
}

/** The part of a figure's input that decides how rules look. */
export interface RulesShown extends Pick<FigureInput, "baseline"> {
  readonly cells: readonly Pick<Cell, "rule" | "ruleName">[];
}

/** Looks of the rules of an input: the same in every figure of a study. */
export function looksFor({ cells, baseline }: RulesShown): ReadonlyMap<string, RuleLook> {
  const ink = cells.find((cell) => cell.rule === baseline) ?? cells.find((cell) => cell.ruleName === baseline);
  return looksOf(rulesOf(cells), ink?.rule);
}

/** One small plot of a figure: the cells that share their axes, rule (and `except`) aside. */
export interface Panel {
  /** `data.train=1000 task.m=4`; "" when there is one panel. */
  readonly label: string;
  readonly cells: readonly Cell[];
  /** Column and row, for the facets. */
  readonly fx: number;
  readonly fy: number;
}

const MOST_PANELS = 12;

/** The panels of a figure in the order of the plan, two or three in a row; at most twelve, and how many were left out. */
export function panelsOf(cells: readonly Cell[], except: readonly string[] = []): { panels: Panel[]; leftOut: number } {
  const groups = new Map<string, { axes: Record<string, AxisValue>; cells: Cell[] }>();
  for (const cell of cells) {
    const axes = Object.fromEntries(Object.entries(settingAxes(cell)).filter(([key]) => !except.includes(key)));
    const key = JSON.stringify(axes);
    const group = groups.get(key);
    if (group) group.cells.push(cell);
    else groups.set(key, { axes, cells: [cell] });
  }
  const all = [...groups.values()];
  const varied = new Set(
    all
      .flatMap(({ axes }) => Object.keys(axes))
      .filter((key) => new Set(all.map(({ axes }) => labelOf(axes[key]))).size > 1),
  );
  const shown = all.slice(0, MOST_PANELS);
  const columns = shown.length <= 1 ? 1 : shown.length <= 4 ? 2 : 3;
  const panels = shown.map((group, index) => ({
    label: Object.entries(group.axes)
      .filter(([key]) => varied.has(key))
      .map(([key, value]) => `${key}=${labelOf(value)}`)
      .join("  "),
    cells: group.cells,
    fx: index % columns,
    fy: Math.floor(index / columns),
  }));
  return { panels, leftOut: all.length - shown.length };
}

/** A sentence for the caption when panels were left out; "" otherwise. */
export function leftOutNote(leftOut: number): string {
  return leftOut > 0 ? ` ${leftOut} more panels are not shown; export them one by one.` : "";
}

/** What `drawSvg` draws. */
export interface Drawing {
  /** Id of the figure; names its clip paths. */
  readonly id: string;
  readonly input: RulesShown & Pick<FigureInput, "document">;
  readonly panels: readonly Omit<Panel, "cells">[];
  /** Height of one panel in pixels, axes included. */
  readonly panelHeight: number;
  readonly alt: string;
  /** Scales and marks of Observable Plot; data carry `fx` and `fy` when there is more than one panel. */
  readonly plot: Plot.PlotOptions;
  /** Draw no legend where rules are named otherwise. */
  readonly legend: boolean;
}

/** Draws marks over panels as one SVG with role, title and legend. */
export function drawSvg({ id, input, panels, panelHeight, alt, plot, legend }: Drawing): string {
  const rows = Math.max(...panels.map((panel) => panel.fy)) + 1;
  const faceted = panels.length > 1;
  const height = rows * panelHeight + (faceted ? 20 : 0);
  const looks = looksFor(input);
  const scales = {
    color: { domain: [...looks.keys()], range: [...looks.values()].map((look) => look.colour) },
    symbol: { domain: [...looks.keys()], range: [...looks.values()].map((look) => look.symbol) },
  };
  const shared = { document: input.document as never, width: FIGURE_WIDTH, style: { fontSize: "12px" }, ...scales };
  const labels = Plot.text(panels, {
    ...facetChannels(faceted),
    text: "label",
    frameAnchor: "top-left",
    dy: -8,
    fontWeight: 600,
    lineAnchor: "bottom",
  });
  const body: unknown = Plot.plot({
    marginTop: faceted ? 28 : 14,
    ...plot,
    ...shared,
    height,
    ...(faceted ? { fx: { axis: null, padding: 0.12 }, fy: { axis: null, padding: 0.22 } } : {}),
    marks: [...(faceted ? [Plot.frame({ stroke: "var(--line)" }), labels] : []), ...(plot.marks ?? [])],
  });
  const key = legend ? legendOf(looks, shared) : { inner: "", height: 0 };
  const total = height + key.height;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${FIGURE_WIDTH} ${total}" width="${FIGURE_WIDTH}" height="${total}"`,
    ` role="img" aria-label="${escapeMarkup(alt)}" font-family="system-ui, sans-serif" font-size="12" text-anchor="middle"`,
    ` fill="currentColor" style="color:var(--ink)">`,
    key.inner,
    `<g transform="translate(0,${key.height})">${ownClips(id, innerOf(body))}</g></svg>`,
  ].join("");
}

/** Facet channels of data that carry `fx` and `fy`, or none. */
export function facetChannels(faceted: boolean): { fx?: string; fy?: string } {
  return faceted ? { fx: "fx", fy: "fy" } : {};
}

/**
 * The horizontal axis with a tick at each value; with more than `most` values Plot chooses. A mark, because Plot leaves
 * out most labels of ticks given to a logarithmic scale.
 */
export function valueAxis(values: readonly (number | string)[], label: string, most: number): Plot.Markish {
  const options = { label, labelAnchor: "center", labelArrow: "none" } as const;
  if (values.length > most) return Plot.axisX(options);
  const text = (value: number | string): string =>
    typeof value === "number" && value >= 1 ? value.toLocaleString("en-US") : String(value);
  return Plot.axisX([...values], { ...options, text });
}

/** The figure as a file of its own: colours for light and dark, and a background. */
export function standaloneSvg(figure: DrawnFigure): string {
  const style = `<style>${colourStyle()}</style><rect width="100%" height="100%" fill="var(--paper)"/>`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n${figure.svg.replace(/^<svg[^>]*>/, (open) => open + style)}\n`;
}

const LEGEND_ROW = 22;
/** Mean width in pixels of a character at 12 pixels, system font, with a little room. */
const CHARACTER = 6.8;

/** Width that a text takes, near enough to leave room for it. */
export function textWidth(text: string): number {
  return text.length * CHARACTER;
}

function legendOf(looks: ReadonlyMap<string, RuleLook>, shared: Plot.PlotOptions): { inner: string; height: number } {
  let [x, row] = [0, 0];
  const entries = [...looks].map(([rule, look]) => {
    const width = 44 + textWidth(rule);
    if (x > 0 && x + width > FIGURE_WIDTH) [x, row] = [0, row + 1];
    const entry = { rule, dash: look.dash, x, y: row * LEGEND_ROW + 12 };
    x += width;
    return entry;
  });
  const height = (row + 1) * LEGEND_ROW + 6;
  const plot: unknown = Plot.plot({
    ...shared,
    height,
    margin: 0,
    axis: null,
    x: { type: "identity" },
    y: { type: "identity" },
    marks: [
      ...entries.map((entry) =>
        Plot.link([entry], {
          x1: entry.x + 2,
          x2: entry.x + 24,
          y: "y",
          stroke: "rule",
          strokeWidth: 2,
          strokeDasharray: entry.dash,
        }),
      ),
      Plot.dot(entries, { x: (entry: { x: number }) => entry.x + 13, y: "y", fill: "rule", symbol: "rule", r: 4.5 }),
      Plot.text(entries, { x: (entry: { x: number }) => entry.x + 30, y: "y", text: "rule", textAnchor: "start" }),
    ],
  });
  return { inner: `<g aria-hidden="true">${innerOf(plot)}</g>`, height };
}

/** Plot numbers clip paths through a whole process; a figure must not depend on what was drawn before it. */
function ownClips(id: string, markup: string): string {
  const clips = [...new Set(markup.match(/plot-clip-\d+/g))];
  return markup.replace(/plot-clip-\d+/g, (clip) => `${id}-clip-${clips.indexOf(clip)}`);
}

/** The children of a plot's SVG without its style sheet (its class is not unique in a page), as well-formed XML. */
function innerOf(plot: unknown): string {
  const { innerHTML } = plot as { readonly innerHTML: string };
  return innerHTML.replace(/<style>[^]*?<\/style>/g, "").replaceAll("&nbsp;", "&#160;");
}
