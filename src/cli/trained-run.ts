/** A stored run whose trained network is asked for. */
import { adoptKeptFiles, filesOfRow } from "../study/run/own-files.ts";
import { PlannedModel } from "../study/run/planned-model.ts";
import { reviveKeptRule } from "../study/run/user-rules.ts";
import type { RunRow } from "../study/store/rows.ts";
import type { Store } from "../study/store/store.ts";
import { readWeights, weightsFile } from "../study/store/weights.ts";
import type { ReplicaValues } from "../train/index.ts";
import { findRun, refuseNoRun } from "./find-run.ts";
import { overridesOf } from "./overrides-of.ts";
import { commandName, shellWords, type Surroundings } from "./surroundings.ts";

/** A run that was trained, with what is kept of it. */
export interface TrainedRun {
  readonly row: RunRow;
  /** By name, each in its shape as the file has it. */
  readonly values: ReplicaValues;
  /** Its network and rule; the rule is traced when it is first asked for. */
  readonly planned: PlannedModel;
}

/** The run that begins so, with its trained values. Throws Error where there are none, saying how to get them. */
export async function trainedRun(at: Surroundings, where: string, store: Store, prefix: string): Promise<TrainedRun> {
  refuseNoRun(at, where, prefix);
  const run = await findRun(at, where, store, prefix);
  const [row] = await store.rows({ runs: [run] });
  if (row === undefined) throw new Error(`${where}: expected the row of run ${run}, got none; it is damaged or gone`);
  const values = await readWeights(store.folder, run);
  if (values === undefined) throw new Error(withoutWeights(at, where, store, row));
  await adoptKeptFiles(filesOfRow(row));
  if (row.knows?.rule !== undefined) await reviveKeptRule(row.knows.rule);
  return { row, values, planned: new PlannedModel(row.spec) };
}

function withoutWeights(at: Surroundings, where: string, store: Store, { run, outcome, spec }: RunRow): string {
  if (outcome === "diverged" || outcome === "failed")
    return `${where}: expected a run with trained weights, got ${run}, which ${outcome}; choose another`;
  return (
    `${where}: expected the weights of run ${run}, found none at ${weightsFile(store.folder, run)}: it was computed with ` +
    `store.weights=none, or they were removed; compute it in another store: ${commandName(at)} run ${shellWords(overridesOf(spec))} store.path=DIR`
  );
}
