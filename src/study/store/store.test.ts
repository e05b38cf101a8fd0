import { DuckDBInstance } from "@duckdb/node-api";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { RunRow } from "./rows.ts";
import { exampleCurves, exampleRow, exampleRows } from "./example-group.contract.ts";
import { writeManifest } from "./manifest.ts";
import { openStore, type Store } from "./store.ts";

let folder: string;
let store: Store;

beforeEach(async () => {
  // Quote, brackets and star: neither SQL nor DuckDB's file patterns may take them for their own.
  folder = join(mkdtempSync(join(tmpdir(), "afferent-store-")), "my [1] store's *");
  store = await openStore(folder);
});

afterEach(async () => {
  await store.close();
  rmSync(join(folder, ".."), { recursive: true });
});

const files = (table: string): string[] => readdirSync(join(folder, table)).map((name) => join(folder, table, name));

describe("rows and curves", () => {
  it("are shown in a list as the rows say, in the same order", async () => {
    const certificate = { signals: ["input"], layers: [] } as never;
    const knows = { certificate, graph: "a", compiled: "b", undeclared: ["label"] as const };
    const rows = [
      ...exampleRows(0, 2, { testError: NaN, finishedAt: "2026-01-03T00:00:00.000Z" }),
      exampleRow({ rule: "oja", seed: 5 }, { outcome: "diverged", steps: 7, study: "it's", knows }),
    ];
    await store.writeGroup(rows, []);
    const listed = (await store.rows()).map((row) => {
      const { run, study, spec, outcome, steps, trainError, validationError, testError, finishedAt } = row;
      const undeclared = row.knows?.undeclared ?? [];
      const numbers = { outcome, steps, trainError, validationError, testError };
      return { run, study, rule: spec.rule.id, undeclared, ...numbers, finishedAt };
    });
    expect(listed.map(({ undeclared }) => undeclared)).toEqual([["label"], [], []]);
    expect(await store.overview()).toEqual(listed);
    expect(await store.overview({ runs: [rows[2]!.run] })).toEqual([listed[0]]);
  });

  it("share what many of them know: texts that differ stay apart", async () => {
    const knowing = (signal: string) => ({
      knows: { certificate: { signals: [signal], layers: [] } as never, graph: signal, compiled: "", undeclared: [] },
    });
    await store.writeGroup([...exampleRows(0, 2, knowing("input")), ...exampleRows(2, 1, knowing("label"))], []);
    const [a, b, c] = (await store.rows()).sort((x, y) => x.spec.seed - y.spec.seed);
    expect([a, b, c].map((row) => row?.knows?.certificate.signals)).toEqual([["input"], ["input"], ["label"]]);
    expect(a?.knows?.certificate).toBe(b?.knows?.certificate);
  });

  it("come back as they were written, with whatever numbers and texts", async () => {
    const rows = [
      exampleRow(
        {
          network: { widths: [64, 32], depth: 2 },
          rule: { id: "direct-feedback-alignment", gate: "own", scale: 1e-300, list: [1, { deep: true }] },
          seed: 2 ** 53 - 1,
          seeds: { data: 7 },
          probes: true,
        },
        {
          outcome: "diverged",
          message: `it's "quoted"\nand ünïcode ∂W`,
          trainLoss: NaN,
          validationLoss: Infinity,
          testLoss: -Infinity,
          testError: -0,
          wallSeconds: 0.1 + 0.2,
          metrics: { "a'b\".c": NaN, up: Infinity, down: -Infinity, tiny: 5e-324 },
        },
      ),
      exampleRow({}, { finishedAt: "2026-01-02T03:04:06.000Z", metrics: {} }),
    ];
    const curves = [
      { run: rows[0]!.run, step: 0, metric: "trainLoss", value: Infinity },
      { run: rows[0]!.run, step: 3_000_000_000, metric: "trainLoss", value: NaN },
    ];
    await store.writeGroup(rows, curves);
    expect(await store.rows()).toStrictEqual(rows);
    expect(await store.curves([rows[0]!.run])).toStrictEqual(curves);
  });

  it("are none in an empty store", async () => {
    expect(await store.rows()).toEqual([]);
    expect(await store.curves(["0123456789abcdef"])).toEqual([]);
    expect(await store.finished(["0123456789abcdef"])).toEqual(new Set());
    expect(await store.query("SELECT count(*) AS n FROM runs")).toEqual([{ n: 0 }]);
    expect(await store.problems()).toEqual([]);
  });

  it("have plain columns for other programs", async () => {
    const spec = { task: { v: 5 }, rule: { id: "oja", gamma: 2 }, network: { widths: [3, 4] } };
    await store.writeGroup([exampleRow(spec)], []);
    const connection = await (await DuckDBInstance.create(":memory:")).connect();
    copyFileSync(files("rows")[0]!, join(folder, "..", "plain.parquet"));
    const reader = await connection.runAndReadAll(
      `SELECT "task.v" AS v, "task.classes" AS classes, "seeds.data" AS data, "network.widths"[2] AS width, rule, ruleOptions,
         "train.learningRate" AS rate, metrics['layer1.objective'] AS objective, spec->>'$.rule.gamma' AS gamma, "provenance.threads" AS threads
       FROM read_parquet('${join(folder, "..", "plain.parquet")}')`,
    );
    expect(reader.getRowObjectsJS()).toEqual([
      { v: 5n, classes: 5n, data: null, width: 4n, rule: "oja", ruleOptions: '{"gamma":2}', rate: 0.002, objective: -1.5, gamma: "2", threads: 2n }, // prettier-ignore
    ]);
    connection.closeSync();
  });

  it("are filtered by run, metric and study, oldest first", async () => {
    const old = exampleRows(0, 2, { finishedAt: "2026-01-01T00:00:00.000Z", study: "first" });
    const young = exampleRows(2, 2, { finishedAt: "2026-01-03T00:00:00.000Z", study: "second" });
    await store.writeGroup(young, exampleCurves(young));
    await store.writeGroup(old, exampleCurves(old));
    const all = await store.rows();
    expect(all.map(({ study }) => study)).toEqual(["first", "first", "second", "second"]);
    expect(await store.rows({ runs: [young[1]!.run, "ffffffffffffffff"] })).toEqual([young[1]]);
    expect(new Set(await store.rows({ study: "second" }))).toEqual(new Set(young));
    expect(await store.rows({ study: "third" })).toEqual([]);
    expect(await store.curves([old[1]!.run], ["validationError"])).toEqual(
      exampleCurves([old[1]!]).filter(({ metric }) => metric === "validationError"),
    );

    // With a manifest a study is what the manifest lists, whoever computed it.
    const runs = [old[0]!.run, young[0]!.run];
    await writeManifest(folder, {
      name: "second",
      question: "?",
      command: "run",
      runs,
      axes: {},
      startedAt: old[0]!.finishedAt,
    });
    expect(await store.rows({ study: "second" })).toEqual([old[0], young[0]]);
    expect(await store.rows({ study: "second", runs: [old[0]!.run, old[1]!.run] })).toEqual([old[0]]);
  });

  it("can be asked in SQL, many questions at once", async () => {
    const rows = exampleRows(0, 4);
    await store.writeGroup(rows, exampleCurves(rows));
    const sums = await Promise.all(
      [0, 1, 2, 3].map((seed) =>
        store.query(
          `SELECT sum(value) AS total, count(*) AS points FROM curves JOIN runs USING (run) WHERE seed = ${seed}`,
        ),
      ),
    );
    // Six points a run: 6 seed + 2 (0 + 1/8 + 2/8) + 3 (1/2).
    expect(sums).toEqual([0, 1, 2, 3].map((seed) => [{ total: 6 * seed + 2.25, points: 6 }]));
    await expect(store.query("SELECT nothing FROM runs")).rejects.toThrow('Referenced column "nothing" not found');
  });
});

