/** The Python of docs/store.md reads what is stored and exported. */
import { execFile, execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { typed } from "../src/cli/typed.contract.ts";

const python = process.env["AFFERENT_PYTHON"] ?? "python3";

function lacking(): string {
  try {
    execFileSync(python, ["-c", "import pandas, duckdb, pyarrow"], { stdio: "pipe" });
    return "";
  } catch {
    return `${python} lacks one of pandas, duckdb, pyarrow; AFFERENT_PYTHON names another`;
  }
}

const reason = lacking();

describe.skipIf(reason !== "")(`the store in Python${reason === "" ? "" : ` (skipped: ${reason})`}`, () => {
  it("is read by pandas and DuckDB as the page says", { timeout: 60_000 }, async () => {
    const folder = await mkdtemp(join(tmpdir(), "afferent-python-"));
    try {
      const store = `store.path=${join(folder, "store")}`;
      const sizes =
        "task.v=4 task.m=3 task.depth=2 data.train=32 data.validation=16 data.test=16 network.width=4 train.steps=20";
      for (const line of [
        `run rule=backprop,frozen seed=0..1 ${sizes} train.curveEvery=10 --name small`,
        `export small --format parquet --out ${folder}/runs.parquet`,
        `export small --curves --format csv --out ${folder}/curves.csv`,
      ])
        expect((await typed(`${line} ${store}`)).code).toBe(0);
      const page = await readFile(join(import.meta.dirname, "../docs/store.md"), "utf8");
      const blocks = [...page.matchAll(/<!-- run by test\/store-python\.test\.ts -->\s*```python\n([\s\S]*?)```/g)];
      const printed: string[] = [];
      for (const [, code = ""] of blocks) {
        await writeFile(join(folder, "read.py"), code);
        printed.push((await promisify(execFile)(python, ["read.py"], { cwd: folder })).stdout);
      }
      const [pandas = "", duckdb = ""] = printed;
      expect(pandas).toMatch(/backprop +32 +0\.\d+\nfrozen +32 +0\.\d+/);
      expect(pandas).toMatch(/frozen +10 +\d\.\d+\n +20 +\d\.\d+/);
      expect(duckdb).toMatch(/backprop +│ +2 │ +0\.\d+/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
