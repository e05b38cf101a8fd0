import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { plant, plantQuery, rewrite } from "./damage.contract.ts";
import { exampleCurves, exampleRows } from "./example-group.contract.ts";
import { inFlight, openJournal, removeStale } from "./journal.ts";
import type { RunRow } from "./rows.ts";
import { ownedName } from "./ownership.ts";
import { openStore, type Store } from "./store.ts";

let folder: string;
let store: Store;
const sound = exampleRows(0, 2);
const hit = exampleRows(10, 2).sort((a, b) => (a.run < b.run ? -1 : 1));
const runs = [...sound, ...hit].map(({ run }) => run);
/** The file that `hit` is written to. */
let file: string;

// Nothing in the name may be taken for SQL or a pattern of files.
const whole = join(mkdtempSync(join(tmpdir(), "afferent-damage-")), "a 'store' [1] *");
let copies = 0;

beforeAll(async () => {
  const first = await openStore(whole);
  await first.writeGroup(sound, exampleCurves(sound));
  const before = readdirSync(join(whole, "rows"));
  await first.writeGroup(hit, exampleCurves(hit));
  file = `rows/${readdirSync(join(whole, "rows")).find((name) => !before.includes(name))!}`;
  await first.close();
});
afterAll(() => rmSync(join(whole, ".."), { recursive: true }));

beforeEach(async () => {
  folder = `${whole} ${(copies += 1)}`;
  cpSync(whole, folder, { recursive: true });
  store = await openStore(folder);
});
afterEach(() => store.close());

const afresh = async <T>(use: (reader: Store) => Promise<T>): Promise<T> => {
  const reader = await openStore(folder, { access: "read" });
  try {
    return await use(reader);
  } finally {
    await reader.close();
  }
};
const seen = (): Promise<{ runs: string[]; finished: Set<string>; points: number }> =>
  afresh(async (reader) => ({
    runs: (await reader.rows()).map(({ run }) => run).sort(),
    finished: await reader.finished(runs),
    points: (await reader.curves(runs)).length,
  }));
const idsOf = (rows: readonly { run: string }[]): string[] => rows.map(({ run }) => run).sort();

describe("a damaged row", () => {
  const damages = [
    ["no specification", "spec = NULL", "expected a specification as JSON, got none"],
    ["a specification that is no JSON", "spec = '{\"rule\"'", 'expected a specification as JSON, got "{\\"rule\\""'],
    [
      "a specification as only DuckDB takes it",
      `spec = '{"rule":{"id":"oja"},"seed":NaN}'`,
      "expected a specification",
    ],
    ["a specification of another form", "spec = '[3]'", 'expected a specification as JSON, got "[3]"'],
    [
      "an unknown outcome",
      "outcome = 'exploded'",
      'expected outcome finished, stopped, diverged, failed, got "exploded"',
    ],
    ["no outcome", "outcome = NULL", "expected outcome finished, stopped, diverged, failed, got none"],
    ["no identity", "run = NULL", "expected a run of 16 hex digits, got none"],
    ["a torn certificate", "certificate = '{\"layers\":['", "expected a certificate as JSON"],
    ["an empty certificate", "certificate = 'null'", "expected a certificate as JSON"],
    ["a torn rule", "ruleSource = '{}'", "expected the source of its rule as JSON"],
  ] as const;
  const damaged = (change: string): string => {
    const [column = "", value = ""] = change.split(" = ");
    return `SELECT * REPLACE (if(run = '${hit[1]!.run}', ${value}, ${column})::VARCHAR AS ${column}) FROM file ORDER BY file.run`;
  };

  it.each(damages)("with %s is named; the other of its file is not", async (_, change, reason) => {
    const written = await rewrite(folder, file, damaged(change));
    const [problem, ...others] = await store.problems();
    expect(others).toEqual([]);
    expect(problem!.file).toBe(written);
    expect(problem!.reason).toContain("damaged in 1 row, which counts as missing: row 2, run ");
    expect(problem!.reason).toContain(reason);
    expect(problem!.reason).not.toContain("\n");
  });

  it("is left out, whatever its damage; the others stay, when files are merged too", async () => {
    // Ten files, of which each has lost one row of two in its own way.
    const groups = damages.map((_, i) => exampleRows(100 + 2 * i, 2).sort((a, b) => (a.run < b.run ? -1 : 1)));
    const kept: RunRow[] = [];
    for (const [i, [, change]] of damages.entries()) {
      const before = readdirSync(join(folder, "rows"));
      await store.writeGroup(groups[i]!, exampleCurves(groups[i]!));
      const own = `rows/${readdirSync(join(folder, "rows")).find((name) => !before.includes(name))!}`;
      await rewrite(folder, own, damaged(change).replaceAll(hit[1]!.run, groups[i]![1]!.run));
      kept.push(groups[i]![0]!);
    }
    const all = [...sound, ...hit, ...groups.flat()].map(({ run }) => run).sort();
    const left = idsOf([...sound, ...hit, ...kept]);
    const seenOf = (): Promise<unknown> =>
      afresh(async (reader) => ({
        runs: idsOf(await reader.rows()),
        finished: await reader.finished(all),
        points: (await reader.curves(all)).length,
      }));
    const problems = await store.problems();
    expect(problems).toHaveLength(10);
    expect(await seenOf()).toEqual({ runs: left, finished: new Set(left), points: 6 * left.length });
    await store.compact();
    expect(await seenOf()).toEqual({ runs: left, finished: new Set(left), points: 6 * left.length });

    // Computed again they are there, and merging files carries no damage along and takes none away.
    const lost = groups.map((group) => group[1]!);
    await store.writeGroup(lost, exampleCurves(lost));
    await store.compact();
    expect(await seenOf()).toEqual({ runs: all, finished: new Set(all), points: 6 * all.length });
    expect(await store.problems()).toEqual(problems);
  });

  it("is named with two others when there are many", async () => {
    await rewrite(folder, file, "SELECT * REPLACE ('?' AS outcome) FROM file, range(5)");
    const [problem] = await store.problems();
    expect(problem!.reason).toMatch(
      /^damaged in 10 rows, which count as missing: row 1, .*; row 2, .*; row 3, .*; and 7 more;/,
    );
    expect((await seen()).runs).toEqual(idsOf(sound));
  });

  it("is not what is merely written otherwise", async () => {
    await rewrite(folder, file, "SELECT * REPLACE (replace(spec, ',', ', ') AS spec) FROM file");
    expect((await seen()).runs).toEqual([...runs].sort());
    expect(await store.problems()).toEqual([]);
  });
});

