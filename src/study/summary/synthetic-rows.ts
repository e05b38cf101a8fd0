/** Rows made up from given numbers, for tests and for trying a report out without training anything. */
import type { RunRow } from "../store/rows.ts";
import type { PlannedRun } from "../spec/study.ts";

/** A finished row of a planned run: errors of 0.5 and losses of 1 but for what `numbers` says. Nothing is measured. */
export function syntheticRow({ run, spec }: PlannedRun, numbers: Partial<RunRow> = {}): RunRow {
  return {
    run,
    study: "synthetic",
    spec,
    outcome: "finished",
    steps: spec.train.steps,
    message: "",
    trainLoss: 1,
    trainError: 0.5,
    validationLoss: 1,
    validationError: 0.5,
    testLoss: 1,
    testError: 0.5,
    metrics: {},
    wallSeconds: 1,
    finishedAt: "2026-01-01T00:00:00.000Z",
    provenance: {
      afferent: "0.0.0",
      commit: "0123abc",
      engine: "synthetic",
      node: "v20.19.0",
      machine: "none",
      threads: 1,
      replicas: 1,
    },
    knows: undefined,
    ...numbers,
  };
}
