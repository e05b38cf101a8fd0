/**
 * What reaches each layer's synapses, by walking the graph back from every update.
 *
 * The walk ends at inputs (weights, labels, noise, what the rule keeps) and at activity. Activity of other layers is looked behind on
 * account of the layer whose activity it is, so that nothing a rule reads is lost: it is read by the layer itself or by the layer whose
 * activity carries it. What a rule keeps is read with everything its next value is made of. Two things have a name of their own:
 *
 * - the output error: what is made of scores and of forms in which scores and labels meet (`judgement.ts`), and of nothing else;
 * - a broadcast: at most one number for each example and pass, made of such and of noise: a loss, an error, a difference of losses.
 *
 * A pass that was changed by a pattern shows the weights behind it to whoever knows the pattern: its activity is read as those weights;
 * a judgement of it is a broadcast for the layer alone at which it was changed.
 */
import { is, sizeOf, type Tensor, topological } from "../../graph/index.ts";
import type { Layer, Network } from "../../networks/index.ts";
import type { PartnerRequest, Signal } from "../../rules/index.ts";
import { numbersPerExample } from "./activity.ts";
import type { ActivityLeaf, UpdateGraph } from "./graph.ts";

/** A layer, counted from 1 at the input side; 0 is the input itself. */
export type LayerId = number | "readout";

/** What one layer's update reads. */
export interface LayerReads {
  readonly signals: ReadonlySet<Signal>;
  /** Layers whose weights or biases are read, its own aside. */
  readonly weights: ReadonlySet<LayerId>;
  /** Activity that is read: of other layers, in the order in which the walk met it. */
  readonly others: readonly { readonly layer: LayerId; readonly leaf: Tensor }[];
  /** Other layers whose feedback, heads or states are read. */
  readonly kept: ReadonlySet<LayerId>;
  /** Activity that the update itself uses, its own or another layer's: what must be at hand when weights change. */
  readonly held: ReadonlySet<Tensor>;
  /** Error vectors and broadcasts that arrive. */
  readonly errors: ReadonlySet<Tensor>;
  readonly broadcasts: ReadonlySet<Tensor>;
  /** Partners whose activity is read. */
  readonly partners: ReadonlySet<PartnerRequest>;
  /** Own activity of further passes, and own activity that other layers read: what went into it is read here. */
  readonly behind: ReadonlySet<Tensor>;
  /** States that are read, and heads of its own: what is remembered from step to step. */
  readonly remembered: ReadonlySet<Tensor>;
  /** Whether noise that is not the layer's own is read. */
  readonly sharesNoise: boolean;
}

/** What an expression is made of, as bits. */
const Made = { scores: 1, label: 2, own: 4, others: 8, noise: 16, parameters: 32, input: 64, judged: 128 } as const;

/** What every layer's update reads, layer 1 first. */
export function informationFlow(graph: UpdateGraph): LayerReads[] {
  const walks = graph.roots.map((roots, i) => new Walk(i + 1, roots, graph));
  // Activity that anyone reads is looked behind on account of the layer whose activity it is.
  const looked = new Set<Tensor>();
  const through = new Set<Tensor>();
  const walkOf = (owner: number): Walk | undefined => walks[accountOf(graph.network, owner) - 1];
  for (let open = true; open;) {
    open = false;
    for (const walk of walks) {
      walk.run();
      for (const { leaf, owner } of walk.claims) {
        if (looked.has(leaf)) continue;
        looked.add(leaf);
        open = true;
        walkOf(owner)?.lookBehind(leaf);
      }
      for (const leaf of walk.judged) {
        if (through.has(leaf)) continue;
        through.add(leaf);
        open = true;
        const found = graph.leaves.get(leaf);
        if (found !== undefined) walkOf(ownerOf(found))?.lookThrough(leaf);
      }
    }
  }
  const carried = carriedBy(graph);
  for (const walk of walks) walk.meetCarried(carried);
  return walks.map((walk) => walk.reads());
}

/**
 * The layer on whose account activity is looked behind. The input and the read-out have no update of their own here: what the one is made of
 * is the first layer's business, what the scores are made of besides is the top layer's.
 */
function accountOf({ layers }: Network, owner: number): number {
  return Math.min(Math.max(owner, 1), layers.length);
}

/**
 * Layers whose own weights stand by themselves, not in a product with their input, behind activity of theirs of which a leaf is made: it may
 * have been scaled by one weight after the other, which shows them to whoever reads it.
 */
