import { describe, expect, test } from "vitest";
import { relativeError } from "../../graph/finite-difference.contract.ts";
import { is, type Tensor, topological } from "../../graph/index.ts";
import { interpret } from "../../runtime/interpreter.ts";
import {
  type Cube,
  drawFeeds,
  evaluate,
  type Evaluation,
  type Feeds,
  naiveDescent,
  networkCase,
  type NetworkCase,
  networkCases,
  rows,
  slope,
  trace,
} from "../testing/rule-cases.contract.ts";
import { type Energy, mapCubes, naiveNetwork, respond } from "./naive.contract.ts";

interface Options {
  readonly targetStep: number;
  readonly top: "inverse" | "gradient";
  readonly difference: boolean;
  readonly inverse: "linear" | "same";
  readonly noise: number;
  readonly energy: Energy;
}

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** dE/dlogits of each sample, by differences of the energy in plain numbers. */
function slopeAtLogits(scores: readonly number[][], labels: readonly number[], energy: Energy): number[][] {
  const E = (row: readonly number[], label: number): number => {
    const total = row.reduce((sum, s) => sum + Math.exp(s), 0);
    const p = row.map((s) => Math.exp(s) / total);
    if (energy === "cross-entropy") return -Math.log(p[label]!);
    return p.reduce((sum, q, k) => sum + 0.5 * (q - (k === label ? 1 : 0)) ** 2, 0);
  };
  const step = 1e-5;
  return scores.map((row, b) =>
    row.map((_, k) => {
      const at = (shift: number): number => E(row.with(k, row[k]! + shift), labels[b]!);
      return (at(step) - at(-step)) / (2 * step);
    }),
  );
}

/** G of layer `index` in plain loops, and its reconstruction error's slope by V and c. */
function naiveInverse(net: NetworkCase, feeds: Feeds, index: number, options: Options) {
  const { positions, inFeatures, outFeatures, shared } = net.network.layers[index - 1]!;
  const below = net.network.layers[index - 2]!;
  const V = rows(rows(feeds[`layer${index}.inverse`]!, inFeatures), outFeatures);
  const c = rows(feeds[`layer${index}.inverseBias`]!, inFeatures);
  const drive = (h: readonly number[], p: number): number[] =>
    range(inFeatures).map((i) =>
      h.reduce((sum, value, j) => sum + value * V[shared ? 0 : p]![j]![i]!, c[shared ? 0 : p]![i]!),
    );
  const g = (a: number): number => (options.inverse === "same" ? respond(below.activation, a) : a);
  const dg = (a: number): number => (options.inverse === "same" ? slope(below, a) : 1);
  const send = (h: Cube): Cube => h.map((sample) => sample.map((units, p) => drive(units, p).map(g)));
  const learn = (output: Cube, input: Cube): { V: number[]; c: number[] } => {
    const [dV, dc] = [feeds[`layer${index}.inverse`]!.map(() => 0), feeds[`layer${index}.inverseBias`]!.map(() => 0)];
    const count = output.length * positions * inFeatures;
    output.forEach((sample, b) =>
      sample.forEach((units, p) =>
        drive(units, p).forEach((a, i) => {
          const miss = ((g(a) - input[b]![p]![i]!) * dg(a)) / count;
          dc[(shared ? 0 : p) * inFeatures + i]! += miss;
          units.forEach((h, j) => (dV[((shared ? 0 : p) * outFeatures + j) * inFeatures + i]! += miss * h));
        }),
      ),
    );
    return { V: dV, c: dc };
  };
  return { send, learn };
}

