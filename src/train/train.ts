/** Trains a group of replicas to the end: the loop, early stop, divergence, curves, final scores. */
import type { Engine } from "../runtime/index.ts";
import { exampleLength, type Examples } from "../tasks/index.ts";
import { Evaluator, type Score } from "./evaluate.ts";
import { divergence } from "./divergence.ts";
import { trainProbes } from "./probes.ts";
import { type Group, type StepScalars, Trainer } from "./trainer.ts";

export interface TrainOptions {
  readonly steps: number;
  /** Stop a replica once its train loss, averaged over `stopWindow` steps, is below this; 0 never. */
  readonly stopAtLoss: number;
  readonly stopWindow: number;
  /** Steps between points of the curves; each is the mean since the last. */
  readonly curveEvery: number;
  /** Train a linear probe on every layer afterwards (`probes.ts`). */
  readonly probes: boolean;
  readonly onProgress?: (progress: Progress) => void;
  /** Called once with the model that is run, as it was compiled: that of a step, or of a block of steps. */
  readonly onCompiled?: (model: Uint8Array) => void;
  /** Aborted: the group stops at the next step and `train` throws `signal.reason`. */
  readonly signal?: AbortSignal;
}

export interface Progress {
  readonly step: number;
  readonly steps: number;
  readonly stepsPerSecond: number;
  readonly secondsLeft: number;
  /** Latest train loss of each replica; NaN for one that diverged. */
  readonly losses: readonly number[];
}

export interface CurveSample {
  readonly step: number;
  readonly metric: string;
  readonly value: number;
}

export interface ReplicaResult {
  readonly outcome: "finished" | "stopped" | "diverged";
  /** Steps taken; for `diverged`, the step whose loss was first not finite or above `explosion`. */
  readonly steps: number;
  /** Of a diverged run: what was first not finite, or exploded, at which step and in which tensor; "" otherwise. */
  readonly message: string;
  readonly train: Score;
  readonly validation: Score;
  readonly test: Score;
  readonly curve: readonly CurveSample[];
  /** Further numbers by name, e.g. `probe.layer1.testError`. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Parameters, heads and rule state at the end, by name; empty for a diverged run. */
  readonly values: Readonly<Record<string, Float32Array>>;
}

/** A loss above this, in nats, is an explosion: a thousand times what guessing costs on any task here. */
export const explosion = 1e4;

/** Milliseconds between progress reports. */
const reportEvery = 200;

const unscored: Score = { loss: NaN, error: NaN };

/** What the loop knows of one replica. */
class Course {
  outcome: ReplicaResult["outcome"] | undefined;
  steps = 0;
  message = "";
  loss = NaN;
  values: Record<string, Float32Array> = {};
  readonly curve: CurveSample[] = [];
  private readonly recent: number[] = [];
  private readonly sums = new Map<string, { sum: number; count: number }>();

  constructor(private readonly options: TrainOptions) {}

  /** Takes in one step's scalars; returns the outcome once the replica is done. */
  observe(step: number, scalars: ReadonlyMap<string, number>): ReplicaResult["outcome"] | undefined {
    this.steps = step;
    this.loss = scalars.get("loss") ?? NaN;
    if ([...scalars.values()].some((value) => !Number.isFinite(value)) || this.loss > explosion) {
      this.outcome = "diverged";
      return this.outcome;
    }
    for (const [metric, value] of scalars) {
      const before = this.sums.get(metric) ?? { sum: 0, count: 0 };
      this.sums.set(metric, { sum: before.sum + value, count: before.count + 1 });
    }
    if (step % this.options.curveEvery === 0 || step === this.options.steps) this.flush(step);
    if (this.options.stopAtLoss > 0 && this.fallsBelow()) this.outcome = "stopped";
    else if (step === this.options.steps) this.outcome = "finished";
    if (this.outcome === "stopped") this.flush(step);
    return this.outcome;
  }

  private fallsBelow(): boolean {
    this.recent.push(this.loss);
    if (this.recent.length > this.options.stopWindow) this.recent.shift();
    const mean = this.recent.reduce((sum, value) => sum + value, 0) / this.recent.length;
    return this.recent.length === this.options.stopWindow && mean < this.options.stopAtLoss;
  }

  private flush(step: number): void {
    for (const [metric, { sum, count }] of this.sums) {
      const name = metric === "loss" ? "trainLoss" : metric === "error" ? "trainError" : metric;
      this.curve.push({ step, metric: name, value: sum / count });
    }
    this.sums.clear();
  }
}

