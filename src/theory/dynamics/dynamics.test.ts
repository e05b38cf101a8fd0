import { describe, expect, it } from "vitest";
import { stream } from "../../random/stream.ts";
import { parsePolynomial } from "../polynomial/index.ts";
import {
  bcmStableResponses,
  boundedHebbFlow,
  ojaFlow,
  riccatiEnd,
  riccatiFlow,
  subspaceOjaFlow,
} from "./closed-forms.ts";
import { type Data, DataError, dataFrom, fromMoments, fromSamples } from "./data.ts";
import { dynamicsOf, isLinear } from "./dynamics.ts";
import { affineParts, expectedChange } from "./expected-change.ts";
import { expectedText } from "./expected-text.ts";
import { integrate } from "./integrate.ts";
import { symmetricEigen } from "./linear-algebra.ts";
import { linearDynamics, linearFlow, linearRecurrence, recurrenceOutcome } from "./linear-dynamics.ts";
import { dot, Matrix, norm } from "./matrix.ts";
import { simulate } from "./simulate.ts";

const N = 3;
/** Samples with a mean, correlations, a target that depends on them, and unequal probabilities. */
const rows = (() => {
  const { normal } = stream(1, "samples");
  return Array.from({ length: 7 }, () => {
    const shared = normal();
    return [0.4 + normal() + shared, normal() - 0.5 * shared, 0.6 * normal() + 0.2];
  });
})();
const targets = rows.map(([a, b, c], i) => a! - 0.5 * b! + 0.3 * c! + 0.2 * (i % 3) - 0.1);
const raw = rows.map((_, i) => 1 + (i % 3));
const total = raw.reduce((a, b) => a + b, 0);
const data = fromSamples({ inputs: rows, targets, probabilities: raw });
const mean = (of: (x: readonly number[], t: number) => number): number =>
  rows.reduce((sum, x, s) => sum + (raw[s]! / total) * of(x, targets[s]!), 0);
const table = (of: (x: readonly number[], t: number, i: number, k: number) => number): number[][] =>
  Array.from({ length: N }, (_, i) => Array.from({ length: N }, (_, k) => mean((x, t) => of(x, t, i, k))));
const list = (of: (x: readonly number[], t: number, j: number) => number): number[] =>
  Array.from({ length: N }, (_, j) => mean((x, t) => of(x, t, j)));
const M = table((x, _, i, k) => x[i]! * x[k]!);
const v = list((x, t, j) => t * x[j]!);
const mu = list((x, _, j) => x[j]!);
const square = mean((_, t) => t * t);
const zero = (): number[][] => table(() => 0);
const near = (found: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 1e-10): void => {
  expect(found.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++)
    expect(Math.abs(found[i]! - expected[i]!), `entry ${i}: ${found[i]} for ${expected[i]}`).toBeLessThan(
      tolerance * (1 + Math.abs(expected[i]!)),
    );
};
const diagonal = (entries: readonly number[]): number[][] =>
  entries.map((d, i) => entries.map((_, k) => (i === k ? d : 0)));
const combine = (a: readonly (readonly number[])[], b: readonly (readonly number[])[], factor: number): number[][] =>
  a.map((row, i) => row.map((value, k) => value + factor * b[i]![k]!));
const dynamics = (text: string, of: Data = data) => dynamicsOf(parsePolynomial(text), { data: of });

