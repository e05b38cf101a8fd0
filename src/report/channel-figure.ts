/** The rate of a rule's learning channel against depth: bits about the gradient over operations, layer by layer. */
import * as Plot from "@observablehq/plot";
import type { Figure, FigureDocument } from "./figure.ts";
import { drawSvg, facetChannels, looksFor, valueAxis } from "./figure.ts";

/** The rate of one rule at one layer and step: mean and 95 % interval over seeds. */
export interface RatePoint {
  readonly rule: string;
  /** Counted from 1 at the input side. */
  readonly layer: number;
  /** Step of training; 0 is initialisation. */
  readonly step: number;
  /** Bits an operation. */
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/**
 * Draws rate against layer, a panel a step and a line a rule; `baseline` is drawn in ink. Rates of 0 and below lie hollow on the
 * lower edge, and a rule that has no other is left out.
 */
export function channelFigure(
  all: readonly RatePoint[],
  { baseline, document }: { readonly baseline?: string | undefined; readonly document: FigureDocument },
): Figure {
  const head = { id: "channel-rate", title: "Rate of the learning channel against depth" };
  const positive = all.filter(({ mean }) => mean > 0);
  const points = all.filter(({ rule }) => positive.some((point) => point.rule === rule));
  if (positive.length === 0) return { ...head, missing: "No rule has a rate above 0." };
  const floor = Math.min(...positive.map(({ mean }) => mean)) / 3;
  const top = Math.max(...points.map(({ mean, high }) => (Number.isFinite(high) ? high : mean))) * 2;
  const steps = [...new Set(points.map(({ step }) => step))];
  const layers = [...new Set(points.map(({ layer }) => layer))];
  const rules = [...new Set(points.map(({ rule }) => rule))];
  const input = { cells: rules.map((rule) => ({ rule, ruleName: rule })), baseline, document };
  const faceted = steps.length > 1;
  const facet = facetChannels(faceted);
  const shown = points.map((point) => ({
    ...point,
    fx: steps.indexOf(point.step) % 2,
    fy: Math.floor(steps.indexOf(point.step) / 2),
    y: Math.max(floor, point.mean),
    above: point.mean > 0,
    // A gap, not a fall to the edge.
    line: point.mean > 0 ? point.mean : NaN,
    from: Math.max(floor, Number.isFinite(point.low) ? point.low : point.mean),
    to: Math.max(floor, Number.isFinite(point.high) ? point.high : point.mean),
  }));
  const panels = steps.map((step, i) => ({
    label: step === 0 ? "at initialisation" : `after ${step} steps`,
    fx: i % 2,
    fy: Math.floor(i / 2),
  }));
  const alt = `${head.title}. ${points
    .map(({ rule, layer, step, mean }) => `${rule}, layer ${layer}, step ${step}: ${mean.toPrecision(2)}`)
    .join("; ")}.`;
  const svg = drawSvg({
    id: head.id,
    input,
    panels,
    panelHeight: faceted ? 400 : 420,
    alt,
    legend: true,
    plot: {
      marginLeft: 62,
      marginRight: 24,
      marginBottom: 42,
      marginTop: faceted ? 30 : 16,
      x: { type: "point", domain: layers, padding: 0.3 },
      y: { type: "log", domain: [floor, top] },
      marks: [
        valueAxis(layers, "layer, input side first →", 12),
        Plot.axisY({
          label: "rate (bits an operation) →",
          labelAnchor: "center",
          labelArrow: "none",
          tickFormat: powerOfTen,
        }),
        Plot.gridY({ stroke: "var(--line)", strokeOpacity: 1 }),
        Plot.ruleX(shown, {
          ...facet,
          x: "layer",
          y1: "from",
          y2: "to",
          stroke: "rule",
          strokeOpacity: 0.3,
          clip: true,
        }),
        ...[...looksFor(input)].map(([rule, { dash }]) =>
          Plot.line(
            shown.filter((point) => point.rule === rule),
            { ...facet, x: "layer", y: "line", z: "rule", stroke: "rule", strokeWidth: 1.8, strokeDasharray: dash },
          ),
        ),
        Plot.dot(
          shown.filter(({ above }) => above),
          { ...facet, x: "layer", y: "y", fill: "rule", symbol: "rule", r: 4 },
        ),
        Plot.dot(
          shown.filter(({ above }) => !above),
          { ...facet, x: "layer", y: "y", stroke: "rule", fill: "var(--paper)", symbol: "rule", r: 4 },
        ),
      ],
    },
  });
  const caption =
    "Bits about the gradient a weight over operations a weight of one update, each layer by itself: mean over seeds and its 95 % t " +
    "interval. Hollow on the lower edge: no rate above 0.";
  return { ...head, caption, alt, svg };
}

/** `10⁻³` at whole powers of ten, nothing between them. */
function powerOfTen(value: number): string {
  const power = Math.log10(value);
  if (Math.abs(power - Math.round(power)) > 1e-6) return "";
  const digits = String(Math.round(power)).replaceAll(/[-\d]/g, (sign) =>
    sign === "-" ? "⁻" : ("⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(sign)] ?? ""),
  );
  return `10${digits}`;
}