describe("a run that was computed more than once", () => {
  const at = (second: number, over: Partial<RunRow>): RunRow =>
    exampleRow({}, { finishedAt: `2026-01-01T00:00:0${second}.000Z`, ...over });
  const early = at(1, { trainLoss: 1 });
  const late = at(2, { trainLoss: 2 });
  const failedFirst = at(0, { outcome: "failed", message: "old" });
  const failedLast = at(3, { outcome: "failed", message: "new" });

  it.each([
    ["first finished", [early, late], early],
    ["first finished, written last", [late, early], early],
    ["success before an earlier failure", [failedFirst, late], late],
    [
      "divergence is a result, not a failure",
      [failedLast, at(4, { outcome: "diverged" })],
      at(4, { outcome: "diverged" }),
    ],
    ["latest of failures", [failedFirst, failedLast], failedLast],
    ["latest of failures, written first", [failedLast, failedFirst], failedLast],
  ])("counts once: %s", async (_, written, expected) => {
    for (const row of written) {
      const curves = [0, 1, 2].map((step) => ({ run: row.run, step, metric: "trainLoss", value: row.trainLoss }));
      await store.writeGroup([row], curves.slice(0, row === late ? 3 : 2));
    }
    expect(await store.rows()).toEqual([expected]);
    const curve = await store.curves([expected.run]);
    expect(curve.map(({ value }) => value)).toEqual(Array(expected === late ? 3 : 2).fill(expected.trainLoss));
    expect(await store.finished([expected.run])).toEqual(new Set(expected.outcome === "failed" ? [] : [expected.run]));
    await store.compact();
    expect(await store.rows()).toEqual([expected]);
    expect(await store.curves([expected.run])).toEqual(curve);
  });
});

