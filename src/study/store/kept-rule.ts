/** Whether a value is what is kept of a rule file, as rows and manifests hold it. */
import type { KeptRule } from "../run/user-rules.ts";
import { isRecord } from "../spec/keys.ts";

/** Its names are texts, its card is there, its sources are a list. */
export function isKeptRule(value: unknown): value is KeptRule {
  if (!isRecord(value)) return false;
  const { id, given, path, description, sources } = value;
  return [id, given, path].every((text) => typeof text === "string") && isRecord(description) && Array.isArray(sources);
}
