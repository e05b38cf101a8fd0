import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { typed } from "../typed.contract.ts";

const folder = mkdtempSync(join(tmpdir(), "afferent-channel-"));
afterAll(() => rmSync(folder, { recursive: true }));

const small =
  "task.v=4 task.m=2 task.depth=2 data.train=20 data.validation=4 data.test=4 train.batch=4 train.steps=10 network.width=5 --batches 2";

it("prints every rule layer by layer, side by side, and the claim", async () => {
  const { code, stdout, stderr } = await typed(`channel backprop dfa wp rule.draws=3 ${small}`);
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout).toContain("tree-cnn, width 5; batch 4, 3 seeds, 2 batches a step of measurement");
  expect(stdout).toContain(
    "\nweight-perturbation\n  O(k + C k/(N L)) operations a weight and example, counted (k = draws)\n",
  );
  expect(stdout).toContain("theory: at most D = 24 bits a weight of signal, not all about the gradient, O(1)");
  expect(stdout).toMatch(/step 10: mean cos\^2 of a batch .* k\/\(W\+k-1\) = 0\.0326/);
  expect(stdout).toContain("all layers, after 10 steps\n");
  expect(stdout).toContain("claim: backprop has the highest rate (bits, step 10)\n  supported against all 2 others");
});

it("gives all of it as JSON, and the figure as a file", async () => {
  const svg = join(folder, "rate.svg");
  const line = `channel bp np seed=0,1 --at 0,5 --precision 12 --svg ${svg} ${small}`;
  const { code, stdout, stderr } = await typed(`${line} --json`);
  expect([code, stderr]).toEqual([0, ""]);
  const found = JSON.parse(stdout) as {
    readonly rules: readonly {
      readonly rule: string;
      readonly order: { readonly text: string };
      readonly layers: readonly object[];
      readonly steps: readonly { readonly step: number; readonly all: { readonly bits: { readonly mean: number } } }[];
    }[];
    readonly claims: readonly { readonly reading: string; readonly step: number }[];
  };
  expect(found).toMatchObject({ precision: 12, batch: 4, batches: 2, steps: [0, 5], seeds: 2, svg });
  expect(found.rules.map(({ rule, order }) => [rule, order.text])).toEqual([
    ["backprop", "O(1 + C/(N L))"],
    ["node-perturbation", "O(k + C k/(N L))"],
  ]);
  expect(found.rules[0]!.layers).toHaveLength(2);
  expect(found.rules[0]!.steps.map(({ step, all }) => [step, all.bits.mean])).toEqual([
    [0, 12],
    [5, 12],
  ]);
  expect(found.claims.map(({ reading, step }) => [reading, step])).toEqual([
    ["bits", 0],
    ["signs", 0],
    ["bits", 5],
    ["signs", 5],
  ]);
  expect(readFileSync(svg, "utf8")).toMatch(/^<\?xml[^]*<svg[^]*node-perturbation[^]*<\/svg>\n$/);
});

it.each([
  ["channel", "channel: expected a rule or a study, got none; for example afferent channel backprop dfa"],
  ["channel nackprop", 'got "nackprop"; did you mean "backprop"?'],
  ["channel bp rule.drows=2", "rule.drows: expected an option of backprop"],
  ["channel bp train.steps=10 --at 5,3", "--at: expected increasing steps up to train.steps=10, got 5,3"],
  ["channel bp train.steps=10 --at 20", "--at: expected increasing steps up to train.steps=10, got 20"],
  [
    "channel studies/first-comparison.ts",
    "channel: expected a study that tunes nothing, got one that tunes train.learningRate",
  ],
  ["channel studies/none.ts", "studies/none.ts: expected a study file, found nothing there"],
])("%s: exit code 2 and one line", async (line, text) => {
  const { code, stdout, stderr } = await typed(line);
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).toContain(text);
  expect(stderr.trimEnd().split("\n")).toHaveLength(1);
});
