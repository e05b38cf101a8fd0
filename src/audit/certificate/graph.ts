/**
 * The graph that a certificate is read from: a rule's updates with every activity put in the place of what computes it.
 *
 * Roots are what changes in each layer. Activity becomes a leaf, so that a walk back from a root ends at what reaches the synapse; what is
 * behind the activity of further passes is kept beside it. The graph is then simplified by the algebra of the one that runs, so that only
 * exact algebra (a product with the constant 0, code nobody reads) removes a reading.
 */
import { input, simplify, sizeOf, standingFor, Tensor, topological } from "../../graph/index.ts";
import type { Layer, Network } from "../../networks/index.ts";
import type { Registry, Variable } from "../../rules/index.ts";
import type { TracedUpdates } from "../../train/index.ts";
import { findActivity, type Seen } from "./activity.ts";
import { Expansion } from "./expansion.ts";
import { Interner } from "./intern.ts";
import { type Meeting, meetingAt } from "./judgement.ts";
import { alongAxis, type Load } from "./load.ts";
import { boundInput, isFinite } from "./magnitude.ts";
import { mixtures } from "./mixing.ts";

/** A leaf that stands for activity. */
export interface ActivityLeaf extends Seen {
  readonly leaf: Tensor;
  /** The node that computes it. */
  readonly node: Tensor;
  /** What went into activity of a further pass, over leaves. */
  readonly origin: readonly Tensor[];
  /** How it is computed, over leaves. */
  readonly expression: Tensor;
}

/** The layer whose activity a leaf is: what a layer sees is the activity of the layer below; 0 for the input. */
export function ownerOf({ layer, signal }: ActivityLeaf): number {
  return signal === "pre" ? layer.index - 1 : layer.index;
}

/** A registered value, and what it becomes after the step where it changes. */
export interface KeptValue {
  readonly variable: Variable;
  readonly next: Tensor | undefined;
}

export interface UpdateGraph {
  readonly network: Network;
  readonly registry: Registry;
  readonly batch: number;
  /** What changes in each hidden layer: pseudo-gradients of its parameters and heads, next values of its states. */
  readonly roots: readonly (readonly Tensor[])[];
  /** The pseudo-gradients of its weight and bias alone. */
  readonly changes: readonly (readonly Tensor[])[];
  /** The same roots over the inputs themselves, without leaves: by it samples are told apart. */
  readonly plain: readonly (readonly Tensor[])[];
  /** What every kept value becomes, over the inputs themselves: the next value of a state, the pseudo-gradient of what is trained. */
  readonly plainNext: ReadonlyMap<Tensor, Tensor>;
  /** Nodes that are activity in that graph. */
  readonly plainActivity: ReadonlyMap<Tensor, ActivityLeaf>;
  /** Operands before what is made of them. */
  readonly leaves: ReadonlyMap<Tensor, ActivityLeaf>;
  readonly kept: ReadonlyMap<Tensor, KeptValue>;
  readonly labels: Tensor;
  /** What forgets a share of itself at each step. */
  readonly forgetting: readonly Variable[];
  /** Layers whose products stand behind a root, input side first: what must have been computed. */
  readonly computedFor: (layer: number) => readonly Layer[];
  /** Whether scores and labels meet in a node, and as what. */
  readonly meeting: (node: Tensor) => Meeting | undefined;
  /** Whether every element of a node tells of one example at most, and no two of the same. */
  readonly isPerExample: (node: Tensor) => boolean;
  /** Products of each layer (read-out last) in all passes of the step, in batches. */
  readonly products: (layer: Layer, of: "all" | number) => number;
}

