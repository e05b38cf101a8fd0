/** Weights of a network over time with the limits that are predicted for them. */
import * as Plot from "@observablehq/plot";
import { type DrawnFigure, drawSvg, type FigureDocument, looksFor } from "./figure.ts";

/** One quantity over time. */
export interface Course {
  readonly name: string;
  /** At each of the figure's times. */
  readonly values: readonly number[];
  /** Where it is predicted to end; drawn as a dashed level. */
  readonly limit?: number | undefined;
}

/** What is drawn. */
export interface ChainFigureInput {
  readonly title: string;
  readonly caption: string;
  /** Rising. */
  readonly times: readonly number[];
  /** At most twelve are drawn, the last in ink. */
  readonly courses: readonly Course[];
  /** What the values are; names the vertical axis. */
  readonly valueLabel: string;
  readonly document: FigureDocument;
}

const MOST_COURSES = 12;
/** Values beyond this many times the largest start or limit are cut off. */
const HEADROOM = 4;

/** Draws courses as lines and their predicted limits as dashed levels in the same colours. */
export function chainFigure({ title, caption, times, courses, valueLabel, document }: ChainFigureInput): DrawnFigure {
  const shown = courses.length > MOST_COURSES ? [...courses.slice(0, MOST_COURSES - 1), ...courses.slice(-1)] : courses;
  const points = shown.flatMap(({ name, values }) =>
    values.map((value, i) => ({ rule: name, time: times[i] ?? 0, value })),
  );
  const limits = shown.flatMap(({ name, limit }) => (limit === undefined ? [] : [{ rule: name, limit }]));
  const anchors = [...shown.map(({ values }) => values[0] ?? 0), ...limits.map(({ limit }) => limit), 1];
  const bound = HEADROOM * Math.max(...anchors.map(Math.abs));
  const finite = [...points.map(({ value }) => value), ...limits.map(({ limit }) => limit)].filter(Number.isFinite);
  const domain = [Math.max(-bound, Math.min(0, ...finite)), Math.min(bound, Math.max(0, ...finite))];
  const input = {
    cells: shown.map(({ name }) => ({ rule: name, ruleName: name })),
    baseline: shown.at(-1)?.name,
    document,
  };
  const ends = shown.map(({ name, values, limit }) => {
    const at = `${name} ${values.at(-1)?.toPrecision(4) ?? "-"}`;
    return limit === undefined ? at : `${at} (predicted limit ${limit.toPrecision(4)})`;
  });
  const alt = `${title}. At time ${(times.at(-1) ?? 0).toPrecision(3)}: ${ends.join(", ")}.`;
  const svg = drawSvg({
    id: "chain",
    input,
    panels: [{ label: "", fx: 0, fy: 0 }],
    panelHeight: 380,
    alt,
    legend: true,
    plot: {
      marginLeft: 58,
      marginRight: 24,
      marginBottom: 42,
      x: { label: "time →", labelAnchor: "center", labelArrow: false, nice: true },
      y: { label: `${valueLabel} →`, labelAnchor: "center", labelArrow: false, domain, nice: true },
      marks: [
        Plot.gridY({ stroke: "var(--line)", strokeOpacity: 1 }),
        Plot.ruleY([0], { stroke: "var(--quiet)" }),
        Plot.ruleY(limits, { y: "limit", stroke: "rule", strokeDasharray: "2 4", strokeOpacity: 0.9 }),
        ...[...looksFor(input)].map(([name, { dash }]) =>
          Plot.line(
            points.filter(({ rule }) => rule === name),
            { x: "time", y: "value", z: "rule", stroke: "rule", strokeWidth: 2, strokeDasharray: dash, clip: true },
          ),
        ),
      ],
    },
  });
  return { id: "chain", title, caption, alt, svg };
}
