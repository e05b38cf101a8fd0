/** Cells and differences as `--json` prints them: `run` and `compare` share these keys. */
import type { Estimate } from "../measures/statistics.ts";
import type { Cell, Difference } from "../study/summary/summary.ts";
import { measures } from "../study/summary/summary.ts";

/** A mean over seeds with its 95 % interval, that of an error within [0, 1]; null where there are too few values. */
export interface EstimateJson {
  readonly n: number;
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/** `{ rule, axes, chosen, provisional, outcomes, runs, measures: { testError: { n, mean, low, high }, ... } }` */
export function cellJson(cell: Cell): Record<string, unknown> {
  return {
    rule: cell.rule,
    axes: cell.axes,
    chosen: cell.chosen,
    provisional: cell.provisional,
    outcomes: cell.outcomes,
    runs: cell.repetitions.map(({ run }) => run),
    measures: Object.fromEntries(measures.map((measure) => [measure, estimateJson(cell.measures[measure])])),
  };
}

/** `{ rule, baseline, axes, n, mean, low, high, pValue, adjusted }`: test error of the rule minus that of the baseline. */
export function differenceJson({
  cell,
  baseline,
  n,
  mean,
  interval,
  pValue,
  adjusted,
}: Difference): Record<string, unknown> {
  const { low, high } = interval;
  return { rule: cell.rule, baseline: baseline.rule, axes: cell.axes, n, mean, low, high, pValue, adjusted };
}

function estimateJson({ n, mean, interval: { low, high } }: Estimate): EstimateJson {
  return { n, mean, low, high };
}
