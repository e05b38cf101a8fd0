/** Rules that look at their process, or change it, fail in the sandbox in which rule files are run. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ruleFromFile } from "../../sandbox/rule-from-file.ts";
import { environment } from "./environment.ts";
import { failureOf, outcome } from "./outcome.contract.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "afferent-attacks-"));
});
afterAll(() => rm(folder, { recursive: true }));

test.each(environment.map((attack) => [attack.name, attack] as const))("%s", async (name, attack) => {
  const file = join(folder, `${name.replaceAll(" ", "-")}.ts`);
  await writeFile(file, attack.source);
  const found = await ruleFromFile(file).then(
    ({ rule }) => outcome(attack, () => rule()),
    (error: unknown) =>
      outcome(attack, () => {
        throw error;
      }),
  );
  expect(found).toBe(failureOf(attack));
});

test("each exports a rule of its own", () => {
  for (const { name, source } of environment) {
    expect(source).toContain("export const rule = rules.plasticity({");
    expect(source).toContain(`id: "${name.replaceAll(" ", "-")}"`);
  }
});
