/**
 * What reaches each layer's synapses, by walking the graph back from every update.
 *
 * The walk stops at inputs (weights, labels, noise, what the rule keeps) and at marked activity of the forward pass. A mark is
 * a claim, and is believed only as far as the graph behind it bears it out:
 *
 * - activity (`pre`, `preactivation`, `post`, `logits`) is what a layer computes from its input by its own parameters. Whatever
 *   else is found behind it (noise, a label, another layer's weights) is read by the layer whose activity it is.
 * - `outputError` must be made of the read-out's scores and labels alone; `broadcast` also of activity, where it is at most one
 *   number for each sample. If not, the walk goes on behind them.
 * - `neighbour` and `pair` only name what goes through them: the walk never stops there.
 *
 * So nothing a rule reads is lost, whatever it marks: it is read by the layer itself or by the layer whose activity it claims to be.
 * Values that a rule keeps are read with everything their next value is made of.
 */
import { is, type Role, type Tensor } from "../graph/index.ts";
import type { Signal, Variable } from "../rules/index.ts";

/** A layer, counted from 1 at the input side; 0 is the input itself. */
export type LayerId = number | "readout";

/** The graph of a rule's updates, as the walk needs it. */
export interface UpdateGraph {
  readonly depth: number;
  readonly batch: number;
  /** What changes in each layer (index 0 is layer 1): pseudo-gradients of its parameters and heads, next values of its states. */
  readonly roots: readonly (readonly Tensor[])[];
  /** Inputs that are parameters of the network. */
  readonly parameters: ReadonlyMap<Tensor, LayerId>;
  /** Inputs that the rule keeps, and what each one's next value is made of. */
  readonly variables: ReadonlyMap<Tensor, { readonly variable: Variable; readonly next: Tensor | undefined }>;
  /** Marked activity of the pass on the batch itself. */
  readonly mainPass: ReadonlySet<Tensor>;
  /** Symbols of the paired view, where the rule has one. */
  readonly partner: Tensor | undefined;
}

/** What one layer's update reads. */
export interface LayerReads {
  readonly signals: ReadonlySet<Signal>;
  /** Layers whose weights or biases are read, its own aside. */
  readonly weights: ReadonlySet<LayerId>;
  /** Marked activity that is read: its own, and that of other layers by layer, in the order in which the graph uses it. */
  readonly own: ReadonlySet<Tensor>;
  readonly others: readonly { readonly layer: LayerId; readonly node: Tensor }[];
  /** Other layers whose feedback, heads or states are read. */
  readonly kept: ReadonlySet<LayerId>;
  /** Marked activity that the update itself uses, its own or another layer's: what must be at hand when weights change. */
  readonly held: ReadonlySet<Tensor>;
  /** Error vectors, broadcasts and messages that arrive. */
  readonly errors: ReadonlySet<Tensor>;
  readonly broadcasts: ReadonlySet<Tensor>;
  readonly messages: ReadonlySet<Tensor>;
}

/** Where the walk is: in an update, or behind own activity, where some things are what a unit computes with anyway. */
type Place = "update" | "pre" | "activity";

const activityKinds: readonly string[] = ["pre", "preactivation", "post", "logits"];

/** The role of a mark; undefined for other nodes. */
export function roleOf(node: Tensor): Role | undefined {
  return is(node, "mark") ? node.attributes.role : undefined;
}

/** Whether a node is marked as activity of a layer or of the read-out. */
export function isActivity(node: Tensor): boolean {
  return activityKinds.includes(roleOf(node)?.kind ?? "");
}

/** The layer whose activity a mark is. */
export function layerOf(node: Tensor): LayerId | undefined {
  const role = roleOf(node);
  return role?.kind === "logits" ? "readout" : role?.layer;
}

/** Inputs and marked activity met first when walking back from `from`, which is not one of them. */
export function stopsBehind(from: readonly Tensor[]): Tensor[] {
  const [found, seen] = [new Set<Tensor>(), new Set<Tensor>()];
  const stack = [...from];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    if (is(node, "input") || isActivity(node)) found.add(node);
    else stack.push(...node.inputs);
  }
  return [...found];
}

