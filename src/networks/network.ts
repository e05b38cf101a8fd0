/**
 * Architectures as data: a stack of layers, each an affine map of patches followed by a pointwise activation, and a
 * linear read-out.
 *
 * Every architecture here is one idea. A layer looks at its input through non-overlapping patches; at each position it
 * computes `a = scale * patch . W + b`, `h = f(a)`. A tree CNN shares W over positions, a locally connected network has
 * one W per position, and a multilayer perceptron has one position whose patch is everything. The read-out is the last layer.
 */
import { sizeOf } from "../graph/index.ts";
import { unitShape } from "./samples.ts";

export type Architecture = "tree-cnn" | "locally-connected" | "mlp" | "own";
export type Activation = "relu" | "tanh" | "linear";
export type Parametrisation = "standard" | "mean-field";
export type Bias = "none" | "shared" | "per-position";

/** Geometry of one layer: what it sees of the layer below, and where its weights are shared. */
export interface Layer {
  /** Counted from 1 at the input side; the read-out comes last. */
  readonly index: number;
  /** `layer1`, ..., `readout`: how the layer is called in files and tables. */
  readonly name: string;
  readonly positions: number;
  /** Size of a patch. */
  readonly inFeatures: number;
  readonly outFeatures: number;
  /** Whether positions share one weight matrix [inFeatures, outFeatures]; if not it is [positions, inFeatures, outFeatures]. */
  readonly shared: boolean;
  readonly activation: Activation;
  readonly bias: Bias;
  /** Factor on the product: 1, or 1/sqrt(inFeatures) in the mean-field parametrisation. */
  readonly scale: number;
  /** Standard deviation of initial weights. */
  readonly initialDeviation: number;
  /** Standard deviation of weights with which linear units keep the variance of their input, in this parametrisation (LeCun et al. 1998). */
  readonly unitDeviation: number;
  /** Whether it sees the positions below side by side, in patches, or the mean of all of them. */
  readonly pooling: "flatten" | "mean";
}

/** The linear softmax layer on the top hidden layer: one position, `classes` units. */
export interface Readout extends Layer {
  readonly classes: number;
}

export interface Network {
  readonly architecture: Architecture;
  /** Input is [batch, positions, channels]: the one-hot code of symbols, or real numbers as they are. */
  readonly input: {
    readonly positions: number;
    readonly channels: number;
    readonly values: "symbols" | "real";
  };
  readonly layers: readonly Layer[];
  readonly readout: Readout;
  /** Factor on the learning rate of stochastic gradient descent: the width in the mean-field parametrisation, else 1. */
  readonly learningRateScale: number;
}

export interface NetworkOptions {
  readonly architecture: Architecture;
  readonly width: number;
  readonly widths?: readonly number[] | undefined;
  readonly depth?: number | undefined;
  readonly activation: Activation;
  readonly parametrisation: Parametrisation;
  readonly bias: Bias;
  readonly readout: "flatten" | "mean";
}

/**
 * What the network is for: `classes` classes of inputs of `positions` positions, `branching` of them in a patch. At each stands one of
 * `channels` symbols, or `channels` real numbers; symbols where nothing is said.
 */
export interface NetworkTask {
  readonly values?: "symbols" | "real";
  readonly positions: number;
  readonly channels: number;
  readonly classes: number;
  readonly branching: number;
}

/**
 * Lays out a network for a task.
 *
 * `standard`: weights N(0, 2/fan-in) for ReLU (He et al. 2015), N(0, 1/fan-in) otherwise, read-out N(0, 1/fan-in).
 * `mean-field`: weights N(0, 1), pre-activations divided by sqrt(fan-in), read-out divided by the width, learning rate of
 * SGD times the width, as in the public code of the random hierarchy model (Cagnetta et al. 2024).
 *
 * Throws Error when a tree network is deeper than its input is long, naming sizes.
 */
export function layOut(task: NetworkTask, options: NetworkOptions): Network {
  const treeDepth = Math.round(Math.log(task.positions) / Math.log(task.branching));
  const widths = options.widths ?? new Array<number>(options.depth ?? treeDepth).fill(options.width);
  const isTree = options.architecture !== "mlp";
  const patch = isTree ? task.branching : 1;
  const fitting = divisions(isTree ? task.positions : 1, patch, widths.length);
  if (fitting < widths.length) {
    throw new Error(
      `network.depth: expected at most ${fitting} layers of a ${options.architecture} on ${task.positions} symbols in patches of ${patch}, ` +
        `got ${widths.length}; choose a smaller network.depth or network.architecture=mlp`,
    );
  }
  const shared = options.architecture !== "locally-connected";
  const { activation, bias } = options;
  return stack(
    task,
    isTree ? task : { positions: 1, channels: task.positions * task.channels },
    widths.map((width) => ({ width, patch, shared, activation, bias, pooling: "flatten" })),
    options,
  );
}

