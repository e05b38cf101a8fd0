/** `afferent export RUN --weights FILE --onnx FILE`: a trained network for other programs. */
import { copyFile, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { weightsFile } from "../study/store/weights.ts";
import { inferenceModel } from "../train/index.ts";
import { type OptionValues, textOption } from "./command.ts";
import { UsageError } from "./exit.ts";
import { printJson } from "./json.ts";
import { writeNew } from "./overwrite.ts";
import { commandName, type Surroundings } from "./surroundings.ts";
import { trainedRun } from "./trained-run.ts";
import type { Settings } from "./words.ts";

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