describe("the expected change of a linear unit", () => {
  // Term by term: E[T^a O^b x_j^c w_j^d] = w_j^d sum_k1..kb w_k1 .. w_kb E[T^a x_j^c x_k1 .. x_kb].
  it.each([
    [0, 0, 0, 1],
    [1, 0, 1, 0],
    [0, 1, 1, 0],
    [0, 2, 0, 1],
    [2, 1, 3, 0],
    [1, 2, 1, 2],
    [0, 3, 2, 1],
  ])("of T^%i O^%i I^%i w^%i contracts the data's moments", (a, b, c, d) => {
    const w = [0.7, -1.1, 0.4];
    const contracted = (j: number, left: number, chosen: readonly number[]): number =>
      left === 0
        ? mean((x, t) => t ** a * x[j]! ** c * chosen.reduce((product, k) => product * x[k]!, 1))
        : w.reduce((sum, wk, k) => sum + wk * contracted(j, left - 1, [...chosen, k]), 0);
    const change = expectedChange(parsePolynomial(`T^${a}*O^${b}*I^${c}*w^${d}`), { data });
    near(
      change(w),
      w.map((wj, j) => wj ** d * contracted(j, b, [])),
    );
  });

  it.each<[string, number[][], number[]]>([
    ["O*I", M, [0, 0, 0]],
    ["-O*I", M.map((row) => row.map((value) => -value)), [0, 0, 0]],
    ["T*I", zero(), v],
    ["(T - O)*I", M.map((row) => row.map((value) => -value)), v],
    ["O*I - 0.3*w", combine(M, diagonal([1, 1, 1]), -0.3), [0, 0, 0]],
    ["T*I - 0.3*w", diagonal([-0.3, -0.3, -0.3]), v],
    ["T*I - T^2*w", diagonal([-square, -square, -square]), v],
    ["O*I - I^2*w", combine(M, diagonal([M[0]![0]!, M[1]![1]!, M[2]![2]!]), -1), [0, 0, 0]],
    ["I*(O - w)", combine(M, diagonal(mu), -1), [0, 0, 0]],
    ["(O - E[O])*(I - E[I])", table((x, _, i, k) => (x[i]! - mu[i]!) * (x[k]! - mu[k]!)), [0, 0, 0]],
    ["E[T*I]*E[T]*w + E[I]^2", diagonal(v.map((value) => value * mean((_, t) => t))), mu.map((m) => m * m)],
  ])("%s is A w + b", (text, a, b) => {
    const { linear } = dynamics(text);
    near(linear!.a.values, a.flat());
    near(linear!.b, b);
  });

  it.each(["O*I - w*O^2", "O*(I - w)", "T*I*(1 - w^2)", "O^2*I", "E[O]*O"])("%s is not linear in w", (text) => {
    expect(isLinear(parsePolynomial(text), {})).toBe(false);
  });

  it("is not linear where the unit is not, and asks for values of constants", () => {
    expect(isLinear(parsePolynomial("O*I"), { unit: "tanh" })).toBe(false);
    expect(isLinear(parsePolynomial("T*I - w"), { unit: "tanh" })).toBe(true);
    expect(() => dynamics("O*I - g*w")).toThrow("constant g: expected a value to compute with, got none; add g=NUMBER");
  });

  it.each([
    ["O*I - alpha*w*O^2", "M w - alpha (w'Mw) w"],
    ["(T - O)*I", "v - M w"],
    ["(O - E[O])*(I - E[I])", "M w - (mu'w) mu - (mu'w) mu + (mu'w) mu"],
    ["T*I*(1 - w^2)", "v - v o w^2"],
    ["O*(O - E[O^2])*I", "E[O^2*I] - (w'Mw) M w"],
    ["0.5*E[I]^2 - T*O*w", "0.5 mu^2 - (v'w) w"],
    ["2 - O", "-(mu'w) 1 + 2 1"],
  ])("%s in symbols is %s", (text, symbols) => expect(expectedText(parsePolynomial(text))).toBe(symbols));
});

