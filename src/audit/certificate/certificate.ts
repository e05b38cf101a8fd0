/**
 * The certificate of a rule: what information must reach each synapse for it to learn, computed from the graph of the rule's
 * updates and from nothing else.
 *
 * The graph is traced on the given network with a small batch. Activity is found in it by how it is computed (`activity.ts`); `flow.ts` says
 * what is read, `arrivals.ts` what comes from outside, `scope.ts` how far apart what meets at a synapse may lie, `coupling.ts` how
 * samples meet; here they become one answer for each layer.
 */
import { sizeOf, type Tensor, topological } from "../../graph/index.ts";
import { allLayers, type Layer, type Network, weightShape } from "../../networks/index.ts";
import { type ChosenRule, type PairSource, type PartnerRequest, type Signal, signals } from "../../rules/index.ts";
import { sourceOf } from "../../tasks/index.ts";
import { type Constants, constantsIn, type TracedUpdates, traceUpdates } from "../../train/index.ts";
import { numbersPerExample } from "./activity.ts";
import { type Arrival, arrivalsAt } from "./arrivals.ts";
import { type Coupling, couplingOf } from "./coupling.ts";
import { informationFlow, type LayerId, type LayerReads } from "./flow.ts";
import { sampleOf, type UpdateGraph, updateGraph } from "./graph.ts";
import type { Kept } from "./kept.ts";
import { type LateralReach, reachOf, type Scopes } from "./scope.ts";
import { type Verdict, verdictOn } from "./verdict.ts";

/** A second view that a layer reads, and what must be known to make it. */
export interface PairUse {
  readonly kind: PartnerRequest["kind"];
  readonly source: PairSource;
  /** Of `resample`: the level down to which latents stay (0 is the class), or the layer whose level that is. */
  readonly level?: number | { readonly layer: number };
}

/** What the update of one layer needs. */
export interface LayerCertificate {
  /** Counted from 1 at the input side. */
  readonly layer: number;
  readonly signals: readonly Signal[];
  /** How far from a synapse what it reads of its own layer lies. */
  readonly scopes: Scopes;
  /** Layers whose weights (or biases) are read, the layer's own aside. */
  readonly weightTransport: readonly LayerId[];
  /** Names of the head's values through which the layer's own weights learn: weight transport inside the head. */
  readonly throughHead: readonly string[];
  /** Layers whose activity or gates are read, in the order in which they are used; 0 is the network's input. */
  readonly errorNetwork: readonly LayerId[];
  /** How the label enters: by itself, in the output error, in a broadcast, in the choice of pairs. */
  readonly label: readonly ("direct" | "error" | "broadcast" | "pairs")[];
  /** Second views, and what they know. */
  readonly pairs: readonly PairUse[];
  readonly topDown: readonly Arrival[];
  readonly coupling: Coupling;
  readonly lateral: LateralReach;
  /** Positions that share the layer's weights, whose samples a weight cannot but add up; 1 where none do. */
  readonly sharing: number;
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
    /** Numbers of activity that the update uses, for each sample. */
    readonly perSample: number;
    /** Whether these must wait for layers above. */
    readonly held: boolean;
    /** Weights of the layer. */
    readonly weights: number;
    /** Numbers that the rule keeps for this layer between steps: feedback, heads, running averages. */
    readonly kept: number;
    /** Numbers of heads and states that past steps have changed and that the update reads: what it remembers. */
    readonly remembered: number;
    /** Numbers kept for each weight of the layer. */
    readonly perWeight: number;
  };
  /** The same in the terms of Baldi and Sadowski (2016). */
  readonly verdict: Verdict;
}

/** What a rule needs to know, layer by layer. */
export interface Certificate {
  readonly rule: string;
  /** Signals that the rule claims to read with its default options. */
  readonly claimed: readonly Signal[];
  /** Signals that any layer reads. */
  readonly signals: readonly Signal[];
  /** Forward passes of a step, the pass on the batch included, on which the read-out learns. */
  readonly phases: number;
  /** Numbers of activity that any update uses, for each sample; what several layers use counts once. */
  readonly perSample: number;
  /** Shares of weights and biases that are forgotten at each step, whatever the learning rate. */
  readonly forgets: readonly {
    readonly layer: LayerId;
    readonly of: "weight" | "bias" | "head";
    readonly rate: number;
  }[];
  /** Numbers baked into its graph: constants that are not one number repeated. */
  readonly constants: Constants;
  readonly layers: readonly LayerCertificate[];
}

