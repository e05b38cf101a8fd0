/**
 * The learning channel of a recurrent network (`network.ts`): backpropagation through time against perturbation.
 *
 * All methods are measured on the path that backpropagation through time takes (plain descent), from the same batches and
 * parameters, so that they are compared weight for weight. Its own bits are D by definition: it is the gradient.
 */
import { sizeOf, type Tensor } from "../../src/graph/index.ts";
import { type Random, stream } from "../../src/random/stream.ts";
import { type Engine, Executable, type Numbers } from "../../src/runtime/index.ts";
import type { Examples, Task } from "../../src/tasks/index.ts";
import { simplifyAll } from "../../src/train/step.ts";
import {
  agreementOf,
  cosine,
  float32Bits,
  gaussianBits,
  noAgreement,
  together,
} from "../../src/audit/channel/information.ts";
import { type RecurrentMethod, recurrentMethods, recurrentOperations, unrolledNetwork } from "./network.ts";

/** How the recurrent channel is measured. */
export interface RecurrentOptions {
  readonly width: number;
  readonly draws: number;
  readonly batch: number;
  readonly batches: number;
  /** Strings to learn from. */
  readonly examples: number;
  /** Steps of descent at which to measure, in increasing order; 0 is initialisation. */
  readonly at: readonly number[];
  readonly learningRate: number;
  readonly precision?: number;
  readonly signal?: AbortSignal;
}

/** The recurrent channel of one seed and method at one step. */
export interface RecurrentSample {
  readonly seed: number;
  readonly step: number;
  readonly method: RecurrentMethod;
  readonly weights: number;
  readonly operationsPerWeight: number;
  /** rho over U, V and batches. */
  readonly cosine: number;
  readonly batchCosines: readonly number[];
  /** Signed bits a weight, at most the precision. */
  readonly bits: number;
}

/** Trains the network on strings of a task by backpropagation through time and measures every method's channel on the way. One task for each seed. */
export async function measureRecurrentChannel(
  tasks: readonly { readonly task: Task; readonly seed: number }[],
  { width, draws, batch, batches, examples, at, learningRate, precision = float32Bits, signal }: RecurrentOptions,
  engine: Engine,
): Promise<RecurrentSample[]> {
  const [first] = tasks;
  if (first === undefined) return [];
  const { channels: symbols, positions: length, classes } = first.task;
  const sizes = { symbols, length, width, classes, batch, draws };
  const { updates, next } = unrolledNetwork(sizes);
  const named = recurrentMethods.flatMap((method) =>
    Object.entries(updates[method]).map(([name, tensor]) => [`${method}.${name}`, tensor as Tensor] as const),
  );
  const trained = await Executable.compile(simplifyAll(next), engine);
  const probe = await Executable.compile(simplifyAll(Object.fromEntries(named)), engine);
  const operations = Object.fromEntries(recurrentMethods.map((method) => [method, recurrentOperations(sizes, method)]));
  const weights = symbols * width + width * width;
  const samples: RecurrentSample[] = [];
  try {
    for (const { task, seed } of tasks) {
      const data = task.draw({ train: examples, validation: 0, test: 0 }, stream(seed, "data")).train;
      const random = stream(seed, "recurrent");
      trained.load({
        inward: normals(random, symbols * width, 1),
        recurrent: normals(random, width * width, Math.sqrt(1 / width)),
        readout: normals(random, width * classes, Math.sqrt(1 / width)),
      });
      const own = { data, length, random, fixed: { learningRate: Float32Array.of(learningRate) } };
      let taken = 0;
      for (const step of at) {
        for (; taken < step; taken++) {
          signal?.throwIfAborted();
          await trained.run(feedsFor(trained, own));
        }
        const sums = new Map(
          recurrentMethods.map((method) => [method, { pooled: noAgreement, cosines: [] as number[] }]),
        );
        const values = Object.fromEntries(trained.statePorts().map(({ name }) => [name, trained.state(name)]));
        for (let i = 0; i < batches; i++) {
          signal?.throwIfAborted();
          const found = await probe.run(feedsFor(probe, { ...own, fixed: values }));
          for (const [method, sum] of sums) {
            const agreement = ["inward", "recurrent"]
              .map((name) => agreementOf(found[`${method}.${name}`] ?? [], found[`bptt.${name}`] ?? []))
              .reduce(together);
            sum.pooled = together(sum.pooled, agreement);
            sum.cosines.push(cosine(agreement));
          }
        }
        for (const [method, { pooled, cosines }] of sums) {
          const rho = cosine(pooled);
          if (!Number.isFinite(rho)) continue;
          const bits = gaussianBits(rho, precision);
          const operationsPerWeight = (operations[method] ?? NaN) / weights;
          samples.push({ seed, step, method, weights, operationsPerWeight, cosine: rho, batchCosines: cosines, bits });
        }
      }
    }
  } finally {
    await trained.dispose();
    await probe.dispose();
  }
  return samples;
}

function normals(random: Random, size: number, deviation: number): Float32Array {
  const values = new Float32Array(size);
  random.fillNormal(values, deviation);
  return values;
}

/** What the next run is fed with: fixed values, a batch drawn with replacement, and new noise. */
function feedsFor(
  { program }: Executable,
  {
    data: { inputs, labels, count },
    length,
    random,
    fixed,
  }: {
    readonly data: Examples;
    readonly length: number;
    readonly random: Random;
    readonly fixed: Readonly<Record<string, Numbers>>;
  },
): Record<string, Numbers> {
  const feeds: Record<string, Numbers> = {};
  let chosen: number[] = [];
  for (const { name, shape } of program.inputs) {
    if (name === "labels") chosen = Array.from({ length: shape[0] ?? 0 }, () => random.integer(count));
    if (name.startsWith("noise.")) feeds[name] = normals(random, sizeOf(shape), 1);
    const value = fixed[name];
    if (value !== undefined) feeds[name] = value;
  }
  feeds["labels"] = Int32Array.from(chosen, (example) => labels[example] ?? 0);
  feeds["tokens"] = Int32Array.from(
    chosen.flatMap((example) => [...inputs.subarray(example * length, (example + 1) * length)]),
  );
  return feeds;
}