function carriedBy({ leaves, kept, network }: UpdateGraph): (leaf: Tensor) => ReadonlySet<number> {
  const known = new Map<Tensor, ReadonlySet<number>>();
  const carried = (leaf: ActivityLeaf): ReadonlySet<number> => {
    const before = known.get(leaf.leaf);
    if (before !== undefined) return before;
    const found = new Set<number>();
    known.set(leaf.leaf, found);
    const owner = accountOf(network, ownerOf(leaf));
    const seen = new Set<Tensor>();
    const stack = [...leaf.origin];
    for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
      if (seen.has(node)) continue;
      seen.add(node);
      const below = leaves.get(node);
      const value = kept.get(node);
      if (below !== undefined) for (const layer of carried(below)) found.add(layer);
      else if (value === undefined) stack.push(...node.inputs);
      else if (value.variable.kind === "weight" || value.variable.kind === "bias") {
        if (value.variable.owner?.index === owner) found.add(owner);
      } else if (value.next !== undefined) stack.push(value.next);
    }
    return found;
  };
  return (node) => {
    const leaf = leaves.get(node);
    return leaf === undefined ? nothing : carried(leaf);
  };
}

const nothing: ReadonlySet<number> = new Set();

/** The layer whose activity a leaf is: what a layer sees is the activity of the layer below; 0 for the input. */
export function ownerOf({ layer, signal }: ActivityLeaf): number {
  return signal === "pre" ? layer.index - 1 : layer.index;
}

class Walk {
  /** Activity of other layers that is taken at its word here. */
  readonly claims = new Set<{ readonly leaf: Tensor; readonly owner: number }>();

  /** Activity of passes that are judged here. */
  readonly judged = new Set<Tensor>();

  private readonly signals = new Set<Signal>();
  private readonly weights = new Set<LayerId>();
  private readonly others = new Map<Tensor, LayerId>();
  private readonly kept = new Set<LayerId>();
  private readonly held = new Set<Tensor>();
  private readonly errors = new Set<Tensor>();
  private readonly broadcasts = new Set<Tensor>();
  private readonly partners = new Set<PartnerRequest>();
  private readonly remembered = new Set<Tensor>();
  private sharesNoise = false;
  /** Numbers that tell of scores and labels. */
  private readonly judgements = new Set<Tensor>();
  private readonly seen = new Set<Tensor>();
  private readonly behind = new Set<Tensor>();
  private readonly stack: { readonly node: Tensor; readonly held: boolean }[];
  private readonly made: (node: Tensor) => number;

  constructor(
    private readonly layer: number,
    roots: readonly Tensor[],
    private readonly graph: UpdateGraph,
  ) {
    this.stack = roots.map((node) => ({ node, held: true }));
    this.made = makings(graph, layer);
  }

  /** Walks behind activity of this layer: its own in a further pass, or activity that another layer reads. */
  lookBehind(leaf: Tensor): void {
    if (this.behind.has(leaf)) return;
    this.behind.add(leaf);
    for (const node of this.graph.leaves.get(leaf)?.origin ?? []) this.stack.push({ node, held: false });
  }

  /** Walks until nothing is left to see. */
  run(): void {
    this.exhaust();
    for (const node of this.judgements) {
      if (this.broadcasts.has(node)) continue;
      this.signals.add("broadcast");
      this.broadcasts.add(node);
      this.note(node);
    }
    for (const node of this.errors) {
      this.signals.add("outputError");
      this.note(node);
    }
    // More numbers than passes that were judged are a vector.
    if (this.judgements.size > this.passesBehind(...this.judgements)) this.signals.add("outputError");
    this.exhaust();
  }

  private exhaust(): void {
    for (let next = this.stack.pop(); next !== undefined; next = this.stack.pop()) {
      const { node, held } = next;
      const leaf = this.graph.leaves.get(node);
      if (leaf !== undefined && held) this.held.add(node);
      if (this.seen.has(node)) continue;
      this.seen.add(node);
      if (leaf !== undefined) this.meetActivity(leaf, held);
      else if (is(node, "input")) this.meetInput(node, held);
      else if (!this.arrives(node)) for (const operand of node.inputs) this.stack.push({ node: operand, held });
    }
  }

  reads(): LayerReads {
    const { signals, weights, kept, held, errors, broadcasts, partners, behind, remembered, sharesNoise } = this;
    const others = [...this.others].map(([leaf, layer]) => ({ layer, leaf }));
    return { signals, weights, others, kept, held, errors, broadcasts, partners, behind, remembered, sharesNoise };
  }

  /** Reads the weights that activity of other layers carries. */
  meetCarried(carriedBy: (leaf: Tensor) => ReadonlySet<number>): void {
    const read = [...this.others.keys(), ...[...this.claims].map(({ leaf }) => leaf), ...this.judged];
    for (const layer of read.flatMap((leaf) => [...carriedBy(leaf)])) {
      if (layer === this.layer) continue;
      this.signals.add("otherWeight");
      this.weights.add(this.idOf(layer));
    }
  }

  private idOf(index: number): LayerId {
    return index > this.graph.network.layers.length ? "readout" : index;
  }

