/** Trains a group of replicas to the end: the loop, measurements on the way, checkpoints, final scores. */
import type { Engine } from "../runtime/index.ts";
import { exampleLength, type Examples, type Split } from "../tasks/index.ts";
import {
  Course,
  type CourseOptions,
  type CourseState,
  type CurveSample,
  type Outcome,
  type ReplicaValues,
} from "./course.ts";
import { divergence } from "./divergence.ts";
import { Evaluator, type Score } from "./evaluate.ts";
import { trainProbes } from "./probes.ts";
import { type Group, type ReplicaState, type StepScalars, Trainer } from "./trainer.ts";

export interface TrainOptions extends CourseOptions {
  /** Steps between measurements of the validation error; 0, or left out, never. */
  readonly validateEvery?: number;
  /** Train a linear probe on every layer afterwards (`probes.ts`). */
  readonly probes: boolean;
  /** Where long training leaves what it would go on from. */
  readonly checkpoints?: Checkpoints;
  /** What to go on from; the same group takes it to the same bits. */
  readonly from?: GroupState;
  readonly onProgress?: (progress: Progress) => void;
  /** Called once with the model that is run, as it was compiled: that of a step, or of a block of steps. */
  readonly onCompiled?: (model: Uint8Array) => void;
  /** Aborted: the group stops at the next step and `train` throws `signal.reason`. */
  readonly signal?: AbortSignal;
}

/** Where, and how often, the state of a group is written down. */
export interface Checkpoints {
  /** Seconds between two, and before the first. */
  readonly every: number;
  /** Seconds of training from which an aborted group is worth one. */
  readonly worthFrom: number;
  readonly save: (state: GroupState) => Promise<void>;
}

/** All that the further training of a group depends on, beside its specification. */
export interface GroupState {
  readonly step: number;
  /** Seconds of training so far. */
  readonly seconds: number;
  readonly replicas: readonly (ReplicaState & { readonly course: CourseState })[];
}

export interface Progress {
  readonly step: number;
  readonly steps: number;
  readonly stepsPerSecond: number;
  readonly secondsLeft: number;
  /** Latest train loss of each replica; NaN for one that diverged. */
  readonly losses: readonly number[];
}

export interface ReplicaResult {
  readonly outcome: Outcome;
  /** Steps taken; for `diverged`, the step whose loss was first not finite or above `explosion`. */
  readonly steps: number;
  /** Of a diverged run: what was first not finite, or exploded, at which step and in which tensor; "" otherwise. */
  readonly message: string;
  readonly train: Score;
  readonly validation: Score;
  readonly test: Score;
  readonly curve: readonly CurveSample[];
  /** Further numbers by name, e.g. `probe.layer1.testError`; `keptStep`, where the state of lowest validation error is kept. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Parameters, heads, rule state and slots of the optimiser as they are kept, by name; empty for a diverged run. */
  readonly values: ReplicaValues;
}

/** Milliseconds between progress reports. */
const reportEvery = 200;

const unscored: Score = { loss: NaN, error: NaN };

/**
 * Trains every replica of a group and scores it on its train, validation and test strings.
 *
 * A loss or objective that is not finite, or a loss above `explosion`, ends that replica as `diverged`; the others go on.
 */
export async function train(group: Group, options: TrainOptions, engine: Engine): Promise<ReplicaResult[]> {
  const trainer = await Trainer.create(group, engine, options.steps);
  const judge = new Judge(trainer, engine);
  try {
    options.onCompiled?.(trainer.compiled);
    const courses = group.replicas.map(() => new Course(options));
    const { from, validateEvery = 0 } = options;
    if (from !== undefined) {
      trainer.resume(from.step, from.replicas);
      from.replicas.forEach(({ course }, r) => courses[r]?.resume(course));
    }
    const clock = new Clock(options, from);
    while (courses.some(({ outcome }) => outcome === undefined)) {
      if (options.signal?.aborted === true && clock.isWorthCheckpoint) await clock.save(trainer, courses);
      options.signal?.throwIfAborted();
      const block = await trainer.advance(stepsToGo(trainer, options));
      await observe(trainer, courses, block);
      const isDue = validateEvery > 0 && trainer.steps % validateEvery === 0;
      if (validateEvery > 0) await validate(trainer, courses, judge, isDue);
      if (clock.isCheckpointDue) await clock.save(trainer, courses);
      await clock.report(trainer.steps, courses);
    }
    return await scoreAll(trainer, courses, options, judge, engine);
  } finally {
    await judge.dispose();
    await trainer.dispose();
  }
}

/** Steps to take next: a block where one ends before the validation error is to be measured, and a single step otherwise. */
function stepsToGo({ blockSteps, steps }: Trainer, { steps: all, validateEvery = 0 }: TrainOptions): number {
  const toJudgement = validateEvery > 0 ? validateEvery - (steps % validateEvery) : Infinity;
  // Of steps taken one by one together, the state between them would be lost.
  return Math.min(all - steps, toJudgement) < blockSteps ? 1 : blockSteps;
}

