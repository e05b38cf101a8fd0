/**
 * The activity of a network in a traced graph: found by how it is computed, not by what a rule calls it.
 *
 * The audit writes the forward pass itself, on the batch and on every registered partner. A node that is equal to one of its nodes is
 * that layer's input, drive or output. Further passes are found by their products: x . W_k, with the layer's own weight or that
 * weight with noise added, is the answer of layer k to x, if x answers to data (`drive.ts`); what layer k + 1 is given in a further
 * pass is what layer k put out there, however it came about, and whatever went into it is read on account of layer k.
 */
import { is, sameShape, sizeOf, type Tensor, topological } from "../../graph/index.ts";
import { type Activity as LayerActivity, allLayers, type Layer, type LayerParameters } from "../../networks/index.ts";
import { forward, type PartnerRequest, type Registry } from "../../rules/index.ts";
import { encoder, type TracedUpdates } from "../../train/index.ts";
import { answersToData, coded, drawn, type Drive, driven, driveOf, isNoise, noisy, shaped, trained } from "./drive.ts";
import type { Interner } from "./intern.ts";
import { meetingAt } from "./judgement.ts";
import { activityRank, answerOf, isActivityOf, received } from "./lifted.ts";

/** Which pass: that on the batch, that on partners, or a further one of the rule's. */
export type PassKind =
  | { readonly kind: "batch" }
  | { readonly kind: "partner"; readonly request: PartnerRequest }
  | { readonly kind: "further" };

/** A node that is activity. */
export interface Seen {
  readonly layer: Layer;
  readonly signal: "pre" | "preactivation" | "post";
  readonly pass: PassKind;
  /** Whether it is the product of input and weight: counted once for each pass. */
  readonly isProduct: boolean;
  /** What went into it besides the activity of the layer below and the layer's own parameters; looked behind on account of the layer. */
  readonly behind: readonly Tensor[];
  /**
   * Layers at which the pass was changed by a pattern (one unit or weight after the other): whoever knows the pattern reads from what
   * follows the weights that it went through.
   */
  readonly chosenAt: ReadonlySet<number>;
}

/** Every activity in a graph, by its shared node. */
export interface ActivityMap {
  readonly seen: ReadonlyMap<Tensor, Seen>;
  /** What every node of the graph owes to data. */
  readonly drives: ReadonlyMap<Tensor, Drive>;
}

/** Finds the activity among the nodes behind `outputs`, which are shared (`intern.ts`). */
export function findActivity(traced: TracedUpdates, outputs: readonly Tensor[], interner: Interner): ActivityMap {
  const finder = new Finder(traced, interner);
  finder.registerPasses();
  const order = topological(outputs);
  finder.registerFurther(order);
  return { seen: finder.seen, drives: finder.drives };
}

/** A node that acts as a parameter of a layer: what was added to it, and whether any of that was chosen number by number. */
interface ActingParameter {
  readonly layer: Layer;
  readonly kind: "weight" | "bias";
  readonly addends: readonly Tensor[];
  readonly chosen: boolean;
}

const nowhere: ReadonlySet<number> = new Set();

class Finder {
  readonly seen = new Map<Tensor, Seen>();
  readonly drives = new Map<Tensor, Drive>();
  private readonly registry: Registry;
  private readonly layers: readonly Layer[];
  private readonly parameters: readonly LayerParameters[];
  /** Nodes that are a parameter of a layer, or that parameter with noise or a chosen change added. */
  private readonly asParameter = new Map<Tensor, ActingParameter>();
  /** Layers at which what a node is made of was changed by a pattern. */
  private readonly chosen = new Map<Tensor, ReadonlySet<number>>();
  private readonly fromNoise = new Set<Tensor>();
  private readonly fromDraw = new Set<Tensor>();

  constructor(
    private readonly traced: TracedUpdates,
    private readonly interner: Interner,
  ) {
    const { registry } = traced.workspace;
    this.registry = registry;
    this.layers = allLayers(traced.network);
    this.parameters = this.layers.map((layer) => ownParameters(registry, layer));
    for (const { tensor, owner, kind } of registry.variables) {
      if ((kind === "weight" || kind === "bias") && owner !== undefined)
        this.asParameter.set(tensor, { layer: owner, kind, addends: [], chosen: false });
    }
    for (const { tensor } of registry.noises) this.fromNoise.add(tensor);
    // Never changed, and drawn at random: it cannot pick units out.
    for (const { tensor, kind, initial } of registry.variables) {
      if (kind === "fixed" && (initial.kind === "normal" || initial.kind === "uniform")) this.fromDraw.add(tensor);
    }
  }

