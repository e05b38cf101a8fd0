/** Runs attacks on their process in the sandbox. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ruleFromFile } from "../../sandbox/rule-from-file.ts";
import type { SourceAttack } from "./attack.ts";
import { failureOf, outcome } from "./outcome.contract.ts";

/** Each fails as it is to. */
export function failInTheSandbox(attacks: readonly SourceAttack[]): void {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "afferent-attacks-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test.each(attacks.map((attack) => [attack.name, attack] as const))("%s", async (name, attack) => {
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
}