/** Shows every replica its part of a block. One that ends is copied out at once; its slice computes on, unread. */
async function observe(trainer: Trainer, courses: readonly Course[], block: readonly StepScalars[]): Promise<void> {
  const names = ["loss", "error", ...trainer.graph.objectives];
  const before = trainer.steps - block.length;
  for (const [r, course] of courses.entries()) {
    const isRunning = course.outcome === undefined;
    const ended = endOf(course, r, block, before, names);
    if (isRunning && course.outcome === "diverged")
      course.message = await divergence(trainer, r, course.steps - before - 1, block, course.steps);
    if (ended !== undefined) course.values = await trainer.snapshotAfter(ended, r);
  }
}

/** Measures the validation error of replicas that have just ended and, where that is due, of all that go on. */
async function validate(trainer: Trainer, courses: readonly Course[], judge: Judge, isDue: boolean): Promise<void> {
  const judged = courses.map(({ outcome, awaitsJudgement }) => awaitsJudgement || (isDue && outcome === undefined));
  if (!judged.includes(true)) return;
  const values = courses.map(({ outcome, values: ended }, r) =>
    outcome === undefined || outcome === "diverged" ? trainer.snapshot(r) : ended,
  );
  const scores = await judge.score(values, ({ validation }) => validation);
  courses.forEach((course, r) => {
    const [score, own] = [scores[r], values[r]];
    if (judged[r] === true && score !== undefined && own !== undefined && course.judge(score, own)) course.stop(own);
  });
}

/** Scores the replicas of a group on sets of their own. Compiled when it is first asked. */
class Judge {
  private evaluator: Evaluator | undefined;

  constructor(
    private readonly trainer: Trainer,
    private readonly engine: Engine,
  ) {}

  async score(values: readonly ReplicaValues[], pick: (split: Split) => Examples): Promise<Score[]> {
    const { group, splits } = this.trainer;
    const [first] = group.replicas;
    const length = first === undefined ? 1 : exampleLength(first.task);
    this.evaluator ??= await Evaluator.create(group.model, length, group.form, group.replicas.length, this.engine);
    return this.evaluator.score(values, splits.map(pick));
  }

  async dispose(): Promise<void> {
    await this.evaluator?.dispose();
  }
}

/** What is done by the clock while a group is trained: reports, and checkpoints. */
class Clock {
  private readonly started = performance.now();
  private reported = this.started;
  private saved = this.started;
  private savedStep: number;

  constructor(
    private readonly options: TrainOptions,
    private readonly from: GroupState | undefined,
  ) {
    this.savedStep = from?.step ?? 0;
  }

  /** Seconds of training, those before this process among them. */
  private get seconds(): number {
    return (this.from?.seconds ?? 0) + (performance.now() - this.started) / 1000;
  }

  get isCheckpointDue(): boolean {
    const { checkpoints } = this.options;
    return checkpoints !== undefined && performance.now() - this.saved > 1000 * checkpoints.every;
  }

  get isWorthCheckpoint(): boolean {
    const { checkpoints } = this.options;
    return checkpoints !== undefined && this.seconds > checkpoints.worthFrom;
  }

  async save(trainer: Trainer, courses: readonly Course[]): Promise<void> {
    this.saved = performance.now();
    if (trainer.steps === this.savedStep) return;
    this.savedStep = trainer.steps;
    const replicas = courses.map((course, r) => ({ ...trainer.state(r), course: course.state() }));
    await this.options.checkpoints?.save({ step: trainer.steps, seconds: this.seconds, replicas });
  }

  async report(step: number, courses: readonly Course[]): Promise<void> {
    const { onProgress, steps } = this.options;
    const now = performance.now();
    if (onProgress === undefined || (now - this.reported <= reportEvery && step !== steps)) return;
    this.reported = now;
    const stepsPerSecond = (step - (this.from?.step ?? 0)) / ((now - this.started) / 1000);
    onProgress({
      ...{ step, steps, stepsPerSecond, secondsLeft: (steps - step) / stepsPerSecond },
      losses: courses.map(({ loss }) => loss),
    });
    // Lets messages (an abort among them) in; the runtime's own promise does not leave the current tick.
    await new Promise((resolve) => setTimeout(resolve, 0));
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

async function scoreAll(
  trainer: Trainer,
  courses: readonly Course[],
  options: TrainOptions,
  judge: Judge,
  engine: Engine,
): Promise<ReplicaResult[]> {
  const { group, splits } = trainer;
  // A diverged replica keeps its place with its untrained values; its scores are not read.
  const parameters = courses.map(({ kept, outcome }, r) =>
    outcome === "diverged" ? trainer.snapshot(r) : kept.values,
  );
  const train = await judge.score(parameters, (split) => split.train);
  const validation = await judge.score(parameters, (split) => split.validation);
  const test = await judge.score(parameters, (split) => split.test);
  const probed = options.probes ? await trainProbes(group, splits, parameters, engine) : [];
  return courses.map((course, r): ReplicaResult => {
    const diverged = course.outcome === "diverged";
    const scoreOf = (scores: readonly Score[]): Score => (diverged ? unscored : (scores[r] ?? unscored));
    const keptStep = options.keep === "best" ? { keptStep: course.kept.step } : {};
    return {
      outcome: course.outcome ?? "finished",
      steps: course.steps,
      message: course.message,
      train: scoreOf(train),
      validation: scoreOf(validation),
      test: scoreOf(test),
      curve: course.curve,
      metrics: diverged ? {} : { ...keptStep, ...probed[r] },
      values: course.kept.values,
    };
  });
}
