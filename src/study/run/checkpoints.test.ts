/** Runs that are interrupted go on from their checkpoints, to the same rows, curves and weights. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { metadataInSafetensors, namesInSafetensors, readSafetensors } from "../../formats/index.ts";
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
      rule: "direct-feedback-alignment",
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
  const weights = names.map((run) => [...readFileSync(weightsFile(store.folder, run))]);
  const measured = rows.map(({ run, outcome, steps, trainLoss, testLoss, testError, metrics }) => ({
    ...{ run, outcome, steps, trainLoss, testLoss, testError, metrics },
  }));
  return { rows: measured.sort((a, b) => a.run.localeCompare(b.run)), curves, weights };
}

const finish = (store: Store, planned: readonly PlannedRun[] = runs): Promise<ExecutionSummary> =>
  execute({ store, study: "long", runs: planned, workers: 1 });

it("gives the rows, curves and weights of runs that were never interrupted, in other groups too, and where one checkpoint is damaged", async () => {
  const whole = await openStore(join(folder, "whole"));
  expect(await finish(whole)).toMatchObject({ computed: 2, resumed: 0 });
  const parts = await openStore(join(folder, "parts"));
  const saved = join(parts.folder, "checkpoints");
  await interrupted(parts, () => existsSync(saved) && readdirSync(saved).length === 2);
  const steps = await checkpointSteps(parts.folder, names);
  expect([...steps.keys()].sort()).toEqual([...names].sort());
  for (const step of steps.values()) expect(step).toBeGreaterThan(0);

  const first = join(saved, `${names[0]!}.safetensors`);
  const metadata = metadataInSafetensors(readFileSync(first));
  const origin = { graph: metadata["graph"]!, engine: metadata["engine"]! };
  expect((await readCheckpoints(parts.folder, names, origin))?.replicas).toHaveLength(2);
  expect(await readCheckpoints(parts.folder, names, { ...origin, graph: "another" })).toBeUndefined();
  expect(await readCheckpoints(parts.folder, names, { ...origin, engine: "another" })).toBeUndefined();
  writeFileSync(first, readFileSync(first).subarray(0, 2000));
  expect(await readCheckpoints(parts.folder, names, origin)).toBeUndefined();

  // The damaged one starts anew, the other goes on, each alone.
  expect(await finish(parts)).toMatchObject({ computed: 2, resumed: 1, outcomes: { finished: 2 } });
  expect(await results(parts)).toEqual(await results(whole));
  expect(readdirSync(saved)).toEqual([]);

  const file = readFileSync(weightsFile(whole.folder, names[0]!));
  const shapes = Object.entries(readSafetensors(file, namesInSafetensors(file))).map(([name, { shape }]) => [
    name,
    shape,
  ]);
  expect(Object.fromEntries(shapes)).toMatchObject({
    "layer1.weight": [8, 6],
    "layer2.weight": [12, 6],
    "readout.weight": [6, 4],
  });
  // Feedback is the rule's own, and kept; moments of the optimiser are not.
  const kept = shapes.map(([name]) => String(name));
  expect(kept.some((name) => name.includes("feedback"))).toBe(true);
  expect(kept.some((name) => name.includes("oment"))).toBe(false);
  expect(JSON.parse(metadataInSafetensors(file)["network"]!)).toMatchObject({ architecture: "tree-cnn", width: 6 });
  await whole.close();
  await parts.close();
}, 120_000);

it("keeps no weights where that is asked", async () => {
  const store = await openStore(join(folder, "weights"));
  const [run] = expand(defineStudy({ name: "one", question: "?", base: { ...base, train: { steps: 3 } } }));
  await execute({ store, study: "one", runs: [run!], workers: 1, weights: false });
  expect(existsSync(weightsFile(store.folder, run!.run))).toBe(false);
  await store.close();
}, 60_000);