describe("linear dynamics", () => {
  const texts = ["(T - O)*I", "O*I - 0.3*w", "T*I", "I*(T - w)", "O*I - I^2*w"];
  it.each(texts)("the flow of %s is that of the integrator", (text) => {
    const { linear, change, flow } = dynamics(text);
    expect(flow.kind).toBe("matrix exponential");
    const start = [0.5, -0.2, 0.9];
    const times = [0, 0.3, 1, 2];
    const { states } = integrate((_, w) => change(w), start, times, { tolerance: 1e-12 });
    times.forEach((t, i) => near(linearFlow(linear!, start, t), states[i]!, 1e-9));
  });

  it.each(texts)("the recurrence of %s is the loop", (text) => {
    const { linear, change } = dynamics(text);
    const start = [0.5, -0.2, 0.9];
    let w = Float64Array.from(start);
    for (let k = 0; k <= 37; k++) {
      if ([0, 1, 2, 37].includes(k)) near(linearRecurrence(linear!, start, 0.05, k), w);
      const step = change(w);
      w = w.map((value, j) => value + 0.05 * step[j]!);
    }
  });

  it("the delta rule reaches least squares below 2 / lambda_max and blows up above", () => {
    const { linear } = dynamics("(T - O)*I");
    const top = symmetricEigen(Matrix.of(M)).values[0]!;
    expect(linear!.flow).toBe("converges");
    expect(linear!.largestRate).toBeCloseTo(2 / top, 10);
    near(Matrix.of(M).apply(linear!.fixedPoint!), v);
    expect(recurrenceOutcome(linear!, (0.99 * 2) / top)).toBe("converges");
    expect(recurrenceOutcome(linear!, (1.01 * 2) / top)).toBe("grows exponentially");
    near(linearRecurrence(linear!, [1, 2, 3], (0.99 * 2) / top, 4000), linear!.fixedPoint!, 1e-9);
    expect(norm(linearRecurrence(linear!, [1, 2, 3], (1.01 * 2) / top, 4000))).toBeGreaterThan(1e30);
  });

  it("Hebb with decay dies or diverges by the largest eigenvalue", () => {
    const top = symmetricEigen(Matrix.of(M)).values[0]!;
    expect(dynamics(`O*I - ${(top * 1.01).toFixed(6)}*w`).linear!.flow).toBe("converges");
    expect(dynamics(`O*I - ${(top * 0.99).toFixed(6)}*w`).linear!.flow).toBe("grows exponentially");
  });

  it("clamped Hebb grows as w0 + t v, clamped Oja goes to v / E[T^2]", () => {
    const clamped = dynamics("T*I").linear!;
    expect(clamped.flow).toBe("grows linearly");
    expect(clamped.fixedPoint).toBeUndefined();
    near(
      linearFlow(clamped, [1, 1, 1], 3),
      v.map((value) => 1 + 3 * value),
    );
    const oja = dynamics("T*I - T^2*w").linear!;
    expect(oja.flow).toBe("converges");
    near(
      oja.fixedPoint!,
      v.map((value) => value / square),
    );
  });

  it("anti-Hebb on data in a plane keeps what is outside it", () => {
    const flat = fromMoments({
      secondMoments: [
        [2, 0, 0],
        [0, 1, 0],
        [0, 0, 0],
      ],
    });
    const { linear } = dynamics("-O*I", flat);
    expect(linear!.flow).toBe("converges to a limit set by the start");
    near(linearFlow(linear!, [1, 1, 5], 60), [0, 0, 5]);
    expect(recurrenceOutcome(linear!, 0.5)).toBe("converges to a limit set by the start");
    expect(recurrenceOutcome(linear!, 1.01)).toBe("grows exponentially");
  });

  it("tells oscillation and growth as a power of time from convergence", () => {
    const none = new Float64Array(2);
    expect(
      linearDynamics(
        Matrix.of([
          [0, 1],
          [-1, 0],
        ]),
        none,
      ).flow,
    ).toBe("oscillates without end");
    expect(
      linearDynamics(
        Matrix.of([
          [0, 1],
          [0, 0],
        ]),
        none,
      ).flow,
    ).toBe("grows as a power of time");
    const spiral = linearDynamics(
      Matrix.of([
        [-1, 3],
        [-3, -1],
      ]),
      none,
    );
    expect(spiral.flow).toBe("converges");
    // |1 + eta (-1 + 3i)| < 1 for eta < 2/10.
    expect(spiral.largestRate).toBeCloseTo(0.2, 12);
    expect(recurrenceOutcome(spiral, 0.199)).toBe("converges");
    expect(recurrenceOutcome(spiral, 0.201)).toBe("grows exponentially");
  });

  it("presynaptic decay has trace 0: a positive eigenvalue unless the second moments are diagonal", () => {
    expect(dynamics("O*I - I^2*w").linear!.flow).toBe("grows exponentially");
    const diagonal = fromMoments({
      secondMoments: [
        [2, 0],
        [0, 1],
      ],
    });
    expect(dynamics("O*I - I^2*w", diagonal).linear!.flow).toBe("converges to a limit set by the start");
  });
});

