/**
 * The learning channel of a rule, after Baldi and Sadowski 2016: bits about the gradient that an update brings each weight,
 * over the operations it takes, measured on a task while the rule learns.
 *
 * At chosen steps of training, update and true gradient are computed from the same parameters, batch and noise
 * (`probe.ts`), for several batches. Bits are those of their joint distribution over a layer's weights and the batches
 * (`information.ts`), one value for each run; intervals are over runs of different seeds. Operations are those of one
 * update (`operations.ts`). Both are of one update by one batch, and so is their ratio, the rate.
 */
import { stream } from "../../random/stream.ts";
import { allocate, type Engine, Executable, type Numbers } from "../../runtime/index.ts";
import { exampleLength, type Inputs } from "../../tasks/index.ts";
import { BatchSource } from "../../train/batches.ts";
import { dataName } from "../../train/inputs.ts";
import { buildStep } from "../../train/step.ts";
import { type Group, type Replica, Trainer } from "../../train/trainer.ts";
import {
  type Agreement,
  agreementOf,
  cosine,
  float32Bits,
  gaussianBits,
  noAgreement,
  signAgreement,
  signBits,
  together,
} from "./information.ts";
import { updateOperations } from "./operations.ts";
import { probeGraph, type ProbeLayer } from "./probe.ts";

/** How a channel is measured. */
export interface ChannelOptions {
  /** Steps of training at which to measure, in increasing order; 0 is initialisation. */
  readonly at: readonly number[];
  /** Batches at each of them. */
  readonly batches: number;
  /** D, bits of a real number; 24, the significand of float32, when left out. */
  readonly precision?: number;
  readonly signal?: AbortSignal;
}

/** What one run's update says of the gradient, of one layer or of all. */
export interface Information {
  /** p, share of weights whose update has the gradient's sign. */
  readonly signAgreement: number;
  /** rho, uncentred cosine of update and gradient over weights and batches. */
  readonly cosine: number;
  /** Signed bits a weight of the signs, at most 1. */
  readonly signBits: number;
  /** Signed bits a weight of a Gaussian channel, at most the precision. */
  readonly gaussianBits: number;
  /** Cosine over the weights of each batch by itself. */
  readonly batchCosines: readonly number[];
}

/** The channel of one run at one step of its training. */
export interface ChannelSample {
  /** Number of the replica in its group. */
  readonly replica: number;
  readonly step: number;
  /** By layer, input side first. */
  readonly layers: readonly Information[];
  /** Of the hidden layers together: bits are the mean over all weights, each layer read by itself. */
  readonly all: Information;
}

/** Operations of one layer's update by one batch. */
export interface LayerOperations {
  readonly layer: number;
  /** Numbers that the layer learns. */
  readonly weights: number;
  readonly operations: number;
}

/** The measured channel of a group of runs that share a model. */
export interface ChannelMeasurement {
  readonly layers: readonly LayerOperations[];
  /** Samples of every replica at every step asked for; those of a run that is no longer finite are missing. */
  readonly samples: readonly ChannelSample[];
}

/**
 * Trains the runs of a group with its rule and measures its channel on the way; runs that are too large to be stacked (`form`) one
 * after another. Throws RuleError as `buildStep`.
 */
export async function measureChannel(
  group: Group,
  options: ChannelOptions,
  engine: Engine,
): Promise<ChannelMeasurement> {
  const [first] = group.replicas;
  const length = first === undefined ? 1 : exampleLength(first.task);
  const step = group.step ?? buildStep(group.model, length);
  const probe = probeGraph(step);
  const operations = updateOperations(
    step,
    probe.layers.map(({ weights }) => weights),
  );
  const layers = probe.layers.map(({ layer, weights }, i) => ({
    layer,
    weights,
    operations: operations.layers[i] ?? 0,
  }));
  const samples: ChannelSample[] = [];
  const compared = await Executable.compile(probe.outputs, engine);
  try {
    const parts = group.form === "plain" ? group.replicas.map((_, i) => i) : [undefined];
    for (const only of parts) {
      const replicas = only === undefined ? group.replicas : group.replicas.slice(only, only + 1);
      const trainer = await Trainer.create({ ...group, step, replicas }, engine);
      try {
        await follow(trainer, only ?? 0);
      } finally {
        await trainer.dispose();
      }
    }
  } finally {
    await compared.dispose();
  }
  return { layers, samples };

  /** Samples every replica of a trainer, the first of which is number `first` of the group. */
  async function follow(trainer: Trainer, first: number): Promise<void> {
    const { at, batches, precision = float32Bits, signal } = options;
    for (const step of at) {
      while (trainer.steps < step) {
        signal?.throwIfAborted();
        await trainer.advance(step - trainer.steps);
      }
      for (const [i, own] of trainer.group.replicas.entries()) {
        const feeds = feedsFor(own, trainer, i, compared, step);
        const each: (readonly Agreement[])[] = [];
        for (let batch = 0; batch < batches; batch++) {
          signal?.throwIfAborted();
          const values = await compared.run(feeds());
          each.push(probe.layers.map((layer) => agreementOfLayer(layer, values)));
        }
        const sample = sampleOf(first + i, step, each, layers, precision);
        if (Number.isFinite(sample.all.cosine)) samples.push(sample);
      }
    }
  }
}

