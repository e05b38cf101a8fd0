/**
 * What every rule of the catalogue declares and must hold to, measured in float64 on its traced graph. A new rule joins by being listed.
 * What a rule reads is not measured here but proved (`audit/certificate`).
 *
 * How each is measured:
 * - `relation`: against the derivative of the loss through a forward pass without stopped gradients.
 * - Mean over the batch: an update on two copies of a batch equals that on the batch, unless `copiesMatter` says why not; an
 *   option `reduction` at `sum` gives the mean times the samples, and positions, that a weight sees.
 */
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { dot, relativeError } from "../../graph/finite-difference.contract.ts";
import { cost, crossEntropy, grad } from "../../graph/index.ts";
import { activity, receive, toPositions } from "../../networks/index.ts";
import { stream } from "../../random/stream.ts";
import { blank, partnerName } from "../../tasks/index.ts";
import { parametersOf } from "../../train/parameters.ts";
import { buildStep } from "../../train/step.ts";
import { catalogue, chooseRule } from "../catalogue.ts";
import {
  asTransposes,
  drawFeeds,
  evaluate,
  type Feeds,
  type NetworkCase,
  networkCase,
  networkCases,
  refuseAsRun,
  trace,
  type Traced,
} from "../testing/rule-cases.contract.ts";
import { type ChosenRule, type Rule, RuleError, type Signal } from "./index.ts";

/** One network of each architecture, of both activations and parametrisations, with and without bias. */
const few: readonly NetworkCase[] = [
  networkCase("mlp", { symbols: 4, activation: "tanh", parametrisation: "mean-field", bias: "shared" }),
  networkCase("tree-cnn", { widths: [4, 3] }),
  networkCase("locally-connected", { symbols: 4, widths: [3, 5], bias: "per-position", readout: "mean" }),
];
/** Where one network is enough: the tree, which has positions to share, and units that can die. */
const tree = few[1]!;

/**
 * Rules whose update depends on the order of the batch, each with its reason: they pair every sample with another by place,
 * which any order of the batch does as well.
 */
const ordered: Readonly<Record<string, string>> = {
  clapp: "the negative of a sample is the partner of the next one",
  scff: "the negative of a sample is the next one",
};

/**
 * Rules for which copies of a batch are not more of the same, each with its reason. All others are held to it, also those whose
 * samples meet in a statistic of the batch (a mean, a variance, a histogram), which copies leave as it is.
 */
const copiesMatter: Readonly<Record<string, string>> = {
  simclr: "a sample is told from its own copies",
  "greedy-infomax": "the next samples, which it is told from, are other ones",
  vicreg: "its variances and covariances divide by the batch less one",
  lpl: "its variances and covariances divide by the batch less one",
};

type Values = Readonly<Record<string, readonly number[]>>;

/** Largest difference between two sets of lists, relative to the largest magnitude in `expected`; lists that are missing are zeros. */
function difference(actual: Values, expected: Values, names = Object.keys({ ...actual, ...expected })): number {
  const flat = (values: Values): number[] =>
    names.flatMap((name) => [...(values[name] ?? (actual[name] ?? expected[name])!.map(() => 0))]);
  return relativeError(flat(actual), flat(expected));
}

const isFinite = (values: Values): boolean => Object.values(values).every((list) => list.every(Number.isFinite));

/** A rule of the catalogue with options that its type does not know here. */
function withOptions(rule: Rule, options: Readonly<Record<string, unknown>> = {}): ChosenRule {
  return chooseRule({ ...options, id: rule.id });
}

/** Reasons for which a rule may refuse options or a network: any RuleError but those about what it returns. */
function tracedOrRefused(
  net: NetworkCase,
  rule: Rule,
  options: Readonly<Record<string, unknown>>,
  batch = 4,
): Traced | undefined {
  try {
    refuseAsRun(net, withOptions(rule, options), batch);
    return trace(net, withOptions(rule, options), batch);
  } catch (error) {
    const broken = /expected (one|a) (pseudo-gradient|next value|value)|expected the next value|expected a graph/;
    if (error instanceof RuleError && !broken.test(error.message)) return undefined;
    throw error;
  }
}

