/** Every point of the feedback family against plain loops over numbers, and the combinations it refuses. */
import { describe, expect, test } from "vitest";
import { relativeError } from "../../graph/finite-difference.contract.ts";
import {
  type Cube,
  drawFeeds,
  type Evaluation,
  evaluate,
  type Feeds,
  naiveDescent,
  networkCases,
  rows,
  slope,
  sumToWeight,
  trace,
  type Traced,
} from "../testing/rule-cases.contract.ts";
import { RuleError } from "../contract/index.ts";

type Options = Readonly<Record<string, unknown>>;

/** A matrix by position, [in][out]. */
type Matrices = number[][][];

/** What the output sends, [batch][class]. */
function sentBy({ outputError, feeds }: Evaluation, signal: unknown): number[][] {
  return outputError.map((row, b) =>
    row.map((e, k) => {
      if (signal === "target") return feeds.labels![b] === k ? -1 : 0;
      if (signal === "sign") return Math.sign(e);
      return signal === "absolute" ? Math.abs(e) : e;
    }),
  );
}

const blank = (samples: number, positions: number, units: number): Cube =>
  Array.from({ length: samples }, () => Array.from({ length: positions }, () => new Array<number>(units).fill(0)));

/**
 * Moves a signal at the units of layer l + 1 (or at the classes) down through `matrices` to the units of layer l. Unit j of
 * position q sees child position q * k + floor(i / out), unit i mod out, through matrices[q][i][j].
 */
function down(traced: Traced, l: number, signal: Cube, matrices: Matrices): Cube {
  const { layers, readout } = traced.networkCase.network;
  const [here, above] = [layers[l]!, layers[l + 1]];
  const into = blank(signal.length, here.positions, here.outFeatures);
  const mean = above === undefined && readout.pooling === "mean";
  const factor = above?.scale ?? readout.scale / (mean ? here.positions : 1);
  signal.forEach((sample, b) =>
    sample.forEach((units, q) => {
      const matrix = matrices[q]!;
      units.forEach((value, j) => {
        matrix.forEach((line, i) => {
          const [p, unit] = [Math.floor(i / here.outFeatures), i % here.outFeatures];
          const targets = mean ? here.positions : 1;
          const perPosition = matrix.length / here.outFeatures;
          for (let t = 0; t < targets; t++)
            into[b]![mean ? t : q * perPosition + p]![unit]! += factor * line[j]! * value;
        });
      });
    }),
  );
  return into;
}

/** Flat values [in, out] or [positions, in, out] as one matrix per position. */
function perPosition(values: readonly number[], inFeatures: number, outFeatures: number, positions: number): Matrices {
  const matrices = rows(rows(values, outFeatures), inFeatures);
  return Array.from({ length: positions }, (_, p) => matrices[matrices.length === 1 ? 0 : p]!);
}

const mapMatrices = (m: Matrices, f: (x: number, p: number, i: number, j: number) => number): Matrices =>
  m.map((matrix, p) => matrix.map((line, i) => line.map((x, j) => f(x, p, i, j))));

/** Forward weights above layer l, by position. */
function weightsAbove({ networkCase: { network } }: Traced, l: number, feeds: Feeds): Matrices {
  const above = network.layers[l + 1];
  const { inFeatures, classes } = network.readout;
  return above === undefined
    ? perPosition(feeds["readout.weight"]!, inFeatures, classes, 1)
    : perPosition(feeds[`layer${l + 2}.weight`]!, above.inFeatures, above.outFeatures, above.positions);
}

/** The magnitude of sign feedback above layer l: sqrt(2 / (fan-in + fan-out)) after the forward weights' scale. */
function magnitudeAbove({ networkCase: { network } }: Traced, l: number): number {
  const above = network.layers[l + 1];
  const { inFeatures, classes, initialDeviation } = network.readout;
  // A read-out of initial weights N(0, 1) is divided by its fan-in; a deviation of 1 there is sqrt(1 / fan-in) elsewhere.
  if (above === undefined)
    return Math.sqrt(2 / (inFeatures + classes)) * (initialDeviation === 1 ? Math.sqrt(inFeatures) : 1);
  return Math.sqrt(2 / (above.inFeatures + above.outFeatures)) / above.scale;
}

