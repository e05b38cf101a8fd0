import { describe, expect, it } from "vitest";
import { andMargin, learnedByClass, learnedCounts, learner } from "./learnability.ts";
import { booleanRules } from "./rules.ts";
import { type BooleanSetting, type Encoding, pointsOf, presentations, targetsOf } from "./setting.ts";
import { classesOf, thresholdFunctions } from "./threshold-functions.ts";
import { weightForms } from "./weight-form.ts";
import { stream } from "../../random/stream.ts";

const functions = new Map([1, 2, 3, 4].map((inputs) => [inputs, thresholdFunctions(inputs)]));

function setting(inputs: number, change: Partial<BooleanSetting> = {}): BooleanSetting {
  return { inputs, encoding: "signed", bias: true, target: "signed", threshold: 0, ...change };
}

const ruleOf = (id: string) => booleanRules.find((rule) => rule.id === id)!;
const counts = (id: string, of: BooleanSetting) => learnedCounts(ruleOf(id), of, functions.get(of.inputs)!);

describe("counts for one to three inputs", () => {
  const noBias = { bias: false } as const;
  const binary = { encoding: "binary" } as const;
  const half = { target: "binary", threshold: 0.5 } as const;
  it.each([
    ["clamped-hebb", {}, ["4/4", "14/14", "40/72"]],
    ["clamped-hebb", noBias, ["2/3", "4/9", "14/27"]],
    ["clamped-hebb", binary, ["2/3", "2/4", "2/8"]],
    ["clamped-hebb", { ...binary, ...noBias }, ["0/2", "0/4", "0/8"]],
    ["delta", {}, ["4/4", "14/14", "40/72"]],
    ["delta", binary, ["4/4", "14/14", "40/72"]],
    ["delta", half, ["4/4", "14/14", "40/72"]],
    ["delta", { ...binary, ...half }, ["4/4", "14/14", "40/72"]],
    ["delta", noBias, ["2/3", "4/9", "14/27"]],
    ["delta", { ...binary, ...noBias }, ["0/2", "0/6", "0/32"]],
    ["clipped-hebb", {}, ["4/4", "14/14", "40/48"]],
    ["clamped-anti-hebb", {}, ["0/0", "0/0", "0/0"]],
    ["clamped-oja", {}, ["4/4", "14/14", "40/72"]],
  ] as const)("%s with %j: strict/ties %j", (id, change, expected) => {
    const found = [1, 2, 3].map((inputs) => counts(id, setting(inputs, change))!);
    expect(found.map(({ strict, tiesOne }) => `${strict}/${tiesOne}`)).toEqual(expected);
    if (change === half) return;
    // Signed targets: turning the output round turns ties round.
    if (!("target" in change)) expect(found.map(({ tiesZero }) => tiesZero)).toEqual(found.map((c) => c.tiesOne));
  });

  it("the perceptron reaches every threshold function with a bias, the self-dual ones without", () => {
    for (const [encoding, bias, expected] of [
      ["signed", true, [4, 14, 104, 1882]],
      ["binary", true, [4, 14, 104, 1882]],
      ["signed", false, [2, 4, 14, 104]],
    ] as const) {
      expect([1, 2, 3, 4].map((n) => counts("perceptron", setting(n, { encoding, bias }))?.strict)).toEqual(expected);
    }
  });

  it("clamped Hebb contradicts no threshold function of up to three inputs; the unit on its own keeps them", () => {
    for (const id of ["clamped-hebb", "hebb", "oja"])
      expect([1, 2, 3].map((n) => counts(id, setting(n))?.weak)).toEqual([4, 14, 104]);
    expect(counts("hebb", setting(4))?.weak).toBeLessThan(1882);
  });

  it("a unit keeps only what it can realise", () => {
    expect([1, 2, 3].map((n) => counts("hebb", setting(n, noBias))?.weak)).toEqual([2, 4, 14]);
    expect([1, 2, 3].map((n) => counts("hebb", setting(n, { ...binary, ...noBias }))?.weak)).toEqual([0, 0, 0]);
  });

  it("tells ties read as 1 from ties read as the other value", () => {
    // Without bias the point of zeros is tied; not(x) is 1 there, and w = -1/2 is right at the other point.
    const learns = learner(ruleOf("clamped-hebb"), setting(1, { ...binary, ...noBias }))!;
    expect(learns(0b01)).toEqual({ strict: false, tiesOne: true, tiesZero: false, weak: true });
    expect(learns(0b10)).toEqual({ strict: false, tiesOne: false, tiesZero: true, weak: true });
  });

  it("with a bias, N inputs are N + 1 without", () => {
    for (const id of ["clamped-hebb", "clipped-hebb", "delta", "perceptron"]) {
      for (const n of [1, 2, 3])
        expect(counts(id, setting(n + 1, noBias))?.strict, id).toBe(counts(id, setting(n))?.strict);
    }
  });

  it("three inputs by class: the AND of three and a AND (b OR c) tie", () => {
    const threshold = functions.get(3)!;
    const forms = weightForms(classesOf(threshold, 3), 3);
    const learned = learnedByClass(ruleOf("clamped-hebb"), setting(3), threshold)!;
    const table = learned.map(({ representative, ...rest }) => [forms.get(representative), rest]);
    expect(Object.fromEntries(table)).toEqual({
      constant: { size: 2, strict: 2, weak: 2 },
      "a >= 1": { size: 6, strict: 6, weak: 6 },
      "a + b >= 1": { size: 24, strict: 24, weak: 24 },
      "a + b + c >= 2": { size: 8, strict: 8, weak: 8 },
      "a + b + c >= 1": { size: 16, strict: 0, weak: 16 },
      "2a + b + c >= 2": { size: 48, strict: 0, weak: 48 },
    });
  });
});

