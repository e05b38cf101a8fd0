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
import { is, range, sizeOf, type Tensor, topological } from "../../graph/index.ts";
import type { Layer } from "../../networks/index.ts";
import type { PartnerRequest, Signal } from "../../rules/index.ts";
import { numbersPerExample } from "./activity.ts";
import { accountOf, carriedBy } from "./carried.ts";
import { type ActivityLeaf, ownerOf, type UpdateGraph } from "./graph.ts";
import { Made, makings } from "./making.ts";
import { type Spot, Trail, type View, type Way } from "./trail.ts";

/** A layer, counted from 1 at the input side; 0 is the input itself. */
export type LayerId = number | "readout";

/** What one layer's update reads. */
export interface LayerReads {
  readonly signals: ReadonlySet<Signal>;
  /** Where each signal was met. */
  readonly met: ReadonlyMap<Signal, ReadonlySet<Spot>>;
  /** Where the walk began: the layer's roots. */
  readonly starts: readonly Spot[];
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

/** What every layer's update reads, layer 1 first. */
export function informationFlow(graph: UpdateGraph): LayerReads[] {
  const trail = new Trail();
  const walks = graph.roots.map((roots, i) => new Walk(i + 1, roots, graph, trail));
  // Activity that anyone reads is looked behind on account of the layer whose activity it is.
  const looked = new Set<Tensor>();
  const through = new Set<Tensor>();
  const walkOf = (owner: number): Walk | undefined => walks[accountOf(graph.network, owner) - 1];
  for (let open = true; open;) {
    open = false;
    for (const walk of walks) {
      walk.run();
      for (const { spot, owner } of take(walk.claims)) {
        open ||= !looked.has(spot.node);
        looked.add(spot.node);
        walkOf(owner)?.lookBehind(spot);
      }
      for (const spot of take(walk.judged)) {
        const found = graph.leaves.get(spot.node);
        open ||= !through.has(spot.node);
        through.add(spot.node);
        if (found !== undefined) walkOf(ownerOf(found))?.lookThrough(spot);
      }
    }
  }
  const carried = carriedBy(graph);
  for (const walk of walks) walk.meetCarried(carried);
  return walks.map((walk) => walk.reads());
}

/** All of a list, which is empty afterwards. */
const take = <T>(list: T[]): T[] => list.splice(0);

/** Layers whose weights activity shows to whoever knows the pattern by which its pass was changed. */
export function shownBy(leaf: ActivityLeaf): number[] {
  if (leaf.chosenAt.size === 0) return [];
  const first = Math.min(...leaf.chosenAt) + 1;
  return range(Math.max(0, ownerOf(leaf) - first + 1)).map((i) => first + i);
}

class Walk {
  /** Activity of other layers that is taken at its word here. */
  readonly claims: { readonly spot: Spot; readonly owner: number }[] = [];

  /** Activity of passes that are judged here. */
  readonly judged: Spot[] = [];

  /** Activity that may carry weights of the layers that made it. */
  private readonly carriers = new Set<Spot>();
  private readonly met = new Map<Signal, Set<Spot>>();
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
  /** Nodes that were met, and whether the update itself uses them. */
  private readonly seen = new Map<Tensor, boolean>();
  private readonly noted = new Set<Tensor>();
  private readonly through = new Set<Tensor>();
  private readonly behind = new Set<Tensor>();
  private readonly starts: readonly Spot[];
  private readonly stack: { readonly spot: Spot; readonly held: boolean }[];
  private readonly made: (node: Tensor) => number;

  constructor(
    private readonly layer: number,
    roots: readonly Tensor[],
    private readonly graph: UpdateGraph,
    private readonly trail: Trail,
  ) {
    this.starts = roots.map((node) => this.at(node));
    this.stack = this.starts.map((spot) => ({ spot, held: true }));
    this.made = makings(graph, layer);
  }

  /** Walks behind activity of this layer: its own in a further pass, or activity that another layer reads. */
  lookBehind(from: Spot): void {
    this.behind.add(from.node);
    for (const node of this.graph.leaves.get(from.node)?.origin ?? [])
      this.follow(from, node, this.wayBehind(from), false);
  }

