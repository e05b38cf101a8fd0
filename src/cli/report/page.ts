/** Writes the report of a study from what the store holds of it now. */
import { join, resolve } from "node:path";
import { figureDocument } from "../../report/figure.node.ts";
import type { CertifiedRule } from "../../report/certificate-section.ts";
import { drawnMetrics } from "../../report/learning-curve-figure.ts";
import { renderReport } from "../../report/report.ts";
import { PlannedModels } from "../../study/run/planned-model.ts";
import { summaryOf } from "../../audit/index.ts";
import { labelOf } from "../../study/spec/keys.ts";
import type { RunKnowledge } from "../../study/store/rows.ts";
import { type Cell, chosenRuns, settingAxes, summarise } from "../../study/summary/summary.ts";
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
 * Certificates of the rules of a plan at the sizes of the plan: those of runs that are stored, of the very graphs that ran; where none of
 * a rule is there yet, that of its first; or why there is none, as for a rule whose file is no longer there. Sizes at which a rule must
 * know the same are one.
 */
export function certificatesOf(cells: readonly Cell[], models: PlannedModels): CertifiedRule[] {
  const rules = new Map<
    string,
    Map<string, { readonly cell: Cell; readonly known: Known; readonly graphs: Set<string> }>
  >();
  const problems: CertifiedRule[] = [];
  const stored = cells.filter((cell) => knowledgeOf(cell) !== undefined);
  const labels = new Set(stored.map(({ rule }) => rule));
  // Certifying takes longer than all else, and a size that has no run yet will bring its own.
  const others = cells.filter(
    ({ rule }, i) => !labels.has(rule) && cells.findIndex((cell) => cell.rule === rule) === i,
  );
  for (const cell of cells.filter((each) => stored.includes(each) || others.includes(each))) {
    const { rule: label } = cell;
    const sizes = rules.get(label) ?? new Map<string, never>();
    rules.set(label, sizes);
    try {
      const known = knownOf(cell, models);
      const says = JSON.stringify([summaryOf(known.certificate), known.certificate.signals, known.undeclared]);
      const alike = sizes.get(says);
      if (alike !== undefined) alike.graphs.add(known.graph);
      else sizes.set(says, { cell, known, graphs: new Set([known.graph]) });
    } catch (error) {
      if (problems.some((rule) => rule.label === label)) continue;
      problems.push({ label, problem: error instanceof Error ? error.message : String(error) });
    }
  }
  const certified = [...rules].flatMap(([label, sizes]) =>
    [...sizes.values()].map(({ cell, known: { certificate, undeclared }, graphs }) => ({
      label: sizes.size > 1 ? `${label}, ${settingsOf(cell)}` : label,
      graph: [...graphs].join(", "),
      ...{ certificate, undeclared },
    })),
  );
  return [...certified, ...problems];
}

type Known = Pick<RunKnowledge, "certificate" | "graph" | "undeclared">;

function knowledgeOf({ repetitions }: Cell): RunKnowledge | undefined {
  return repetitions.find(({ row }) => row?.knows !== undefined)?.row?.knows;
}

function knownOf(cell: Cell, models: PlannedModels): Known {
  const stored = knowledgeOf(cell);
  if (stored !== undefined) return stored;
  const { certificate, undeclared, digest: graph } = models.of(cell.spec);
  return { certificate, undeclared, graph };
}

function settingsOf(cell: Cell): string {
  return Object.entries(settingAxes(cell))
    .map(([key, value]) => `${key}=${labelOf(value)}`)
    .join(" ");
}
