/**
 * Checkpoints of long runs: a file for each run in the store's folder `checkpoints/`, written while its group is trained, gone once its row
 * is stored. A run that was interrupted goes on from there to the same bits, in whatever group it is put, on the same engine.
 */
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import {
  metadataInSafetensors,
  namesInSafetensors,
  readSafetensors,
  type Safetensors,
  writeSafetensors,
} from "../../formats/index.ts";
import type { GroupState, ReplicaValues } from "../../train/index.ts";
import { publishContent, temporaryPath } from "../store/publish.ts";

/** What a checkpoint is of: it is taken up by no other graph and no other engine, whose last bits might differ. */
export interface CheckpointOrigin {
  /** Name of the step's graph (`digest.ts`). */
  readonly graph: string;
  readonly engine: string;
}

type ReplicaCheckpoint = GroupState["replicas"][number];

const extension = ".safetensors";
const version = "1";

const streamState = z.object({ generator: z.array(z.number()), spare: z.number().nullable() });

/** What is written beside the arrays of a checkpoint. */
const Header = z.object({
  checkpoint: z.literal(version),
  ...{ run: z.string(), graph: z.string(), engine: z.string() },
  ...{ step: z.coerce.number().int().positive(), seconds: z.coerce.number() },
  /** The course of the replica (`train/course.ts`), and where its batches stand. */
  ...{ course: z.string(), next: z.coerce.number().int() },
  random: z
    .string()
    .transform((text): unknown => JSON.parse(text))
    .pipe(z.object({ order: streamState, pairs: streamState, noise: streamState })),
});

const folderOf = (store: string): string => join(store, "checkpoints");
const fileOf = (store: string, run: string): string => join(folderOf(store), `${run}${extension}`);

/** Writes what a group would go on from: a file for each of its runs. */
export async function writeCheckpoints(
  store: string,
  runs: readonly string[],
  origin: CheckpointOrigin,
  { step, seconds, replicas }: GroupState,
): Promise<void> {
  for (const [r, run] of runs.entries()) {
    const replica = replicas[r];
    if (replica === undefined) throw new Error("internal: a run without a state");
    const header = { checkpoint: version, run, ...origin, step: String(step), seconds: String(seconds) };
    const content = writeSafetensors(written(replica, header));
    await publishContent(await temporaryPath(store), fileOf(store, run), content);
  }
}

/** What a group goes on from; undefined where one of its runs has nothing that fits, or they stand at different steps. */
export async function readCheckpoints(
  store: string,
  runs: readonly string[],
  { graph, engine }: CheckpointOrigin,
): Promise<GroupState | undefined> {
  const found = await Promise.all(runs.map((run) => readCheckpoint(store, run)));
  const [first] = found;
  if (first === undefined) return undefined;
  const replicas = found.flatMap((one) =>
    one?.header.graph === graph && one.header.engine === engine && one.header.step === first.header.step
      ? [one.replica]
      : [],
  );
  if (replicas.length < runs.length) return undefined;
  return { step: first.header.step, seconds: first.header.seconds, replicas };
}

/** The steps at which runs of a list would go on, of those that have a checkpoint that can be read. */
export async function checkpointSteps(store: string, runs: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const names = new Set(await readdir(folderOf(store)).catch(() => []));
  const steps = new Map<string, number>();
  for (const run of runs) {
    if (!names.has(`${run}${extension}`)) continue;
    const found = await readCheckpoint(store, run);
    if (found !== undefined) steps.set(run, found.header.step);
  }
  return steps;
}

/** Removes the checkpoints of runs. */
export async function removeCheckpoints(store: string, runs: Iterable<string>): Promise<void> {
  for (const run of runs) await rm(fileOf(store, run), { force: true });
}

function written(
  { values, batches, course }: ReplicaCheckpoint,
  header: Readonly<Record<string, string>>,
): Safetensors {
  const named = (prefix: string, from: ReplicaValues): [string, { shape: number[]; values: Float32Array }][] =>
    Object.entries(from).map(([name, own]) => [`${prefix}/${name}`, { shape: [own.length], values: own }]);
  return {
    arrays: {
      ...Object.fromEntries([
        ...named("state", values),
        ...named("ended", course.values),
        ...named("best", course.best),
      ]),
      order: { shape: [batches.order.length], values: batches.order },
    },
    metadata: { ...header, course: course.told, next: String(batches.next), random: JSON.stringify(batches.random) },
  };
}

/** Undefined for a file that is missing, damaged, or of another version: the run then starts anew. */
async function readCheckpoint(
  store: string,
  run: string,
): Promise<{ readonly header: z.output<typeof Header>; readonly replica: ReplicaCheckpoint } | undefined> {
  try {
    const file = await readFile(fileOf(store, run));
    const header = Header.parse(metadataInSafetensors(file));
    const arrays = readSafetensors(file, namesInSafetensors(file));
    if (header.run !== run || arrays["order"] === undefined) return undefined;
    const order = Int32Array.from(arrays["order"].values);
    const named = (prefix: string): ReplicaValues =>
      Object.fromEntries(
        Object.entries(arrays).flatMap(([name, { values }]) =>
          name.startsWith(`${prefix}/`) ? [[name.slice(prefix.length + 1), Float32Array.from(values)]] : [],
        ),
      );
    const course = { told: header.course, values: named("ended"), best: named("best") };
    return {
      header,
      replica: { values: named("state"), batches: { order, next: header.next, random: header.random }, course },
    };
  } catch {
    return undefined;
  }
}
