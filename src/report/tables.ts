/**
 * The tables of the report page.
 */
import { labelOf } from "../study/spec/keys.ts";
import type { Study } from "../study/spec/study.ts";
import type { Cell } from "../study/summary/summary.ts";
import { differences, settingAxes } from "../study/summary/summary.ts";
import {
  columnsOf,
  type Controls,
  formatEstimate,
  formatFraction,
  formatP,
  fractionNote,
  isControl,
} from "../study/summary/table.ts";
import { html, list, Markup } from "./markup.ts";

/** A table with more rows than this is folded away. */
const LONG = 24;

/** A column of a table: its heading, and whether it holds numbers, which stand right. */
export interface Heading {
  readonly title: string;
  readonly number?: boolean;
}

/** An HTML table with a caption, column headings and the first entry of every row as the row's heading. */
export function dataTable(
  caption: string,
  headings: readonly Heading[],
  rows: readonly (readonly (string | number | Markup)[])[],
): Markup {
  const kind = (index: number): Markup => new Markup(headings[index]?.number === true ? "number" : "text");
  const head = headings.map(({ title }, index) => html`<th scope="col" class="${kind(index)}">${title}</th>`);
  const body = rows.map((entries) => {
    const cells = entries.map((entry, index) =>
      index === 0 ? html`<th scope="row">${entry}</th>` : html`<td class="${kind(index)}">${entry}</td>`,
    );
    return html`<tr>
      ${cells}
    </tr>`;
  });
  const table = html`<div class="scroll">
    <table>
      <caption>
        ${caption}
      </caption>
      <thead>
        <tr>
          ${head}
        </tr>
      </thead>
      <tbody>
        ${body}
      </tbody>
    </table>
  </div>`;
  if (rows.length <= LONG) return table;
  return html`<details>
    <summary>${caption} (${rows.length} rows)</summary>
    ${table}
  </details>`;
}

/** The cells as tables: rule by training strings first where those vary, then every cell with all its numbers. */
export function resultTables(cells: readonly Cell[], study: Study): Markup {
  if (cells.length === 0) return html`<p>The study plans no runs.</p>`;
  const columns = columnsOf(cells);
  const controls: Controls = study.controls ?? {};
  const rows = cells.map((cell) =>
    columns.map(({ text }, index) => {
      const control =
        index === 0 && isControl(cell, controls) ? html` <span class="quiet">(control)</span>` : undefined;
      return html`${text(cell)}${control}`;
    }),
  );
  const all = dataTable(
    `All cells: mean over seeds, ${fractionNote}; errors are fractions of misclassified examples`,
    columns.map(({ title, align }) => ({ title: title === "" ? "note" : title, number: align === "right" })),
    rows,
  );
  const why = Object.entries(controls).map(([rule, shows]) => `Control ${rule}: ${shows}`);
  return html`${byTrainingStrings(cells)}${all}${list(why)}`;
}

/** Test error, a row for each rule and setting, a column for each number of training strings; undefined for one column. */
function byTrainingStrings(cells: readonly Cell[]): Markup | undefined {
  const sizes = [...new Set(cells.map((cell) => cell.spec.data.train))].sort((a, b) => a - b);
  if (sizes.length < 2 || !cells.every((cell) => "data.train" in cell.axes)) return undefined;
  const rows = new Map<string, { head: string[]; cells: Cell[] }>();
  for (const cell of cells) {
    const head = [cell.rule, settingText(cell, ["data.train"])];
    const row = rows.get(head.join("|")) ?? { head, cells: [] };
    rows.set(head.join("|"), { head, cells: [...row.cells, cell] });
  }
  const settings = [...rows.values()].some(({ head }) => head[1] !== "");
  return dataTable(
    `Test error by number of training examples: mean over seeds, ${fractionNote}`,
    [
      { title: "rule" },
      ...(settings ? [{ title: "where" }] : []),
      ...sizes.map((size) => ({ title: size.toLocaleString("en-US"), number: true })),
    ],
    [...rows.values()].map(({ head, cells: row }) => [
      ...head.slice(0, settings ? 2 : 1),
      ...sizes.map((size) => {
        const cell = row.find((candidate) => candidate.spec.data.train === size);
        return cell ? formatFraction(cell.measures.testError) : "-";
      }),
    ]),
  );
}

/** Differences in test error to the baseline; undefined while no pair of seeds is there. */
export function differenceTable(cells: readonly Cell[], baseline: string): Markup | undefined {
  const entries = differences(cells, baseline).filter(({ n }) => n > 0);
  if (entries.length === 0) return undefined;
  const number = true;
  const settings = entries.some(({ cell }) => settingText(cell) !== "");
  const table = dataTable(
    `Test error minus that of ${baseline}, paired by seed, mean ± half-width of its 95 % t interval: positive is worse`,
    [
      { title: "rule" },
      ...(settings ? [{ title: "where" }] : []),
      { title: "difference", number },
      { title: "seeds", number },
      { title: "p", number },
      { title: "p (Holm)", number },
    ],
    entries.map((entry) => [
      entry.cell.rule,
      ...(settings ? [settingText(entry.cell)] : []),
      formatEstimate(entry),
      entry.n,
      formatP(entry.pValue),
      formatP(entry.adjusted),
    ]),
  );
  return html`<h3>Difference in test error to ${baseline}</h3>
    ${table}
    <p class="quiet">
      p: two-sided paired t-test. Holm: corrected for the ${entries.length} comparisons listed. With few seeds these are
      weak tests: read the intervals.
    </p>`;
}

function settingText(cell: Cell, except: readonly string[] = []): string {
  return Object.entries(settingAxes(cell))
    .filter(([key]) => !except.includes(key))
    .map(([key, value]) => `${key}=${labelOf(value)}`)
    .join(" ");
}
