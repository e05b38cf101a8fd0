/**
 * The work every contender is given, defined once: network, rule, data, initial values and learning rates.
 *
 * A contender that computes something else would be fast for the wrong reason, so everything that decides the numbers is
 * drawn here and handed over in a file; contenders draw nothing. Losses are compared before anything is timed.
 */
import { writeFile } from "node:fs/promises";
import { cost } from "../src/graph/index.ts";
import { layOut } from "../src/networks/index.ts";
import { stream } from "../src/random/stream.ts";
import { chooseRule, type RuleSpec, type Variable } from "../src/rules/index.ts";
import { encodeSafetensors, type SafeTensor } from "../src/study/store/safetensors.ts";
import { rhm, type RhmTask } from "../src/tasks/index.ts";
import { buildStep, type Group, type Model, parametersOf } from "../src/train/index.ts";
import { drawInitial } from "../src/train/parameters.ts";

export const benchRules = ["backprop", "direct-feedback-alignment", "info-nce"] as const;
export type BenchRule = (typeof benchRules)[number];

/** With options. InfoNCE has pairs of one class, whose second string is an input of its own: what every contender is given. */
const specs: Readonly<Record<BenchRule, RuleSpec>> = {
  backprop: { id: "backprop" },
  "direct-feedback-alignment": { id: "direct-feedback-alignment" },
  "info-nce": { id: "info-nce", pair: "same-class" },
};

/** One shape of work. Plain data: it crosses to other processes as JSON. */
export interface Work {
  readonly rule: BenchRule;
  readonly width: number;
  readonly batch: number;
  readonly momentum: number;
  /** Of the random hierarchy model. */
  readonly depth: number;
  readonly vocabulary: number;
  readonly branching: number;
  readonly multiplicity: number;
  /** Batches per run, used in turn. */
  readonly batches: number;
  readonly seeds: readonly number[];
  readonly learningRates: readonly number[];
}

/** Learning rates at which a study of 12 runs stays finite at every width, so that no contender is timed on NaN. */
const rates: Readonly<Record<BenchRule, readonly number[]>> = {
  backprop: [0.005, 0.01, 0.02, 0.04],
  "direct-feedback-alignment": [0.005, 0.01, 0.02, 0.04],
  // Scores are inner products of whole layers, so they and their gradients grow with the width.
  "info-nce": [1e-6, 2e-6, 4e-6, 8e-6],
};

/** The benchmark's shape at one width: 3 seeds times 4 learning rates. */
export function benchWork(rule: BenchRule, width: number): Work {
  return {
    rule,
    width,
    batch: 128,
    momentum: 0.9,
    depth: 3,
    vocabulary: 8,
    branching: 2,
    multiplicity: 4,
    batches: 16,
    seeds: [0, 1, 2],
    learningRates: rates[rule],
  };
}

/** Seed and learning rate of every run, in order. */
export function runsOf({ seeds, learningRates }: Work): readonly { readonly seed: number; readonly rate: number }[] {
  return seeds.flatMap((seed) => learningRates.map((rate) => ({ seed, rate })));
}

/** What afferent compiles for this work. */
export function modelOf(work: Work): Model {
  const positions = work.branching ** work.depth;
  const network = layOut(
    { positions, channels: work.vocabulary, classes: work.vocabulary, branching: work.branching },
    {
      architecture: "tree-cnn",
      width: work.width,
      activation: "relu",
      parametrisation: "standard",
      bias: "none",
      readout: "flatten",
    },
  );
  return {
    network,
    rule: chooseRule(specs[work.rule]),
    optimiser: { kind: "sgd", momentum: work.momentum, beta1: 0, beta2: 0, epsilon: 0, weightDecay: 0 },
    batch: work.batch,
  };
}

/** Operations (multiply and add count two) of the matrix products of one run's step. */
export function productOperations(work: Work): number {
  const { outputs } = buildStep(modelOf(work), work.branching ** work.depth);
  return cost(Object.values(outputs)).products;
}

/** A square matrix that starts as the identity: contenders make it themselves, at width 512 it is too large to send. */
export interface Identity {
  readonly name: string;
  readonly shape: readonly number[];
}

