import { describe, expect, test } from "vitest";
import { dot, relativeError } from "../../graph/finite-difference.contract.ts";
import {
  type Cube,
  drawFeeds,
  evaluate,
  type Evaluation,
  naiveDescent,
  networkCase,
  type NetworkCase,
  networkCases,
  slope,
  trace,
} from "../testing/rule-cases.contract.ts";
import { mapCubes, naiveNetwork } from "./naive.contract.ts";

interface Options {
  readonly candidates: "gaussian" | "binary";
  readonly samples: number;
  readonly deviation: number;
  readonly flip: number;
  readonly error: "cross-entropy" | "squared" | "misclassified";
  readonly gate: "own" | "none";
}

/** Tries the candidates of one layer one by one; counts where ties were broken. */
function naiveTargets(
  net: NetworkCase,
  { feeds }: Evaluation,
  l: number,
  options: Options,
): { target: Cube; ties: number } {
  const plain = naiveNetwork(net, feeds);
  const h = plain.forward()[l - 1]!;
  const { activation } = net.network.layers[l - 1]!;
  const [batch, units] = [h.length, h[0]!.flat().length];
  const noise = feeds[`noise.layer${l}.candidates`]!;
  let ties = 0;
  /** The state of the layer in which sample b has `state`, all others theirs: a sample's error is its own affair. */
  const errorOf = (state: readonly number[], b: number): number => {
    const size = h[0]![0]!.length;
    let below: Cube = h.map((sample, c) =>
      c === b ? sample.map((_, p) => state.slice(p * size, (p + 1) * size)) : sample,
    );
    for (const { drive, activate } of plain.layers.slice(l)) below = activate(drive(below));
    if (options.error !== "misclassified") return plain.energies(below, options.error)[b]!;
    const scores = plain.scores(below)[b]!;
    return scores.indexOf(Math.max(...scores)) === plain.labels[b] ? 0 : 1;
  };
  const target = h.map((sample, b) => {
    const present = sample.flat();
    const low = activation === "relu" ? 0 : -1;
    const code = present.map((x) => (x > 0 ? 1 : low));
    const tried = [options.candidates === "gaussian" ? present : code];
    for (let s = 0; s < options.samples; s++) {
      const drawn = noise.slice((b * options.samples + s) * units, (b * options.samples + s + 1) * units);
      tried.push(
        present.map((x, i) => {
          if (options.candidates === "binary") return drawn[i]! < options.flip ? (code[i] === 1 ? low : 1) : code[i]!;
          const moved = x + options.deviation * drawn[i]!;
          if (activation === "relu") return Math.max(0, moved);
          return activation === "tanh" ? Math.max(-1, Math.min(1, moved)) : moved;
        }),
      );
    }
    const ranked = tried.map((state, order) => ({
      state,
      order,
      error: errorOf(state, b),
      distance: state.reduce((sum, x, i) => sum + (x - present[i]!) ** 2, 0),
    }));
    ranked.sort((a, c) => a.error - c.error || a.distance - c.distance || a.order - c.order);
    if (ranked[0]!.error === ranked[1]!.error && ranked.some((r) => r.error > ranked[0]!.error)) ties += 1;
    const size = sample[0]!.length;
    return sample.map((_, p) => ranked[0]!.state.slice(p * size, (p + 1) * size));
  });
  expect(target.length).toBe(batch);
  return { target, ties };
}

describe("the traced rule equals trying candidates one by one", () => {
  const plain = { samples: 5, deviation: 0.5, flip: 0.3 };
  const points: readonly [number, Options][] = [
    [4, { ...plain, candidates: "gaussian", error: "cross-entropy", gate: "own" }],
    [1, { ...plain, candidates: "gaussian", error: "squared", gate: "none" }],
    [3, { ...plain, candidates: "binary", error: "squared", gate: "own" }],
    [4, { ...plain, candidates: "binary", error: "misclassified", gate: "none" }],
  ];
  test.each(points)("batch of %i, %o", (batch, options) => {
    let ties = 0;
    for (const net of networkCases) {
      const traced = trace(net, { id: "deep-targets", ...options }, batch);
      const evaluation = evaluate(traced, drawFeeds(traced, 6));
      for (const values of evaluation.layers) {
        const { layer, post, preactivation } = values;
        const found = naiveTargets(net, evaluation, layer.index, options);
        ties += found.ties;
        const open = (a: number): number => (options.gate === "own" ? slope(layer, a) : 1);
        const delta = mapCubes((h, t, a) => open(a) * (h - t), post, found.target, preactivation);
        for (const [name, wanted] of Object.entries(naiveDescent(values, delta)))
          expect(relativeError(evaluation.gradients[name]!, wanted), `${net.name}: ${name}`).toBeLessThan(1e-6);
      }
    }
    if (options.error === "misclassified") expect(ties).toBeGreaterThan(3);
  });
});

test("where no candidate serves better, nothing changes", () => {
  const traced = trace(networkCases[3]!, { id: "deep-targets", error: "misclassified", samples: 3 });
  const feeds = drawFeeds(traced, 1);
  // The bias alone decides, whatever the activity.
  const decided = { ...feeds, "readout.bias": feeds["readout.bias"]!.map((_, k) => (k === 0 ? 100 : 0)) };
  for (const list of Object.values(evaluate(traced, decided).gradients)) expect(list.every((x) => x === 0)).toBe(true);
});

test("small steps never climb: for linear units the update of one sample has a positive product with the gradient", () => {
  const net = networkCase("mlp", { activation: "linear", widths: [5, 3], bias: "shared", symbols: 4 });
  for (let seed = 1; seed <= 10; seed++) {
    const traced = trace(net, { id: "deep-targets", deviation: 1e-4, samples: 6 }, 1);
    const feeds = drawFeeds(traced, seed);
    const { gradients } = evaluate(traced, feeds);
    const truth = evaluate(trace(net, { id: "backprop" }, 1), feeds).gradients;
    for (const name of Object.keys(truth)) expect(dot(gradients[name]!, truth[name]!)).toBeGreaterThan(0);
  }
});

test("with turns=cycle one layer learns at a step, from the input upwards and around", () => {
  const net = networkCase("tree-cnn", { widths: [5, 3, 7], bias: "shared" });
  const [together, cycle] = ["together", "cycle"].map((turns) => trace(net, { id: "deep-targets", turns }));
  const feeds = drawFeeds(cycle!, 1);
  const all = evaluate(together!, feeds).gradients;
  for (const turn of [0, 1, 2]) {
    const { gradients, next } = evaluate(cycle!, { ...feeds, "turn.step": [turn] });
    expect(next["turn.step"]).toEqual([(turn + 1) % 3]);
    for (const [name, list] of Object.entries(gradients))
      expect(list).toEqual(name.startsWith(`layer${turn + 1}.`) ? all[name] : list.map(() => 0));
  }
});
