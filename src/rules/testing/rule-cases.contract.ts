/**
 * What tests of rules share: small networks of every architecture, random values for every input of a traced rule, its
 * evaluation in float64, and every signal as plain nested arrays, so that a naive loop can be written on them.
 *
 *     const traced = trace(networkCase, { id: "oja" }, 4);
 *     const { layers, gradients } = evaluate(traced, drawFeeds(traced, 1));
 *     layers[0].pre[sample][position][input], gradients["layer1.weight"] (flat, row-major)
 */
import { constant, is, sizeOf, type Tensor, topological } from "../../graph/index.ts";
import { type Layer, layOut, type Network, type NetworkOptions, toPositions } from "../../networks/index.ts";
import { stream } from "../../random/stream.ts";
import { interpret } from "../../runtime/interpreter.ts";
import { blank, partnerName, type PartnerRequest } from "../../tasks/index.ts";
import { drawInitial } from "../../train/parameters.ts";
import { encoder } from "../../train/inputs.ts";
import { traceUpdates } from "../../train/traced.ts";
import { workspaceFor } from "../../train/write-document.ts";
import { chooseRule } from "../catalogue.ts";
import { type ChosenRule, type Noise, type Pass, traceRule, type Updates, type Workspace } from "../contract/index.ts";

/** A network and the strings it reads: `symbols` integers below `vocabulary`. */
export interface NetworkCase {
  readonly name: string;
  readonly network: Network;
  readonly symbols: number;
  readonly vocabulary: number;
}

/** A small network of odd widths; options replace the defaults (relu, standard, no bias, flatten, 8 symbols of 3, 4 classes). */
export function networkCase(
  architecture: NetworkOptions["architecture"],
  options: Partial<NetworkOptions> & {
    readonly symbols?: number;
    readonly vocabulary?: number;
    readonly classes?: number;
  } = {},
): NetworkCase {
  const { symbols = 8, vocabulary = 3, classes = 4, ...rest } = options;
  const settings = {
    architecture,
    width: 5,
    widths: [5, 3],
    activation: "relu",
    parametrisation: "standard",
    bias: "none",
    readout: "flatten",
    ...rest,
  } as const;
  const { activation, parametrisation, bias, readout, widths = [] } = settings;
  return {
    name: [architecture, activation, parametrisation, `bias ${bias}`, readout, `widths ${widths.join(" ")}`].join(", "),
    network: layOut({ positions: symbols, channels: vocabulary, classes, branching: 2 }, settings),
    symbols,
    vocabulary,
  };
}

/** Every architecture, activation, parametrisation, bias and read-out at least once; odd widths; top layers of one and of two positions. */
export const networkCases: readonly NetworkCase[] = [
  networkCase("mlp", { symbols: 4, widths: [5, 3, 7] }),
  networkCase("mlp", { symbols: 4, activation: "tanh", parametrisation: "mean-field", bias: "shared" }),
  networkCase("mlp", { symbols: 4, activation: "linear", bias: "per-position", widths: [5] }),
  networkCase("tree-cnn"),
  networkCase("tree-cnn", { activation: "tanh", parametrisation: "mean-field", bias: "shared", readout: "mean" }),
  networkCase("tree-cnn", { bias: "per-position", widths: [5, 3, 7] }),
  networkCase("locally-connected"),
  networkCase("locally-connected", { bias: "shared", readout: "mean" }),
  networkCase("locally-connected", {
    activation: "tanh",
    parametrisation: "mean-field",
    bias: "per-position",
    widths: [5, 3, 7],
  }),
];

/** A rule's graph on a network. Tensors by the names that they have at the edge. */
export interface Traced {
  readonly networkCase: NetworkCase;
  readonly rule: ChosenRule;
  readonly batch: number;
  readonly workspace: Workspace;
  readonly updates: Updates;
  /** Pseudo-gradients by the names of what they change. */
  readonly gradients: Readonly<Record<string, Tensor>>;
  /** Next values of states by their names. */
  readonly next: Readonly<Record<string, Tensor>>;
  /** `layer1.objective`, ... */
  readonly objectives: Readonly<Record<string, Tensor>>;
  /** Every value that lives from step to step, by name: parameters, and what the rule keeps. */
  readonly variables: Readonly<Record<string, Tensor>>;
}