describe("nonlinear closed forms", () => {
  const m = Matrix.of(M);
  const { values, vectors } = symmetricEigen(m);

  it.each([0.5, 1, 3])("Oja with alpha = %d is the integrator's solution and ends on the first component", (alpha) => {
    const { flow, change } = dynamics(`2*O*I - ${2 * alpha}*w*O^2`);
    expect(flow.kind).toBe("Oja, closed form");
    const start = [0.3, -0.4, 0.2];
    const times = [0, 0.1, 0.5, 1];
    const { states } = integrate((_, w) => change(w), start, times, { tolerance: 1e-12 });
    flow.at(start, times).states.forEach((w, i) => near(w, states[i]!, 1e-8));
    const late = ojaFlow(m, alpha, start, 1000);
    expect(norm(late)).toBeCloseTo(alpha ** -0.5, 9);
    expect(Math.abs(dot(late, vectors.column(0)))).toBeCloseTo(alpha ** -0.5, 9);
  });

  it("Oja's fixed points are 0 and plus or minus every eigenvector, of which the first is stable", () => {
    const { fixedPoints, fates } = dynamics("O*I - w*O^2");
    expect(fixedPoints.map(({ stability }) => stability)).toEqual([
      "stable",
      "stable",
      "saddle",
      "saddle",
      "saddle",
      "saddle",
      "unstable",
    ]);
    for (const { w, eigenvalues, stability } of fixedPoints.slice(0, 6)) {
      const k = [0, 1, 2].find((i) => Math.abs(dot(w, vectors.column(i))) > 0.999)!;
      expect(norm(w)).toBeCloseTo(1, 8);
      expect(stability).toBe(k === 0 ? "stable" : "saddle");
      // Along itself -2 lambda_k, along the others lambda_i - lambda_k.
      const expected = [...values].map((value, i) => (i === k ? -2 * value : value - values[k]!)).sort((a, b) => b - a);
      near(
        eigenvalues.map(({ re }) => re),
        expected,
        1e-5,
      );
    }
    near(fixedPoints[6]!.w, [0, 0, 0]);
    expect(fates).toEqual({ starts: 12, settled: 12, escaped: 0 });
  });

  it("the subspace rule solves its Riccati equation and ends on the leading plane", () => {
    const w0 = Matrix.of([
      [0.5, 0.1],
      [-0.2, 0.7],
      [0.3, 0.4],
    ]);
    const start = w0.multiply(w0.transpose());
    const field = (_: number, y: Float64Array): Float64Array => {
      const w = new Matrix(3, 2, y);
      const mw = m.multiply(w);
      return mw.add(w.multiply(w.transpose().multiply(mw)), -1).values;
    };
    const { states } = integrate(field, w0.values, [0, 0.2, 1], { tolerance: 1e-12 });
    [0, 0.2, 1].forEach((t, i) => {
      const w = new Matrix(3, 2, states[i]);
      near(subspaceOjaFlow(m, start, t).values, w.multiply(w.transpose()).values, 1e-8);
    });
    const plane = new Matrix(3, 3);
    for (let i = 0; i < 3; i++)
      for (let j = 0; j < 3; j++)
        plane.set(i, j, vectors.at(i, 0) * vectors.at(j, 0) + vectors.at(i, 1) * vectors.at(j, 1));
    near(subspaceOjaFlow(m, start, 12 / (values[1]! - values[2]!)).values, plane.values, 1e-4);
  });

  it.each([
    [1, -2, 0.5, 0.3],
    [1, -2, 0.5, 8],
    [1, 3, 0.5, 0.3],
    [1, -2, 1, -1],
    [1, -2, 1, 3],
    [2, 1, 3, -0.5],
    [2, 1, -3, 5],
    [1, 2, 0, 0.4],
    [2, 0, 0, 0.4],
    [0, 1, 0, -2],
  ])("w' = %d + %d w + %d w^2 from %d", (a, b, c, start) => {
    const coefficients = { a, b, c };
    const end = riccatiEnd(coefficients, start);
    const { outcome, reached } = integrate((_, y) => [a + b * y[0]! + c * y[0]! ** 2], [start], [0, 3], {
      tolerance: 1e-11,
    });
    expect(outcome).toBe(end < 3 ? "blewUp" : "finished");
    if (end < 3) expect(reached).toBeCloseTo(end, 6);
    for (const t of [0.1, 0.5, 1].map((share) => share * Math.min(0.99 * end, 3))) {
      const { states } = integrate((_, y) => [a + b * y[0]! + c * y[0]! ** 2], [start], [0, t], { tolerance: 1e-13 });
      near([riccatiFlow(coefficients, start, t)], states[1]!, 1e-7);
    }
    if (end < Infinity) expect(riccatiFlow(coefficients, start, end * 1.01)).toBeNaN();
  });

  it("the Riccati solution with two roots is the one written with them", () => {
    const [a, b, c, w0, t] = [1, 3, 0.5, 0.3, 0.2];
    const s = Math.sqrt(b * b - 4 * a * c);
    const [r1, r2] = [(-b + s) / (2 * c), (-b - s) / (2 * c)];
    const e = ((w0 - r1) / (w0 - r2)) * Math.exp(c * (r1 - r2) * t);
    near([riccatiFlow({ a, b, c }, w0, t)], [(r1 - r2 * e) / (1 - e)]);
  });

  it("bounded clamped Hebb is tanh(v t + artanh w0) and ends on signs", () => {
    const { flow, change } = dynamics("T*I*(1 - w^2)");
    expect(flow.kind).toBe("Riccati, entry by entry");
    const start = [0.2, -0.6, 0.1];
    const { states } = flow.at(start, [0, 0.7, 30]);
    near(states[1]!, boundedHebbFlow(v, start, 0.7));
    near(states[1]!, integrate((_, w) => change(w), start, [0, 0.7], { tolerance: 1e-12 }).states[1]!, 1e-9);
    near(states[2]!, v.map(Math.sign), 1e-3);
  });

  it("BCM on two patterns becomes selective with responses 1/p", () => {
    const patterns = [
      [1, 0.3],
      [0.2, 0.8],
    ];
    const bcm = fromSamples({ inputs: patterns, probabilities: [0.4, 0.6] });
    const { fixedPoints, flow } = dynamicsOf(parsePolynomial("O*(O - E[O^2])*I"), { data: bcm });
    expect(flow.kind).toBe("numerical integration");
    const responses = (w: ArrayLike<number>): number[] => patterns.map((x) => dot(x, w));
    const stable = fixedPoints.filter(({ stability }) => stability === "stable").map(({ w }) => responses(w));
    const sorted = stable.sort((p, q) => q[0]! - p[0]!);
    expect(bcmStableResponses([0.4, 0.6])).toEqual([
      [2.5, 0],
      [0, 1 / 0.6],
    ]);
    expect(sorted).toHaveLength(2);
    sorted.forEach((response, i) => near(response, bcmStableResponses([0.4, 0.6])[i]!, 1e-6));
    near(responses(flow.at([0.5, 0.1], [0, 300]).states[1]!), [2.5, 0], 1e-5);
  });

  it("finds a rule that escapes", () => {
    expect(dynamics("O*I + w*O^2").fates.escaped).toBe(12);
    expect(dynamics("O*I").fates.escaped).toBe(12);
  });
});

