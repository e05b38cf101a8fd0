import { beforeAll, describe, expect, it } from "vitest";
import { expand } from "../study/spec/expand.ts";
import type { CurvePoint, RunRow } from "../study/store/rows.ts";
import type { PlannedRun } from "../study/spec/study.ts";
import { defineStudy } from "../study/spec/study.ts";
import { summarise } from "../study/summary/summary.ts";
import { syntheticRow } from "../study/summary/synthetic-rows.ts";
import { formatFraction } from "../study/summary/table.ts";
import { csvOf, type FigureDocument, type FigureInput } from "./figure.ts";
import { figureDocument } from "./figure.node.ts";
import { figureSvg, figuresOf } from "./figures.ts";
import { meanCurve } from "./learning-curve-figure.ts";
import type { ReportInput } from "./report.ts";
import { renderReport } from "./report.ts";
import { expectedExamples } from "../study/run/task-words.ts";

const study = defineStudy({
  name: "sizes",
  question: "Is 1 < 2 & \"true\" for <script>alert('x')</script>?",
  base: { task: { v: 4, m: 2, depth: 3 } },
  grid: { rule: ["backprop", "oja"], "data.train": [100, 1000], seed: [0, 1] },
  tune: { over: { "train.learningRate": [0.001, 0.01, 0.1] } },
  controls: { oja: "labels" },
});
const planned = expand(study);

function rowOf(plan: PlannedRun): RunRow {
  const { rule, data, train, seed } = plan.spec;
  const error = (rule.id === "oja" ? 0.4 : 0.1) + 10 / data.train + seed / 100;
  const worse = train.learningRate === 0.01 ? 0 : 0.05;
  if (rule.id === "oja" && train.learningRate === 0.1) return syntheticRow(plan, { outcome: "diverged", steps: 17 });
  return syntheticRow(plan, { trainError: error / 2, validationError: error + worse, testError: error + worse });
}

const rows = planned.map(rowOf);
const curves: CurvePoint[] = planned.flatMap(({ run, spec }) =>
  [0, 50, 100].map((step) => ({ run, step, metric: "trainLoss", value: Math.exp(-step / 50) + spec.seed })),
);

let document: FigureDocument;
let input: ReportInput;
let figures: FigureInput;
beforeAll(() => {
  document = figureDocument();
  input = { study, planned, rows, curves, command: "afferent run sizes.ts", document };
  figures = { cells: summarise(planned, rows), curves, baseline: "backprop", document };
});

