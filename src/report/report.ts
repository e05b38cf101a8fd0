/**
 * The report of a study: one HTML page that holds everything, fetches nothing, and can be sent by mail.
 *
 * It is drawn from what is there. A study that is still running gives a page that says what is missing.
 */
import { labelOf } from "../study/spec/keys.ts";
import type { CurvePoint, Provenance, RunRow } from "../study/store/rows.ts";
import type { PlannedRun, Study } from "../study/spec/study.ts";
import { baselineOf } from "../study/spec/study.ts";
import { summarise } from "../study/summary/summary.ts";
import { certificateSection, type CertifiedRule } from "./certificate-section.ts";
import { csvOf, type DrawnFigure, type Figure, type FigureDocument, standaloneSvg } from "./figure.ts";
import { figuresOf } from "./figures.ts";
import { html, list, Markup } from "./markup.ts";
import { methodOf, warningsOf } from "./method.ts";
import { pageStyle } from "./style.ts";
import { dataTable, differenceTable, resultTables } from "./tables.ts";

/** What a report is made of. */
export interface ReportInput {
  readonly study: Study;
  readonly planned: readonly PlannedRun[];
  /** Rows of the planned runs as far as they are there; others are ignored. */
  readonly rows: readonly RunRow[];
  /** At least those of the runs that cells take their numbers from, in the metrics that are drawn. */
  readonly curves: readonly CurvePoint[];
  /** Runs that ended well and are stored without curves; those of which `curves` has no point when left out. */
  readonly withoutCurves?: readonly string[];
  /** What the rules of the study need to know; left out of the page when left out here. */
  readonly certificates?: readonly CertifiedRule[];
  /** The command that computes the study, as it is typed. */
  readonly command: string;
  /** When the report was made, as it is printed; left out of the page when left out here. */
  readonly generatedAt?: string;
  /** A browser's `document`, or `figureDocument()` on Node. */
  readonly document: FigureDocument;
}

