/**
 * How fast this machine is, measured once and kept in the user's cache folder (`XDG_CACHE_HOME`, else `~/.cache`), by model of processor,
 * cores and version of ONNX Runtime.
 *
 * What is measured are three small groups on every core at once, through the very workers that run studies: one that only starts, one of
 * small products, one of large ones. Studies that are run correct it (`correct`).
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { availableParallelism, cpus, homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { nodeEngine } from "../../runtime/node-engine.node.ts";
import { makeFolder } from "../folder.ts";
import { expand } from "../spec/expand.ts";
import { defineStudy } from "../spec/study.ts";
import { publishContent, temporaryBeside } from "../store/publish.ts";
import { openStore } from "../store/store.ts";
import { execute } from "./execute.ts";
import { groupRuns, sizeOfGroup } from "./groups.ts";
import { PlannedModels } from "./planned-model.ts";
import { fittedSpeed, type GroupSize, type Speed } from "./speed.ts";

const positive = z.number().min(0);

/** What is kept of a machine. */
const Calibration = z.object({
  speed: z.object({ workers: positive, start: positive, node: positive, product: positive }),
  /** ISO 8601, UTC. */
  measuredAt: z.string(),
});
/** How fast a machine is, and when that was measured. */
export type Calibration = z.output<typeof Calibration>;

const Kept = z.record(z.string(), Calibration);

type Environment = Readonly<Record<string, string | undefined>>;

/** The file of all machines that share the cache folder. */
export function calibrationFile(env: Environment): string {
  const cache = env["XDG_CACHE_HOME"];
  return join(cache === undefined || cache === "" ? join(homedir(), ".cache") : cache, "afferent", "speed.json");
}

/** What this machine is called there. */
export function machineName(): string {
  const model = cpus()[0]?.model.trim() ?? "unknown";
  return `${model}; ${availableParallelism()} cores; ${nodeEngine({ device: "cpu", threads: 1 }).description}`;
}

/** What was measured of this machine before; undefined where nothing was, or what is there is not read. */
export async function keptCalibration(env: Environment): Promise<Calibration | undefined> {
  try {
    const kept = Kept.safeParse(JSON.parse(await readFile(calibrationFile(env), "utf8")));
    return kept.data?.[machineName()];
  } catch {
    return undefined;
  }
}

/**
 * Measures this machine, which takes some seconds, and keeps what was found; where that cannot be written it counts for this process.
 * Undefined where nothing could be measured, as when its groups failed.
 */
export async function calibrate(env: Environment): Promise<Calibration | undefined> {
  const calibration = { speed: await measuredSpeed(), measuredAt: new Date().toISOString() };
  if (!Object.values(calibration.speed).every(Number.isFinite)) return undefined;
  await keep(env, calibration);
  return calibration;
}

/** A study counts for half of what is known of the speed, and changes it by a factor of three at most. */
const [weight, most] = [0.5, 3];

/** Corrects what is kept by a study of which workers took `pace` times what was expected. */
export async function correct(env: Environment, { speed, measuredAt }: Calibration, pace: number): Promise<void> {
  if (!Number.isFinite(pace) || pace <= 0) return;
  const factor = Math.min(most, Math.max(1 / most, pace)) ** weight;
  const { workers, start, node, product } = speed;
  await keep(env, {
    speed: { workers, start: start * factor, node: node * factor, product: product * factor },
    measuredAt,
  });
}

async function keep(env: Environment, calibration: Calibration): Promise<void> {
  const path = calibrationFile(env);
  try {
    await makeFolder(join(path, ".."));
    const before = Kept.safeParse(JSON.parse(await readFile(path, "utf8").catch(() => "{}"))).data ?? {};
    const content = `${JSON.stringify({ ...before, [machineName()]: calibration }, undefined, 2)}\n`;
    await publishContent(await temporaryBeside(path), path, content);
  } catch {
    // Measured again next time.
  }
}

/** The groups that are measured: width and steps. */
const probes = [
  { width: 16, steps: 16 },
  { width: 16, steps: 400 },
  { width: 256, steps: 48 },
] as const;

/** Of two rounds the faster: what else a machine does can only make it slower. */
async function measuredSpeed(): Promise<Speed> {
  const [first, second] = [await round(0), await round(1)];
  const fastest = first.measured.map(({ size, seconds }, i) => ({
    size,
    seconds: Math.min(seconds, second.measured[i]?.seconds ?? Infinity),
  }));
  return fittedSpeed(fastest, Math.min(first.idle, second.idle));
}

interface Round {
  /** In the order of the groups. */
  readonly measured: readonly { readonly size: GroupSize; readonly seconds: number }[];
  /** Seconds in which workers had no group. */
  readonly idle: number;
}

async function round(which: number): Promise<Round> {
  const folder = await mkdtemp(join(tmpdir(), "afferent-calibration-"));
  const workers = availableParallelism();
  const planned = probes.flatMap(({ width, steps }) =>
    expand(
      defineStudy({
        name: "calibration",
        question: "How fast is this machine?",
        base: {
          task: { v: 8, m: 4, depth: 2 },
          data: { train: 128, validation: 8, test: 8 },
          network: { width },
          train: { steps, batch: 128 },
        },
        grid: { seed: Array.from({ length: workers }, (_, seed) => which * workers + seed) },
      }),
    ),
  );
  const models = new PlannedModels();
  const store = await openStore(folder);
  try {
    const groups = groupRuns(planned, workers, models);
    const { seconds } = await execute({ store, study: "calibration", runs: planned, models, workers });
    const rows = new Map((await store.rows()).map((row) => [row.run, row]));
    const measured = groups.map((group) => ({
      size: sizeOfGroup(group, models),
      seconds: group.runs.reduce((sum, { run }) => sum + (rows.get(run)?.wallSeconds ?? 0), 0),
    }));
    const busy = measured.reduce((sum, each) => sum + each.seconds, 0) / workers;
    return { measured, idle: Math.max(0, seconds - busy) };
  } finally {
    await store.close();
    await rm(folder, { recursive: true, force: true });
  }
}