  /** Walks until nothing is left to see. */
  run(): void {
    this.exhaust();
    for (const node of this.judgements) {
      if (this.broadcasts.has(node)) continue;
      this.meet("broadcast", this.at(node));
      this.broadcasts.add(node);
      this.note(this.at(node));
    }
    for (const node of this.errors) {
      this.meet("outputError", this.at(node));
      this.note(this.at(node));
    }
    // More numbers than passes that were judged are a vector.
    if (this.judgements.size > this.passesBehind(...this.judgements))
      for (const node of this.judgements) this.meet("outputError", this.at(node));
    this.exhaust();
  }

  private exhaust(): void {
    for (let next = this.stack.pop(); next !== undefined; next = this.stack.pop()) {
      const { spot, held } = next;
      const { node } = spot;
      const leaf = this.graph.leaves.get(node);
      if (leaf !== undefined && held) this.held.add(node);
      // What was met behind activity is met anew where the update itself uses it.
      if (this.seen.get(node) === true || (this.seen.has(node) && !held)) continue;
      this.seen.set(node, held);
      if (leaf !== undefined) this.meetActivity(leaf, spot, held);
      else if (is(node, "input")) this.meetInput(spot, held);
      else if (!this.arrives(node)) for (const operand of node.inputs) this.follow(spot, operand, "operand", held);
    }
  }

  private at(node: Tensor, view: View = "read"): Spot {
    return this.trail.at(this.layer, view, node);
  }

  /** Has a node looked at later on. */
  private follow(from: Spot, node: Tensor, way: Way, held: boolean): void {
    this.stack.push({ spot: this.step(from, node, "read", way), held });
  }

  private step(from: Spot, node: Tensor, view: View, way: Way): Spot {
    const to = this.at(node, view);
    this.trail.step(from, to, way);
    return to;
  }

  private meet(signal: Signal, spot: Spot): void {
    this.met.set(signal, (this.met.get(signal) ?? new Set()).add(spot));
  }

  private wayBehind({ layer }: Spot): Way {
    return layer === this.layer ? "behind" : "account";
  }

  reads(): LayerReads {
    const { met, starts, weights, kept, held, errors, broadcasts, partners, behind, remembered, sharesNoise } = this;
    const found = { signals: new Set(met.keys()), met, starts };
    const others = [...this.others].map(([leaf, layer]) => ({ layer, leaf }));
    return { ...found, weights, others, kept, held, errors, broadcasts, partners, behind, remembered, sharesNoise };
  }

  /** Reads the weights that activity of other layers carries. */
  meetCarried(carriedBy: (leaf: Tensor) => ReadonlySet<number>): void {
    for (const spot of this.carriers) {
      for (const layer of carriedBy(spot.node)) {
        if (layer === this.layer) continue;
        this.meet("otherWeight", spot);
        this.weights.add(this.idOf(layer));
      }
    }
  }

  private idOf(index: number): LayerId {
    return index > this.graph.network.layers.length ? "readout" : index;
  }

  private meetActivity(leaf: ActivityLeaf, spot: Spot, fromUpdate: boolean): void {
    const owner = ownerOf(leaf);
    this.meetPattern(leaf, spot);
    const isInput = leaf.signal === "pre" && leaf.layer.index === this.layer;
    if (owner === this.layer || isInput) {
      // Behind own activity of a further pass, its drive and its input are what the unit computes with anyway.
      if (fromUpdate || leaf.pass.kind !== "batch") this.meet(this.nameOf(leaf, isInput), spot);
      if (leaf.pass.kind === "partner") this.partners.add(leaf.pass.request);
      if (isInput && owner > 0) this.claim(spot, owner);
      else this.lookBehind(spot);
      return;
    }
    this.meet("otherActivity", spot);
    if (leaf.pass.kind === "further") this.meet("secondPhase", spot);
    if (leaf.pass.kind === "partner") {
      this.meet("pair", spot);
      this.partners.add(leaf.pass.request);
    }
    this.others.set(leaf.leaf, this.idOf(owner));
    this.carriers.add(spot);
    if (owner > 0) this.claim(spot, owner);
  }

  private claim(spot: Spot, owner: number): void {
    this.claims.push({ spot, owner });
    this.carriers.add(spot);
  }

