/** A rule's options: checked by its own schema, with errors that name the option and the nearest known one. */
import { distance } from "fastest-levenshtein";
import { z } from "zod";
import { RuleError } from "./signal.ts";

/** The options of rule `id`, checked and filled in. Throws RuleError that names each one that does not fit. */
export function settleOptions<Schema extends z.ZodType>(id: string, schema: Schema, given: unknown): z.output<Schema> {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const known = optionNames(schema);
  const problems = parsed.error.issues.map((issue) => {
    if (issue.code === "unrecognized_keys") {
      const [first = ""] = issue.keys;
      return `rule.${first}: expected an option of ${id} (${known.join(", ") || "it has none"})${suggestion(first, known)}`;
    }
    return `rule.${issue.path.join(".")}: ${issue.message}`;
  });
  throw new RuleError(problems.join("; "));
}

/** Names in a schema of options. */
export function optionNames(schema: z.ZodType): string[] {
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

/** `; did you mean "..."?` where a known name is near. */
export function suggestion(name: string, known: readonly string[]): string {
  const [nearest] = [...known].sort((a, b) => distance(name, a) - distance(name, b));
  return nearest !== undefined && distance(name, nearest) <= Math.max(2, name.length / 2)
    ? `; did you mean "${nearest}"?`
    : "";
}
