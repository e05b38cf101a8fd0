import { describe, expect, it } from "vitest";
import { expand } from "../spec/expand.ts";
import type { RunRow } from "../store/rows.ts";
import type { PlannedRun, StudyInput } from "../spec/study.ts";
import { defineStudy } from "../spec/study.ts";
import type { Cell } from "./summary.ts";
import { differences, summarise } from "./summary.ts";
import { syntheticRow } from "./synthetic-rows.ts";
import { formatEstimate, formatFraction, renderDifferences, renderTable } from "./table.ts";

const input: StudyInput = {
  name: "s",
  question: "Q?",
  base: { task: { v: 4, m: 2 } },
  grid: { rule: ["backprop", "oja"], seed: [0, 1, 2] },
  tune: { over: { "train.learningRate": [0.1, 0.01, 0.001] } },
};

type Numbers = (rule: string, rate: number, seed: number) => Partial<RunRow> | undefined;

function plan(change: Partial<StudyInput> = {}): PlannedRun[] {
  return expand(defineStudy({ ...input, ...change }), { complete: (spec) => spec });
}

function rowsOf(planned: readonly PlannedRun[], numbers: Numbers): RunRow[] {
  return planned.flatMap((run) => {
    const given = numbers(run.spec.rule.id, run.spec.train.learningRate, run.spec.seed);
    return given ? [syntheticRow(run, given)] : [];
  });
}

function cellsOf(numbers: Numbers, change: Partial<StudyInput> = {}): Cell[] {
  const planned = plan(change);
  return summarise(planned, rowsOf(planned, numbers), change.tune?.by);
}

const rateOf = (cell: Cell | undefined) => cell?.chosen["train.learningRate"];

describe("choice of tuned values", () => {
  it("goes by validation also where the test strings say otherwise", () => {
    const validation: Record<number, number> = { 0.1: 0.3, 0.01: 0.2, 0.001: 0.4 };
    const test: Record<number, number> = { 0.1: 0.1, 0.01: 0.5, 0.001: 0.05 };
    const [cell] = cellsOf((_, rate) => ({ validationError: validation[rate]!, testError: test[rate]! }));
    expect(rateOf(cell)).toBe(0.01);
    expect(cell?.measures.testError.mean).toBeCloseTo(0.5, 12);
  });

  it("is made in each cell on the mean over seeds, not on the best seed", () => {
    const cells = cellsOf((rule, rate, seed) => {
      const lucky = rate === 0.1 ? (seed === 0 ? 0 : 0.6) : 0.3;
      return { validationError: rule === "oja" ? Math.abs(rate - 0.001) : lucky };
    });
    expect(cells.map(rateOf)).toEqual([0.001, 0.001]);
    expect(cells.map((cell) => cell.candidates[0]?.score.toFixed(6))).toEqual(["0.400000", "0.099000"]);
  });

  it("gives ties to the smaller learning rate, whatever their order and rounding", () => {
    const [cell] = cellsOf((_, rate, seed) => ({
      validationError: rate === 0.1 ? [0.3, 0.2, 0.1][seed]! : [0.1, 0.2, 0.3][seed]!,
    }));
    expect(rateOf(cell)).toBe(0.001);
  });

  it("counts a diverged seed as the worst there is, and as chance in what is reported", () => {
    // Two good seeds and one diverged: mean (0.1 + 0.1 + 1) / 3 = 0.4, against a steady 0.39.
    const [cell] = cellsOf((_, rate, seed) =>
      rate === 0.1 && seed === 0
        ? { outcome: "diverged", validationError: 0, testError: 0 }
        : { validationError: rate === 0.1 ? 0.1 : 0.39, testError: 0.1 },
    );
    expect(rateOf(cell)).toBe(0.001);
    expect(cell?.candidates[0]?.score).toBeCloseTo(0.4, 12);
    expect(cell?.candidates[0]?.validation.mean).toBeCloseTo((0.1 + 0.1 + 0.75) / 3, 12);
    const [all] = cellsOf(() => ({ outcome: "diverged", testError: NaN }));
    expect(all?.measures.testError).toMatchObject({ n: 3, mean: 0.75 });
    expect(all?.outcomes).toEqual({ finished: 0, stopped: 0, diverged: 3, failed: 0, missing: 0 });
  });

  it("can go by the validation loss", () => {
    const [cell] = cellsOf((_, rate) => ({ validationError: rate, validationLoss: 1 / rate }), {
      tune: { over: input.tune!.over, by: "validationLoss" },
    });
    expect(rateOf(cell)).toBe(0.1);
  });

  it("waits for no one but says so: missing and failed runs leave the choice provisional", () => {
    const errors: Record<number, readonly number[]> = {
      0.1: [0.3, 0.5, 0.6],
      0.01: [0.15, 0.5, 0.6],
      0.001: [0.2, 0, 0],
    };
    const [cell, other] = cellsOf((rule, rate, seed) => {
      if (rule === "oja") return { validationError: rate };
      if (rate === 0.001 && seed === 1) return { outcome: "failed", message: "out of memory", validationError: 0 };
      if (rate === 0.001 && seed === 2) return undefined;
      return { validationError: errors[rate]![seed]! };
    });
    // Seed 0, an easy one, is all that 0.001 has, and gives it the lowest mean of its own; on seed 0 alone 0.01 is better.
    expect(cell?.candidates.map(({ score }) => score.toFixed(3))).toEqual(["0.467", "0.417", "0.200"]);
    expect([rateOf(cell), cell?.provisional]).toEqual([0.01, true]);
    expect([rateOf(other), other?.provisional]).toEqual([0.001, false]);
    expect(cell?.candidates.map(({ outcomes }) => [outcomes.finished, outcomes.failed, outcomes.missing])).toEqual([
      [3, 0, 0],
      [3, 0, 0],
      [1, 1, 1],
    ]);
    expect(cellsOf(() => undefined).map((empty) => [empty.provisional, empty.measures.testError.n])).toEqual([
      [true, 0],
      [true, 0],
    ]);
  });
});

