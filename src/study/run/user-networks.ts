/**
 * Networks from files of one's own (`network=./my-network.ts`): read before runs are planned, asked for their layers on the task of each run.
 * A run holds these layers, so that nothing else is needed to run it, and its results, to be read; the source is kept beside them.
 */
import { resolve } from "node:path";
import type { ComposeOptions } from "../../networks/index.ts";
import type { TaskShape } from "../../tasks/index.ts";
import type { RunSpec } from "../spec/spec.ts";

/** What is kept of a network file with the results that it gave. */
export interface KeptNetwork {
  /** As the person wrote it. */
  readonly given: string;
  /** Where it was: absolute. */
  readonly path: string;
  readonly digest: string;
  /** The file and what it imported of the person's own. */
  readonly sources: readonly { readonly path: string; readonly text: string }[];
  /** Its layers on the tasks of the runs, by what their examples are. */
  readonly layers: Readonly<Record<string, ComposeOptions>>;
}

interface AdoptedNetwork {
  readonly kept: Omit<KeptNetwork, "layers">;
  readonly layers: Map<string, ComposeOptions>;
  readonly describe: (task: TaskShape) => ComposeOptions;
}

/** By the path as it was given, and by the absolute one. */
const adopted = new Map<string, AdoptedNetwork>();

/** Whether what stands for an architecture is a file. */
export function isNetworkFile(architecture: unknown): architecture is `${string}.${string}` {
  return typeof architecture === "string" && /\.[cm]?[jt]s$/.test(architecture);
}

/** Reads a network from a file. Throws RuleError with the file's name when it is missing or does not parse. */
export async function adoptNetworkFile(given: string): Promise<void> {
  const { networkFromFile } = await import("../../sandbox/network-from-file.ts");
  const { describe, digest, sources } = await networkFromFile(given);
  adopt({ given, path: resolve(given), digest, sources }, new Map(), describe);
}

/** Knows a network again of which results are stored, without its file: on the tasks of those results. */
export function adoptKeptNetwork({ layers, ...kept }: KeptNetwork): void {
  // One that was read in this process knows more than what is kept of it.
  if (adopted.get(kept.path)?.kept.digest === kept.digest) return;
  adopt(kept, new Map(Object.entries(layers)), () => {
    throw new Error(
      `network: expected ${kept.given} to lay out another task, got what is stored of it; name the file: network=${kept.given}`,
    );
  });
}

function adopt(
  kept: AdoptedNetwork["kept"],
  layers: Map<string, ComposeOptions>,
  describe: AdoptedNetwork["describe"],
): void {
  const network = { kept, layers, describe };
  adopted.set(kept.given, network);
  adopted.set(kept.path, network);
}

/** The layers of a file's network on a task. Throws what asking the file throws. */
export function layersOf(file: string, task: TaskShape): { readonly layers: ComposeOptions; readonly path: string } {
  const network = adopted.get(file);
  if (network === undefined) throw new Error(`internal: the network file ${file} was not read before planning`);
  const key = JSON.stringify(task);
  const layers = network.layers.get(key) ?? network.describe(task);
  network.layers.set(key, layers);
  return { layers, path: network.kept.path };
}

/** What is to be kept of a network file with a run; undefined where there is none. */
export function keptNetworkOf({ networkFile }: Pick<RunSpec, "networkFile">): KeptNetwork | undefined {
  const network = networkFile === undefined ? undefined : adopted.get(networkFile);
  return network && { ...network.kept, layers: Object.fromEntries(network.layers) };
}
