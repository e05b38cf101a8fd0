/**
 * What every rule of the catalogue declares, measured in float64 on its traced graph. A new rule joins by being listed.
 *
 * How each declaration is measured:
 * - `reads`, for every value of every enumerated option: `traceRule` compares it with what the rule asked for; the graph is
 *   searched for labels, noise and other layers' weights that no declared signal accounts for.
 * - `relation`: against the derivative of the loss through a forward pass without stopped gradients; an option `decay` is 0.
 * - `batch`: samples meet before they are averaged, read off the graph (audit/coupling.ts); a function of the average alone,
 *   such as its sign, is not coupling.
 * - Mean over the batch: an update on two copies of a batch equals that on the batch, unless `copiesMatter` says why not; an
 *   option `reduction` at `sum` gives the mean times the samples, and positions, that a weight sees.
 * - `lateral`: with everything outside the layer held at its values (other layers, the output error, broadcasts), other
 *   weights of unit 0 change the update of the other units' weights. What a unit learns of its neighbours through a head
 *   that sees them all is `localHead`'s.
 */
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { couplesSamples } from "../audit/coupling.ts";
import { dot, relativeError } from "../graph/finite-difference.contract.ts";
import { cost, crossEntropy, grad, is, type Tensor, topological } from "../graph/index.ts";
import { activate, features, logits, patches, preactivate } from "../networks/index.ts";
import { stream } from "../random/stream.ts";
import { interpret } from "../runtime/interpreter.ts";
import { parametersOf } from "../train/parameters.ts";
import { buildStep } from "../train/step.ts";
import { catalogue } from "./catalogue.ts";
import type { Rule } from "./rule.ts";
import {
  asTransposes,
  drawFeeds,
  evaluate,
  type Feeds,
  inputNames,
  type NetworkCase,
  networkCase,
  networkCases,
  trace,
  type Traced,
  withOptions,
} from "./rule-cases.contract.ts";
import { RuleError, type Signal } from "./signal.ts";

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