function naive(net: NetworkCase, { layers: values, feeds }: Evaluation, options: Options): Record<string, number[]> {
  const { network } = net;
  const plain = naiveNetwork(net, feeds);
  const h = plain.forward();
  const gradients: Record<string, number[]> = {};
  const depth = h.length;
  const top = h[depth - 1]!;
  const noisy = (l: number): Cube => {
    const xi = feeds[`noise.layer${l}.reconstruction`]!;
    let at = 0;
    return mapCubes((value) => value + options.noise * xi[at++]!, h[l - 1]!);
  };

  let target: Cube;
  if (options.top === "gradient") {
    const down = plain.slopeAtTop(top, options.energy);
    target = mapCubes((value, e) => value - options.targetStep * e, top, down);
  } else {
    const { classes, inFeatures, pooling } = network.readout;
    const [V, c] = [rows(feeds[`layer${depth}.outputInverse`]!, inFeatures), feeds[`layer${depth}.outputInverseBias`]!];
    const G = (scores: readonly number[]): number[] =>
      range(inFeatures).map((i) => scores.reduce((sum, s, k) => sum + s * V[k]![i]!, c[i]!));
    const [scores, seen] = [plain.scores(top), plain.features(top)];
    const error = slopeAtLogits(scores, feeds.labels!, options.energy);
    target = top.map((sample, b) => {
      const aim = G(scores[b]!.map((s, k) => s - options.targetStep * error[b]![k]!));
      const from = options.difference ? G(scores[b]!) : seen[b]!;
      return sample.map((units, p) =>
        units.map((value, j) => {
          const i = pooling === "flatten" ? p * units.length + j : j;
          return value + aim[i]! - from[i]!;
        }),
      );
    });
    const x = noisy(depth);
    const [put, wanted] = [plain.scores(x), plain.features(x)];
    const dV = new Array<number>(classes * inFeatures).fill(0);
    const dc = new Array<number>(inFeatures).fill(0);
    put.forEach((row, b) =>
      G(row).forEach((value, i) => {
        const miss = (value - wanted[b]![i]!) / (put.length * inFeatures);
        dc[i]! += miss;
        row.forEach((s, k) => (dV[k * inFeatures + i]! += miss * s));
      }),
    );
    gradients[`layer${depth}.outputInverse`] = dV;
    gradients[`layer${depth}.outputInverseBias`] = dc;
  }

  for (let l = depth; l >= 1; l--) {
    const { layer, preactivation } = values[l - 1]!;
    const delta = mapCubes(
      (value, t, a) => (-slope(layer, a) * (t - value)) / options.targetStep,
      h[l - 1]!,
      target,
      preactivation,
    );
    Object.assign(gradients, naiveDescent(values[l - 1]!, delta));
    if (l === 1) break;
    const { send, learn } = naiveInverse(net, feeds, l, options);
    const { pre, drive, activate } = plain.layers[l - 1]!;
    const x = noisy(l - 1);
    const slopesOfInverse = learn(activate(drive(x)), pre(x));
    gradients[`layer${l}.inverse`] = slopesOfInverse.V;
    gradients[`layer${l}.inverseBias`] = slopesOfInverse.c;
    const [aim, present] = [send(target), send(h[l - 1]!)];
    const size = h[l - 2]![0]![0]!.length;
    target = h[l - 2]!.map((_, b) => {
      const patches = aim[b]!.map((units, p) =>
        units.map((value, i) =>
          options.difference ? pre(h[l - 2]!)[b]![p]![i]! + value - present[b]![p]![i]! : value,
        ),
      );
      return rows(patches.flat(), size);
    });
  }
  return gradients;
}

describe("the traced rule equals targets and reconstruction in plain loops", () => {
  const plain = { targetStep: 0.3, noise: 0.2 };
  const points: readonly [number, Options][] = [
    [4, { ...plain, top: "inverse", difference: true, inverse: "same", energy: "cross-entropy" }],
    [3, { ...plain, top: "gradient", difference: true, inverse: "linear", energy: "squared" }],
    [1, { ...plain, top: "inverse", difference: false, inverse: "same", energy: "squared" }],
  ];
  test.each(points)("batch of %i, %o", (batch, options) => {
    for (const net of networkCases) {
      const traced = trace(net, { id: "difference-target-propagation", ...options }, batch);
      const evaluation = evaluate(traced, drawFeeds(traced, 3));
      const wanted = naive(net, evaluation, options);
      expect(Object.keys(evaluation.gradients).sort()).toEqual(Object.keys(wanted).sort());
      for (const [name, list] of Object.entries(wanted))
        expect(relativeError(evaluation.gradients[name]!, list), `${net.name}: ${name}`).toBeLessThan(1e-6);
    }
  });
});

/** x with A x = b, by elimination with pivots. */
function solve(A: readonly (readonly number[])[], b: readonly number[]): number[] {
  const M = A.map((row, i) => [...row, b[i]!]);
  for (let k = 0; k < M.length; k++) {
    const pivot = range(M.length - k).reduce(
      (best, i) => (Math.abs(M[k + i]![k]!) > Math.abs(M[best]![k]!) ? k + i : best),
      k,
    );
    [M[k], M[pivot]] = [M[pivot]!, M[k]!];
    for (let i = 0; i < M.length; i++) {
      if (i === k) continue;
      const factor = M[i]![k]! / M[k]![k]!;
      for (let j = k; j <= M.length; j++) M[i]![j]! -= factor * M[k]![j]!;
    }
  }
  return M.map((row, i) => row[M.length]! / row[i]!);
}

