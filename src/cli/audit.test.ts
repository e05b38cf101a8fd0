import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { html } from "../report/markup.ts";
import { certificateSection } from "../report/certificate-section.ts";
import { certify } from "../audit/index.ts";
import { networkOf } from "../study/build.ts";
import { RunSpec } from "../study/spec.ts";
import { chooseRule } from "../rules/index.ts";
import { typed, typedJson } from "./typed.contract.ts";

interface Audit {
  readonly rules: readonly {
    readonly rule: string;
    readonly signals: readonly string[];
    readonly undeclared: readonly string[];
    readonly layers: readonly {
      readonly weightTransport: readonly unknown[];
      readonly topDown: readonly unknown[];
      readonly coupling: string;
    }[];
  }[];
}

let folder: string;
let secretive: string;
beforeAll(async () => {
  // Inside the repository, so that the rule finds the package it imports.
  folder = await mkdtemp(join(import.meta.dirname, "../../.audit-test-"));
  secretive = join(folder, "secretive.ts");
  await writeFile(
    secretive,
    `import { plasticity } from "../src/rules/index.ts";
import { z } from "zod";
export const secretive = plasticity({
  id: "secretive", family: "test", equation: "-", source: "-", relation: "none",
  reads: ["weight"], options: z.strictObject({}),
  change: (layer, _, workspace) => ({ weight: layer.weight.mul(workspace.pass.logits.sum()) }),
});
`,
  );
});
afterAll(() => rm(folder, { recursive: true }));

describe("afferent audit", () => {
  it("prints rules as rows and signals as columns", async () => {
    const { code, stdout, stderr } = await typed("audit backprop dfa");
    expect([code, stderr]).toEqual([0, ""]);
    const [, , head = "", ...rows] = stdout.split("\n");
    const at = head.indexOf("W");
    expect(rows.slice(0, 2).map((row) => [row.split(" ")[0], row.charAt(at)])).toEqual([
      ["backprop", "x"],
      ["direct-feedback-alignment", " "],
    ]);
    expect(rows[0]).toMatch(/2 3 read-out {2}average {2,}backward/);
  });

  it("splits a table that is wider than the terminal", async () => {
    const { stdout } = await typed("audit oja", {}, 100);
    const table = stdout
      .split("\n\n")
      .slice(1, 3)
      .flatMap((part) => part.split("\n"));
    expect(Math.max(...table.map(({ length }) => length))).toBeLessThanOrEqual(100);
    expect(table.filter((line) => line.startsWith("oja"))).toHaveLength(2);
  });

  it("gives every documented key as JSON, with options and sizes of one's own", async () => {
    const { rules } = (await typedJson("audit dfa rule.weights=product network.widths=[5,7] task.depth=2")) as Audit;
    const [rule] = rules;
    expect(Object.keys(rule!)).toEqual([
      "rule",
      "declared",
      "signals",
      "phases",
      "perSample",
      "undeclared",
      "unread",
      "layers",
    ]);
    expect(Object.keys(rule!.layers[0]!)).toEqual([
      ...["layer", "signals", "weightTransport", "errorNetwork", "label", "topDown", "coupling", "lateral", "locking"],
      ...["phases", "memory"],
    ]);
    expect(rule!.layers.map(({ weightTransport }) => weightTransport)).toEqual([[2, "readout"], ["readout"]]);
    expect(rule!.layers[0]!.topDown).toEqual([{ kind: "error", dimension: 8, count: 1 }]);
  });

  it.each([
    ["audit", "expected the name of a rule, or --all"],
    ["audit backprp", 'did you mean "backprop"?'],
    ["audit oja hebb --svg x.svg", "expected one rule to draw, got 2"],
  ])("says what to do: %s", async (line, advice) => {
    const { code, stderr } = await typed(line);
    expect(code).toBe(2);
    expect(stderr).toContain(advice);
  });

  it("draws the paths of a rule: an arrow for every layer whose weights another one needs", async () => {
    const file = join(folder, "backprop.svg");
    expect((await typed(`audit backprop --svg ${file}`)).code).toBe(0);
    const svg = await readFile(file, "utf8");
    expect([...svg.matchAll(/>weights (out|\d)</g)].map(([, layer]) => layer).sort()).toEqual([
      "2",
      "3",
      "3",
      "out",
      "out",
      "out",
    ]);
    expect(svg).toContain('aria-label="Paths of information of backprop: output error of the read-out to layer 1;');
  });

  it("audits rules of one's own, and a run warns of what they do not say", async () => {
    const { rules } = (await typedJson(`audit rule=${secretive}`)) as Audit;
    expect(rules[0]).toMatchObject({ signals: ["weight", "otherActivity"], undeclared: ["otherActivity"] });
    const small =
      "task.v=4 task.m=2 task.depth=2 data.train=8 data.validation=2 data.test=2 network.width=4 train.steps=2 train.batch=4";
    const ran = await typed(`run rule=${secretive} ${small} store.path=${join(folder, "store")} engine.workers=1`);
    const warnings = ran.stderr.split("\n").filter((line) => line.includes("warning"));
    expect(warnings).toEqual([
      expect.stringMatching(
        /^afferent: warning: rule secretive@\w+: by its graph it reads otherActivity without declaring it$/,
      ),
    ]);
    const report = await readFile(ran.stdout.match(/^report {2}(.*)$/m)![1]!, "utf8");
    expect(report).toContain("What the rules need to know");
    expect(report).toMatch(/secretive@\w+<\/th>\s*<td class="text">weight, otherActivity<\/td>/);
  });
});

it("the section of a report has a row for each rule", () => {
  const network = networkOf(RunSpec.parse({ network: { width: 4 } }));
  const certificate = certify(chooseRule({ id: "drtp" }), network, 8);
  const section = html`${certificateSection([{ label: "drtp (a)", certificate }])}`.text;
  expect(section.replaceAll(/\s+/g, " ")).toContain(
    '<th scope="row">drtp (a)</th><td class="text">pre, preactivation, label</td><td class="text">-</td><td class="text">label 8</td>' +
      '<td class="text">average</td><td class="text">-</td><td class="number">1</td>',
  );
  expect(certificateSection([])).toBeUndefined();
});
