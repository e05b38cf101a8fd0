/** `afferent theory boolean`, `deep` and `chains` as they are typed. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { typed, typedJson } from "../typed.contract.ts";

describe("theory boolean", () => {
  it("prints the setting above the table, and exact counts in it", async () => {
    const { code, stdout, stderr } = await typed("theory boolean --inputs 2");
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("14 of 16 are linearly separable");
    expect(stdout.indexOf("Setting: targets -1 and 1; the unit says 1 where S = w.x > 0")).toBeLessThan(
      stdout.indexOf("clamped-hebb"),
    );
    expect(stdout).toMatch(/clamped-hebb +T x +14\/14 +4\/9 +2\/4 +0\/4\n/);
    expect(stdout).toMatch(/perceptron +.* 14\/14 +4\/9 +14\/14 +0\/6\n/);
    expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThan(150);
  });

  it("one rule in every setting and by class, as JSON", async () => {
    const found = (await typedJson("theory boolean --inputs 3 --rule delta")) as {
      separable: number;
      rules: { learned: Record<string, unknown>[] }[];
      classes: { form: string; size: number; strict: number }[];
    };
    expect(found.separable).toBe(104);
    expect(found.rules[0]!.learned).toHaveLength(12);
    expect(found.rules[0]!.learned[2]).toEqual({
      encoding: "binary",
      bias: true,
      target: "signed",
      threshold: 0,
      strict: 40,
      tiesOne: 72,
      tiesZero: 72,
      weak: 104,
    });
    expect(found.classes.reduce((sum, { strict }) => sum + strict, 0)).toBe(40);
    const none = (await typedJson("theory boolean --inputs 1 --rule decay")) as { rules: { learned: unknown[] }[] };
    expect(none.rules[0]!.learned).toEqual(new Array(12).fill(null));
  });

  it.each([
    ["--inputs 6", "--inputs: expected at most 5, got 6; there are 2^(2^N) functions of N inputs"],
    ["--rule oje", 'got "oje"; did you mean oja?'],
    ["--threshold 0.5", '--threshold: expected 0 with signed targets, got "0.5"'],
    ["--target binary --threshold 1", '--threshold: expected 0 or 0.5 with binary targets, got "1"'],
    ["3", 'expected options only, got "3"; leave it out'],
  ])("refuses %s", async (words, message) => {
    const { code, stdout, stderr } = await typed(`theory boolean ${words}`);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(message);
  });
});

describe("theory deep", () => {
  it("counts functions by scheme, and shows why a channel is needed", async () => {
    const found = (await typedJson("theory deep --inputs 2 --hidden 2 --seeds 6")) as {
      representable: number;
      schemes: { id: string; learned: { n: number; mean: number }; counts: number[]; parity: { starts: number } }[];
      witness: { directions: { sum: number }[] };
    };
    expect(found.representable).toBe(16);
    for (const { learned, counts, parity } of found.schemes) {
      expect([learned.n, counts.length, parity.starts]).toEqual([6, 6, 6]);
      expect(learned.mean).toBeCloseTo(counts.reduce((sum, count) => sum + count, 0) / 6, 12);
    }
    for (const { sum } of found.witness.directions) expect(sum).toBeCloseTo(1, 12);
    const { stdout } = await typed("theory deep --inputs 1 --hidden 1 --seeds 2 --scheme fixed");
    expect(stdout).toMatch(/fixed +none +\d\.\d\d/);
    expect(stdout).not.toContain("backpropagation");
  });

  it("refuses what it could not try in full", async () => {
    const { code, stderr } = await typed("theory deep --inputs 4");
    expect([code, stderr]).toEqual([
      2,
      "afferent: --inputs: expected at most 3, got 4; all functions and all hidden vectors are tried\n",
    ]);
  });
});

describe("theory chains", () => {
  it("prints predictions beside the simulation", async () => {
    const { code, stdout } = await typed("theory chains --architecture 1,1,1");
    expect(code).toBe(0);
    const [, predicted, simulated] = /\na1 +(\S+) +(\S+)/.exec(stdout)!;
    expect(predicted).toBe(simulated);
    expect(stdout).toContain("C1 A2 + A2' C1' - A1 A1'");
  });

  it("draws the course, and gives numbers as JSON", async () => {
    const folder = mkdtempSync(join(tmpdir(), "afferent-chains-"));
    const svg = join(folder, "chain.svg");
    const found = (await typedJson(`theory chains --architecture 4,1,4 --data identity --svg ${svg}`)) as {
      limits: { difference: number }[];
      invariants: { drift: number }[];
      excess: number;
      leastExcess: number;
    };
    expect(found.limits).toHaveLength(4);
    for (const { difference } of found.limits) expect(difference).toBeLessThan(1e-9);
    expect(found.invariants[0]!.drift).toBeLessThan(1e-8);
    expect([found.excess, found.leastExcess].map((value) => Math.round(value * 1e6) / 1e6)).toEqual([3, 3]);
    const drawn = readFileSync(svg, "utf8");
    expect(drawn).toContain("predicted limit");
    expect(drawn.match(/<path[^>]*d="M/g)!.length).toBeGreaterThanOrEqual(8);
    const power = (await typedJson(`theory chains --power 2 --svg ${svg} --force`)) as {
      runs: { derivative: boolean; outcome: string; limit: number | null }[];
    };
    expect(power.runs.map(({ derivative, outcome }) => [derivative, outcome === "rests"])).toEqual([
      [true, true],
      [false, false],
    ]);
    rmSync(folder, { recursive: true });
    expect(existsSync(svg)).toBe(false);
  });

  it.each([
    ["--architecture 3,2", 'expected at least three sizes of at least 1 with commas between, such as 3,2,4, got "3,2"'],
    ["--architecture 20,20,20", "expected at most 200 weights, got 800"],
    ["--architecture 3,2,4 --data identity", "expected as many outputs as inputs, got A[3,2,4]"],
    ["--channel randm", "did you mean random?"],
    ["--power -1", '--power: expected a number above 0, at most 1000, got "-1"'],
    ["--seed x", '--seed: expected a whole number of at least 0, got "x"'],
  ])("refuses %s", async (words, message) => {
    const { code, stdout, stderr } = await typed(`theory chains ${words}`);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(message);
  });
});
