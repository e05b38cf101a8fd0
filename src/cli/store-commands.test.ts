import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exampleRows } from "../study/store/example-group.contract.ts";
import { openJournal } from "../study/store/journal.ts";
import { readManifest, writeManifest } from "../study/store/manifest.ts";
import { openStore } from "../study/store/store.ts";
import { examplePlan, fillStore } from "./example-store.contract.ts";
import { typed, typedJson } from "./typed.contract.ts";

let folder: string;
/** A store that is only read. */
let store: string;
let env: Record<string, string>;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "afferent-cli-"));
  store = join(folder, "store");
  env = { AFFERENT_STORE: store };
  await fillStore(store);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A copy to be changed. */
function copyOf(name: string): string {
  const copy = join(folder, name);
  cpSync(store, copy, { recursive: true });
  return copy;
}

const runs = examplePlan.map(({ run }) => run);

describe("a finished study", () => {
  it("ls: studies, and runs, the newest first", async () => {
    const listed = (await typedJson("ls", env)) as { runs: { run: string }[] };
    expect(listed).toMatchObject({
      store,
      studies: [
        {
          name: "example",
          question: "Which is better?",
          command: "afferent run example.yaml",
          startedAt: "2026-01-01T00:00:00.000Z",
          planned: 6,
          stored: 6,
          failed: 0,
          inFlight: 0,
        },
      ],
      inFlight: [],
    });
    expect(listed.runs.map(({ run }) => run)).toEqual([...runs].reverse());
    expect(listed.runs[0]).toEqual({
      undeclared: [],
      run: runs[5],
      study: "example",
      rule: "frozen",
      outcome: "finished",
      steps: 40,
      trainError: 0.5,
      validationError: 0.5,
      testError: 0.8,
      finishedAt: "2026-01-01T00:00:05.000Z",
    });
    const { stdout } = await typed("ls", env);
    expect(stdout).toMatch(
      /^store .*: 1 study, 6 runs\n\nstudy +runs +started +question\nexample +6\/6 +2026-01-01 00:00 +Which is better\?\n/,
    );
  });

  it("show: the row and its curves, by the beginning of the identity", async () => {
    const [run = ""] = runs;
    const shown = (await typedJson(`show ${run.slice(0, 10)}`, env)) as Record<string, unknown>;
    expect(shown).toMatchObject({ run, state: "stored", row: { run, study: "example", testError: 0.1 } });
    expect(shown["curves"]).toEqual([10, 20, 30, 40].map((step) => ({ step, metric: "trainLoss", value: 1 / step })));
    const { stdout } = await typed(`show ${run}`, env);
    expect(stdout).toContain("error          0.5         0.5   0.1\n");
    expect(stdout).toContain("trainLoss    0.1  0.025  █▃▁▁\n");
    expect(stdout).toContain(
      "again  afferent run rule=backprop task.v=4 task.m=2 task.depth=2 data.train=16 data.validation=8 data.test=8 train.steps=40\n",
    );
  });

  it("show: lists the runs that an ambiguous beginning fits, and says when none does", async () => {
    // Of 17 runs, two begin alike.
    const many = join(folder, "many");
    const opened = await openStore(many);
    const rows = exampleRows(0, 17);
    await opened.writeGroup(rows, []);
    await opened.close();
    const sorted = rows.map(({ run }) => run).sort();
    const digit = sorted.find((run, i) => sorted[i + 1]?.charAt(0) === run.charAt(0))?.charAt(0) ?? "";
    const fitting = sorted.filter((run) => run.startsWith(digit));
    const ambiguous = await typed(`show ${digit} store.path=${many}`);
    expect(ambiguous).toEqual({
      code: 1,
      stdout: "",
      stderr: `afferent: show: expected the beginning of one run, got "${digit}" of ${fitting.length}: ${fitting.join(", ")}; give more digits\n`,
    });
    const none = await typed("show 0123456789abcdef", env);
    expect(none).toEqual({
      code: 1,
      stdout: "",
      stderr: `afferent: show: expected a run of the store ${store}, got "0123456789abcdef"; afferent ls --all lists them\n`,
    });
  });

  it("compare: means, intervals and differences to the baseline", async () => {
    const compared = (await typedJson("compare exam", env)) as {
      cells: Record<string, unknown>[];
      differences: Record<string, number>[];
    };
    expect(compared).toMatchObject({ study: "example", question: "Which is better?", baseline: "backprop" });
    const [backprop] = compared.cells as [{ measures: { testError: Record<string, number> } }];
    expect(backprop).toMatchObject({
      rule: "backprop",
      axes: { rule: "backprop" },
      chosen: {},
      provisional: false,
      outcomes: { finished: 3, stopped: 0, diverged: 0, failed: 0, missing: 0 },
      runs: runs.slice(0, 3),
    });
    // On log odds: t(0.975, 2) = 4.302653; standard error 0.1 / sqrt(3); slope 1 / (0.2 * 0.8). Log odds of 0.2 are -log 4.
    const half = (4.302653 * 0.1) / Math.sqrt(3);
    const onLogOdds = half / (0.2 * 0.8);
    const fraction = (logOdds: number): number => 1 / (1 + Math.exp(-logOdds));
    const { n, mean, low, high } = backprop.measures.testError as Record<"n" | "mean" | "low" | "high", number>;
    expect([n, mean, low, high]).toEqual([
      3,
      expect.closeTo(0.2, 9),
      expect.closeTo(fraction(-Math.log(4) - onLogOdds), 6),
      expect.closeTo(fraction(-Math.log(4) + onLogOdds), 6),
    ]);
    expect(compared.differences).toEqual([
      {
        rule: "frozen",
        baseline: "backprop",
        axes: { rule: "frozen" },
        n: 3,
        mean: expect.closeTo(0.4, 9) as number,
        low: expect.closeTo(0.4 - half, 6) as number,
        high: expect.closeTo(0.4 + half, 6) as number,
        // t = 0.4 / (0.1 / sqrt(3)) = 6.9282, two degrees of freedom: p = 1 - t / sqrt(t^2 + 2).
        pValue: expect.closeTo(1 - 6.9282 / Math.sqrt(6.9282 ** 2 + 2), 5) as number,
        adjusted: expect.closeTo(1 - 6.9282 / Math.sqrt(6.9282 ** 2 + 2), 5) as number,
      },
    ]);
    const other = await typed("compare --baseline random-features", env);
    expect(other.stdout).toMatch(/minus frozen +p +p \(Holm\)\nbackprop +-0\.400 ± 0\.248/);
    const wrong = await typed("compare --baseline oja", env);
    expect(wrong).toMatchObject({
      code: 2,
      stderr: 'afferent: --baseline: expected one of backprop, frozen, got "oja"; did you mean frozen?\n',
    });
  });

  it("export: every format, under the study's name or another", async () => {
    const json = join(folder, "rows.json");
    expect(await typedJson(`export --format json --out ${json}`, env)).toEqual({
      study: "example",
      format: "json",
      file: json,
      rows: 6,
    });
    const rows = JSON.parse(readFileSync(json, "utf8")) as { run: string }[];
    expect(rows.map(({ run }) => run)).toEqual(runs);
    const csv = join(folder, "rows.csv");
    expect((await typed(`export example --format csv --out ${csv}`, env)).stdout).toBe(
      `6 runs of example written to ${csv}\n`,
    );
    expect(readFileSync(csv, "utf8").trimEnd().split("\n")).toHaveLength(7);
    const parquet = join(folder, "rows.parquet");
    await typedJson(`export --out ${parquet}`, env);
    expect(readFileSync(parquet).subarray(0, 4).toString()).toBe("PAR1");
  });

  it("report: one page in the store or elsewhere, opened with $BROWSER", async () => {
    const path = join(store, "reports", "example.html");
    expect(await typedJson("report", env)).toEqual({ study: "example", report: path, planned: 6, stored: 6 });
    expect(readFileSync(path, "utf8")).toContain("Which is better?");
    const elsewhere = join(folder, "deep", "page.html");
    const opened = join(folder, "opened");
    const browser = join(folder, "browser.sh");
    writeFileSync(browser, `#!/bin/sh\necho "$1" > ${opened}\n`, { mode: 0o755 });
    const { code, stdout, stderr } = await typed(`report --open --out ${elsewhere}`, { ...env, BROWSER: browser });
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: `${elsewhere}\n`, stderr: "" });
    await expect.poll(() => existsSync(opened) && readFileSync(opened, "utf8")).toBe(`${elsewhere}\n`);
    const without = await typed("report --open", { ...env, BROWSER: join(folder, "no-browser") });
    expect(without.code).toBe(0);
    expect(without.stderr).toMatch(
      /^afferent: --open: expected .*no-browser to start, got spawn .* ENOENT; open .*example\.html yourself\n$/,
    );
  });

  it("compact: merges files, and changes nothing that is read", async () => {
    const copy = copyOf("compacted");
    const before = await typedJson(`ls store.path=${copy}`);
    expect(await typedJson(`compact store.path=${copy}`)).toEqual({ store: copy, merged: 12, into: 2 });
    expect(await typedJson(`ls store.path=${copy}`)).toEqual(before);
    expect((await typed(`compact store.path=${copy}`)).stdout).toBe(`store ${copy}: nothing to merge\n`);
  });

  it("names a damaged file on stderr, and reads the rest", async () => {
    const copy = copyOf("damaged");
    const [file = ""] = readdirSync(join(copy, "rows")).sort();
    appendFileSync(join(copy, "rows", file), "x");
    const { code, stdout, stderr } = await typed(`ls --json store.path=${copy}`);
    expect(stderr).toMatch(/^afferent: .*\.parquet: damaged or cut short: .* \(skipped\)\n$/);
    expect(stderr).toContain(join(copy, "rows", file));
    expect((JSON.parse(stdout) as { runs: object[] }).runs).toHaveLength(5);
    expect(code).toBe(0);
  });

  it("finds a study by the beginning of its name, and names the nearest when there is none", async () => {
    const { code, stderr } = await typed("compare exmaple", env);
    expect(code).toBe(1);
    expect(stderr).toBe(
      `afferent: study: expected a study of the store ${store}, got "exmaple"; did you mean example? (afferent ls lists all)\n`,
    );
  });

  it("of several names that begin so takes the study started last and says so; latest is the last of all", async () => {
    const copy = copyOf("several");
    const manifest = await readManifest(copy, "example");
    const startedLater = [
      ["example-b", "2026-01-03T00:00:00.000Z"],
      ["example-a", "2026-01-02T00:00:00.000Z"],
      ["other", "2026-01-04T00:00:00.000Z"],
    ] as const;
    for (const [name, startedAt] of startedLater) {
      const study = { ...(manifest!["study"] as object), name };
      await writeManifest(copy, { ...manifest!, name, startedAt, study });
    }
    const studyOf = async (words: string) => {
      const { code, stdout, stderr } = await typed(`compare ${words} --json store.path=${copy}`);
      return { code, stderr, study: (JSON.parse(stdout) as { study: string }).study };
    };
    expect(await studyOf("exam")).toEqual({
      code: 0,
      stderr: "afferent: study exam: 3 studies begin so; this is example-b, started last (afferent ls lists all)\n",
      study: "example-b",
    });
    expect(await studyOf("example")).toEqual({ code: 0, stderr: "", study: "example" });
    expect(await studyOf("latest")).toEqual({ code: 0, stderr: "", study: "other" });
    expect(await typedJson(`ls latest store.path=${copy}`)).toMatchObject({ studies: [{ name: "other" }] });
    expect(await typedJson(`report latest store.path=${copy}`)).toMatchObject({ study: "other" });
    const rows = join(folder, "latest.json");
    expect(await typedJson(`export latest --format json --out ${rows} store.path=${copy}`)).toMatchObject({
      study: "other",
      rows: 6,
    });
  });

  it("store.path comes before AFFERENT_STORE", async () => {
    const listed = await typedJson(`ls store.path=${store}`, { AFFERENT_STORE: join(folder, "other") });
    expect(listed).toMatchObject({ store, studies: [{ name: "example" }] });
  });
});

