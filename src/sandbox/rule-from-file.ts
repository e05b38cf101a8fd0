/**
 * A rule from a file of somebody's own.
 *
 * The file is never run in this process. It is bundled, and run in another (`ask.ts`) whenever something is asked of it: what its card
 * says, and what it makes of a network, as a document. That document is all that is audited and executed here.
 */
import { z } from "zod";
import { defineRule, type Rule, type RuleDocument, RuleError } from "../rules/index.ts";
import { ask, type Limits, usualLimits } from "./ask.ts";
import { bundleRuleFile, type RuleBundle, surroundingPrograms } from "./bundle.ts";
import { inSources } from "./origins.ts";
import { type Description, descriptionSchema, type OptionSchema, type Request } from "./messages.ts";

export interface RuleFromFile {
  readonly rule: Rule;
  /** Of the file and of everything that it imports: an edit of any of them makes another rule. */
  readonly digest: string;
  readonly sources: RuleBundle["sources"];
  /** Options by the file's own schema, checked and filled in. Throws RuleError. */
  readonly settle: (options: unknown) => unknown;
}

const known = new Map<string, RuleFromFile>();

/** The rule of a file. Throws RuleError that begins with the file when it is missing, fails, or exports no rule. */
export async function ruleFromFile(path: string, limits: Limits = usualLimits): Promise<RuleFromFile> {
  const [bundle, programs] = await Promise.all([bundleRuleFile(path), surroundingPrograms()]);
  const { digest, sources } = bundle;
  const key = JSON.stringify([path, digest, limits]);
  const before = known.get(key);
  if (before !== undefined) return before;
  const answerTo = (request: Request): unknown => ask(bundle, programs, request, limits);
  const found: RuleFromFile = {
    ...{ rule: ruleOver(path, answerTo, bundle.placeOf), digest, sources },
    settle: (options) => answerTo({ kind: "settle", options }),
  };
  known.set(key, found);
  return found;
}

function ruleOver(path: string, answerTo: (request: Request) => unknown, placeOf: RuleBundle["placeOf"]): Rule {
  const described = descriptionSchema.safeParse(answerTo({ kind: "describe" }));
  if (!described.success) {
    const [issue] = described.error.issues;
    throw new RuleError(`${path}: ${issue?.path.map(String).join(".") ?? ""}: ${issue?.message ?? "no card"}`);
  }
  const { symbols, choices, options: schema, ...card } = described.data;
  const said = { ...(symbols === undefined ? {} : { symbols }), ...(choices === undefined ? {} : { choices }) };
  const elsewhere = (): never => {
    throw new Error("internal: a rule from a file was asked to run in this process");
  };
  const rule = defineRule(
    { ...card, ...said, options: optionsOf(path, schema), between: elsewhere, scores: elsewhere },
    elsewhere,
  );
  return Object.assign(rule, {
    // Read and checked by `train/read-document.ts`.
    document: (options: unknown, request: Extract<Request, { kind: "trace" }>["request"]): RuleDocument => {
      const answer = answerTo({ kind: "trace", options, request });
      return (request.origins === true ? inSources(answer, placeOf) : answer) as RuleDocument;
    },
  });
}

/** A schema of the same options: names, values, defaults and descriptions. What JSON Schema cannot say is checked with the graph. */
function optionsOf(
  path: string,
  { properties, required, additionalProperties, $defs }: Description["options"],
): z.ZodType {
  const optionOf = (name: string, { default: standard, description, ...values }: OptionSchema): z.ZodType => {
    const plain = schemaOf(path, name, $defs === undefined ? values : { ...values, $defs });
    // Not `default`: that of an object is filled in by the object's own defaults.
    const filled =
      standard !== undefined ? plain.prefault(standard) : required.includes(name) ? plain : plain.optional();
    return description === undefined ? filled : filled.describe(description);
  };
  const options = Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => [name, optionOf(name, schema)]),
  );
  return additionalProperties === false ? z.strictObject(options) : z.looseObject(options);
}

function schemaOf(path: string, name: string, schema: object): z.ZodType {
  try {
    return z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new RuleError(`${path}: rule.${name}: expected an option that JSON Schema can say, got ${why}`, { cause });
  }
}
