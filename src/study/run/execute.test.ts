import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { execute } from "./execute.ts";
import { expand } from "../spec/expand.ts";
import { exampleRows } from "../store/example-group.contract.ts";
import { openStore } from "../store/store.ts";
import { defineStudy, type PlannedRun } from "../spec/study.ts";

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

/** What a run computed, without when and where. */
async function numbers(name: string, planned: readonly PlannedRun[], workers: number): Promise<unknown> {
  const store = await openStore(join(folder, name));
  await execute({ store, study: "small", runs: planned, workers });
  const rows = await store.rows({ runs: runs.map(({ run }) => run) });
  const curves = await store.curves(runs.map(({ run }) => run));
  await store.close();
  const measured = rows.map(({ run, outcome, steps, trainLoss, testLoss, testError }) => ({
    run,
    outcome,
    steps,
    trainLoss,
    testLoss,
    testError,
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
    "gives the same numbers bit for bit whatever the number of workers, and in two parts",
    { timeout: 90_000 },
    async () => {
      const one = await numbers("one", runs, 1);
      expect(await numbers("three", runs, 3)).toEqual(one);
      await numbers(
        "parts",
        runs.filter((_, i) => i % 3 === 0),
        2,
      );
      expect(await numbers("parts", runs, 2)).toEqual(one);
    },
  );

  it("computes only what is missing, and tells progress", { timeout: 60_000 }, async () => {
    const store = await openStore(join(folder, "missing"));
    const first = await execute({ store, study: "small", runs: runs.slice(0, 4), workers: 2 });
    let last = { done: 0, reused: 0, total: 0 };
    const second = await execute({
      store,
      study: "small",
      runs: runs.slice(0, 6),
      workers: 2,
      onProgress: (progress) => (last = progress),
    });
    await store.close();
    expect(first).toMatchObject({ computed: 4, reused: 0, outcomes: { finished: 4 }, undeclared: [] });
    expect(second).toMatchObject({ computed: 2, reused: 4, outcomes: { finished: 2 } });
    expect(last).toMatchObject({ done: 2, reused: 4, total: 6 });
  });

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
