/** Writes the report of a study from what the store holds of it now. */
import { mkdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { certify } from "../audit/index.ts";
import { figureDocument } from "../report/figure.node.ts";
import type { CertifiedRule } from "../report/certificate-section.ts";
import { renderReport } from "../report/report.ts";
import { modelOf } from "../study/build.ts";
import type { PlannedRun } from "../study/study.ts";
import { summarise } from "../study/summary.ts";
import { publishContent, temporaryBeside } from "../study/store/publish.ts";
import type { Store } from "../study/store/store.ts";
import type { StoredStudy } from "./stored.ts";

/** Writes the page to `file`, by default `reports/<study>.html` in the store; it appears whole. Returns its absolute path. */
export async function writeReport(
  store: Store,
  { study, planned, manifest }: StoredStudy,
  file: string = join(store.folder, "reports", `${study.name}.html`),
): Promise<string> {
  const runs = planned.map(({ run }) => run);
  const page = renderReport({
    study,
    planned,
    rows: await store.rows({ runs }),
    curves: await store.curves(runs),
    certificates: certificatesOf(planned),
    command: manifest.command,
    generatedAt: new Date().toISOString(),
    document: figureDocument(),
  });
  const path = resolve(file);
  await mkdir(dirname(path), { recursive: true });
  await publishContent(await temporaryBeside(path), path, page);
  return path;
}

/** What is read, and how often a layer runs, does not depend on the width. */
const width = 8;

/** Certificates of the rules of a plan, each once, on a narrow network. A rule whose file is no longer there has none. */
function certificatesOf(planned: readonly PlannedRun[]): CertifiedRule[] {
  const found = new Map<string, CertifiedRule>();
  for (const { rule: label, spec } of summarise(planned, [])) {
    if (found.has(label)) continue;
    const { widths } = spec.network;
    const network = { ...spec.network, width, ...(widths === undefined ? {} : { widths: widths.map(() => width) }) };
    try {
      const { rule, network: built } = modelOf({ ...spec, network });
      found.set(label, { label, certificate: certify(rule, built, spec.task.s ** spec.task.depth) });
    } catch {
      continue;
    }
  }
  return [...found.values()];
}
