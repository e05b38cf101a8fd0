/** afferent as a contender: how it runs a work, in one process. `afferent-process.ts` puts it behind the protocol. */
import { createRequire } from "node:module";
import { input, topological } from "../../src/graph/index.ts";
import { allocate, Executable, type Numbers } from "../../src/runtime/index.ts";
import { nodeEngine } from "../../src/runtime/node-engine.node.ts";
import type { SafeTensor } from "../../src/study/store/safetensors.ts";
import { partnerName } from "../../src/tasks/index.ts";
import { buildStep, replicate, Trainer } from "../../src/train/index.ts";
import { blockStepsFor, unroll } from "../../src/train/unroll.ts";
import type { Answer, Manner, Took } from "../protocol.ts";
import { type Drawn, groupOf, modelOf, type Work } from "../work.ts";

/** Runs of one process, prepared. */
export interface Runner {
  /** Loss of every run at each step, from the initial values. */
  losses(steps: number): Promise<number[][]>;
  /** Takes `steps` of every run, from the initial values. */
  time(steps: number): Promise<Took>;
}

/** Prepares `runs` of a work. `manner.form` is `fixed batches` or `training loop`. */
export async function prepare(work: Work, drawn: Drawn, runs: readonly number[], manner: Manner): Promise<Runner> {
  const groups = split(runs, Math.max(1, manner.stack));
  const make = manner.form === "training loop" ? loopOf : fixedOf;
  const parts: Runner[] = [];
  for (const group of groups) parts.push(await make(work, drawn, group, manner));
  return {
    losses: async (steps) => {
      const all: number[][] = [];
      for (const part of parts) all.push(...(await part.losses(steps)));
      return all;
    },
    time: async (steps) => {
      const took = { seconds: 0, processorSeconds: 0 };
      for (const part of parts) {
        const own = await part.time(steps);
        took.seconds += own.seconds;
        took.processorSeconds += own.processorSeconds;
      }
      return took;
    },
  };
}

/** Cuts runs into groups of at most `size`. */
export function split(runs: readonly number[], size: number): number[][] {
  return Array.from({ length: Math.ceil(runs.length / size) }, (_, i) => runs.slice(i * size, (i + 1) * size));
}

/** Times `steps` steps, taken in whole blocks of `blockSteps` and scaled to their number. */
async function timed(steps: number, blockSteps: number, block: (i: number) => Promise<unknown>): Promise<Took> {
  const blocks = Math.ceil(steps / blockSteps);
  const [started, processor] = [performance.now(), process.cpuUsage()];
  for (let i = 0; i < blocks; i++) await block(i);
  const share = steps / (blocks * blockSteps);
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(processor);
  return { seconds: seconds * share, processorSeconds: ((user + system) / 1e6) * share };
}

/** A group on the batches that every contender is given, in blocks of steps as `Trainer` takes them. */
async function fixedOf(work: Work, drawn: Drawn, group: readonly number[], manner: Manner): Promise<Runner> {
  const graph = buildStep(modelOf(work), work.branching ** work.depth);
  const outputs = manner.stack === 0 ? graph.outputs : replicate(graph.outputs, group.length);
  const fixed = new Set(graph.variables.filter(({ kind }) => kind === "fixed").map(({ name }) => name));
  const most = Math.min(work.batches, blockStepsFor(topological(Object.values(outputs)).length, longTraining));
  // A power of two divides the batches, so that blocks take them in turn.
  const blockSteps = 2 ** Math.floor(Math.log2(most));
  const block = unroll(outputs, blockSteps, fixed);
  const executable = await Executable.compile(block, nodeEngine({ threads: manner.threads }));
  const feeds = feedsOf(work, drawn, group, executable, blockSteps);
  const states = executable.statePorts().map(({ name, shape }) => ({ name, size: shape.reduce((n, k) => n * k, 1) }));
  const restart = (): void => {
    for (const { name, size } of states) executable.load({ [name]: initialOf(name, size, drawn, group) });
  };
  const run = (i: number): ReturnType<Executable["run"]> => executable.run(feeds[i % feeds.length] ?? {});
  return {
    losses: async (steps) => {
      restart();
      const losses = group.map((): number[] => []);
      for (let step = 0; step < steps; step += blockSteps) {
        const { loss } = await run(step / blockSteps);
        losses.forEach((own, r) => {
          for (let i = 0; i < Math.min(blockSteps, steps - step); i++) own.push(loss?.[i * group.length + r] ?? NaN);
        });
      }
      return losses;
    },
    time: (steps) => {
      restart();
      return timed(steps, blockSteps, run);
    },
  };
}

