import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { expand } from "../study/spec/expand.ts";
import { defineStudy } from "../study/spec/study.ts";
import { writeManifest } from "../study/store/manifest.ts";
import { openStore } from "../study/store/store.ts";
import { syntheticRow } from "../study/summary/synthetic-rows.ts";
import { fillStore } from "./example-store.contract.ts";
import { typed, typedJson } from "./typed.contract.ts";

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "afferent-export-"))));
afterAll(() => rmSync(folder, { recursive: true }));

/** Each rule is best on validation strings at a rate of its own, and best on test strings at the other. */
const study = defineStudy({
  name: "tuned",
  question: "Which rate?",
  base: { task: { v: 4, m: 2, depth: 2 }, data: { train: 16, validation: 8, test: 8 }, train: { steps: 40 } },
  grid: { rule: ["backprop", "frozen"], seed: [0, 1] },
  controls: { frozen: "the read-out alone" },
  tune: { over: { "train.learningRate": [0.1, 0.01] } },
});
const best = { backprop: 0.1, frozen: 0.01 } as Readonly<Record<string, number>>;

async function fillTuned(path: string): Promise<void> {
  const planned = expand(study);
  const store = await openStore(path);
  await writeManifest(path, {
    name: study.name,
    question: study.question,
    command: "afferent run tuned.json",
    runs: planned.map(({ run }) => run),
    axes: {},
    startedAt: "2026-01-01T00:00:00.000Z",
    study,
  });
  const rows = planned.map((one) => {
    const wins = one.spec.train.learningRate === best[one.spec.rule.id];
    return syntheticRow(one, { validationError: wins ? 0.1 : 0.2, testError: (wins ? 0.4 : 0.1) + one.spec.seed / 10 });
  });
  await store.writeGroup(
    rows,
    rows.map(({ run }) => ({ run, step: 40, metric: "trainLoss", value: 1 })),
  );
  await store.close();
}

interface Row {
  readonly chosen: boolean;
  readonly testError: number;
  readonly spec: { readonly rule: { readonly id: string }; readonly train: { readonly learningRate: number } };
}

it("marks the runs at the chosen values: their mean is that of compare, in every format", async () => {
  const store = join(folder, "tuned");
  await fillTuned(store);
  const json = join(folder, "tuned.json");
  await typedJson(`export --format json --out ${json} store.path=${store}`);
  const rows = JSON.parse(readFileSync(json, "utf8")) as Row[];
  expect(rows.map(({ chosen, spec }) => chosen === (spec.train.learningRate === best[spec.rule.id]))).toEqual(
    Array<boolean>(8).fill(true),
  );
  // The table says what the report says: frozen is a control.
  const { stdout } = await typed(`compare store.path=${store}`);
  expect(stdout).toMatch(/\nfrozen \(control\) +/);
  expect(stdout).toContain("\ncontrol frozen: the read-out alone\n");
  const { cells } = (await typedJson(`compare store.path=${store}`)) as {
    cells: { rule: string; measures: { testError: { mean: number } } }[];
  };
  for (const { rule, measures } of cells) {
    const errors = rows.filter(({ chosen, spec }) => chosen && spec.rule.id === rule).map(({ testError }) => testError);
    expect(errors.reduce((sum, error) => sum + error, 0) / errors.length).toBeCloseTo(measures.testError.mean, 12);
  }

  const csv = join(folder, "tuned.csv");
  await typedJson(`export --format csv --out ${csv} store.path=${store}`);
  const [head = "", ...lines] = readFileSync(csv, "utf8").trimEnd().split("\n");
  expect(head).toMatch(/,chosen$/);
  expect(lines.filter((line) => line.endsWith(",true"))).toHaveLength(4);
  expect(lines.filter((line) => line.endsWith(",false"))).toHaveLength(4);

  const parquet = join(folder, "tuned.parquet");
  await typedJson(`export --out ${parquet} store.path=${store}`);
  const opened = await openStore(store, { access: "read" });
  const counted = await opened.query(
    `SELECT chosen, typeof(chosen) AS kind, count(*) AS n FROM read_parquet('${parquet}') GROUP BY ALL ORDER BY chosen`,
  );
  await opened.close();
  expect(counted).toEqual([
    { chosen: false, kind: "BOOLEAN", n: 4 },
    { chosen: true, kind: "BOOLEAN", n: 4 },
  ]);
});

it("marks every run where nothing is tuned, and curves have no such column", async () => {
  const store = join(folder, "plain");
  await fillStore(store);
  const csv = join(folder, "plain.csv");
  await typedJson(`export --format csv --out ${csv} store.path=${store}`);
  const [, ...lines] = readFileSync(csv, "utf8").trimEnd().split("\n");
  expect(lines.map((line) => line.endsWith(",true"))).toEqual(Array<boolean>(6).fill(true));
  const curves = join(folder, "curves.csv");
  await typedJson(`export --curves --format csv --out ${curves} store.path=${store}`);
  expect(readFileSync(curves, "utf8").split("\n")[0]).toBe("run,step,metric,value");
  expect((await typed("export --help")).stdout).toContain("chosen is true for");
});