  /** Behind activity that follows a chosen change stand the weights that the change went through. */
  private meetPattern(leaf: ActivityLeaf, spot: Spot): void {
    for (const layer of shownBy(leaf)) {
      if (layer === this.layer) this.meet("weight", spot);
      else {
        this.meet("otherWeight", spot);
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

  private meetInput(spot: Spot, fromUpdate: boolean): void {
    const { graph } = this;
    const { node } = spot;
    const kept = graph.kept.get(node);
    if (kept !== undefined) {
      this.meetKept(kept, spot, fromUpdate);
      return;
    }
    if (node === graph.labels) {
      this.meet("label", spot);
      return;
    }
    const noise = graph.registry.noises.find(({ tensor }) => tensor === node);
    if (noise !== undefined) {
      this.meet("noise", spot);
      if (noise.owner?.index !== this.layer) this.sharesNoise = true;
      return;
    }
    const partner = this.partnerOf(node);
    if (partner !== undefined) {
      this.meet("pair", spot);
      this.partners.add(partner);
    }
    // The input is what the first layer sees; anywhere else it is activity from outside the layer.
    if (this.layer === 1 && !fromUpdate) return;
    this.meet("otherActivity", spot);
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
    spot: Spot,
    fromUpdate: boolean,
  ): void {
    const { kind, owner } = variable;
    const isOwn = owner?.index === this.layer;
    if (kind === "weight" || kind === "bias") {
      if (owner !== undefined && !isOwn) {
        this.meet("otherWeight", spot);
        this.weights.add(this.idOf(owner.index));
      } else this.meet("weight", spot);
      return;
    }
    if (owner !== undefined && !isOwn) {
      this.meet("neighbour", spot);
      this.kept.add(this.idOf(owner.index));
    } else if (kind === "head") {
      this.meet("localHead", spot);
      this.remembered.add(variable.tensor);
    }
    if (kind === "state") this.remember(spot);
    if (next !== undefined && kind !== "fixed") this.follow(spot, next, "next", fromUpdate);
  }

  private remember(spot: Spot): void {
    this.remembered.add(spot.node);
    this.meet("memory", spot);
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
  private note(from: Spot): void {
    if (this.noted.has(from.node)) return;
    this.noted.add(from.node);
    for (const spot of this.lookInto(from)) {
      const { node } = spot;
      if (this.graph.leaves.has(node)) this.judge(spot);
      const kept = this.graph.kept.get(node);
      if (kept?.variable.kind === "state" && !this.remembered.has(node)) {
        this.remember(spot);
        if (kept.next !== undefined) this.note(this.step(spot, kept.next, "judged", "next"));
      }
      const noise = this.graph.registry.noises.find(({ tensor }) => tensor === node);
      if (noise === undefined) continue;
      this.meet("noise", spot);
      if (noise.owner?.index !== this.layer) this.sharesNoise = true;
    }
  }

  /**
   * What went into activity of this layer in a pass that is judged, besides the network's own computing, symbols and noise: weights
   * where they do not belong, labels, what is kept. The activity on the way is not read, only what it was made to carry.
   */
  lookThrough(from: Spot): void {
    const { graph } = this;
    const origin = graph.leaves.get(from.node)?.origin ?? [];
    const stack = origin.map((node) => this.step(from, node, "carried", this.wayBehind(from)));
    if (this.through.has(from.node)) return;
    this.through.add(from.node);
    const seen = new Set<Spot>();
    for (let spot = stack.pop(); spot !== undefined; spot = stack.pop()) {
      if (seen.has(spot)) continue;
      seen.add(spot);
      const { node } = spot;
      if (graph.leaves.has(node)) this.judge(spot);
      else if (!is(node, "input")) {
        if (graph.meeting(node) === undefined) stack.push(...this.operandsOf(spot));
        else for (const one of this.lookInto(spot)) if (graph.leaves.has(one.node)) this.judge(one);
      } else if (graph.kept.has(node) || node === graph.labels || this.partnerOf(node) !== undefined)
        this.meetInput(spot, false);
    }
  }

  /** Everything behind a node, operands first, as part of a judgement. */
  private lookInto(from: Spot): Spot[] {
    const judged = this.at(from.node, "judged");
    if (judged !== from) this.trail.step(from, judged, "operand");
    return topological([from.node]).map((node) => {
      const spot = this.at(node, "judged");
      this.operandsOf(spot);
      return spot;
    });
  }

  /** Operands of a node, looked at in the same way. */
  private operandsOf(spot: Spot): Spot[] {
    return spot.node.inputs.map((operand) => this.step(spot, operand, spot.view, "operand"));
  }

  /** Takes note of activity in a pass that is judged. */
  private judge(spot: Spot): void {
    this.judged.push(spot);
    this.carriers.add(spot);
    const pass = this.graph.leaves.get(spot.node)?.pass;
    if (pass?.kind !== "partner") return;
    this.meet("pair", spot);
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
