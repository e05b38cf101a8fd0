/** A rule that was traced before, as one to be chosen: all that is left of it is its document. */
import { z } from "zod";
import type { RuleDocument } from "./document.ts";
import { type ChosenRule, defineRule } from "./rule.ts";
import { RuleError } from "./signal.ts";

/** A chosen rule that gives this document, and cannot be traced again on anything else. */
export function writtenRule(
  id: string,
  options: Readonly<Record<string, unknown>>,
  document: RuleDocument,
): ChosenRule {
  const rule = defineRule(
    {
      ...{ id, family: "written", equation: "", source: "", relation: "none", reads: [] },
      options: z.looseObject({}),
    },
    () => {
      throw new RuleError(`rule ${id}: expected to be read from its document, not traced again`);
    },
  );
  return { rule: Object.assign(rule, { document: () => document }), options };
}
