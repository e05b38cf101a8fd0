import { describe, expect, it } from "vitest";
import { sizeOf, topological } from "../../graph/index.ts";
import { stream } from "../../random/stream.ts";
import {
  drawFeeds,
  evaluate,
  type Feeds,
  type LayerValues,
  networkCase,
  networkCases,
  trace,
  type Traced,
} from "../testing/rule-cases.contract.ts";
import { all, type Equation, naiveChange, type NaiveOptions, none, ordered, own } from "./naive.contract.ts";

const classes = 4;
type Context = { readonly feeds: Feeds; readonly top: number };
type Spec = { readonly id: string; readonly [option: string]: unknown };
/** A rule with options, its equation on one sample, and how its steps are put together. */
type Proof = [spec: Spec, equation: (context: Context) => Equation, options: NaiveOptions];

const relu = (u: number): number => Math.max(0, u);
const softmax = (scores: readonly number[]): number[] => {
  const parts = scores.map((s) => Math.exp(s));
  const total = parts.reduce((a, b) => a + b, 0);
  return parts.map((part) => part / total);
};
/** Units from the best to the worst, the lower index first among equals. */
const ranking = (scores: readonly number[]): number[] =>
  scores.map((_, k) => k).sort((a, b) => scores[b]! - scores[a]! || a - b);
const ones = (like: readonly number[]): number[] => like.map(() => 1);
const column = (w: readonly (readonly number[])[], k: number): number[] => w.map((row) => row[k]!);
const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, x, i) => sum + x * b[i]!, 0);
const length = (a: readonly number[]): number => Math.sqrt(dot(a, a)) || 1;
/** 1 for units of the sample's class. */
const target = ({ feeds }: Context, sample: number, units: number): number[] =>
  Array.from({ length: units }, (_, k) => (feeds.labels![sample] === k % classes ? 1 : 0));
/** A state of a layer at a position: [units or inputs]. */
const stateAt = (
  { feeds }: Context,
  { layer }: LayerValues,
  name: string,
  position: number,
  size: number,
): number[] => {
  const row = layer.shared ? 0 : position;
  return feeds[`layer${layer.index}.${name}`]!.slice(row * size, (row + 1) * size);
};
const raisedCosine = (x: readonly number[], w: readonly (readonly number[])[], k: number): number =>
  ((1 + dot(x, column(w, k)) / (length(x) * length(column(w, k)))) / 2) ** 2;
const winners =
  (count: number): ((scores: readonly number[]) => number[]) =>
  (scores) =>
    scores.map((_, k) => (ranking(scores).indexOf(k) < count ? 1 : 0));

const krotov =
  (p: number, delta: number, rank: number): (() => Equation) =>
  () =>
  ({ x, w, u }) => {
    const q = u.map((_, k) =>
      x.reduce((sum, xi, i) => sum + Math.sign(w[i]![k]!) * Math.abs(w[i]![k]!) ** (p - 1) * xi, 0),
    );
    const order = ranking(q);
    return { g: q.map((_, k) => (order[0] === k ? 1 : order[rank - 1] === k ? -delta : 0)), hat: own(q) };
  };
const softHebb =
  (t: number, losers: number): (() => Equation) =>
  () =>
  ({ u }) => {
    const z = softmax(u.map((a) => t * a));
    return { g: z.map((share, k) => (ranking(u)[0] === k ? share : losers * share)), hat: own(u) };
  };
/** Columns of the squarest map of 3, 5 and 7 units. */
const columns: Readonly<Record<number, number>> = { 3: 2, 5: 3, 7: 3 };
/** z': what units get of the wins around them. */
const spread = (z: readonly number[], kernel: (d: number) => number): number[] =>
  z.map((_, k) => {
    const c = columns[z.length]!;
    const steps = (j: number): number =>
      Math.max(Math.abs(Math.floor(j / c) - Math.floor(k / c)), Math.abs((j % c) - (k % c)));
    const total = z.reduce((sum, won, j) => sum + kernel(steps(j)) * won, 0);
    return Math.max(-1, Math.min(1, total));
  });
const lateralWidth = ({ feeds }: Context, { layer }: LayerValues): number =>
  feeds[`layer${layer.index}.lateralWidth`]![0]!;
