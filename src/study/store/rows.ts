/**
 * What the store keeps of a run: one row and its curves. These are the types readers (report, commands) and writers
 * (executor) share; the Parquet columns are derived from them in `store.ts`.
 */
import type { Certificate } from "../../audit/index.ts";
import type { Signal } from "../../rules/index.ts";
import type { KeptNetwork } from "../run/user-networks.ts";
import type { KeptRule } from "../run/user-rules.ts";
import type { KeptTask } from "../run/user-tasks.ts";
import type { RunSpec } from "../spec/spec.ts";

/** How a run ends. `finished` and `stopped` (early stop reached) are successes; `diverged` is a result; `failed` is an error. */
export const outcomes = ["finished", "stopped", "diverged", "failed"] as const;
/** How a run ended. */
export type Outcome = (typeof outcomes)[number];

export interface RunRow {
  /** Hash of the canonical specification: 16 hex digits. */
  readonly run: string;
  /** Name of the study that first computed it, or "" for a single run. */
  readonly study: string;
  readonly spec: RunSpec;
  readonly outcome: Outcome;
  /** Steps taken; for `diverged`, the step whose loss was first not finite or exploded. */
  readonly steps: number;
  /** Of a `failed` run, what went wrong, where, and what to do; of a `diverged` one, what was first not finite, at which step; "" otherwise. */
  readonly message: string;
  /** Errors are fractions of misclassified examples in [0, 1]; losses are mean cross-entropies in nats. NaN when not measured. */
  readonly trainLoss: number;
  readonly trainError: number;
  readonly validationLoss: number;
  readonly validationError: number;
  readonly testLoss: number;
  readonly testError: number;
  /** Open-ended numbers by name, e.g. `probe.layer2.testError`, `layer1.objective`. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Wall time in seconds of the group this run was computed in, divided by the replicas of that group. */
  readonly wallSeconds: number;
  /** ISO 8601, UTC. */
  readonly finishedAt: string;
  readonly provenance: Provenance;
  /** What the rule knew, where it was written down: rows of earlier versions have none. */
  readonly knows: RunKnowledge | undefined;
}

/** What a list shows of a run. */
export interface RunOverview extends Pick<
  RunRow,
  "run" | "study" | "outcome" | "steps" | "trainError" | "validationError" | "testError" | "finishedAt"
> {
  /** Id of the rule. */
  readonly rule: string;
  /** Signals that it read and did not claim. */
  readonly undeclared: readonly Signal[];
}

/** What a rule knew in a run, by the graph that ran. */
export interface RunKnowledge {
  readonly certificate: Certificate;
  /** Name of the step's graph that was certified and executed. */
  readonly graph: string;
  /** Name of the model that was compiled of it: a step, or several in a row, of all replicas of the group. */
  readonly compiled: string;
  /** Signals that it read and did not claim. */
  readonly undeclared: readonly Signal[];
  /** Of a rule from a file: its card and source. */
  readonly rule?: KeptRule | undefined;
  /** Of a task from a file: what its examples are; of a program, its source. */
  readonly task?: KeptTask | undefined;
  /** Of a network from a file: its source. */
  readonly network?: KeptNetwork | undefined;
}

/** Where a number comes from. */
export interface Provenance {
  readonly afferent: string;
  readonly commit: string;
  readonly engine: string;
  readonly node: string;
  readonly machine: string;
  readonly threads: number;
  readonly replicas: number;
}

/** One point of a curve: `metric` is e.g. `trainLoss`, `layer1.objective`, `validationError`. */
export interface CurvePoint {
  readonly run: string;
  readonly step: number;
  readonly metric: string;
  readonly value: number;
}