  /** The passes that the audit writes itself. */
  registerPasses(): void {
    const { network, between } = this.traced;
    const encode = encoder(network);
    const [layers, readout] = [this.parameters.slice(0, -1), this.parameters.at(-1)];
    if (readout === undefined) throw new Error("internal: a network without a read-out");
    const run = (tokens: Tensor, pass: PassKind): void => {
      const encoded = encode(tokens);
      const made = forward(network, { layers, readout }, encoded, { between });
      this.layers.forEach((layer) => this.registerActivity(layer, made.at(layer), pass));
      this.drives.set(this.interner.one(encoded), driven);
    };
    run(this.registry.tokens, { kind: "batch" });
    for (const { request, tokens } of this.registry.partners) run(tokens, { kind: "partner", request });
  }

  private registerActivity(layer: Layer, { pre, preactivation, post }: LayerActivity, pass: PassKind): void {
    const [x, a, h] = this.interner.intern([pre, preactivation, post]);
    const product = x && this.interner.one(x.matmul(this.parametersOf(layer).weight));
    for (const [node, signal, isProduct] of [
      [product, "preactivation", true],
      [a, "preactivation", false],
      [h, "post", false],
      [x, "pre", false],
    ] as const) {
      if (node !== undefined && !this.seen.has(node))
        this.register(node, { layer, signal, pass, isProduct, behind: [] });
    }
  }

  private register(node: Tensor, seen: Omit<Seen, "chosenAt">, drive = driven): void {
    this.seen.set(node, { ...seen, chosenAt: this.chosenAt(node) });
    this.drives.set(node, drive);
  }

  private chosenAt(node: Tensor): ReadonlySet<number> {
    return this.chosen.get(node) ?? nowhere;
  }

  /** Takes over from operands where what they are made of was changed by a pattern. */
  private inherit(node: Tensor): void {
    const all = node.inputs.map((operand) => this.chosenAt(operand)).filter(({ size }) => size > 0);
    const [only] = all;
    if (only === undefined) return;
    this.chosen.set(node, all.every((one) => one === only) ? only : new Set(all.flatMap((one) => [...one])));
  }

  private choose(node: Tensor, layer: Layer): void {
    this.chosen.set(node, new Set([...this.chosenAt(node), layer.index]));
  }

  /** Activity of passes that the rule makes of its own, operands before what is made of them. */
  registerFurther(order: readonly Tensor[]): void {
    const nodes = new Set(order);
    this.findParameters(order);
    for (const node of order) {
      const known = this.seen.get(node);
      // A bias that is changed acts on a product that is not.
      if (known?.isProduct === true) this.registerForms(node, known.layer, nodes);
      if (known !== undefined) continue;
      this.inherit(node);
      this.drives.set(node, this.drives.get(node) ?? this.driveAt(node));
      const layer = this.layerDrivenBy(node);
      if (layer !== undefined) this.registerAnswer(node, layer, nodes);
      this.registerNudged(node, nodes);
    }
  }

  /** f(drive + whatever was added to it): the output of units that are perturbed or nudged. */
  private registerNudged(node: Tensor, nodes: ReadonlySet<Tensor>): void {
    const [sum] = node.inputs;
    if (this.seen.has(node) || sum === undefined || (!is(node, "relu") && !is(node, "tanh"))) return;
    const layer = this.layerInSum(sum);
    if (layer?.activation !== node.primitive || !isActivityOf(layer, node)) return;
    const own = this.drives.get(node) ?? trained;
    const isPattern = !answersToData(own) && this.addsPattern(sum);
    if (isPattern) this.choose(node, layer);
    else if (!answersToData(own)) return;
    const drive = isPattern ? driven : own;
    const pass = { kind: "further" } as const;
    this.register(node, { layer, signal: "post", pass, isProduct: false, behind: [sum] }, drive);
    const above = this.layers[layer.index];
    const seenAbove = above && this.interner.one(received(above, layer, node));
    if (above !== undefined && seenAbove !== undefined && nodes.has(seenAbove) && !this.seen.has(seenAbove)) {
      this.chosen.set(seenAbove, this.chosenAt(node));
      this.register(seenAbove, { layer: above, signal: "pre", pass, isProduct: false, behind: [node] }, drive);
    }
  }

  /** Whether all that is added to a layer's drive is noise or constants: a change that a rule chose, unit by unit. */
  private addsPattern(sum: Tensor): boolean {
    if (this.seen.get(sum)?.signal === "preactivation") return true;
    if (is(sum, "add")) return sum.inputs.every((term) => this.addsPattern(term));
    if (is(sum, "sub")) {
      const [from, less] = sum.inputs;
      return from !== undefined && less !== undefined && this.addsPattern(from) && this.isChosen(less);
    }
    return this.isChosen(sum);
  }

