/**
 * A study: a question, a grid of runs over rules, amounts of data and seeds, stored as they finish, its table and a figure. What is stored
 * is not computed again. Run: npx tsx examples/study.ts
 */
import { writeFile } from "node:fs/promises";
import { reports, studies } from "afferent";

const study = studies.defineStudy({
  name: "few-strings",
  question: "Which rule learns from fewer strings?",
  base: {
    task: { v: 6, m: 3, s: 2, depth: 2 },
    data: { validation: 10, test: 50 },
    network: { width: 32 },
    train: { steps: 300 },
  },
  grid: { rule: ["backprop", "direct-feedback-alignment"], "data.train": [25, 100], seed: "0..2" },
});

const { runs, models } = studies.planStudy(study);

const store = await studies.openStore("results");
const { computed, reused } = await studies.execute({ store, study: study.name, runs, models });
console.log(`${computed} runs computed, ${reused} found in the store`);

const rows = await store.rows({ runs: runs.map(({ run }) => run) });
const curves = await store.curves(runs.map(({ run }) => run));
await store.close();

const cells = studies.summarise(runs, rows);
console.log(studies.renderTable(cells));
const figure = { cells, curves, document: reports.figureDocument() };
await writeFile("sample-complexity.svg", reports.figureSvg("sample-complexity", figure));
