import { describe, expect, it } from "vitest";
import {
  drawFeeds,
  evaluate,
  inputNames,
  type LayerValues,
  networkCase,
  networkCases,
  trace,
} from "../rules/testing/rule-cases.contract.ts";
import { expectUpdates } from "../rules/testing/naive-pass.contract.ts";
import { isPolynomialText, polynomialRule } from "./polynomial-rule.ts";

const linear = networkCase("tree-cnn", { activation: "tanh", parametrisation: "mean-field", bias: "shared" });

/** -< F > of every weight in plain loops; F has the values of one synapse at one sample. */
function naive(
  { layer, pre, preactivation, post, weight }: LayerValues,
  f: (at: { I: number; O: number; u: number; w: number; sample: number; unit: number; input: number }) => number,
): number[] {
  const groups = layer.shared ? [0] : weight.map((_, p) => p);
  return groups.flatMap((group) =>
    Array.from({ length: layer.inFeatures }, (_, i) =>
      Array.from({ length: layer.outFeatures }, (_, j) => {
        const sites = pre
          .flatMap((sample, b) => sample.map((_, p) => [b, p] as const))
          .filter(([, p]) => layer.shared || p === group);
        const sum = sites.reduce(
          (total, [b, p]) =>
            total +
            f({
              I: pre[b]![p]![i]!,
              O: post[b]![p]![j]!,
              u: preactivation[b]![p]![j]!,
              w: weight[p]![i]![j]! * layer.scale,
              sample: b,
              unit: j,
              input: i,
            }),
          0,
        );
        return -sum / sites.length;
      }),
    ).flat(),
  );
}

