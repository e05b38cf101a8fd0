import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { Database } from "./database.ts";
import { exampleCurves, exampleRows } from "./example-group.contract.ts";
import { Inventory, type Listing } from "./problems.ts";
import { readRows } from "./read.ts";
import { openStore, type Store } from "./store.ts";

let folder: string;
let store: Store;
const groups = [0, 3, 6, 9].map((from) => exampleRows(from, 3));
const runs = groups.flat().map(({ run }) => run);

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "afferent-compact-"));
  store = await openStore(folder);
  for (const rows of groups) await store.writeGroup(rows, exampleCurves(rows));
});

afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

const count = (table: string): number => readdirSync(join(folder, table)).length;

it("makes one file of many, and no reader sees a difference", async () => {
  const rows = await store.rows();
  const curves = await store.curves(runs);
  expect(rows).toHaveLength(12);
  expect(curves).toHaveLength(72);
  expect(await store.compact()).toEqual({ merged: 8, into: 2 });
  expect([count("rows"), count("curves"), count("temporary")]).toEqual([1, 1, 0]);
  expect(await store.rows()).toEqual(rows);
  expect(await store.curves(runs)).toEqual(curves);
  expect(await store.compact()).toEqual({ merged: 0, into: 0 });
});

it("merges by itself only where there are many small files", async () => {
  expect(await store.compact({ atLeast: 5 })).toEqual({ merged: 0, into: 0 });
  expect(await store.compactWhereMany()).toBeUndefined();
  expect(await store.files()).toBe(4);
  for (let from = 12; from < 72; from += 1) {
    const rows = exampleRows(from, 1);
    await store.writeGroup(rows, exampleCurves(rows));
  }
  const before = [await store.rows(), await store.curves(runs), await store.overview()];
  expect(await store.compactWhereMany()).toEqual({ merged: 128, into: 2 });
  expect(await store.files()).toBe(1);
  expect([await store.rows(), await store.curves(runs), await store.overview()]).toEqual(before);
});

it("merges up to a size and leaves large files alone", async () => {
  const bytes = readFileSync(join(folder, "rows", readdirSync(join(folder, "rows"))[0]!)).length;
  expect(await store.compact({ smallerThan: 10 })).toEqual({ merged: 0, into: 0 });
  await store.compact({ atMost: 2.5 * bytes });
  expect(count("rows")).toBe(2);
  expect(await store.rows()).toHaveLength(12);
});

it("keeps both rows of a run that was computed twice", async () => {
  const again = exampleRows(0, 3, { finishedAt: "2025-01-01T00:00:00.000Z" });
  await store.writeGroup(again, []);
  await store.compact();
  expect(new Set(await store.rows({ runs: again.map(({ run }) => run) }))).toEqual(new Set(again));
  const [file] = readdirSync(join(folder, "rows"));
  expect(await store.query(`SELECT count(*) AS n FROM read_parquet('${join(folder, "rows", file!)}')`)).toEqual([
    { n: 15 },
  ]);
});

it("doubles nothing when it was killed before its sources were removed", async () => {
  const before = ["rows", "curves"].flatMap((table) =>
    readdirSync(join(folder, table)).map((name) => ({
      path: join(folder, table, name),
      bytes: readFileSync(join(folder, table, name)),
    })),
  );
  await store.compact();
  for (const { path, bytes } of before) writeFileSync(path, bytes);
  expect([count("rows"), count("curves")]).toEqual([5, 5]);
  expect(await store.rows()).toHaveLength(12);
  expect(await store.curves(runs)).toHaveLength(72);
  await store.compact();
  expect([count("rows"), count("curves")]).toEqual([1, 1]);
  const [file] = readdirSync(join(folder, "curves"));
  expect(await store.query(`SELECT count(*) AS n FROM read_parquet('${join(folder, "curves", file!)}')`)).toEqual([
    { n: 72 },
  ]);
});

it("is survived by a reader that had listed the files it removes", async () => {
  class Overtaken extends Inventory {
    calls = 0;
    override async list(): Promise<Listing> {
      const listing = await super.list();
      this.calls += 1;
      if (this.calls === 1) await store.compact();
      return listing;
    }
  }
  const inventory = new Overtaken(folder);
  const database = new Database(inventory);
  const rows = await database.reading((connection) => readRows(connection, {}));
  await database.close();
  expect(rows).toHaveLength(12);
  expect(inventory.calls).toBeGreaterThan(1);
});

it("is harmless when several processes' worth of it run at once", async () => {
  const others = await Promise.all([1, 2, 3].map(() => openStore(folder)));
  await Promise.all([store, ...others].map((each) => each.compact()));
  expect(await store.rows()).toHaveLength(12);
  expect(await store.curves(runs)).toHaveLength(72);
  expect(await store.problems()).toEqual([]);
  await Promise.all(others.map((each) => each.close()));
});

it("merges a store into another by copying its files", async () => {
  const target = mkdtempSync(join(tmpdir(), "afferent-copy-"));
  const other = await openStore(target);
  const rows = exampleRows(9, 6);
  await other.writeGroup(rows, exampleCurves(rows));
  for (const table of ["rows", "curves"]) {
    for (const name of readdirSync(join(folder, table)))
      copyFileSync(join(folder, table, name), join(target, table, name));
  }
  expect(await other.rows()).toHaveLength(15);
  await other.close();
  rmSync(target, { recursive: true });
});
