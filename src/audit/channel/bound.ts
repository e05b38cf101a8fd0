/**
 * What theory says a channel can carry and what it costs, by the kind of rule: orders to set beside what is counted and measured.
 *
 * Counted for one example, in the way of Baldi and Sadowski 2016: D bits a real number, W weights, N units outside the input, L
 * layers, k draws, S samples. A loss difference is one number of D bits for all that were shaken together. For perturbed units the
 * presynaptic factor is taken to be known at the synapse, so that what reaches a unit counts for each of its weights: a
 * share of 1/N of the number, not of 1/W.
 */
import { sizeOf } from "../../graph/index.ts";
import type { Network } from "../../networks/index.ts";
import type { ChosenRule } from "../../rules/index.ts";
import { parametersOf } from "../../train/parameters.ts";

/** Bound on the bits a weight of one update by one example, and the order of its operations. */
export interface AnalyticBound {
  /** Bits a weight, at most, in numbers of this network. */
  readonly bits: number;
  /** The same as an order: `D`, `D k/W`, `log2(1+S)/N_l`. */
  readonly bitsOrder: string;
  /** Order of operations a weight: `O(1)`, `O(k)`, `O(S L)`. */
  readonly operationsOrder: string;
  /** The bits are those of the signal, which need not be about the gradient: random feedback. */
  readonly nominal: boolean;
}

/** Trainable numbers of the hidden layers, W. */
export function hiddenWeights(network: Network): number {
  return parametersOf(network).reduce(
    (sum, { learningRate, shape }) => sum + (learningRate === "hidden" ? sizeOf(shape) : 0),
    0,
  );
}

/** Units of the hidden layers, N: those that node perturbation shakes. */
export function hiddenUnits(network: Network): number {
  return network.layers.reduce((sum, { positions, outFeatures }) => sum + positions * outFeatures, 0);
}

/** The bound for a rule in a network at `precision` bits a number (D); undefined where counting says nothing of the rule's kind. */
export function analyticBound(chosen: ChosenRule, network: Network, precision: number): AnalyticBound | undefined {
  const { rule, options } = chosen;
  const D = precision;
  const own = options as { readonly draws?: number; readonly scope?: string; readonly samples?: number };
  const [k, S, L] = [own.draws ?? 1, own.samples ?? 1, network.layers.length];
  const shaken = {
    "weight-perturbation": ["W", hiddenWeights(network)],
    "node-perturbation": ["N", hiddenUnits(network)],
  } as const;
  if (rule.id === "weight-perturbation" || rule.id === "node-perturbation") {
    const [symbol, count] = shaken[rule.id];
    const bits = (share: number): number => Math.min(D, D * k * share);
    const at = (share: number, bitsOrder: string, operationsOrder: string): AnalyticBound => ({
      bits: bits(share),
      bitsOrder,
      operationsOrder,
      nominal: false,
    });
    switch (own.scope) {
      case "layer":
        // Layers of one size.
        return at(L / count, `D k L/${symbol}`, "O(k L)");
      case "local":
        return at(1, "D", `O(k ${symbol})`);
      default:
        return at(1 / count, `D k/${symbol}`, "O(k)");
    }
  }
  if (rule.id === "deep-targets") {
    const widest = Math.max(...network.layers.map(({ positions, outFeatures }) => positions * outFeatures));
    const bits = Math.min(D, Math.log2(1 + S) / widest);
    return { bits, bitsOrder: "log2(1+S)/N_l", operationsOrder: "O(S L)", nominal: false };
  }
  if (rule.family !== "feedback") return undefined;
  return { bits: D, bitsOrder: "D", operationsOrder: "O(1)", nominal: rule.relation !== "equal" };
}