function chainMatrices(traced: Traced, l: number, feeds: Feeds, { weights, magnitudes }: Options): Matrices {
  const forwards = weightsAbove(traced, l, feeds);
  if (weights === "transposed") return forwards;
  const above = traced.networkCase.network.layers[l + 1];
  const { inFeatures, classes } = traced.networkCase.network.readout;
  const name = above === undefined ? "readout.feedback" : `layer${l + 1}.feedback`;
  const c = magnitudeAbove(traced, l);
  if (weights === "sign") return mapMatrices(forwards, (w) => Math.sign(w) * c);
  const kept = perPosition(
    feeds[magnitudes === "redrawn" ? `noise.${name}` : name]!,
    above?.inFeatures ?? inFeatures,
    above?.outFeatures ?? classes,
    above?.positions ?? 1,
  );
  if (weights !== "sign-random-magnitude") return kept;
  const size = magnitudes === "redrawn" ? c : 1;
  return mapMatrices(forwards, (w, p, i, j) => Math.sign(w) * Math.abs(kept[p]![i]![j]!) * size);
}

/** f' of every unit; `shift` takes those of a later sample, counted round the batch. */
const slopes = ({ layers }: Evaluation, l: number, shift = 0): Cube =>
  layers[l]!.preactivation.map((_, b, all) =>
    all[(b + shift) % all.length]!.map((units) => units.map((a) => slope(layers[l]!.layer, a))),
  );
const times = (a: Cube, b: Cube): Cube => a.map((s, i) => s.map((u, p) => u.map((x, j) => x * b[i]![p]![j]!)));

/** delta_l of every layer, for a chain. */
function naiveChain(traced: Traced, found: Evaluation, options: Options): Cube[] {
  const { layers } = traced.networkCase.network;
  const deltas: Cube[] = [];
  let passed: Cube = sentBy(found, options.signal).map((row) => [row]);
  for (let l = layers.length - 1; l >= 0; l--) {
    const message = down(traced, l, passed, chainMatrices(traced, l, found.feeds, options));
    deltas.unshift(options.gate === "none" ? message : times(message, slopes(found, l)));
    passed = message;
    if (options.gate === "all") passed = times(message, slopes(found, l));
    if (options.gate === "shuffled") passed = times(message, slopes(found, l, 1));
  }
  return deltas;
}

/** delta_l of every layer, for direct paths. */
function naiveDirect(traced: Traced, found: Evaluation, options: Options): Cube[] {
  const { layers, readout } = traced.networkCase.network;
  const { classes, scale, inFeatures, initialDeviation } = readout;
  const sent = sentBy(found, options.signal);
  const size = initialDeviation * Math.sqrt(inFeatures / classes);
  // Products: a unit of signal at each class, sent down without gates.
  const each = Array.from({ length: classes }, (_, k) => [
    Array.from({ length: classes }, (_, c) => (c === k ? 1 : 0)),
  ]);
  let product: Cube = each;
  let share: Cube | undefined;
  const deltas: Cube[] = [];
  for (let l = layers.length - 1; l >= 0; l--) {
    const { positions, outFeatures } = layers[l]!;
    product = down(traced, l, product, weightsAbove(traced, l, found.feeds));
    const name = `layer${l + 1}.feedback`;
    const stored = found.feeds[options.magnitudes === "redrawn" ? `noise.${name}` : name] ?? [];
    const kept = (p: number, j: number, k: number): number =>
      stored[((options.feedbackPositions === "shared" ? 0 : p) * outFeatures + j) * classes + k]!;
    const carried = (p: number, j: number, k: number): number => {
      const along = product[k]![p]![j]!;
      switch (options.weights) {
        case "product":
          return along;
        case "sign":
          return Math.sign(along) * size * scale;
        case "sign-random-magnitude":
          return Math.sign(along) * Math.abs(kept(p, j, k)) * (options.magnitudes === "redrawn" ? size : 1) * scale;
        default:
          return kept(p, j, k) * scale;
      }
    };
    const message = blank(sent.length, positions, outFeatures);
    for (let b = 0; b < sent.length; b++)
      for (let p = 0; p < positions; p++)
        for (let j = 0; j < outFeatures; j++)
          for (let k = 0; k < classes; k++) message[b]![p]![j]! += sent[b]![k]! * carried(p, j, k);
    if (l === layers.length - 1) share = message.map((s) => s.map((u) => u.map(() => 1)));
    else {
      const strength = mapMatrices(weightsAbove(traced, l, found.feeds), Math.abs);
      const gates = slopes(found, l + 1, options.gate === "shuffled" ? 1 : 0);
      const open = down(traced, l, times(gates, share!), strength);
      const all = down(
        traced,
        l,
        gates.map((s) => s.map((u) => u.map(() => 1))),
        strength,
      );
      share = open.map((s, b) => s.map((u, p) => u.map((x, j) => x / all[b]![p]![j]!)));
    }
    const masked = options.gate === "shuffled" || options.gate === "true-downstream" ? times(message, share) : message;
    deltas.unshift(options.gate === "none" ? masked : times(masked, slopes(found, l)));
  }
  return deltas;
}

