/**
 * What tuned values were chosen from: the validation measure at every value that was tried, for each rule.
 */
import * as Plot from "@observablehq/plot";
import { labelOf } from "../study/spec/keys.ts";
import type { Candidate } from "../study/summary/summary.ts";
import { formatEstimate, formatFraction } from "../study/summary/table.ts";
import type { Figure, FigureInput } from "./figure.ts";
import { drawSvg, facetChannels, leftOutNote, looksFor, panelsOf, valueAxis, dataOf } from "./figure.ts";

/**
 * Draws the validation measure against one tuned key, `train.learningRate` for instance; where several keys are tuned, at
 * the best value of the others. Undefined when the key is not tuned, missing while nothing is measured.
 */
export function sensitivityFigure(input: FigureInput, key: string): Figure | undefined {
  const name = key.slice(key.lastIndexOf(".") + 1).replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  const head = { id: `sensitivity-${key}`, title: `Sensitivity to ${name}` };
  if (!input.cells.some(({ candidates }) => candidates.some(({ tuned }) => key in tuned))) return undefined;
  const { panels, leftOut } = panelsOf(input.cells);
  const faceted = panels.length > 1;
  const facet = facetChannels(faceted);
  const ofLoss = input.tunedBy === "validationLoss";
  const format = ofLoss ? formatEstimate : formatFraction;
  const points = panels.flatMap(({ cells, fx, fy }) =>
    cells.flatMap((cell) =>
      bestBy(key, cell.candidates).map((candidate) => {
        const { mean, interval } = candidate.validation;
        const { diverged } = candidate.outcomes;
        const known = Number.isFinite(interval.low);
        return {
          fx,
          fy,
          rule: cell.rule,
          value: candidate.tuned[key],
          mean,
          low: known ? interval.low : mean,
          high: known ? interval.high : mean,
          diverged,
          chosen: labelOf(cell.chosen[key]) === labelOf(candidate.tuned[key]),
          text: `${cell.rule}, ${name} ${labelOf(candidate.tuned[key])}: ${format(candidate.validation)}${diverged > 0 ? `, ${diverged} diverged` : ""}`,
        };
      }),
    ),
  );
  const finite = points.filter(({ mean }) => Number.isFinite(mean));
  if (finite.length === 0) return { ...head, missing: "No run with a validation measure is stored yet." };
  const numeric = finite.every(({ value }) => typeof value === "number" && value > 0);
  const values = [
    ...new Set(finite.map(({ value }) => (typeof value === "number" && numeric ? value : labelOf(value)))),
  ];
  const measure = ofLoss ? "validation loss (nats)" : "validation error";
  const alt = `${head.title}. ${finite.map(({ text, chosen }) => text + (chosen ? " (chosen)" : "")).join("; ")}.`;
  const x = numeric ? "value" : (point: (typeof finite)[number]) => labelOf(point.value);
  const top = Math.max(...finite.map(({ mean }) => mean)) * 1.08;
  const svg = drawSvg({
    id: head.id,
    input,
    panels,
    panelHeight: faceted ? 240 : 330,
    alt,
    legend: true,
    plot: {
      marginLeft: 58,
      marginRight: 24,
      marginBottom: 42,
      marginTop: faceted ? 30 : 16,
      x: {
        type: numeric ? "log" : "point",
        ...(numeric ? {} : { domain: values }),
        inset: 14,
      },
      y: { labelAnchor: "center", label: `${measure} →`, labelArrow: false, domain: [0, top > 0 ? top : 1] },
      marks: [
        valueAxis(values, `${name} →`, faceted ? 5 : 9),
        Plot.gridY({ stroke: "var(--line)", strokeOpacity: 1 }),
        Plot.ruleX(finite, {
          ...facet,
          x,
          y1: "low",
          y2: "high",
          stroke: "rule",
          strokeWidth: 1.5,
          strokeOpacity: 0.6,
          clip: true,
        }),
        ...[...looksFor(input)].map(([rule, { dash }]) =>
          Plot.line(
            finite.filter((point) => point.rule === rule),
            { ...facet, x, y: "mean", z: "rule", stroke: "rule", strokeWidth: 1.8, strokeDasharray: dash },
          ),
        ),
        Plot.dot(finite, { ...facet, x, y: "mean", fill: "rule", symbol: "rule", r: 4, title: "text" }),
        Plot.dot(
          finite.filter(({ chosen }) => chosen),
          { ...facet, x, y: "mean", stroke: "rule", r: 9, strokeWidth: 1.5 },
        ),
        Plot.text(
          finite.filter(({ diverged }) => diverged > 0),
          { ...facet, x, y: "mean", text: () => "×", dy: -12, fontSize: 15, fill: "rule", fontWeight: 700 },
        ),
      ],
    },
  });
  const diverged = ofLoss
    ? "A value at which some seed diverged has no finite loss and is not drawn."
    : "×: some seed diverged there (shown at chance, counted as worst in the choice).";
  const caption =
    `Mean over seeds with its 95 % ${ofLoss ? "t interval" : "interval (t on log odds)"}, on the validation examples. Ring: the value chosen. ${diverged}` +
    leftOutNote(leftOut);
  return { ...head, caption, alt, svg, data: dataOf(panels, finite) };
}

/** For every value of the key the candidate with the lowest score, in order of the value. */
function bestBy(key: string, candidates: readonly Candidate[]): Candidate[] {
  const best = new Map<string, Candidate>();
  for (const candidate of candidates) {
    const label = labelOf(candidate.tuned[key]);
    const old = best.get(label);
    if (!old || Number.isNaN(old.score) || candidate.score < old.score) best.set(label, candidate);
  }
  return [...best.values()].sort((a, b) => Number(a.tuned[key]) - Number(b.tuned[key]) || 0);
}