  private meetActivity(leaf: ActivityLeaf, fromUpdate: boolean): void {
    const owner = ownerOf(leaf);
    this.meetPattern(leaf, owner);
    const isInput = leaf.signal === "pre" && leaf.layer.index === this.layer;
    if (owner === this.layer || isInput) {
      // Behind own activity of a further pass, its drive and its input are what the unit computes with anyway.
      if (fromUpdate || leaf.pass.kind !== "batch") this.signals.add(this.nameOf(leaf, isInput));
      if (leaf.pass.kind === "partner") this.partners.add(leaf.pass.request);
      if (isInput && owner > 0) this.claims.add({ leaf: leaf.leaf, owner });
      else this.lookBehind(leaf.leaf);
      return;
    }
    this.signals.add("otherActivity");
    if (leaf.pass.kind === "further") this.signals.add("secondPhase");
    if (leaf.pass.kind === "partner") {
      this.signals.add("pair");
      this.partners.add(leaf.pass.request);
    }
    this.others.set(leaf.leaf, this.idOf(owner));
    if (owner > 0) this.claims.add({ leaf: leaf.leaf, owner });
  }

  /** Behind activity that follows a chosen change stand the weights that the change went through. */
  private meetPattern({ chosenAt }: ActivityLeaf, owner: number): void {
    if (chosenAt.size === 0) return;
    const first = Math.min(...chosenAt);
    for (let layer = first + 1; layer <= owner; layer++) {
      if (layer === this.layer) this.signals.add("weight");
      else {
        this.signals.add("otherWeight");
        this.weights.add(this.idOf(layer));
      }
    }
  }

  /** The signal that own activity is. */
  private nameOf({ pass, signal }: ActivityLeaf, isInput: boolean): Signal {
    if (pass.kind === "partner") return "pair";
    if (pass.kind === "further") return "secondPhase";
    // What the layer above sees of it is its output.
    return isInput ? "pre" : signal === "pre" ? "post" : signal;
  }

  private meetInput(node: Tensor, fromUpdate: boolean): void {
    const { graph } = this;
    const kept = graph.kept.get(node);
    if (kept !== undefined) {
      this.meetKept(kept, fromUpdate);
      return;
    }
    if (node === graph.labels) {
      this.signals.add("label");
      return;
    }
    const noise = graph.registry.noises.find(({ tensor }) => tensor === node);
    if (noise !== undefined) {
      this.signals.add("noise");
      if (noise.owner?.index !== this.layer) this.sharesNoise = true;
      return;
    }
    const partner = this.partnerOf(node);
    if (partner !== undefined) {
      this.signals.add("pair");
      this.partners.add(partner);
    }
    // The input is what the first layer sees; anywhere else it is activity from outside the layer.
    if (this.layer === 1 && !fromUpdate) return;
    this.signals.add("otherActivity");
    this.others.set(node, 0);
  }

  private meetKept(
    {
      variable,
      next,
    }: {
      readonly variable: { readonly kind: string; readonly owner: Layer | undefined; readonly tensor: Tensor };
      readonly next: Tensor | undefined;
    },
    fromUpdate: boolean,
  ): void {
    const { kind, owner } = variable;
    const isOwn = owner?.index === this.layer;
    if (kind === "weight" || kind === "bias") {
      if (owner !== undefined && !isOwn) {
        this.signals.add("otherWeight");
        this.weights.add(this.idOf(owner.index));
      } else this.signals.add("weight");
      return;
    }
    if (owner !== undefined && !isOwn) {
      this.signals.add("neighbour");
      this.kept.add(this.idOf(owner.index));
    } else if (kind === "head") {
      this.signals.add("localHead");
      this.remembered.add(variable.tensor);
    }
    if (kind === "state") this.remember(variable.tensor);
    if (next !== undefined && kind !== "fixed") this.stack.push({ node: next, held: fromUpdate });
  }

  private remember(state: Tensor): void {
    this.remembered.add(state);
    this.signals.add("memory");
  }

  /** Whether a node is an output error or a broadcast, at which the walk ends. */
  private arrives(node: Tensor): boolean {
    // What is only moved or repeated has as many numbers as what it is made of.
    if (is(node, "reshape") || is(node, "broadcastTo") || is(node, "transpose")) return false;
    const made = this.made(node);
    const isJudged = (made & Made.judged) !== 0;
    if (!isJudged || (made & ~(Made.judged | Made.scores | Made.noise)) !== 0 || this.isProbe(node)) return false;
    if (this.isNumber(node)) this.judgements.add(node);
    else if ((made & Made.noise) === 0) this.errors.add(node);
    else return false;
    return true;
  }

  /** Whether a node has at most one number for each example and pass. */
  private isNumber(node: Tensor): boolean {
    const { batch } = this.graph;
    const size = sizeOf(node.shape);
    const passes = Math.max(1, this.passesBehind(node));
    if (size <= passes) return true;
    if (size > passes * batch) return false;
    return this.graph.isPerExample(node);
  }