const hardShared =
  (kernel: (d: number, sigma: number) => number, sigma?: number, count = 1): ((context: Context) => Equation) =>
  (context) =>
  ({ u, x, w }, values) => {
    const z = winners(count)(u.map((_, k) => raisedCosine(x, w, k)));
    const g = spread(z, (d) => kernel(d, sigma ?? lateralWidth(context, values)));
    return { g, hat: own(g.map(Math.sign)) };
  };
const settled = (
  context: Context,
  values: LayerValues,
  u: readonly number[],
  position: number,
  steps: number,
  rate: number,
  slope: number,
): number[] => {
  const units = u.length;
  const lateral = context.feeds[`layer${values.layer.index}.lateral`]!;
  const at = values.layer.shared ? 0 : position * units * units;
  const t = stateAt(context, values, "threshold", position, units);
  let y = u.map(() => 0);
  for (let step = 0; step < steps; step++) {
    y = y.map((own, k) => {
      const inhibition = y.reduce((sum, other, j) => sum + lateral[at + k * units + j]! * other, 0);
      return own + rate * (1 / (1 + Math.exp(-slope * (u[k]! + inhibition - t[k]!))) - own);
    });
  }
  return y;
};

const sum = { reduction: "sum" } as const;
const unit = { weightNorm: true } as const;
const proofs: readonly Proof[] = [
  [
    { id: "hebb" },
    () =>
      ({ u }) => ({ g: u, hat: none }),
    unit,
  ],
  [
    { id: "hebb", weightNorm: "none", reduction: "sum", activity: "tanh" },
    () =>
      ({ u }) => ({ g: u.map(Math.tanh), hat: none }),
    sum,
  ],
  [
    { id: "hebb", weightNormPower: 3, weightNormStep: 0.3, activity: "post" },
    () =>
      ({ h }) => ({ g: h, hat: none }),
    { ...unit, power: 3, step: 0.3 },
  ],
  [
    { id: "hebb", weightNorm: "none", teacher: "clamp", teacherLayers: "all", learnBias: true },
    (context) =>
      ({ u, sample }) => ({ g: target(context, sample, u.length), hat: none }),
    { learnBias: true },
  ],
  [
    { id: "oja", teacher: "clamp", learnBias: true },
    (context) =>
      ({ u, sample }, { layer }) => {
        const y = layer.index === context.top ? target(context, sample, u.length) : u;
        return { g: y, hat: own(y) };
      },
    { learnBias: true },
  ],
  [
    { id: "covariance" },
    (context) =>
      ({ x, u, position }, values) => {
        const [n, m] = [
          stateAt(context, values, "inputMean", position, x.length),
          stateAt(context, values, "activityMean", position, u.length),
        ];
        return { x: x.map((xi, i) => xi - n[i]!), g: u.map((y, k) => y - m[k]!), hat: none };
      },
    unit,
  ],
  [
    { id: "covariance", average: "batch", weightNorm: "none" },
    () =>
      ({ x, u, position }, { layer, pre, preactivation }) => {
        const sites = pre
          .flatMap((_, b) => pre[0]!.map((__, p) => [b, p] as const))
          .filter(([, p]) => layer.shared || p === position);
        const mean = (of: (b: number, p: number) => number): number =>
          sites.reduce((total, [b, p]) => total + of(b, p), 0) / sites.length;
        return {
          x: x.map((xi, i) => xi - mean((b, p) => pre[b]![p]![i]!)),
          g: u.map((y, k) => y - mean((b, p) => preactivation[b]![p]![k]!)),
          hat: none,
        };
      },
    {},
  ],
  [
    { id: "instar", learnBias: true },
    () =>
      ({ h }) => ({ g: h, hat: own(ones(h)) }),
    { learnBias: true },
  ],
  [
    { id: "instar", reduction: "weighted" },
    () =>
      ({ h }) => ({ g: h, hat: own(ones(h)) }),
    { reduction: "weighted" },
  ],
  [
    { id: "oja" },
    () =>
      ({ u }) => ({ g: u, hat: own(u) }),
    {},
  ],
  [
    { id: "oja", reduction: "weighted", learnBias: true, activity: "post" },
    () =>
      ({ h }) => ({ g: h, hat: own(h) }),
    { reduction: "weighted", learnBias: true },
  ],
  [
    { id: "oja", normalise: "max", reduction: "sum", learnBias: true },
    () =>
      ({ u }) => ({ g: u, hat: own(u) }),
    { ...sum, normalise: "max", learnBias: true },
  ],
  [
    { id: "oja", teacher: "gate", teacherLayers: "all" },
    (context) =>
      ({ u, sample }) => ({ g: u.map((y, k) => y * target(context, sample, u.length)[k]!), hat: own(u) }),
    {},
  ],
  [
    { id: "oja-subspace", learnBias: true },
    () =>
      ({ u }) => ({ g: u, hat: all(u) }),
    { learnBias: true },
  ],
  [
    { id: "sanger", learnBias: true },
    () =>
      ({ u }) => ({ g: u, hat: ordered(u) }),
    { learnBias: true },
  ],
  [
    { id: "sanger", reduction: "weighted" },
    () =>
      ({ u }) => ({ g: u, hat: ordered(u) }),
    { reduction: "weighted" },
  ],
  [
    { id: "hpca" },
    () =>
      ({ u }) => ({ g: u.map(relu), hat: ordered(u.map(relu)) }),
    { normalise: "fan-in" },
  ],
  [
    { id: "bcm" },
    (context) =>
      ({ h, position }, values) => {
        const theta = stateAt(context, values, "threshold", position, h.length);
        return { g: h.map((y, k) => y * (y - theta[k]!)), hat: none };
      },
    {},
  ],
  [
    { id: "bcm", divide: true, activity: "preactivation", learnBias: true },
    (context) =>
      ({ u, position }, values) => {
        const theta = stateAt(context, values, "threshold", position, u.length);
        return { g: u.map((y, k) => (y * (y - theta[k]!)) / theta[k]!), hat: none };
      },
    { learnBias: true },
  ],
  [
    { id: "hard-wta" },
    () =>
      ({ x, w, u }) => ({ g: winners(1)(u.map((_, k) => raisedCosine(x, w, k))), hat: own(ones(u)) }),
    { reduction: "weighted" },
  ],
  [
    { id: "hard-wta", winners: 2, similarity: "preactivation", reduction: "mean" },
    () =>
      ({ u }) => ({ g: winners(2)(u), hat: own(ones(u)) }),
    {},
  ],
  [
    { id: "hard-wta", homeostasis: 0.2, similarity: "preactivation" },
    (context) =>
      ({ u, position }, values) => {
        const t = stateAt(context, values, "threshold", position, u.length);
        return { g: winners(1)(u.map((a, k) => a - t[k]!)), hat: own(ones(u)) };
      },
    { reduction: "weighted" },
  ],
  [
    { id: "soft-wta", temperature: 0.3 },
    () =>
      ({ x, w, u }) => ({ g: softmax(u.map((_, k) => raisedCosine(x, w, k) / 0.3)), hat: own(ones(u)) }),
    { reduction: "weighted" },
  ],
  [
    { id: "soft-wta", softness: "power", temperature: 0.25 },
    () =>
      ({ x, w, u }) => {
        const parts = u.map((_, k) => raisedCosine(x, w, k) ** 4);
        return { g: parts.map((part) => part / parts.reduce((a, b) => a + b, 0)), hat: own(ones(u)) };
      },
    { reduction: "weighted" },
  ],
  [
    { id: "soft-wta", similarity: "preactivation", temperature: 1, teacher: "gate", teacherLayers: "all" },
    (context) =>
      ({ u, sample }) => {
        const mine = target(context, sample, u.length);
        const total = u.reduce((sum, a, k) => sum + mine[k]! * Math.exp(a), 0) || 1;
        return { g: u.map((a, k) => (mine[k]! * Math.exp(a)) / total), hat: own(ones(u)) };
      },
    { reduction: "weighted" },
  ],
  [
    // Two winners near each other: their neighbourhoods add up to more than 1, and are clipped.
    { id: "hard-wta", lateral: "gaussian", lateralWidth: 1.5, lateralShrink: 0, winners: 2 },
    hardShared((d, sigma) => Math.exp((-d * d) / (2 * sigma * sigma)), 1.5, 2),
    { reduction: "weighted" },
  ],
  [
    { id: "hard-wta", lateral: "exponential" },
    hardShared((d, sigma) => Math.exp(-d / sigma)),
    { reduction: "weighted" },
  ],
  [
    { id: "hard-wta", lateral: "difference-of-gaussians", reduction: "mean" },
    hardShared((d, sigma) => 2 * Math.exp((-d * d) / (2 * sigma ** 2)) - Math.exp((-d * d) / (4 * sigma ** 2))),
    {},
  ],
  [
    { id: "hard-wta", lateral: "difference-of-exponentials" },
    hardShared((d, sigma) => 2 * Math.exp(-d / sigma) - Math.exp(-d / (2 * sigma))),
    { reduction: "weighted" },
  ],
  [
    {
      id: "soft-wta",
      lateral: "gaussian",
      similarity: "preactivation",
      temperature: 1,
      teacher: "gate",
      teacherLayers: "all",
    },
    (context) =>
      ({ u, sample }, values) => {
        const mine = target(context, sample, u.length);
        const total = u.reduce((sum, a, k) => sum + mine[k]! * Math.exp(a), 0) || 1;
        const sigma = lateralWidth(context, values);
        const z = spread(
          u.map((a, k) => (mine[k]! * Math.exp(a)) / total),
          (d) => Math.exp((-d * d) / (2 * sigma * sigma)),
        );
        return { g: z.map((share, k) => mine[k]! * share), hat: own(ones(u)) };
      },
    { reduction: "weighted" },
  ],
  [{ id: "krotov-hopfield" }, krotov(2, 0.4, 2), { ...sum, normalise: "max" }],
  [
    { id: "krotov-hopfield", power: 3, antiHebbian: 0.2, antiHebbianRank: 3 },
    krotov(3, 0.2, 3),
    { ...sum, normalise: "max" },
  ],
  [{ id: "soft-hebb" }, softHebb(1, -1), { ...sum, normalise: "max", normRate: 0.5 }],
  [
    { id: "soft-hebb", inverseTemperature: 2, antiHebbian: false, normRate: 0 },
    softHebb(2, 1),
    { ...sum, normalise: "max" },
  ],
  [
    { id: "soft-hebb", inverseTemperature: 2, priorRate: 0.1 },
    (context) =>
      ({ u, position }, values) => {
        const scores = u.map((a, k) => 2 * a + stateAt(context, values, "logPrior", position, u.length)[k]!);
        return { g: softmax(scores).map((share, k) => (ranking(scores)[0] === k ? share : -share)), hat: own(u) };
      },
    { ...sum, normalise: "max", normRate: 0.5 },
  ],
  [
    { id: "krotov-hopfield", teacher: "gate", teacherLayers: "all" },
    (context) =>
      ({ u, x, w, sample }) => {
        const q = u.map((_, k) => dot(x, column(w, k)));
        const group = ranking(q).filter((k) => target(context, sample, u.length)[k] === 1);
        return { g: u.map((_, k) => (group[0] === k ? 1 : group[1] === k ? -0.4 : 0)), hat: own(q) };
      },
    { ...sum, normalise: "max" },
  ],
  [
    { id: "soft-hebb", teacher: "gate", teacherLayers: "all" },
    (context) =>
      ({ u, sample }) => {
        const group = ranking(u).filter((k) => target(context, sample, u.length)[k] === 1);
        const total = group.reduce((parts, k) => parts + Math.exp(u[k]!), 0);
        const share = (k: number): number => (group.includes(k) ? Math.exp(u[k]!) / total : 0);
        return { g: u.map((_, k) => (group[0] === k ? 1 : -1) * share(k)), hat: own(u) };
      },
    { ...sum, normalise: "max", normRate: 0.5 },
  ],
  [
    { id: "hard-wta", teacher: "gate" },
    (context) =>
      ({ u, x, w, sample }, { layer }) => {
        const scores = u.map((_, k) => raisedCosine(x, w, k));
        const reached = layer.index === context.top;
        const group = ranking(scores).filter((k) => !reached || target(context, sample, u.length)[k] === 1);
        return { g: u.map((_, k) => (group[0] === k ? 1 : 0)), hat: own(ones(u)) };
      },
    { reduction: "weighted" },
  ],
  [
    { id: "foldiak" },
    (context) =>
      ({ u, position }, values) => ({
        g: settled(context, values, u, position, 10, 0.3, 10).map((y) => (y > 0.5 ? 1 : 0)),
        hat: own(ones(u)),
      }),
    {},
  ],
  [
    { id: "foldiak", binary: false, settleSteps: 3, settleRate: 0.5, slope: 2, reduction: "sum" },
    (context) =>
      ({ u, position }, values) => ({ g: settled(context, values, u, position, 3, 0.5, 2), hat: own(ones(u)) }),
    sum,
  ],
];

