/**
 * The certificate of a rule: what information must reach each synapse for it to learn, computed from the graph of the rule's
 * updates and from nothing else.
 *
 * The graph is traced on the given network with a small batch, and simplified with its marks kept, so that only exact algebra
 * (a product with the constant 0, code nobody reads) removes a reading. `information-flow.ts` says what is read,
 * `coupling.ts` how samples meet, `lateral.ts` how units do; here they become one answer for each layer.
 */
import { is, simplify, sizeOf, type Tensor, topological } from "../graph/index.ts";
import { type Network, weightShape } from "../networks/index.ts";
import { type ChosenRule, type Signal, signals } from "../rules/index.ts";
import { type TracedUpdates, traceUpdates } from "../train/index.ts";
import { type Coupling, couplings } from "./coupling.ts";
import {
  informationFlow,
  isActivity,
  type LayerId,
  layerOf,
  type LayerReads,
  roleOf,
  stopsBehind,
  type UpdateGraph,
} from "./information-flow.ts";
import { lateralReach, type LateralReach } from "./lateral.ts";

/** A value that comes to a layer from outside it: an error vector, one number for all, a label, a message of its own width. */
export interface Arrival {
  readonly kind: "error" | "broadcast" | "label" | "message";
  /** Where a message comes from. */
  readonly from?: "above" | "below";
  /** Numbers for each sample. */
  readonly dimension: number;
  /** How many of them one update needs, e.g. one for each step of settling. */
  readonly count: number;
}

/** What the update of one layer needs. */
export interface LayerCertificate {
  /** Counted from 1 at the input side. */
  readonly layer: number;
  readonly signals: readonly Signal[];
  /** Layers whose weights (or biases) are read, the layer's own aside. */
  readonly weightTransport: readonly LayerId[];
  /** Layers whose activity or gates are read, in the order in which they are used; 0 is the network's input. */
  readonly errorNetwork: readonly LayerId[];
  /** How the label enters: by itself, in the output error, in a broadcast. */
  readonly label: readonly ("direct" | "error" | "broadcast")[];
  readonly topDown: readonly Arrival[];
  readonly coupling: Coupling;
  readonly lateral: LateralReach;
  /**
   * Layers that must have run before this one can change: below it, forwards; above it, forwards (`update`) and backwards
   * (`backward`: their weights, gates or messages take part in the update).
   */
  readonly locking: {
    readonly forward: readonly LayerId[];
    readonly update: readonly LayerId[];
    readonly backward: readonly LayerId[];
  };
  /** Forward passes that the update is made of; a step of settling counts as one. */
  readonly phases: number;
  readonly memory: {
    /** Numbers of marked activity that the update uses, for each sample. */
    readonly perSample: number;
    /** Whether these must wait for layers above. */
    readonly held: boolean;
    /** Weights of the layer. */
    readonly weights: number;
    /** Numbers that the rule keeps for this layer between steps: feedback, heads, running averages. */
    readonly kept: number;
    /** The same for each weight of the layer. */
    readonly perWeight: number;
  };
}

/** What a rule needs to know, layer by layer. */
export interface Certificate {
  readonly rule: string;
  /** Signals that the rule declares. */
  readonly declared: readonly Signal[];
  /** Signals that any layer reads. */
  readonly signals: readonly Signal[];
  /** Forward passes of a step, the pass on the batch included, on which the read-out learns. */
  readonly phases: number;
  /** Numbers of marked activity that any update uses, for each sample; what several layers use counts once. */
  readonly perSample: number;
  readonly layers: readonly LayerCertificate[];
}

/** Samples of the batch that is traced: enough to tell a pair, a neighbour and the rest of a batch apart. */
const batch = 3;

/** Certifies a rule on a network for inputs of `length` symbols. Throws RuleError when the rule breaks its contract or refuses the network. */
export function certify(rule: ChosenRule, network: Network, length: number): Certificate {
  return certificateOf(rule, traceUpdates({ network, rule, batch }, length));
}