it("the margin of AND under clamped Hebb is 2N + 2 - 2^N", () => {
  expect([1, 2, 3, 4, 5, 6].map(andMargin)).toEqual([2, 2, 0, -6, -20, -50]);
});

it("no rule leads to what is not a threshold function", () => {
  const threshold = new Set(functions.get(3));
  for (const rule of booleanRules) {
    for (const presentation of presentations) {
      const learns = learner(rule, setting(3, presentation));
      if (learns === undefined || rule.kind === "kept" || rule.id === "perceptron") continue;
      for (let f = 0; f < 256; f++) {
        const { strict, tiesOne, tiesZero } = learns(f);
        if (strict || tiesOne === true || tiesZero === true) expect(threshold.has(f), `${rule.id} ${f}`).toBe(true);
      }
    }
  }
});

/** Expected change of a clamped rule per weight, in floating point: a second way, by following it for a long time. */
type Drift = (t: number, x: number, w: number, mean: { t: number; tt: number; x: number }) => number;
const drifts: Readonly<Record<string, Drift>> = {
  "clamped-hebb": (t, x) => t * x,
  "clamped-anti-hebb": (t, x) => -t * x,
  covariance: (t, x, _w, mean) => (t - mean.t) * (x - mean.x),
  "bounded-hebb": (t, x, w) => t * x * (1 - w * w),
  "clamped-oja": (t, x, w) => t * x - t * t * w,
  "clamped-instar": (t, x, w) => t * (x - w),
  "clamped-outstar": (t, x, w) => x * (t - w),
  "clamped-bcm": (t, x, _w, mean) => t * (t - mean.tt) * x,
};

function followed(drift: Drift, points: readonly (readonly number[])[], targets: readonly number[]): number[] {
  const mean = (of: readonly number[]) => of.reduce((sum, value) => sum + value, 0) / of.length;
  const [t, tt] = [mean(targets), mean(targets.map((target) => target ** 2))];
  return points[0]!.map((_, j) => {
    const column = points.map((point) => point[j]!);
    const means = { t, tt, x: mean(column) };
    let w = 0;
    for (let step = 0; step < 300; step++) {
      let change = 0;
      for (let p = 0; p < column.length; p++) change += drift(targets[p]!, column[p]!, w, means);
      w += (0.2 * change) / column.length;
    }
    return w;
  });
}