describe("cells", () => {
  it("take the last of several rows of one run and ignore rows of others", () => {
    const planned = plan({ grid: { seed: [0] }, tune: undefined! });
    const other = plan({ grid: { seed: [5] }, tune: undefined! });
    const rows = [
      syntheticRow(planned[0]!, { testError: 0.2, finishedAt: "2026-01-02T00:00:00.000Z" }),
      syntheticRow(planned[0]!, { testError: 0.9, finishedAt: "2026-01-01T00:00:00.000Z" }),
      syntheticRow(other[0]!, { testError: 0.7 }),
    ];
    expect(summarise(planned, rows).map((cell) => cell.measures.testError)).toMatchObject([{ n: 1, mean: 0.2 }]);
  });

  it("name rules by the options in which they differ", () => {
    const rule = [
      { id: "a", gate: "own", gain: 1 },
      { id: "a", gate: "none", gain: 1 },
      { id: "b", gain: 1 },
    ];
    expect(cellsOf(() => ({}), { grid: { rule } }).map((cell) => cell.rule)).toEqual([
      "a (gate=own)",
      "a (gate=none)",
      "b",
    ]);
  });
});

describe("differences", () => {
  it("pair by seed within the same setting", () => {
    const base = [0.1, 0.5, 0.3];
    const cells = cellsOf(
      (rule, _, seed) => ({ testError: base[seed]! + (rule === "oja" ? [0.1, 0.2, 0.3][seed]! : 0) }),
      { grid: { rule: ["oja", "backprop"], "data.train": [10, 20], seed: [0, 1, 2] }, tune: undefined! },
    );
    const found = differences(cells, "backprop");
    expect(
      found.map(({ cell, baseline }) => [cell.rule, cell.axes["data.train"], baseline.axes["data.train"]]),
    ).toEqual([
      ["oja", 10, 10],
      ["oja", 20, 20],
    ]);
    // Mean 0.2, standard error 0.1 / sqrt 3, t = 3.4641 with 2 degrees: p = 1 - t / sqrt(2 + t^2) = 0.0742.
    expect(found[0]).toMatchObject({ n: 3, mean: expect.closeTo(0.2, 12) as number });
    expect(found[0]?.pValue).toBeCloseTo(0.0742, 4);
    expect(found[0]?.adjusted).toBeCloseTo(2 * found[0]!.pValue, 12);
  });

  it("leave out seeds that only one of the two has", () => {
    const cells = cellsOf((rule, _, seed) => (rule === "oja" && seed === 1 ? undefined : { testError: seed / 10 }), {
      tune: undefined!,
    });
    expect(differences(cells, "backprop")[0]).toMatchObject({ n: 2, mean: 0 });
  });
});

describe("intervals of errors", () => {
  const base = { task: { v: 4, m: 2 }, data: { train: 10, validation: 20, test: 40 } };

  it("stay in [0, 1] for means of 0 and 1, by the strings they were counted on", () => {
    const change = { base, tune: undefined! };
    const [backprop, oja] = cellsOf((rule) => {
      const error = rule === "oja" ? 1 : 0;
      return { trainError: error, validationError: error, testError: error };
    }, change);
    // No error in 3 seeds of 40 test strings: up to 1 - 0.025^(1/120); the train and validation sets are smaller.
    const highs = (["trainError", "validationError", "testError"] as const).map(
      (measure) => backprop!.measures[measure].interval.high,
    );
    [30, 60, 120].forEach((strings, i) => expect(highs[i]).toBeCloseTo(1 - 0.025 ** (1 / strings), 10));
    expect(backprop?.measures.testError.interval.low).toBe(0);
    expect(oja?.measures.testError.interval.high).toBe(1);
    expect(oja?.measures.testError.interval.low).toBeCloseTo(0.025 ** (1 / 120), 10);
  });

  it("do not count the strings of runs that diverged, and leave losses their t interval", () => {
    const change = { base, tune: undefined! };
    const [cell] = cellsOf(() => ({ outcome: "diverged" }), change);
    expect(cell?.measures.testError.interval).toEqual({ low: 0.75, high: 0.75 });
    const [other] = cellsOf((_, __, seed) => ({ testLoss: [0, 0, 0.3][seed]! }), change);
    expect(other?.measures.testLoss.interval.low).toBeLessThan(0);
  });
});

