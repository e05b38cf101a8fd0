/** From the measured channel of a rule to what is said of it: estimates over seeds, orders, bounds, and the claim about backpropagation. */
import { type Estimate, estimate, holm, type Interval, mean, pairedTest } from "../../measures/statistics.ts";
import type { ChosenRule } from "../../rules/index.ts";
import { certificateOf } from "../certificate/certificate.ts";
import { type AnalyticBound, analyticBound, hiddenWeights } from "./bound.ts";
import { float32Bits, perturbationCosineSquared } from "./information.ts";
import { type BatchOperations, batchOperations, type ModelledStep } from "./operations.ts";
import { operationOrder, type Order } from "./order.ts";
import type { ChannelMeasurement, ChannelSample, Information } from "./measure.ts";

/** Information of one layer, or of all, at one step, over runs. */
export interface InformationEstimate {
  /** p, share of signs that agree. */
  readonly signAgreement: Estimate;
  /** rho, uncentred cosine over weights and batches. */
  readonly cosine: Estimate;
  /** Cosine of single batches, over the batches of all runs. */
  readonly batchCosine: Estimate;
  /** Bits a weight of the signs. */
  readonly signBits: Estimate;
  /** Bits a weight of the Gaussian channel, at most the precision. */
  readonly bits: Estimate;
  /** `bits` over the operations a weight of one update; 0 where a rule does nothing. */
  readonly rate: Estimate;
  /** `signBits` over the same. */
  readonly signRate: Estimate;
}

/** The channel of one rule at one step of training. */
export interface ChannelStep {
  readonly step: number;
  readonly all: InformationEstimate;
  /** Input side first. */
  readonly layers: readonly InformationEstimate[];
  /** For normal weight perturbation of all layers at once: mean cos^2 of single batches, and the k/(W+k-1) it must be near. */
  readonly perturbation?: { readonly expected: number; readonly measured: Estimate };
}

/** Everything known of one rule's channel. */
export interface ChannelSummary {
  /** The rule with what distinguishes it here. */
  readonly rule: string;
  /** D. */
  readonly precision: number;
  readonly batch: number;
  /** Trainable numbers of the hidden layers. */
  readonly weights: number;
  /** Of one update by one batch, a weight. */
  readonly operationsPerWeight: number;
  readonly layers: readonly {
    readonly layer: number;
    readonly weights: number;
    readonly operationsPerWeight: number;
    /** Judged numbers (losses, errors, their differences) that come to the layer, by its certificate; one for the whole batch counts as one for each example. */
    readonly judged: number;
    /** What these can bring, at D bits each, whatever they tell of: bits a weight and update, at most D. */
    readonly judgedBits: number;
  }[];
  /** Operations a weight: fixed for each update, and for each example of its batch; undefined where they are no straight line. */
  readonly growth: BatchOperations | undefined;
  /** Found by counting at several sizes. */
  readonly order: Order | undefined;
  /** From theory. */
  readonly bound: AnalyticBound | undefined;
  readonly steps: readonly ChannelStep[];
  /** Rate over all layers of every run at every step, for paired tests; NaN where the run was no longer finite. */
  readonly runs: readonly {
    readonly step: number;
    readonly rates: readonly number[];
    readonly signRates: readonly number[];
  }[];
}

/** What was measured for a model, summed up. `rule` names it, `replicas` is the number of runs. */
export function summariseChannel(
  rule: string,
  modelled: ModelledStep,
  replicas: number,
  { layers, samples }: ChannelMeasurement,
  precision = float32Bits,
): ChannelSummary {
  const { model } = modelled;
  const weights = hiddenWeights(model.network);
  const perWeight = layers.reduce((sum, { operations }) => sum + operations, 0) / weights;
  const growth = batchOperations(modelled);
  const steps = [...new Set(samples.map(({ step }) => step))];
  const judgedBy = certificateOf(modelled.step.traced).layers.map(({ topDown }) =>
    topDown.reduce((sum, { kind, dimension, count }) => (kind === "broadcast" ? sum + dimension * count : sum), 0),
  );
  const costs = layers.map((own) => own.operations / own.weights);
  return {
    rule,
    precision,
    batch: model.batch,
    weights,
    operationsPerWeight: perWeight,
    layers: layers.map(({ layer, weights: own }, i) => {
      const judged = judgedBy[i] ?? 0;
      const judgedBits = Math.min(precision, (precision * judged * model.batch) / own);
      return { layer, weights: own, operationsPerWeight: costs[i] ?? 0, judged, judgedBits };
    }),
    growth: growth && { fixed: growth.fixed / weights, perExample: growth.perExample / weights },
    order: operationOrder(model.rule),
    bound: analyticBound(model.rule, model.network, precision),
    steps: steps.map((step) => {
      const own = samples.filter((sample) => sample.step === step);
      return {
        step,
        all: estimatesOf(
          own.map(({ all }) => all),
          perWeight,
        ),
        layers: layers.map((_, i) =>
          estimatesOf(
            own.flatMap((sample) => sample.layers[i] ?? []),
            costs[i] ?? 0,
          ),
        ),
        ...perturbationAt(model.rule, weights, own),
      };
    }),
    runs: steps.map((step) => {
      const at = (replica: number, bits: (information: Information) => number): number => {
        const found = samples.find((sample) => sample.step === step && sample.replica === replica);
        return found === undefined ? NaN : rateOf(bits(found.all), perWeight);
      };
      const each = Array.from({ length: replicas }, (_, replica) => replica);
      return {
        step,
        rates: each.map((replica) => at(replica, ({ gaussianBits }) => gaussianBits)),
        signRates: each.map((replica) => at(replica, ({ signBits }) => signBits)),
      };
    }),
  };
}