/** The certificate of a rule that is traced already, on a batch of 2 samples or more. */
export function certificateOf({ rule, options }: ChosenRule, traced: TracedUpdates): Certificate {
  const { graph, changes } = updateGraph(traced);
  const reads = informationFlow(graph);
  const all = graph.roots.flat();
  const coupling = couplings(all, ["tokens", "partnerTokens", "labels"]);
  const layers = reads.map((read, i): LayerCertificate => {
    const layer = i + 1;
    const roots = graph.roots[i] ?? [];
    const own = traced.network.layers[i];
    if (own === undefined) throw new Error(`internal: no layer ${layer}`);
    const reach = lateralReach(graph, layer, changes[i] ?? []);
    const coupled = coupling(roots);
    const found = new Set<Signal>(read.signals);
    if (reach.units !== "none") found.add("lateral");
    if (coupled === "dependent") found.add("batch");
    const above = layersIn(roots).filter((other) => isAbove(other, layer));
    const kept = [...graph.variables.values()]
      .filter(({ variable }) => variable.layer === layer)
      .reduce((sum, { variable }) => sum + sizeOf(variable.shape), 0);
    return {
      layer,
      signals: inOrder(found),
      weightTransport: sorted(read.weights),
      errorNetwork: orderOfUse(roots, read),
      label: labelUse(read, found),
      topDown: arrivals(read, found, traced, layer),
      coupling: coupled,
      lateral: reach,
      locking: {
        forward: layersIn(roots).filter((other) => other !== layer && !isAbove(other, layer)),
        update: above,
        backward: backwardOf(reads, layer, graph),
      },
      phases: passesIn(roots, traced),
      memory: {
        perSample: numbersPerSample(read.held, graph),
        held: above.length > 0,
        weights: sizeOf(weightShape(own)),
        kept,
        perWeight: kept / sizeOf(weightShape(own)),
      },
    };
  });
  return {
    rule: rule.id,
    declared: rule.reads(options),
    signals: inOrder(new Set(layers.flatMap(({ signals: found }) => found))),
    phases: passesIn([...all, ...graph.mainPass], traced),
    perSample: numbersPerSample(new Set(reads.flatMap(({ held }) => [...held])), graph),
    layers,
  };
}

/** The simplified graph, roots by layer; `changes` are the updates of weight and bias alone. */
function updateGraph({ network, workspace, updates, byName }: TracedUpdates): {
  readonly graph: UpdateGraph;
  readonly changes: readonly (readonly Tensor[])[];
} {
  const main = [
    ...workspace.pass.layers.flatMap(({ pre, preactivation, post }) => [pre, preactivation, post]),
    workspace.pass.logits,
  ];
  const named = { ...updates.gradients, ...updates.next };
  const simple = simplify([...Object.values(named), ...main], { keepMarks: true });
  const names = Object.keys(named);
  const valueOf = new Map(names.map((name, i) => [name, simple[i]]));
  const variables = new Map(
    [...workspace.variables.values()].map(({ variable, tensor }) => [
      tensor,
      { variable, next: variable.kind === "fixed" ? undefined : valueOf.get(variable.name) },
    ]),
  );
  const layerNamed = (name: string): number | undefined =>
    workspace.variables.get(name)?.variable.layer ?? numbered(byName.get(name));
  const list = (some: readonly string[]): Tensor[] => some.flatMap((name) => valueOf.get(name) ?? []);
  const of = (layer: number): string[] => names.filter((name) => layerNamed(name) === layer);
  const indices = network.layers.map(({ index }) => index);
  const graph: UpdateGraph = {
    depth: indices.length,
    batch: workspace.batch,
    roots: indices.map((layer) => list(of(layer))),
    parameters: new Map([...byName.values()].map((tensor) => [tensor, numbered(tensor) ?? "readout"])),
    variables,
    mainPass: new Set(simple.slice(names.length)),
    partner: workspace.partner?.tokens,
  };
  return { graph, changes: indices.map((layer) => list(of(layer).filter((name) => byName.has(name)))) };
}

function numbered(parameter: Tensor | undefined): number | undefined {
  return parameter !== undefined && is(parameter, "input") ? parameter.attributes.role?.layer : undefined;
}

function inOrder(found: ReadonlySet<Signal>): Signal[] {
  return (Object.keys(signals) as Signal[]).filter((signal) => found.has(signal));
}

function numbersPerSample(nodes: ReadonlySet<Tensor>, { batch: samples }: UpdateGraph): number {
  return [...nodes].reduce((sum, { shape }) => sum + sizeOf(shape) / samples, 0);
}

const isAbove = (other: LayerId, layer: number): boolean => other === "readout" || other > layer;

function sorted(layers: Iterable<LayerId>): LayerId[] {
  const place = (layer: LayerId): number => (layer === "readout" ? Infinity : layer);
  return [...new Set(layers)].sort((a, b) => (place(a) === place(b) ? 0 : place(a) - place(b)));
}

/** Layers that compute anything on the way to `outputs`. */
function layersIn(outputs: readonly Tensor[]): LayerId[] {
  const computed = topological(outputs).filter((node) => isActivity(node) && roleOf(node)?.kind !== "pre");
  return sorted(computed.flatMap((node) => layerOf(node) ?? []));
}