/** Whether a mark of an output error or a broadcast is what it says, so that the walk may stop there. */
export function isVerified(mark: Tensor, graph: UpdateGraph): boolean {
  const stops = stopsBehind(mark.inputs);
  const isScores = (node: Tensor): boolean => roleOf(node)?.kind === "logits" && isPlain(node, graph);
  const isLabel = (node: Tensor): boolean => is(node, "input") && node.attributes.role?.kind === "label";
  const scores = stops.some(isScores);
  if (scores && stops.every((node) => isScores(node) || isLabel(node))) return true;
  if (roleOf(mark)?.kind !== "broadcast") return false;
  const small = mark.shape.reduce((product, size) => product * size, 1) <= graph.batch;
  return small && stops.every((node) => isActivity(node) || isNoise(node) || (scores && isLabel(node)));
}

const isNoise = (node: Tensor): boolean => is(node, "input") && node.attributes.role?.kind === "noise";

/** Whether the scores of a pass are made of the top layer's activity, or noise in its place, by the read-out's own parameters. */
function isPlain(scores: Tensor, { parameters, depth }: UpdateGraph): boolean {
  return stopsBehind(scores.inputs).every(
    (node) =>
      parameters.get(node) === "readout" || isNoise(node) || (roleOf(node)?.kind === "post" && layerOf(node) === depth),
  );
}

/** What every layer's update reads, layer 1 first. */
export function informationFlow(graph: UpdateGraph): LayerReads[] {
  const walks = graph.roots.map((roots, i) => new Walk(i + 1, roots, graph));
  // Activity that anyone reads is looked behind on account of the layer whose activity it is.
  const looked = new Set<Tensor>();
  for (let open = true; open;) {
    open = false;
    for (const walk of walks) {
      walk.run();
      for (const node of walk.claims) {
        const owner = layerOf(node);
        if (looked.has(node) || owner === undefined) continue;
        looked.add(node);
        open = true;
        // The read-out has no update of its own here: what its scores are made of besides is the top layer's business.
        if (owner !== "readout") walks[owner - 1]?.lookBehind(node);
        else if (!isPlain(node, graph)) walks.at(-1)?.read(node.inputs);
      }
    }
  }
  return walks.map((walk) => walk.reads());
}

class Walk {
  /** Activity of other layers that is taken at its word here. */
  readonly claims = new Set<Tensor>();

  private readonly signals = new Set<Signal>();
  private readonly weights = new Set<LayerId>();
  private readonly own = new Set<Tensor>();
  private readonly others = new Map<Tensor, LayerId>();
  private readonly kept = new Set<LayerId>();
  private readonly held = new Set<Tensor>();
  private readonly errors = new Set<Tensor>();
  private readonly broadcasts = new Set<Tensor>();
  private readonly messages = new Set<Tensor>();
  private readonly seen: Readonly<Record<Place, Set<Tensor>>> = {
    update: new Set(),
    pre: new Set(),
    activity: new Set(),
  };
  private readonly stack: { readonly node: Tensor; readonly place: Place }[];

  constructor(
    private readonly layer: number,
    roots: readonly Tensor[],
    private readonly graph: UpdateGraph,
  ) {
    this.stack = roots.map((node) => ({ node, place: "update" }));
  }

  /** Walks behind activity of this layer that another one reads. */
  lookBehind(activity: Tensor): void {
    this.push(activity.inputs, roleOf(activity)?.kind === "pre" ? "pre" : "activity");
  }

  /** Walks on from values as from an update. */
  read(values: readonly Tensor[]): void {
    this.push(values, "update");
  }

  run(): void {
    for (let next = this.stack.pop(); next !== undefined; next = this.stack.pop()) {
      const { node, place } = next;
      if (this.seen[place].has(node)) continue;
      this.seen[place].add(node);
      if (is(node, "input")) this.meetInput(node, place);
      else if (!is(node, "mark") || !this.meetMark(node, place)) this.push(node.inputs, place);
    }
  }

  reads(): LayerReads {
    const { signals, weights, own, kept, held, errors, broadcasts, messages } = this;
    const others = [...this.others].map(([node, layer]) => ({ layer, node }));
    return { signals, weights, own, others, kept, held, errors, broadcasts, messages };
  }

