import { rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { execute } from "./execute.ts";
import { expand } from "../spec/expand.ts";
import { exampleRows } from "../store/example-group.contract.ts";
import { openStore, type Store } from "../store/store.ts";
import { defineStudy } from "../spec/study.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "afferent-execute-"));
});
afterAll(() => rm(folder, { recursive: true }));

const runs = expand(
  defineStudy({
    name: "small",
    question: "?",
    base: {
      task: { v: 4, m: 2, depth: 2 },
      data: { train: 20, validation: 4, test: 8 },
      network: { width: 8, bias: "shared" },
      train: { steps: 20, batch: 33 },
    },
    grid: { rule: ["backprop", "info-nce"], seed: [0, 1, 2], "train.learningRate": [0.01, 0.02] },
  }),
);

/** What runs computed, without when and where. */
async function numbers(store: Store): Promise<unknown> {
  const rows = await store.rows({ runs: runs.map(({ run }) => run) });
  const curves = await store.curves(runs.map(({ run }) => run));
  const measured = rows.map(({ run, outcome, steps, trainLoss, testLoss, testError }) => ({
    ...{ run, outcome, steps, trainLoss, testLoss, testError },
  }));
  return { rows: measured.sort((a, b) => a.run.localeCompare(b.run)), curves };
}

describe("execute", () => {
  it("leaves a store of few files, whatever it found there", { timeout: 90_000 }, async () => {
    const store = await openStore(join(folder, "many"));
    for (let from = 0; from < 70; from += 1) await store.writeGroup(exampleRows(from, 1), []);
    expect(await store.files()).toBe(70);
    await execute({ store, study: "small", runs: runs.slice(0, 1), workers: 1 });
    expect(await store.files()).toBe(1);
    expect(await store.overview()).toHaveLength(71);
    await store.close();
  });

  it(
    "computes what is missing, tells progress, and gives the same numbers bit for bit whatever the workers, and in two parts",
    { timeout: 90_000 },
    async () => {
      const whole = await openStore(join(folder, "whole"));
      await execute({ store: whole, study: "small", runs, workers: 1 });
      const parts = await openStore(join(folder, "parts"));
      const some = runs.filter((_, i) => i % 3 === 0);
      const first = await execute({ store: parts, study: "small", runs: some, workers: 1 });
      expect(first).toMatchObject({ computed: 4, reused: 0, outcomes: { finished: 4 }, undeclared: [] });
      let last = { done: 0, reused: 0, total: 0 };
      const second = await execute({
        ...{ store: parts, study: "small", runs, workers: 2 },
        onProgress: (progress) => (last = progress),
      });
      expect(second).toMatchObject({ computed: 8, reused: 4, outcomes: { finished: 8 } });
      expect(last).toMatchObject({ done: 8, reused: 4, total: 12 });
      expect(await numbers(parts)).toEqual(await numbers(whole));
      await whole.close();
      await parts.close();
    },
  );

  it(
    "a store that is deleted meanwhile is made anew, which is said, and holds what is computed since",
    { timeout: 60_000 },
    async () => {
      const store = await openStore(join(folder, "deleted"));
      const warnings: string[] = [];
      const some = runs.filter(({ spec }) => spec.train.learningRate === 0.01);
      const summary = await execute({
        ...{ store, study: "small", runs: some, workers: 1, onWarning: (text: string) => warnings.push(text) },
        onProgress: ({ done, running }) => {
          // In flight, before the first group is stored.
          if (done === 0 && running > 0) rmSync(store.folder, { recursive: true, force: true });
        },
      });
      expect(summary.computed).toBe(6);
      expect(warnings).toEqual([
        expect.stringMatching(/^store .*deleted was deleted while the study ran; it is made anew /),
      ]);
      expect(await store.rows()).toHaveLength(6);
      await store.close();
    },
  );

  it("refuses a run that cannot be built before anything is computed", { timeout: 60_000 }, async () => {
    const [planned] = runs;
    const impossible = { ...planned!, spec: { ...planned!.spec, rule: { ...planned!.spec.rule, id: "no-such-rule" } } };
    const store = await openStore(join(folder, "failed"));
    await expect(execute({ store, study: "small", runs: [impossible], workers: 1 })).rejects.toThrow(
      /^rule: expected a rule, got /,
    );
    await store.close();
  });
});