describe("a polynomial as a rule", () => {
  it.each(networkCases.map((each) => [each.name, each] as const))(
    "is the naive mean of its own text on %s",
    (_name, each) => {
      const chosen = polynomialRule("k*O*I - w*O^2 + 0.5*I^2*w^3 - 2*O + I - 3*w + 0.25")({ k: 1.5 });
      const traced = trace(each, chosen, 3);
      const { layers, gradients } = evaluate(traced, drawFeeds(traced, 1));
      const expected = Object.fromEntries(
        layers.map((values) => [
          `layer${values.layer.index}.weight`,
          naive(values, ({ I, O, w }) => 1.5 * O * I - w * O ** 2 + 0.5 * I ** 2 * w ** 3 - 2 * O + I - 3 * w + 0.25),
        ]),
      );
      expectUpdates(gradients, expected, 1e-9);
    },
  );

  it.each([
    ["O*I - w*O^2", { activity: "preactivation" }, { id: "oja" }],
    ["O*I - O*w", {}, { id: "instar" }],
    ["O*I - w*O^2", { activity: "preactivation", learnBias: true }, { id: "oja", learnBias: true }],
    ["T*I", { channel: "units" }, { id: "hebb", teacher: "clamp", teacherLayers: "all", weightNorm: "none" }],
    ["T*I - w*T^2", { channel: "units" }, { id: "oja", teacher: "clamp", teacherLayers: "all" }],
  ])("%s with %j is the catalogue's %j", (text, options, spec) => {
    for (const each of [linear, ...networkCases.slice(0, 8)]) {
      const ours = trace(each, polynomialRule(text)(options));
      const theirs = trace(each, spec);
      const feeds = drawFeeds(ours, 2);
      expectUpdates(evaluate(ours, feeds).gradients, evaluate(theirs, feeds).gradients, 1e-9);
    }
  });

  it("O*(O - E[O^2])*I is the catalogue's BCM, its threshold the running average", () => {
    const ours = trace(linear, polynomialRule("O*(O - E[O^2])*I")({ initialAverage: 1 }));
    const theirs = trace(linear, { id: "bcm" });
    const feeds = drawFeeds(theirs, 3);
    for (const { layer } of evaluate(theirs, feeds).layers) {
      const states = Array.from({ length: layer.outFeatures }, (_, k) => 0.3 + 0.1 * k);
      feeds[`layer${layer.index}.threshold`] = states;
      feeds[`layer${layer.index}.average.O2`] = states;
    }
    const [mine, known] = [evaluate(ours, feeds), evaluate(theirs, feeds)];
    expectUpdates(mine.gradients, known.gradients, 1e-9);
    const renamed = Object.entries(known.next).map(([name, value]) => [name.replace("threshold", "average.O2"), value]);
    expectUpdates(mine.next, Object.fromEntries(renamed) as Record<string, number[]>, 1e-9);
  });

  it("averages per input, per unit and per synapse have their own size and follow the batch", () => {
    for (const each of [linear, networkCase("locally-connected", { activation: "tanh" })]) {
      const chosen = polynomialRule("O*I - E[I]*E[O] - E[O*I]*w - E[w]")({
        averageRate: 0.25,
        initialAverage: 0.5,
      });
      const traced = trace(each, chosen, 3);
      const { layers, gradients, next } = evaluate(traced, drawFeeds(traced, 4));
      for (const values of layers) {
        const { layer } = values;
        const name = `layer${layer.index}`;
        expectUpdates(
          { weight: gradients[`${name}.weight`]! },
          { weight: naive(values, ({ I, O, w }) => O * I - 0.25 - 0.5 * w - 0.5) },
          1e-9,
        );
        const copies = layer.shared ? 1 : layer.positions;
        expect(next[`${name}.average.I1`]).toHaveLength(copies * layer.inFeatures);
        expect(next[`${name}.average.O1`]).toHaveLength(copies * layer.outFeatures);
        const product = naive(values, ({ I, O }) => -(0.75 * 0.5 + 0.25 * O * I));
        expectUpdates({ x: next[`${name}.average.O1I1`]! }, { x: product }, 1e-9);
        expectUpdates(
          { x: next[`${name}.average.w1`]! },
          { x: naive(values, ({ w }) => -(0.75 * 0.5 + 0.25 * w)) },
          1e-9,
        );
      }
    }
  });

  it("(T - O)*I on one linear layer is the delta rule for targets that a random matrix carries", () => {
    const single = networkCase("mlp", { symbols: 4, widths: [6], activation: "linear" });
    const traced = trace(single, polynomialRule("(T - O)*I")({ channel: "random" }), 5);
    const feeds = drawFeeds(traced, 5);
    const { layers, gradients } = evaluate(traced, feeds);
    const [values] = layers;
    const classes = single.network.readout.classes;
    expect(feeds["layer1.channel"]).toHaveLength(classes * 6);
    // The gradient of half the squared distance to the targets, written from the weights by a finite difference.
    const w = feeds["layer1.weight"]!;
    const loss = (weights: readonly number[]): number =>
      values!.pre.reduce((sum, [x], b) => {
        const outputs = Array.from({ length: 6 }, (_, j) => x!.reduce((s, xi, i) => s + xi * weights[i * 6 + j]!, 0));
        return (
          sum +
          outputs.reduce((s, o, j) => s + (feeds["layer1.channel"]![feeds.labels![b]! * 6 + j]! - o) ** 2, 0) / 2 / 5
        );
      }, 0);
    const slope = w.map((_, at) => {
      const moved = (by: number): number => loss(w.map((value, i) => (i === at ? value + by : value)));
      return (moved(1e-4) - moved(-1e-4)) / 2e-4;
    });
    expectUpdates({ weight: gradients["layer1.weight"]! }, { weight: slope }, 1e-7);
  });

  it("reads what its variables are", () => {
    expect(polynomialRule("-w").reads).toEqual(["weight"]);
    expect(polynomialRule("O - E[I]").reads).toEqual(["pre", "post"]);
    expect(polynomialRule("O*I").reads).toEqual(["pre", "post"]);
    expect(polynomialRule("T*I - w").reads).toEqual(["pre", "weight", "label"]);
  });

  it("has no input but those of its variables", () => {
    const inputs = (text: string, options = {}): string[] => {
      const { gradients } = trace(linear, polynomialRule(text)(options));
      return [...inputNames([gradients["layer1.weight"]!])].sort();
    };
    expect(inputs("-w")).toEqual(["layer1.weight"]);
    expect(inputs("1")).toEqual([]);
    expect(inputs("I")).toEqual(["tokens"]);
    expect(inputs("O - E[I]")).toEqual(["layer1.average.I1", "layer1.bias", "layer1.weight", "tokens"]);
    expect(inputs("E[w]*I")).toEqual(["layer1.average.w1", "tokens"]);
    expect(inputs("T*I - w", { channel: "units" })).toEqual(["labels", "layer1.weight", "tokens"]);
  });

  it("has its canonical text for a name", () => {
    expect(polynomialRule("-w*O*O + I*O").id).toBe("O*I - O^2*w");
    expect(polynomialRule("O*I - 1.0*O^2*w").id).toBe("O*I - O^2*w");
  });

  it.each([
    ["O I", "rule: polynomial: column 3: expected a sign before it"],
    ["O*I - I*O", "rule: expected a polynomial that is not 0, got O*I - I*O; for no learning write rule=frozen"],
    ["activity*O*I", 'got "activity", which is an option'],
  ])("%s is refused: %s", (text, message) => expect(() => polynomialRule(text)).toThrow(message));

  it("refuses a target without a channel, and a constant without a value", () => {
    expect(() => trace(linear, polynomialRule("T*I")())).toThrow("at hidden layer 1, which has no target");
    expect(() => polynomialRule("O*I - g*w")()).toThrow("write rule.g=0.1");
  });

  it.each([
    ["O*I - w", true],
    ["-w", true],
    ["w", true],
    ["T-O", true],
    ["(O)", true],
    ["oja", false],
    ["direct-feedback-alignment", false],
    ["./my rule.ts", false],
    ["mine@0a1b2c3d", false],
    ["Oja", false],
  ])("%s is a polynomial: %s", (text, expected) => expect(isPolynomialText(text)).toBe(expected));
});