describe("a damaged file", () => {
  const name = (digit: number): string => `20260102T030405678Z-42-0a1b2c3d-${digit}123456789abcdef.parquet`;

  const planted: readonly [string, (table: "rows" | "curves") => string | Promise<string>, RegExp][] = [
    ["of no bytes", (table) => plant(folder, table, new Uint8Array()), /^cannot be read as Parquet; remove it/],
    [
      "of text",
      (table) => plant(folder, table, Buffer.from("not Parquet at all")),
      /^cannot be read as Parquet; remove/,
    ],
    [
      "of text that begins and ends as Parquet",
      (table) => plant(folder, table, Buffer.from("PAR1 but no further PAR1")),
      /^cannot be read as Parquet;/,
    ],
    [
      "of another program",
      (table) => plantQuery(folder, table, "SELECT 1 AS a"),
      /^not written by afferent: expected a column "run", got none/,
    ],
    [
      "of another program, without records",
      (table) => plantQuery(folder, table, "SELECT 1 AS a WHERE false"),
      /^not written by afferent/,
    ],
    [
      "that is a folder",
      (table) => {
        mkdirSync(join(folder, table, name(1)));
        return `${table}/${name(1)}`;
      },
      /^expected a file, got a folder; move it elsewhere$/,
    ],
    [
      "that is a link to itself",
      (table) => {
        symlinkSync(name(2), join(folder, table, name(2)));
        return `${table}/${name(2)}`;
      },
      /^a symbolic link that leads back to itself; remove it$/,
    ],
    [
      "that is a link to nothing",
      (table) => {
        symlinkSync("nowhere", join(folder, table, name(3)));
        return `${table}/${name(3)}`;
      },
      /^a symbolic link to nothing; remove it$/,
    ],
  ];
  const making = async (make: (table: "rows" | "curves") => string | Promise<string>): Promise<string[]> => [
    await make("rows"),
    await make("curves"),
  ];
  const named = (files: readonly string[], reason: RegExp): object[] =>
    files.map((each) => ({ file: each, reason: expect.stringMatching(reason) as string }));

  it.each(planted)("%s is named", async (_, make, reason) => {
    const files = await making(make);
    expect(await store.problems()).toEqual(named(files, reason));
  });

  it("is not read, whatever it is; all else is, when files are merged too", async () => {
    const files: string[] = [];
    for (const [, make] of planted) files.push(...(await making(make)));
    expect(await seen()).toEqual({ runs: [...runs].sort(), finished: new Set(runs), points: 24 });
    await store.compact();
    expect((await seen()).runs).toEqual([...runs].sort());
    await expect(store.query("SELECT run FROM runs")).resolves.toHaveLength(4);
    expect((await store.problems()).map(({ file: each }) => each).sort()).toEqual(files.sort());
  });

  it("with a column of another type is left out whole", async () => {
    const written = await rewrite(folder, file, "SELECT * REPLACE (CAST(steps AS VARCHAR) AS steps) FROM file");
    expect(await store.problems()).toEqual([
      { file: written, reason: 'expected column "steps" as BIGINT, got VARCHAR; remove it and run the study again' },
    ]);
    expect((await seen()).runs).toEqual(idsOf(sound));
  });

  it("is found among many", async () => {
    for (let seed = 100; seed < 130; seed += 1) await store.writeGroup(exampleRows(seed, 1), []);
    plant(folder, "rows", new Uint8Array());
    expect(await store.rows()).toHaveLength(34);
    expect(await store.problems()).toHaveLength(1);
  });
});