/** The graph of a traced rule. */
export function updateGraph(traced: TracedUpdates): UpdateGraph {
  const { network, workspace, updates } = traced;
  const { registry } = workspace;
  boundKept(registry);
  const judging = judgedBy(traced);
  const interner = new Interner();
  const changed = [
    ...updates.slopes.map(({ parameter, gradient }) => ({ variable: parameter, value: gradient })),
    ...(updates.next ?? []).map(({ state, value }) => ({ variable: state, value })),
  ];
  const values = interner.intern(changed.map(({ value }) => value));
  const { seen } = findActivity(traced, values, interner);
  const withLeaves = new Substitution(seen);
  const substituted = withLeaves.apply(values);
  const origins = [...seen].map(([node, { behind }]) => ({
    node,
    origin: [...withLeaves.apply(behind), withLeaves.expressionOf(node)],
  }));
  const simple = simplify([...substituted, ...origins.flatMap(({ origin }) => origin)], { algebraOnly: true });
  let next = values.length;
  const leaves = new Map<Tensor, ActivityLeaf>();
  for (const { node, origin } of origins) {
    const of = seen.get(node);
    const own = simple.slice(next, (next += origin.length));
    const leaf = withLeaves.leafOf(node);
    const expression = own.pop();
    if (of !== undefined && leaf !== undefined && expression !== undefined)
      leaves.set(leaf, { ...of, leaf, node, origin: own, expression });
    if (of?.pass.kind === "further" && leaf !== undefined && expression !== undefined && !isFinite(expression))
      boundInput(leaf, Infinity);
  }
  let expanded: Expansion | undefined;
  const expansion = (): Expansion => {
    if (expanded !== undefined) return expanded;
    expanded = new Expansion();
    for (const { leaf, expression } of leaves.values()) expanded.replace(leaf, expression);
    return expanded;
  };
  // The top layer answers for what no hidden layer keeps and the network is judged by.
  const accountOf = (variable: Variable): Layer | undefined =>
    judging.has(variable) ? network.layers.at(-1) : variable.owner;
  const valueOf = new Map(changed.map(({ variable }, i) => [variable, simple[i]]));
  const rootsOf = (layer: Layer, kinds?: readonly string[]): Tensor[] =>
    changed.flatMap(({ variable }) => {
      const value = valueOf.get(variable);
      const isRoot = accountOf(variable) === layer && (kinds?.includes(variable.kind) ?? true);
      return isRoot && value !== undefined ? [value] : [];
    });
  const computing = network.layers.map((layer) =>
    topological(
      changed.flatMap(({ variable }, i) => (accountOf(variable) === layer ? [values[i] ?? variable.tensor] : [])),
    ),
  );
  const everything = new Set(computing.flat());
  // All layers at once, for what they have in common to be shared.
  const computed = [...leaves.values()];
  const simplePlain = simplify([...values, ...computed.map(({ node }) => node)], { algebraOnly: true });
  for (const [node, { pass }] of seen)
    if (pass.kind === "batch") for (const behind of topological([node])) everything.add(behind);
  return {
    network,
    registry,
    batch: workspace.batch,
    roots: network.layers.map((layer) => rootsOf(layer)),
    changes: network.layers.map((layer) => rootsOf(layer, ["weight", "bias"])),
    plain: network.layers.map((layer) =>
      changed.flatMap(({ variable }, i) => (accountOf(variable) === layer ? [simplePlain[i] ?? variable.tensor] : [])),
    ),
    plainNext: new Map(changed.map(({ variable }, i) => [variable.tensor, simplePlain[i] ?? variable.tensor])),
    plainActivity: new Map(
      computed.flatMap((leaf, i) => {
        const node = simplePlain[values.length + i];
        return node === undefined ? [] : [[node, leaf] as const];
      }),
    ),
    leaves,
    kept: new Map(registry.variables.map((variable) => [variable.tensor, { variable, next: valueOf.get(variable) }])),
    labels: registry.labels,
    forgetting: (updates.decays ?? []).map(({ parameter }) => parameter),
    computedFor: (layer) => {
      const nodes = computing[layer - 1] ?? [];
      return [
        ...new Set(nodes.flatMap((node) => (seen.get(node)?.signal === "pre" ? [] : (seen.get(node)?.layer ?? [])))),
      ];
    },
    meeting: (node) =>
      meetingAt(node, {
        isScores: (one) => {
          const leaf = leaves.get(one);
          return leaf !== undefined && leaf.signal !== "pre" && leaf.layer === network.readout;
        },
        labels: registry.labels,
      }),
    isPerExample: (node) => {
      const [plain] = expansion().apply([node]);
      const known = mixtures(plain === undefined ? [] : [plain], { at: (one) => sampleOf(registry, one) });
      return (plain && known.get(plain))?.values.every((one) => one >= 0) ?? true;
    },
    products: (layer, of) => {
      const nodes = of === "all" ? everything : new Set(computing[of - 1]);
      const size = layer.positions * layer.outFeatures * workspace.batch;
      return [...nodes].reduce((sum, node) => {
        const found = seen.get(node);
        return found?.isProduct === true && found.layer === layer ? sum + sizeOf(node.shape) / size : sum;
      }, 0);
    },
  };
}