/** Right everywhere by a margin, wrong somewhere by a margin, or undefined where some point is tied. */
function rightness(w: readonly number[], points: readonly (readonly number[])[], f: number): boolean | undefined {
  const size = Math.max(...w.map(Math.abs), 1e-9);
  const sides = points.map((x, p) => {
    const s = x.reduce((sum, value, j) => sum + value * w[j]!, 0) / size;
    return Math.abs(s) < 1e-3 ? 0 : Math.sign(s) * (Math.floor(f / 2 ** p) % 2 === 1 ? 1 : -1);
  });
  return sides.includes(-1) ? false : sides.includes(0) ? undefined : true;
}

describe("clamped rules against their course in floating point, three inputs", () => {
  const cases = Object.keys(drifts).flatMap((id) =>
    (["signed", "binary"] as const).map((target): [string, Encoding] => [id, target]),
  );
  it.each(cases)("%s, %s targets", (id, target) => {
    for (const presentation of presentations) {
      const at = setting(3, { ...presentation, target });
      const points = pointsOf(at);
      const learns = learner(ruleOf(id), at)!;
      for (const f of functions.get(3)!) {
        const right = rightness(followed(drifts[id]!, points, targetsOf(f, at)), points, f);
        const { strict, weak } = learns(f);
        // Growing weights outweigh settled ones only in the limit: a course of finite length leaves those ties open.
        if (id === "clamped-outstar" && right === undefined) continue;
        expect([strict, weak], `${f}`).toEqual([right === true, right !== false]);
      }
    }
  });
});

it("delta ends where least mean squares ends", () => {
  for (const presentation of presentations) {
    const at = setting(2, { ...presentation, target: "binary", threshold: 0.5 });
    const points = pointsOf(at);
    const learns = learner(ruleOf("delta"), at)!;
    for (const f of functions.get(2)!) {
      const w = points[0]!.map(() => 0);
      const targets = targetsOf(f, at);
      for (let step = 0; step < 3000; step++) {
        const x = points[step % 4]!;
        const error = targets[step % 4]! - x.reduce((sum, value, j) => sum + value * w[j]!, 0);
        const rate = 0.3 / (1 + step / 100);
        x.forEach((value, j) => (w[j]! += rate * error * value));
      }
      const margins = points.map(
        (x, p) =>
          (x.reduce((sum, value, j) => sum + value * w[j]!, 0) - 0.5) * (Math.floor(f / 2 ** p) % 2 === 1 ? 1 : -1),
      );
      expect(learns(f).strict, `${f}: ${margins.join(" ")}`).toBe(Math.min(...margins) > 0.02);
    }
  }
});

it("a threshold unit left to Hebb's and Oja's rule leaves exactly the functions that are not kept", () => {
  const at = setting(4);
  const points = pointsOf(at);
  const random = stream(1, "kept");
  const said = (w: readonly number[]) => points.map((x) => (x.reduce((sum, v, j) => sum + v * w[j]!, 0) > 0 ? 1 : -1));
  let left = 0;
  for (let trial = 0; trial < 100; trial++) {
    const start = points[0]!.map(() => random.normal());
    const first = said(start);
    const f = first.reduce((bits, value, p) => (value === 1 ? bits + 2 ** p : bits), 0);
    // Oja's rule shrinks the start by a tenth each step: after 100 it is 3e-5, and still breaks ties.
    for (const [id, shrink, steps] of [
      ["hebb", 0, 400],
      ["oja", 1, 100],
    ] as const) {
      let w = [...start];
      let moved = false;
      for (let step = 0; step < steps && !moved; step++) {
        const o = said(w);
        moved = o.some((value, p) => value !== first[p]);
        w = w.map(
          (weight, j) => weight + 0.1 * (points.reduce((sum, x, p) => sum + o[p]! * x[j]!, 0) / 16 - shrink * weight),
        );
      }
      expect(moved, `${id} ${f}`).toBe(!learner(ruleOf(id), at)!(f).weak);
      if (moved) left++;
    }
  }
  expect(left).toBeGreaterThan(0);
});