/** The report as the text of an HTML page. Deterministic: equal input, equal text. */
export function renderReport(input: ReportInput): string {
  const { study, planned, command } = input;
  const runs = new Set(planned.map(({ run }) => run));
  const rows = input.rows.filter((row) => runs.has(row.run));
  const cells = summarise(planned, rows, study.tune?.by);
  const baseline = baselineOf(study);
  const figures = figuresOf({
    cells,
    curves: input.curves,
    baseline,
    tunedBy: study.tune?.by,
    document: input.document,
  });
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${study.name}: ${study.question}</title>
        <style>
          ${new Markup(pageStyle())}
        </style>
      </head>
      <body>
        <main>
          <header>
            <h1>${study.name}</h1>
            <p class="question">${study.question}</p>
            ${study.expected === undefined ? undefined : html`<p><strong>Expected before the runs:</strong> ${study.expected}</p>`}
          </header>
          ${progress(planned, rows)} ${curvesGone(rows, input)}
          <h2>Result</h2>
          ${resultTables(cells, study)} ${list(warningsOf(cells))}
          ${baseline === undefined ? undefined : differenceTable(cells, baseline)}
          <h2>Figures</h2>
          ${figures.length > 0 ? figures.map(figureMarkup) : html`<p>There is nothing to draw: the study plans no runs.</p>`}
          <h2>What was run and how</h2>
          <pre>${command}</pre>
          ${list(methodOf(study, planned, cells))} ${certificateSection(input.certificates ?? [])}
          <h2>Runs that did not finish</h2>
          ${unfinished(planned, rows)}
          <h2>Where the numbers come from</h2>
          ${provenance(rows)}
          <h2>How to reproduce</h2>
          ${reproduce(input, rows)}
          ${input.generatedAt === undefined ? undefined : html`<p class="quiet">Report made ${input.generatedAt}.</p>`}
        </main>
      </body>
    </html> `;
  return page.text;
}

function progress(planned: readonly PlannedRun[], rows: readonly RunRow[]): Markup | undefined {
  const done = new Set(rows.filter((row) => row.outcome !== "failed").map((row) => row.run)).size;
  if (done === planned.length && planned.length > 0) return undefined;
  return html`<div class="notice" role="status">
    <p>
      <strong>Incomplete:</strong> ${done} of ${planned.length} runs have a result. Numbers and chosen values marked
      provisional may still change.
    </p>
  </div>`;
}

/** Where rows are stored and their curves are not: every run that ended well has left a point at least. */
function curvesGone(
  rows: readonly RunRow[],
  { curves, withoutCurves }: Pick<ReportInput, "curves" | "withoutCurves">,
): Markup | undefined {
  const drawn = new Set(curves.map(({ run }) => run));
  const endedWell = rows.filter(({ outcome }) => outcome === "finished" || outcome === "stopped");
  const gone = withoutCurves ?? endedWell.filter(({ run }) => !drawn.has(run));
  if (gone.length === 0) return undefined;
  return html`<div class="notice" role="status">
    <p>
      <strong>Curves missing:</strong> ${gone.length} of ${rows.length} stored runs are without their curves; figures of
      curves lack them.
    </p>
  </div>`;
}

function figureMarkup(figure: Figure): Markup {
  if ("missing" in figure) {
    return html`<section id="${figure.id}">
      <h3>${figure.title}</h3>
      <p class="notice">Not drawn: ${figure.missing}</p>
    </section> `;
  }
  return html`<section id="${figure.id}">
    <h3>${figure.title}</h3>
    <figure>
      ${new Markup(figure.svg)}
      <figcaption>${figure.caption} ${downloads(figure)}</figcaption>
    </figure>
  </section> `;
}

const MOST_LISTED = 200;

function unfinished(planned: readonly PlannedRun[], rows: readonly RunRow[]): Markup {
  const byRun = new Map(rows.map((row) => [row.run, row]));
  const listed = planned.flatMap((plan) => {
    const row = byRun.get(plan.run);
    const bad = row?.outcome === "diverged" || row?.outcome === "failed";
    return row && bad ? [{ plan, row }] : [];
  });
  const missing = planned.filter((plan) => !byRun.has(plan.run)).length;
  const summary = html`<p>
    ${listed.filter(({ row }) => row.outcome === "diverged").length} diverged,
    ${listed.filter(({ row }) => row.outcome === "failed").length} failed, ${missing} not computed yet.
  </p>`;
  if (listed.length === 0) return summary;
  const table = dataTable(
    "Runs that diverged or failed",
    [
      { title: "run" },
      { title: "where" },
      { title: "outcome" },
      { title: "at step", number: true },
      { title: "message" },
    ],
    listed.slice(0, MOST_LISTED).map(({ plan, row }) => {
      const at = Object.entries({ ...plan.axes, ...plan.tuned }).map(([key, value]) => `${key}=${labelOf(value)}`);
      return [html`<code>${row.run}</code>`, at.join(" "), row.outcome, row.steps, row.message];
    }),
  );
  const more = listed.length > MOST_LISTED ? html`<p>And ${listed.length - MOST_LISTED} more.</p>` : undefined;
  return html`${summary}${table}${more}`;
}

const ORIGINS = {
  afferent: "afferent",
  commit: "commit",
  engine: "engine",
  node: "Node.js",
  machine: "machine",
  threads: "threads",
  replicas: "replicas per group",
} as const satisfies Record<keyof Provenance, string>;

function provenance(rows: readonly RunRow[]): Markup {
  if (rows.length === 0) return html`<p>No run is stored yet.</p>`;
  const entries = (Object.keys(ORIGINS) as (keyof Provenance)[]).map((key) => {
    const counts = new Map<string, number>();
    for (const row of rows) {
      const value = String(row.provenance[key]) || "unknown";
      counts.set(value, (counts.get(value) ?? 0) + 1);
    }
    const texts = [...counts].map(([value, count]) => (counts.size > 1 ? `${value} (${count} runs)` : value));
    return html`<dt>${ORIGINS[key]}</dt>
      <dd>${texts.join(", ")}</dd> `;
  });
  const finished = rows.map((row) => row.finishedAt).sort();
  const mixed = new Set(rows.map((row) => `${row.provenance.afferent} ${row.provenance.commit}`)).size > 1;
  const notice = mixed
    ? html`<p class="notice">
        The runs were computed by more than one version of the program. A run's identity does not depend on the version:
        for numbers of one version, run the study into an empty store.
      </p>`
    : undefined;
  return html`${notice}
    <dl>
      ${entries}
      <dt>computed</dt>
      <dd>${finished[0]} to ${finished.at(-1)}</dd>
      <dt>computing time</dt>
      <dd>${duration(rows.reduce((sum, row) => sum + row.wallSeconds, 0))}</dd>
    </dl>`;
}

function reproduce({ study, planned, command }: ReportInput, rows: readonly RunRow[]): Markup {
  const commits = [...new Set(rows.map((row) => row.provenance.commit).filter((commit) => commit !== ""))];
  const [commit, changed] = commits.length === 1 ? (commits[0]?.split("+") ?? []) : [];
  const checkout = `git checkout ${commit ?? ""}${changed === undefined ? "" : "    # and changes that were not committed"}`;
  const commands = [...(commit === undefined ? [] : [checkout]), command];
  const time = study.runtime === undefined ? undefined : html` Expected running time: ${study.runtime}.`;
  const first = planned[0];
  return html`<pre>${commands.join("\n")}</pre>
    <p>
      Runs that are stored are not computed again.${time} A run is named by the hash of its specification, so that equal
      names mean equal specifications.
    </p>
    ${
      first
        ? html`<details>
            <summary>Whole specification of the first run, <code>${first.run}</code></summary>
            <pre>${JSON.stringify(first.spec, null, 2)}</pre>
          </details>`
        : undefined
    }
    <details>
      <summary>The study as data</summary>
      <pre>${JSON.stringify(study, null, 2)}</pre>
    </details>`;
}

function duration(seconds: number): string {
  if (seconds < 120) return `${seconds.toFixed(1)} s`;
  return seconds < 7200 ? `${(seconds / 60).toFixed(1)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

/** The picture, and the numbers in it, as files: they are in the page itself. */
function downloads(figure: DrawnFigure): Markup {
  const link = (name: string, type: string, text: string): Markup =>
    html`<a download="${name}" href="data:${type};charset=utf-8,${encodeURIComponent(text)}">${name}</a>`;
  const picture = link(`${figure.id}.svg`, "image/svg+xml", standaloneSvg(figure));
  const { data } = figure;
  return data === undefined
    ? html`<span class="files">${picture}</span>`
    : html`<span class="files">${picture} ${link(`${figure.id}.csv`, "text/csv", csvOf(data))}</span>`;
}
