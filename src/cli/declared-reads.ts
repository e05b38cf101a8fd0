/** One line of warning for every rule of one's own whose graph does not read what the rule declares. */
import { certify, declarationGap, gapText } from "../audit/index.ts";
import { catalogue } from "../rules/index.ts";
import { modelOf } from "../study/build.ts";
import type { PlannedRun } from "../study/study.ts";

/** What is read does not depend on how many units a layer has. */
const width = 4;

/**
 * Warnings for the rules of a plan, each once. Rules of the catalogue are left out: tests compare them. So are rules that refuse the
 * narrow network on which they are looked at.
 */
export function declarationWarnings(planned: readonly PlannedRun[]): string[] {
  const seen = new Set<string>();
  return planned.flatMap(({ spec }) => {
    const key = JSON.stringify([spec.rule, spec.network.architecture, spec.network.depth, spec.network.widths?.length]);
    if (seen.has(key) || catalogue.some(({ id }) => id === spec.rule.id)) return [];
    seen.add(key);
    const { widths } = spec.network;
    const network = { ...spec.network, width, ...(widths === undefined ? {} : { widths: widths.map(() => width) }) };
    try {
      const model = modelOf({ ...spec, network });
      const certificate = certify(model.rule, model.network, spec.task.s ** spec.task.depth);
      return gapText(spec.rule.id, declarationGap(certificate, model.network)) ?? [];
    } catch {
      return [];
    }
  });
}
