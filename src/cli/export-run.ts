/** `afferent export RUN --weights FILE --onnx FILE`: a trained network for other programs. */
import { copyFile, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { PlannedModel } from "../study/run/planned-model.ts";
import { adoptKeptRule, reviveKeptRule } from "../study/run/user-rules.ts";
import type { RunRow } from "../study/store/rows.ts";
import type { Store } from "../study/store/store.ts";
import { readWeights, weightsFile } from "../study/store/weights.ts";
import { inferenceModel, type ReplicaValues } from "../train/index.ts";
import { type OptionValues, textOption } from "./command.ts";
import { UsageError } from "./exit.ts";
import { findRun, refuseNoRun } from "./find-run.ts";
import { printJson } from "./json.ts";
import { overridesOf } from "./overrides-of.ts";
import { writeNew } from "./overwrite.ts";
import { commandName, shellWords, type Surroundings } from "./surroundings.ts";
import type { Settings } from "./words.ts";

/** A run that was trained, with what is kept of it. */
export interface TrainedRun {
  readonly row: RunRow;
  /** By name, each in its shape as the file has it. */
  readonly values: ReplicaValues;
  /** Its network and rule; the rule is traced when it is first asked for. */
  readonly planned: PlannedModel;
}

/** Writes the files that the options name. */
export async function exportRun(
  at: Surroundings,
  settings: Settings,
  prefix: string | undefined,
  options: OptionValues,
): Promise<undefined> {
  const weights = textOption(options, "weights");
  const onnx = textOption(options, "onnx");
  if (prefix === undefined)
    throw new UsageError(
      `export: expected a run with --weights and --onnx, got none; ${commandName(at)} ls --all lists them`,
    );
  const { withStore } = await import("./stored.ts");
  await withStore(at, settings, "read", async (store) => {
    const { row, values, planned } = await trainedRun(at, "export", store, prefix);
    const written: Record<string, string> = {};
    const write = async (
      name: string,
      given: string | undefined,
      put: (path: string) => Promise<void>,
    ): Promise<void> => {
      if (given === undefined) return;
      await writeNew(`--${name}`, resolve(given), options, put);
      written[name] = resolve(given);
    };
    await write("weights", weights, (path) => copyFile(weightsFile(store.folder, row.run), path));
    await write("onnx", onnx, (path) => writeFile(path, inferenceModel(planned.model, planned.length, values)));
    if (options["json"] === true) printJson(at, { run: row.run, ...written });
    else
      for (const file of Object.values(written))
        at.stdout.write(`run ${row.run} (${row.spec.rule.id}) written to ${file}\n`);
  });
  return undefined;
}

/** The run that begins so, with its trained values. Throws Error where there are none, saying how to get them. */
export async function trainedRun(at: Surroundings, where: string, store: Store, prefix: string): Promise<TrainedRun> {
  refuseNoRun(at, where, prefix);
  const run = await findRun(at, where, store, prefix);
  const [row] = await store.rows({ runs: [run] });
  if (row === undefined) throw new Error(`${where}: expected the row of run ${run}, got none; it is damaged or gone`);
  const kept = await readWeights(store.folder, run);
  if (kept === undefined) throw new Error(withoutWeights(at, where, store, row));
  if (row.knows?.rule !== undefined) {
    adoptKeptRule(row.knows.rule);
    await reviveKeptRule(row.knows.rule);
  }
  const values = Object.fromEntries(
    Object.entries(kept.arrays).flatMap(([name, { values: own }]) =>
      own instanceof Float32Array ? [[name, own]] : [],
    ),
  );
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