/**
 * Trains every replica of a group and scores it on its train, validation and test strings.
 *
 * A loss or objective that is not finite, or a loss above `explosion`, ends that replica as `diverged`; the others go on.
 */
export async function train(group: Group, options: TrainOptions, engine: Engine): Promise<ReplicaResult[]> {
  const trainer = await Trainer.create(group, engine, options.steps);
  try {
    options.onCompiled?.(trainer.compiled);
    const courses = group.replicas.map(() => new Course(options));
    const names = ["loss", "error", ...trainer.graph.objectives];
    const started = performance.now();
    let reported = started;
    while (courses.some(({ outcome }) => outcome === undefined)) {
      options.signal?.throwIfAborted();
      const block = await trainer.advance(Math.min(trainer.blockSteps, options.steps - trainer.steps));
      for (const [r, course] of courses.entries()) {
        const before = trainer.steps - block.length;
        const isRunning = course.outcome === undefined;
        const ended = endOf(course, r, block, before, names);
        if (isRunning && course.outcome === "diverged")
          course.message = await divergence(trainer, r, course.steps - before - 1, block, course.steps);
        // A finished replica is copied out at once; its slice computes on, unread.
        if (ended !== undefined) course.values = await trainer.snapshotAfter(ended, r);
      }
      const now = performance.now();
      if (options.onProgress !== undefined && (now - reported > reportEvery || trainer.steps === options.steps)) {
        reported = now;
        options.onProgress(progressOf(trainer.steps, options.steps, (now - started) / 1000, courses));
        // Lets messages (an abort among them) in; the runtime's own promise does not leave the current tick.
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
    }
    return await scoreAll(trainer, courses, options, engine);
  } finally {
    await trainer.dispose();
  }
}

/**
 * Shows a replica the steps of a block, of which `before` came earlier, until its training ends; returns how many of them it took
 * when it ended with values worth keeping.
 */
function endOf(
  course: Course,
  replica: number,
  block: readonly StepScalars[],
  before: number,
  names: readonly string[],
): number | undefined {
  for (const [i, scalars] of block.entries()) {
    if (course.outcome !== undefined) return undefined;
    const own = new Map(names.map((name) => [name, scalars[name]?.[replica] ?? NaN]));
    const outcome = course.observe(before + i + 1, own);
    if (outcome === "finished" || outcome === "stopped") return i + 1;
  }
  return undefined;
}

function progressOf(step: number, steps: number, seconds: number, courses: readonly Course[]): Progress {
  const stepsPerSecond = step / seconds;
  return {
    step,
    steps,
    stepsPerSecond,
    secondsLeft: (steps - step) / stepsPerSecond,
    losses: courses.map(({ loss }) => loss),
  };
}

async function scoreAll(
  trainer: Trainer,
  courses: readonly Course[],
  options: TrainOptions,
  engine: Engine,
): Promise<ReplicaResult[]> {
  const { group, splits } = trainer;
  const [first] = group.replicas;
  const length = first === undefined ? 1 : exampleLength(first.task);
  // A diverged replica keeps its place with its untrained values; its scores are not read.
  const parameters = courses.map(({ values, outcome }, r) => (outcome === "diverged" ? trainer.snapshot(r) : values));
  const evaluator = await Evaluator.create(group.model, length, group.form, group.replicas.length, engine);
  try {
    const of = (pick: (split: (typeof splits)[number]) => Examples): Promise<Score[]> =>
      evaluator.score(parameters, splits.map(pick));
    const [train, validation, test] = [
      await of((s) => s.train),
      await of((s) => s.validation),
      await of((s) => s.test),
    ];
    const probed = options.probes ? await trainProbes(group, splits, parameters, engine) : [];
    return courses.map((course, r): ReplicaResult => {
      const diverged = course.outcome === "diverged";
      const scoreOf = (scores: readonly Score[]): Score => (diverged ? unscored : (scores[r] ?? unscored));
      return {
        outcome: course.outcome ?? "finished",
        steps: course.steps,
        message: course.message,
        train: scoreOf(train),
        validation: scoreOf(validation),
        test: scoreOf(test),
        curve: course.curve,
        metrics: diverged ? {} : (probed[r] ?? {}),
        values: course.values,
      };
    });
  } finally {
    await evaluator.dispose();
  }
}
