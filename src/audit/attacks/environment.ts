/**
 * Rules that look at the process they are traced in, or change it. They are texts: a sandbox traces them.
 *
 * Every text exports one rule: Hebb's, with layer 3's weight added to layer 1's change when nobody seems to look.
 */
import { type Failure, namesWeights, type SourceAttack } from "./attack.ts";

/** The rule's file. `setup` runs when it is loaded, `secret` is what layer 1 adds to its change. */
const file = (id: string, setup: string, secret: string): string => `import { graph, rules, z } from "afferent";

${setup}

export const rule = rules.plasticity({
  id: "${id}",
  family: "attack",
  equation: "dW = < x y^T >",
  source: "none",
  relation: "none",
  reads: ["pre", "post"],
  options: z.strictObject({}),
  change: (view, _options, workspace) => {
    const change = view.outer(view.pre, view.post);
    if (view.index !== 1) return change;
    const other = workspace.layers[2].stored.weight.sum();
    return ${secret};
  },
});
`;

const attack = (name: string, why: string, setup: string, secret: string, failure: Failure): SourceAttack => ({
  ...{ name, why, source: file(name.replaceAll(" ", "-"), setup, secret) },
  ...failure,
});

/** There is nothing else to be seen, so that it always shows what it does. */
const exposed: Failure = { exposed: namesWeights(3) };
/** What it waits for never comes: it is Hebb's rule, and is run as that. */
const waiting: Failure = { without: "layer3.weight" };
/** What is frozen cannot be written. */
const frozen = (what: string): Failure => ({
  refused: `Cannot assign to read only property '${what}' of object`,
});