function naiveGradients(traced: Traced, found: Evaluation, options: Options): Record<string, number[]> {
  const deltas = (options.path === "chain" ? naiveChain : naiveDirect)(traced, found, options);
  const expected = Object.assign({}, ...deltas.map((delta, l) => naiveDescent(found.layers[l]!, delta))) as Record<
    string,
    number[]
  >;
  if (options.weights !== "learned" && options.weights !== "adaptive") return expected;
  const { layers, readout } = traced.networkCase.network;
  const sent = sentBy(found, options.signal);
  const batch = sent.length;
  layers.forEach((layer, l) => {
    const { post } = found.layers[l]!;
    const { positions, outFeatures } = layer;
    const flat = (b: number, at: number): number => post[b]![Math.floor(at / outFeatures)]![at % outFeatures]!;
    const outer = (features: number, h: (b: number, i: number) => number): number[] =>
      Array.from({ length: features * readout.classes }, (_, at) => {
        const [i, k] = [Math.floor(at / readout.classes), at % readout.classes];
        return sent.reduce((sum, row, b) => sum + (readout.scale * h(b, i) * row[k]!) / batch, 0);
      });
    const average = (b: number, j: number): number => post[b]!.reduce((sum, units) => sum + units[j]! / positions, 0);
    if (options.path === "direct") {
      const name = `layer${l + 1}.feedback`;
      const shared = options.feedbackPositions === "shared";
      const change = outer(shared ? outFeatures : positions * outFeatures, (b, i) =>
        shared ? average(b, i) * positions : flat(b, i),
      );
      expected[name] = change;
    } else if (l === layers.length - 1) {
      expected["readout.feedback"] = outer(readout.inFeatures, readout.pooling === "mean" ? average : flat);
    } else {
      const above = found.layers[l + 1]!;
      const name = `layer${l + 1}.feedback`;
      const shared =
        options.feedbackPositions === undefined ? above.layer.shared : options.feedbackPositions === "shared";
      const change = sumToWeight(
        { ...above, layer: { ...above.layer, shared } },
        (b, p, i, j) => (above.layer.scale * above.pre[b]![p]![i]! * deltas[l + 1]![b]![p]![j]!) / batch,
      );
      expected[name] = change;
    }
  });
  return expected;
}

/** What forgets at each step: learned feedback and, on a chain, the forward weights, of which all but the first layer's have a twin. */
function naiveForgetful({ networkCase: { network } }: Traced, { path, weights: kind }: Options): string[] {
  if (kind !== "learned") return [];
  const layers = network.layers.map((_, l) => `layer${l + 1}`);
  if (path === "direct") return layers.map((name) => `${name}.feedback`);
  return [...layers, "readout"]
    .flatMap((name) => [`${name}.weight`, `${name}.feedback`])
    .filter((name) => name !== `${layers.at(-1)!}.feedback`);
}

