/** Writes the report of a study from what the store holds of it now. */
import { join, resolve } from "node:path";
import { figureDocument } from "../../report/figure.node.ts";
import type { CertifiedRule } from "../../report/certificate-section.ts";
import { drawnMetrics } from "../../report/learning-curve-figure.ts";
import { renderReport } from "../../report/report.ts";
import { PlannedModels } from "../../study/run/planned-model.ts";
import { type Cell, chosenRuns, summarise } from "../../study/summary/summary.ts";
import { publishContent, temporaryBeside } from "../../study/store/publish.ts";
import type { Store } from "../../study/store/store.ts";
import type { StoredStudy } from "../stored.ts";

/** Writes the page to `file`, by default `reports/<study>.html` in the store; it appears whole. Returns its absolute path. */
export async function writeReport(
  store: Store,
  { study, planned, manifest }: StoredStudy,
  {
    models = new PlannedModels(),
    file = join(store.folder, "reports", `${study.name}.html`),
  }: { readonly models?: PlannedModels; readonly file?: string | undefined } = {},
): Promise<string> {
  const runs = planned.map(({ run }) => run);
  const rows = await store.rows({ runs });
  const cells = summarise(planned, rows, study.tune?.by);
  const page = renderReport({
    study,
    planned,
    rows,
    curves: await store.curves([...chosenRuns(cells)], drawnMetrics),
    withoutCurves: await store.withoutCurves(runs),
    certificates: certificatesOf(cells, models),
    command: manifest.command,
    generatedAt: new Date().toISOString(),
    document: figureDocument(),
  });
  const path = resolve(file);
  await publishContent(await temporaryBeside(path), path, page);
  return path;
}

/**
 * Certificates of the rules of a plan, each once: that of a run that is stored, of the very graph that ran; of one that is not there yet
 * its own; or why there is none, as for a rule whose file is no longer there.
 */
function certificatesOf(cells: readonly Cell[], models: PlannedModels): CertifiedRule[] {
  const found = new Map<string, CertifiedRule>();
  for (const { rule: label, spec, repetitions } of cells) {
    if (found.has(label)) continue;
    const stored = repetitions.find(({ row }) => row?.knows !== undefined)?.row?.knows;
    try {
      const { certificate, undeclared } = stored ?? models.of(spec);
      found.set(label, { label, certificate, graph: stored?.graph ?? models.of(spec).digest, undeclared });
    } catch (error) {
      found.set(label, { label, problem: error instanceof Error ? error.message : String(error) });
    }
  }
  return [...found.values()];
}
