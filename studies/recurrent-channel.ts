/**
 * How do the learning channels of a recurrent network compare as its strings grow longer?
 *
 * Question: backpropagation through time goes through all T symbols of a string, weight perturbation shakes W weights at once, node
 *   perturbation N units at each of T times; how do bits about the gradient, operations and their ratio change with T?
 * Command: npx tsx studies/recurrent-channel.ts [lengths]
 *   where lengths are powers of 2 with commas between; 2,4,8,16 when left out.
 * Runtime: ten seconds on one core.
 * Expected, from counting (Baldi and Sadowski 2016): the rate falls with 1/T for backpropagation through time and weight perturbation, with
 *   1/T^2 for node perturbation; backpropagation through time is highest at every length.
 * Found: so it is (docs/learning-channel.md).
 *
 * The network is no layered one, and so none of the program's: `recurrent-channel/network.ts` writes it unrolled over its string, with the
 * estimator of the shipped rules of perturbation. Strings are those of the random hierarchy model of studies/learning-channel.ts, with as
 * many levels as their length needs.
 */
import { fileURLToPath } from "node:url";
import { nodeEngine } from "../src/runtime/node-engine.node.ts";
import { rhm, stringCount } from "../src/tasks/index.ts";
import { float32Bits } from "../src/audit/channel/information.ts";
import { measureRecurrentChannel, type RecurrentSample } from "./recurrent-channel/measure.ts";
import { recurrentMethods, recurrentOrder } from "./recurrent-channel/network.ts";
import { summariseRecurrent } from "./recurrent-channel/summary.ts";
import { recurrentText } from "./recurrent-channel/text.ts";

/** The hierarchy, but for its number of levels. */
const hierarchy = { v: 8, m: 4, s: 2, classes: 8 } as const;

const setting = {
  width: 32,
  /** k */
  draws: 10,
  batch: 32,
  batches: 8,
  /** At initialisation, and after training. */
  at: [0, 400],
  /** Plain descent: the units saturate far above this. */
  learningRate: 0.2,
  precision: float32Bits,
} as const;
const strings = 2000;
const seeds = [0, 1, 2, 3, 4] as const;

/** The channel at one length. */
async function measured(length: number): Promise<{ length: number; samples: RecurrentSample[] }> {
  const parameters = { ...hierarchy, depth: Math.round(Math.log2(length)) };
  const tasks = seeds.map((seed) => ({ seed, task: rhm({ ...parameters, seed }) }));
  const examples = Math.min(strings, Number(stringCount(parameters)));
  return { length, samples: await measureRecurrentChannel(tasks, { ...setting, examples }, nodeEngine()) };
}

/** Lengths as they are typed. */
function lengthsFrom(text: string): number[] {
  return text.split(",").map((word) => {
    const length = Number(word);
    const depth = Math.log2(length);
    if (Number.isInteger(depth) && depth >= 1) return length;
    throw new Error(`lengths: expected powers of 2 with commas between, got "${word}"; for example 2,4,8`);
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const found = [];
  for (const length of lengthsFrom(process.argv[2] ?? "2,4,8,16")) found.push(await measured(length));
  const orders = Object.fromEntries(recurrentMethods.map((method) => [method, recurrentOrder(method)?.text ?? "-"]));
  console.log(recurrentText(summariseRecurrent(found, setting), orders, setting.draws));
}