/** Bits over operations; 0 for a rule that neither costs nor says anything. */
function rateOf(bits: number, operations: number): number {
  return operations === 0 ? 0 : bits / operations;
}

function estimatesOf(informations: readonly Information[], operations: number): InformationEstimate {
  const of = (value: (information: Information) => number): Estimate => estimate(informations.map(value));
  return {
    signAgreement: of((one) => one.signAgreement),
    cosine: of((one) => one.cosine),
    batchCosine: estimate(informations.flatMap(({ batchCosines }) => batchCosines)),
    signBits: of((one) => one.signBits),
    bits: of((one) => one.gaussianBits),
    rate: of((one) => rateOf(one.gaussianBits, operations)),
    signRate: of((one) => rateOf(one.signBits, operations)),
  };
}

function perturbationAt(
  { rule, options }: ChosenRule,
  weights: number,
  samples: readonly ChannelSample[],
): Pick<ChannelStep, "perturbation"> {
  const own = options as { readonly draws?: number; readonly scope?: string; readonly distribution?: string };
  const applies = rule.id === "weight-perturbation" && own.scope === "network" && own.distribution === "normal";
  if (!applies || own.draws === undefined) return {};
  const squares = samples.flatMap(({ all }) => all.batchCosines.map((value) => value ** 2));
  return { perturbation: { expected: perturbationCosineSquared(weights, own.draws), measured: estimate(squares) } };
}

/** One rule against the baseline: paired by seed. */
export interface RateComparison {
  readonly rule: string;
  /** Mean rate of the baseline minus that of the rule. */
  readonly difference: number;
  /** 95 % t interval of the difference. */
  readonly interval: Interval;
  /** Two-sided paired t-test, adjusted over all rules (Holm). NaN for fewer than two seeds. */
  readonly pValue: number;
  /**
   * Precision D below which the rule has the higher rate although the baseline knows the gradient perfectly: with D bits at most, it is
   * the cheaper update that wins. 0 where it never does.
   */
  readonly overtakesBelow: number;
}

/** The claim that one rule's rate is the highest, tested at one step. */
export interface RateClaim {
  readonly baseline: string;
  readonly step: number;
  /** `bits`: Gaussian; `signs`: at most 1 bit. */
  readonly reading: "bits" | "signs";
  /** Whether the baseline's mean rate is above every other's and every adjusted p-value below 0.05. */
  readonly supported: boolean;
  readonly comparisons: readonly RateComparison[];
}

/** Tests "the baseline has the highest rate" at a step. Rules without a sample there, or that do nothing, are left out. */
export function rateClaim(
  summaries: readonly ChannelSummary[],
  baseline: string,
  step: number,
  reading: "bits" | "signs",
): RateClaim | undefined {
  const ratesOf = ({ runs }: ChannelSummary): readonly number[] | undefined => {
    const found = runs.find((run) => run.step === step);
    return reading === "bits" ? found?.rates : found?.signRates;
  };
  const base = summaries.find(({ rule }) => rule === baseline);
  const baseRates = base && ratesOf(base);
  if (base === undefined || baseRates === undefined) return undefined;
  const others = summaries.flatMap((summary) => {
    const rates = ratesOf(summary);
    return summary === base || rates === undefined || summary.operationsPerWeight === 0 ? [] : [{ summary, rates }];
  });
  const tests = others.map(({ rates }) => {
    const both = rates.flatMap((rate, i) => {
      const other = baseRates[i] ?? NaN;
      return Number.isFinite(rate) && Number.isFinite(other) ? [[other, rate] as const] : [];
    });
    return pairedTest(
      both.map(([own]) => own),
      both.map(([, own]) => own),
    );
  });
  const adjusted = holm(tests.map(({ pValue }) => pValue));
  const comparisons = others.map(({ summary, rates }, i): RateComparison => {
    const cheaper = base.operationsPerWeight / summary.operationsPerWeight;
    const bits = mean(rates.filter(Number.isFinite)) * summary.operationsPerWeight;
    return {
      rule: summary.rule,
      difference: tests[i]?.difference ?? NaN,
      interval: tests[i]?.interval ?? { low: NaN, high: NaN },
      pValue: adjusted[i] ?? NaN,
      overtakesBelow: cheaper > 1 ? Math.max(0, bits * cheaper) : 0,
    };
  });
  const supported = comparisons.every(({ difference, pValue }) => difference > 0 && pValue < 0.05);
  return { baseline, step, reading, supported, comparisons };
}