/** What a rule's own scores read of what it keeps, where that belongs to no hidden layer. */
function judgedBy({ document: { scores }, workspace: { registry }, network }: TracedUpdates): ReadonlySet<Variable> {
  const nodes = scores.flatMap(({ graph }) => graph.nodes);
  const read = new Set(nodes.map(([primitive, attributes]) => primitive === "input" && attributes));
  const names = new Set(
    [...read].flatMap((one) => (typeof one === "object" && one !== null && "name" in one ? [one.name] : [])),
  );
  const isOwned = ({ owner }: Variable): boolean => owner !== undefined && network.layers.includes(owner);
  return new Set(registry.variables.filter((one) => names.has(one.name) && !isOwned(one)));
}

/** What a rule keeps and changes may grow beyond all bounds; what it never changes is what it was drawn as. */
function boundKept({ variables }: Registry): void {
  for (const { tensor, kind, initial } of variables) {
    if (kind === "state" || kind === "head") boundInput(tensor, Infinity);
    if (kind !== "fixed") continue;
    const largest = { constant: 1, identity: 1, uniform: 1, normal: 100 }[initial.kind];
    const size =
      initial.kind === "constant"
        ? initial.value
        : initial.kind === "uniform"
          ? initial.bound
          : initial.kind === "normal"
            ? initial.deviation
            : 1;
    boundInput(tensor, largest * Math.abs(size));
  }
}

/** The sample, from 1, to which the elements of an input belong: data and partners have one row for each. Random numbers tell nothing of any. */
export function sampleOf({ tokens, labels, partners }: Registry, node: Tensor): Load | undefined {
  const isData = node === tokens || node === labels || partners.some((partner) => partner.tokens === node);
  return isData ? alongAxis(node, 0, (sample) => sample + 1) : undefined;
}

/** Puts a leaf in the place of every activity. */
class Substitution {
  private readonly leafByNode = new Map<Tensor, Tensor>();
  private readonly done = new Map<Tensor, Tensor>();

  constructor(private readonly seen: ReadonlyMap<Tensor, Seen>) {}

  /** The leaf of an activity, where anything used it. */
  leafOf(node: Tensor): Tensor | undefined {
    return this.leafByNode.get(node);
  }

  /** How an activity is computed, over leaves. */
  expressionOf(node: Tensor): Tensor {
    this.apply(node.inputs);
    return this.rebuilt(node);
  }

  apply(outputs: readonly Tensor[]): Tensor[] {
    for (const node of topological(outputs)) {
      if (this.done.has(node)) continue;
      this.done.set(node, this.seen.has(node) ? this.leaf(node) : this.rebuilt(node));
    }
    return outputs.map((output) => this.done.get(output) ?? output);
  }

  private leaf(node: Tensor): Tensor {
    const { layer, signal } = this.seen.get(node) ?? {};
    const name = `${layer?.name ?? ""}.${signal ?? ""} #${this.leafByNode.size}`;
    const leaf = standingFor(input(name, node.shape, node.dtype), node);
    this.leafByNode.set(node, leaf);
    return leaf;
  }

  private rebuilt(node: Tensor): Tensor {
    const inputs = node.inputs.map((operand) => this.done.get(operand) ?? operand);
    if (inputs.every((operand, i) => operand === node.inputs[i])) return node;
    return standingFor(Tensor.of(node.primitive, node.attributes, ...inputs), node);
  }
}