/** Every combination that is not refused. */
const combinations: Options[] = [];
const gates = {
  chain: ["all", "own", "none", "shuffled"],
  direct: ["own", "none", "shuffled", "true-downstream"],
};
const weights = {
  chain: ["transposed", "random", "sign", "sign-random-magnitude", "learned", "mirror", "adaptive"],
  direct: ["random", "sign", "sign-random-magnitude", "learned", "product", "adaptive"],
};
for (const path of ["chain", "direct"] as const)
  for (const weight of weights[path]) {
    for (const gate of gates[path]) combinations.push({ path, weights: weight, gate, signal: "error" });
    for (const signal of ["sign", "target", "absolute"])
      combinations.push({ path, weights: weight, gate: "own", signal });
  }
for (const path of ["chain", "direct"]) {
  combinations.push({ path, weights: "sign-random-magnitude", gate: "own", signal: "error", magnitudes: "redrawn" });
  for (const weight of ["random", "learned", "sign-random-magnitude", "adaptive"])
    for (const feedbackPositions of ["shared", "specific"])
      combinations.push({ path, weights: weight, gate: "own", signal: "error", feedbackPositions });
}
const named = (options: Options): string => Object.values(options).join(" ");

describe("every point of the family is its equation", () => {
  test.each(combinations.map((options) => [named(options), options] as const))("%s", (_, given) => {
    const options = { decay: 0.1, ...given };
    networkCases.forEach((net, i) => {
      // Few combinations need every network to be told apart; together they see each network many times.
      if ((i + combinations.indexOf(given)) % 3 !== 0) return;
      const traced = trace(net, { id: "backprop", ...options }, 3);
      const found = evaluate(traced, drawFeeds(traced, i + 1));
      const expected = naiveGradients(traced, found, options);
      expect(Object.keys(found.gradients).sort()).toEqual(Object.keys(expected).sort());
      const decays = (traced.updates.decays ?? []).map(({ parameter: { name }, rate }) => [name, rate]);
      expect(decays.sort()).toEqual(
        naiveForgetful(traced, options)
          .sort()
          .map((name) => [name, 0.1]),
      );
      for (const [name, values] of Object.entries(expected))
        expect(relativeError(found.gradients[name]!, values), `${net.name}: ${name}`).toBeLessThan(1e-6);
    });
  });
});

describe("combinations without a meaning are refused", () => {
  test.each([
    [
      { path: "direct", gate: "own" },
      "rule.weights: expected weights that lead from the output to every layer with rule.path=direct, got transposed; only the read-out has a transpose there: use product, the transposes multiplied, or rule.path=chain",
    ],
    [
      { path: "direct", weights: "mirror", gate: "own" },
      "rule.weights: expected other weights with rule.path=direct, got mirror; the noise of a layer shows the weights of the next one only: use rule.path=chain",
    ],
    [
      { path: "direct", weights: "random" },
      "rule.gate: expected own, none, shuffled or true-downstream with rule.path=direct, got all; a direct message meets no gate on its way: true-downstream masks it by the gates above, rule.path=chain passes them",
    ],
    [
      { weights: "product" },
      "rule.weights: expected other weights with rule.path=chain, got product; products lead from the output straight to a layer: use rule.path=direct, or transposed with rule.gate=own, which is equal",
    ],
    [
      { gate: "true-downstream" },
      "rule.gate: expected all, own, none or shuffled with rule.path=chain, got true-downstream; on a chain the true gates downstream are those of gate=all",
    ],
    [
      { feedbackPositions: "shared" },
      "rule.feedbackPositions: expected no value with rule.weights=transposed, got shared; these follow the forward weights and keep no matrix of their own: leave it out",
    ],
  ])("%j", (options, message) => {
    expect(() => trace(networkCases[3]!, { id: "backprop", ...options })).toThrow(new RuleError(message));
  });
});