/** What the probe is fed with: the replica's values at this step, then a new batch and new noise at every call. */
function feedsFor(
  { task, seeds }: Replica,
  trainer: Trainer,
  replica: number,
  { program }: Executable,
  step: number,
): () => Record<string, Numbers> {
  const values = trainer.snapshot(replica);
  const feeds: Record<string, Numbers> = {};
  for (const port of program.inputs) feeds[port.name] = values[port.name] ?? allocate(port);
  const examples = trainer.splits[replica]?.train;
  if (examples === undefined) throw new Error("internal: a replica without data");
  const { partners, noises } = trainer.graph;
  const purpose = (of: string): string => `channel ${of} at step ${step}`;
  const source = new BatchSource(task, examples, trainer.group.model.batch, {
    order: stream(seeds.order, purpose("order")),
    pairs: stream(seeds.order, purpose("pairs")),
    noise: stream(seeds.noise, purpose("noise")),
  });
  const fed = (name: string): Inputs => {
    const values = feeds[name];
    if (values === undefined || values instanceof Uint8Array)
      throw new Error(`internal: the probe has no input ${name}`);
    return values;
  };
  const inputs = fed(dataName(trainer.group.model.network));
  const labels = integers(feeds["labels"]);
  return () => {
    source.fill(
      inputs,
      labels,
      partners.map(({ name, request }) => ({ request, inputs: fed(name) })),
    );
    for (const noise of noises) {
      const target = feeds[noise.name];
      // Noise that only the rule's own state needs is no input of the probe.
      if (target instanceof Float32Array) source.fillNoise(noise, target);
    }
    return feeds;
  };
}

function integers(values: Numbers | undefined): Int32Array {
  if (values instanceof Int32Array) return values;
  throw new Error("internal: labels are int32");
}

function agreementOfLayer({ names }: ProbeLayer, values: Readonly<Record<string, Numbers>>): Agreement {
  const of = (name: string): Numbers => {
    const found = values[name];
    if (found === undefined) throw new Error(`internal: the probe has no output ${name}`);
    return found;
  };
  return names.map((name) => agreementOf(of(`update.${name}`), of(`gradient.${name}`))).reduce(together, noAgreement);
}

function sampleOf(
  replica: number,
  step: number,
  batches: readonly (readonly Agreement[])[],
  layers: readonly LayerOperations[],
  precision: number,
): ChannelSample {
  const perLayer = layers.map((_, l) => batches.map((batch) => batch[l] ?? noAgreement));
  const informations = perLayer.map((each) => informationOf(each, precision));
  const all = informationOf(
    batches.map((batch) => batch.reduce(together, noAgreement)),
    precision,
  );
  const weights = layers.reduce((sum, layer) => sum + layer.weights, 0);
  const perWeight = (bits: (information: Information) => number): number =>
    informations.reduce((sum, information, i) => sum + bits(information) * (layers[i]?.weights ?? 0), 0) / weights;
  return {
    replica,
    step,
    layers: informations,
    all: {
      ...all,
      signBits: perWeight(({ signBits: bits }) => bits),
      gaussianBits: perWeight(({ gaussianBits: bits }) => bits),
    },
  };
}

function informationOf(batches: readonly Agreement[], precision: number): Information {
  const pooled = batches.reduce(together, noAgreement);
  const [p, rho] = [signAgreement(pooled), cosine(pooled)];
  return {
    signAgreement: p,
    cosine: rho,
    signBits: signBits(p),
    gaussianBits: gaussianBits(rho, precision),
    batchCosines: batches.map(cosine),
  };
}