/** States as they might be in the middle of a run, not at their start: positive thresholds, symmetric lateral weights. */
function feedsInTheMiddle(traced: Traced, seed: number): Feeds {
  const feeds = drawFeeds(traced, seed);
  for (const variable of traced.workspace.registry.variables.filter(({ kind }) => kind === "state")) {
    const random = stream(seed, `middle ${variable.name}`);
    const values = Array.from({ length: sizeOf(variable.shape) }, () => 0.2 + 0.3 * random.uniform());
    const units = variable.shape.at(-1)!;
    feeds[variable.name] = !variable.name.endsWith("lateral")
      ? values
      : values.map((_, at) => {
          const [block, j, k] = [Math.floor(at / units ** 2), Math.floor(at / units) % units, at % units];
          return j === k ? 0 : -values[block * units ** 2 + Math.min(j, k) * units + Math.max(j, k)]!;
        });
  }
  return feeds;
}

/** Largest difference, relative to the largest expected number. */
function distance(actual: readonly number[], expected: readonly number[]): number {
  expect(actual.length).toBe(expected.length);
  const size = Math.max(1e-9, ...expected.map(Math.abs));
  return Math.max(...actual.map((value, i) => Math.abs(value - expected[i]!))) / size;
}

describe.each(proofs)("%j", (spec, equation, options) => {
  it.each([4, 1])("equals its equation applied sample by sample and added up, batch %i", (batch) => {
    // One sample on one network of each architecture: what differs there is the batch.
    for (const network of batch === 1 ? networkCases.filter((_, i) => i % 4 === 1) : networkCases) {
      const traced = trace(network, spec, batch);
      const feeds = feedsInTheMiddle(traced, 3);
      const { layers, gradients } = evaluate(traced, feeds);
      let largest = 0;
      for (const values of layers) {
        const { weight, bias } = naiveChange(values, equation({ feeds, top: layers.length }), options);
        const name = `layer${values.layer.index}`;
        expect(
          distance(
            gradients[`${name}.weight`]!,
            weight.map((change) => -change),
          ),
          `${network.name} ${name}`,
        ).toBeLessThan(1e-6);
        if (bias === undefined) expect(gradients[`${name}.bias`]).toBeUndefined();
        else
          expect(
            distance(
              gradients[`${name}.bias`]!,
              bias.map((change) => -change),
            ),
            `${network.name} bias`,
          ).toBeLessThan(1e-6);
        largest = Math.max(largest, ...weight.map(Math.abs));
      }
      if (batch > 1) expect(largest, `${network.name}: nothing to compare`).toBeGreaterThan(1e-3);
    }
  });
});

