import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type Manifest, manifests, readManifest, writeManifest } from "./manifest.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "afferent-manifest-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const example: Manifest = {
  name: "first-comparison",
  question: "Which rules learn?",
  command: "afferent run studies/first-comparison.ts",
  runs: ["0123456789abcdef", "fedcba9876543210"],
  axes: { "rule.id": ["backprop", "oja"], "train.learningRate": [0.1, 0.01] },
  startedAt: "2026-01-02T03:04:05.678Z",
  claims: [{ text: "backprop is best" }],
  schema: 1,
};

it("comes back as written, and a later one replaces it", async () => {
  expect(await readManifest(folder, example.name)).toBeUndefined();
  await writeManifest(folder, example);
  expect(await readManifest(folder, example.name)).toEqual(example);
  const changed = { ...example, runs: ["0123456789abcdef"] };
  await writeManifest(folder, changed);
  await writeManifest(folder, { ...example, name: "another" });
  expect(await readManifest(folder, example.name)).toEqual(changed);
  expect(await manifests(folder)).toEqual({ studies: [{ ...example, name: "another" }, changed], problems: [] });
  expect(readdirSync(join(folder, "temporary"))).toEqual([]);
});

it("is replaced whole however many write and read at once", async () => {
  const versions = Array.from({ length: 20 }, (_, size) => ({
    ...example,
    runs: Array<string>(size * 50).fill("0123456789abcdef"),
  }));
  await writeManifest(folder, example);
  const reads = versions.map(async () => (await readManifest(folder, example.name))!.runs.length);
  await Promise.all(versions.map((version) => writeManifest(folder, version)));
  for (const length of await Promise.all(reads)) expect(length === 2 || length % 50 === 0).toBe(true);
});

it.each([
  [{ name: "../escape" }, "expected letters, digits, '.', '-' and '_'"],
  [{ runs: ["abc"] }, "expected 16 hex digits"],
  [{ startedAt: "today" }, "startedAt"],
])("refuses %o", async (wrong, message) => {
  await expect(writeManifest(folder, { ...example, ...wrong })).rejects.toThrow(message);
  expect(readdirSync(folder)).toEqual([]);
});

it("says which cannot be read", async () => {
  await writeManifest(folder, example);
  writeFileSync(join(folder, "studies", "torn.json"), '{"name": "to');
  writeFileSync(join(folder, "studies", "copy.json"), JSON.stringify(example));
  const { studies, problems } = await manifests(folder);
  expect(studies).toEqual([example]);
  expect(problems.map(({ file }) => file)).toEqual(["studies/copy.json", "studies/torn.json"]);
  expect(problems[0]!.reason).toBe('expected the manifest of this name, got that of "first-comparison"');
  await expect(readManifest(folder, "torn")).rejects.toThrow(
    /torn\.json: not a study's manifest: expected JSON; run the study again$/,
  );
});

it("is refused when a later version wrote it, and read when it carries no version", async () => {
  const { schema, ...before } = example;
  await writeManifest(folder, before);
  expect(await readManifest(folder, example.name)).toEqual({ ...before, schema });
  const file = join(folder, "studies", `${example.name}.json`);
  writeFileSync(file, JSON.stringify(before));
  expect(await manifests(folder)).toEqual({ studies: [before], problems: [] });
  writeFileSync(file, JSON.stringify({ schema: 2, runs: "of another form" }));
  expect(await manifests(folder)).toEqual({
    studies: [],
    problems: [
      {
        file: "studies/first-comparison.json",
        reason: "written by a later afferent (schema 2; this one reads 1): upgrade to read it",
      },
    ],
  });
});

it.each([
  ["null", "null", "not a study's manifest: Invalid input: expected object, received null; run the study again"],
  ["bytes", Buffer.from([0, 255, 7]), "not a study's manifest: expected JSON; run the study again"],
  [
    "runs that are none",
    JSON.stringify({ ...example, runs: [1], axes: 2 }),
    /^not a study's manifest: runs\.0: .*, axes: .*$/,
  ],
])("is named in one line when it is %s", async (_, content, reason) => {
  await writeManifest(folder, example);
  writeFileSync(join(folder, "studies", "broken.json"), content);
  const { studies, problems } = await manifests(folder);
  expect(studies).toEqual([example]);
  expect(problems).toEqual([
    {
      file: "studies/broken.json",
      reason: typeof reason === "string" ? reason : (expect.stringMatching(reason) as string),
    },
  ]);
});