describe("normal inputs", () => {
  const covariance = [
    [1.5, 0.4],
    [0.4, 0.8],
  ];
  const given = { mean: [0.3, -0.2], covariance, target: { mean: 0.5, square: 2, input: [0.9, -0.4] }, gaussian: true };
  const normal = fromMoments(given);
  const w = [0.7, -0.4];

  it("of mean 0 have the moments of Isserlis", () => {
    const centred = fromMoments({ covariance, gaussian: true });
    const s2 = dot(w, Matrix.of(covariance).apply(w));
    const sw = Matrix.of(covariance).apply(w);
    near(centred.expectation({ T: 0, O: 4, I: 0 }, w, "linear"), [3 * s2 ** 2, 3 * s2 ** 2]);
    near(
      centred.expectation({ T: 0, O: 3, I: 1 }, w, "linear"),
      sw.map((value) => 3 * s2 * value),
    );
    near(
      centred.expectation({ T: 0, O: 2, I: 2 }, w, "linear"),
      sw.map((value, j) => s2 * covariance[j]![j]! + 2 * value ** 2),
    );
    near(
      centred.expectation({ T: 0, O: 1, I: 1 }, w, "threshold"),
      sw.map((value) => Math.sqrt(2 / Math.PI / s2) * value),
      1e-12,
    );
    // Stein: E[f(S) x] = E[f'(S)] Cov w, with E[f'] by a plain sum over a fine grid.
    const slope = (f: (s: number) => number): number => {
      let sum = 0;
      for (let z = -9; z <= 9; z += 0.001) sum += f(z * Math.sqrt(s2)) * Math.exp((-z * z) / 2) * 0.001;
      return sum / Math.sqrt(2 * Math.PI);
    };
    near(
      centred.expectation({ T: 0, O: 1, I: 1 }, w, "tanh"),
      sw.map((value) => slope((s) => 1 - Math.tanh(s) ** 2) * value),
      1e-9,
    );
    near(centred.expectation({ T: 0, O: 1, I: 0 }, w, "sigmoid"), [0.5, 0.5]);
  });

  it.each(["linear", "threshold", "sigmoid", "tanh"] as const)("agree with many samples for a %s unit", (unit) => {
    // x and T from independent normals by a Cholesky factor written out here.
    const c = [
      [1.5, 0.4, 0.75],
      [0.4, 0.8, -0.3],
      [0.75, -0.3, 1.75],
    ];
    const l = [
      [0, 0, 0],
      [0, 0, 0],
      [0, 0, 0],
    ];
    for (let i = 0; i < 3; i++)
      for (let j = 0; j <= i; j++) {
        let rest = c[i]![j]!;
        for (let k = 0; k < j; k++) rest -= l[i]![k]! * l[j]![k]!;
        l[i]![j] = i === j ? Math.sqrt(rest) : rest / l[j]![j]!;
      }
    const random = stream(2, "normal");
    const drawn = Array.from({ length: 60_000 }, () => {
      const z = [random.normal(), random.normal(), random.normal()];
      return l.map((row, i) => [0.3, -0.2, 0.5][i]! + dot(row, z));
    });
    const many = fromSamples({ inputs: drawn.map((row) => row.slice(0, 2)), targets: drawn.map((row) => row[2]!) });
    for (const order of [
      { T: 1, O: 1, I: 1 },
      { T: 0, O: 2, I: 1 },
      { T: 0, O: 1, I: 0 },
      { T: 1, O: 0, I: 1 },
    ]) {
      // Standard deviations of the products are a few units: five standard errors.
      near(normal.expectation(order, w, unit), many.expectation(order, w, unit), 0.05);
    }
  });

  it("first and second moments are enough for order two, and refused beyond", () => {
    const two = fromMoments({ ...given, gaussian: false });
    const change = expectedChange(parsePolynomial("(T - O)*I - w*O^2"), { data: two })(w);
    near(change, expectedChange(parsePolynomial("(T - O)*I - w*O^2"), { data: normal })(w));
    expect(() => expectedChange(parsePolynomial("O^2*I"), { data: two })).toThrow(
      "expected moments of order 3, got first and second moments only",
    );
    expect(() => expectedChange(parsePolynomial("O*I"), { data: two, unit: "tanh" })).toThrow('"gaussian": true');
  });

  it("the mean drive stands in for every activity when that is asked for", () => {
    const drive = dot(w, [0.3, -0.2]);
    const change = expectedChange(parsePolynomial("O*I"), { data: normal, unit: "sigmoid", averaging: "mean-drive" });
    near(
      change(w),
      [0.3, -0.2].map((m) => m / (1 + Math.exp(-drive))),
    );
  });

  it("E[dw] of Hebb with a threshold unit is not linear: its direction alone follows", () => {
    const centred = fromMoments({ covariance, gaussian: true });
    const change = expectedChange(parsePolynomial("O*I"), { data: centred, unit: "threshold" });
    near(change([1.4, -0.8]), change(w));
  });
});

