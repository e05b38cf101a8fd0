/** A network from a file of somebody's own: asked, in a process of its own (`ask.ts`), for its layers on a task. */
import { type ComposeOptions, describeNetwork } from "../networks/index.ts";
import type { TaskShape } from "../tasks/index.ts";
import { ask, type Limits, usualLimits } from "./ask.ts";
import { bundleFile, type RuleBundle, surroundingPrograms } from "./bundle.ts";

export interface NetworkFromFile {
  /** Its layers on a task of this shape. Throws RuleError that begins with the file, and Error for what is no description. */
  readonly describe: (task: TaskShape) => ComposeOptions;
  /** Of the file and of everything that it imports. */
  readonly digest: string;
  readonly sources: RuleBundle["sources"];
}

/** The network of a file. Throws RuleError that begins with the file when it is missing or does not parse. */
export async function networkFromFile(path: string, limits: Limits = usualLimits): Promise<NetworkFromFile> {
  const [bundle, programs] = await Promise.all([bundleFile(path, "network"), surroundingPrograms()]);
  const known = new Map<string, ComposeOptions>();
  const describe = (task: TaskShape): ComposeOptions => {
    const key = JSON.stringify(task);
    const before = known.get(key) ?? describeNetwork(ask(bundle, programs, { kind: "network", task }, limits));
    known.set(key, before);
    return before;
  };
  return { describe, digest: bundle.digest, sources: bundle.sources };
}
