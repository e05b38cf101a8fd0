/**
 * A study's manifest: which runs it is made of, whoever computed them.
 *
 * Two studies that share a run compute it once, and its row names the study that did. The manifest is therefore what a report
 * reads first. One JSON file a study, `studies/<name>.json`, replaced whole whenever the study is planned again. Without it, as when it is
 * damaged, a study is the rows that name it.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { isRecord } from "../spec/keys.ts";
import type { KeptNetwork } from "../run/user-networks.ts";
import type { KeptRule } from "../run/user-rules.ts";
import type { KeptTask } from "../run/user-tasks.ts";
import { faultOfFile } from "./entries.ts";
import { isKeptNetwork, isKeptRule, isKeptTask } from "./kept-rule.ts";
import { type Problem } from "./problems.ts";
import { isMissing, namesIn, publishContent, temporaryPath } from "./publish.ts";
import { laterReason, storeSchema } from "./schema.ts";

/** What a manifest holds; keys beyond these are kept as they are. */
export const Manifest = z.looseObject({
  /** Letters, digits, dot, hyphen and underscore; it names the file. */
  name: z.string().regex(/^[A-Za-z0-9][\w.-]*$/, "expected letters, digits, '.', '-' and '_'"),
  question: z.string(),
  /** The command line that computes it again. */
  command: z.string(),
  /** Identities, in the order of the plan. */
  runs: z.array(z.string().regex(/^[0-9a-f]{16}$/, "expected 16 hex digits")),
  /** What varies: the path of a leaf of the specification, and its values. */
  axes: z.record(z.string(), z.array(z.json())),
  /** ISO 8601, UTC. */
  startedAt: z.iso.datetime(),
  /** What is kept of rules from files; a study of an earlier version has kept nothing. */
  rules: z.array(z.custom<KeptRule>(isKeptRule, "expected a rule as it was kept")).optional(),
  /** The same of tasks and of networks. */
  tasks: z.array(z.custom<KeptTask>(isKeptTask, "expected a task as it was kept")).optional(),
  networks: z.array(z.custom<KeptNetwork>(isKeptNetwork, "expected a network as it was kept")).optional(),
  /** Which version wrote it (`schema.ts`); none before there was one. */
  schema: z.int().optional(),
});
/** A study's manifest. */
export type Manifest = z.output<typeof Manifest>;

/** Writes a study's manifest, replacing an earlier one. Throws when it is not of the form above. */
export async function writeManifest(store: string, manifest: Manifest): Promise<void> {
  const checked = Manifest.safeParse(manifest);
  if (!checked.success) {
    throw new Error(`manifest of study "${manifest.name}": ${faultsOf(checked.error)}`);
  }
  const content = `${JSON.stringify({ ...checked.data, schema: storeSchema }, undefined, 2)}\n`;
  await publishContent(await temporaryPath(store), manifestPath(store, checked.data.name), content);
}

/** A study's manifest, undefined when there is none. Throws, with the file and what is wrong in one line, when it cannot be read. */
export async function readManifest(store: string, name: string): Promise<Manifest | undefined> {
  const path = manifestPath(store, name);
  const found = await readFrom(path);
  if (typeof found === "string") throw new Error(`${path}: ${found}`);
  return found;
}

/** All manifests by name, and those that cannot be read as problems. */
export async function manifests(store: string): Promise<{ studies: Manifest[]; problems: Problem[] }> {
  const studies: Manifest[] = [];
  const problems: Problem[] = [];
  for (const name of await namesIn(join(store, "studies"))) {
    const file = `studies/${name}`;
    const found = await readFrom(join(store, file));
    if (found === undefined) continue;
    if (typeof found === "string") problems.push({ file, reason: found });
    else if (`${found.name}.json` !== name) {
      problems.push({ file, reason: `expected the manifest of this name, got that of "${found.name}"` });
    } else studies.push(found);
  }
  return { studies, problems };
}

/** The manifest in a file, undefined when there is no such file, otherwise why it cannot be read. */
async function readFrom(path: string): Promise<Manifest | string | undefined> {
  const fault = await faultOfFile(path);
  if (fault !== "") return fault;
  try {
    return parseManifest(await readFile(path, "utf8"));
  } catch (error) {
    return isMissing(error) ? undefined : `cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)})`;
  }
}

function parseManifest(text: string): Manifest | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return "not a study's manifest: expected JSON; run the study again";
  }
  // First: of a later version nothing else is known.
  const schema = isRecord(value) ? value["schema"] : undefined;
  if (typeof schema === "number" && schema > storeSchema) return laterReason(schema);
  const parsed = Manifest.safeParse(value);
  return parsed.success ? parsed.data : `not a study's manifest: ${faultsOf(parsed.error)}; run the study again`;
}

/** What is wrong, in one line. */
function faultsOf({ issues }: z.ZodError): string {
  return issues.map(({ path, message }) => (path.length > 0 ? `${path.join(".")}: ${message}` : message)).join(", ");
}

function manifestPath(store: string, name: string): string {
  return join(store, "studies", `${name}.json`);
}
