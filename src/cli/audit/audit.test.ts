import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { html } from "../../report/markup.ts";
import { certificateSection } from "../../report/certificate-section.ts";
import { certify } from "../../audit/index.ts";
import { networkOf } from "../../study/run/build.ts";
import { RunSpec } from "../../study/spec/spec.ts";
import { PlannedModel } from "../../study/run/planned-model.ts";
import { chooseRule } from "../../rules/index.ts";
import { oneOfEachFamily } from "../../rules/testing/one-of-each.contract.ts";
import { oneRun } from "../plan.ts";
import { typed, typedJson } from "../typed.contract.ts";
import { auditOutput, publishedAuditSchema, whyOutput } from "./schema.ts";

let folder: string;
let secretive: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "afferent-audit-"));
  secretive = join(folder, "secretive.ts");
  await writeFile(
    secretive,
    `import { rules } from "afferent";
import { z } from "zod";
export const secretive = rules.plasticity({
  id: "secretive", family: "test", equation: "-", source: "-", relation: "none",
  reads: ["weight"], options: z.strictObject({}),
  change: (layer, _, workspace) => ({ weight: layer.weight.mul(workspace.pass.readout.post.sum()) }),
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
    const lines = stdout.split("\n");
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(100);
    expect(lines.filter((line) => line.startsWith("oja"))).toHaveLength(2);
    expect(stdout).toContain("  verdict                   F(x_i, y_j, w_ij): local in space, local in time\n");
  });

  it("says of every layer how far it reads, what pairs know and how many positions share a weight", async () => {
    const { stdout } = await typed("audit info-nce rule.pair=same-class");
    expect(stdout).toMatch(/^info-nce .* layer +waits +label /m);
    expect(stdout).toContain("  pairs                     same-class: knows the label\n");
    expect(stdout).toContain("  label                     in the choice of pairs\n");
    expect(stdout).toContain("  a weight is shared by     4 positions, whose changes it adds up\n");
    const { stdout: resampled } = await typed("audit info-nce rule.pair=resample");
    expect(resampled).toContain("  pairs                     resample to layer 2: knows the generator of the data\n");
  });

  it("gives every documented key as JSON, with options and sizes of one's own", async () => {
    const line = "audit dfa rule.weights=product network.widths=[5,7] task.depth=2 train.batch=16";
    const printed = await typedJson(line);
    const { rules, network } = auditOutput.parse(printed);
    const [rule] = rules;
    expect(network.widths).toEqual([5, 7]);
    expect(rule).toMatchObject({
      rule: "direct-feedback-alignment",
      options: { weights: "product" },
      task: { id: "rhm", v: 8, m: 4, s: 2, depth: 2, classes: 8 },
      ...{ batch: 16, positions: [2, 1], dtype: "float32", forgets: [], undeclared: [] },
    });
    expect(rule!.layers.map(({ weightTransport }) => weightTransport)).toEqual([[2, "readout"], ["readout"]]);
    expect(rule!.layers[0]!.topDown).toEqual([{ kind: "message", from: "above", dimension: 10, count: 1 }]);
    // The step of a run of the same size, and of no other.
    const overrides = ["rule=dfa", "rule.weights=product", "network.widths=[5,7]", "task.depth=2", "train.batch=16"];
    const { spec } = await oneRun({ names: [], overrides, settings: {} });
    expect(rule!.digest).toBe(new PlannedModel(spec).digest);
    expect(new PlannedModel({ ...spec, train: { ...spec.train, batch: 17 } }).digest).not.toBe(rule!.digest);
    // Nothing is printed that the published schema does not know.
    expect(() => auditOutput.parse({ ...(printed as object), more: 1 })).toThrow();
  });

  it("prints what the schema says for a rule of each family (every rule: audit.slow.test.ts), and the schema is JSON", async () => {
    const printed = await typedJson(`audit ${oneOfEachFamily.join(" ")} network.width=4 task.depth=2 train.batch=3`);
    expect(auditOutput.parse(printed).rules.map(({ rule }) => rule)).toEqual(oneOfEachFamily);
    const published = publishedAuditSchema();
    expect(published).toEqual(JSON.parse(JSON.stringify(published)));
    expect(published).toMatchObject({
      $schema: "https://json-schema.org/draft/2020-12/schema",
      $defs: {
        audit: { required: ["network", "rules", "svg"] },
        why: { required: ["rule", "signal", "layer", "paths"] },
      },
    });
  }, 120_000);

  it.each([
    ["audit", "expected the name of a rule, or --all"],
    ["audit backprp", 'did you mean "backprop"?'],
    ["audit oja hebb --svg x.svg", "expected one rule to draw, got 2"],
    ["audit oja hebb --why pre", "--why: expected one rule and no --svg, got 2 rules"],
    ["audit oja --why pre --svg x.svg", "--why: expected one rule and no --svg, got --svg"],
    ["audit oja --why weights", '--why: expected one of 19 names, got "weights"; did you mean weight?'],
    ["audit oja --why pre --layer 9", "layer: expected one from 1 to 3, got 9"],
    ["audit oja --layer 1", "--layer: expected --why SIGNAL with it, got none"],
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
    expect(svg).toContain(
      'aria-label="Paths of information of backprop: message from an adjacent layer of layer 2 to layer 1;',
    );
  });

  it("follows a signal to what is read, a node a line", async () => {
    const { code, stdout, stderr } = await typed("audit backprop --why otherWeight --layer 1 network.width=4");
    expect([code, stderr]).toEqual([0, ""]);
    const [first, ...others] = stdout.split("\n\n");
    const lines = first!.split("\n");
    expect(lines[0]).toBe("layer 1 reads otherWeight: weights of layer 2 (layer2.weight)");
    expect(lines[1]).toMatch(
      /^ {2}matmul\{transposeA\} +\[16, 4\] +src\/rules\/feedback\/feedback\.ts:\d+:\d+ +what layer1\.weight changes by$/,
    );
    expect(lines.at(-1)).toMatch(/^ {2}input +\[8, 4\] +weights of layer 2 \(layer2\.weight\)$/);
    expect(others.map((path) => path.split("\n")[0])).toEqual([
      "layer 1 reads otherWeight: weights of layer 3 (layer3.weight)",
      "layer 1 reads otherWeight: weights of the read-out (readout.weight)",
    ]);
    const { stdout: none } = await typed("audit drtp --why otherWeight");
    expect(none).toBe(
      "drtp does not read otherWeight (weights of other layers: weight transport) in any layer of this network\n",
    );
  });

  it("follows a signal as data, with places in a rule of one's own", async () => {
    const small = "network.width=4 train.batch=3";
    const { paths, ...asked } = whyOutput.parse(
      await typedJson(`audit rule=${secretive} --why otherActivity --layer 2 ${small}`),
    );
    expect(asked).toEqual({ rule: expect.stringMatching(/^secretive@/) as string, signal: "otherActivity", layer: 2 });
    expect(paths).toHaveLength(1);
    const { nodes } = paths[0]!;
    expect(nodes.map(({ primitive }) => primitive)).toEqual(["neg", "mul", "sum", "add"]);
    // The second to last line of the file; columns count from 1.
    const text = (await readFile(secretive, "utf8")).split("\n");
    const line = text.findIndex((one) => one.includes("change:")) + 1;
    const column = (what: string): number => text[line - 1]!.indexOf(what) + 1;
    expect(nodes.slice(1, 3).map(({ place }) => place)).toEqual([
      `secretive.ts:${line}:${column("mul(")}`,
      `secretive.ts:${line}:${column("sum(")}`,
    ]);
    const none = whyOutput.parse(await typedJson(`audit rule=${secretive} --why label ${small}`));
    expect(none).toMatchObject({ signal: "label", layer: null, paths: [] });
  });

  it("audits rules of one's own, and a run warns of what they do not say", async () => {
    const { rules } = auditOutput.parse(await typedJson(`audit rule=${secretive}`));
    expect(rules[0]).toMatchObject({
      ...{ signals: ["weight", "neighbour", "otherActivity"], options: {} },
      ...{ unclaimed: ["neighbour", "otherActivity"], undeclared: ["neighbour", "otherActivity"] },
    });
    const small =
      "task.v=4 task.m=2 task.depth=2 data.train=8 data.validation=2 data.test=2 network.width=4 train.steps=2 train.batch=4";
    const ran = await typed(
      `run --undeclared rule=${secretive} ${small} store.path=${join(folder, "store")} engine.workers=1`,
    );
    const warnings = ran.stderr.split("\n").filter((line) => line.includes("warning"));
    expect(warnings).toEqual([
      expect.stringMatching(
        /^afferent: warning: rule secretive@\w+: by its graph it reads neighbour, otherActivity without claiming it$/,
      ),
    ]);
    const report = await readFile(ran.stdout.match(/^report {2}(.*)$/m)![1]!, "utf8");
    expect(report).toContain("What the rules need to know");
    expect(report).toMatch(
      /secretive@\w+ †<\/th>(\s*<td class="text">\w+<\/td>){2}\s*<td class="text">weight, neighbour, otherActivity; not claimed: neighbour, otherActivity<\/td>/,
    );
  });
});

it("the section of a report has a row for each rule", () => {
  const network = networkOf(RunSpec.parse({ network: { width: 4 } }));
  const certificate = certify(chooseRule({ id: "drtp" }), network, 8);
  const section =
    html`${certificateSection([{ label: "drtp (a)", certificate, graph: "0123456789abcdef", undeclared: [] }])}`.text;
  expect(section.replaceAll(/\s+/g, " ")).toContain(
    '<th scope="row">drtp (a)</th><td class="text">channel</td><td class="text">local</td><td class="text">pre, preactivation, label</td>' +
      '<td class="text">-</td><td class="text">-</td><td class="text">label 8</td>' +
      '<td class="text">average</td><td class="text">-</td><td class="number">1</td>',
  );
  expect(certificateSection([])).toBeUndefined();
  const gone = html`${certificateSection([{ label: "mine@12", problem: "the file is <gone>" }])}`.text;
  expect(gone).toContain("<p>No certificate of mine@12: the file is &lt;gone&gt;</p>");
  expect(gone).not.toContain("<table>");
});