  /** Takes note of what has arrived, and of what stands behind the activity it is made of. */
  private note(node: Tensor): void {
    for (const one of topological([node])) {
      if (this.graph.leaves.has(one)) this.judge(one);
      const kept = this.graph.kept.get(one);
      if (kept?.variable.kind === "state" && !this.remembered.has(one)) {
        this.remember(one);
        if (kept.next !== undefined) this.note(kept.next);
      }
      const noise = this.graph.registry.noises.find(({ tensor }) => tensor === one);
      if (noise === undefined) continue;
      this.signals.add("noise");
      if (noise.owner?.index !== this.layer) this.sharesNoise = true;
    }
  }

  /**
   * What went into activity of this layer in a pass that is judged, besides the network's own computing, symbols and noise: weights
   * where they do not belong, labels, what is kept. The activity on the way is not read, only what it was made to carry.
   */
  lookThrough(leaf: Tensor): void {
    const { graph } = this;
    const seen = new Set<Tensor>();
    const stack = [...(graph.leaves.get(leaf)?.origin ?? [])];
    for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
      if (seen.has(node)) continue;
      seen.add(node);
      if (graph.leaves.has(node)) this.judge(node);
      else if (!is(node, "input")) {
        if (graph.meeting(node) === undefined) stack.push(...node.inputs);
        else for (const one of topological([node])) if (graph.leaves.has(one)) this.judge(one);
      } else if (graph.kept.has(node) || node === graph.labels || this.partnerOf(node) !== undefined)
        this.meetInput(node, false);
    }
  }

  /** Takes note of activity in a pass that is judged. */
  private judge(leaf: Tensor): void {
    this.judged.add(leaf);
    const pass = this.graph.leaves.get(leaf)?.pass;
    if (pass?.kind !== "partner") return;
    this.signals.add("pair");
    this.partners.add(pass.request);
  }

  private partnerOf(node: Tensor): PartnerRequest | undefined {
    return this.graph.registry.partners.find(({ tokens }) => tokens === node)?.request;
  }

  /** Whether it is made of activity that follows a change chosen at another layer. */
  private isProbe(node: Tensor): boolean {
    return topological([node]).some((one) => {
      const chosenAt = this.graph.leaves.get(one)?.chosenAt;
      return chosenAt !== undefined && [...chosenAt].some((layer) => layer !== this.layer);
    });
  }

  /** Passes whose scores a node is made of: a judgement has one number for each. */
  private passesBehind(...nodes: readonly Tensor[]): number {
    const { classes } = this.graph.network.readout;
    return topological(nodes).reduce((sum, one) => {
      const leaf = this.graph.leaves.get(one);
      const isScores = leaf !== undefined && ownerOf(leaf) > this.graph.network.layers.length;
      return isScores ? sum + numbersPerExample(one, this.graph.batch) / classes : sum;
    }, 0);
  }
}

/** What every node of the graph is made of, as seen from a layer; what the rule keeps is what it becomes. */
function makings(graph: UpdateGraph, layer: number): (node: Tensor) => number {
  const known = new Map<Tensor, number>();
  const states = new Map<Tensor, number>();
  const depth = graph.network.layers.length;
  const leafMaking = (node: Tensor): number => {
    const leaf = graph.leaves.get(node);
    if (leaf !== undefined) {
      const owner = ownerOf(leaf);
      if (owner === layer || (leaf.signal === "pre" && leaf.layer.index === layer)) return Made.own;
      return owner > depth ? Made.scores : Made.others;
    }
    if (node === graph.labels) return Made.label;
    const kept = graph.kept.get(node);
    if (kept?.variable.kind === "state") return states.get(node) ?? 0;
    if (kept !== undefined) return Made.parameters;
    return graph.registry.noises.some(({ tensor }) => tensor === node) ? Made.noise : Made.input;
  };
  const making = (output: Tensor): number => {
    for (const node of topological([output])) {
      if (known.has(node)) continue;
      const ofOperands = (): number => node.inputs.reduce((all, operand) => all | (known.get(operand) ?? 0), 0);
      const met = graph.meeting(node);
      known.set(node, is(node, "input") ? leafMaking(node) : met === undefined ? ofOperands() : Made.judged);
    }
    return known.get(output) ?? 0;
  };
  const changing = [...graph.kept].flatMap(([node, { variable, next }]) =>
    variable.kind === "state" && next !== undefined ? [{ node, next }] : [],
  );
  for (let grown = true; grown;) {
    grown = false;
    known.clear();
    for (const { node, next } of changing) {
      const before = states.get(node) ?? 0;
      const now = before | making(next);
      if (now === before) continue;
      states.set(node, now);
      grown = true;
    }
  }
  known.clear();
  return making;
}
