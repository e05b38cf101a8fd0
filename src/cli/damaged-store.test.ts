import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { plant, rewrite } from "../study/store/damage.contract.ts";
import { ownedName } from "../study/store/ownership.ts";
import { examplePlan, exampleStudy, fillStore } from "./example-store.contract.ts";
import { typed, typedJson } from "./typed.contract.ts";

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "afferent-damaged-"));
  await fillStore(join(folder, "store"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function copyOf(name: string): string {
  const copy = join(folder, name);
  cpSync(join(folder, "store"), copy, { recursive: true });
  return copy;
}

const manifestOf = (store: string, content: object | string): void => {
  const text = typeof content === "string" ? content : JSON.stringify(content);
  writeFileSync(join(store, "studies", "example.json"), text);
};
const storedManifest = (store: string): Record<string, unknown> =>
  JSON.parse(readFileSync(join(store, "studies", "example.json"), "utf8")) as Record<string, unknown>;

it("ls, compare, report and export name what is damaged, a line each, and go on", async () => {
  const store = copyOf("damaged");
  const [first = ""] = readdirSync(join(store, "rows")).sort();
  const row = await rewrite(store, `rows/${first}`, "SELECT * REPLACE (NULL::VARCHAR AS spec) FROM file");
  const text = plant(store, "rows", Buffer.from("text"));
  const loop = "rows/20260102T030405678Z-42-0a1b2c3d-0123456789abcdef.parquet";
  symlinkSync(join(store, loop), join(store, loop));
  writeFileSync(join(store, "studies", "other.json"), "[");
  writeFileSync(join(store, "studies", "later.json"), '{"schema":2}');
  const journal = `journal/${ownedName(".jsonl")}`;
  mkdirSync(join(store, journal), { recursive: true });
  const expected = [
    `${journal}: expected a file, got a folder; move it elsewhere`,
    `${loop}: a symbolic link that leads back to itself; remove it`,
    `${row}: damaged in 1 row, which counts as missing: row 1, run "${examplePlan[0]!.run}": expected a specification as JSON, got none; run the study again`,
    `${text}: cannot be read as Parquet; remove it and run the study again`,
    "studies/later.json: written by a later afferent (schema 2; this one reads 1): upgrade to read it",
    "studies/other.json: not a study's manifest: expected JSON; run the study again",
  ];
  const lines = expected.map((line) => `afferent: ${store}/${line} (skipped)`);
  const page = join(folder, "page.html");
  const rows = join(folder, "rows.csv");
  for (const words of ["ls", "compare example", `report --out ${page}`, `export --format csv --out ${rows}`]) {
    const { code, stderr } = await typed(`${words} store.path=${store}`);
    const incomplete = "afferent: study example: 5 of 6 runs are stored; the page says so";
    const said = words.startsWith("report") ? [...lines, incomplete] : lines;
    expect({ words, code, said: stderr.trimEnd().split("\n").sort() }).toEqual({ words, code: 0, said: said.sort() });
  }
  expect(readFileSync(rows, "utf8").trimEnd().split("\n")).toHaveLength(6);
  expect(readFileSync(page, "utf8")).toContain("5 of 6 runs have a result");
});

it.each(["compare", "report"])("%s says in one line where curves are gone", async (command) => {
  const store = copyOf(`bare-${command}`);
  const words = `${command} store.path=${store}`;
  const page = join(store, "reports", "example.html");
  expect((await typed(words)).stderr).toBe("");
  if (command === "report") expect(readFileSync(page, "utf8")).not.toContain("Curves missing");
  rmSync(join(store, "curves"), { recursive: true });
  const { code, stderr } = await typed(words);
  expect({ code, stderr }).toEqual({
    code: 0,
    stderr:
      "afferent: study example: 6 of 6 runs are stored without their curves; their rows count, and figures of curves lack them\n",
  });
  if (command === "report") expect(readFileSync(page, "utf8")).toContain("6 of 6 stored runs are without their curves");
});

it.each<[string, (store: string) => object | string, string]>([
  ["garbage", () => "garbage", "got one that is not read: not a study's manifest: expected JSON; run the study again"],
  [
    "of a later version",
    (store) => ({ ...storedManifest(store), schema: 7 }),
    "got one that is not read: written by a later afferent (schema 7; this one reads 1): upgrade to read it",
  ],
  [
    "with a definition that is none",
    (store) => ({ ...storedManifest(store), study: { ...exampleStudy, grid: 3 } }),
    "study example: expected its definition in the manifest, got one that is not read: ",
  ],
  [
    "with a rule that is none",
    (store) => ({ ...storedManifest(store), rules: [{ id: "mine@01234567" }] }),
    "not a study's manifest: rules.0: expected a rule as it was kept; run the study again",
  ],
  ["with rules that are none", (store) => ({ ...storedManifest(store), rules: 3 }), "not a study's manifest: rules: "],
  [
    "without a definition",
    (store) => ({ ...storedManifest(store), study: undefined }),
    "expected its definition in the manifest, got none; run it again: afferent run example.yaml",
  ],
])("a manifest that is %s is told in one line, and ls lists the runs", async (name, content, reason) => {
  const store = copyOf(`manifest ${name}`.replaceAll(" ", "-"));
  manifestOf(store, content(store));
  const { code, stdout, stderr } = await typed(`compare example store.path=${store}`);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  const last = stderr.trimEnd().split("\n").at(-1)!;
  expect(last).toContain("afferent: study example: ");
  expect(last).toContain(reason);
  const listed = JSON.parse((await typed(`ls --json store.path=${store}`)).stdout) as { runs: { study: string }[] };
  expect(listed.runs.map(({ study }) => study)).toEqual(Array<string>(6).fill("example"));
});

it("a manifest and rows of the version before are read", async () => {
  const store = copyOf("before");
  const { schema, ...before } = storedManifest(store);
  expect(schema).toBe(1);
  manifestOf(store, before);
  for (const name of readdirSync(join(store, "rows")))
    await rewrite(store, `rows/${name}`, "SELECT * EXCLUDE (schema) FROM file");
  expect(await typedJson(`compare store.path=${store}`)).toMatchObject({ cells: [{ outcomes: { finished: 3 } }, {}] });
});