describe("renderTable", () => {
  const cells = cellsOf((rule, rate, seed) => {
    if (rule === "oja" && seed === 1) return { outcome: "diverged" };
    if (rule === "oja" && seed === 2) return undefined;
    const error = rate + seed / 100;
    return { trainError: error / 2, validationError: error, testError: error };
  });

  it("aligns, with error bars and notes", () => {
    expect(`\n${renderTable(cells)}`).toMatchInlineSnapshot(`
      "
      rule      train.learningRate  seeds           train error      validation error            test error
      backprop               0.001      3  0.006 [0.001, 0.051]  0.011 [0.001, 0.098]  0.011 [0.001, 0.098]
      oja                    0.001    2/3  0.375 [0.000, 1.000]  0.376 [0.000, 1.000]  0.376 [0.000, 1.000]  1 diverged, 1 missing, provisional
      mean, in brackets the 95 % interval over seeds (t on log odds, exact binomial where all agree); chance 0.750
      The chosen train.learningRate is the smallest or largest value tried for backprop, oja: a better one may lie outside.
      "
    `);
    expect(`\n${renderDifferences(differences(cells, "backprop"))}`).toMatchInlineSnapshot(`
      "
      rule  minus backprop      p  p (Holm)
      oja    0.369 ± 4.695  0.500     0.500
      "
    `);
  });

  it("marks controls and says what each is for, under its abbreviation too", () => {
    const planned = expand(
      defineStudy({ ...input, grid: { rule: ["backprop", "random-features"] }, tune: undefined! }),
    );
    const marked = summarise(
      planned,
      rowsOf(planned, () => ({ testError: 0.5 })),
    );
    const table = renderTable(marked, Infinity, { "random-features": "what the read-out does alone" });
    expect(table).toMatch(/\nfrozen \(control\) +1 /);
    expect(table).toMatch(/\nbackprop +1 /);
    expect(table).toMatch(/\ncontrol random-features: what the read-out does alone\n$/);
    expect(renderTable(marked)).not.toContain("control");
  });

  it("warns of values chosen at the edge of a grid of at least three, and only of those with a result", () => {
    const warning =
      /^The chosen train\.learningRate is the smallest or largest value tried for (.*): a better one may/m;
    const best = (wanted: number) => (_: string, rate: number) => ({
      validationError: Math.abs(Math.log(rate / wanted)),
    });
    expect(warning.exec(renderTable(cellsOf(best(0.1))))?.[1]).toBe("backprop, oja");
    expect(warning.exec(renderTable(cellsOf(best(0.001))))?.[1]).toBe("backprop, oja");
    expect(renderTable(cellsOf(best(0.01)))).not.toMatch(warning);
    const two = { tune: { over: { "train.learningRate": [0.1, 0.01] } } };
    expect(renderTable(cellsOf(best(0.1), two))).not.toMatch(warning);
    expect(renderTable(cellsOf(() => undefined))).not.toMatch(warning);
    const one = renderTable(cellsOf((rule, rate) => best(rule === "oja" ? 0.01 : 0.1)(rule, rate)));
    expect(warning.exec(one)?.[1]).toBe("backprop");
  });

  it("drops dispensable columns to fit a narrow terminal, and never the test error", () => {
    for (const width of [110, 90, 70]) {
      const [head = "", ...lines] = renderTable(cells, width).split("\nmean, ")[0]!.split("\n");
      expect(Math.max(...[head, ...lines].map((line) => line.length))).toBeLessThanOrEqual(width);
      expect(head).toContain("test error");
    }
    expect(`\n${renderTable(cells, 70)}`).toMatchInlineSnapshot(`
      "
      rule                test error
      backprop  0.011 [0.001, 0.098]
      oja       0.376 [0.000, 1.000]  1 diverged, 1 missing, provisional
      mean, in brackets the 95 % interval over seeds (t on log odds, exact binomial where all agree); chance 0.750
      The chosen train.learningRate is the smallest or largest value tried for backprop, oja: a better one may lie outside.
      "
    `);
  });

  it("formats estimates of none, one and several values", () => {
    const none = { low: NaN, high: NaN };
    expect(formatEstimate({ n: 0, mean: NaN, interval: none })).toBe("-");
    expect(formatEstimate({ n: 1, mean: 0.25, interval: none })).toBe("0.250");
    expect(formatEstimate({ n: 3, mean: 0.0124, interval: { low: 0.0094, high: 0.0154 } })).toBe("0.012 ± 0.003");
    expect(formatFraction({ n: 0, mean: NaN, interval: none })).toBe("-");
    expect(formatFraction({ n: 1, mean: 0.25, interval: none })).toBe("0.250");
    expect(formatFraction({ n: 3, mean: 0, interval: { low: 0, high: 0.0006 } })).toBe("0.000 [0.000, 0.001]");
  });
});
