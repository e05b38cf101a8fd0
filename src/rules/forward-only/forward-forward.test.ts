import { describe, expect, test } from "vitest";
import { distance, type NaivePass, expectUpdates, naivePass, oneHotInput } from "../testing/naive-pass.contract.ts";
import { stream } from "../../random/stream.ts";
import {
  drawFeeds,
  evaluate,
  type Feeds,
  type LayerValues,
  naiveDescent,
  type NetworkCase,
  networkCase,
  networkCases,
  rows,
  slope,
  trace,
} from "../testing/rule-cases.contract.ts";

interface Options {
  readonly threshold: number;
  readonly goodness: "mean" | "sum";
  readonly positions: "each" | "together";
  readonly normalise: boolean;
  readonly peerNormalisation: number;
  readonly peerMemory: number;
}
const plain: Options = {
  threshold: 0.7,
  goodness: "mean",
  positions: "together",
  normalise: true,
  peerNormalisation: 0,
  peerMemory: 0.9,
};

const meanSquare = (values: readonly number[]): number => values.reduce((sum, h) => sum + h * h, 0) / values.length;

/** What layers pass on: activity over its root mean square. */
function between({ normalise, positions }: Options): (activity: number[][]) => number[][] {
  if (!normalise) return (activity) => activity;
  return (activity) =>
    activity.map((units) => {
      const size = Math.sqrt(meanSquare(positions === "each" ? units : activity.flat()) + 1e-8);
      return units.map((h) => h / size);
    });
}

/** A wrong label: as many classes on as the draw of [0, 1) says, at least one, counting round. */
function wrongLabels({ labels, ...feeds }: Feeds, classes: number): number[] {
  return labels!.map((label, b) => (label + 1 + Math.floor(feeds["noise.wrongLabel"]![b]! * (classes - 1))) % classes);
}

function withLabels(net: NetworkCase, feeds: Feeds, labels: readonly number[], options: Options): NaivePass {
  const { positions, channels } = net.network.input;
  const embedding = rows(feeds["label.embedding"]!, positions * channels);
  const written = oneHotInput(net, feeds).map((sample, b) =>
    sample.map((units, p) => units.map((x, c) => x + embedding[labels[b]!]![p * channels + c]!)),
  );
  return naivePass(net, feeds, { input: written, between: between(options) });
}

/** Losses of the groups of units that share a goodness, and their derivative by the pre-activations. */
function contrast(values: LayerValues, sign: 1 | -1, { threshold, goodness, positions }: Options) {
  const { layer, post, preactivation } = values;
  const groups = positions === "each" ? layer.positions : 1;
  const members = (layer.positions * layer.outFeatures) / groups;
  let loss = 0;
  const delta = post.map((sample, b) =>
    sample.map((units, p) => {
      const group = positions === "each" ? units : sample.flat();
      const count = goodness === "mean" ? 1 : members;
      const odds = Math.exp(sign * count * (meanSquare(group) - threshold));
      if (positions === "each" || p === 0) loss += Math.log(1 + odds) / (post.length * groups);
      // Each group is one term of a mean over groups and batch; naiveDescent divides by the batch.
      const byGoodness = ((sign * odds) / (1 + odds) / groups) * (count / members);
      return units.map((h, j) => byGoodness * 2 * h * slope(layer, preactivation[b]![p]![j]!));
    }),
  );
  return { loss, update: naiveDescent(values, delta) };
}