it("while a study runs, ls, show, compare and report work with what is there", async () => {
  const running = join(folder, "running");
  const at = { AFFERENT_STORE: running };
  await fillStore(running, 2);
  const [, , third = "", fourth = ""] = runs;
  const journal = openJournal(running, { study: "example", runs: [third, fourth] });
  journal.append({ step: 10, steps: 40, loss: 0.75 });
  try {
    expect(await typedJson("ls", at)).toMatchObject({
      studies: [{ planned: 6, stored: 2, inFlight: 2 }],
      inFlight: [{ study: "example", runs: [third, fourth], state: "running", step: 10, steps: 40, loss: 0.75 }],
    });
    const { stdout } = await typed("ls", at);
    expect(stdout).toMatch(/example +2\/6 \(2 in flight\)/);
    expect(stdout).toMatch(/\nin flight +runs +step +loss +process\nexample +2 runs +10\/40 +0\.75 +running\n/);
    const entries = [{ step: 10, steps: 40, loss: 0.75 }];
    expect(await typedJson(`show ${third}`, at)).toMatchObject({
      run: third,
      state: "in flight",
      study: "example",
      entries,
    });
    expect((await typed(`show ${fourth}`, at)).stdout).toMatch(/\nstep +10 of 40, loss 0\.75\n$/);
    expect(await typedJson("compare", at)).toMatchObject({
      cells: [{ outcomes: { finished: 2, missing: 1 }, provisional: true }, {}],
    });
    const report = await typed("report", at);
    expect(report).toMatchObject({
      code: 0,
      stderr: "afferent: study example: 2 of 6 runs are stored; the page says so\n",
    });
    expect(readFileSync(report.stdout.trimEnd(), "utf8")).toContain("Incomplete");
  } finally {
    await journal.close();
  }
});
