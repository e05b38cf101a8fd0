/**
 * Ten thousand runs in 1667 groups, as workers store them: the first look merges their files, and from then on `ls` takes less than a
 * second and `report` less than three. Limits are on processor time, twice of what is aimed at, so that a busy machine does not fail them.
 */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { largeStudy, writeLargeStore } from "../study/store/large-store.contract.ts";
import { typed } from "./typed.contract.ts";

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "afferent-large-"));
  expect(await writeLargeStore(join(folder, "store"), largeStudy(10), 6)).toBe(10_000);
}, 600_000);
afterAll(() => rmSync(folder, { recursive: true }));

async function timed(line: string): Promise<{ seconds: number; stdout: string; stderr: string }> {
  const before = process.cpuUsage();
  const { code, ...texts } = await typed(`${line} store.path=${join(folder, "store")}`);
  expect(code).toBe(0);
  const { user, system } = process.cpuUsage(before);
  return { seconds: (user + system) / 1e6, ...texts };
}

it("is merged by the first look, and fast from then on", async () => {
  const first = await timed("ls");
  expect(first.stderr).toContain("1667 files are merged into few, once");
  expect(readdirSync(join(folder, "store", "rows"))).toHaveLength(1);
  const ls = await timed("ls");
  expect(ls.stdout).toContain("1 study, 10000 runs");
  expect(ls.stderr).toBe("");
  const report = await timed(`report --out ${join(folder, "large.html")}`);
  console.log(
    `first look ${first.seconds.toFixed(1)} s, ls ${ls.seconds.toFixed(2)} s, report ${report.seconds.toFixed(2)} s`,
  );
  expect(ls.seconds).toBeLessThan(2);
  expect(report.seconds).toBeLessThan(6);
});
