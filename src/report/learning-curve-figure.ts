/**
 * Train loss against step, at the chosen values: mean over seeds and its interval.
 */
import * as Plot from "@observablehq/plot";
import { estimate } from "../measures/statistics.ts";
import type { CurvePoint } from "../study/store/rows.ts";
import { type Cell, chanceError } from "../study/summary/summary.ts";
import type { Figure, FigureInput } from "./figure.ts";
import { drawSvg, facetChannels, leftOutNote, looksFor, panelsOf, dataOf } from "./figure.ts";

/** The metrics of the curves that are drawn. */
export const drawnMetrics = ["trainLoss"] as const;

/** A point of a curve averaged over the seeds of a cell. */
export interface MeanPoint {
  readonly step: number;
  readonly mean: number;
  /** 95 % t interval; the mean itself for one seed. */
  readonly low: number;
  readonly high: number;
  readonly n: number;
}

/**
 * Mean curve of one metric over the seeds of a cell. A run that stopped early keeps its last value, so that the mean does
 * not jump when a good seed is done; a diverged run ends where it diverged.
 */
export function meanCurve(cell: Cell, curves: ReadonlyMap<string, readonly CurvePoint[]>): MeanPoint[] {
  const seeds = cell.repetitions.flatMap(({ run, row }) => {
    const points = (curves.get(run) ?? []).filter(({ value }) => Number.isFinite(value));
    return points.length > 0 ? [{ values: new Map(points.map(({ step, value }) => [step, value])), row }] : [];
  });
  const steps = [...new Set(seeds.flatMap(({ values }) => [...values.keys()]))].sort((a, b) => a - b);
  const last = seeds.map(() => NaN);
  return steps.map((step) => {
    const values = seeds.flatMap(({ values: curve, row }, index) => {
      const value = curve.get(step);
      if (value !== undefined) last[index] = value;
      const held = value ?? (row?.outcome === "stopped" ? last[index] : undefined);
      return held === undefined || Number.isNaN(held) ? [] : [held];
    });
    const { n, mean, interval } = estimate(values);
    const known = Number.isFinite(interval.low);
    return { step, mean, n, low: known ? interval.low : mean, high: known ? interval.high : mean };
  });
}

/** Draws train loss against step; missing while no curve is stored. */
export function learningCurveFigure(input: FigureInput): Figure {
  const head = { id: "learning-curves", title: "Learning curves" };
  const byRun = new Map<string, CurvePoint[]>();
  for (const point of input.curves) {
    if (point.metric !== "trainLoss") continue;
    const points = byRun.get(point.run);
    if (points) points.push(point);
    else byRun.set(point.run, [point]);
  }
  const { panels, leftOut } = panelsOf(input.cells);
  const faceted = panels.length > 1;
  const facet = facetChannels(faceted);
  const points = panels.flatMap(({ cells, fx, fy }) =>
    cells.flatMap((cell) => meanCurve(cell, byRun).map((point) => ({ ...point, fx, fy, rule: cell.rule }))),
  );
  if (points.length === 0) return { ...head, missing: "No curve of the train loss is stored for these runs." };
  const chance = panels.map(({ cells: [cell], fx, fy }) => ({
    fx,
    fy,
    // Of classes that are guessed: -log(1 / classes).
    loss: cell === undefined ? NaN : -Math.log(1 - chanceError(cell.spec)),
  }));
  // One exploding rule must not flatten the others: what lies far above guessing is cut off.
  const ceiling = 2 * Math.max(...chance.map(({ loss }) => loss));
  const top = Math.min(ceiling, 1.05 * Math.max(...points.map(({ mean }) => mean), ...chance.map(({ loss }) => loss)));
  const ends = [...looksFor(input).keys()].flatMap((rule) => {
    const end = points.filter((point) => point.rule === rule && point.fx === 0 && point.fy === 0).at(-1);
    return end ? [`${rule} ${end.mean.toFixed(3)} at step ${end.step}`] : [];
  });
  const alt = `Train loss against step${panels[0]?.label ? `; ends for ${panels[0].label}` : ""}: ${ends.join("; ")}.`;
  const svg = drawSvg({
    id: head.id,
    input,
    panels,
    panelHeight: faceted ? 240 : 340,
    alt,
    legend: true,
    plot: {
      marginLeft: 58,
      marginRight: 24,
      marginBottom: 42,
      marginTop: faceted ? 30 : 16,
      x: { label: "step →", labelAnchor: "center", labelArrow: false, ticks: faceted ? 4 : 8, insetRight: 8 },
      y: { labelAnchor: "center", label: "train loss (nats) →", labelArrow: false, domain: [0, top] },
      marks: [
        Plot.gridY({ stroke: "var(--line)", strokeOpacity: 1 }),
        Plot.ruleY(chance, { ...facet, y: "loss", stroke: "var(--quiet)", strokeDasharray: "4 3" }),
        Plot.text(chance, {
          ...facet,
          y: "loss",
          text: () => "guessing",
          frameAnchor: "right",
          textAnchor: "end",
          dy: -7,
          fill: "var(--quiet)",
        }),
        Plot.areaY(points, {
          ...facet,
          x: "step",
          y1: "low",
          y2: "high",
          z: "rule",
          fill: "rule",
          fillOpacity: 0.15,
          clip: true,
        }),
        ...[...looksFor(input)].map(([rule, { dash }]) =>
          Plot.line(
            points.filter((point) => point.rule === rule),
            {
              ...facet,
              x: "step",
              y: "mean",
              z: "rule",
              stroke: "rule",
              strokeWidth: 1.8,
              strokeDasharray: dash,
              clip: true,
            },
          ),
        ),
        Plot.dot(endMarks(points.filter(({ mean }) => mean <= top)), {
          ...facet,
          x: "step",
          y: "mean",
          fill: "rule",
          symbol: "rule",
          r: 4.5,
        }),
      ],
    },
  });
  const caption =
    "Train loss at the chosen values: mean over seeds and its 95 % t interval. A seed that stopped early keeps its last value, a " +
    "diverged one ends where it diverged. Dashed: loss of guessing, ln n_c." +
    beyondNote(points, top) +
    leftOutNote(leftOut);
  return { ...head, caption, alt, svg, data: dataOf(panels, points) };
}

/** The last point of every line, which carries the rule's symbol. */
function endMarks<P extends { rule: string; fx: number; fy: number }>(points: readonly P[]): P[] {
  const ends = new Map<string, P>();
  for (const point of points) ends.set(`${point.fx} ${point.fy} ${point.rule}`, point);
  return [...ends.values()];
}

/** Which curves leave the frame, and how far they go; "" where none does. */
function beyondNote(points: readonly { readonly rule: string; readonly mean: number }[], top: number): string {
  const highest = new Map<string, number>();
  for (const { rule, mean } of points) if (mean > top) highest.set(rule, Math.max(mean, highest.get(rule) ?? top));
  const told = [...highest].map(([rule, value]) => `${rule} up to ${value.toPrecision(3)}`);
  return told.length === 0 ? "" : ` Above the frame: ${told.join(", ")}.`;
}