/** Default options, then each enumerated or boolean option at each other value. */
function variations(rule: Rule): Readonly<Record<string, unknown>>[] {
  if (!(rule.options instanceof z.ZodObject)) return [{}];
  const shape = rule.options.shape as Readonly<Record<string, z.ZodType>>;
  return [{}, ...Object.entries(shape).flatMap(([name, type]) => valuesOf(type).map((value) => ({ [name]: value })))];
}

function valuesOf(type: unknown): readonly unknown[] {
  if (type instanceof z.ZodDefault || type instanceof z.ZodOptional) return valuesOf(type.def.innerType);
  if (type instanceof z.ZodEnum) return type.options;
  return type instanceof z.ZodBoolean ? [true, false] : [];
}

/** Derivative of the mean cross-entropy by every parameter of the hidden layers, nothing stopped. */
function trueGradient({ networkCase: { network }, variables, workspace, rule }: Traced) {
  const between = rule.rule.between(rule.options) ?? ((_, { post }) => post);
  const own = (name: string) => {
    const bias = variables[`${name}.bias`];
    return { weight: variables[`${name}.weight`]!, ...(bias === undefined ? {} : { bias }) };
  };
  let below = workspace.input;
  for (const layer of network.layers) {
    const here = activity(layer, receive(layer, below), own(layer.name));
    below = toPositions(layer, between(layer, here));
  }
  const scores = activity(network.readout, receive(network.readout, below), own("readout")).post;
  const names = parametersOf(network)
    .map(({ name }) => name)
    .filter((name) => !name.startsWith("readout."));
  const slopes = grad(
    crossEntropy(scores, workspace.labels),
    names.map((name) => variables[name]!),
  );
  return Object.fromEntries(names.map((name, i) => [name, slopes[i]!]));
}

/** The rule's update and the gradient by the same parameters, as numbers. */
function compared(traced: Traced, feeds: Feeds): { update: Values; gradient: Values } {
  const gradient = trueGradient(traced);
  const { gradients, extra } = evaluate(traced, feeds, gradient);
  return {
    update: Object.fromEntries(
      Object.keys(gradient).map((name) => [name, gradients[name] ?? extra[name]!.map(() => 0)]),
    ),
    gradient: extra,
  };
}

/** Inputs that have a row for each example. The batch must be of a size that no other axis has. */
function perExample({ workspace: { registry }, batch }: Traced): string[] {
  return [
    ...["tokens", "labels"],
    ...registry.partners.map(({ request }) => partnerName(request)),
    ...registry.noises.filter(({ shape }) => shape.find((size) => size > 1) === batch).map(({ name }) => name),
  ];
}

/** Feeds with examples reordered: new example i is old example order[i]. Noise drawn per example moves along. */
function reorder(traced: Traced, feeds: Feeds, order: ArrayLike<number>): Feeds {
  const moved: Feeds = { ...feeds };
  for (const name of perExample(traced)) {
    const size = feeds[name]!.length / traced.batch;
    moved[name] = Array.from(order).flatMap((example) => feeds[name]!.slice(example * size, (example + 1) * size));
  }
  return moved;
}

/** Feeds of a batch that is `times` copies of the one in `feeds`. Noise drawn per example is copied with it. */
function repeated(traced: Traced, feeds: Feeds, times: number): Feeds {
  const copied: Feeds = { ...feeds };
  for (const name of perExample(traced)) copied[name] = Array.from({ length: times }).flatMap(() => [...feeds[name]!]);
  return copied;
}

/** Signals of a rule whose update is one product per weight and a gate: nothing dearer than backpropagation. */
const cheap: readonly Signal[] = ["pre", "post", "preactivation", "weight", "label", "outputError", "batch"];