/**
 * Certifies a rule on a network and a batch of inputs of `length` symbols. A batch of 3 is enough to tell a pair, a neighbour and the
 * rest of a batch apart, but a rule may do otherwise in another: a run is certified on its own.
 *
 * Throws RuleError when the rule breaks its contract or refuses the network.
 */
export function certify(rule: ChosenRule, network: Network, length: number, batch = 3): Certificate {
  return certificateOf(traceUpdates({ network, rule, batch }, length));
}

/** The certificate of a rule that is traced already, on a batch of 2 samples or more. */
export function certificateOf(traced: TracedUpdates): Certificate {
  const graph = updateGraph(traced);
  const reads = informationFlow(graph);
  const kept = keptValues(graph);
  const layers = traced.network.layers.map((layer, i): LayerCertificate => {
    const read = reads[i];
    if (read === undefined) throw new Error(`internal: no reads of layer ${layer.index}`);
    return layerCertificate(
      graph,
      layer,
      read,
      reads,
      couplingOf(graph.plain[i] ?? [], (node) => sampleOf(graph.registry, node), kept, graph.batch),
    );
  });
  const { rule } = traced.rule;
  return {
    rule: rule.id,
    claimed: rule.reads,
    signals: inOrder(new Set(layers.flatMap(({ signals: found }) => found))),
    phases: phasesOf(graph, "all"),
    perSample: numbersHeld(new Set(reads.flatMap(({ held }) => [...held])), graph),
    forgets: (traced.updates.decays ?? []).map(({ parameter: { owner, kind }, rate }) => ({
      layer: idOf(graph, owner?.index ?? 0),
      of: kind,
      rate,
    })),
    constants: constantsIn(traced.document),
    layers,
  };
}

function layerCertificate(
  graph: UpdateGraph,
  layer: Layer,
  read: LayerReads,
  reads: readonly LayerReads[],
  coupling: Coupling,
): LayerCertificate {
  const { index } = layer;
  const { lateral, scopes } = reachOf(graph, index, new Set([...read.errors, ...read.broadcasts]));
  const topDown = arrivalsAt(graph, index, read);
  const found = new Set<Signal>(read.signals);
  // What is forgotten is a share of the weight itself.
  if (graph.forgetting.some(({ owner, kind }) => owner === layer && kind !== "head")) found.add("weight");
  if (lateral.units !== "none") found.add("lateral");
  if (lateral.positions) found.add("positions");
  if (scopes.pre === "unit") found.add("otherInput");
  if (coupling === "dependent") found.add("batch");
  if (topDown.some(({ kind }) => kind === "message")) found.add("neighbour");
  const computed = graph.computedFor(index).map((other) => idOf(graph, other.index));
  const above = sorted(computed.filter((other) => isAbove(other, index)));
  const kept = graph.registry.variables
    .filter(({ owner, kind }) => owner === layer && kind !== "weight" && kind !== "bias")
    .reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const pairs = pairsOf(read, graph.network);
  const facts = {
    layer: index,
    signals: inOrder(found),
    scopes,
    weightTransport: sorted(read.weights),
    throughHead: headsBehind(graph, layer),
    errorNetwork: orderOfUse(graph, graph.roots[index - 1] ?? [], read),
    label: labelUse(graph, read, found, pairs),
    pairs,
    topDown,
    coupling,
    lateral,
    sharing: layer.shared ? layer.positions : 1,
    locking: {
      forward: sorted(computed.filter((other) => other !== index && !isAbove(other, index))),
      update: above,
      backward: backwardOf(reads, index, graph),
    },
    phases: phasesOf(graph, index),
    memory: {
      perSample: numbersHeld(read.held, graph),
      held: above.length > 0,
      weights: sizeOf(weightShape(layer)),
      kept,
      remembered: [...read.remembered].reduce((sum, { shape }) => sum + sizeOf(shape), 0),
      perWeight: kept / sizeOf(weightShape(layer)),
    },
  };
  return { ...facts, verdict: verdictOn(facts) };
}