  private push(nodes: readonly Tensor[], place: Place): void {
    for (const node of nodes) this.stack.push({ node, place });
  }

  private meetInput(node: Tensor & { readonly attributes: { readonly role?: Role } }, place: Place): void {
    const owner = this.graph.parameters.get(node);
    if (owner !== undefined) {
      if (owner !== this.layer) this.readOther(owner);
      else if (place !== "activity") this.signals.add("weight");
      return;
    }
    const kept = this.graph.variables.get(node);
    if (kept !== undefined) {
      this.meetKept(kept);
      return;
    }
    switch (node.attributes.role?.kind) {
      case "label":
        this.signals.add("label");
        return;
      case "noise":
        this.signals.add("noise");
        return;
      default:
        // The input is what the first layer sees; anywhere else it is activity from outside the layer.
        if (place !== "update" && this.layer === 1) return;
        this.signals.add("otherActivity");
        if (node === this.graph.partner) this.signals.add("pair");
        this.others.set(node, 0);
    }
  }

  private readOther(owner: LayerId): void {
    this.signals.add("otherWeight");
    this.weights.add(owner);
  }

  private meetKept({ variable, next }: { readonly variable: Variable; readonly next: Tensor | undefined }): void {
    const { kind, layer } = variable;
    if (layer !== undefined && layer !== this.layer) {
      // Kept by another layer, where its own changes are accounted for.
      this.signals.add("neighbour");
      this.kept.add(layer);
      return;
    }
    if (kind === "head") this.signals.add("localHead");
    if (next !== undefined) this.push([next], "update");
  }

  /** Returns whether the walk stops at this mark. */
  private meetMark(node: Tensor, place: Place): boolean {
    const { kind, layer } = roleOf(node) ?? { kind: "" };
    const isOfSomeLayer = kind === "logits" || (layer !== undefined && layer >= 1 && layer <= this.graph.depth);
    if (isActivity(node) && !isOfSomeLayer) return false;
    switch (kind) {
      case "pre":
        if (layer !== this.layer) return false;
        this.meetOwn(node, place);
        return true;
      case "preactivation":
      case "post":
      case "logits":
        if (layer === this.layer) this.meetOwn(node, place);
        else this.meetOther(node, layerOf(node) ?? 0, place);
        return true;
      case "outputError":
      case "broadcast":
        if (!isVerified(node, this.graph)) return false;
        this.signals.add(kind);
        (kind === "broadcast" ? this.broadcasts : this.errors).add(node);
        return true;
      case "neighbour":
        this.signals.add("neighbour");
        if (layer === this.layer) this.messages.add(node);
        return false;
      case "pair":
        if (layer === this.layer) this.signals.add("pair");
        return false;
      default:
        return false;
    }
  }

  private meetOwn(node: Tensor, place: Place): void {
    const kind = roleOf(node)?.kind;
    const asComputed = place === "activity" && kind !== "post";
    if (!asComputed) {
      this.own.add(node);
      this.signals.add(this.passOf(node) ?? (kind as Signal));
    }
    if (place === "update") this.held.add(node);
    this.lookBehind(node);
  }

  private meetOther(node: Tensor, owner: LayerId, place: Place): void {
    this.claims.add(node);
    // Behind its own input, the activity of the layer below is that input.
    const isInput = place !== "update" && owner === this.layer - 1 && roleOf(node)?.kind === "post";
    if (isInput) return;
    this.signals.add("otherActivity");
    const pass = this.passOf(node);
    if (pass !== undefined) this.signals.add(pass);
    this.others.set(node, owner);
    if (place === "update") this.held.add(node);
  }

  /** The signal that activity outside the pass on the batch is. */
  private passOf(node: Tensor): "pair" | "secondPhase" | undefined {
    if (this.graph.mainPass.has(node)) return undefined;
    const { partner } = this.graph;
    return partner !== undefined && dependsOn(node, partner) ? "pair" : "secondPhase";
  }
}

function dependsOn(node: Tensor, target: Tensor): boolean {
  const seen = new Set<Tensor>();
  const stack = [node];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    if (next === target) return true;
    if (seen.has(next)) continue;
    seen.add(next);
    stack.push(...next.inputs);
  }
  return false;
}
