/**
 * Which rows cannot be trusted though their file is whole: those without an identity, a known outcome, or texts that are the JSON
 * they should be. The query looks at all rows and lets none of these pass; the few that it doubts are judged one by one.
 */
import type { JS } from "@duckdb/node-api";
import { isRecord } from "../spec/keys.ts";
import { isKeptNetwork, isKeptRule, isKeptTask } from "./kept-rule.ts";
import { sqlList } from "./records.ts";
import { outcomes } from "./rows.ts";

/** A row that is not read: its place in the file, and why. */
export interface RowFault {
  readonly row: number;
  /** As the row has it, on one line: it may be anything. */
  readonly run: string;
  readonly reason: string;
}

/** The columns that are judged. */
export const judgedColumns = ["run", "outcome", "spec", "certificate", "undeclared", "ruleSource"] as const;

// Each text on its own: the texts of many rows are few, and DuckDB looks at each once where nothing else stands beside it.
// It takes more for JSON than JSON is (NaN, a comma after the last): what it writes again as it was is JSON.
const isPlain = (column: string): string => `TRY(json(${column}) = ${column})`;
const holds = (column: string, types: Readonly<Record<string, string>>): string => {
  const [paths, found] = [Object.keys(types), Object.values(types)].map((texts) => sqlList(texts));
  return `TRY(json_type(${column}, ${paths}) = ${found})`;
};
const isEmpty = (column: string): string => `coalesce(${column}, '') = ''`;

/** The SQL condition that a row is in doubt. */
export const doubtful = `NOT coalesce(regexp_full_match(run, '[0-9a-f]{16}') AND list_contains(${sqlList(outcomes)}, outcome)
  AND ${isPlain("spec")} AND ${holds("spec", { "$.rule.id": "VARCHAR", "$.seed": "UBIGINT" })}
  AND (${isEmpty("certificate")} OR (${isPlain("certificate")} AND ${isPlain("undeclared")}
    AND ${holds("certificate", { "$.signals": "ARRAY", "$.layers": "ARRAY" })} AND ${holds("undeclared", { $: "ARRAY" })}))
  AND (${isEmpty("ruleSource")} OR (${isPlain("ruleSource")} AND ${holds("ruleSource", {
    "$.id": "VARCHAR",
    "$.given": "VARCHAR",
    "$.path": "VARCHAR",
    "$.description": "OBJECT",
    "$.sources": "ARRAY",
  })})), false)`;

/** What is wrong with a row, in words; undefined when nothing is. */
export function faultOfRow(record: Readonly<Record<string, JS>>): string | undefined {
  const { run, outcome, spec, certificate, undeclared, ruleSource, taskSource, networkSource } = record;
  if (typeof run !== "string" || !/^[0-9a-f]{16}$/.test(run))
    return `expected a run of 16 hex digits, got ${shortText(run)}`;
  if (!(outcomes as readonly JS[]).includes(outcome ?? null)) {
    return `expected outcome ${outcomes.join(", ")}, got ${shortText(outcome)}`;
  }
  if (!isSpecification(parsed(spec))) return `expected a specification as JSON, got ${shortText(spec)}`;
  if (isText(certificate)) {
    if (!isCertificate(parsed(certificate))) return `expected a certificate as JSON, got ${shortText(certificate)}`;
    if (!Array.isArray(parsed(undeclared))) return `expected undeclared signals as JSON, got ${shortText(undeclared)}`;
  }
  if (isText(ruleSource) && !isKeptRule(parsed(ruleSource))) {
    return `expected the source of its rule as JSON, got ${shortText(ruleSource)}`;
  }
  if (isText(taskSource) && !isKeptTask(parsed(taskSource))) {
    return `expected what is kept of its task as JSON, got ${shortText(taskSource)}`;
  }
  if (isText(networkSource) && !isKeptNetwork(parsed(networkSource))) {
    return `expected the source of its network as JSON, got ${shortText(networkSource)}`;
  }
  return undefined;
}

function isSpecification(value: unknown): boolean {
  return isRecord(value) && isRecord(value["rule"]) && isText(value["rule"]["id"]) && typeof value["seed"] === "number";
}

function isCertificate(value: unknown): boolean {
  return isRecord(value) && Array.isArray(value["signals"]) && Array.isArray(value["layers"]);
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function parsed(text: unknown): unknown {
  try {
    return typeof text === "string" ? (JSON.parse(text) as unknown) : undefined;
  } catch {
    return undefined;
  }
}

/** A value as one short line. */
export function shortText(value: unknown): string {
  if (value === null || value === undefined) return "none";
  const text = JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 37)}..."` : text;
}
