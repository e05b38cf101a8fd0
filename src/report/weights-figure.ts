/** Weights over time: what is expected as lines, one simulation as dots. */
import * as Plot from "@observablehq/plot";
import type { DrawnFigure, FigureDocument } from "./figure.ts";
import { drawSvg, looksFor } from "./figure.ts";

/** Courses of the same weights over rising times. */
export interface WeightCourse {
  readonly times: readonly number[];
  /** Weights at each time. */
  readonly states: readonly ArrayLike<number>[];
}

/** What is drawn. */
export interface WeightsFigureInput {
  readonly title: string;
  /** Of the horizontal axis. */
  readonly timeLabel: string;
  readonly expected: WeightCourse;
  readonly simulated?: WeightCourse | undefined;
  readonly caption: string;
  readonly document: FigureDocument;
}

const mostWeights = 12;

/** Draws up to twelve weights. Values beyond three times the largest expected one are cut off where the prediction is finite. */
export function weightsFigure({
  title,
  timeLabel,
  expected,
  simulated,
  caption,
  document,
}: WeightsFigureInput): DrawnFigure {
  const count = Math.min(mostWeights, expected.states[0]?.length ?? 0);
  const names = Array.from({ length: count }, (_, j) => `w${j + 1}`);
  const pointsOf = ({ times, states }: WeightCourse) =>
    states.flatMap((state, i) => names.map((rule, j) => ({ rule, time: times[i] ?? 0, value: state[j] ?? NaN })));
  const [lines, dots] = [pointsOf(expected), simulated === undefined ? [] : pointsOf(simulated)];
  const all = [...lines, ...dots].map(({ value }) => value).filter(Number.isFinite);
  const bound = 3 * Math.max(...lines.map(({ value }) => Math.abs(value)), 0.1);
  const domain = [Math.max(-bound, Math.min(...all)), Math.min(bound, Math.max(...all))];
  const input = { cells: names.map((rule) => ({ rule, ruleName: rule })), document };
  const ends = names.map(
    (name) =>
      `${name} ${
        lines
          .filter(({ rule }) => rule === name)
          .at(-1)
          ?.value.toPrecision(3) ?? "-"
      }`,
  );
  const alt = `${title}. Expected at the end: ${ends.join(", ")}.`;
  const svg = drawSvg({
    id: "weights",
    input,
    panels: [{ label: "", fx: 0, fy: 0 }],
    panelHeight: 380,
    alt,
    legend: true,
    plot: {
      marginLeft: 58,
      marginRight: 24,
      marginBottom: 42,
      x: { label: `${timeLabel} →`, labelAnchor: "center", labelArrow: false },
      y: { label: "weight →", labelAnchor: "center", labelArrow: false, domain, nice: true },
      marks: [
        Plot.gridY({ stroke: "var(--line)", strokeOpacity: 1 }),
        Plot.ruleY([0], { stroke: "var(--quiet)", strokeDasharray: "4 3" }),
        Plot.dot(dots, { x: "time", y: "value", fill: "rule", r: 1.8, fillOpacity: 0.45, clip: true }),
        ...[...looksFor(input)].map(([name, { dash }]) =>
          Plot.line(
            lines.filter(({ rule }) => rule === name),
            { x: "time", y: "value", z: "rule", stroke: "rule", strokeWidth: 2, strokeDasharray: dash, clip: true },
          ),
        ),
      ],
    },
  });
  return { id: "weights", title, caption, alt, svg };
}