/** Traces a rule, named with its options as in a specification, or chosen already. */
export function trace(
  networkCase: NetworkCase,
  rule: { readonly id: string; readonly [option: string]: unknown } | ChosenRule,
  batch = 4,
): Traced {
  const chosen = isChosen(rule) ? rule : chooseRule(rule);
  const { network, symbols } = networkCase;
  // Not read from a document where it need not be, so that the graph has the nodes of its own workspace.
  const { workspace, updates } =
    chosen.rule.document === undefined
      ? tracedHere(chosen, network, batch, symbols)
      : traceUpdates({ network, rule: chosen, batch }, symbols);
  return {
    ...{ networkCase, rule: chosen, batch, workspace, updates },
    gradients: Object.fromEntries(updates.slopes.map(({ parameter, gradient }) => [parameter.name, gradient])),
    next: Object.fromEntries((updates.next ?? []).map(({ state, value }) => [state.name, value])),
    objectives: Object.fromEntries(
      (updates.objectives ?? []).map(({ of, name, value }) => [
        of === undefined ? name : `${of.layer.name}.${name}`,
        value,
      ]),
    ),
    variables: Object.fromEntries(workspace.registry.variables.map(({ name, tensor }) => [name, tensor])),
  };
}

/** Refuses what a run refuses of a rule. Throws RuleError. */
export function refuseAsRun({ network, symbols }: NetworkCase, rule: ChosenRule, batch = 4): void {
  traceUpdates({ network, rule, batch }, symbols);
}

function tracedHere(chosen: ChosenRule, network: Network, batch: number, length: number) {
  const workspace = workspaceFor({ network, batch, length }, chosen.rule.between(chosen.options));
  return { workspace, updates: { next: [], objectives: [], decays: [], ...traceRule(chosen, workspace) } as Updates };
}

function isChosen(rule: object): rule is ChosenRule {
  return "rule" in rule;
}

/** Values of inputs by name, flat and row-major. */
export type Feeds = Record<string, readonly number[]>;

/**
 * Random values for every input: symbols, labels, partners, parameters (biases too), noise, and what the rule keeps. Heads
 * are moved off their initial values, so that none is special; fixed values and states are drawn as at the first step.
 */
export function drawFeeds({ networkCase, batch, workspace: { registry } }: Traced, seed: number): Feeds {
  const { network, symbols, vocabulary } = networkCase;
  const feeds: Feeds = {};
  const integers = (purpose: string, count: number, below: number): number[] => {
    const random = stream(seed, purpose);
    return Array.from({ length: count }, () => random.integer(below));
  };
  const normals = (purpose: string, count: number, deviation: number): number[] => {
    const random = stream(seed, purpose);
    return Array.from({ length: count }, () => deviation * random.normal());
  };
  feeds["tokens"] = integers("tokens", batch * symbols, vocabulary);
  feeds["labels"] = integers("labels", batch, network.readout.classes);
  for (const { request } of registry.partners) {
    const name = partnerName(request);
    feeds[name] =
      request.kind === "part"
        ? feeds["tokens"].map((token, i) => (isWithin(i % symbols, request) ? token : blank))
        : integers(name, batch * symbols, vocabulary);
  }
  for (const variable of registry.variables) {
    const { name, kind, shape, initial } = variable;
    if (kind === "weight" || kind === "bias") {
      feeds[name] = normals(name, sizeOf(shape), initial.kind === "normal" ? initial.deviation : 0.3);
      continue;
    }
    const drawn = [...drawInitial(variable, stream(seed, `init ${name}`))];
    const shift = normals(`shift ${name}`, drawn.length, kind === "head" ? 0.2 : 0);
    feeds[name] = drawn.map((value, i) => value + shift[i]!);
  }
  for (const noise of registry.noises) feeds[noise.name] = drawNoise(noise, seed);
  return feeds;
}

