/** The recurrent channel over seeds: estimates for every method and length, beside theory, and whether backpropagation through time is ahead. */
import { type Estimate, estimate, holm, pairedTest } from "../../src/measures/statistics.ts";
import { perturbationCosineSquared } from "../../src/audit/channel/information.ts";
import { type RecurrentMethod, recurrentMethods } from "./network.ts";
import type { RecurrentSample } from "./measure.ts";

/** One method on strings of one length at one step, over seeds. */
export interface RecurrentSummary {
  /** T */
  readonly length: number;
  readonly step: number;
  readonly method: RecurrentMethod;
  readonly weights: number;
  /** Of one update by one batch. */
  readonly operationsPerWeight: number;
  readonly cosine: Estimate;
  /** Of single batches, over the batches of all seeds. */
  readonly cosineSquared: Estimate;
  /** k/(W+k-1), for weight perturbation. */
  readonly expectedCosineSquared: number | undefined;
  readonly bits: Estimate;
  readonly rate: Estimate;
  /** Most bits a weight of one example, by theory: D, or k numbers of D bits shared by W weights, or by N units at T times. */
  readonly boundBits: number;
  /** Paired t-test over seeds of the rate against bptt's, adjusted over all methods, lengths and steps (Holm); undefined for bptt. */
  readonly pValue: number | undefined;
}

/** Sums up the samples of several lengths. */
export function summariseRecurrent(
  measured: readonly { readonly length: number; readonly samples: readonly RecurrentSample[] }[],
  { width, draws, precision }: { readonly width: number; readonly draws: number; readonly precision: number },
): RecurrentSummary[] {
  const rows = measured.flatMap(({ length, samples }) =>
    [...new Set(samples.map(({ step }) => step))].flatMap((step) =>
      recurrentMethods.flatMap((method) => {
        const own = samples.filter((sample) => sample.step === step && sample.method === method);
        const base = samples.filter((sample) => sample.step === step && sample.method === "bptt");
        const [first] = own;
        if (first === undefined) return [];
        const { weights, operationsPerWeight } = first;
        const rateOf = (sample: RecurrentSample): number => sample.bits / sample.operationsPerWeight;
        const both = own.flatMap((sample) => {
          const twin = base.find(({ seed }) => seed === sample.seed);
          return twin === undefined ? [] : [[rateOf(twin), rateOf(sample)] as const];
        });
        const shares = { bptt: 1, "weight-perturbation": weights, "node-perturbation": width * length };
        const test = pairedTest(
          both.map(([ours]) => ours),
          both.map(([, theirs]) => theirs),
        );
        const row: Omit<RecurrentSummary, "pValue"> = {
          length,
          step,
          method,
          weights,
          operationsPerWeight,
          cosine: estimate(own.map(({ cosine }) => cosine)),
          cosineSquared: estimate(own.flatMap(({ batchCosines }) => batchCosines.map((value) => value ** 2))),
          expectedCosineSquared:
            method === "weight-perturbation" ? perturbationCosineSquared(weights, draws) : undefined,
          bits: estimate(own.map(({ bits }) => bits)),
          rate: estimate(own.map(rateOf)),
          boundBits: Math.min(precision, (precision * (method === "bptt" ? 1 : draws)) / shares[method]),
        };
        return [{ row, pValue: method === "bptt" ? undefined : test.pValue }];
      }),
    ),
  );
  const adjusted = holm(rows.flatMap(({ pValue }) => pValue ?? []));
  let next = 0;
  return rows.map(({ row, pValue }) => ({ ...row, pValue: pValue === undefined ? undefined : adjusted[next++] }));
}
