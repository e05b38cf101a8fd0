import { describe, expect, it } from "vitest";
import { stream } from "../../random/stream.ts";
import { eigenvalues } from "./eigenvalues.ts";
import { integrate } from "./integrate.ts";
import { matrixExponential, rankOf, solve, symmetricEigen } from "./linear-algebra.ts";
import { Matrix } from "./matrix.ts";

const random = (rows: number, columns: number, seed: number): Matrix => {
  const draw = stream(seed, "matrix");
  return new Matrix(rows, columns, Float64Array.from({ length: rows * columns }, draw.normal));
};
const trace = (a: Matrix): number => a.toRows().reduce((sum, row, i) => sum + row[i]!, 0);

describe("solve", () => {
  it.each([1, 2, 5, 12])("recovers a known solution of %i equations", (n) => {
    const a = random(n, n, n);
    const x = random(n, 1, 100 + n).column(0);
    const { x: found, rank, consistent } = solve(a, a.apply(x));
    expect(rank).toBe(n);
    expect(consistent).toBe(true);
    found.forEach((value, i) => expect(value).toBeCloseTo(x[i]!, 9));
  });

  it("knows rank and consistency of a singular system", () => {
    const a = random(5, 2, 1).multiply(random(2, 5, 2));
    expect(rankOf(a)).toBe(2);
    const inside = a.apply([1, 2, 3, 4, 5]);
    const { x, consistent } = solve(a, inside);
    expect(consistent).toBe(true);
    a.apply(x).forEach((value, i) => expect(value).toBeCloseTo(inside[i]!, 9));
    expect(solve(a, [1, 0, 0, 0, 0]).consistent).toBe(false);
  });
});

describe("eigenvalues", () => {
  it.each([2, 3, 6, 15])("of a symmetric matrix of %i rows: A V = V D with V orthonormal", (n) => {
    const half = random(n, n, 7 + n);
    const a = half.add(half.transpose());
    const { values, vectors } = symmetricEigen(a);
    expect(
      a
        .multiply(vectors)
        .add(vectors.multiply(Matrix.diagonal(values)), -1)
        .largest(),
    ).toBeLessThan(1e-12 * n);
    expect(vectors.transpose().multiply(vectors).add(Matrix.identity(n), -1).largest()).toBeLessThan(1e-13 * n);
    expect([...values]).toEqual([...values].sort((x, y) => y - x));
  });

  it("of a companion matrix are the roots of its polynomial", () => {
    // (x - 2)(x + 1)(x^2 + 2x + 5): roots 2, -1, -1 +- 2i.
    const [c0, c1, c2, c3] = [-10, -9, 1, 1];
    const companion = Matrix.of([
      [0, 0, 0, -c0],
      [1, 0, 0, -c1],
      [0, 1, 0, -c2],
      [0, 0, 1, -c3],
    ]);
    const found = eigenvalues(companion).sort((a, b) => b.re - a.re || b.im - a.im);
    const rounded = found.map(({ re, im }) => [Number(re.toFixed(9)) + 0, Number(im.toFixed(9)) + 0]);
    expect(rounded[0]).toEqual([2, 0]);
    expect(rounded.slice(1).sort((a, b) => b[1]! - a[1]!)).toEqual([
      [-1, 2],
      [-1, 0],
      [-1, -2],
    ]);
  });

  it.each([3, 8, 20])(
    "of a random matrix of %i rows give its trace, the trace of its powers, and come in pairs",
    (n) => {
      const a = random(n, n, 50 + n);
      const found = eigenvalues(a);
      expect(found).toHaveLength(n);
      let powers = found;
      let product = a;
      for (let k = 1; k <= 4; k++) {
        const scale = powers.reduce((sum, { re, im }) => sum + Math.hypot(re, im), 0);
        expect(Math.abs(powers.reduce((sum, { re }) => sum + re, 0) - trace(product))).toBeLessThan(1e-11 * scale);
        expect(Math.abs(powers.reduce((sum, { im }) => sum + im, 0))).toBeLessThan(1e-11 * scale);
        powers = powers.map(({ re, im }, i) => ({
          re: re * found[i]!.re - im * found[i]!.im,
          im: re * found[i]!.im + im * found[i]!.re,
        }));
        product = product.multiply(a);
      }
    },
  );

  it("of a rotation, of a nilpotent and of a triangular matrix", () => {
    const turning = eigenvalues(
      Matrix.of([
        [0, -3],
        [3, 0],
      ]),
    );
    expect(turning.map(({ re, im }) => [Math.round(re * 1e12) + 0, im.toFixed(12)])).toEqual([
      [0, "3.000000000000"],
      [0, "-3.000000000000"],
    ]);
    for (const { re, im } of eigenvalues(
      Matrix.of([
        [0, 1, 0],
        [0, 0, 1],
        [0, 0, 0],
      ]),
    ))
      expect(Math.hypot(re, im)).toBeLessThan(1e-12);
    expect(
      eigenvalues(
        Matrix.of([
          [1, 5, 6],
          [0, 4, 7],
          [0, 0, -2],
        ]),
      ).map(({ re }) => Math.round(re)),
    ).toEqual([4, 1, -2]);
  });
});

describe("the matrix exponential", () => {
  it("of a symmetric matrix is V e^D V'", () => {
    const half = random(6, 6, 3);
    const a = half.add(half.transpose());
    const { values, vectors } = symmetricEigen(a);
    const expected = vectors.multiply(Matrix.diagonal(values.map(Math.exp))).multiply(vectors.transpose());
    expect(matrixExponential(a).add(expected, -1).largest()).toBeLessThan(1e-12 * expected.largest());
  });

  it("of a rotation generator is the rotation, of a nilpotent matrix its finite series", () => {
    const turned = matrixExponential(
      Matrix.of([
        [0, -2],
        [2, 0],
      ]),
    );
    expect(turned.at(0, 0)).toBeCloseTo(Math.cos(2), 13);
    expect(turned.at(1, 0)).toBeCloseTo(Math.sin(2), 13);
    expect(
      matrixExponential(
        Matrix.of([
          [0, 3, 0],
          [0, 0, 4],
          [0, 0, 0],
        ]),
      ).toRows(),
    ).toEqual([
      [1, 3, 6],
      [0, 1, 4],
      [0, 0, 1],
    ]);
  });
});

describe("the integrator", () => {
  it("follows a harmonic oscillator to its tolerance", () => {
    const { states, outcome } = integrate((_, y) => [y[1]!, -y[0]!], [1, 0], [0, 1, 7, 20]);
    expect(outcome).toBe("finished");
    [0, 1, 7, 20].forEach((t, i) => expect(Math.abs(states[i]![0]! - Math.cos(t))).toBeLessThan(2e-9));
  });

  it("is of order five: a hundredfold tighter tolerance costs about 100^(1/5) as many steps", () => {
    const cost = (tolerance: number): number => {
      let calls = 0;
      integrate((t, y) => (calls++, [Math.cos(t) * y[0]!]), [1], [0, 10], { tolerance });
      return calls;
    };
    const ratio = cost(1e-11) / cost(1e-7);
    expect(ratio).toBeGreaterThan(4);
    expect(ratio).toBeLessThan(9);
  });

  it("says when a solution ends in finite time", () => {
    const { outcome, reached, times } = integrate((_, y) => [y[0]! ** 2], [1], [0, 0.5, 2]);
    expect(outcome).toBe("blewUp");
    expect(reached).toBeCloseTo(1, 6);
    expect(times).toEqual([0, 0.5]);
  });
});
