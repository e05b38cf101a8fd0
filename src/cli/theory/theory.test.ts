import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { typed } from "../typed.contract.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "afferent-theory-"));
});
afterAll(() => rm(folder, { recursive: true }));

interface Report {
  readonly rule: { readonly text: string; readonly degree: number; readonly supervised: boolean };
  readonly known: { readonly name: string; readonly constants: Readonly<Record<string, number>> } | null;
  readonly symmetries: readonly { readonly symmetry: string; readonly holds: boolean }[];
  readonly dynamics: {
    readonly solution: string;
    readonly linear: { readonly flow: string; readonly largestRate: number; readonly atEta: object } | null;
    readonly fixedPoints: readonly { readonly w: number[]; readonly stability: string }[];
  } | null;
  readonly simulation: {
    readonly final: number[];
    readonly expected: number[];
    readonly diverged: boolean;
    readonly svg: string;
  } | null;
}
const report = async (...words: readonly string[]): Promise<Report> => {
  const { code, stdout, stderr } = await typed(["theory", ...words, "--json"]);
  if (code !== 0 || stderr !== "") throw new Error(stderr);
  return JSON.parse(stdout) as Report;
};
const data = async (name: string, content: unknown): Promise<string> => {
  const file = join(folder, name);
  await writeFile(file, typeof content === "string" ? content : JSON.stringify(content));
  return file;
};