/** Cost of mean activities that differ between peers, its share of the update, and the next running means, unit by unit. */
function peers(values: LayerValues, feeds: Feeds, { positions, peerNormalisation, peerMemory }: Options) {
  const { layer, post, preactivation } = values;
  const { index, outFeatures, shared } = layer;
  const old = feeds[`layer${index}.meanActivity`]!;
  const places = shared ? 1 : layer.positions;
  const sites = post.length * (layer.positions / places);
  const means = old.map((before, at) => {
    const [place, j] = [Math.floor(at / outFeatures), at % outFeatures];
    let total = 0;
    for (const sample of post) sample.forEach((units, p) => (total += shared || p === place ? units[j]! : 0));
    return peerMemory * before + ((1 - peerMemory) * total) / sites;
  });
  const groupOf = (at: number): number[] =>
    means.filter(
      (_, other) => positions === "together" || Math.floor(other / outFeatures) === Math.floor(at / outFeatures),
    );
  const apart = means.map((mean, at) => {
    const group = groupOf(at);
    return mean - group.reduce((sum, x) => sum + x, 0) / group.length;
  });
  const loss = (peerNormalisation * apart.reduce((sum, x) => sum + x * x, 0)) / means.length;
  // d/dm_j of the mean over units of (m_k - centre)^2 is 2 (m_j - centre) / units: deviations from the centre add up to 0.
  const delta = post.map((sample, b) =>
    sample.map((units, p) =>
      units.map((_, j) => {
        const at = (shared ? 0 : p) * outFeatures + j;
        const byActivity = ((2 * peerNormalisation * apart[at]!) / means.length) * ((1 - peerMemory) / sites);
        // naiveDescent divides by the batch.
        return post.length * byActivity * slope(layer, preactivation[b]![p]![j]!);
      }),
    ),
  );
  return { loss, update: naiveDescent(values, delta), means };
}

function naive(
  net: NetworkCase,
  feeds: Feeds,
  options: Options,
  others = wrongLabels(feeds, net.network.readout.classes),
): {
  readonly gradients: Record<string, number[]>;
  readonly objectives: Record<string, number>;
  readonly next: Record<string, number[]>;
} {
  const right = withLabels(net, feeds, feeds["labels"]!, options);
  const wrong = withLabels(net, feeds, others, options);
  const gradients: Record<string, number[]> = {};
  const objectives: Record<string, number> = {};
  const next: Record<string, number[]> = {};
  right.layers.forEach((values, l) => {
    const [up, down] = [contrast(values, -1, options), contrast(wrong.layers[l]!, 1, options)];
    const alike = options.peerNormalisation > 0 ? peers(values, feeds, options) : undefined;
    objectives[`layer${l + 1}.objective`] = up.loss + down.loss + (alike?.loss ?? 0);
    if (alike !== undefined) next[`layer${l + 1}.meanActivity`] = alike.means;
    for (const [name, change] of Object.entries(up.update))
      gradients[name] = change.map((x, i) => x + down.update[name]![i]! + (alike?.update[name]?.[i] ?? 0));
  });
  return { gradients, objectives, next };
}

describe("goodness with the right and a wrong label, by loops", () => {
  test.each(networkCases.map((net) => [net.name, net] as const))("%s", (_, net) => {
    for (const batch of [3, 1]) {
      const traced = trace(net, { id: "ff", ...plain }, batch);
      const feeds = drawFeeds(traced, 1);
      const { gradients, objectives } = evaluate(traced, feeds);
      const expected = naive(net, feeds, plain);
      expectUpdates(gradients, expected.gradients);
      for (const [name, loss] of Object.entries(expected.objectives)) expect(objectives[name]).toBeCloseTo(loss, 10);
    }
  });

  test.each<Partial<Options>>([
    { goodness: "sum" },
    { positions: "each" },
    { normalise: false },
    { goodness: "sum", positions: "each" },
  ])("%o", (changed) => {
    const options = { ...plain, ...changed };
    const net = networkCase("tree-cnn", { bias: "shared" });
    const traced = trace(net, { id: "ff", ...options }, 3);
    const feeds = drawFeeds(traced, 2);
    expectUpdates(evaluate(traced, feeds).gradients, naive(net, feeds, options).gradients);
  });
});

