/**
 * Computes the missing runs of a study over worker threads, and stores each group as it finishes.
 *
 * There is a worker per core, and the groups (`groups.ts`), each with its number of threads, are handed out, most work first. An abort or a kill
 * loses only the groups in flight, and of those that had run for long only what came after their last checkpoint (`checkpoints.ts`).
 */
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { refuseUndeclared, undeclaredIn } from "./claims.ts";
import { checkpointSteps, removeCheckpoints } from "./checkpoints.ts";
import { failuresOf, rowsOf, weightsOf } from "./group-rows.ts";
import { groupRuns, type RunGroup } from "./groups.ts";
import { type PlannedModel, PlannedModels } from "./planned-model.ts";
import { keptNetworkOf } from "./user-networks.ts";
import { keptRuleOf } from "./user-rules.ts";
import { lastEnds, type Speed, usualSpeed } from "./speed.ts";
import { keptTaskOf } from "./user-tasks.ts";
import { machineProvenance } from "./provenance.ts";
import type { Reply, Request } from "./protocol.ts";
import { Storing } from "./storing.ts";
import type { Outcome } from "../store/rows.ts";
import { type Journal, openJournal } from "../store/journal.ts";
import type { Store } from "../store/store.ts";
import type { PlannedRun } from "../spec/study.ts";

export interface ExecutionOptions {
  readonly store: Store;
  /** Name of the study, stored with its rows; "" for a single run. */
  readonly study: string;
  readonly runs: readonly PlannedRun[];
  /** Their models, where they have been planned before (`plan.ts`). */
  readonly models?: PlannedModels;
  /** How fast this machine is, where that was measured (`calibration.ts`). */
  readonly speed?: Speed;
  /** Worker threads; one per core when left out. */
  readonly workers?: number;
  /** Threads of each worker's session; as planned (`groups.ts`) when left out. */
  readonly threads?: number;
  /** Runs rules that read more than they claim, and marks their rows; they are refused otherwise. */
  readonly undeclared?: boolean;
  /** Keep the trained values of every run (`store/weights.ts`); true when left out. */
  readonly weights?: boolean;
  /** Seconds between the checkpoints of a group, and before its first; 60 when left out, 0 for none. */
  readonly checkpointEvery?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: ExecutionProgress) => void;
  /** Told in a line where the store is deleted or cannot be written any more (`storing.ts`). */
  readonly onWarning?: (text: string) => void;
}

export interface ExecutionProgress {
  /** Runs computed so far. */
  readonly done: number;
  /** Runs found in the store. */
  readonly reused: number;
  readonly total: number;
  /** Runs in flight. */
  readonly running: number;
  /** Training steps per second, summed over the runs in flight. */
  readonly stepsPerSecond: number;
  /** NaN until enough is done to say. */
  readonly secondsLeft: number;
  readonly latest: readonly {
    readonly run: string;
    readonly rule: string;
    readonly step: number;
    readonly steps: number;
    readonly loss: number;
  }[];
}

export interface ExecutionSummary {
  readonly computed: number;
  readonly reused: number;
  /** Of those computed, how many went on from a checkpoint. */
  readonly resumed: number;
  readonly outcomes: Readonly<Record<Outcome, number>>;
  readonly seconds: number;
  /** Seconds that workers took, and were expected to take, for groups of which every run took all its steps. */
  readonly taken: { readonly seconds: number; readonly expected: number };
  /** As those of the plan (`plan.ts`): what rules read that they do not claim. */
  readonly undeclared: readonly string[];
}

/**
 * Runs what the store does not have. A group that fails is stored as `failed` with its message and tried again next time.
 *
 * Throws the signal's reason when aborted, after what was finished has been stored; where the store cannot be written any more, what `Storing.end` throws; RuleError where a rule reads more than it claims.
 */
export async function execute(options: ExecutionOptions): Promise<ExecutionSummary> {
  const started = performance.now();
  const { store, runs, models = new PlannedModels(), signal } = options;
  const undeclared = undeclaredIn(runs, models);
  if (options.undeclared !== true) refuseUndeclared(undeclared, "say undeclared: true");
  const finished = await store.finished(runs.map(({ run }) => run));
  const missing = runs.filter(({ run }) => !finished.has(run));
  const workers = Math.max(1, options.workers ?? availableParallelism());
  await removeCheckpoints(store.folder, finished);
  const checkpoints = await checkpointSteps(
    store.folder,
    missing.map(({ run }) => run),
  );
  const groups = groupRuns(missing, workers, models, options.speed ?? usualSpeed, checkpoints);
  const execution = new Execution(options, runs.length, finished.size, groups, models);
  signal?.throwIfAborted();
  await execution.run(Math.min(workers, execution.groups.length));
  return {
    computed: missing.length,
    reused: finished.size,
    resumed: checkpoints.size,
    outcomes: execution.outcomes,
    taken: execution.taken,
    seconds: (performance.now() - started) / 1000,
    undeclared,
  };
}