function isWithin(place: number, { from, to }: { readonly from: number; readonly to: number }): boolean {
  return place >= from && place < to;
}

/** Noise of one step, by its distribution. */
function drawNoise({ name, shape, distribution }: Noise, seed: number): readonly number[] {
  const random = stream(seed, name);
  if (distribution === "permutation") return [...random.permutation(sizeOf(shape))];
  const draw = {
    normal: random.normal,
    uniform: random.uniform,
    sign: () => (random.uniform() < 0.5 ? -1 : 1),
  }[distribution];
  return Array.from({ length: sizeOf(shape) }, draw);
}

/**
 * Feedback set to the forward weights it stands for. By convention `layerN.feedback` carries the message that arrives at layer
 * N and stands for the weights of layer N + 1, `readout.feedback` for those of the read-out, in their layout.
 *
 * Throws when a feedback matrix does not have the size of what it stands for.
 */
export function asTransposes(feeds: Feeds): Feeds {
  const set = { ...feeds };
  for (const name of Object.keys(feeds).filter((key) => key.endsWith(".feedback"))) {
    const twin = name.replace(/^layer(\d+)/, (_, index: string) => `layer${Number(index) + 1}`);
    const weight = feeds[twin.replace(/feedback$/, "weight")];
    if (weight?.length !== feeds[name]!.length) throw new Error(`asTransposes: nothing of the size of ${name}`);
    set[name] = weight;
  }
  return set;
}

/** Nested numbers by sample, position and unit. */
export type Cube = number[][][];

/** Signals of one layer as numbers: `pre` [batch][position][input], activities [batch][position][unit]. */
export interface LayerValues {
  readonly layer: Layer;
  readonly pre: Cube;
  readonly preactivation: Cube;
  readonly post: Cube;
  /** [position][input][unit]; repeated where positions share it. */
  readonly weight: Cube;
  /** [position][unit]; zeros where the layer has none. */
  readonly bias: number[][];
  /** The same layer's activity on the strings of its partner, when the rule asked for one. */
  readonly partner?: Signals;
  /** With pair=context, where the layer has one position: its activity on each half of the input, the other half blank. */
  readonly halves?: readonly [Signals, Signals];
}

/** Signals of a layer in a pass. */
export type Signals = Pick<LayerValues, "pre" | "preactivation" | "post">;

/** Everything about one evaluation, as numbers. Lists are flat and row-major unless nested. */
export interface Evaluation {
  readonly layers: readonly LayerValues[];
  /** [batch][class], before the softmax. */
  readonly logits: number[][];
  /** softmax - one-hot, [batch][class]. */
  readonly outputError: number[][];
  readonly gradients: Readonly<Record<string, number[]>>;
  readonly objectives: Readonly<Record<string, number>>;
  readonly next: Readonly<Record<string, number[]>>;
  /** Values of tensors given as `extra`. */
  readonly extra: Readonly<Record<string, number[]>>;
  readonly feeds: Feeds;
}

