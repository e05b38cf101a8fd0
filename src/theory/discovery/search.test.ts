import { describe, expect, it } from "vitest";
import { polynomialText, recognise } from "../polynomial/index.ts";
import { rational } from "../polynomial/rational.ts";
import type { UnitCriterion } from "./criteria.ts";
import { evolve } from "./evolve.ts";
import { networkCandidates, passing, type Survivor, survivorsOf } from "./ranking.ts";
import { exhaustiveSearch, type Scored, type SearchOptions } from "./search.ts";
import { candidateKey, polynomialOf, ruleSpace } from "./space.ts";
import { sparsity } from "./sparsity.ts";

const coefficients = [rational(-1n), rational(1n)];
const text = ({ rule }: Pick<Scored, "rule">): string => polynomialText(polynomialOf(rule));
const options = (
  degree: number,
  supervised: boolean,
  criteria: readonly UnitCriterion[],
  maxTerms = 3,
): SearchOptions => ({
  space: ruleSpace({ degree, supervised, maxTerms, coefficients }),
  criteria,
  seed: 0,
  seeds: 2,
});
const holding = (survivors: readonly Survivor[], criterion: UnitCriterion): string[] =>
  survivors.filter(({ heldOut }) => heldOut[criterion]?.passed === true).map(text);

describe("the search finds by itself", () => {
  it("Oja's rule as the only one of two terms that finds the principal component, of all rules of degree 3", () => {
    const asked = options(3, false, ["principal-component"], 2);
    const found = [...exhaustiveSearch(asked)];
    expect(found).toHaveLength(asked.space.size);
    const survivors = [...survivorsOf(found, asked)];
    expect(survivors.map(text)).toEqual(["O*I - O^2*w"]);
    expect(recognise(polynomialOf(survivors[0]!.rule))?.known.name).toBe("Oja's rule");
    expect(holding(survivors, "principal-component")).toEqual(["O*I - O^2*w"]);
  });

  it("the delta rule as the only one that learns regression on held-out data, of all rules of degree 2", () => {
    const asked = options(2, true, ["supervised"]);
    const survivors = [...survivorsOf([...exhaustiveSearch(asked)], asked)];
    expect(text(survivors[0]!)).toBe("T*I - O*I");
    expect(survivors.length).toBeGreaterThan(1);
    expect(holding(survivors, "supervised")).toEqual(["T*I - O*I"]);
  });
});

describe("an evolution", () => {
  const asked = { ...options(4, false, ["principal-component"]), evaluations: 900, population: 40 };

  it("finds Oja's rule among more rules than it scores, none twice, and the same for the same seed", () => {
    const found = [...evolve(asked)];
    expect(found).toHaveLength(900);
    expect(asked.space.size).toBeGreaterThan(10 * 900);
    expect(new Set(found.map(({ rule }) => candidateKey(rule))).size).toBe(900);
    expect(text([...survivorsOf(found, asked)][0]!)).toBe("O*I - O^2*w");
  });

  it("depends on its seed alone", () => {
    const first = (seed: number): string[] => [...evolve({ ...asked, evaluations: 150, seed })].map(text);
    expect(first(1)).toEqual(first(1));
    expect(first(1)).not.toEqual(first(2));
  });

  it("ends where a small space is used up", () => {
    const small = { ...options(1, false, ["stability"], 2), evaluations: 10_000 };
    const found = [...evolve(small)];
    expect(found).toHaveLength(small.space.size);
  });
});

describe("what is made of a search", () => {
  const asked = options(2, true, ["stability", "supervised", "boolean"], 2);
  const found = [...exhaustiveSearch(asked)];
  const survivors = [...survivorsOf(found, asked)];

  it("is the same when it is made again, scores included; another seed has other data", () => {
    const numbers = (seed: number): unknown[] =>
      [...exhaustiveSearch({ ...asked, seed })].slice(0, 120).map(({ scores }) => scores.supervised?.mean);
    expect(numbers(0)).toEqual(numbers(0));
    expect(numbers(0)).not.toEqual(numbers(1));
  });

  it("the table counts each rule in its degree, and rules with a symmetry among all", () => {
    const rows = sparsity(found, survivors, asked.criteria);
    const all = rows.find(({ degree, invariant }) => degree === undefined && invariant.length === 0)!;
    expect(all.rules).toBe(asked.space.size);
    const byDegree = rows.filter(({ degree }) => degree !== undefined);
    for (const criterion of asked.criteria) {
      const total = (of: "applicable" | "search" | "heldOut"): number =>
        byDegree.reduce((sum, { passed }) => sum + passed[criterion]![of], 0);
      expect(total("search")).toBe(passing(survivors, criterion).length);
      expect(total("heldOut")).toBe(holding(survivors, criterion).length);
      expect(all.passed[criterion]).toEqual({
        applicable: total("applicable"),
        search: total("search"),
        heldOut: total("heldOut"),
      });
    }
    const both = rows.find(({ invariant }) => invariant.join() === "rotation,output")!;
    // w, O I, T I: 3 single products and 3 pairs, each with its signs.
    expect(both.rules).toBe(6 + 12);
    expect(both.passed.supervised).toEqual({ applicable: 2 + 8, search: 1, heldOut: 1 });
  });

  it("networks get stable rules, the simplest of each criterion in turn", () => {
    // Of two-term rules these are stable and pass something else; clamped Hebb passes, but grows for ever.
    expect(networkCandidates(survivors, asked.criteria, 9).map(text)).toEqual(["T*I - O*I", "T*I - w"]);
    expect(passing(survivors, "boolean").map(text)).toContain("T*I");
    expect(networkCandidates(survivors, asked.criteria, 1).map(text)).toEqual(["T*I - O*I"]);
    expect(networkCandidates(survivors, ["stability"], 2)).toEqual(passing(survivors, "stability").slice(0, 2));
  });
});
