/** The trained values of runs: a safetensors file for each in the folder `weights/`, called by the run. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { FormatError, namesInSafetensors, readSafetensors } from "../../formats/index.ts";
import { isMissing, publishContent, temporaryPath } from "./publish.ts";

/** The bytes of such a file, by run. */
export type RunWeights = ReadonlyMap<string, Uint8Array>;

/** Where the values of a run are, if they were kept. */
export function weightsFile(store: string, run: string): string {
  return join(store, "weights", `${run}.safetensors`);
}

/** Writes the files of a group, durably, each whole or not at all. */
export async function writeWeights(store: string, weights: RunWeights): Promise<void> {
  for (const [run, bytes] of weights) await publishContent(await temporaryPath(store), weightsFile(store, run), bytes);
}

/** The values that were kept of a run, by name; undefined where nothing was. Throws where the file is damaged, naming it. */
export async function readWeights(store: string, run: string): Promise<Record<string, Float32Array> | undefined> {
  const file = weightsFile(store, run);
  try {
    const bytes = await readFile(file);
    const arrays = readSafetensors(bytes, namesInSafetensors(bytes));
    return Object.fromEntries(Object.entries(arrays).map(([name, { values }]) => [name, Float32Array.from(values)]));
  } catch (error) {
    if (isMissing(error)) return undefined;
    if (error instanceof FormatError)
      throw new Error(`${file}: ${error.message}; the file is damaged`, { cause: error });
    throw error;
  }
}