/** Reasons for which a rule may refuse options or a network: any RuleError but those about its own declaration. */
function tracedOrRefused(
  net: NetworkCase,
  rule: Rule,
  options: Readonly<Record<string, unknown>>,
  batch = 4,
): Traced | undefined {
  try {
    return trace(net, withOptions(rule, options), batch);
  } catch (error) {
    const broken = /expected to read only|reads names|expected the next value/;
    if ((error instanceof RuleError && !broken.test(error.message)) || error instanceof z.ZodError) return undefined;
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
function trueGradient({ networkCase: { network }, parameters, byName, labels, workspace, rule }: Traced) {
  const between = rule.rule.between(rule.options) ?? ((_, post) => post);
  let below = workspace.encodedInput;
  network.layers.forEach((layer, i) => {
    const post = activate(layer, preactivate(layer, patches(layer, below), parameters.layers[i]!));
    below = between(layer, post);
  });
  const loss = crossEntropy(logits(network.readout, features(network.readout, below), parameters.readout), labels);
  const names = [...byName.keys()].filter((name) => !name.startsWith("readout."));
  const slopes = grad(
    loss,
    names.map((name) => byName.get(name)!),
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

/** Inputs and marked nodes that an update depends on directly: the walk back stops at activity, the output error and broadcasts. */
function directInputs(outputs: readonly Tensor[], marks: readonly string[]): Set<string> {
  const found = new Set<string>();
  const seen = new Set<Tensor>();
  const stack = [...outputs];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    if (is(node, "input")) found.add(node.attributes.name);
    if (is(node, "mark") && marks.includes(node.attributes.role.kind)) continue;
    stack.push(...node.inputs);
  }
  return found;
}

const updatesOf = ({ updates }: Traced): Tensor[] => [
  ...Object.values(updates.gradients),
  ...Object.values(updates.next ?? {}),
];

/** Feeds with samples reordered: new sample i is old sample order[i]. Noise drawn per sample moves along. */
function reorder({ workspace, batch }: Traced, feeds: Feeds, order: ArrayLike<number>): Feeds {
  const moved: Feeds = { ...feeds };
  const perSample = [...workspace.noises.values()].filter(({ noise }) => noise.shape[0] === batch);
  for (const name of ["tokens", "partnerTokens", "labels", ...perSample.map(({ noise }) => noise.name)]) {
    const size = feeds[name]!.length / batch;
    moved[name] = Array.from(order).flatMap((sample) => feeds[name]!.slice(sample * size, (sample + 1) * size));
  }
  return moved;
}

/** Feeds of a batch that is `times` copies of the one in `feeds`. Noise drawn per sample is copied with it. */
function repeated({ workspace, batch }: Traced, feeds: Feeds, times: number): Feeds {
  const copied: Feeds = { ...feeds };
  const perSample = [...workspace.noises.values()].filter(({ noise }) => noise.shape[0] === batch);
  for (const name of ["tokens", "partnerTokens", "labels", ...perSample.map(({ noise }) => noise.name)])
    copied[name] = Array.from({ length: times }).flatMap(() => [...feeds[name]!]);
  return copied;
}

/** Whether the update of a layer's other units changes with the weights of its unit 0, everything outside the layer held. */
function unitsInteract(traced: Traced, index: number, feeds: Feeds): boolean {
  const name = `layer${index}.weight`;
  const update = traced.updates.gradients[name];
  if (update === undefined) return false;
  const nodes = topological([update]);
  const held = nodes.filter((node) => {
    if (!is(node, "mark")) return false;
    const { kind, layer } = node.attributes.role;
    if (kind === "outputError" || kind === "broadcast") return true;
    return ["preactivation", "post"].includes(kind) && layer !== index;
  });
  const units = update.size(-1);
  const random = stream(7, `unit 0 of layer ${index}`);
  // Lateral weights kept as a state start at a value, often 0, that may carry nothing.
  for (const { variable } of traced.workspace.variables.values()) {
    if (variable.kind !== "state" || variable.shape.length < 2) continue;
    feeds[variable.name] = feeds[variable.name]!.map((value) => value + 0.5 * random.normal());
  }
  const [before, ...values] = interpret([update, ...held], feeds);
  const disturbed = { ...feeds, [name]: feeds[name]!.map((w, i) => (i % units === 0 ? 2 * random.normal() : w)) };
  const given = new Map<Tensor, ArrayLike<number>>(held.map((node, i) => [node, values[i]!.values]));
  for (const node of nodes) if (is(node, "input")) given.set(node, disturbed[node.attributes.name]!);
  const [after] = interpret([update], given);
  const others = (of: Float64Array): number[] => [...of].filter((_, i) => i % units !== 0);
  return relativeError(others(after!.values), others(before!.values)) > 1e-9;
}

/** Signals of a rule whose update is one product per weight and a gate: nothing dearer than backpropagation. */
const cheap: readonly Signal[] = ["pre", "post", "preactivation", "weight", "label", "outputError", "batch"];

describe.each(catalogue.map((rule) => [rule.id, rule] as const))("%s", (id, rule) => {
  // Traced when first asked for: a rule that breaks its contract fails its tests, not the whole file.
  let made: (readonly [NetworkCase, Traced])[] | undefined;
  const traces = () => (made ??= few.map((net) => [net, trace(net, withOptions(rule))] as const));
  const reads = rule.reads(rule.options.parse({}));

  test("runs with default options on every architecture, and on one hidden layer", () => {
    expect(traces()).toHaveLength(few.length);
    expect(() => trace(networkCase("tree-cnn", { widths: [6] }), withOptions(rule))).not.toThrow();
  });

  test("reads the signals it declares, whatever its options", () => {
    const accepted = variations(rule).filter((options) =>
      // Even widths, as halves need them.
      ["mlp", "tree-cnn"].some(
        (architecture) =>
          tracedOrRefused(networkCase(architecture as "mlp", { widths: [6, 4], bias: "shared" }), rule, options) !==
          undefined,
      ),
    );
    expect(accepted.length).toBeGreaterThan(0);
  });

  test("no label, noise or other layer's weight reaches an update by an undeclared way", () => {
    for (const [net, traced] of traces()) {
      const all = inputNames(updatesOf(traced));
      const has = (...signals: Signal[]): boolean => signals.some((signal) => reads.includes(signal));
      expect(all.has("labels"), "labels").toBe(has("label", "outputError", "broadcast"));
      expect(
        [...all].some((name) => name.startsWith("noise.")),
        "noise",
      ).toBe(has("noise"));
      if (has("otherWeight", "neighbour")) continue;
      for (const { index } of net.network.layers) {
        const own = Object.entries(traced.updates.gradients).filter(([name]) => name.startsWith(`layer${index}.`));
        const direct = directInputs(
          own.map(([, tensor]) => tensor),
          ["preactivation", "post", "outputError", "broadcast"],
        );
        const foreign = [...direct].filter((name) => name.endsWith(".weight") && name !== `layer${index}.weight`);
        expect(foreign, `weights read by layer ${index}`).toEqual([]);
      }
    }
  });

  test(`relation to the gradient: ${rule.relation}`, () => {
    const apart: number[] = [];
    // Weight decay belongs to no loss.
    const undecayed = rule.options instanceof z.ZodObject && "decay" in rule.options.shape ? { decay: 0 } : {};
    for (const net of few) {
      const traced = trace(net, withOptions(rule, undecayed));
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

  test(`samples ${reads.includes("batch") ? "meet" : "do not meet"} before they are averaged`, () => {
    const traced = trace(tree, withOptions(rule), 2);
    const outputs = Object.values(traced.updates.gradients);
    const coupled = couplesSamples(outputs, ["tokens", "partnerTokens", "labels"]);
    expect(coupled).toBe(reads.includes("batch"));
  });

  test(`units ${reads.includes("lateral") ? "see each other" : "do not see each other"}`, () => {
    const interact = traces().some(([net, traced]) =>
      net.network.layers.some(({ index }) => unitsInteract(traced, index, { ...drawFeeds(traced, 3) })),
    );
    if (reads.includes("lateral")) expect(interact).toBe(true);
    else if (!reads.includes("localHead")) expect(interact).toBe(false);
  });

  test("pseudo-gradients have the shapes of what they change, at odd sizes, and are finite", () => {
    for (const net of networkCases) {
      const traced = tracedOrRefused(net, rule, {});
      if (traced === undefined) continue;
      const shapes = new Map(parametersOf(net.network).map(({ name, shape }) => [name, shape]));
      for (const { variable } of traced.workspace.variables.values()) shapes.set(variable.name, variable.shape);
      for (const [name, tensor] of Object.entries({ ...traced.updates.gradients, ...traced.updates.next }))
        expect([name, tensor.shape]).toEqual([name, shapes.get(name)]);
      for (const name of Object.keys(traced.updates.gradients)) {
        expect(name).not.toMatch(/^readout\.(weight|bias)$/);
        expect(traced.workspace.variables.get(name)?.variable.kind ?? "head").toBe("head");
      }
    }
  });

  test("numbers are finite: in a batch of one, without input, with units that are all dead", () => {
    const [silent, single] = [trace({ ...tree, silent: true }, withOptions(rule)), tracedOrRefused(tree, rule, {}, 1)];
    const dead = trace(tree, withOptions(rule));
    const inhibited = Object.entries(drawFeeds(dead, 1)).map(
      ([name, values]) => [name, /^layer\d+\.weight$/.test(name) ? values.map((w) => -Math.abs(w)) : values] as const,
    );
    const cases: [string, Traced, Feeds][] = [
      ["no input", silent, drawFeeds(silent, 1)],
      ["dead units", dead, Object.fromEntries(inhibited)],
    ];
    if (single !== undefined) cases.push(["batch of one", single, drawFeeds(single, 1)]);
    for (const [name, traced, feeds] of cases) {
      const { gradients, next, objectives } = evaluate(traced, feeds);
      const scalars = Object.fromEntries(Object.entries(objectives).map(([key, value]) => [key, [value]]));
      expect(isFinite({ ...gradients, ...next, ...scalars }), name).toBe(true);
    }
  });

  test(`the order of the batch ${ordered[id] === undefined ? "does not matter" : `matters: ${ordered[id]}`}`, () => {
    // A batch size that no other axis has, so that noise drawn per sample is known by its shape.
    const traced = trace(tree, withOptions(rule), 11);
    const feeds = drawFeeds(traced, 1);
    const moved = reorder(traced, feeds, stream(1, "order").permutation(11));
    const apart = difference(evaluate(traced, moved).gradients, evaluate(traced, feeds).gradients);
    if (ordered[id] === undefined) expect(apart).toBeLessThan(1e-9);
    else expect(apart).toBeGreaterThan(1e-6);
  });

  const copies = copiesMatter[id];
  test(`a batch twice over gives ${copies === undefined ? "the same update" : `another update: ${copies}`}`, () => {
    // A batch size that no other axis has, so that noise drawn per sample is known by its shape and repeated with its sample.
    // One network with shared weights, one without.
    for (const net of few.slice(1)) {
      const [once, twice] = [trace(net, withOptions(rule), 11), trace(net, withOptions(rule), 22)];
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

  if (reads.some((signal) => !cheap.includes(signal))) return;
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
