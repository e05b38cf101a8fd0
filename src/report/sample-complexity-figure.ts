/** Test error against the number of training examples P, with the number at which theory expects a network to learn, where it says so. */
import * as Plot from "@observablehq/plot";
import { chanceError } from "../study/summary/summary.ts";
import type { Cell } from "../study/summary/summary.ts";
import { formatFraction } from "../study/summary/table.ts";
import { expectedExamples } from "../study/run/task-words.ts";
import type { Figure, FigureInput } from "./figure.ts";
import { drawSvg, facetChannels, leftOutNote, looksFor, panelsOf, valueAxis, dataOf } from "./figure.ts";

/** Draws test error against P; undefined when the study has one P only, missing while fewer than two have results. */
export function sampleComplexityFigure(input: FigureInput): Figure | undefined {
  const head = { id: "sample-complexity", title: "Test error against training examples" };
  if (sizesOf(input.cells).length < 2) return undefined;
  const measured = input.cells.filter((cell) => cell.measures.testError.n > 0);
  const sizes = sizesOf(measured);
  if (sizes.length < 2) return { ...head, missing: "Fewer than two numbers of training examples have results yet." };
  const { panels, leftOut } = panelsOf(input.cells, ["data.train"]);
  const faceted = panels.length > 1;
  const facet = facetChannels(faceted);
  const points = panels.flatMap(({ cells, fx, fy }) =>
    cells
      .filter((cell) => cell.measures.testError.n > 0)
      .map((cell) => {
        const { mean, interval } = cell.measures.testError;
        const known = Number.isFinite(interval.low);
        return {
          fx,
          fy,
          rule: cell.rule,
          strings: cell.spec.data.train,
          mean,
          low: known ? interval.low : mean,
          high: known ? interval.high : mean,
          text: `${cell.rule}, ${cell.spec.data.train} examples: ${formatFraction(cell.measures.testError)}`,
        };
      }),
  );
  points.sort((a, b) => a.strings - b.strings);
  const theory = panels.flatMap(({ cells, fx, fy }) =>
    [
      ...new Map(
        cells.flatMap(({ spec }) => {
          const expected = expectedExamples(spec.task);
          return expected === undefined ? [] : [[expected.count, expected] as const];
        }),
      ).values(),
    ].map(({ count, formula, words }) => ({ fx, fy, strings: count, formula, words })),
  );
  const chance = panels.flatMap(({ cells, fx, fy }) =>
    [...new Set(cells.map((cell) => chanceError(cell.spec)))].map((error) => ({ fx, fy, error })),
  );
  const alt = `Test error against training examples. ${points.map(({ text }) => text).join("; ")}.`;
  const bounds = [...sizes, ...theory.map(({ strings }) => strings)];
  const looks = looksFor(input);
  const svg = drawSvg({
    id: head.id,
    input,
    panels,
    panelHeight: faceted ? 270 : 360,
    alt,
    legend: true,
    plot: {
      marginLeft: 58,
      marginRight: 24,
      marginBottom: 42,
      marginTop: faceted ? 30 : 16,
      x: {
        type: "log",
        domain: [Math.min(...bounds) / 1.15, Math.max(...bounds) * 1.15],
      },
      y: {
        labelAnchor: "center",
        label: "test error →",
        labelArrow: false,
        domain: [0, Math.min(1, Math.max(...chance.map((c) => c.error)) * 1.1)],
        clamp: true,
      },
      marks: [
        valueAxis(sizes, "training examples P →", faceted ? 6 : 10),
        Plot.gridY({ stroke: "var(--line)", strokeOpacity: 1 }),
        Plot.ruleY(chance, { ...facet, y: "error", stroke: "var(--quiet)", strokeDasharray: "4 3" }),
        Plot.text(chance, {
          ...facet,
          y: "error",
          text: () => "chance",
          frameAnchor: "right",
          textAnchor: "end",
          dy: -7,
          fill: "var(--quiet)",
        }),
        Plot.ruleX(theory, {
          ...facet,
          x: "strings",
          stroke: "var(--quiet)",
          strokeDasharray: "1 3",
          strokeWidth: 1.5,
        }),
        Plot.text(theory, {
          ...facet,
          x: "strings",
          text: ({ strings, formula }: (typeof theory)[number]) => `${formula} = ${strings.toLocaleString("en-US")}`,
          frameAnchor: "bottom",
          dy: -6,
          dx: 5,
          textAnchor: "start",
          fill: "var(--quiet)",
          stroke: "var(--paper)",
          strokeWidth: 4,
        }),
        Plot.areaY(points, {
          ...facet,
          x: "strings",
          y1: "low",
          y2: "high",
          z: "rule",
          fill: "rule",
          fillOpacity: 0.15,
        }),
        ...[...looks].map(([rule, { dash }]) =>
          Plot.line(
            points.filter((point) => point.rule === rule),
            { ...facet, x: "strings", y: "mean", z: "rule", stroke: "rule", strokeWidth: 2, strokeDasharray: dash },
          ),
        ),
        Plot.dot(points, { ...facet, x: "strings", y: "mean", fill: "rule", symbol: "rule", r: 4.5, title: "text" }),
      ],
    },
  });
  const caption =
    "Mean over seeds with its 95 % interval (t on log odds) as a band; values chosen anew at every P. " +
    [...new Set(theory.map(({ formula, words }) => `Dotted: ${formula}, ${words}. `))].join("") +
    "Dashed: chance." +
    leftOutNote(leftOut);
  return { ...head, caption, alt, svg, data: dataOf(panels, points) };
}

function sizesOf(cells: readonly Cell[]): number[] {
  return [...new Set(cells.map((cell) => cell.spec.data.train))].sort((a, b) => a - b);
}
