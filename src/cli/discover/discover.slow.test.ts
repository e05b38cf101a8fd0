/** A search to its end: rules in networks, rows in the store, and nothing computed twice. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openStore } from "../../study/store/store.ts";
import { typed } from "../typed.contract.ts";

let folder = "";
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "afferent-discover-"))));
afterAll(() => rm(folder, { recursive: true }));

it("tries survivors in networks as ordinary runs of the store, and takes them from there the second time", async () => {
  const line = [
    "discover --degree 3 --max-terms 2 --invariant rotation,output --criteria stability,principal-component,supervised,rhm",
    `--seeds 2 --network-rules 2 --json store.path=${join(folder, "store")} train.steps=40 seed=0..1 train.learningRate=0.03,0.3`,
  ].join(" ");
  const first = await typed(line);
  expect(first.code).toBe(0);
  interface Document {
    networks: {
      study: string;
      heldOutStudy: string;
      rules: { rule: string; rate: number; search: { accuracy: { n: number; mean: number } }; heldOut: { accuracy: { mean: number } } }[]; // prettier-ignore
    };
  }
  const { networks } = JSON.parse(first.stdout) as Document;
  expect(networks.rules.map(({ rule }) => rule)).toEqual(["frozen", "backprop", "O*I - O^2*w", "T*I - O*I"]);
  expect(first.stderr).toContain("24 runs computed, 0 taken from the store");
  const store = await openStore(join(folder, "store"), { access: "read" });
  const rows = await store.rows();
  await store.close();
  expect(rows).toHaveLength(4 * 2 * 2 + 4 * 2);
  // Accuracies are those of the rows: 1 minus the mean test error at the rate with the least validation error.
  for (const { rule, rate, search } of networks.rules) {
    const own = rows.filter(({ spec, study }) => spec.rule.id === rule && study === networks.study);
    const at = (wanted: number): typeof rows => own.filter(({ spec }) => spec.train.learningRate === wanted);
    const mean = (list: typeof rows, key: "testError" | "validationError"): number =>
      list.reduce((sum, row) => sum + row[key], 0) / list.length;
    expect(search.accuracy.n).toBe(2);
    expect(search.accuracy.mean).toBeCloseTo(1 - mean(at(rate), "testError"), 6);
    for (const other of [0.03, 0.3])
      expect(mean(at(rate), "validationError")).toBeLessThanOrEqual(mean(at(other), "validationError") + 1e-9);
  }
  const second = await typed(line);
  expect(second.stdout).toBe(first.stdout);
  expect(second.stderr).toContain("0 runs computed, 24 taken from the store");
});