/** What is kept beside the network's weights, and what it becomes. */
export function keptValues({ kept, plainNext }: UpdateGraph): Kept[] {
  return [...kept].flatMap(
    ([
      node,
      {
        variable: { kind },
      },
    ]) => {
      const next = plainNext.get(node);
      return next === undefined || kind === "weight" || kind === "bias" ? [] : [{ node, next }];
    },
  );
}

function headsBehind({ changes, kept }: UpdateGraph, { index }: Layer): string[] {
  return topological(changes[index - 1] ?? []).flatMap((node) => {
    const variable = kept.get(node)?.variable;
    return variable?.kind === "head" && variable.owner?.index === index ? [variable.name] : [];
  });
}

function inOrder(found: ReadonlySet<Signal>): Signal[] {
  return (Object.keys(signals) as Signal[]).filter((signal) => found.has(signal));
}

function numbersHeld(leaves: ReadonlySet<Tensor>, graph: UpdateGraph): number {
  return [...leaves].reduce((sum, leaf) => sum + numbersPerExample(leaf, graph.batch), 0);
}

const idOf = ({ network }: UpdateGraph, index: number): LayerId => (index > network.layers.length ? "readout" : index);
const isAbove = (other: LayerId, layer: number): boolean => other === "readout" || other > layer;

function sorted(layers: Iterable<LayerId>): LayerId[] {
  const place = (layer: LayerId): number => (layer === "readout" ? Infinity : layer);
  return [...new Set(layers)].sort((a, b) => (place(a) === place(b) ? 0 : place(a) - place(b)));
}

function pairsOf({ partners }: LayerReads, { layers }: Network): PairUse[] {
  return [...partners].map((request) => ({
    kind: request.kind,
    source: sourceOf(request, layers.length),
    ...(request.kind === "resample" ? { level: request.level } : {}),
  }));
}

/** Layers above that take part in the update of a layer, and in what they settle to. */
function backwardOf(reads: readonly LayerReads[], layer: number, graph: UpdateGraph): LayerId[] {
  const read = reads[layer - 1];
  if (read === undefined) return [];
  const settled = read.others
    .filter(({ leaf }) => graph.leaves.get(leaf)?.pass.kind === "further")
    .map((other) => other.layer);
  const direct = [...read.weights, ...read.kept, ...read.others.map((other) => other.layer)];
  const further = settled.flatMap((other) =>
    other !== "readout" && other > layer ? backwardOf(reads, other, graph) : [],
  );
  return sorted([...direct, ...further].filter((other) => isAbove(other, layer)));
}

/**
 * Layers whose activity a layer reads, in the order in which the error (a broadcast, a label) meets it on its way; then those it
 * does not meet.
 */
function orderOfUse(
  graph: UpdateGraph,
  roots: readonly Tensor[],
  { others, errors, broadcasts }: LayerReads,
): LayerId[] {
  const read = new Map(others.map(({ leaf, layer }) => [leaf, layer]));
  const carriesError = new Set<Tensor>();
  // Layers whose activity is in a node that no error has met yet.
  const waiting = new Map<Tensor, ReadonlySet<LayerId>>();
  const used = new Set<LayerId>();
  for (const node of topological(roots)) {
    const layer = read.get(node);
    if (layer !== undefined) waiting.set(node, new Set([layer]));
    else if (errors.has(node) || broadcasts.has(node) || node === graph.labels) carriesError.add(node);
    else if (!graph.leaves.has(node)) {
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

function labelUse(
  graph: UpdateGraph,
  { errors, broadcasts }: LayerReads,
  found: ReadonlySet<Signal>,
  pairs: readonly PairUse[],
): LayerCertificate["label"] {
  const holdsLabel = (nodes: ReadonlySet<Tensor>): boolean => topological([...nodes]).includes(graph.labels);
  return [
    ...(found.has("label") ? (["direct"] as const) : []),
    ...(holdsLabel(errors) ? (["error"] as const) : []),
    ...(holdsLabel(broadcasts) ? (["broadcast"] as const) : []),
    ...(pairs.some(({ source }) => source === "label") ? (["pairs"] as const) : []),
  ];
}

/** Forward passes: how often the busiest layer, the read-out among them, computes its units, in batches. */
function phasesOf(graph: UpdateGraph, of: "all" | number): number {
  return Math.max(0, ...allLayers(graph.network).map((layer) => graph.products(layer, of)));
}

export { type Arrival, type Coupling, type LateralReach, type LayerId, type Scopes, type Verdict };