describe("a version", () => {
  it("later than this is refused file by file, whatever its columns became", async () => {
    const reason = "written by a later afferent (schema 2; this one reads 1): upgrade to read it";
    const written = await rewrite(
      folder,
      file,
      "SELECT * REPLACE (2::BIGINT AS schema, [1] AS metrics, 'new' AS outcome) FROM file",
    );
    expect(await store.problems()).toEqual([{ file: written, reason }]);
    expect((await seen()).runs).toEqual(idsOf(sound));
  });

  it("stands in every row, and rows without one are read", async () => {
    expect(await store.query("SELECT DISTINCT schema FROM runs")).toEqual([{ schema: 1 }]);
    await rewrite(folder, file, "SELECT * EXCLUDE (schema, certificate, undeclared, ruleSource, testLoss) FROM file");
    expect(await store.problems()).toEqual([]);
    const rows = await store.rows({ runs: [hit[0]!.run] });
    expect(rows).toEqual([{ ...hit[0], testLoss: NaN }]);
    expect(await store.query("SELECT schema, count(*) AS n FROM runs GROUP BY ALL ORDER BY ALL")).toEqual([
      { schema: 1, n: 2 },
      { schema: null, n: 2 },
    ]);
  });
});

describe("curves", () => {
  it("that are gone are known by their runs", async () => {
    expect(await store.withoutCurves(runs)).toEqual([]);
    const failed = exampleRows(20, 1, { outcome: "failed" });
    await store.writeGroup(failed, []);
    for (const name of readdirSync(join(folder, "curves")).sort().slice(1)) rmSync(join(folder, "curves", name));
    expect(await store.withoutCurves([...runs, failed[0]!.run])).toEqual(idsOf(hit));
  });
});

describe("what is no folder and no file", () => {
  it.each(["rows", "curves", "studies", "journal", "temporary"])("%s that is a file", async (name) => {
    rmSync(join(folder, name), { recursive: true, force: true });
    writeFileSync(join(folder, name), "");
    const problem = { file: name, reason: "expected a folder, got a file; move it elsewhere" };
    await afresh(async (reader) => {
      expect(await reader.problems()).toEqual([problem]);
      expect(await reader.rows()).toHaveLength(name === "rows" ? 0 : 4);
      expect(await inFlight(folder)).toEqual([]);
    });
    await expect(openStore(folder)).rejects.toThrow(`store: ${folder}/${name}: ${problem.reason}`);
  });

  it("a journal or a temporary file that is a folder", async () => {
    const [journal, temporary] = [`journal/${ownedName(".jsonl")}`, `temporary/${ownedName(".part")}`];
    const running = openJournal(folder, { study: "example", runs: [] });
    mkdirSync(join(folder, journal));
    mkdirSync(join(folder, temporary));
    // Old enough to be cleared away, were it a file.
    utimesSync(join(folder, temporary), 0, 0);
    const reason = "expected a file, got a folder; move it elsewhere";
    const other = await openStore(folder);
    expect(await other.problems()).toEqual([journal, temporary].map((each) => ({ file: each, reason })));
    await other.close();
    expect(await inFlight(folder)).toHaveLength(1);
    expect(await removeStale(folder)).toEqual([]);
    await running.close();
  });

  it("a manifest that cannot be read leaves a study the rows that name it", async () => {
    mkdirSync(join(folder, "studies"));
    writeFileSync(join(folder, "studies", "example.json"), "garbage");
    expect(idsOf(await store.rows({ study: "example" }))).toEqual([...runs].sort());
    expect((await store.problems()).map((each) => each.file)).toEqual(["studies/example.json"]);
  });
});
