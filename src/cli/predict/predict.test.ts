/** `predict`: the answers by which a run was judged, from a file of any kind. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeSafetensors } from "../../formats/index.ts";
import { examplesOf, networks, rules, tasks } from "../../index.ts";
import { typed, typedJson } from "../typed.contract.ts";

let folder = "";
let store = "";
let run = "";
let testError = NaN;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "afferent-predict-"));
  store = `store.path=${folder}/store`;
  await typed(
    `run rule=forward-forward rule.inference=goodness task.v=4 task.m=3 task.depth=2 data.train=64 data.validation=16 data.test=20 ` +
      `network.width=6 train.batch=16 train.steps=60 seed=3 ${store}`,
  );
  const { runs } = (await typedJson(`ls --all ${store}`)) as { runs: { run: string; testError: number }[] };
  [{ run, testError } = { run: "", testError: NaN }] = runs;
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true }));

/** The test strings of the run, and their classes. */
function examples(): { rows: number[][]; labels: number[] } {
  const task = tasks.rhm({ v: 4, m: 3, depth: 2, seed: 3 });
  const setup = { task, network: networks.treeCnn(task), rule: rules.oja(), seed: 3 };
  const { test } = examplesOf({ ...setup, data: { train: 64, validation: 16, test: 20 } });
  const rows = Array.from({ length: test.count }, (_, i) => [...test.inputs.subarray(4 * i, 4 * i + 4)]);
  return { rows, labels: [...test.labels] };
}

describe("predict", () => {
  it("makes the errors that the run was judged by, and gives the same answers from every kind of file", async () => {
    const { rows, labels } = examples();
    const x = { shape: [20, 4], values: Int32Array.from(rows.flat()) };
    const y = { shape: [20], values: Uint8Array.from(labels) };
    writeFileSync(join(folder, "x.safetensors"), writeSafetensors({ arrays: { x, y }, metadata: {} }));
    writeFileSync(join(folder, "x.json"), JSON.stringify({ x: rows, y: labels }));
    writeFileSync(join(folder, "bare.json"), JSON.stringify(rows));
    writeFileSync(join(folder, "x.csv"), `a;b;c;d\r\n${rows.map((row) => row.join("; ")).join("\r\n")}\r\n`);
    const told = async (file: string) =>
      (await typedJson(`predict ${run.slice(0, 9)} ${folder}/${file} ${store}`)) as {
        error: number | null;
        answers: { class: number; probabilities: number[] }[];
      };
    const { error, answers } = await told("x.safetensors");
    expect(error).toBeCloseTo(testError, 10);
    for (const { class: answer, probabilities } of answers) {
      expect(probabilities.reduce((sum, one) => sum + one, 0)).toBeCloseTo(1, 6);
      expect(probabilities[answer]).toBe(Math.max(...probabilities));
    }
    expect(await told("x.json")).toMatchObject({ error, answers });
    for (const file of ["x.csv", "bare.json"]) expect(await told(file)).toMatchObject({ error: null, answers });
  });

  it("writes a line for each example, on the screen or to a file that is not there yet", async () => {
    writeFileSync(join(folder, "two.csv"), "0 1 2 3\n3,2,1,0\n");
    const shown = await typed(`predict ${run} ${folder}/two.csv --probabilities ${store}`);
    expect(shown.stdout).toMatch(/^example,class,p0,p1,p2,p3\n0,\d(,[\d.e-]+){4}\n1,\d(,[\d.e-]+){4}\n$/);
    const out = join(folder, "out.csv");
    const { stdout } = await typed(`predict ${run} ${folder}/two.csv --probabilities --out ${out} ${store}`);
    expect(stdout).toBe(`2 answers of run ${run} written to ${out}\n`);
    expect(readFileSync(out, "utf8")).toBe(shown.stdout);
    const again = await typed(`predict ${run} ${folder}/two.csv --out ${out} ${store}`);
    expect([again.code, again.stderr]).toEqual([
      2,
      expect.stringContaining("--out: expected files that are not there yet"),
    ]);
  });

  it.each([
    ["short.csv", "0 1 2\n", "expected examples of 4 numbers, as the run was trained on, got 3"],
    ["ragged.csv", "0 1 2 3\n\n0 1\n", "line 3: expected 4 numbers, as before, got 2"],
    ["symbol.csv", "0 1 2 3\n0 1 2 4\n", "example 1: expected symbols 0 to 3, got 4"],
    ["word.csv", "0 1 2 3\n0 1 two 3\n", 'line 2: expected numbers, got "two" in place 3'],
    ["empty.csv", "a,b\n", "expected examples, a row each, got none"],
    ["broken.json", "[[0,1", "expected JSON, got text that is none"],
    ["object.json", "{}", "expected a list of examples, each a list of numbers, or { x, y }; got neither"],
    ["labels.json", '{"x": [[0,1,2,3]], "y": [1, 2]}', "y: expected a class for each of 1 examples, got another list"],
    ["other.npz", "text", "expected an .npz file"],
    ["table.xlsx", "", 'expected a file ending in .csv, .json, .npz, .safetensors, got ".xlsx"'],
  ])("%s: one line that says what is wrong", async (name, content, message) => {
    writeFileSync(join(folder, name), content);
    const { code, stderr } = await typed(`predict ${run} ${folder}/${name} ${store}`);
    expect(code).not.toBe(0);
    expect(stderr).toContain(`${folder}/${name}: ${message}`);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
  });
});