describe.each(catalogue.map((rule) => [rule.id, rule] as const))("%s", (id, rule) => {
  // What is compared with another example comes in another way than what is compared with a part of the same one.
  const isPaired = rule.options instanceof z.ZodObject && "pair" in rule.options.shape;
  const forms: readonly Readonly<Record<string, unknown>>[] = isPaired ? [{}, { pair: "same-class" }] : [{}];
  // Traced when first asked for: a rule that breaks its contract fails its tests, not the whole file.
  let made: (readonly [NetworkCase, Traced])[] | undefined;
  const traces = () => (made ??= few.map((net) => [net, trace(net, withOptions(rule))] as const));

  test("runs with default options on every architecture, and on one hidden layer", () => {
    expect(traces()).toHaveLength(few.length);
    expect(() => trace(networkCase("tree-cnn", { widths: [6] }), withOptions(rule))).not.toThrow();
  });

  test("keeps to its contract with every value of every option, or refuses it", () => {
    const accepted = variations(rule).filter((options) =>
      // Even widths, as halves need them.
      (["mlp", "tree-cnn"] as const).some(
        (architecture) =>
          tracedOrRefused(networkCase(architecture, { widths: [6, 4], bias: "shared" }), rule, options) !== undefined,
      ),
    );
    expect(accepted.length).toBeGreaterThan(0);
  });

  test(`relation to the gradient: ${rule.relation}`, () => {
    const apart: number[] = [];
    for (const net of few) {
      const traced = trace(net, withOptions(rule));
      for (const seed of rule.relation === "descent direction" ? [1, 2, 3, 4, 5] : [1]) {
        const feeds = drawFeeds(traced, seed);
        const { update, gradient } = compared(traced, feeds);
        expect(isFinite(update), net.name).toBe(true);
        apart.push(difference(update, gradient));
        switch (rule.relation) {
          case "equal":
            expect(difference(update, gradient), net.name).toBeLessThan(1e-9);
            break;
          case "equal when the feedback is the transpose": {
            const tied = compared(traced, asTransposes(feeds));
            expect(difference(tied.update, tied.gradient), net.name).toBeLessThan(1e-9);
            break;
          }
          case "descent direction": {
            const names = Object.keys(gradient);
            const inner = names.reduce((sum, name) => sum + dot(update[name]!, gradient[name]!), 0);
            const length = (values: Values): number =>
              Math.sqrt(names.reduce((sum, n) => sum + dot(values[n]!, values[n]!), 0));
            expect(inner, net.name).toBeGreaterThanOrEqual(-1e-9 * length(update) * length(gradient));
            break;
          }
          case "none":
            break;
          default:
            rule.relation satisfies never;
        }
      }
    }
    if (rule.relation !== "equal") expect(Math.max(...apart)).toBeGreaterThan(1e-3);
  });

  test("pseudo-gradients have the shapes of what they change, at odd sizes, and are finite", () => {
    for (const net of networkCases) {
      const traced = tracedOrRefused(net, rule, {});
      if (traced === undefined) continue;
      const { slopes, next = [], decays = [] } = traced.updates;
      for (const { parameter, gradient } of slopes) {
        expect([parameter.name, gradient.shape]).toEqual([parameter.name, parameter.shape]);
        expect(parameter.name).not.toMatch(/^readout\.(weight|bias)$/);
        expect(["weight", "bias", "head"]).toContain(parameter.kind);
      }
      for (const { state, value } of next) {
        expect([state.name, value.shape]).toEqual([state.name, state.shape]);
        expect(state.kind).toBe("state");
      }
      for (const { parameter } of decays) expect(["weight", "bias", "head"]).toContain(parameter.kind);
      // Names are for the edge: two values of one name would be one there.
      const names = traced.workspace.registry.variables.map(({ name }) => name);
      expect(new Set(names).size).toBe(names.length);
    }
  });

  test("numbers are finite: in a batch of one, without input, with units that are all dead", () => {
    for (const options of forms) {
      const [traced, single] = [trace(tree, withOptions(rule, options)), tracedOrRefused(tree, rule, options, 1)];
      const changed = (which: RegExp, to: (value: number) => number): Feeds =>
        Object.fromEntries(
          Object.entries(drawFeeds(traced, 1)).map(([name, values]) => [
            name,
            which.test(name) ? values.map(to) : values,
          ]),
        );
      const cases: [string, Traced, Feeds][] = [
        ["no input", traced, changed(/^(tokens|partner\..*)$/, () => blank)],
        ["dead units", traced, changed(/^layer\d+\.weight$/, (w) => -Math.abs(w))],
      ];
      if (single !== undefined) cases.push(["batch of one", single, drawFeeds(single, 1)]);
      for (const [name, of, feeds] of cases) {
        const { gradients, next, objectives } = evaluate(of, feeds);
        const scalars = Object.fromEntries(Object.entries(objectives).map(([key, value]) => [key, [value]]));
        expect(isFinite({ ...gradients, ...next, ...scalars }), name).toBe(true);
      }
    }
  });

  test(`the order of the batch ${ordered[id] === undefined ? "does not matter" : `matters: ${ordered[id]}`}`, () => {
    for (const options of forms) {
      // A batch size that no other axis has, so that noise drawn per example is known by its shape.
      const traced = trace(tree, withOptions(rule, options), 11);
      const feeds = drawFeeds(traced, 1);
      const moved = reorder(traced, feeds, stream(1, "order").permutation(11));
      const apart = difference(evaluate(traced, moved).gradients, evaluate(traced, feeds).gradients);
      if (ordered[id] === undefined) expect(apart).toBeLessThan(1e-9);
      else expect(apart).toBeGreaterThan(1e-6);
    }
  });

  const copies = copiesMatter[id];
  test(`a batch twice over gives ${copies === undefined ? "the same update" : `another update: ${copies}`}`, () => {
    // A batch size that no other axis has, so that noise drawn per example is known by its shape and repeated with its example.
    // One network with shared weights, one without.
    for (const options of forms)
      for (const net of few.slice(1)) {
        const chosen = withOptions(rule, options);
        const [once, twice] = [trace(net, chosen, 11), trace(net, chosen, 22)];
        const feeds = drawFeeds(once, 1);
        const apart = difference(evaluate(twice, repeated(once, feeds, 2)).gradients, evaluate(once, feeds).gradients);
        if (copies === undefined) expect(apart, net.name).toBeLessThan(1e-9);
        else expect(apart, net.name).toBeGreaterThan(1e-6);
      }
  });

  const reductions =
    rule.options instanceof z.ZodObject ? valuesOf((rule.options.shape as Record<string, unknown>)["reduction"]) : [];
  if (reductions.length === 0) {
    test.skip("reduction=sum against mean: it has no option reduction, its updates are means", () => undefined);
  } else {
    test("reduction=sum is reduction=mean times the samples, and the positions, that a parameter sees", () => {
      // What comes after the reduction, and would hide it, is off; biases learn as well.
      const bare = { normalise: "none", weightNorm: "none", normRate: 0, learnBias: true };
      for (const net of few) {
        const traced = trace(net, withOptions(rule, { ...bare, reduction: "sum" }));
        const feeds = drawFeeds(traced, 1);
        const summed = evaluate(traced, feeds).gradients;
        const averaged = evaluate(trace(net, withOptions(rule, { ...bare, reduction: "mean" })), feeds).gradients;
        expect(Object.keys(summed)).toEqual(Object.keys(averaged));
        for (const layer of net.network.layers) {
          const name = `layer${layer.index}`;
          const samples = (shared: boolean): number => traced.batch * (shared ? layer.positions : 1);
          expect(Math.max(...summed[`${name}.weight`]!.map(Math.abs)), `${net.name} ${name}`).toBeGreaterThan(0);
          for (const [of, factor] of [
            [`${name}.weight`, samples(layer.shared)],
            [`${name}.bias`, samples(layer.bias === "shared")],
          ] as const) {
            const expected = averaged[of]?.map((value) => factor * value);
            if (expected !== undefined)
              expect(relativeError(summed[of]!, expected), `${net.name} ${of}`).toBeLessThan(1e-9);
          }
        }
      }
    });
  }

  if (!rule.reads.every((signal) => cheap.includes(signal))) return;
  test("costs fewer products than backpropagation", () => {
    const net = networkCase("tree-cnn", { widths: [16, 16, 16] });
    const products = (of: Rule): number => {
      const optimiser = { kind: "sgd", momentum: 0, beta1: 0, beta2: 0, epsilon: 0, weightDecay: 0 } as const;
      const step = buildStep({ network: net.network, rule: withOptions(of), optimiser, batch: 32 }, net.symbols);
      return cost(Object.values(step.outputs)).products;
    };
    expect(products(rule)).toBeLessThan(products(catalogue.find((other) => other.id === "backprop")!));
  });
});
