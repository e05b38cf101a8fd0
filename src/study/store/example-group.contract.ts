/** Groups of runs for the tests of the store: whole specifications and their true identities, made-up numbers. */
import { runIdentity } from "../spec/identity.ts";
import type { CurvePoint, RunRow } from "./rows.ts";
import { RunSpec, type RunSpecInput } from "../spec/spec.ts";

/** A row of the run that `spec` describes; `over` replaces what is given. */
export function exampleRow(spec: Partial<RunSpecInput>, over: Partial<RunRow> = {}): RunRow {
  const parsed = RunSpec.parse(spec);
  return {
    run: runIdentity(parsed),
    study: "example",
    spec: parsed,
    outcome: "finished",
    steps: 2000,
    message: "",
    trainLoss: 0.125,
    trainError: 0.25,
    validationLoss: 0.5,
    validationError: 0.375,
    testLoss: 0.1,
    testError: 0.3,
    metrics: { "probe.layer1.testError": 0.4, "layer1.objective": -1.5 },
    wallSeconds: 12.5,
    finishedAt: "2026-01-02T03:04:05.678Z",
    provenance: {
      afferent: "0.1.0",
      commit: "0123abc",
      engine: "onnxruntime-node 1.30.0 cpu",
      node: "20.20.2",
      machine: "example",
      threads: 2,
      replicas: 10,
    },
    knows: undefined,
    ...over,
  };
}

/** Rows that differ in their seed only, `from`, `from + 1`, ... */
export function exampleRows(from: number, count: number, over: Partial<RunRow> = {}): RunRow[] {
  return Array.from({ length: count }, (_, index) => exampleRow({ seed: from + index }, over));
}

/** Points of two metrics at steps 0, 50, ...; their values say run, step and metric. */
export function exampleCurves(rows: readonly RunRow[], points = 3): CurvePoint[] {
  return rows.flatMap(({ run, spec }) =>
    ["trainLoss", "validationError"].flatMap((metric, which) =>
      Array.from({ length: points }, (_, at) => ({
        run,
        step: at * 50,
        metric,
        value: spec.seed + ((2 * at) % points) / 8 + which / 2,
      })),
    ),
  );
}