describe("the state a rule keeps", () => {
  const mean = ({ layer }: LayerValues, x: number[][][], square = false): number[] => {
    const rows = layer.shared ? [x.flat()] : x[0]!.map((_, p) => x.map((sample) => sample[p]!));
    return rows.flatMap((sites) =>
      sites[0]!.map((_, k) => sites.reduce((total, site) => total + site[k]! ** (square ? 2 : 1), 0) / sites.length),
    );
  };
  const follows = (
    spec: Spec,
    expected: (
      values: LayerValues,
      old: (name: string) => readonly number[],
      context: Context,
    ) => Record<string, number[]>,
  ) => {
    for (const network of networkCases) {
      const traced = trace(network, spec);
      const feeds = feedsInTheMiddle(traced, 5);
      const { layers, next } = evaluate(traced, feeds);
      for (const values of layers) {
        const prefix = `layer${values.layer.index}.`;
        for (const [name, value] of Object.entries(
          expected(values, (state) => feeds[prefix + state]!, { feeds, top: layers.length }),
        )) {
          expect(distance(next[prefix + name]!, value), `${network.name} ${name}`).toBeLessThan(1e-6);
        }
      }
    }
  };
  const towards = (old: readonly number[], now: readonly number[], rate: number): number[] =>
    old.map((a, i) => a + rate * (now[i]! - a));

  it("covariance: running means", () =>
    follows({ id: "covariance", averageRate: 0.3 }, (values, old) => ({
      inputMean: towards(old("inputMean"), mean(values, values.pre), 0.3),
      activityMean: towards(old("activityMean"), mean(values, values.preactivation), 0.3),
    })));
  it("bcm: the threshold follows the mean square", () =>
    follows({ id: "bcm", thresholdRate: 0.2 }, (values, old) => ({
      threshold: towards(old("threshold"), mean(values, values.post, true), 0.2),
    })));
  it("homeostasis: thresholds rise with a unit's share", () =>
    follows({ id: "soft-hebb", homeostasis: 0.5, inverseTemperature: 2 }, (values, old) => {
      const units = values.layer.outFeatures;
      const share = mean(
        values,
        values.preactivation.map((sample) =>
          sample.map((u, p) =>
            softmax(u.map((a, k) => 2 * (a - old("threshold")[(values.layer.shared ? 0 : p * units) + k]!))),
          ),
        ),
      );
      // Shares of a position add up to 1.
      return { threshold: old("threshold").map((t, i) => t + 0.5 * (share[i]! - 1 / units)) };
    }));
  it("soft-hebb: a log prior follows a unit's mean share", () =>
    follows({ id: "soft-hebb", priorRate: 0.3, inverseTemperature: 2 }, (values, old) => {
      const units = values.layer.outFeatures;
      const prior = (position: number): readonly number[] =>
        old("logPrior")
          .slice((values.layer.shared ? 0 : position) * units)
          .slice(0, units);
      const shares = values.preactivation.map((sample) =>
        sample.map((u, p) => softmax(u.map((a, k) => 2 * a + prior(p)[k]!))),
      );
      const share = mean(values, shares);
      return { logPrior: old("logPrior").map((b, i) => b + (0.3 * (share[i]! - Math.exp(b))) / Math.exp(b)) };
    }));
  it("lateral feedback: its width shrinks to 1 in the steps given, and never to nothing", () => {
    const network = networkCase("mlp", { symbols: 4, widths: [26] });
    const traced = trace(network, { id: "hard-wta", lateral: "gaussian", lateralShrink: 7 }, 1);
    const feeds = drawFeeds(traced, 1);
    const width = "layer1.lateralWidth";
    // 26 units fill five rows of six: the radius is 2.
    expect(feeds[width]).toEqual([2]);
    const widths = [2];
    for (let step = 0; step < 60; step++)
      widths.push(evaluate(traced, { ...feeds, [width]: [widths.at(-1)!] }).next[width]![0]!);
    expect(widths[3]).toBeCloseTo(2 ** (4 / 7), 12);
    expect(widths[7]).toBeCloseTo(1, 12);
    expect(widths[60]).toBe(0.02);
  });
  it("foldiak: lateral weights and thresholds", () =>
    follows({ id: "foldiak", targetRate: 0.2, lateralRate: 0.7, thresholdRate: 0.4 }, (values, old, context) => {
      const y = values.preactivation.map((sample) =>
        sample.map((u, p) => settled(context, values, u, p, 10, 0.3, 10).map((a) => (a > 0.5 ? 1 : 0))),
      );
      const units = values.layer.outFeatures;
      const together = mean(
        values,
        y.map((sample) => sample.map((unitsHere) => unitsHere.flatMap((a) => unitsHere.map((b) => a * b)))),
      );
      return {
        threshold: old("threshold").map((t, i) => t + 0.4 * (mean(values, y)[i]! - 0.2)),
        lateral: old("lateral").map((v, i) =>
          Math.floor(i / units) % units === i % units ? 0 : Math.min(0, v - 0.7 * (together[i]! - 0.04)),
        ),
      };
    }));
});

it("forms no change of a single sample: the batch is contracted first", () => {
  const batch = 64;
  for (const id of ["oja", "oja-subspace", "sanger", "soft-hebb", "krotov-hopfield", "hard-wta", "bcm"]) {
    const network = networkCase("tree-cnn", { widths: [20, 20, 20] });
    const { gradients } = trace(network, { id }, batch);
    for (const layer of network.network.layers) {
      const change = gradients[`layer${layer.index}.weight`]!;
      const widest = Math.max(...topological([change]).map((node) => sizeOf(node.shape)));
      expect(widest, id).toBeLessThan(batch * layer.positions * layer.inFeatures * layer.outFeatures);
      // Nothing is larger than the activity of the widest layer seen.
      expect(widest, id).toBeLessThanOrEqual(batch * 8 * 20);
    }
  }
});