/** How many times, at most `most`, positions can be put together in patches of this size. */
function divisions(positions: number, patch: number, most: number): number {
  let count = 0;
  for (let left = positions; count < most && left % patch === 0; left /= patch) count++;
  return count;
}

/** What a layer is before it stands on another: `patch` positions below are seen by one of its own. */
export interface LayerPlan extends Pick<Layer, "shared" | "activation" | "bias" | "pooling"> {
  readonly width: number;
  readonly patch: number;
}

/** Puts layers and a read-out on an input. The patches of each layer must divide the positions below. */
export function stack(
  task: Pick<NetworkTask, "values" | "classes">,
  input: { readonly positions: number; readonly channels: number },
  plans: readonly LayerPlan[],
  { architecture, parametrisation, readout }: Pick<NetworkOptions, "architecture" | "parametrisation" | "readout">,
): Network {
  const meanField = parametrisation === "mean-field";
  let { positions, channels } = input;
  const layers = plans.map(({ width: outFeatures, patch, shared, activation, bias, pooling }, i): Layer => {
    positions = pooling === "mean" ? 1 : positions / patch;
    const inFeatures = pooling === "mean" ? channels : patch * channels;
    channels = outFeatures;
    const gain = activation === "relu" ? 2 : 1;
    return {
      index: i + 1,
      name: `layer${i + 1}`,
      positions,
      inFeatures,
      outFeatures,
      shared,
      activation,
      bias,
      scale: meanField ? 1 / Math.sqrt(inFeatures) : 1,
      initialDeviation: meanField ? 1 : Math.sqrt(gain / inFeatures),
      unitDeviation: meanField ? 1 : Math.sqrt(1 / inFeatures),
      pooling,
    };
  });

  const inFeatures = readout === "mean" ? channels : positions * channels;
  return {
    architecture,
    input: { positions: input.positions, channels: input.channels, values: task.values ?? "symbols" },
    layers,
    readout: {
      index: plans.length + 1,
      name: "readout",
      positions: 1,
      inFeatures,
      outFeatures: task.classes,
      classes: task.classes,
      shared: true,
      activation: "linear",
      bias: "shared",
      pooling: readout,
      scale: meanField ? 1 / inFeatures : 1,
      initialDeviation: meanField ? 1 : Math.sqrt(1 / inFeatures),
      unitDeviation: meanField ? 1 : Math.sqrt(1 / inFeatures),
    },
    learningRateScale: meanField ? Math.max(...plans.map(({ width }) => width)) : 1,
  };
}

/** Shape of a layer's weights: [in, out], or [positions, in, out] where positions do not share. */
export function weightShape(layer: Layer): readonly number[] {
  return unitShape(layer, layer.outFeatures, layer.inFeatures);
}

/** Shape of a layer's bias: [1, out] or [positions, out]; undefined without bias. */
export function biasShape(layer: Layer): readonly number[] | undefined {
  if (layer.bias === "none") return undefined;
  return [layer.bias === "shared" ? 1 : layer.positions, layer.outFeatures];
}

/** Standard deviation of Glorot and Bengio (2010), sqrt(2 / (inputs + outputs)) in the units of a layer's weights. */
export function glorotDeviation({ inFeatures, outFeatures, unitDeviation }: Layer): number {
  return Math.sqrt((2 * inFeatures) / (inFeatures + outFeatures)) * unitDeviation;
}

/** Hidden layers and read-out, input side first. */
export function allLayers({ layers, readout }: Network): readonly Layer[] {
  return [...layers, readout];
}

/** Trainable numbers of one layer. */
export function parameterCountOf(layer: Layer): number {
  return sizeOf(weightShape(layer)) + sizeOf(biasShape(layer) ?? [0]);
}

/** Trainable numbers in the hidden layers and the read-out. */
export function parameterCount(network: Network): number {
  return allLayers(network).reduce((sum, layer) => sum + parameterCountOf(layer), 0);
}
