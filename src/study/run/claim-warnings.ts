/** What planned rules read beyond what they claim: the certificate is the only judge, of shipped rules and of others. */
import { type Certificate, unclaimedText } from "../../audit/index.ts";
import type { Network } from "../../networks/index.ts";
import type { ChosenRule } from "../../rules/index.ts";
import type { PlannedRun } from "../spec/study.ts";
import type { PlannedModel, PlannedModels } from "./planned-model.ts";

/**
 * A sentence for every rule whose graph reads more than the rule claims, each once, on the networks of these runs (narrow copies of wide
 * ones, see `PlannedModels.certified`). What is claimed and not read is no matter: another network may have what this one has nothing
 * of. Claims are about default options: with others a rule is certified all the same, and compared with nothing. A rule that cannot be
 * certified is named too, with the reason.
 */
export function claimWarnings(runs: readonly PlannedRun[], models: PlannedModels): string[] {
  const distinct = new Set(runs.map(({ spec }) => models.of(spec)));
  return [...new Set([...distinct].flatMap((planned) => warningOf(planned, models) ?? []))];
}

function warningOf({ spec }: PlannedModel, models: PlannedModels): string | undefined {
  let certificate: Certificate;
  let network: Network;
  let rule: ChosenRule;
  try {
    const planned = models.certified(spec);
    ({ certificate } = planned);
    ({ network, rule } = planned.model);
  } catch (error) {
    return `rule ${spec.rule.id}: expected a graph that can be certified, got: ${error instanceof Error ? error.message : String(error)}`;
  }
  return unclaimedText(certificate, rule, network);
}
