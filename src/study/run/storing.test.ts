import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { exampleCurves, exampleRows } from "../store/example-group.contract.ts";
import { openStore, type Store } from "../store/store.ts";
import { Storing } from "./storing.ts";

let folder: string;
let place: string;
let store: Store;
let warnings: string[];
let storing: Storing;
const group = (seed: number) => {
  const rows = exampleRows(seed, 2);
  return { rows, curves: exampleCurves(rows) };
};

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "afferent-storing-"));
  place = join(folder, "store");
  store = await openStore(place);
  warnings = [];
  storing = new Storing(store, (text) => warnings.push(text), folder);
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

/** Nothing can be made in the store's place. */
const block = (): void => {
  rmSync(place, { recursive: true });
  writeFileSync(place, "");
};

it("a store that is deleted is made anew, and that is said", async () => {
  await storing.write(group(0));
  expect(warnings).toEqual([]);
  rmSync(place, { recursive: true });
  await storing.write(group(10));
  await storing.end();
  expect(warnings).toEqual([
    `store ${place} was deleted while the study ran; it is made anew and holds what was computed since: run the study again for the rest`,
  ]);
  expect((await store.rows()).map(({ spec }) => spec.seed).sort()).toEqual([10, 11]);
});

it("groups that end together are written once each", async () => {
  await Promise.all([0, 10, 20, 30].map((seed) => storing.write(group(seed))));
  expect(readdirSync(join(place, "rows"))).toHaveLength(4);
  expect(await store.rows()).toHaveLength(8);
});

it("what cannot be written is kept until it can", async () => {
  block();
  await storing.write(group(0));
  await storing.write(group(10));
  expect(warnings).toEqual([
    expect.stringMatching(/^store .* cannot be written \(ENOTDIR\); what is computed is kept in memory until it can$/),
  ]);
  rmSync(place);
  mkdirSync(place);
  await storing.write(group(20));
  await storing.end();
  expect(warnings.at(-1)).toBe(`store ${place} can be written again`);
  const rows = await store.rows();
  expect(rows).toHaveLength(6);
  expect(await store.curves(rows.map(({ run }) => run))).toHaveLength(36);
});

it("what cannot be written to the end is kept elsewhere, which the error names", async () => {
  block();
  await storing.write(group(0));
  await storing.write(group(10));
  await expect(storing.end()).rejects.toThrow(
    /^store: expected a folder that can be written, got .*store \(ENOTDIR\), which changed while the study ran; 4 of the runs are kept in /,
  );
  const kept = readdirSync(folder).find((name) => name.startsWith("afferent-kept-"))!;
  const other = await openStore(join(folder, kept), { access: "read" });
  expect(await other.rows()).toHaveLength(4);
  await other.close();
});
