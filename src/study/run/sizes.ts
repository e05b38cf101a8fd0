/**
 * What is too large is refused before anything is built, from the specification alone, with what would fit.
 *
 * Limits are on numbers of four bytes, the same on every machine, so that a study that one machine plans is planned by all. They are
 * bounds on what can be meant, not on what is free: parameters come with their update and, with Adam, two moments; activity with
 * whatever a rule computes of it.
 */
import { type Network, parameterCount } from "../../networks/index.ts";
import type { RunSpec } from "../spec/spec.ts";
import { lengthOf, networkOf } from "./build.ts";
import { taskDefinitionOf, taskOptionsOf } from "./user-tasks.ts";

/** The limits. */
export const limits = {
  /** Symbols or numbers of an example. */
  example: 2 ** 20,
  /** What a task keeps besides its examples: the productions of a hierarchy, all levels together. */
  kept: 2 ** 26,
  /** Symbols or numbers, and labels, of train, validation and test examples together: 1 GiB. */
  data: 2 ** 28,
  /** Hidden layers. */
  layers: 256,
  /** Weights and biases: 1 GiB, 4 GiB with updates and Adam's moments. */
  parameters: 2 ** 28,
  /** What the layers see and answer for one batch: 1 GiB. */
  activity: 2 ** 28,
  /** The same where a person waits for a certificate, which looks at every one: half a minute for backpropagation. */
  audited: 2 ** 25,
  /** What a trace records: 1 GiB. */
  trace: 2 ** 28,
} as const;

/** Throws, with the key, the numbers and what would fit, for the first part of a run that is too large, or for a network that cannot be laid out. */
export function refuseTooLarge(spec: RunSpec): void {
  refuseLargeTask(spec);
  checkLayers(spec);
  const network = networkOf(spec);
  checkParameters(spec, network);
  checkActivity(spec, network, limits.activity);
}

/** Throws likewise for a task and the examples drawn of it. */
export function refuseLargeTask(spec: Pick<RunSpec, "task" | "data">): void {
  checkTask(spec);
  checkData(spec);
}

/** Throws likewise where a certificate alone would take long. */
export function refuseLongAudit(spec: RunSpec): void {
  refuseTooLarge(spec);
  checkActivity(spec, networkOf(spec), limits.audited);
}

/** Throws likewise where so many steps of a run would be too much to record. */
export function refuseLongTrace(spec: RunSpec, steps: number): void {
  const network = networkOf(spec);
  const perStep = parameterCount(network) + spec.train.batch * (lengthOf(spec) + 1);
  if (steps * perStep <= limits.trace) return;
  throw new Error(
    `--steps: expected a trace of at most ${limits.trace} numbers, got ${steps} steps of ${perStep} (updates, strings and labels); ` +
      `--steps ${Math.floor(limits.trace / perStep)} fits`,
  );
}

function checkTask({ task }: Pick<RunSpec, "task">): void {
  const definition = taskDefinitionOf(task);
  definition.refuseLarge?.(taskOptionsOf(task), { example: limits.example, kept: limits.kept });
  const length = lengthOf({ task });
  if (length > limits.example)
    throw new Error(`task: expected examples of at most ${limits.example} symbols or numbers, got ${length}`);
}

function checkData(spec: Pick<RunSpec, "task" | "data">): void {
  const { train, validation, test } = spec.data;
  const each = lengthOf(spec) + 1;
  const total = train + validation + test;
  if (total * each <= limits.data) return;
  throw new Error(
    `data: expected strings of at most ${limits.data} symbols and labels together, got train + validation + test = ${total} strings of ` +
      `${each}; ${Math.floor(limits.data / each)} strings fit`,
  );
}

function checkLayers({ network }: RunSpec): void {
  const layers = network.widths?.length ?? ("depth" in network ? (network.depth ?? 0) : 0);
  if (layers > limits.layers)
    throw new Error(`network.depth: expected at most ${limits.layers} hidden layers, got ${layers}; lower it`);
}

function checkParameters(spec: RunSpec, network: Network): void {
  const count = parameterCount(network);
  if (count <= limits.parameters) return;
  const { width, widths } = spec.network;
  const fitting = widths === undefined ? largestWidth(spec, width) : 0;
  const advice = fitting > 0 ? `network.width=${fitting} fits` : "lower network.widths, task.v or task.depth";
  throw new Error(`network: expected at most ${limits.parameters} parameters, got ${count}; ${advice}`);
}

/** The largest width below one that is too large; 0 where none fits. */
function largestWidth(spec: RunSpec, tooLarge: number): number {
  let [fits, fails] = [0, tooLarge];
  while (fails - fits > 1) {
    const width = Math.floor((fits + fails) / 2);
    const count = parameterCount(networkOf({ ...spec, network: { ...spec.network, width } }));
    if (count <= limits.parameters) fits = width;
    else fails = width;
  }
  return fits;
}

function checkActivity({ train: { batch } }: RunSpec, { layers, readout }: Network, most: number): void {
  const each = [...layers, readout].reduce(
    (sum, { positions, inFeatures, outFeatures }) => sum + positions * (inFeatures + outFeatures),
    0,
  );
  if (batch * each <= most) return;
  const fitting = Math.floor(most / each);
  throw new Error(
    `train.batch: expected a batch with activity of at most ${most} numbers, got ${batch} strings of ${each}; ` +
      (fitting > 0 ? `train.batch=${fitting} fits` : "lower network.width, task.v or task.depth"),
  );
}
