/** Runs that are interrupted go on from their checkpoints, to the same rows, curves and weights. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readSafetensors } from "../../formats/safetensors.ts";
import { expand } from "../spec/expand.ts";
import { defineStudy, type PlannedRun } from "../spec/study.ts";
import { openStore, type Store } from "../store/store.ts";
import { weightsFile } from "../store/weights.ts";
import { checkpointSteps, readCheckpoints } from "./checkpoints.ts";
import { execute, type ExecutionOptions, type ExecutionSummary } from "./execute.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "afferent-checkpoints-"));
});
afterAll(() => rm(folder, { recursive: true }));

const base = {
  task: { v: 4, m: 3, depth: 2 },
  data: { train: 64, validation: 16, test: 16 },
  network: { width: 6 },
};
const runs = expand(
  defineStudy({
    name: "long",
    question: "?",
    base: {
      ...base,
      rule: { id: "info-nce", pair: "same-class" },
      train: { steps: 1200, batch: 16, curveEvery: 100, keep: "best" },
    },
    grid: { seed: [0, 1] },
  }),
);
const names = runs.map(({ run }) => run);

/** Trains in a store until `until` holds, then stops as Ctrl-C does. */
async function interrupted(store: Store, until: () => boolean): Promise<void> {
  const abort = new AbortController();
  const options: ExecutionOptions = { store, study: "long", runs, workers: 1, checkpointEvery: 0.05 };
  const onProgress = (): void => {
    if (until()) abort.abort(new Error("stopped"));
  };
  await expect(execute({ ...options, signal: abort.signal, onProgress })).rejects.toThrow("stopped");
}

/** What a store has of the runs, without when and where. */
async function results(store: Store): Promise<unknown> {
  const rows = await store.rows({ runs: names });
  const curves = await store.curves(names);
  const weights = names.map((run) => readSafetensors(readFileSync(weightsFile(store.folder, run)), run));
  const measured = rows.map(({ run, outcome, steps, trainLoss, testLoss, testError, metrics }) => ({
    ...{ run, outcome, steps, trainLoss, testLoss, testError, metrics },
  }));
  return { rows: measured.sort((a, b) => a.run.localeCompare(b.run)), curves, weights };
}

const finish = (store: Store, planned: readonly PlannedRun[] = runs): Promise<ExecutionSummary> =>
  execute({ store, study: "long", runs: planned, workers: 1 });

describe("checkpoints", () => {
  it("give the rows, curves and weights of runs that were never interrupted, in other groups too", async () => {
    const whole = await openStore(join(folder, "whole"));
    expect(await finish(whole)).toMatchObject({ computed: 2, resumed: 0 });
    const parts = await openStore(join(folder, "parts"));
    const saved = join(parts.folder, "checkpoints");
    await interrupted(parts, () => existsSync(saved) && readdirSync(saved).length === 2);
    const steps = await checkpointSteps(parts.folder, names);
    expect([...steps.keys()].sort()).toEqual([...names].sort());
    for (const step of steps.values()) expect(step).toBeGreaterThan(0);
    // One of them alone, then the other.
    expect(await finish(parts, runs.slice(1))).toMatchObject({ computed: 1, resumed: 1 });
    expect(await finish(parts)).toMatchObject({ computed: 1, reused: 1, resumed: 1 });
    expect(await results(parts)).toEqual(await results(whole));
    expect(readdirSync(saved)).toEqual([]);
    await whole.close();
    await parts.close();
  }, 60_000);

  it("are of one graph and one engine, and a damaged one is as none", async () => {
    const store = await openStore(join(folder, "damaged"));
    const saved = join(store.folder, "checkpoints");
    await interrupted(store, () => existsSync(saved) && readdirSync(saved).length === 2);
    const [first = ""] = readdirSync(saved);
    const { metadata } = readSafetensors(readFileSync(join(saved, first)), first);
    const origin = { graph: metadata["graph"]!, engine: metadata["engine"]! };
    expect((await readCheckpoints(store.folder, names, origin))?.replicas).toHaveLength(2);
    expect(await readCheckpoints(store.folder, names, { ...origin, graph: "another" })).toBeUndefined();
    expect(await readCheckpoints(store.folder, names, { ...origin, engine: "another" })).toBeUndefined();
    writeFileSync(join(saved, first), readFileSync(join(saved, first)).subarray(0, 2000));
    expect(await readCheckpoints(store.folder, names, origin)).toBeUndefined();
    expect((await checkpointSteps(store.folder, names)).size).toBe(1);
    expect(await finish(store)).toMatchObject({ computed: 2, resumed: 1, outcomes: { finished: 2 } });
    await store.close();
  }, 60_000);
});

it("weights are those of every run, and are not kept where that is asked", async () => {
  const [one] = expand(
    defineStudy({
      name: "one",
      question: "?",
      base: { ...base, train: { steps: 3, batch: 16 }, rule: { id: "dfa" } },
    }),
  );
  const store = await openStore(join(folder, "weights"));
  await execute({ store, study: "one", runs: [one!], workers: 1, weights: false });
  expect(existsSync(weightsFile(store.folder, one!.run))).toBe(false);
  const kept = await openStore(join(folder, "kept"));
  await execute({ store: kept, study: "one", runs: [one!], workers: 1 });
  const { arrays, metadata } = readSafetensors(readFileSync(weightsFile(kept.folder, one!.run)), "weights");
  expect(Object.fromEntries(Object.entries(arrays).map(([name, { shape }]) => [name, shape]))).toMatchObject({
    "layer1.weight": [8, 6],
    "layer2.weight": [12, 6],
    "readout.weight": [6, 4],
  });
  // Feedback is the rule's own, and kept; moments of the optimiser are not.
  expect(Object.keys(arrays).some((name) => name.includes("feedback"))).toBe(true);
  expect(Object.keys(arrays).some((name) => name.includes("oment"))).toBe(false);
  expect(JSON.parse(metadata["network"]!)).toMatchObject({ architecture: "tree-cnn", width: 6 });
  await store.close();
  await kept.close();
}, 60_000);
