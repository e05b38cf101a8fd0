/** A rule traced once for a network and a batch: audits, steps and evaluations of it all read the one document. */
import { type ChosenRule, type RuleDocument, RuleError, type TraceRequest } from "../rules/index.ts";
import { readDocument, type TracedUpdates } from "./read-document.ts";
import { sourcePlace, withLongStacks } from "./source-place.ts";
import { writeDocument } from "./write-document.ts";

const known = new WeakMap<ChosenRule, Map<string, RuleDocument>>();

/** The document of a rule on a network and a batch; written when it is first asked for. Throws RuleError. */
export function documentOf(chosen: ChosenRule, request: TraceRequest): RuleDocument {
  const documents = known.get(chosen) ?? new Map<string, RuleDocument>();
  known.set(chosen, documents);
  const { network, batch, length, origins = false } = request;
  const key = JSON.stringify([network, batch, length, origins]);
  const document = documents.get(key) ?? plainCopy(chosen, written(chosen, request));
  documents.set(key, document);
  return document;
}

function written(chosen: ChosenRule, request: TraceRequest): RuleDocument {
  const given = chosen.rule.document?.(chosen.options, request);
  if (given !== undefined) return given;
  if (request.origins !== true) return writeDocument(chosen, request);
  return withLongStacks(() => writeDocument(chosen, request, sourcePlace));
}

/** Nothing of what a rule holds in its hands is left in a document: everything in it is read here, once. */
function plainCopy({ rule }: ChosenRule, document: RuleDocument): RuleDocument {
  try {
    return structuredClone(document);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new RuleError(`rule ${rule.id}: expected a document of plain data, got ${why}`, { cause });
  }
}

/** What a rule makes of a network and a batch of inputs of `length` symbols. Throws RuleError when the rule breaks its contract. */
export function traceUpdates(
  { network, rule, batch, origins }: { readonly rule: ChosenRule } & Omit<TraceRequest, "length">,
  length: number,
): TracedUpdates {
  const request = { network, batch, length, origins };
  return readDocument(rule, documentOf(rule, request), request);
}
