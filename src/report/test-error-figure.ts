/**
 * Test error of every rule at its chosen values: a dot for each seed, the mean, its interval, and chance.
 */
import * as Plot from "@observablehq/plot";
import { formatFraction } from "../study/summary/table.ts";
import { chanceError, valueOf } from "../study/summary/summary.ts";
import type { Figure, FigureInput } from "./figure.ts";
import { drawSvg, facetChannels, leftOutNote, panelsOf, rulesOf, textWidth, dataOf } from "./figure.ts";

/** Draws test error by rule; missing while no run has a test error. */
export function testErrorFigure(input: FigureInput): Figure {
  const head = { id: "test-error", title: "Test error by rule" };
  const measured = input.cells.filter((cell) => cell.measures.testError.n > 0);
  if (measured.length === 0) return { ...head, missing: "No run has a test error yet." };
  const { panels, leftOut } = panelsOf(input.cells);
  const faceted = panels.length > 1;
  const facet = facetChannels(faceted);
  const rules = rulesOf(input.cells);
  const chance = panels.map(({ cells: [cell], fx, fy }) => ({ fx, fy, chance: cell ? chanceError(cell.spec) : NaN }));
  const means = panels.flatMap(({ cells, fx, fy }) =>
    cells
      .filter((cell) => cell.measures.testError.n > 0)
      .map((cell) => {
        const { mean, interval } = cell.measures.testError;
        const text = `${cell.rule}: ${formatFraction(cell.measures.testError)}`;
        return { fx, fy, rule: cell.rule, mean, ...interval, text };
      }),
  );
  const seeds = panels.flatMap(({ cells, fx, fy }) =>
    cells.flatMap((cell) =>
      cell.repetitions
        .map((repetition) => ({
          fx,
          fy,
          rule: cell.rule,
          error: valueOf(repetition, "testError"),
          seed: repetition.seed,
        }))
        .filter(({ error }) => Number.isFinite(error)),
    ),
  );
  const alt = `Test error by rule. ${means.map(({ text }) => text).join("; ")}. Chance ${chance.map((c) => c.chance.toFixed(3))[0] ?? ""}.`;
  const top = Math.max(...chance.map((c) => c.chance), ...seeds.map((s) => s.error), ...means.map((m) => m.high || 0));
  const svg = drawSvg({
    id: head.id,
    input,
    panels,
    panelHeight: Math.max(70, rules.length * 28) + 56,
    alt,
    legend: false,
    plot: {
      marginLeft: Math.min(300, Math.max(...rules.map(textWidth)) + 18),
      marginTop: faceted ? 28 : 20,
      marginRight: 24,
      marginBottom: 40,
      x: {
        label: "test error (fraction of test strings) →",
        domain: [0, Math.min(1, top * 1.04)],
        labelAnchor: "center",
        labelArrow: false,
      },
      y: { label: null, domain: rules, type: "point", padding: 0.6 },
      marks: [
        Plot.gridX({ stroke: "var(--line)", strokeOpacity: 1 }),
        Plot.ruleX(chance, { ...facet, x: "chance", stroke: "var(--quiet)", strokeDasharray: "4 3" }),
        // In small panels the word would run into the panel's label; the caption says what the line is.
        Plot.text(faceted ? [] : chance, {
          x: "chance",
          text: () => "chance",
          frameAnchor: "top",
          dy: -10,
          fill: "var(--quiet)",
        }),
        Plot.link(
          means.filter(({ low, high }) => Number.isFinite(low + high)),
          {
            ...facet,
            x1: "low",
            x2: "high",
            y: "rule",
            stroke: "rule",
            strokeWidth: 3,
            strokeOpacity: 0.55,
          },
        ),
        Plot.dot(seeds, {
          ...facet,
          x: "error",
          y: "rule",
          stroke: "rule",
          r: 3,
          dy: 9,
          strokeWidth: 1.2,
          title: ({ rule, seed, error }: (typeof seeds)[number]) => `${rule} ${seed}: ${error.toFixed(4)}`,
        }),
        Plot.dot(means, { ...facet, x: "mean", y: "rule", fill: "rule", symbol: "rule", r: 5.5, title: "text" }),
      ],
    },
  });
  const caption =
    "Filled symbol: mean over seeds; bar: its 95 % interval (t on log odds); open circles below: the seeds. Dashed: chance." +
    leftOutNote(leftOut);
  return { ...head, caption, alt, svg, data: dataOf(panels, means) };
}
