/** What is known of one replica's training so far: whether and why it has ended, its curves, and the state that is kept of it. */
import type { Score } from "./evaluate.ts";

/** Values of a replica by name: parameters, heads, what the rule keeps, slots of the optimiser. */
export type ReplicaValues = Readonly<Record<string, Float32Array>>;

/** When a replica's training ends, and what is kept of it. */
export interface CourseOptions {
  readonly steps: number;
  /** Stop a replica once its train loss, averaged over `stopWindow` steps, is below this; 0 never. */
  readonly stopAtLoss: number;
  readonly stopWindow: number;
  /** Steps between points of the curves; each is the mean since the last. */
  readonly curveEvery: number;
  /** `best`: the state of lowest validation error, of equal ones that of lowest loss, the first of those; `last` when left out. */
  readonly keep?: "last" | "best";
  /** Stop a replica once its validation error has not fallen for so many measurements; 0, or left out, never. */
  readonly patience?: number;
}

export interface CurveSample {
  readonly step: number;
  readonly metric: string;
  readonly value: number;
}

export type Outcome = "finished" | "stopped" | "diverged";

/** The state of lowest validation error so far. */
interface Best extends Score {
  readonly step: number;
  readonly values: ReplicaValues;
}

/** A course but for values, as JSON has it: what is not finite is null there. */
interface Told {
  readonly outcome?: Outcome;
  readonly steps: number;
  readonly message: string;
  readonly loss: number | null;
  readonly curve: CurveSample[];
  readonly sinceBest: number;
  readonly judgedAt: number;
  readonly recent: number[];
  readonly sums: [string, { sum: number; count: number }][];
  readonly best?: Omit<Best, "values">;
}

/** A course as it can be written down and taken up again: values, and all else as JSON takes it. */
export interface CourseState {
  readonly told: string;
  readonly values: ReplicaValues;
  readonly best: ReplicaValues;
}

/** A loss above this, in nats, is an explosion: a thousand times what guessing costs on any task here. */
export const explosion = 1e4;

export class Course {
  outcome: Outcome | undefined;
  steps = 0;
  /** Of a diverged run: what was first not finite, or exploded. */
  message = "";
  loss = NaN;
  /** At the end; empty before, and of a diverged run. */
  values: ReplicaValues = {};
  curve: CurveSample[] = [];
  private best: Best | undefined;
  /** Measurements of the validation error since it was lowest, and the step of the last one. */
  private sinceBest = 0;
  private judgedAt = 0;
  private recent: number[] = [];
  private sums = new Map<string, { sum: number; count: number }>();

  constructor(private readonly options: CourseOptions) {}

  /** Takes in one step's scalars; returns the outcome once the replica is done. */
  observe(step: number, scalars: ReadonlyMap<string, number>): Outcome | undefined {
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

  /** Whether it has ended well since its validation error was last measured. */
  get awaitsJudgement(): boolean {
    return (this.outcome === "finished" || this.outcome === "stopped") && this.judgedAt < this.steps;
  }

  /** Takes in the validation score of the present state; true where training has to stop for it. */
  judge({ loss, error }: Score, values: ReplicaValues): boolean {
    const { steps: step, best } = this;
    this.judgedAt = step;
    this.curve.push({ step, metric: "validationLoss", value: loss }, { step, metric: "validationError", value: error });
    this.sinceBest = best === undefined || error < best.error ? 0 : this.sinceBest + 1;
    if (best === undefined || error < best.error || (error === best.error && loss < best.loss))
      this.best = { step, loss, error, values: this.options.keep === "best" ? values : {} };
    const { patience = 0 } = this.options;
    return this.outcome === undefined && patience > 0 && this.sinceBest >= patience;
  }

  /** Ends training here, with these values. */
  stop(values: ReplicaValues): void {
    this.outcome = "stopped";
    this.flush(this.steps);
    this.values = values;
  }

  /** What is kept of a replica that has ended: its values, and the step that they are of. */
  get kept(): { readonly step: number; readonly values: ReplicaValues } {
    if (this.options.keep === "best" && this.best !== undefined && this.outcome !== "diverged") return this.best;
    return { step: this.steps, values: this.values };
  }

  state(): CourseState {
    const { outcome, steps, message, loss, curve, best, sinceBest, judgedAt, recent, sums, values } = this;
    const { values: kept = {}, ...told } = best ?? {};
    return {
      told: JSON.stringify({
        ...{ outcome, steps, message, loss, curve, sinceBest, judgedAt, recent, sums: [...sums] },
        best: best && told,
      }),
      values,
      best: kept,
    };
  }

  resume({ told, values, best }: CourseState): void {
    const known = JSON.parse(told) as Told;
    this.outcome = known.outcome;
    this.steps = known.steps;
    this.message = known.message;
    this.loss = known.loss ?? NaN;
    this.curve = known.curve;
    this.sinceBest = known.sinceBest;
    this.judgedAt = known.judgedAt;
    this.recent = known.recent;
    this.sums = new Map(known.sums);
    this.best = known.best && { ...known.best, values: best };
    this.values = values;
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
