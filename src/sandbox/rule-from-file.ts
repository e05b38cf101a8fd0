/**
 * A rule from a file of somebody's own.
 *
 * The file is never run in this process. It is bundled, and run in another (`ask.ts`) whenever something is asked of it: what its card
 * says, and what it makes of a network, as a document. That document is all that is audited and executed here.
 */
import { type Rule, type RuleDocument, RuleError } from "../rules/index.ts";
import { ask, type Limits, usualLimits } from "./ask.ts";
import { bundleFile, type RuleBundle, surroundingPrograms } from "./bundle.ts";
import { describedRule } from "./described-rule.ts";
import { type Description, descriptionSchema, type Request } from "./messages.ts";
import { inSources } from "./origins.ts";

export interface RuleFromFile {
  readonly rule: Rule;
  /** What the rule says of itself. */
  readonly description: Description;
  /** Of the file and of everything that it imports: an edit of any of them makes another rule. */
  readonly digest: string;
  readonly sources: RuleBundle["sources"];
  /** Options by the file's own schema, checked and filled in. Throws RuleError. */
  readonly settle: (options: unknown) => unknown;
}

const known = new Map<string, RuleFromFile>();

/** The rule of a file. Throws RuleError that begins with the file when it is missing, fails, or exports no rule. */
export async function ruleFromFile(path: string, limits: Limits = usualLimits): Promise<RuleFromFile> {
  const [bundle, programs] = await Promise.all([bundleFile(path, "rule"), surroundingPrograms()]);
  const { digest, sources } = bundle;
  const key = JSON.stringify([path, digest, limits]);
  const before = known.get(key);
  if (before !== undefined) return before;
  const answerTo = (request: Request): unknown => ask(bundle, programs, request, limits);
  const found: RuleFromFile = {
    ...{ ...ruleOver(path, answerTo, bundle.placeOf), digest, sources },
    settle: (options) => answerTo({ kind: "settle", options }),
  };
  known.set(key, found);
  return found;
}

function ruleOver(
  path: string,
  answerTo: (request: Request) => unknown,
  placeOf: RuleBundle["placeOf"],
): Pick<RuleFromFile, "rule" | "description"> {
  const described = descriptionSchema.safeParse(answerTo({ kind: "describe" }));
  if (!described.success) {
    const [issue] = described.error.issues;
    throw new RuleError(`${path}: ${issue?.path.map(String).join(".") ?? ""}: ${issue?.message ?? "no card"}`);
  }
  const description = described.data;
  // Read and checked by `train/read-document.ts`.
  const document: Rule["document"] = (options, request) => {
    const answer = answerTo({ kind: "trace", options, request });
    return (request.origins === true ? inSources(answer, placeOf) : answer) as RuleDocument;
  };
  return { rule: describedRule(path, description, document), description };
}