/** A group in a worker. */
interface Flight {
  readonly group: RunGroup;
  /** By the clock of `performance`. */
  readonly since: number;
  readonly journal: Journal | undefined;
  progress: Extract<Reply, { kind: "progress" }>["progress"] | undefined;
}

/** How the message of a group begins that took its worker with it. */
const workerDied = "worker ended while training";

/** Groups between two looks at whether the store has many small files. */
const compactEvery = 32;

/** Milliseconds between lines of a journal. */
const journalEvery = 2000;

class Execution {
  readonly outcomes: Record<Outcome, number> = { finished: 0, stopped: 0, diverged: 0, failed: 0 };
  readonly taken = { seconds: 0, expected: 0 };
  private readonly queue: RunGroup[];
  private readonly flights = new Set<Flight>();
  private readonly machine = machineProvenance();
  private readonly storing: Storing;
  private done = 0;
  private workDone = 0;
  /** Seconds that workers took for it. */
  private spent = 0;
  private groupsWritten = 0;
  private workers = 1;
  private compacting: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly options: ExecutionOptions,
    private readonly total: number,
    private readonly reused: number,
    readonly groups: readonly RunGroup[],
    private readonly models: PlannedModels,
  ) {
    this.queue = [...groups];
    this.storing = new Storing(options.store, options.onWarning ?? (() => undefined));
  }

  async run(workers: number): Promise<void> {
    this.workers = workers;
    const results = await Promise.allSettled(Array.from({ length: workers }, () => this.work()));
    const problem = results.find((result) => result.status === "rejected");
    await this.storing.end();
    this.compact();
    await this.compacting;
    this.options.signal?.throwIfAborted();
    if (problem !== undefined) throw problem.reason;
  }

  /** One worker's life: takes groups until none is left. A worker that dies is replaced, so that others' groups still run. */
  private async work(): Promise<void> {
    let worker = startWorker();
    const stop = (): void => worker.postMessage({ kind: "abort" } satisfies Request);
    this.options.signal?.addEventListener("abort", stop);
    try {
      for (let group = this.next(); group !== undefined; group = this.next()) {
        const survives = await this.compute(worker, group);
        if (!survives) worker = startWorker();
      }
    } finally {
      this.options.signal?.removeEventListener("abort", stop);
      await worker.terminate();
    }
  }

  private next(): RunGroup | undefined {
    return this.options.signal?.aborted === true ? undefined : this.queue.shift();
  }

  /** Computes and stores a group; returns whether the worker is still there. */
  private async compute(worker: Worker, group: RunGroup): Promise<boolean> {
    const { store, study } = this.options;
    const journal = journalOf(store, { runs: group.runs.map(({ run }) => run), study });
    const flight: Flight = { group, since: performance.now(), journal, progress: undefined };
    this.flights.add(flight);
    try {
      const reply = await this.converse(worker, flight);
      if (reply.kind === "aborted") return true;
      const planned = this.plannedOf(group);
      const { certificate, digest: graph, undeclared } = planned;
      const origin = {
        ...{ study, threads: this.options.threads ?? group.threads, machine: this.machine },
        knows: {
          ...{ certificate, graph, undeclared, rule: keptRuleOf(planned.model.rule) },
          ...{ task: keptTaskOf(planned.spec.task), network: keptNetworkOf(planned.spec) },
        },
      };
      const { rows, curves } =
        reply.kind === "done"
          ? rowsOf(group, reply, origin)
          : { rows: failuresOf(group, reply.message, origin), curves: [] };
      await this.storing.write({ rows, curves, weights: reply.kind === "done" ? weightsOf(group, reply) : undefined });
      const died = reply.kind === "failed" && reply.message.startsWith(workerDied);
      if (!died)
        await removeCheckpoints(
          store.folder,
          group.runs.map(({ run }) => run),
        );
      this.groupsWritten += 1;
      if (this.groupsWritten % compactEvery === 0) this.compact();
      for (const { outcome } of rows) this.outcomes[outcome] += 1;
      this.done += rows.length;
      this.workDone += group.work;
      const seconds = (performance.now() - flight.since) / 1000;
      this.spent += seconds;
      if (rows.every(({ outcome }) => outcome === "finished")) {
        this.taken.seconds += seconds;
        this.taken.expected += group.work;
      }
      return !died;
    } finally {
      this.flights.delete(flight);
      await journal?.close();
      this.report();
    }
  }

  /** Lets the store merge its small files while workers go on. What goes wrong there loses nothing, and the next merge finds it again. */
  private compact(): void {
    const { store } = this.options;
    this.compacting = this.compacting.then(() => store.compactWhereMany()).catch(() => undefined);
  }

  /** Sends a group and waits for the reply that ends it. */
  private converse(worker: Worker, flight: Flight): Promise<Exclude<Reply, { kind: "progress" }>> {
    let written = 0;
    return new Promise((resolve) => {
      const onMessage = (reply: Reply): void => {
        if (reply.kind !== "progress") {
          finish(reply);
          return;
        }
        flight.progress = reply.progress;
        const now = performance.now();
        if (now - written > journalEvery) {
          written = now;
          flight.journal?.append({
            step: reply.progress.step,
            steps: reply.progress.steps,
            loss: reply.progress.losses[0] ?? NaN,
          });
        }
        this.report();
      };
      const died = (how: string): void =>
        finish({ kind: "failed", message: `${workerDied}: ${how}; run the study again` });
      const onError = (error: unknown): void => died(error instanceof Error ? error.message : String(error));
      const onExit = (code: number): void => died(`exit code ${code}`);
      const finish = (reply: Exclude<Reply, { kind: "progress" }>): void => {
        worker.off("message", onMessage).off("error", onError).off("exit", onExit);
        resolve(reply);
      };
      worker.on("message", onMessage).on("error", onError).on("exit", onExit);
      const planned = this.plannedOf(flight.group);
      worker.postMessage({
        ...{ document: planned.step.traced.document, graph: planned.digest },
        kind: "train",
        specs: flight.group.runs.map(({ spec }) => spec),
        runs: flight.group.runs.map(({ run }) => run),
        store: this.options.store.folder,
        weights: this.options.weights ?? true,
        checkpointEvery: this.options.checkpointEvery ?? 60,
        threads: this.options.threads ?? flight.group.threads,
      } satisfies Request);
    });
  }

  private plannedOf({ runs: [first] }: RunGroup): PlannedModel {
    if (first === undefined) throw new Error("internal: a group without runs");
    return this.models.of(first.spec);
  }

  /**
   * The time left, from the pace at which workers have done what was expected of them: groups in flight go on to their end and those that
   * wait are taken by the first worker that is free. Says nothing before as much as two seconds of training and a fiftieth of all were seen.
   */
  private secondsLeft(): number {
    const now = performance.now();
    const training = [...this.flights].flatMap(({ group, since, progress }) =>
      progress === undefined ? [] : [{ group, part: progress.step / progress.steps, seconds: (now - since) / 1000 }],
    );
    const seconds = this.spent + training.reduce((sum, flight) => sum + flight.seconds, 0);
    const done = this.workDone + training.reduce((sum, { group, part }) => sum + part * group.work, 0);
    const work = this.groups.reduce((sum, group) => sum + group.work, 0);
    if (!enoughToSay(seconds, done / work)) return NaN;
    const pace = seconds / done;
    const parts = new Map(training.map(({ group, part }) => [group, part]));
    const busy = [...this.flights].map(({ group }) => (1 - (parts.get(group) ?? 0)) * group.work * pace);
    return lastEnds(
      this.queue.map(({ work: each }) => each * pace),
      this.workers,
      busy,
    );
  }

  private report(): void {
    const { onProgress } = this.options;
    if (onProgress === undefined) return;
    const flying = [...this.flights];
    onProgress({
      done: this.done,
      reused: this.reused,
      total: this.total,
      running: flying.reduce((sum, { group }) => sum + group.runs.length, 0),
      stepsPerSecond: flying.reduce(
        (sum, { group, progress }) => sum + (progress?.stepsPerSecond ?? 0) * group.runs.length,
        0,
      ),
      secondsLeft: this.secondsLeft(),
      latest: flying.flatMap(({ group, progress }) =>
        group.runs.map(({ run, spec }, i) => ({
          run,
          rule: spec.rule.id,
          step: progress?.step ?? 0,
          steps: spec.train.steps,
          loss: progress?.losses[i] ?? NaN,
        })),
      ),
    });
  }
}

/** The journal of a group; none where the store cannot be written, which is told when the group is stored. */
function journalOf(
  store: Store,
  group: { readonly runs: readonly string[]; readonly study: string },
): Journal | undefined {
  try {
    return openJournal(store.folder, group);
  } catch {
    return undefined;
  }
}

/** Whether so many seconds of workers, for such a part of all work, are enough to say how long the rest takes. */
export function enoughToSay(seconds: number, part: number): boolean {
  return seconds >= 2 && part >= 0.02;
}

/** Starts a worker from the built file, or from source through tsx. */
function startWorker(): Worker {
  const fromSource = import.meta.url.endsWith(".ts");
  return new Worker(new URL(fromSource ? "./worker-from-source.mjs" : "./worker.js", import.meta.url));
}