describe("renderReport", () => {
  it("names a commit that git can check out, and says when files differed from it", () => {
    const edited = rows.map((row) => ({ ...row, provenance: { ...row.provenance, commit: "0123abc+changes" } }));
    const page = renderReport({ ...input, rows: edited });
    expect(page).toContain("git checkout 0123abc    # and changes that were not committed");
  });

  it("holds the numbers of the cells, the command, the origin and the runs that diverged", () => {
    const page = renderReport(input);
    for (const cell of figures.cells) expect(page).toContain(`>${formatFraction(cell.measures.testError)}<`);
    // By hand: backprop at 100 strings has test errors 0.2 and 0.21, and 12.706 * 0.005 / (0.205 * 0.795) = 0.3898 is the
    // half-width about -1.3554 on log odds.
    expect(page).toContain(">0.205 [0.149, 0.276]<");
    expect(page).toContain("afferent run sizes.ts");
    expect(page).toContain("git checkout 0123abc");
    expect(page).toContain("4 diverged");
    const diverged = rows.filter((row) => row.outcome === "diverged");
    expect(diverged).toHaveLength(4);
    for (const { run } of diverged) expect(page).toContain(`<code>${run}</code>`);
    expect(page).toContain("The test examples played no part in it.");
    expect(page).not.toContain("Incomplete:");
  });

  it("says which values were drawn, from what and by which seed", () => {
    const drawn = defineStudy({ ...study, tune: { over: { "train.learningRate": "log(1e-4..1e-1)" } }, samples: 3 });
    const page = renderReport({ ...input, study: drawn, planned: expand(drawn), rows: [] });
    expect(page).toContain("Drawn at random: train.learningRate from log(1e-4..1e-1) (3 samples, seed 0).");
    expect(renderReport(input)).not.toContain("Drawn at random");
  });

  it("escapes what a study says, everywhere", () => {
    const page = renderReport(input);
    expect(page).not.toContain("<script");
    expect(page).toContain("1 &lt; 2 &amp; &quot;true&quot; for &lt;script&gt;");
    const rule = `<img src=x onerror="alert(1)">&`;
    const hostile = defineStudy({
      name: "h",
      question: "?",
      grid: { rule: [rule, "b"], seed: [0, 1] },
      baseline: rule,
    });
    const plans = expand(hostile, { complete: (spec) => spec });
    const failed = plans.map((plan, i) =>
      syntheticRow(plan, i === 0 ? { outcome: "failed", message: "<b>&</b>" } : {}),
    );
    const points = plans.map(({ run }) => ({ run, step: 1, metric: "trainLoss", value: 1 }));
    const text = renderReport({ ...input, study: hostile, planned: plans, rows: failed, curves: points });
    expect(text).not.toMatch(/<img|<b>/);
    expect(text).toContain("&lt;b&gt;&amp;&lt;/b&gt;");
  });

  it("fetches nothing", () => {
    const page = renderReport(input)
      .replaceAll('xmlns="http://www.w3.org/2000/svg"', "")
      // Files that are in the page itself.
      .replaceAll(/href="data:[^"]*"/g, "");
    expect(page).not.toMatch(/https?:|\/\/[a-z]|<link|<script|@import|url\((?!#)/);
  });

  it("is equal for equal input", () => {
    // Not toBe: its message would be the page twice.
    expect(renderReport(input) === renderReport({ ...input, document: figureDocument() })).toBe(true);
  });

  it("names every figure and table to those who do not see them", () => {
    const page = renderReport(input);
    const svgs = page.match(/<svg xmlns[^>]*>/g) ?? [];
    expect(svgs).toHaveLength(4);
    for (const svg of svgs) expect(svg).toMatch(/role="img" aria-label="[^"]{40,}"/);
    expect(page.match(/<table>/g)?.length).toBe(page.match(/<caption>/g)?.length);
    expect(page).toMatch(/<html lang="en">/);
  });

  it("is drawn from what is there, and says what is missing", () => {
    const half = renderReport({ ...input, rows: rows.filter((row) => row.spec.data.train === 100), curves: [] });
    expect(half).toMatch(/12 of\s+24 runs have a result/);
    expect(half).toContain("Fewer than two numbers of training examples have results yet.");
    expect(half).toContain("No curve of the train loss is stored");
    expect(half).toContain("2 missing");
    const none = renderReport({ ...input, rows: [], curves: [] });
    expect(none).toMatch(/0 of\s+24 runs have a result/);
    expect(none).toContain("No run has a test error yet.");
    expect(none).not.toContain("<svg");
    expect(renderReport({ ...input, planned: [], rows: [] })).toContain("The study plans no runs.");
    expect([half, none].join("")).not.toMatch(/NaN|undefined|Infinity/);
  });

  it("warns when a chosen value is at the end of what was tried, or versions are mixed", () => {
    expect(renderReport(input)).not.toContain("a better one may lie outside");
    const falling = rows.map((row) => ({
      ...row,
      outcome: "finished" as const,
      validationError: 1 - row.spec.train.learningRate,
    }));
    expect(renderReport({ ...input, rows: falling })).toContain("smallest or largest value tried for backprop, oja");
    const mixed = rows.map((row, i) =>
      i === 0 ? { ...row, provenance: { ...row.provenance, commit: "other" } } : row,
    );
    expect(renderReport({ ...input, rows: mixed })).toContain("more than one version");
  });
});

describe("figures", () => {
  it("are those the study calls for", () => {
    expect(figuresOf(figures).map(({ id }) => id)).toEqual([
      "test-error",
      "sample-complexity",
      "learning-curves",
      "sensitivity-train.learningRate",
    ]);
    const one = figures.cells
      .filter((cell) => cell.spec.data.train === 100)
      .map((cell) => ({ ...cell, candidates: [] }));
    expect(figuresOf({ ...figures, cells: one }).map(({ id }) => id)).toEqual(["test-error", "learning-curves"]);
  });

  it("draw a mark for every seed, mean and theory line", () => {
    const test = figureSvg("test-error", figures);
    expect(test.match(/<title>backprop seed=[01]: /g)).toHaveLength(4);
    const sizes = figureSvg("sample-complexity", figures);
    expect(sizes.match(/n_c m\^L = 32</g)).toHaveLength(1);
    expect(sizes).toContain("<title>oja, 1000 examples: 0.415 [0.353, 0.480]</title>");
    expect(expectedExamples(planned[0]!.spec.task)?.count).toBe(4 * 2 ** 3);
    expect(figureSvg("sensitivity-train.learningRate", figures)).toContain("2 diverged</title>");
  });

  it("can be had as files: the picture, and the numbers in it", () => {
    const page = renderReport(input);
    const files = [...page.matchAll(/<a download="([^"]+)" href="data:([^"]+)">/g)].map(([, name, uri]) => {
      const comma = uri!.indexOf(",");
      return [name!, { type: uri!.slice(0, comma), text: decodeURIComponent(uri!.slice(comma + 1)) }] as const;
    });
    expect(files.map(([name]) => name)).toEqual(figuresOf(figures).flatMap(({ id }) => [`${id}.svg`, `${id}.csv`]));
    const { "sample-complexity.svg": picture, "sample-complexity.csv": numbers } = Object.fromEntries(files);
    expect(picture).toEqual({ type: "image/svg+xml;charset=utf-8", text: figureSvg("sample-complexity", figures) });
    expect(numbers!.type).toBe("text/csv;charset=utf-8");
    const [heading, ...lines] = numbers!.text.trimEnd().split("\n");
    expect(heading).toBe("panel,rule,strings,mean,low,high");
    const told = lines.map((line) => line.split(","));
    expect(told).toHaveLength(figures.cells.length);
    for (const cell of figures.cells) {
      const { mean, interval } = cell.measures.testError;
      const own = ["", cell.rule, ...[cell.spec.data.train, mean, interval.low, interval.high].map(String)];
      expect(told).toContainEqual(own);
    }
  });

  it("quote what would break a line of numbers", () => {
    expect(
      csvOf([
        { a: 'x, "y"', b: 1 },
        { a: "z", c: true },
      ]),
    ).toBe('a,b,c\n"x, ""y""",1,\nz,,true\n');
  });

  it("say which curves leave the frame", () => {
    const higher = curves.map((point) => ({ ...point, value: point.step === 0 ? 50 : point.value }));
    const captions = (of: FigureInput): string =>
      figuresOf(of)
        .map((figure) => ("caption" in figure ? figure.caption : ""))
        .join(" ");
    expect(captions(figures)).not.toContain("Above the frame");
    expect(captions({ ...figures, curves: higher })).toContain("Above the frame: backprop up to 50.0, oja up to 50.0.");
  });

  it("use one look for a rule throughout", () => {
    for (const id of ["test-error", "sample-complexity", "learning-curves", "sensitivity-train.learningRate"]) {
      const used = new Set(figureSvg(id, figures).match(/var\(--(ink|rule-\d)\)/g));
      expect(used).toEqual(new Set(["var(--ink)", "var(--rule-0)"]));
    }
  });

  it("are files that stand alone and are well-formed", () => {
    const svg = figureSvg("learning-curves", figures);
    expect(svg).toMatch(/^<\?xml version="1.0" encoding="UTF-8"\?>\n<svg xmlns="http:\/\/www.w3.org\/2000\/svg"/);
    expect(svg).toContain("--rule-0:#");
    const open: string[] = [];
    for (const [, close, name = "", end] of svg.matchAll(/<(\/?)([a-z]\w*)(?:\s[\w:-]+="[^"<]*")*\s*(\/?)>/gi)) {
      if (close === "/") expect(open.pop()).toBe(name);
      else if (end !== "/") open.push(name);
    }
    expect(open).toEqual([]);
    expect(svg.replace(/<[^<>]*>/g, "")).not.toMatch(/[<>]/);
  });

  it("refuse a name they do not have", () => {
    expect(() => figureSvg("test", figures)).toThrowErrorMatchingInlineSnapshot(
      `[Error: figure test: expected one of the figures of this study (test-error, sample-complexity, learning-curves, sensitivity-train.learningRate), got "test"]`,
    );
    expect(() =>
      figureSvg("test-error", { ...figures, cells: summarise(planned, []) }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[Error: figure test-error: expected data to draw, got none; No run has a test error yet.]`,
    );
  });
});

describe("meanCurve", () => {
  const plans = expand(defineStudy({ name: "c", question: "?", grid: { seed: [0, 1] } }));
  const points = new Map([
    [
      plans[0]!.run,
      [
        { run: "", step: 0, metric: "trainLoss", value: 2 },
        { run: "", step: 10, metric: "trainLoss", value: 0 },
      ],
    ],
    [plans[1]!.run, [{ run: "", step: 0, metric: "trainLoss", value: 4 }]],
  ]);
  const means = (outcome: "stopped" | "diverged"): number[] => {
    const [cell] = summarise(plans, [syntheticRow(plans[0]!), syntheticRow(plans[1]!, { outcome })]);
    return meanCurve(cell!, points).map(({ mean }) => mean);
  };

  it("holds the last value of a seed that stopped early, and lets one that diverged end", () => {
    expect(means("stopped")).toEqual([3, 2]);
    expect(means("diverged")).toEqual([3, 0]);
  });
});
