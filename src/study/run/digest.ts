/** Names for what is audited and what is compiled: the same graph has the same one. */
import { createHash } from "node:crypto";
import { type Tensor, toData } from "../../graph/index.ts";

/** Of a graph with named outputs: 16 hex digits. */
export function graphDigest(outputs: Readonly<Record<string, Tensor>>): string {
  return digestOf(JSON.stringify([Object.keys(outputs), toData(Object.values(outputs))]));
}

/** Of a text or a model in bytes: 16 hex digits. */
export function digestOf(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex").slice(0, 16);
}