describe("afferent theory", () => {
  it("says of Oja's rule what is known of it", async () => {
    const { rule, known, symmetries, dynamics } = await report("O*I - w*O^2");
    expect(rule).toMatchObject({ text: "O*I - O^2*w", degree: 3, supervised: false });
    expect(known).toMatchObject({ name: "Oja's rule", constants: { alpha: 1 } });
    expect(symmetries.filter(({ holds }) => holds).map(({ symmetry }) => symmetry)).toEqual([
      "permutation",
      "isometry",
      "output",
      "rotation",
    ]);
    expect(dynamics?.solution).toBe("Oja, closed form");
    // First eigenvector of [[2, 0.6], [0.6, 1]]: half the angle whose tangent is 1.2.
    const angle = Math.atan(1.2) / 2;
    const [first] = dynamics!.fixedPoints;
    expect(first!.stability).toBe("stable");
    expect(first!.w.map(Math.abs)).toEqual([expect.closeTo(Math.cos(angle), 6), expect.closeTo(Math.sin(angle), 6)]);
    const { stdout } = await typed(["theory", "O*I - w*O^2"]);
    expect(stdout).toContain("dw/dt = M w - (w'Mw) w");
    expect(stdout).toContain("example: two normal inputs");
  });

  it("solves the delta rule on samples, simulates it, and draws both", async () => {
    // E[x x'] is the identity and E[T x] = (3, -1); the targets are off by 0.1 either way.
    const corners = [
      [1, 1],
      [1, -1],
      [-1, 1],
      [-1, -1],
    ] as const;
    const inputs = [...corners, ...corners];
    const targets = inputs.map(([a, b], i) => 3 * a - b + (i < 4 ? 0.1 : -0.1));
    const file = await data("samples.json", { inputs, targets });
    const svg = join(folder, "delta.svg");
    const { dynamics, simulation } = await report(
      "(T - O)*I",
      "--moments",
      file,
      "--simulate",
      "--svg",
      svg,
      "--eta",
      "0.05",
      "--start",
      "0,0",
    );
    expect(dynamics?.linear).toMatchObject({
      flow: "converges",
      largestRate: expect.closeTo(2, 9) as number,
      atEta: { eta: 0.05, outcome: "converges" },
    });
    expect(dynamics!.fixedPoints[0]!.w).toEqual([expect.closeTo(3, 9), expect.closeTo(-1, 9)]);
    expect(simulation).toMatchObject({ diverged: false, svg });
    simulation!.final.forEach((value, j) => expect(Math.abs(value - simulation!.expected[j]!)).toBeLessThan(0.2));
    const drawn = await readFile(svg, "utf8");
    expect(drawn).toContain("<svg");
    expect(drawn.match(/<circle|<path/g)!.length).toBeGreaterThan(10);
  });

  it("gives constants their values, exactly, and asks for them", async () => {
    const { known } = await report("O*I - gamma*w", "gamma=0.1");
    expect(known).toMatchObject({ name: "Hebb with weight decay", constants: { gamma: 0.1 } });
    expect((await report("O*I - gamma*w")).dynamics).toBeNull();
    const { stdout } = await typed(["theory", "O*I - gamma*w"]);
    expect(stdout).toContain("dynamics need values: gamma=NUMBER");
  });

  it("takes a polynomial that begins with a minus sign, and prints LaTeX alone", async () => {
    expect((await report("-w")).known?.name).toBe("weight decay");
    expect((await typed(["theory", "O*I - alpha*O^2*w", "--latex"])).stdout).toBe("O\\,I - \\alpha\\,O^{2}\\,w\n");
  });

  it("shows a mistake with a caret below its column", async () => {
    const { code, stdout, stderr } = await typed(["theory", "O*I - w O^2"]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toBe(
      '  O*I - w O^2\n          ^\nafferent: polynomial: column 9: expected a sign before it: +, - or *, got "O"; write w*O for a product\n',
    );
  });

  it.each<[string[], string]>([
    [[], "expected a polynomial, got none"],
    [["O*I", "w"], 'expected one polynomial, got "w" besides'],
    [["O*I", "g=1"], 'expected a constant of O*I, got "g"'],
    [["O*I - g*w", "g=x"], 'g: expected a number, got "x"'],
    [["O*I", "--jsn"], 'got "--jsn"'],
    [["O*I", "--unit", "relu"], "--unit: expected one of linear, threshold, sigmoid, tanh"],
    [["O*I", "--eta", "-1"], "--eta: expected a number above 0"],
    [["O*I", "--moments", "missing.json"], "found none at missing.json"],
    [["O*I - g*w", "--simulate"], "expected values of all constants, got none for g"],
    [["O*I", "--simulate", "--start", "1"], "--start: expected 2 numbers"],
  ])("theory %j: %s", async (words, message) => {
    const { code, stdout, stderr } = await typed(["theory", ...words]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(message);
    expect(stderr.trim().split("\n")).toHaveLength(1);
  });

  it("names the file and key of data that are wrong", async () => {
    const ragged = await data("ragged.json", { inputs: [[1, 2], [3]] });
    expect((await typed(["theory", "O*I", "--moments", ragged])).stderr).toContain(
      `${ragged}: data: expected rows of inputs of one length`,
    );
    const broken = await data("broken.json", "{");
    expect((await typed(["theory", "O*I", "--moments", broken])).stderr).toContain(`${broken}: expected JSON`);
    const plain = await data("plain.json", { covariance: [[1]] });
    expect((await typed(["theory", "T*I", "--moments", plain])).stderr).toContain(
      "expected targets, which this rule reads",
    );
    expect((await typed(["theory", "O^2*I", "--moments", plain])).stderr).toContain("moments of order 3");
  });
});

describe("afferent theory enumerate", () => {
  it("lists the products with symmetries and the named rules made of them", async () => {
    const { stdout } = await typed("theory enumerate --degree 3 --invariant rotation,output");
    expect(stdout).toMatchInlineSnapshot(`
      "6 products, degree at most 3, with a target, with rotation and output
        w      weight decay, with a minus sign
        T*I    clamped Hebb
        O*I    simple Hebb
        T^2*w
        T*O*w
        O^2*w

      named rules that are sums of these
        -w                   weight decay
        O*I                  simple Hebb
        -O*I                 anti-Hebb
        T*I                  clamped Hebb
        -T*I                 clamped anti-Hebb
        T*I - O*I            delta rule (LMS; perceptron with a threshold unit; Rescorla-Wagner)
        T*I - gamma*O*I      contrast of target and activity (weighted delta rule)
        O*I - gamma*w        Hebb with weight decay
        T*I - gamma*w        clamped Hebb with weight decay
        T*I - O*I - gamma*w  delta rule with weight decay (ridge regression)
        -O*I - gamma*w       anti-Hebb with weight decay
        O*I - alpha*O^2*w    Oja's rule
        T*I - alpha*T^2*w    clamped Oja
        -O*I + alpha*O^2*w   anti-Hebbian Oja

      numbers of products, with a target / without
                           n=1    n=2    n=3
        all                5/4  15/10  35/20
        isometry           2/2    6/4  16/10
        rotation           2/2    6/4   12/6
        isometry + output  1/1    3/2    8/5
        rotation + output  1/1    3/2    6/3
      "
    `);
  });

  it("counts binary products, and refuses what it does not know", async () => {
    const { stdout } = await typed("theory enumerate --degree 0 --binary --invariant isometry,output --json");
    const { products, counts } = JSON.parse(stdout) as {
      products: { text: string }[];
      counts: { counts: { supervised: number; unsupervised: number }[] }[];
    };
    expect(products.map(({ text }) => text)).toEqual(["T*I", "O*I"]);
    expect(counts[0]!.counts).toEqual([{ degree: 0, supervised: 8, unsupervised: 4 }]);
    expect((await typed("theory enumerate --invariant turns")).stderr).toContain(
      "--invariant: expected one of permutation, isometry",
    );
    expect((await typed("theory enumerate --degree 900")).stderr).toContain("at most 200000 products");
  });
});