describe("peer normalisation, unit by unit", () => {
  test.each(networkCases.map((net) => [net.name, net] as const))("%s", (_, net) => {
    for (const positions of ["each", "together"] as const) {
      // Large enough to matter beside the goodness.
      const options = { ...plain, positions, peerNormalisation: 20, peerMemory: 0.6 };
      const traced = trace(net, { id: "ff", ...options }, 3);
      const feeds = drawFeeds(traced, 1);
      const random = stream(1, "means");
      for (const name of Object.keys(traced.next)) feeds[name] = feeds[name]!.map(() => random.uniform());
      const found = evaluate(traced, feeds);
      const expected = naive(net, feeds, options);
      expectUpdates(found.gradients, expected.gradients);
      expectUpdates(found.next, expected.next);
      for (const [name, loss] of Object.entries(expected.objectives))
        expect(found.objectives[name]).toBeCloseTo(loss, 10);
    }
  });
});

test("the wrong label is each other class equally often, never the right one, even for a draw that rounds to 1", () => {
  const net = networkCase("mlp", { symbols: 4, classes: 4, widths: [5] });
  const traced = trace(net, { id: "ff", ...plain }, 1);
  const feeds = drawFeeds(traced, 1);
  /** The class whose goodness was pushed down: the only one whose naive update is the rule's. */
  const wrongLabel = (label: number, draw: number): number => {
    const given: Feeds = { ...feeds, labels: [label], "noise.wrongLabel": [draw] };
    const update = evaluate(traced, given).gradients["layer1.weight"]!;
    const classes = [0, 1, 2, 3].filter((other) => {
      const expected = naive(net, given, plain, [other]).gradients["layer1.weight"]!;
      return distance(update, expected) < 1e-6;
    });
    expect(classes).toHaveLength(1);
    return classes[0]!;
  };
  for (const label of [0, 3]) {
    const found = Array.from({ length: 6 }, (_, i) => wrongLabel(label, (i + 0.5) / 6));
    for (const other of [0, 1, 2, 3]) expect(found.filter((k) => k === other)).toHaveLength(other === label ? 0 : 2);
    expect(wrongLabel(label, 1)).not.toBe(label);
  }
});

test("the pass that is read out has no label, and activity of mean square one between layers", () => {
  const net = networkCase("tree-cnn", { activation: "tanh" });
  const traced = trace(net, { id: "ff", ...plain }, 3);
  const feeds = drawFeeds(traced, 1);
  const { layers, logits } = evaluate(traced, feeds);
  const expected = naivePass(net, feeds, { between: between(plain) });
  expect(distance(logits.flat(), expected.logits.flat())).toBeLessThan(1e-9);
  for (const sample of layers[1]!.pre) expect(meanSquare(sample.flat())).toBeCloseTo(1, 6);
});

describe("judged by goodness", () => {
  test.each(
    [networkCases[0]!, networkCases[2]!, networkCases[4]!, networkCases[6]!].map((net) => [net.name, net] as const),
  )(
    "the scores are the goodness of each label, summed over layers but the first where there are several: %s",
    (_, net) => {
      for (const positions of ["each", "together"] as const) {
        const options = { ...plain, positions };
        const traced = trace(net, { id: "ff", ...options, inference: "goodness" }, 3);
        const feeds = drawFeeds(traced, 1);
        const { rule, options: settled } = traced.rule;
        const { classes } = net.network.readout;
        const scores = rule.scores(traced.workspace, settled)!;
        expect(scores.shape).toEqual([3, classes]);
        const expected = feeds["labels"]!.map((__, b) =>
          Array.from({ length: classes }, (___, label) => {
            const { layers } = withLabels(net, feeds, [label, label, label], options);
            const judged = layers.length > 1 ? layers.slice(1) : layers;
            return judged.reduce((sum, { post }) => sum + meanSquare(post[b]!.flat()), 0);
          }),
        );
        expect(distance(evaluate(traced, feeds, { scores }).extra["scores"]!, expected.flat())).toBeLessThan(1e-9);
      }
    },
  );

  test("by default the read-out judges", () => {
    const { rule, workspace } = trace(networkCase("tree-cnn"), { id: "ff" }, 3);
    expect(rule.rule.scores(workspace, rule.options)).toBeUndefined();
  });
});
