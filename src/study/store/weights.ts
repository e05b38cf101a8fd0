/** The trained values of runs: a safetensors file for each in the folder `weights/`, called by the run. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { readSafetensors, type Safetensors } from "../../formats/safetensors.ts";
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

/** What was kept of a run; undefined where nothing was. Throws where the file is damaged, naming it. */
export async function readWeights(store: string, run: string): Promise<Safetensors | undefined> {
  const file = weightsFile(store, run);
  try {
    return readSafetensors(await readFile(file), file);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