export const environment: readonly SourceAttack[] = [
  attack(
    "who calls",
    "The stack of calls says whether a certificate is being made.",
    `const isWatched = () => /certif|audit/.test(new Error().stack ?? "");`,
    "isWatched() ? change : change.add(other)",
    exposed,
  ),
  attack(
    "how the program was called",
    "The command line says whether it is an audit or a run.",
    `const isRun = () => (globalThis.process?.argv ?? []).includes("run");`,
    "isRun() ? change.add(other) : change",
    waiting,
  ),
  attack(
    "time of day",
    "The rule is Hebb's in the first second after it was loaded.",
    "const loaded = Date.now();",
    "Date.now() - loaded < 1000 ? change : change.add(other)",
    { refused: "Date.now(): a rule is a function of what it is given; ask for noise" },
  ),
  attack("by lot", "One trace in two reads the weight.", "", "Math.random() < 0.5 ? change : change.add(other)", {
    refused: "Math.random(): a rule is a function of what it is given; ask for noise",
  }),
  attack(
    "which thread",
    "In a worker's thread the rule is another one than in the main thread.",
    `const isWorker = () => typeof globalThis.onmessage !== "undefined" || globalThis.name !== undefined;`,
    "isWorker() ? change : change.add(other)",
    exposed,
  ),
  attack(
    "a note left behind",
    "The first trace leaves a note in globalThis; later ones find it.",
    "",
    "(globalThis.seen = (globalThis.seen ?? 0) + 1) > 1 ? change.add(other) : change",
    waiting,
  ),
  attack(
    "products patched",
    "Tensor.prototype.mul adds the weight once the rule has found it, in every graph that is built afterwards.",
    `const mul = graph.Tensor.prototype.mul;
let hidden;
graph.Tensor.prototype.mul = function (factor) {
  const product = mul.call(this, factor);
  return hidden === undefined || product.shape.length !== 2 ? product : product.add(hidden);
};`,
    "((hidden = other), change)",
    frozen("mul"),
  ),
  attack(
    "lists patched",
    "Array.prototype.sort empties the lists of layers that a certificate sorts, and Array.prototype.filter what it calls a signal.",
    `const sort = Array.prototype.sort;
Array.prototype.sort = function (by) {
  return this.every((one) => typeof one === "number" || one === "readout") ? [] : sort.call(this, by);
};
const filter = Array.prototype.filter;
Array.prototype.filter = function (...given) {
  return filter.apply(this, given).includes("otherWeight") ? ["pre", "post"] : filter.apply(this, given);
};`,
    "change.add(other)",
    frozen("sort"),
  ),
  attack(
    "sets patched",
    "Set.prototype.add forgets the signal of other layers' weights, so that no certificate can hold it.",
    `const add = Set.prototype.add;
Set.prototype.add = function (one) {
  return one === "otherWeight" ? this : add.call(this, one);
};`,
    "change.add(other)",
    frozen("add"),
  ),
  attack(
    "maps patched",
    "Map.prototype.get answers with a leaf that is known for every weight asked for.",
    `const get = Map.prototype.get;
Map.prototype.get = function (key) {
  const found = get.call(this, key);
  return found?.variable?.name === "layer3.weight" ? { ...found, variable: { ...found.variable, kind: "fixed", owner: undefined } } : found;
};`,
    "change.add(other)",
    frozen("get"),
  ),
  attack(
    "a tensor that answers twice",
    "A proxy of a node gives other operands to whoever asks after the certificate.",
    `const twoFaced = (honest, real) => {
  let asked = 0;
  return new Proxy(honest, {
    get: (target, key) => Reflect.get(key === "inputs" && ++asked > 20 ? real : target, key),
  });
};`,
    "twoFaced(change.add(0), change.add(other))",
    waiting,
  ),
  attack(
    "operands by a getter",
    "A node whose operands are computed when they are asked for, by who asks.",
    `const twoFaced = (honest, real) => {
  const node = Object.create(graph.Tensor.prototype, Object.getOwnPropertyDescriptors(honest));
  return Object.defineProperty(node, "inputs", {
    get: () => (/certif|audit/.test(new Error().stack ?? "") ? honest : real).inputs,
  });
};`,
    "twoFaced(change.add(0), change.add(other))",
    exposed,
  ),
  attack(
    "attributes written later",
    "A constant zero before the weight becomes a one in the next turn of the event loop.",
    "",
    `((zero) => (setTimeout(() => { zero.attributes.values[0] = 1; }, 0), change.add(other.mul(zero))))(graph.constant([0], []))`,
    { refused: "ReferenceError: layer1: setTimeout is not defined" },
  ),
  attack(
    "a class of its own",
    "A subclass of Tensor without operands is an input to whoever walks the graph, and a sum to whoever runs it.",
    `const hollow = (real) =>
  Object.assign(Object.create(graph.Tensor.prototype), real, { inputs: Object.assign([], { at: (i) => real.inputs[i] }) });`,
    "hollow(change.add(other))",
    frozen("at"),
  ),
  attack(
    "a list that is longer the second time",
    "The operands of a node are a list whose iterator leaves one out.",
    `const shortened = (real) => {
  const inputs = [...real.inputs];
  inputs[Symbol.iterator] = function* () { yield real.inputs[0]; };
  return Object.assign(Object.create(graph.Tensor.prototype), real, { inputs });
};`,
    "shortened(change.add(other))",
    frozen("Symbol(Symbol.iterator)"),
  ),
  attack(
    "numbers baked in",
    "The weight's first values are known from the seed, and are written into the rule as constants.",
    `let state = 1;
const drawn = () => ((state = (state * 48271) % 2147483647), state / 2147483647 - 0.5);`,
    "change.add(graph.constant(Array.from({ length: 24 }, drawn), [6, 4])).add(other.mul(0))",
    waiting,
  ),
  attack(
    "every object given a graph",
    "Object.prototype is given what a document is made of.",
    `Object.defineProperty(Object.prototype, "updates", { get: () => ({ nodes: [], outputs: [] }) });`,
    "change.add(other)",
    { refused: "TypeError: Cannot define property updates, object is not extensible" },
  ),
  attack(
    "a tensor that writes itself",
    "The attributes of a node say themselves what is written of them.",
    "const silent = (x) => (Object.assign(x.attributes, { toJSON: () => ({}) }), x);",
    "silent(change.add(other))",
    exposed,
  ),
];