describe("writeGroup", () => {
  it.each([
    ["no rows", [], [], "expected at least one row, got none"],
    [
      "a wrong identity",
      [exampleRow({}, { run: "0123456789abcdef" })],
      [],
      "(the identity of its spec), got 0123456789abcdef",
    ],
    ["a run twice", [exampleRow({}), exampleRow({})], [], "expected each run once"],
    ["no date", [exampleRow({}, { finishedAt: "yesterday" })], [], 'got "yesterday"'],
    ["a stray curve", exampleRows(0, 1), exampleCurves(exampleRows(1, 1)), "expected curves of the group's runs"],
  ])("refuses %s and writes nothing", async (_, rows, curves, message) => {
    await expect(store.writeGroup(rows, curves)).rejects.toThrow(message);
    expect(readdirSync(folder)).toEqual(["temporary"]);
  });
});

describe("problems", () => {
  it("names what is damaged or foreign, and the rest stays readable", async () => {
    const groups = [0, 10, 20, 30].map((from) => exampleRows(from, 2));
    for (const rows of groups) await store.writeGroup(rows, exampleCurves(rows));
    expect(await store.rows()).toHaveLength(8);
    const [short, flipped, emptied] = files("rows").sort();
    truncateSync(short!, 1000);
    const bytes = readFileSync(flipped!);
    bytes[Math.floor(bytes.length / 2)]! ^= 1;
    writeFileSync(flipped!, bytes);
    writeFileSync(emptied!, "");
    writeFileSync(join(folder, "rows", "notes.txt"), "foreign");
    writeFileSync(join(folder, "rows", ".DS_Store"), "hidden files are nobody's business");
    writeFileSync(join(folder, "old.parquet"), "PAR1");
    mkdirSync(join(folder, "studies"));
    writeFileSync(join(folder, "studies", "torn.json"), '{"name":');

    // A fresh process, and the one that had verified them before.
    for (const reader of [await openStore(folder, { access: "read" }), store]) {
      expect(new Set(await reader.rows())).toEqual(new Set(groups[3]));
      const runs = groups.flat().map(({ run }) => run);
      expect(await reader.curves(runs)).toHaveLength(12);
      expect(await reader.finished(runs)).toEqual(new Set(groups[3]!.map(({ run }) => run)));
      await reader.close();
    }
    const problems = await store.problems();
    expect(problems.map(({ file }) => join(folder, file)).sort()).toEqual(
      [
        short,
        flipped,
        emptied,
        join(folder, "rows", "notes.txt"),
        join(folder, "old.parquet"),
        join(folder, "studies", "torn.json"),
      ].sort(),
    );
    const reason = (file: string): string => problems.find((problem) => join(folder, problem.file) === file)!.reason;
    expect(reason(short!)).toMatch(
      /^damaged or cut short: expected content with digest \w{16}, got \w{16}; remove it and run the study/,
    );
    expect(reason(join(folder, "old.parquet"))).toMatch(/^not written by afferent/);
    expect(reason(join(folder, "studies", "torn.json"))).toMatch(/^not a study's manifest/);
  });
});

describe("openStore", () => {
  it("creates a missing folder for writing, and not for reading", async () => {
    const missing = join(folder, "..", "a", "b");
    await expect(openStore(missing, { access: "read" })).rejects.toThrow(
      `store: expected a readable folder, got ${missing} (ENOENT); check store.path or AFFERENT_STORE`,
    );
    const created = await openStore(missing);
    await created.writeGroup(exampleRows(0, 1), []);
    expect(await created.rows()).toHaveLength(1);
    await created.close();
  });

  it("says what is wrong with a path that is no folder", async () => {
    const file = join(folder, "..", "file");
    writeFileSync(file, "");
    const message = `store: expected a folder, got the file ${file}; give the folder of the store`;
    await expect(openStore(file)).rejects.toThrow(message);
    await expect(openStore(file, { access: "read" })).rejects.toThrow(message);
    await expect(openStore(join(file, "below"))).rejects.toThrow("(ENOTDIR)");
  });

  it.runIf(process.platform === "linux")("says so when the folder cannot be written", async () => {
    // /proc refuses new files to everybody, root included.
    await expect(openStore("/proc")).rejects.toThrow(
      /^store: expected a folder that can be written, got \/proc \(E\w+\);/,
    );
  });
});
