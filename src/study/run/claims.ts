/** Planned rules that read more than they claim: the certificate of the very step is the only judge, of shipped rules and of others. */
import { undeclaredText } from "../../audit/index.ts";
import { RuleError } from "../../rules/index.ts";
import type { PlannedRun } from "../spec/study.ts";
import type { PlannedModels } from "./planned-model.ts";

/**
 * A sentence for every rule whose graph reads more than the rule claims, each once. What is claimed and not read is no matter: another
 * network may have what this one has nothing of. Claims are about default options: with others a rule is certified all the same, and
 * compared with nothing. Throws what certifying a rule throws: a rule that cannot be certified is not run.
 */
export function undeclaredIn(runs: readonly PlannedRun[], models: PlannedModels): string[] {
  const distinct = new Set(runs.map(({ spec }) => models.of(spec)));
  return [
    ...new Set(
      [...distinct].flatMap(({ certificate, undeclared }) => undeclaredText(certificate.rule, undeclared) ?? []),
    ),
  ];
}

/** Throws RuleError for rules that read more than they claim, with what to do. */
export function refuseUndeclared(found: readonly string[], how: string): void {
  if (found.length === 0) return;
  throw new RuleError(
    `${found.join("; ")}; add it to the rule's reads, or ${how} to run it and have its results marked`,
  );
}