describe("data from a file", () => {
  it.each<[unknown, string]>([
    [{ inputs: [[1, 2], [3]] }, "expected rows of inputs of one length, got 1 in row 2 and 2 in row 1"],
    [{ inputs: [[1, 2]], targets: [1, 2] }, "expected as many targets as rows of inputs (1), got 2"],
    [{ inputs: [[1]], probabilities: [0] }, "positive sum"],
    [{ inputs: "x" }, "data: inputs"],
    [{ mean: [1] }, "expected either secondMoments (E[x x']) or covariance, got neither"],
    [
      {
        covariance: [
          [1, 2],
          [0, 1],
        ],
      },
      "symmetric",
    ],
    [
      {
        covariance: [
          [1, 2],
          [2, 1],
        ],
      },
      "negative eigenvalue -1",
    ],
    [{ covariance: [[1]], target: { square: 0.1, input: [1] } }, "negative eigenvalue"],
    [
      {
        covariance: [
          [1, 0],
          [0, 1],
        ],
        mean: [1],
      },
      "expected 2 means",
    ],
    [{ covariance: [[1]], samples: 3 }, "data: "],
    [[], "data: "],
    [null, "data: "],
  ])("%j is refused", (value, message) => {
    expect(() => dataFrom(value)).toThrow(DataError);
    expect(() => dataFrom(value)).toThrow(message);
  });

  it("refuses a supervised rule without targets", () => {
    expect(() => dynamics("T*I", fromSamples({ inputs: rows }))).toThrow(
      "expected targets, which this rule reads, got none",
    );
  });

  it("reads second moments as means and covariance", () => {
    const read = dataFrom({ secondMoments: M, mean: mu, target: { mean: mean((_, t) => t), square, input: v } });
    near(read.covariance.values, data.covariance.values);
    const { a, b } = affineParts(expectedChange(parsePolynomial("(T - O)*I"), { data: read }), N);
    near(
      a.values,
      M.flat().map((value) => -value),
    );
    near(b, v);
  });
});

