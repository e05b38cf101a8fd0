/** From what a worker made of a group to the rows and curves that are stored. */
import type { PlannedRun } from "../spec/study.ts";
import type { CurvePoint, Provenance, RunKnowledge, RunRow } from "../store/rows.ts";
import type { RunWeights } from "../store/weights.ts";
import type { RunGroup } from "./groups.ts";
import type { Reply, RunResult } from "./protocol.ts";

/** Whose rows they are, and where they were computed. */
export interface RowOrigin {
  /** Name of the study. */
  readonly study: string;
  /** Threads of the session. */
  readonly threads: number;
  readonly machine: Omit<Provenance, "engine" | "threads" | "replicas">;
  /** What the rule knew in these runs. */
  readonly knows: Omit<RunKnowledge, "compiled">;
}

/** Rows and curves of a group that was trained. */
export function rowsOf(
  { runs }: RunGroup,
  { results, seconds, engine, compiled }: Extract<Reply, { kind: "done" }>,
  origin: RowOrigin,
): { readonly rows: RunRow[]; readonly curves: CurvePoint[] } {
  const rows = runs.map((planned, i): RunRow => {
    const result = results[i];
    if (result === undefined) throw new Error("internal: a worker returned fewer results than runs");
    return rowOf(planned, result, seconds / runs.length, { engine, compiled }, runs.length, origin);
  });
  const curves = runs.flatMap(({ run }, i) => (results[i]?.curve ?? []).map((sample) => ({ run, ...sample })));
  return { rows, curves };
}

/** The trained values of a group, of the runs that have some, as they are stored. */
export function weightsOf({ runs }: RunGroup, { weights }: Extract<Reply, { kind: "done" }>): RunWeights {
  return new Map(
    runs.flatMap(({ run }, i) => {
      const bytes = weights[i];
      return bytes === undefined ? [] : [[run, bytes] as const];
    }),
  );
}

/** Rows of a group that failed, with its message. */
export function failuresOf({ runs }: RunGroup, message: string, origin: RowOrigin): RunRow[] {
  const nothing = { loss: NaN, error: NaN };
  const result: RunResult = {
    outcome: "finished",
    steps: 0,
    message: "",
    train: nothing,
    validation: nothing,
    test: nothing,
    curve: [],
    metrics: {},
  };
  return runs.map((planned) => ({
    ...rowOf(planned, result, 0, { engine: "", compiled: "" }, runs.length, origin),
    outcome: "failed",
    message,
  }));
}

function rowOf(
  { run, spec }: PlannedRun,
  { outcome, steps, message, train, validation, test, metrics }: RunResult,
  wallSeconds: number,
  { engine, compiled }: { readonly engine: string; readonly compiled: string },
  replicas: number,
  { study, threads, machine, knows }: RowOrigin,
): RunRow {
  return {
    run,
    study,
    spec,
    outcome,
    steps,
    message,
    trainLoss: train.loss,
    trainError: train.error,
    validationLoss: validation.loss,
    validationError: validation.error,
    testLoss: test.loss,
    testError: test.error,
    metrics,
    wallSeconds,
    finishedAt: new Date().toISOString(),
    provenance: { ...machine, engine, threads, replicas },
    knows: { ...knows, compiled },
  };
}