/** Layers above that take part in the update of a layer, and in what they settle to. */
function backwardOf(reads: readonly LayerReads[], layer: number, graph: UpdateGraph): LayerId[] {
  const read = reads[layer - 1];
  if (read === undefined) return [];
  const settled = read.others.filter(({ node }) => !graph.mainPass.has(node)).map(({ layer: other }) => other);
  const direct = [...read.weights, ...read.kept, ...read.others.map(({ layer: other }) => other)];
  const further = settled.flatMap((other) =>
    other !== "readout" && other > layer ? backwardOf(reads, other, graph) : [],
  );
  return sorted([...direct, ...further].filter((other) => isAbove(other, layer)));
}

/**
 * Layers whose activity a layer reads, in the order in which the error (a broadcast, a label) meets it on its way; then those it
 * does not meet.
 */
function orderOfUse(roots: readonly Tensor[], { others, errors, broadcasts }: LayerReads): LayerId[] {
  const read = new Map(others.map(({ node, layer }) => [node, layer]));
  const carriesError = new Set<Tensor>();
  // Layers whose activity is in a node that no error has met yet.
  const waiting = new Map<Tensor, ReadonlySet<LayerId>>();
  const used = new Set<LayerId>();
  for (const node of topological(roots)) {
    const layer = read.get(node);
    const isLabel = is(node, "input") && node.attributes.role?.kind === "label";
    if (layer !== undefined) waiting.set(node, new Set([layer]));
    else if (errors.has(node) || broadcasts.has(node) || isLabel) carriesError.add(node);
    else if (!isActivity(node)) {
      const gathered = new Set(node.inputs.flatMap((operand) => [...(waiting.get(operand) ?? [])]));
      if (!node.inputs.some((operand) => carriesError.has(operand))) waiting.set(node, gathered);
      else {
        carriesError.add(node);
        for (const other of sorted(gathered).reverse()) used.add(other);
      }
    }
  }
  return [...used, ...sorted(read.values()).filter((layer) => !used.has(layer))];
}

function labelUse({ errors, broadcasts }: LayerReads, found: ReadonlySet<Signal>): LayerCertificate["label"] {
  const holdsLabel = (nodes: ReadonlySet<Tensor>): boolean =>
    topological([...nodes]).some((node) => is(node, "input") && node.attributes.role?.kind === "label");
  return [
    ...(found.has("label") ? (["direct"] as const) : []),
    ...(holdsLabel(errors) ? (["error"] as const) : []),
    ...(holdsLabel(broadcasts) ? (["broadcast"] as const) : []),
  ];
}

function arrivals(read: LayerReads, found: ReadonlySet<Signal>, traced: TracedUpdates, layer: number): Arrival[] {
  const { classes } = traced.network.readout;
  const perSample = (node: Tensor): number => sizeOf(node.shape) / traced.workspace.batch;
  const list: Omit<Arrival, "count">[] = [
    ...[...read.errors].map((node) => ({ kind: "error" as const, dimension: node.size(-1) })),
    ...[...read.broadcasts].map((node) => ({ kind: "broadcast" as const, dimension: Math.max(1, perSample(node)) })),
    ...(found.has("label") ? [{ kind: "label" as const, dimension: classes }] : []),
    ...[...read.messages].map((node) => ({
      kind: "message" as const,
      from: comesFromAbove(node, layer) ? ("above" as const) : ("below" as const),
      dimension: perSample(node),
    })),
  ];
  const counted = new Map<string, Arrival>();
  for (const arrival of list) {
    const key = JSON.stringify(arrival);
    counted.set(key, { ...arrival, count: (counted.get(key)?.count ?? 0) + 1 });
  }
  return [...counted.values()];
}

function comesFromAbove(message: Tensor, layer: number): boolean {
  return stopsBehind(message.inputs).some((node) => {
    const owner = layerOf(node) ?? (is(node, "input") ? node.attributes.role?.layer : undefined);
    return owner !== undefined && isAbove(owner, layer);
  });
}

/** Forward passes on the way to `outputs`: how often the busiest layer computes its units, in batches. */
function passesIn(outputs: readonly Tensor[], { network, workspace }: TracedUpdates): number {
  const nodes = topological(outputs);
  const counts = network.layers.map(({ index, positions, outFeatures }) =>
    nodes
      .filter((node) => roleOf(node)?.kind === "preactivation" && layerOf(node) === index)
      .reduce((sum, node) => sum + sizeOf(node.shape) / (positions * outFeatures * workspace.batch), 0),
  );
  return Math.max(0, ...counts);
}