/** A group in the training loop itself, which draws and assembles its own batches: what a user's study runs. */
async function loopOf(work: Work, _: Drawn, group: readonly number[], manner: Manner): Promise<Runner> {
  const form = manner.stack === 0 ? "plain" : "stacked";
  const engine = nodeEngine({ threads: manner.threads });
  const trainer = await Trainer.create(groupOf(work, group, form), engine, longTraining);
  return {
    losses: () => {
      throw new Error("losses: expected fixed batches, got the training loop, whose batches are its own");
    },
    time: (steps) => timed(steps, trainer.blockSteps, () => trainer.advance()),
  };
}

/** Steps of a usual run: enough that blocks of steps pay. */
const longTraining = 1000;

/** What the executable is fed at each block of the work's batches. */
function feedsOf(
  work: Work,
  { tensors }: Drawn,
  group: readonly number[],
  { program }: Executable,
  blockSteps: number,
): Record<string, Numbers>[] {
  const states = new Set(program.outputs.map(({ name }) => name.replace(/^next\./, "")));
  const fixed: Record<string, Numbers> = {};
  const ports = program.inputs.filter(({ name }) => !states.has(name));
  for (const port of ports.filter(({ name }) => !isBatch(name))) {
    const [name = ""] = port.name.split("@");
    const source = name.endsWith("earningRate") ? "learningRate" : `initial.${name}`;
    fixed[port.name] = gatherRuns(tensorOf(tensors, source), group, allocate(port));
  }
  return Array.from({ length: Math.floor(work.batches / blockSteps) }, (_, block) => {
    const feeds: Record<string, Numbers> = { ...fixed };
    for (const port of ports.filter(({ name }) => isBatch(name))) {
      const [name = "", step] = port.name.split("@");
      const all = tensorOf(tensors, name === partner ? "partnerTokens" : name);
      const own = allocate(port);
      const size = own.length / group.length;
      group.forEach((run, r) => {
        const at = (run * work.batches + block * blockSteps + Number(step)) * size;
        own.set(all.subarray(at, at + size), r * size);
      });
      feeds[port.name] = own;
    }
    return feeds;
  });
}

/** The input that holds the second string of each pair; `partnerTokens` in the file that contenders share. */
const partner = partnerName({ kind: "same-class" });

const isBatch = (name: string): boolean => ["tokens", "labels", partner].some((batch) => name.startsWith(`${batch}@`));

function tensorOf(tensors: Drawn["tensors"], name: string): Float32Array | Int32Array {
  const found: SafeTensor | undefined = tensors[name];
  if (found === undefined || (found.dtype !== "F32" && found.dtype !== "I32")) {
    throw new Error(`internal: the work has no tensor ${name}`);
  }
  return found.data;
}

/** The slices of `group` from a tensor with a leading axis over all runs. */
function gatherRuns(all: Float32Array | Int32Array, group: readonly number[], out: Numbers): Numbers {
  const size = out.length / group.length;
  group.forEach((run, r) => out.set(all.subarray(run * size, (run + 1) * size), r * size));
  return out;
}

/** The initial value of a state: drawn, the identity, or zero (momentum). */
function initialOf(name: string, size: number, { tensors, identities }: Drawn, group: readonly number[]): Float32Array {
  const values = new Float32Array(size);
  if (tensors[`initial.${name}`] !== undefined) gatherRuns(tensorOf(tensors, `initial.${name}`), group, values);
  const columns = identities.find((identity) => identity.name === name)?.shape.at(-1);
  if (columns === undefined) return values;
  const matrix = columns * columns;
  for (let i = 0; i < size; i++) if ((i % matrix) % (columns + 1) === 0) values[i] = 1;
  return values;
}

/** Operations per second of ONNX Runtime's product of two square matrices. */
export async function multiply(size: number, seconds: number, threads: number): Promise<number> {
  const [a, b] = [input("a", [size, size]), input("b", [size, size])];
  const executable = await Executable.compile({ product: a.matmul(b) }, nodeEngine({ threads }));
  const draw = (): Float32Array => Float32Array.from({ length: size * size }, () => Math.random() - 0.5);
  const feeds = { a: draw(), b: draw() };
  await executable.run(feeds);
  let best = Infinity;
  for (const until = performance.now() + seconds * 1000; performance.now() < until;) {
    const started = performance.now();
    await executable.run(feeds);
    best = Math.min(best, (performance.now() - started) / 1000);
  }
  await executable.dispose();
  return (2 * size ** 3) / best;
}

/** What computes. */
export function describe(): Answer<"describe"> {
  const { version } = createRequire(import.meta.url)("onnxruntime-node/package.json") as { version: string };
  return {
    engine: `afferent on onnxruntime-node ${version}`,
    versions: { "onnxruntime-node": version, node: process.version },
  };
}
