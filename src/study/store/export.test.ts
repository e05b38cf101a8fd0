import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { exampleCurves, exampleRow } from "./example-group.contract.ts";
import { openStore, type Store } from "./store.ts";

let folder: string;
let store: Store;
const plain = exampleRow({ task: { v: 6 } }, { study: "a", metrics: { 'x"y,z': 1.5 } });
const odd = exampleRow(
  { seed: 3 },
  {
    study: "b",
    finishedAt: "2026-02-01T00:00:00.000Z",
    message: 'a, "b"\nc',
    trainLoss: NaN,
    testLoss: Infinity,
    metrics: { n: -Infinity },
  },
);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "afferent-export-"));
  store = await openStore(join(folder, "store"));
  await store.writeGroup([plain, odd], exampleCurves([plain, odd]));
});
afterAll(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

/** RFC 4180, by hand: fields of each record. */
function parseCsv(text: string): string[][] {
  const records: string[][] = [[]];
  for (const [, quoted, bare, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^,\n"]*))(,|\n|$)/g)) {
    records.at(-1)!.push(quoted?.replaceAll('""', '"') ?? bare!);
    if (end === "\n") records.push([]);
  }
  return records.slice(0, -1);
}

it("CSV has a column for each leaf and each metric", async () => {
  const path = join(folder, "new folder", "rows.csv");
  expect(await store.exportRows({}, "csv", path)).toBe(2);
  const [header, first, second] = parseCsv(readFileSync(path, "utf8"));
  const cell = (record: string[], name: string): string => record[header!.indexOf(name)]!;
  expect(cell(first!, "run")).toBe(plain.run);
  expect(cell(first!, "task.v")).toBe("6");
  expect(cell(first!, "train.learningRate")).toBe("0.002");
  expect(cell(first!, 'metrics.x"y,z')).toBe("1.5");
  expect(cell(first!, "metrics.n")).toBe("");
  expect(cell(second!, "message")).toBe(odd.message);
  expect([cell(second!, "trainLoss"), cell(second!, "testLoss"), cell(second!, "metrics.n")]).toEqual([
    "nan",
    "inf",
    "-inf",
  ]);
  expect(JSON.parse(cell(second!, "spec"))).toEqual(odd.spec);
  expect(header).not.toContain("metrics");
});

it("JSON is the rows, without numbers JSON does not have", async () => {
  const path = join(folder, "rows.json");
  expect(await store.exportRows({ study: "b" }, "json", path)).toBe(1);
  expect(JSON.parse(readFileSync(path, "utf8"))).toEqual([
    { ...odd, trainLoss: null, testLoss: "Infinity", metrics: { n: "-Infinity" } },
  ]);
});

it("Parquet has the columns of the store", async () => {
  const path = join(folder, "rows.parquet");
  expect(await store.exportRows({ runs: [odd.run] }, "parquet", path)).toBe(1);
  expect(await store.query(`SELECT run, seed, trainLoss, metrics['n'] AS n FROM read_parquet('${path}')`)).toEqual([
    { run: odd.run, seed: 3, trainLoss: NaN, n: -Infinity },
  ]);
});

it("leaves nothing behind when it fails", async () => {
  await expect(store.exportRows({}, "json", join(folder, "store"))).rejects.toThrow("EISDIR");
  expect(readdirSync(folder).filter((name) => name.startsWith("."))).toEqual([]);
});

it("curves have one line a point, of the runs asked for only", async () => {
  const path = join(folder, "curves.csv");
  const wanted = await store.curves([odd.run]);
  expect(await store.exportCurves([odd.run], "csv", path)).toBe(wanted.length);
  const [header, ...points] = parseCsv(readFileSync(path, "utf8"));
  expect(header).toEqual(["run", "step", "metric", "value"]);
  expect(
    points.map(([run, step, metric, value]) => ({ run, step: Number(step), metric, value: Number(value) })),
  ).toEqual(wanted);
  const json = join(folder, "curves.json");
  await store.exportCurves([odd.run], "json", json);
  expect(JSON.parse(readFileSync(json, "utf8"))).toEqual(wanted);
});
