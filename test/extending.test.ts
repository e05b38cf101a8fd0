import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { execute } from "../src/study/run/execute.ts";
import { planStudy } from "../src/study/run/plan.ts";
import { studyFromWords } from "../src/study/spec/load.ts";
import { openStore } from "../src/study/store/store.ts";
import { adoptRuleFile } from "../src/study/run/user-rules.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "afferent-extending-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** The code blocks of the page, as files. */
async function blocks(): Promise<string[]> {
  const page = await readFile(join(import.meta.dirname, "../docs/extending.md"), "utf8");
  const found = [...page.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code = ""]) => code);
  return Promise.all(
    found.map(async (code, i) => {
      const file = join(folder, `rule-${i}.ts`);
      await writeFile(file, code);
      return file;
    }),
  );
}

describe("docs/extending.md", () => {
  it("shows three rules of under 30 lines each that run and are stored under their name and digest", async () => {
    const files = await blocks();
    expect(files).toHaveLength(3);
    for (const file of files) expect((await readFile(file, "utf8")).split("\n").length).toBeLessThan(30);
    const study = await studyFromWords([
      `rule=${files.join(",")}`,
      ...["task.v=4", "task.m=2", "task.depth=2", "data.train=20", "data.validation=4", "data.test=8"],
      ...["network.width=8", "train.steps=20", "train.batch=8"],
    ]);
    const store = await openStore(join(folder, "store"));
    const { runs, models, undeclared } = planStudy(study);
    expect(undeclared).toEqual([]);
    const summary = await execute({ store, study: "own", runs, models, workers: 1 });
    const rows = await store.rows();
    await store.close();
    expect(rows.map(({ message }) => message)).toEqual(["", "", ""]);
    expect(summary.outcomes).toEqual({ finished: 3, stopped: 0, diverged: 0, failed: 0 });
    expect(rows.map(({ spec }) => spec.rule.id).sort()).toEqual([
      expect.stringMatching(/^my-hebb@[0-9a-f]{8}$/),
      expect.stringMatching(/^my-local-classifier@[0-9a-f]{8}$/),
      expect.stringMatching(/^my-random-error@[0-9a-f]{8}$/),
    ]);
  });
});

describe("a rule file", () => {
  it("that is missing, breaks or exports no rule is named in the error", async () => {
    await expect(adoptRuleFile("./nowhere.ts")).rejects.toThrow(
      /^rule: expected a rule in \.\/nowhere\.ts, found no such file; paths are relative to /,
    );
    const empty = join(folder, "empty.ts");
    await writeFile(empty, "export const nothing = 1;\n");
    await expect(adoptRuleFile(empty)).rejects.toThrow(
      `${empty}: expected one exported rule (credit, localObjective, plasticity or defineRule), got 0`,
    );
    const broken = join(folder, "broken.ts");
    await writeFile(broken, 'throw new Error("on purpose");\n');
    await expect(adoptRuleFile(broken)).rejects.toThrow(`${broken}: on purpose (broken.ts:1:7)`);
  });
});