/** Evaluates a traced rule in float64. `extra`: further tensors over the same inputs. */
export function evaluate(traced: Traced, feeds: Feeds, extra: Readonly<Record<string, Tensor>> = {}): Evaluation {
  const { workspace, rule, networkCase } = traced;
  const { network } = networkCase;
  const wanted: Tensor[] = [];
  const ask = (tensor: Tensor): (() => number[]) => {
    const at = wanted.push(tensor) - 1;
    return () => [...values[at]!.values];
  };
  const askAll = (tensors: Readonly<Record<string, Tensor>>): (() => Record<string, number[]>) => {
    const asked = Object.entries(tensors).map(([name, tensor]) => [name, ask(tensor)] as const);
    return () => Object.fromEntries(asked.map(([name, get]) => [name, get()]));
  };
  const askSignals = (pass: Pass, layer: Layer): (() => Signals) => {
    const { pre, preactivation, post } = pass.at(layer);
    const [a, b, c] = [pre, preactivation, post].map((samples) => {
      const placed = toPositions(layer, samples);
      const get = ask(placed);
      return () => cube(get(), placed.shape);
    });
    return () => ({ pre: a!(), preactivation: b!(), post: c!() });
  };
  const wantsHalves = (rule.options as { readonly pair?: string }).pair === "context";
  const asked = network.layers.map((layer) => {
    const request = partnerOf(traced, layer);
    const halves = wantsHalves && siblingsOf(network, layer) < 2 ? halfPasses(traced, layer) : undefined;
    return {
      own: askSignals(workspace.pass, layer),
      partner: request && askSignals(workspace.partner(request), layer),
      halves: halves && ([askSignals(halves[0], layer), askSignals(halves[1], layer)] as const),
    };
  });
  const logits = ask(workspace.pass.readout.post);
  const [gradients, next, objectives, extras] = [traced.gradients, traced.next, traced.objectives, extra].map(askAll);
  const values = interpret(wanted, feeds);

  const scores = rows(logits(), network.readout.classes);
  const layers = network.layers.map((layer, i): LayerValues => {
    const weight = rows(rows(feeds[`${layer.name}.weight`]!, layer.outFeatures), layer.inFeatures);
    const bias = rows(feeds[`${layer.name}.bias`] ?? [], layer.outFeatures);
    const zeros = new Array<number>(layer.outFeatures).fill(0);
    const { own, partner, halves } = asked[i]!;
    return {
      layer,
      ...own(),
      weight: Array.from({ length: layer.positions }, (_, p) => weight[layer.shared ? 0 : p]!),
      bias: Array.from({ length: layer.positions }, (_, p) => bias[p] ?? bias[0] ?? zeros),
      ...(partner === undefined ? {} : { partner: partner() }),
      ...(halves === undefined ? {} : { halves: [halves[0](), halves[1]()] as const }),
    };
  });
  return {
    layers,
    logits: scores,
    outputError: scores.map((row, b) => {
      const total = row.reduce((sum, score) => sum + Math.exp(score), 0);
      return row.map((score, k) => Math.exp(score) / total - (feeds["labels"]![b] === k ? 1 : 0));
    }),
    gradients: gradients!(),
    next: next!(),
    objectives: Object.fromEntries(Object.entries(objectives!()).map(([name, [value]]) => [name, value!])),
    extra: extras!(),
    feeds,
  };
}

/** The partner that a layer is compared with: the one of its own level where there are several. */
function partnerOf({ workspace }: Traced, layer: Layer): PartnerRequest | undefined {
  const requests = workspace.registry.partners.map(({ request }) => request);
  const own = requests.find(
    (request) =>
      request.kind === "resample" && typeof request.level === "object" && request.level.layer === layer.index,
  );
  const isForAll = (request: PartnerRequest): boolean =>
    request.kind === "resample" ? typeof request.level === "number" : request.kind !== "part";
  return own ?? requests.find(isForAll);
}

/** Positions of a layer that the layer above sees in one patch; the read-out sees all. */
export function siblingsOf(network: Network, layer: Layer): number {
  const above = network.layers[layer.index];
  return above === undefined ? layer.positions : layer.positions / above.positions;
}

/**
 * Passes on the first and on the second half of the input, the other one blank. A layer with several positions below halves them: an odd
 * one falls to the first half.
 */
