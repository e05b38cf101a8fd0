import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { html } from "../../report/markup.ts";
import { certificateSection } from "../../report/certificate-section.ts";
import { certify } from "../../audit/index.ts";
import { networkOf } from "../../study/run/build.ts";
import { RunSpec } from "../../study/spec/spec.ts";
import { chooseRule } from "../../rules/index.ts";
import { typed, typedJson } from "../typed.contract.ts";

interface Audit {
  readonly rules: readonly {
    readonly rule: string;
    readonly signals: readonly string[];
    readonly unclaimed: readonly string[];
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
    const { rules } = (await typedJson("audit dfa rule.weights=product network.widths=[5,7] task.depth=2")) as Audit;
    const [rule] = rules;
    expect(Object.keys(rule!)).toEqual([
      "rule",
      "claimed",
      "signals",
      "phases",
      "perSample",
      "unclaimed",
      "unread",
      "summary",
      "layers",
    ]);
    expect(Object.keys(rule!.layers[0]!)).toEqual([
      ...[
        "layer",
        "signals",
        "scopes",
        "weightTransport",
        "throughHead",
        "errorNetwork",
        "label",
        "pairs",
        "topDown",
        "coupling",
      ],
      ...["lateral", "sharing", "locking", "phases", "memory", "verdict"],
    ]);
    expect(rule!.layers.map(({ weightTransport }) => weightTransport)).toEqual([[2, "readout"], ["readout"]]);
    expect(rule!.layers[0]!.topDown).toEqual([{ kind: "message", from: "above", dimension: 10, count: 1 }]);
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
    expect(svg).toContain(
      'aria-label="Paths of information of backprop: message from an adjacent layer of layer 2 to layer 1;',
    );
  });

  it("audits rules of one's own, and a run warns of what they do not say", async () => {
    const { rules } = (await typedJson(`audit rule=${secretive}`)) as Audit;
    expect(rules[0]).toMatchObject({ signals: ["weight", "broadcast"], unclaimed: ["broadcast"] });
    const small =
      "task.v=4 task.m=2 task.depth=2 data.train=8 data.validation=2 data.test=2 network.width=4 train.steps=2 train.batch=4";
    const ran = await typed(`run rule=${secretive} ${small} store.path=${join(folder, "store")} engine.workers=1`);
    const warnings = ran.stderr.split("\n").filter((line) => line.includes("warning"));
    expect(warnings).toEqual([
      expect.stringMatching(
        /^afferent: warning: rule secretive@\w+: by its graph it reads broadcast without claiming it$/,
      ),
    ]);
    const report = await readFile(ran.stdout.match(/^report {2}(.*)$/m)![1]!, "utf8");
    expect(report).toContain("What the rules need to know");
    expect(report).toMatch(
      /secretive@\w+<\/th>(\s*<td class="text">\w+<\/td>){2}\s*<td class="text">weight, broadcast<\/td>/,
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
