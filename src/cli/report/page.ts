/** Writes the report of a study from what the store holds of it now. */
import { mkdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { figureDocument } from "../../report/figure.node.ts";
import type { CertifiedRule } from "../../report/certificate-section.ts";
import { renderReport } from "../../report/report.ts";
import { PlannedModels } from "../../study/run/planned-model.ts";
import type { PlannedRun } from "../../study/spec/study.ts";
import { summarise } from "../../study/summary/summary.ts";
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
  const page = renderReport({
    study,
    planned,
    rows: await store.rows({ runs }),
    curves: await store.curves(runs),
    certificates: certificatesOf(planned, models),
    command: manifest.command,
    generatedAt: new Date().toISOString(),
    document: figureDocument(),
  });
  const path = resolve(file);
  await mkdir(dirname(path), { recursive: true });
  await publishContent(await temporaryBeside(path), path, page);
  return path;
}

/** Certificates of the rules of a plan, each once; or why there is none, as for a rule whose file is no longer there. */
function certificatesOf(planned: readonly PlannedRun[], models: PlannedModels): CertifiedRule[] {
  const found = new Map<string, CertifiedRule>();
  for (const { rule: label, spec } of summarise(planned, [])) {
    if (found.has(label)) continue;
    try {
      found.set(label, { label, certificate: models.certified(spec).certificate });
    } catch (error) {
      found.set(label, { label, problem: error instanceof Error ? error.message : String(error) });
    }
  }
  return [...found.values()];
}