describe("simulation", () => {
  it("of the delta rule with a small step follows the recurrence", () => {
    const rule = parsePolynomial("(T - O)*I");
    const { linear } = dynamicsOf(rule, { data });
    const eta = 0.002;
    const runs = Array.from({ length: 20 }, (_, seed) =>
      simulate(rule, { data, eta, steps: 1500, start: [0, 0, 0], random: stream(seed, "simulate") }),
    );
    const last = runs.map(({ weights }) => weights.at(-1)!);
    const expected = linearRecurrence(linear!, [0, 0, 0], eta, 1500);
    for (let j = 0; j < N; j++) {
      const column = last.map((w) => w[j]!);
      const centre = column.reduce((a, b) => a + b, 0) / 20;
      const spread = Math.sqrt(column.reduce((a, b) => a + (b - centre) ** 2, 0) / 19 / 20);
      // The recurrence is exact for the mean, whatever the step: samples are drawn independently.
      expect(Math.abs(centre - expected[j]!)).toBeLessThan(5 * spread);
      expect(spread).toBeLessThan(0.1);
    }
  });

  it("of Oja on normal inputs comes to the first component, of BCM to a selective response, of Hebb escapes", () => {
    const normal = fromMoments({
      covariance: [
        [3, 1],
        [1, 1],
      ],
      gaussian: true,
    });
    const options = { eta: 0.005, steps: 4000, start: [0.1, 0.5], random: stream(3, "simulate") };
    const oja = simulate(parsePolynomial("O*I - w*O^2"), { ...options, data: normal });
    const top = symmetricEigen(
      Matrix.of([
        [3, 1],
        [1, 1],
      ]),
    ).vectors.column(0);
    expect(Math.abs(dot(oja.weights.at(-1)!, top))).toBeCloseTo(1, 1);
    expect(oja.steps.at(-1)).toBe(4000);
    const patterns = [
      [1, 0.3],
      [0.2, 0.8],
    ];
    const bcm = fromSamples({ inputs: patterns, probabilities: [0.4, 0.6] });
    const selective = simulate(parsePolynomial("O*(O - E[O^2])*I"), {
      ...options,
      data: bcm,
      start: [0.5, 0.1],
      steps: 20_000,
    });
    near(
      patterns.map((x) => dot(x, selective.weights.at(-1)!)),
      [2.5, 0],
      0.1,
    );
    expect(simulate(parsePolynomial("O*I"), { ...options, data: normal, eta: 0.05 }).diverged).toBe(true);
  });
});
