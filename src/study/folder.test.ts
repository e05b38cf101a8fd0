import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { makeFolder } from "./folder.ts";

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "afferent-folder-"))));
afterAll(() => rmSync(folder, { recursive: true }));

it("makes a folder and those it lies in, and is content with one that is there", async () => {
  const deep = join(folder, "a", "b", "c");
  await makeFolder(deep);
  await makeFolder(deep);
  expect(existsSync(deep)).toBe(true);
});

it("says what the file system says, also where a file is in the way", async () => {
  writeFileSync(join(folder, "file"), "");
  await expect(makeFolder(join(folder, "file", "inside"))).rejects.toThrow(/ENOTDIR/);
});

it.skipIf(process.platform !== "linux")(
  "returns where folders are refused as missing [needs Linux: /proc]",
  async () => {
    await expect(makeFolder("/proc/afferent/deep")).rejects.toThrow(/ENOENT/);
  },
);
