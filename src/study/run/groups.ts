/**
 * Which runs are computed together.
 *
 * Runs that differ only in seeds, amount of data or learning rate have one graph. Small ones are stacked, in as many groups as there
 * are workers (or more, up to `largest` a group); large ones run one by one. Cores that would be left without a group go to the others as threads.
 */
import type { PlannedRun } from "../spec/study.ts";
import type { Group } from "../../train/index.ts";
import type { PlannedModel, PlannedModels } from "./planned-model.ts";
import { groupSeconds, type GroupSize, type Speed, usualSpeed } from "./speed.ts";

/** Replicas of one stacked group at most; beyond this a step no longer gets cheaper per replica. */
const largest = 16;

/**
 * Operations in matrix products from which a step gains from a second thread; below, threads wait for each other longer than they
 * work (docs/decisions/0003-replicas.md).
 */
const threadsPayFrom = 8e7;

/** Runs computed by one worker at one time. */
export interface RunGroup {
  readonly runs: readonly PlannedRun[];
  /** Threads of its session: more than one where there are fewer groups than cores. Changes no number. */
  readonly threads: number;
  /** Expected work in seconds, for order and for the time left. */
  readonly work: number;
}

/**
 * Splits runs into groups, most work first, so that workers finish together; `checkpoints` has the steps at which runs go on. Throws the
 * error of a specification that cannot be built.
 */
export function groupRuns(
  runs: readonly PlannedRun[],
  workers: number,
  models: PlannedModels,
  speed: Speed = usualSpeed,
  checkpoints: ReadonlyMap<string, number> = new Map(),
): RunGroup[] {
  const groups = [...alikeIn(runs, models, checkpoints).values()].flatMap(({ model: { form, cost }, step, alike }) => {
    const size = groupSize(form, alike.length, workers);
    return chunks(alike, size).map((members) => ({
      runs: members,
      work: groupSeconds(sizeOfGroup({ runs: members, threads: 1 }, models, step), speed),
      products: cost.products * members.length,
    }));
  });
  const coresEach = Math.max(1, Math.floor(workers / groups.length));
  return groups
    .sort((a, b) => b.work - a.work)
    .map(({ products, ...group }) => ({ ...group, threads: products < threadsPayFrom ? 1 : coresEach }));
}

/** Runs that can be computed together: they share a graph, and start, or go on, at the same step. */
function alikeIn(runs: readonly PlannedRun[], models: PlannedModels, checkpoints: ReadonlyMap<string, number>) {
  const found = new Map<
    string,
    { readonly model: PlannedModel; readonly step: number; readonly alike: PlannedRun[] }
  >();
  const numbers = new Map<PlannedModel, number>();
  for (const run of runs) {
    const model = models.of(run.spec);
    if (!numbers.has(model)) numbers.set(model, numbers.size);
    const step = checkpoints.get(run.run) ?? 0;
    const key = `${numbers.get(model) ?? ""} ${step}`;
    const known = found.get(key) ?? { model, step, alike: [] };
    known.alike.push(run);
    found.set(key, known);
  }
  return found;
}

/** What the time of a group depends on, that has taken `after` steps already. */
export function sizeOfGroup(
  { runs, threads }: Pick<RunGroup, "runs" | "threads">,
  models: PlannedModels,
  after = 0,
): GroupSize {
  const [first] = runs;
  if (first === undefined) throw new Error("internal: a group without runs");
  const { nodes, cost } = models.of(first.spec);
  const { steps, batch } = first.spec.train;
  const strings = Math.max(...runs.map(({ spec: { data } }) => data.train + data.validation + data.test));
  return { nodes, products: cost.products, steps: steps - after, replicas: runs.length, threads, batch, strings };
}

/** How many of `count` runs of a shape are computed together. */
export function groupSize(form: Group["form"], count: number, workers: number): number {
  return form === "stacked" ? Math.min(largest, Math.ceil(count / workers)) : 1;
}

/** Cuts a list into parts of at most `size`, as equal as possible. */
function chunks<T>(list: readonly T[], size: number): T[][] {
  const count = Math.ceil(list.length / size);
  return Array.from({ length: count }, (_, i) =>
    list.slice(Math.floor((i * list.length) / count), Math.floor(((i + 1) * list.length) / count)),
  );
}