function halfPasses({ workspace, networkCase }: Traced, layer: Layer): readonly [Pass, Pass] {
  const { network, symbols, vocabulary } = networkCase;
  const below = network.layers[layer.index - 2]?.positions ?? network.input.positions;
  const parts = below > 1 ? below : symbols;
  const symbolsOfFirst = Math.ceil(parts / 2) * (symbols / parts);
  const encoded = encoder(network)(workspace.registry.tokens);
  const half = (isFirst: boolean): Pass => {
    const kept = Array.from({ length: symbols * vocabulary }, (_, i) =>
      Math.floor(i / vocabulary) < symbolsOfFirst === isFirst ? 1 : 0,
    );
    return workspace.further({ encoded: encoded.mul(constant(kept, encoded.shape.slice(1))) });
  };
  return [half(true), half(false)];
}

/** A flat list cut into rows of `size`. */
export function rows<T>(flat: readonly T[], size: number): T[][] {
  return Array.from({ length: flat.length / size }, (_, i) => flat.slice(i * size, (i + 1) * size));
}

/** A flat list as nested numbers of a rank 3 shape. */
export function cube(flat: readonly number[], [, middle = 1, last = 1]: readonly number[]): Cube {
  return rows(rows(flat, last), middle);
}

/** A [batch][position][unit] cube of zeros of a layer's activity. */
export function zerosLike(like: Cube): Cube {
  return like.map((sample) => sample.map((units) => units.map(() => 0)));
}

/** f'(a) of a layer's activation, 0 at 0 for relu. */
export function slope(layer: Layer, preactivation: number): number {
  if (layer.activation === "relu") return preactivation > 0 ? 1 : 0;
  return layer.activation === "tanh" ? 1 - Math.tanh(preactivation) ** 2 : 1;
}

/**
 * Adds up a term per sample, position, input and unit over the batch, and over positions where they share the weight; flat,
 * in the order of the layer's weight. Divide by the batch in `term` for a mean.
 */
export function sumToWeight(
  { layer, pre }: LayerValues,
  term: (sample: number, position: number, input: number, unit: number) => number,
): number[] {
  const { positions, inFeatures, outFeatures, shared } = layer;
  const total = new Array<number>((shared ? 1 : positions) * inFeatures * outFeatures).fill(0);
  for (let b = 0; b < pre.length; b++)
    for (let p = 0; p < positions; p++)
      for (let i = 0; i < inFeatures; i++)
        for (let j = 0; j < outFeatures; j++)
          total[((shared ? 0 : p) * inFeatures + i) * outFeatures + j]! += term(b, p, i, j);
  return total;
}

/** As `sumToWeight`, for the bias: undefined where the layer has none. */
export function sumToBias(
  { layer, pre }: LayerValues,
  term: (sample: number, position: number, unit: number) => number,
): number[] | undefined {
  const { positions, outFeatures, bias } = layer;
  if (bias === "none") return undefined;
  const total = new Array<number>((bias === "shared" ? 1 : positions) * outFeatures).fill(0);
  for (let b = 0; b < pre.length; b++)
    for (let p = 0; p < positions; p++)
      for (let j = 0; j < outFeatures; j++) total[(bias === "shared" ? 0 : p) * outFeatures + j]! += term(b, p, j);
  return total;
}

/** Batch-mean pseudo-gradients of a per-sample signal at the pre-activations, by name, in plain loops: what `descend` should give. */
export function naiveDescent(values: LayerValues, delta: Cube): Record<string, number[]> {
  const { layer, pre } = values;
  const batch = pre.length;
  const weight = sumToWeight(values, (b, p, i, j) => (layer.scale * pre[b]![p]![i]! * delta[b]![p]![j]!) / batch);
  const bias = sumToBias(values, (b, p, j) => delta[b]![p]![j]! / batch);
  return {
    [`${layer.name}.weight`]: weight,
    ...(bias === undefined ? {} : { [`${layer.name}.bias`]: bias }),
  };
}

/** Names of the inputs that a graph really depends on. */
export function inputNames(outputs: readonly Tensor[]): Set<string> {
  return new Set(topological(outputs).flatMap((node) => (is(node, "input") ? [node.attributes.name] : [])));
}
