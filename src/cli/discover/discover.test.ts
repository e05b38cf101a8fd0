import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { typed } from "../typed.contract.ts";

let folder = "";
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "afferent-discover-"))));
afterAll(() => rm(folder, { recursive: true }));

interface Document {
  readonly space: { readonly size: number; readonly products: number };
  readonly scored: number;
  readonly complete: boolean;
  readonly survivors: readonly {
    readonly rule: string;
    readonly known: string | null;
    readonly scores: Readonly<Record<string, { readonly passed: boolean; readonly mean: number }>>;
    readonly heldOut: Readonly<Record<string, { readonly passed: boolean }>>;
  }[];
  readonly sparsity: readonly { readonly degree: number | null; readonly rules: number }[];
  readonly networks: null;
}

const unit = "--criteria principal-component,supervised --seeds 2";

describe("afferent discover", () => {
  it("finds Oja's rule and the delta rule among rules with symmetries, and writes the document it prints", async () => {
    const file = join(folder, "found.json");
    const { code, stdout, stderr } = await typed(
      `discover --degree 3 --invariant rotation,output ${unit} --json --out ${file}`,
    );
    expect(code).toBe(0);
    expect(stderr).toContain("6 products up to degree 3, at most 3 terms, 232 rules");
    const document = JSON.parse(stdout) as Document;
    expect(document).toMatchObject({ space: { size: 232, products: 6 }, scored: 232, complete: true, networks: null });
    expect(JSON.parse(await readFile(file, "utf8"))).toEqual(document);
    const holds = (criterion: string): readonly (string | null)[] =>
      document.survivors.filter(({ heldOut }) => heldOut[criterion]?.passed === true).map(({ known }) => known);
    expect(holds("principal-component")[0]).toBe("Oja's rule");
    expect(holds("supervised")).toEqual(["delta rule (LMS; perceptron with a threshold unit; Rescorla-Wagner)"]);
    expect(document.sparsity.find(({ degree }) => degree === 1)?.rules).toBe(2);
  });

  it("prints the table and the rules, simplest first", async () => {
    const { code, stdout } = await typed("discover --degree 2 --max-terms 2 --criteria supervised --seeds 2");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^degree 2 +\d+ +1 of \d+ +1$/m);
    expect(stdout).toMatch(/^ {2}T\*I - O\*I +1\.000 +1\.000 +passes +delta rule/m);
  });

  it("evolves when asked to, and says that not every rule was scored", async () => {
    const { code, stdout, stderr } = await typed(
      "discover --degree 4 --criteria principal-component --evolve --evaluations 120 --seeds 2",
    );
    expect(code).toBe(0);
    expect(stderr).toContain("120 of them scored, by evolution");
    expect(stdout).toMatch(/Of \d+ \d+ rules 120 were scored/);
  });

  it.each([
    ["--budget 5", '--budget: expected a time such as 30s, 10m or 2h, got "5"'],
    [
      "--criteria rhm",
      "--criteria: expected one of stability, principal-component, supervised, boolean besides rhm, got rhm",
    ],
    ["--criteria stabilty", 'got "stabilty"; did you mean stability?'],
    ["--criteria stability task.m=2", 'expected no key=value words without the criterion rhm, got "task.m=2"'],
    ["--degree 9", "--degree: expected a whole number from 1 to 8, got 9"],
    ["--coefficients a", '--coefficients: expected numbers separated by commas, got "a"'],
    ["--invariant recoding", "--invariant: expected one of isometry, rotation, output"],
    ["--evaluations 5", "--evaluations: expected it with --evolve, got it alone"],
    ["rule=oja", "rule: expected no rule, got one; discover finds the rules"],
    ["task.m=2,3", "task.m: expected one value, got 2"],
    ["task.depth=2 task.m=2", "data: expected train + validation + test <= 64"],
    ["rule.acivity=post", 'did you mean "activity"?'],
    ["study.yaml", 'discover: expected key=value words, got "study.yaml"'],
    ["--seed x", '--seed: expected a whole number of at least 0, got "x"'],
  ])("refuses %s", async (line, message) => {
    const { code, stdout, stderr } = await typed(`discover ${line}`);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(message);
    expect(stderr.trim().split("\n")).toHaveLength(1);
  });

  it("refuses a space that takes longer than the budget, and says what to do", async () => {
    const { code, stderr } = await typed("discover --degree 6 --criteria stability --budget 1s");
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /expected a space that can be searched within 1\.0 s, got 84 products .* 429 312 rules, about .*--evolve$/m,
    );
  });
});
