import { describe, expect, it } from "vitest";
import { stream } from "../../random/stream.ts";
import { Matrix } from "../dynamics/matrix.ts";
import { parsePolynomial } from "../polynomial/index.ts";
import { toNumber } from "../polynomial/rational.ts";
import { type Fate, learn } from "./learn.ts";
import type { Candidate } from "./space.ts";
import { linearTask, unitData } from "./unit-data.ts";

const rule = (text: string): Candidate => ({ terms: parsePolynomial(text).terms });
const task = linearTask({ inputs: 3, samples: 16, shape: "normal", degree: 4 }, stream(1, "test"));
const start = Float64Array.of(0.4, -0.3, 0.2);

describe("a unit learns", () => {
  it.each([
    ["T*I - O*I", "linear"],
    ["O*I - O^2*w", "linear"],
    ["T*O*I^2 - 1/2*I*w^2 + T^2 - w", "linear"],
    ["T*I - O*I + O^2*w - O*w^2", "threshold"],
  ] as const)("%s on a %s unit as the equation says, sample by sample", (text, unit) => {
    const { terms } = rule(text);
    const { inputs, samples } = task.data;
    const [x, target] = [task.data.inputPowers[1]!, task.data.targetPowers[1]!];
    let w = [...start];
    for (let step = 0; step < 20; step++) {
      const change = w.map(() => 0);
      for (let s = 0; s < samples; s++) {
        const row = [...x.slice(s * inputs, (s + 1) * inputs)];
        const drive = row.reduce((sum, value, j) => sum + value * w[j]!, 0);
        const O = unit === "linear" ? drive : Math.sign(drive);
        for (const { exponents: e, coefficient } of terms)
          row.forEach((I, j) => {
            change[j]! += (toNumber(coefficient) * target[s]! ** e.T * O ** e.O * I ** e.I * w[j]! ** e.w) / samples;
          });
      }
      w = w.map((value, j) => value + 0.05 * change[j]!);
    }
    const { weights } = learn(rule(text), task.data, { unit, rate: 0.05, steps: 20, start });
    w.forEach((value, j) => expect(weights[j]).toBeCloseTo(value, 12));
  });

  it("by the delta rule as its closed form, w* + (1 - eta M)^k (w0 - w*)", () => {
    const { data, leastSquares } = task;
    const x = new Matrix(data.samples, data.inputs, data.inputPowers[1]);
    const m = x
      .transpose()
      .multiply(x)
      .scale(1 / data.samples);
    let error = start.map((value, j) => value - leastSquares[j]!);
    for (let k = 0; k < 60; k++) error = m.apply(error).map((value, j) => error[j]! - 0.1 * value);
    const { weights } = learn(rule("T*I - O*I"), data, { unit: "linear", rate: 0.1, steps: 60, start });
    error.forEach((value, j) => expect(weights[j]).toBeCloseTo(leastSquares[j]! + value, 12));
  });

  it.each([
    ["O*I", "diverged"],
    ["O^3*I + w", "diverged"],
    ["-w", "dead"],
    ["-O*I - w", "dead"],
    ["O*I - O^2*w", "settled"],
    ["O^2*I", "settled"],
    ["T^2", "moving"],
  ] as [string, Fate][])("%s ends %s", (text, fate) => {
    expect(learn(rule(text), task.data, { unit: "linear", rate: 0.1, steps: 600, start }).fate).toBe(fate);
  });

  it("a threshold unit says 0 at 0", () => {
    const data = unitData(Float64Array.of(1, 1), Float64Array.of(1, -1), 1);
    const { weights } = learn(rule("O*I + I"), data, {
      unit: "threshold",
      rate: 0.5,
      steps: 1,
      start: new Float64Array(1),
    });
    expect([...weights]).toEqual([0.5]);
  });
});

describe.each(["normal", "skewed"] as const)("a task with %s inputs", (shape) => {
  const inputs = 5;
  const { data, principal, leastSquares, error } = linearTask(
    { inputs, samples: 40, shape, degree: 3 },
    stream(3, shape),
  );
  const x = new Matrix(data.samples, inputs, data.inputPowers[1]);
  const target = data.targetPowers[1]!;
  const moments = x
    .transpose()
    .multiply(x)
    .scale(1 / data.samples);
  const mean = (values: Float64Array): number => values.reduce((a, b) => a + b, 0) / values.length;

  it("has the principal component and the eigenvalues it states", () => {
    const image = moments.apply(principal);
    const value = image.reduce((sum, v, j) => sum + v * principal[j]!, 0);
    image.forEach((v, j) => expect(v).toBeCloseTo(value * principal[j]!, 10));
    expect(value).toBeGreaterThanOrEqual(1.2);
    expect(value).toBeLessThan(2.2);
    const trace = Array.from({ length: inputs }, (_, j) => moments.at(j, j)).reduce((a, b) => a + b, 0);
    const ratios = Array.from({ length: inputs }, (_, k) => 0.1 ** (k / 4)).reduce((a, b) => a + b, 0);
    expect(trace / value).toBeCloseTo(ratios, 10);
  });

  it("has no weights of less error than those of least squares, and a target of mean square 1", () => {
    expect(mean(target.map((t) => t * t))).toBeCloseTo(1, 12);
    const least = error(leastSquares);
    expect(least).toBeGreaterThan(0.01);
    for (let j = 0; j < inputs; j++)
      for (const by of [-0.01, 0.01])
        expect(error(leastSquares.map((value, i) => value + (i === j ? by : 0)))).toBeGreaterThan(least);
  });

  it("has odd moments only where they are wanted", () => {
    const odd = [data.inputPowers[1]!, data.inputPowers[3]!, target].map((values) => Math.abs(mean(values)));
    if (shape === "normal") odd.forEach((value) => expect(value).toBeLessThan(1e-12));
    else expect(Math.max(...odd)).toBeGreaterThan(0.05);
  });
});
