/** The learning channel as text: a table a rule, the rules side by side, the claim. */
import type { ChannelSummary, InformationEstimate, RateClaim } from "../../audit/channel/summary.ts";
import type { Estimate } from "../../measures/statistics.ts";
import { alignColumns, short } from "../columns.ts";

/** Three digits and half the width of the 95 % interval; the mean alone for one value. */
export function about({ mean, interval }: Estimate): string {
  const half = (interval.high - interval.low) / 2;
  if (!Number.isFinite(half)) return digits(mean, 3);
  // A cosine of 1 varies in its last bit.
  return `${digits(mean, 3)} ± ${digits(half < 1e-9 ? 0 : half, 2)}`;
}

/** A number of `count` digits, as a reader wants it. */
export function digits(value: number, count: number): string {
  const rounded = Number(value.toPrecision(count));
  return rounded !== 0 && Math.abs(rounded) < 1e-3 ? rounded.toExponential() : short(rounded);
}

const head = ["op/weight", "signs agree", "cosine", "sign bits", "bits", "rate"];

function informationCells(operations: number, of: InformationEstimate): string[] {
  return [
    digits(operations, 3),
    about(of.signAgreement),
    about(of.cosine),
    about(of.signBits),
    about(of.bits),
    about(of.rate),
  ];
}

/** One rule: order, bound, growth with the batch, and a line for every layer at every step. */
export function ruleText(summary: ChannelSummary): string {
  const { rule, order, bound, growth, batch, weights, operationsPerWeight, layers, steps } = summary;
  const symbols = Object.entries(order?.symbols ?? {}).map(([symbol, option]) => `${symbol} = ${option}`);
  const counted =
    order === undefined
      ? "no order found: its cost is no polynomial of the sizes, or is not defined for one example"
      : `${order.text} operations a weight and example, counted${symbols.length > 0 ? ` (${symbols.join(", ")})` : ""}`;
  const theory =
    bound === undefined
      ? "theory: nothing counted for this kind of rule"
      : `theory: ${bound.nominal ? "at most " : ""}${bound.bitsOrder} = ${digits(bound.bits, 3)} bits a weight${bound.nominal ? " of signal, not all about the gradient" : ""}, ${bound.operationsOrder}`;
  const perUpdate =
    growth === undefined
      ? ""
      : ` = ${digits(growth.fixed, 3)} an update + ${digits(growth.perExample, 3)} an example x ${batch}`;
  const rows = steps.flatMap(({ step, layers: each, all }) => [
    ...each.map((own, i) => [
      String(step),
      String(layers[i]?.layer ?? ""),
      String(layers[i]?.weights ?? ""),
      ...informationCells(layers[i]?.operationsPerWeight ?? 0, own),
    ]),
    [String(step), "all", String(weights), ...informationCells(operationsPerWeight, all)],
  ]);
  const checks = steps.flatMap(({ step, perturbation: found }) =>
    found === undefined
      ? []
      : [`  step ${step}: mean cos^2 of a batch ${about(found.measured)}, k/(W+k-1) = ${digits(found.expected, 3)}\n`],
  );
  return [
    `${rule}\n`,
    `  ${counted}\n  ${theory}\n`,
    `  ${digits(operationsPerWeight, 3)} operations a weight of one update by a batch${perUpdate}\n`,
    judgedText(layers),
    indented(alignColumns([["step", "layer", "weights", ...head], ...rows], [0, 1, 2, 3])),
    ...checks,
  ].join("");
}

/** What comes to layers as losses and errors, and what it can bring at most; nothing where nothing is judged. */
function judgedText(layers: ChannelSummary["layers"]): string {
  if (layers.every(({ judged }) => judged === 0)) return "";
  const each = layers.map(
    ({ layer, judged, judgedBits }) =>
      `layer ${layer} ${digits(judged, 3)} (at most ${digits(judgedBits, 3)} bits a weight)`,
  );
  return `  judged numbers an example: ${each.join(", ")}\n`;
}

/** All rules side by side at one step. */
export function comparisonText(summaries: readonly ChannelSummary[], step: number): string {
  const rows = summaries.map((summary) => {
    const found = summary.steps.find((own) => own.step === step);
    const cells = found === undefined ? ["diverged"] : informationCells(summary.operationsPerWeight, found.all);
    const bound = summary.bound === undefined ? "-" : `${summary.bound.bitsOrder} = ${digits(summary.bound.bits, 3)}`;
    return [
      summary.rule,
      ...(found === undefined ? [digits(summary.operationsPerWeight, 3), ...cells] : cells),
      summary.order?.text ?? "-",
      bound,
    ];
  });
  const title = step === 0 ? "all layers, at initialisation" : `all layers, after ${step} steps`;
  const table = alignColumns([["rule", ...head, "order", "bits by theory"], ...rows], [1]);
  return `${title}\n${indented(table)}`;
}

/** The claim, and what speaks against it. */
export function claimText({ baseline, step, reading, supported, comparisons }: RateClaim): string {
  const name = reading === "bits" ? "bits" : "sign bits";
  const title = `claim: ${baseline} has the highest rate (${name}, step ${step})`;
  const better = comparisons.filter(({ difference }) => difference <= 0).map(({ rule }) => rule);
  const open = comparisons.filter(({ difference, pValue }) => difference > 0 && !(pValue < 0.05));
  const worst = Math.max(...comparisons.map(({ pValue }) => pValue));
  const verdict = supported
    ? `supported against all ${comparisons.length} others (paired t-tests over seeds, Holm: largest p ${digits(worst, 2)})`
    : [
        "not supported:",
        ...(better.length > 0 ? [`no lower on average: ${better.join(", ")};`] : []),
        ...(open.length > 0
          ? [
              `difference not established: ${open.map(({ rule, pValue }) => `${rule} (p ${digits(pValue, 2)})`).join(", ")}`,
            ]
          : []),
      ].join(" ");
  const cheaper = comparisons.filter(({ overtakesBelow }) => overtakesBelow > 0);
  const note =
    reading === "bits" && cheaper.length > 0
      ? `  cheaper updates that would be ahead if a number had only few bits: ${cheaper
          .map(({ rule, overtakesBelow }) => `${rule} below D = ${digits(overtakesBelow, 2)}`)
          .join(", ")}\n`
      : "";
  return `${title}\n  ${verdict}\n${note}`;
}

/** Lines that are not empty, two characters to the right. */
export function indented(text: string): string {
  return text.replaceAll(/^(?=.)/gm, "  ");
}