  /** Whether an expression is made of noise and constants alone. */
  private isChosen(node: Tensor): boolean {
    return topological([node]).every((one) => !is(one, "input") || this.fromNoise.has(one));
  }

  /** The layer whose drive is a term of a sum, if there is one and no other. */
  private layerInSum(sum: Tensor): Layer | undefined {
    const found = new Set<Layer>();
    const stack = [sum];
    for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
      const seen = this.seen.get(node);
      if (seen?.signal === "preactivation") found.add(seen.layer);
      else if (is(node, "add")) stack.push(...node.inputs);
      else if (is(node, "sub")) stack.push(...node.inputs.slice(0, 1));
    }
    const [only] = found;
    return found.size === 1 ? only : undefined;
  }

  private driveAt(node: Tensor): Drive {
    if (is(node, "input")) {
      const { registry } = this;
      if (this.fromNoise.has(node)) return noisy;
      if (node === registry.tokens || node === registry.labels) return driven;
      if (registry.partners.some(({ tokens }) => tokens === node)) return driven;
      if (this.asParameter.has(node)) return trained;
      return this.fromDraw.has(node) ? drawn : shaped;
    }
    if (is(node, "oneHot") && node.inputs[0] === this.registry.labels) return coded;
    if (meetingAt(node, { isScores: (one) => this.isScores(one), labels: this.registry.labels }) !== undefined)
      return driven;
    return driveOf(
      node,
      node.inputs.map((operand) => this.drives.get(operand) ?? trained),
    );
  }

  private isScores(node: Tensor): boolean {
    const found = this.seen.get(node);
    return found !== undefined && found.signal !== "pre" && found.layer.index === this.layers.length;
  }

  /** Parameters with noise added, which may stand behind products that use them. */
  private findParameters(order: readonly Tensor[]): void {
    const alone = new Map<Tensor, Drive>();
    for (const node of order) {
      const own = this.seen.has(node) || is(node, "input") ? this.driveAt(node) : undefined;
      alone.set(
        node,
        own ??
          driveOf(
            node,
            node.inputs.map((operand) => alone.get(operand) ?? trained),
          ),
      );
      this.followParameter(node, alone);
    }
  }

  /** A parameter with noise or a chosen change added, possibly several side by side along leading axes, acts as that parameter. */
  private followParameter(node: Tensor, drives: ReadonlyMap<Tensor, Drive>): void {
    const [moved] = node.inputs;
    const same = is(node, "reshape") && moved !== undefined ? this.asParameter.get(moved) : undefined;
    if (same !== undefined && moved !== undefined && sameShape(node.shape, [1, ...moved.shape]))
      this.asParameter.set(node, same);
    if (!is(node, "add") && !is(node, "sub")) return;
    const [a, b] = node.inputs;
    const isShaken = (addend: Tensor | undefined): addend is Tensor =>
      addend !== undefined && (isNoise(drives.get(addend) ?? trained) || this.isChosen(addend));
    const follow = (own: ActingParameter | undefined, addend: Tensor): void => {
      if (own === undefined || !endsWith(node.shape, this.shapeOf(own))) return;
      const chosen = own.chosen || !isNoise(drives.get(addend) ?? trained);
      this.asParameter.set(node, { ...own, addends: [...own.addends, addend], chosen });
    };
    if (a !== undefined && isShaken(b)) follow(this.asParameter.get(a), b);
    else if (b !== undefined && is(node, "add") && isShaken(a)) follow(this.asParameter.get(b), a);
  }

  private shapeOf({ layer, kind }: ActingParameter): readonly number[] {
    const { weight, bias } = this.parametersOf(layer);
    return (kind === "weight" ? weight : (bias ?? weight)).shape;
  }

  /** The layer of which a product is the answer to what answers to data. */
  private layerDrivenBy(node: Tensor): Layer | undefined {
    if (!is(node, "matmul") || node.attributes.transposeA || node.attributes.transposeB) return undefined;
    const [x, weight] = node.inputs;
    const own = weight && this.asParameter.get(weight);
    if (x === undefined || own?.kind !== "weight") return undefined;
    return answersToData(this.drives.get(x) ?? trained) ? own.layer : undefined;
  }

  /** Registers what a layer makes of an input: product, drive, output, and what the layer below put out. */
  private registerAnswer(product: Tensor, layer: Layer, nodes: ReadonlySet<Tensor>): void {
    const [x, weight] = product.inputs;
    if (x === undefined || weight === undefined) return;
    const pass = { kind: "further" } as const;
    const drive = this.drives.get(x) ?? driven;
    const acting = this.asParameter.get(weight);
    const changed = acting?.addends ?? [];
    this.registerInput(x, layer, nodes);
    if (acting?.chosen === true) this.choose(product, layer);
    this.register(product, { layer, signal: "preactivation", pass, isProduct: true, behind: [x, ...changed] }, drive);
    this.registerForms(product, layer, nodes);
  }

  /** Registers the drive and the output that follow a product, with the layer's own bias or a changed one. */
  private registerForms(product: Tensor, layer: Layer, nodes: ReadonlySet<Tensor>): void {
    const [x, weight] = product.inputs;
    if (x === undefined || weight === undefined) return;
    const pass = { kind: "further" } as const;
    const drive = this.drives.get(product) ?? driven;
    const biases = [...this.asParameter].flatMap(([node, own]) =>
      own.layer === layer && own.kind === "bias" ? [node] : [],
    );
    const { bias } = this.parametersOf(layer);
    // A parameter that all passes share may have been given an axis for them.
    const shared = weight.rank > activityRank(layer) && weight.size(0) === 1 ? (weight.inputs[0] ?? weight) : weight;
    const ways: LayerParameters[] =
      bias === undefined
        ? [{ weight: shared }]
        : [...new Set([bias, ...biases])].map((one) => ({ weight: shared, bias: one }));
    for (const own of ways) {
      const [scaled, full, output] = this.interner.intern(answerOf(layer, x, own));
      if (scaled === undefined || full === undefined || output === undefined) continue;
      const shaken = own.bias === undefined ? undefined : this.asParameter.get(own.bias);
      const behind = [product, ...(shaken?.addends ?? [])];
      for (const [node, signal, from] of [
        [scaled, "preactivation", [product]],
        [full, "preactivation", behind],
        [output, "post", [full]],
      ] as const) {
        if (!nodes.has(node) || this.seen.has(node)) continue;
        this.chosen.set(node, this.chosenAt(product));
        if (shaken?.chosen === true && node !== scaled) this.choose(node, layer);
        this.register(node, { layer, signal, pass, isProduct: false, behind: from }, drive);
      }
    }
  }

  /** What a layer is given in a further pass, and what the layer below put out for it to be so. */
  private registerInput(x: Tensor, layer: Layer, nodes: ReadonlySet<Tensor>): void {
    // What is an input of the graph is read as that.
    if (this.seen.has(x) || is(x, "input")) return;
    const pass = { kind: "further" } as const;
    const drive = this.drives.get(x) ?? driven;
    const below = this.layers[layer.index - 2];
    const output = below && this.outputBelow(x, layer, below);
    if (output === undefined || below === undefined) {
      this.register(x, { layer, signal: "pre", pass, isProduct: false, behind: x.inputs }, drive);
      return;
    }
    if (output !== x) this.register(x, { layer, signal: "pre", pass, isProduct: false, behind: [output] }, drive);
    if (!this.seen.has(output) && nodes.has(output))
      this.register(output, { layer: below, signal: "post", pass, isProduct: false, behind: output.inputs }, drive);
  }

  /** The activity of the layer below that a layer's input is made of, by moving alone. */
  private outputBelow(x: Tensor, layer: Layer, below: Layer): Tensor | undefined {
    let candidate: Tensor | undefined = x;
    for (let steps = 0; steps < 6 && candidate !== undefined; steps++) {
      if (isActivityOf(below, candidate) && this.interner.one(received(layer, below, candidate)) === x)
        return candidate;
      candidate = movements.has(candidate.primitive) ? candidate.inputs[0] : undefined;
    }
    return undefined;
  }

  private parametersOf(layer: Layer): LayerParameters {
    const found = this.parameters[layer.index - 1];
    if (found === undefined) throw new Error(`internal: no parameters of ${layer.name}`);
    return found;
  }
}

/** The weight and bias of a layer as the training room registered them. */
function ownParameters({ variables }: Registry, layer: Layer): LayerParameters {
  const of = (kind: "weight" | "bias"): Tensor | undefined =>
    variables.find((one) => one.owner === layer && one.kind === kind)?.tensor;
  const [weight, bias] = [of("weight"), of("bias")];
  if (weight === undefined) throw new Error(`internal: ${layer.name} has no registered weight`);
  return bias === undefined ? { weight } : { weight, bias };
}

/** Operations by which a layer's input is made of the output of the layer below; a mean over positions is a sum times a number. */
const movements: ReadonlySet<string> = new Set(["reshape", "transpose", "mul", "sum"]);

function endsWith(shape: readonly number[], ending: readonly number[]): boolean {
  return shape.length >= ending.length && sameShape(shape.slice(shape.length - ending.length), ending);
}

/** Numbers in a node for each example of a batch. */
export function numbersPerExample(node: Tensor, batch: number): number {
  return sizeOf(node.shape) / batch;
}