test("with exact inverses of linear layers, targets are Gauss-Newton steps towards the top layer's target", () => {
  const [size, eta] = [5, 0.2];
  for (const parametrisation of ["standard", "mean-field"] as const) {
    const net = networkCase("mlp", { activation: "linear", widths: [size, size, size], parametrisation, symbols: 4 });
    const traced = trace(net, { id: "dtp", targetStep: eta, top: "gradient" });
    const feeds = drawFeeds(traced, 1);
    const weight = (l: number): number[][] =>
      rows(feeds[`layer${l}.weight`]!, size).map((row) => row.map((w) => w * net.network.layers[l - 1]!.scale));
    const identity: number[][] = range(size).map((i) => range(size).map((j) => (i === j ? 1 : 0)));
    for (const l of [2, 3]) {
      // Row i of V satisfies V W = 1: solve W^T v = e_i.
      const transposed = range(size).map((j) => weight(l).map((row) => row[j]!));
      feeds[`layer${l}.inverse`] = identity.flatMap((e) => solve(transposed, e));
    }
    const evaluation = evaluate(traced, feeds);
    const plain = naiveNetwork(net, feeds);
    const top = plain.slopeAtTop(plain.forward()[2]!, "cross-entropy");
    let J = identity;
    for (const l of [3, 2, 1]) {
      // Gauss-Newton for 1/2 |h_3 - t_3|^2 by h_l: (J^T J) d = J^T (t_3 - h_3), with h_3 = J h_l.
      const normal = range(size).map((i) => range(size).map((j) => J.reduce((sum, row) => sum + row[i]! * row[j]!, 0)));
      const delta = top.map(([error]) => {
        const right = range(size).map((i) => J.reduce((sum, row, k) => sum - eta * row[i]! * error![k]!, 0));
        return [solve(normal, right).map((d) => -d / eta)];
      });
      const name = `layer${l}.weight`;
      const wanted = naiveDescent(evaluation.layers[l - 1]!, delta)[name]!;
      expect(relativeError(evaluation.gradients[name]!, wanted), `${parametrisation} ${name}`).toBeLessThan(1e-6);
      if (l > 1) J = J.map((row) => weight(l).map((w) => w.reduce((sum, x, k) => sum + row[k]! * x, 0)));
    }
  }
});

test("with the transposes for inverses it is backpropagation without the gates downstream", () => {
  for (const net of networkCases) {
    const traced = trace(net, { id: "dtp", top: "gradient" });
    const feeds = drawFeeds(traced, 1);
    for (const { index, inFeatures, outFeatures, scale } of net.network.layers.slice(1)) {
      const weights = rows(rows(feeds[`layer${index}.weight`]!, outFeatures), inFeatures);
      feeds[`layer${index}.inverse`] = weights.flatMap((matrix) =>
        range(outFeatures).flatMap((j) => matrix.map((row) => scale * row[j]!)),
      );
    }
    const ungated = evaluate(trace(net, { id: "backprop-ungated" }), feeds).gradients;
    const { gradients } = evaluate(traced, feeds);
    for (const [name, wanted] of Object.entries(ungated))
      expect(relativeError(gradients[name]!, wanted), `${net.name}: ${name}`).toBeLessThan(1e-9);
  }
});

test("no target needs the weights of another layer with rule.top=inverse: given activity, they do not matter", () => {
  const changes = (top: string): boolean => {
    const traced = trace(networkCases[0]!, { id: "dtp", top });
    const { workspace, gradients, variables } = traced;
    const drawn = drawFeeds(traced, 1);
    const activity = [...workspace.pass.layers, workspace.pass.readout].flatMap(({ preactivation, post }) => [
      preactivation,
      post,
    ]);
    const change = gradients["layer1.weight"]!;
    const [before, ...values] = interpret([change, ...activity], drawn);
    const given = new Map<Tensor, ArrayLike<number>>(activity.map((tensor, i) => [tensor, values[i]!.values]));
    for (const node of topological([change, ...activity]))
      if (is(node, "input")) given.set(node, drawn[node.attributes.name]!);
    for (const name of ["layer2.weight", "layer3.weight", "readout.weight"])
      given.set(
        variables[name]!,
        drawn[name]!.map((w) => 3 * w + 1),
      );
    return relativeError([...interpret([change], given)[0]!.values], [...before!.values]) > 1e-9;
  };
  expect([changes("inverse"), changes("gradient")]).toEqual([false, true]);
});