/** Everything a contender needs of one work. Tensors have a leading axis over runs. */
export interface Drawn {
  /** `initial.X` [runs, ...], `tokens` and `partnerTokens` (another string of the class of each) [runs, batches, batch, length], `labels` [runs, batches, batch], `learningRate` [runs]. */
  readonly tensors: Readonly<Record<string, SafeTensor>>;
  readonly identities: readonly Identity[];
}

/** Draws initial values and batches of every run. */
export function drawWork(work: Work): Drawn {
  const model = modelOf(work);
  const { variables } = buildStep(model, work.branching ** work.depth);
  const runs = runsOf(work);
  const tensors: Record<string, SafeTensor> = {};
  const put = (name: string, shape: readonly number[], draw: (seed: number) => Float32Array): void => {
    const all = runs.map(({ seed }) => draw(seed));
    const data = new Float32Array(all.reduce((sum, own) => sum + own.length, 0));
    all.forEach((own, r) => data.set(own, r * own.length));
    tensors[`initial.${name}`] = { dtype: "F32", shape: [runs.length, ...shape], data };
  };
  for (const parameter of parametersOf(model.network)) {
    put(parameter.name, parameter.shape, (seed) => drawInitial(parameter, stream(seed, `init ${parameter.name}`)));
  }
  const isIdentity = ({ initial }: Variable): boolean => initial.kind === "identity";
  for (const variable of variables.filter((one) => !isIdentity(one))) {
    put(variable.name, variable.shape, (seed) => drawInitial(variable, stream(seed, `init ${variable.name}`)));
  }
  const rate = Float32Array.from(runs, (run) => run.rate);
  tensors["learningRate"] = { dtype: "F32", shape: [runs.length], data: rate };
  Object.assign(tensors, drawBatches(work));
  return {
    tensors,
    identities: variables.filter(isIdentity).map(({ name, shape }) => ({ name, shape })),
  };
}

function drawBatches(work: Work): Record<string, SafeTensor> {
  const { batch, batches } = work;
  const runs = runsOf(work);
  const length = work.branching ** work.depth;
  const count = batch * batches;
  const tokens = new Int32Array(runs.length * count * length);
  const partners = new Int32Array(tokens.length);
  const labels = new Int32Array(runs.length * count);
  runs.forEach(({ seed }, r) => {
    const task = benchTask(work, seed);
    const { train } = task.draw({ train: count, validation: 0, test: 0 }, stream(seed, "data"));
    tokens.set(train.inputs, r * count * length);
    labels.set(train.labels, r * count);
    const all = Int32Array.from({ length: count }, (_, i) => i);
    const part = partners.subarray(r * count * length, (r + 1) * count * length);
    task.partners({ kind: "same-class" }, train, all, part, stream(seed, "pairs"));
  });
  const strings = [runs.length, batches, batch, length];
  return {
    tokens: { dtype: "I32", shape: strings, data: tokens },
    partnerTokens: { dtype: "I32", shape: strings, data: partners },
    labels: { dtype: "I32", shape: strings.slice(0, -1), data: labels },
  };
}

function benchTask({ vocabulary: v, multiplicity: m, branching: s, depth }: Work, seed: number): RhmTask {
  return rhm({ v, m, s, depth, seed });
}

/** The same runs as the training loop sees them: it draws its own batches from as many strings. */
export function groupOf(work: Work, runs: readonly number[], form: Group["form"]): Group {
  const all = runsOf(work);
  return {
    model: modelOf(work),
    schedule: { kind: "constant", decay: 1, steps: 1 },
    form,
    replicas: runs.map((run) => {
      const { seed = 0, rate = 0 } = all[run] ?? {};
      return {
        task: benchTask(work, seed),
        sizes: { train: work.batch * work.batches, validation: 0, test: 0 },
        seeds: { data: seed, init: seed, order: seed, noise: seed },
        learningRate: rate,
        readoutLearningRate: rate,
      };
    }),
  };
}

/** Writes a work where peers read it. */
export async function writeWork(path: string, { tensors }: Drawn): Promise<void> {
  await writeFile(path, encodeSafetensors({ tensors }));
}
