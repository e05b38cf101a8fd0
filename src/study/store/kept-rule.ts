/** Whether what is read from a store is what is kept of a file of one's own. */
import type { KeptNetwork } from "../run/user-networks.ts";
import type { KeptRule } from "../run/user-rules.ts";
import type { KeptTask } from "../run/user-tasks.ts";
import { isRecord } from "../spec/keys.ts";

/** Its names are texts, its card is there, its sources are a list. */
export function isKeptRule(value: unknown): value is KeptRule {
  if (!isRecord(value)) return false;
  const { id, given, path, description, sources } = value;
  return [id, given, path].every((text) => typeof text === "string") && isRecord(description) && Array.isArray(sources);
}

/** Its names are texts; it has a card of arrays or of a program. */
export function isKeptTask(value: unknown): value is KeptTask {
  if (!isRecord(value)) return false;
  const { id, given, path, digest, arrays, program } = value;
  return [id, given, path, digest].every((text) => typeof text === "string") && (isRecord(arrays) || isRecord(program));
}

/** Its names are texts, its sources are a list, its layers are there. */
export function isKeptNetwork(value: unknown): value is KeptNetwork {
  if (!isRecord(value)) return false;
  const { given, path, digest, sources, layers } = value;
  return [given, path, digest].every((text) => typeof text === "string") && Array.isArray(sources) && isRecord(layers);
}
