/**
 * The infomorphic neuron: sources, how they drive the output, and their bins.
 *
 *   R = a (the drive),   C = W_c onehot(y) + b_c,   L = V y' + b_l  (V without diagonal)
 *   A = R [1 - sum_i c_i + g sum_i c_i sigma(w R S_i)]  over S = C (and L),   p(Y = +1) = sigma(A)
 *
 * R drives, the others only scale it: A has the sign of R. y' is what the layer's neurons say before they hear one another,
 * a constant. Signals are samples [.., samples, units]; a neuron is one unit at one position.
 */
import { z } from "zod";
import { concat, constant, range, type Tensor } from "../../graph/index.ts";
import type { Initial, LayerView, Workspace } from "../contract/index.ts";
import type { Responses } from "./information.ts";

/** Options of neurons with a receptive and a contextual source. */
export const neuronOptions = {
  contextModulation: z.number().min(0).max(1).default(0.1).describe("c_1, how much the context scales the drive"),
  steepness: z.number().default(2).describe("w, in the sigmoid of a product of sources"),
  contextPositions: z
    .enum(["shared", "specific"])
    .default("specific")
    .describe("whether the positions of a layer share the weights of their context"),
  bins: z.int().min(2).default(8).describe("bins per source"),
  binning: z
    .enum(["batch", "fixed"])
    .default("batch")
    .describe("bins between plus and minus a neuron's largest value in the batch, or between plus and minus range"),
  range: z.number().positive().default(20).describe("binning=fixed: values beyond fall into the outer bins"),
  floor: z.number().positive().lt(0.5).default(1e-6).describe("least probability of an output"),
};
/** Options of a lateral source. */
export const lateralOptions = {
  lateralModulation: z
    .number()
    .min(0)
    .max(1)
    .default(0.1)
    .describe("c_2, how much the lateral source scales the drive"),
  lateralOutputs: z
    .enum(["sampled", "expected"])
    .default("sampled")
    .describe("what neurons tell one another: outputs -1 or 1 drawn by their probability, or their expectation"),
};
export interface NeuronOptions {
  readonly contextModulation: number;
  readonly steepness: number;
  readonly contextPositions: "shared" | "specific";
  readonly bins: number;
  readonly binning: "batch" | "fixed";
  readonly range: number;
  readonly floor: number;
}
export interface LateralOptions {
  readonly lateralModulation: number;
  readonly lateralOutputs: "sampled" | "expected";
}

/** A modulating source and its strength c_i. */
interface Modulator {
  readonly source: Tensor;
  readonly strength: number;
}

/** A. `gain` is g: 2 keeps A = R where a modulator is 0. */
function activation(drive: Tensor, modulators: readonly Modulator[], steepness: number, gain: number): Tensor {
  const rest = 1 - modulators.reduce((sum, { strength }) => sum + strength, 0);
  const scales = modulators.map(({ source, strength }) =>
    drive
      .mul(source)
      .mul(steepness)
      .sigmoid()
      .mul(gain * strength),
  );
  return drive.mul(scales.reduce((sum, scale) => sum.add(scale)).add(rest));
}

/** As linear layers of the authors' library start. */
const drawn = (fanIn: number): Initial => ({ kind: "uniform", bound: 1 / Math.sqrt(fanIn) });

function context(view: LayerView, { target, classes }: Workspace, { contextPositions }: NeuronOptions): Tensor {
  const specific = contextPositions === "specific";
  const neurons = specific ? view.unitsInAll : view.units;
  const weight = view.head("context", [classes, neurons], drawn(classes));
  const bias = view.head("contextBias", [1, neurons], drawn(classes));
  const source = target.matmul(weight).add(bias);
  const ofUnits = specific ? view.fromExamples(source) : view.toEverySample(source);
  return ofUnits.broadcastTo(view.preactivation.shape);
}

function lateral(view: LayerView, first: (source: Tensor) => Tensor, sampled: boolean): Tensor {
  const { units, preactivation } = view;
  const weight = view.head("lateral", "between units", drawn(units));
  const bias = view.head("lateralBias", "per unit", drawn(units));
  const others = constant(range(units), [units], "int32").oneHot(units).oneMinus();
  const probability = first(bias.broadcastTo(preactivation.shape)).sigmoid().stopGradient();
  const said = sampled
    ? view.noise("lateralOutputs", "units", "uniform").less(probability).where(1, -1)
    : probability.mul(2).sub(1);
  return said.matmul(weight.mul(others)).add(bias);
}

/** Bin of every neuron's value x [batch, neurons], i32. No gradient. */
function binsOf(values: Tensor, { bins, binning, range: reach }: NeuronOptions): Tensor {
  const x = values.stopGradient();
  const scaled = binning === "fixed" ? x.mul(1 / reach) : x.div(x.abs().max(0, { keepdims: true }).add(1e-12));
  const place = scaled
    .add(1)
    .mul(bins / 2)
    .floor();
  // Written so that what is not a number falls into a bin too: a diverged replica must not index outside the histogram.
  return place
    .greater(0)
    .where(place, 0)
    .minimum(bins - 1)
    .cast("int32");
}

/** What a layer's neurons do on the batch. With `lateral` options neurons have the third source. */
export function respond(
  view: LayerView,
  workspace: Workspace,
  options: NeuronOptions & Partial<LateralOptions>,
  gain: number,
): Responses {
  const drive = view.preactivation;
  const modulators: Modulator[] = [{ source: context(view, workspace, options), strength: options.contextModulation }];
  const { lateralModulation, lateralOutputs } = options;
  const act = (all: readonly Modulator[]): Tensor => activation(drive, all, options.steepness, gain);
  if (lateralModulation !== undefined) {
    const withLateral = (source: Tensor): Modulator[] => [...modulators, { source, strength: lateralModulation }];
    const source = lateral(view, (silence) => act(withLateral(silence)), lateralOutputs === "sampled");
    modulators.push({ source, strength: lateralModulation });
  }
  const a = view.perExample(act(modulators)).expand(2);
  const outputs = concat([a, a.neg()], 2).sigmoid();
  return {
    outputs: outputs.maximum(options.floor).minimum(1 - options.floor),
    bins: [drive, ...modulators.map(({ source }) => source)].map((x) => binsOf(view.perExample(x), options)),
    binCount: options.bins,
  };
}
