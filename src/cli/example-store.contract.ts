/** A store with one study of six made-up runs, for the tests of the commands that read: nothing is trained. */
import { openStore } from "../study/store/store.ts";
import { writeManifest } from "../study/store/manifest.ts";
import { defineStudy, type PlannedRun } from "../study/spec/study.ts";
import { syntheticRow } from "../study/summary/synthetic-rows.ts";
import { expand } from "../study/spec/expand.ts";

/** Two rules, three seeds. */
export const exampleStudy = defineStudy({
  name: "example",
  question: "Which is better?",
  base: { task: { v: 4, m: 2, depth: 2 }, data: { train: 16, validation: 8, test: 8 }, train: { steps: 40 } },
  grid: { rule: ["backprop", "frozen"], seed: [0, 1, 2] },
});

/** Test errors by rule and seed. frozen minus backprop: 0.3, 0.4, 0.5. */
const testErrors: Readonly<Record<string, readonly number[]>> = { backprop: [0.1, 0.2, 0.3], frozen: [0.4, 0.6, 0.8] };

/** Its runs, in the order of the plan. */
export const examplePlan: readonly PlannedRun[] = expand(exampleStudy);

/** Writes the study and the first `stored` of its runs, each as a group of its own, into a folder. */
export async function fillStore(folder: string, stored = 6): Promise<void> {
  const store = await openStore(folder);
  await writeManifest(folder, {
    name: exampleStudy.name,
    question: exampleStudy.question,
    command: "afferent run example.yaml",
    runs: examplePlan.map(({ run }) => run),
    axes: { rule: ["backprop", "frozen"], seed: [0, 1, 2] },
    startedAt: "2026-01-01T00:00:00.000Z",
    study: exampleStudy,
  });
  for (const [i, planned] of examplePlan.slice(0, stored).entries()) {
    const { run, spec } = planned;
    const testError = testErrors[spec.rule.id]?.[spec.seed] ?? NaN;
    const row = syntheticRow(planned, { study: "example", testError, finishedAt: `2026-01-01T00:00:0${i}.000Z` });
    const curve = [10, 20, 30, 40].map((step) => ({ run, step, metric: "trainLoss", value: 1 / step }));
    await store.writeGroup([row], curve);
  }
  await store.close();
}
