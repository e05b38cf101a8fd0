/**
 * The identity of a run: what the store, the planner and every report call it by.
 *
 * Part of it is every leaf of the parsed specification: task, data, network, rule with its options, train, probes, seed and
 * seeds, engine. A rule or task read from a file is named with a digest of the file, a network read from one stands there with its layers; where a file lies is not part of it, nor are the study that asked, the program's version and commit, the machine, the threads and the
 * replicas a run was computed with: a stored row names those in its provenance. It follows that changed code does not change an
 * identity; a study that is to be computed anew needs a new store.
 */
import { createHash } from "node:crypto";
import type { RunSpec } from "./spec.ts";

/**
 * Hash of a complete specification (one that `RunSpec.parse` returned): 16 hex digits, the first 64 bits of the SHA-256 of
 * its canonical JSON. Equal specifications have equal identities whatever the order of their keys. Throws as `canonicalJson`.
 */
export function runIdentity({ ruleFile: _rule, taskFile: _task, networkFile: _network, ...spec }: RunSpec): string {
  return createHash("sha256").update(canonicalJson(spec)).digest("hex").slice(0, 16);
}

/**
 * JSON with the keys of every object sorted by code unit, keys whose value is `undefined` dropped, and no white space. Throws
 * on what JSON cannot hold without loss: NaN, infinities, functions, bigints, dates, `undefined` in an array.
 */
export function canonicalJson(value: unknown): string {
  return canonical(value, undefined);
}

/** Where a value stands, from the inside out: put into words only when something is wrong there. */
interface Place {
  readonly within: Place | undefined;
  readonly step: string | number;
}

function canonical(value: unknown, place: Place | undefined): string {
  if (value === null || typeof value === "boolean" || typeof value === "string") return JSON.stringify(value);
  if (typeof value === "number" && Number.isFinite(value)) return JSON.stringify(value);
  if (Array.isArray(value)) {
    return `[${value.map((item, index) => canonical(item, { within: place, step: index })).join(",")}]`;
  }
  if (isPlainObject(value)) {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => `${JSON.stringify(key)}:${canonical(member, { within: place, step: key })}`);
    return `{${members.join(",")}}`;
  }
  const got =
    typeof value === "object"
      ? Object.prototype.toString.call(value)
      : typeof value === "number"
        ? `${value}`
        : typeof value;
  throw new Error(
    `${wordsOf(place)}: expected a finite number, a string, a boolean, null, an array or an object, got ${got}; ` +
      "a specification is plain JSON",
  );
}

function wordsOf(place: Place | undefined): string {
  if (place === undefined) return "specification";
  const { within, step } = place;
  return `${wordsOf(within)}${typeof step === "number" ? `[${step}]` : `.${step}`}`;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
