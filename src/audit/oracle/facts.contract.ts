/**
 * What really moves the updates of a rule, found by moving it: weights, what is kept, labels, symbols, noise and activity are changed by finite
 * amounts at random points, in float64, and the updates of every layer are compared. Written without a line of the audit that it is to check.
 *
 * Two steps are run. What the rule keeps, and its heads, go from the first to the second as the first changes them. So do weights, by plain
 * gradient descent, but these stay where they are while anything of the first step is moved.
 */
import { range, sizeOf, type Tensor } from "../../graph/index.ts";
import type { Layer } from "../../networks/index.ts";
import { stream } from "../../random/stream.ts";
import type { ChosenRule, Variable } from "../../rules/index.ts";
import { drawFeeds, type NetworkCase } from "../../rules/testing/rule-cases.contract.ts";
import { interpret } from "../../runtime/interpreter.ts";
import { type Change, type CutRule, cutRule, type HeldActivity, type Values } from "./cut.contract.ts";

/** A layer, counted from 1 at the input side; 0 is the network's input. */
export type Place = number | "readout";

/**
 * What is moved. While the activity of all passes is held:
 * - `weights`: weights and biases of a unit;
 * - `kept`: a head, feedback or state;
 * - `activity`: what a unit computes in the pass on the batch, for one sample; of 0, a symbol as layer 1 sees it;
 * - `pre`: one input of a layer, as the layer sees it;
 * - `label`; `symbols`, those of the batch, read as they are; `partner symbols`; `noise`;
 * - `positions`: the layer's activity at two positions, which do together what they do not one by one.
 *
 * While nothing is held: `partner`, the symbols of partners; `sample`, all that is given of one example; `samples`, of two that do together
 * what they do not one by one.
 */
export type Moved =
  | "weights"
  | "kept"
  | "activity"
  | "pre"
  | "label"
  | "symbols"
  | "partner symbols"
  | "noise"
  | "positions"
  | "partner"
  | "sample"
  | "samples";

/** The update of a layer (slopes of its weights, biases and heads, next values of its states) moves with something. */
export interface Fact {
  readonly layer: number;
  readonly moved: Moved;
  /** Whose it is, where it belongs to a layer. */
  readonly of?: Place | undefined;
  /** Whether it is what was moved in the step before. */
  readonly before: boolean;
  /** Of what is the layer's own, where its weights or biases move: the unit (the input, of `pre`) that was moved, and those whose weights moved. */
  readonly own?: { readonly from: number; readonly units: readonly number[]; readonly inputs: readonly number[] };
}

/** Examples of a batch. */
const batch = 3;
const rate = 0.1;

/** Facts about a rule on a network, at so many random points. */
export function factsOf(networkCase: NetworkCase, rule: ChosenRule, seeds: readonly number[]): Fact[] {
  const cut = cutRule(networkCase, rule, batch);
  const all = seeds.flatMap((seed) => new Experiment(cut, seed).facts());
  return [...new Map(all.map((fact) => [JSON.stringify(fact), fact])).values()];
}

/** A change of inputs, and what it is. */
interface Push {
  readonly moved: Moved;
  readonly of?: Place | undefined;
  readonly from?: number;
  /** The layer to which it is what that layer sees, which is no activity of another layer's to it. */
  readonly seenBy?: Place;
  readonly to: Values;
}

/** Values of all changes, in their order. */
type Outcome = readonly ArrayLike<number>[];

class Experiment {
  private readonly random;
  private readonly network;
  private readonly registry;
  /** Inputs of both steps, activity included. */
  private readonly first: Values;
  private readonly second: Values;
  private readonly afterFirst: Outcome;
  private readonly known = new WeakMap<Values, Outcome>();

  constructor(
    private readonly rule: CutRule,
    private readonly seed: number,
  ) {
    this.random = stream(seed, "oracle");
    this.network = rule.traced.networkCase.network;
    this.registry = rule.traced.workspace.registry;
    this.first = rule.hold(this.drawn(seed));
    this.afterFirst = this.cut(this.first);
    this.second = rule.hold(this.carried(this.drawn(seed + 1000), this.afterFirst, () => true));
  }

  facts(): Fact[] {
    return [...this.factsNow(), ...this.factsBefore(), ...this.meetings()];
  }

  /** Random values of all inputs by their tensors. */
  private drawn(seed: number): Values {
    const feeds = drawFeeds(this.rule.traced, seed);
    const { tokens, labels, variables, noises, partners } = this.registry;
    const named = [...variables, ...noises].map(({ name, tensor }) => [tensor, feeds[name]!] as const);
    const data = [tokens, labels, ...partners.map((partner) => partner.tokens)];
    return new Map([...named, ...data.map((tensor) => [tensor, feeds[nameOf(tensor)]!] as const)]);
  }

  /** The inputs of the second step, with what the first one has made of what is kept. */
  private carried(feeds: Values, outcome: Outcome, which: (variable: Variable) => boolean): Values {
    const fixed = this.registry.variables.map(({ tensor }) => [tensor, this.first.get(tensor)!] as const);
    const changed = this.rule.changes.flatMap(({ variable }, i) => {
      if (!which(variable)) return [];
      const before = this.first.get(variable.tensor)!;
      const after = outcome[i]!;
      return [[variable.tensor, variable.kind === "state" ? after : sum(before, after, -rate)] as const];
    });
    return new Map([...feeds, ...fixed, ...changed]);
  }

  /** Changes with activity held. The same inputs stand for several things that are moved. */
  private cut(feeds: Values): Outcome {
    const outputs = this.rule.changes.map((change) => change.cut);
    const outcome = this.known.get(feeds) ?? evaluated(outputs, feeds);
    this.known.set(feeds, outcome);
    return outcome;
  }
  private whole(feeds: Values): Outcome {
    return evaluated(
      this.rule.changes.map((change) => change.whole),
      feeds,
    );
  }

  private factsNow(): Fact[] {
    const before = this.cut(this.second);
    const held = this.pushes(this.second).flatMap((push) => this.compared(before, this.cut(push.to), push, false));
    const free = this.second;
    const whole = this.whole(free);
    const partners = this.registry.partners.flatMap(({ tokens }) => {
      const push = { moved: "partner", to: withValues(free, tokens, this.others(free, tokens)) } as const;
      return this.compared(whole, this.whole(push.to), push, false);
    });
    return [...held, ...partners];
  }

  /** What the second step still shows of what was moved in the first. */
  private factsBefore(): Fact[] {
    const isRemembered = ({ kind }: Variable): boolean => kind === "state" || kind === "head";
    if (!this.rule.changes.some(({ variable }) => isRemembered(variable))) return [];
    const reference = this.cut(this.second);
    const next = (outcome: Outcome): Values => {
      const kept = this.carried(new Map(), outcome, isRemembered);
      const states = this.rule.changes.flatMap(({ variable: { tensor, ...variable } }) =>
        isRemembered({ ...variable, tensor }) ? [[tensor, kept.get(tensor)!] as const] : [],
      );
      return new Map([...this.second, ...states]);
    };
    const pushes = this.pushes(this.first).map((push) => ({ push, outcome: this.cut(push.to) }));
    const sample = { moved: "sample", to: this.withSample(this.first, 0) } as const;
    return [...pushes, { push: sample, outcome: this.whole(sample.to) }].flatMap(({ push, outcome }) => {
      const isMoved = this.rule.changes.some(
        ({ variable }, i) => isRemembered(variable) && differ(this.afterFirst[i]!, outcome[i]!),
      );
      return isMoved ? this.compared(reference, this.cut(next(outcome)), push, true) : [];
    });
  }

  /** Samples, and positions, that do together what they do not one by one. */
  private meetings(): Fact[] {
    const facts: Fact[] = [];
    const whole = this.whole(this.second);
    const [a, b] = [this.withSample(this.second, 0), this.withSample(this.second, 1)];
    const alone = this.whole(a);
    facts.push(...this.compared(whole, alone, { moved: "sample", to: a }, false));
    const both = this.whole(this.withSample(a, 1, b));
    facts.push(...this.together(whole, alone, this.whole(b), both, "samples", undefined));
    for (const layer of this.network.layers) {
      if (layer.positions < 2) continue;
      const reference = this.cut(this.second);
      const [p, q] = [this.withPositions(layer, [0]), this.withPositions(layer, [1])];
      const pq = this.withPositions(layer, [0, 1]);
      facts.push(
        ...this.together(reference, this.cut(p), this.cut(q), this.cut(pq), "positions", layer.index).filter(
          (fact) => fact.layer === layer.index,
        ),
      );
    }
    return facts;
  }

  private together(f: Outcome, a: Outcome, b: Outcome, ab: Outcome, moved: Moved, of: Place | undefined): Fact[] {
    const sums = a.map((list, i) => sum(list, b[i]!, 1));
    const others = f.map((list, i) => sum(list, ab[i]!, 1));
    const isChange = ({ variable }: Change): boolean => moved !== "positions" || isParameter(variable);
    return this.network.layers.flatMap(({ index }) =>
      this.changesOf(index).some((i) => isChange(this.rule.changes[i]!) && differ(sums[i]!, others[i]!))
        ? [{ layer: index, moved, of, before: false }]
        : [],
    );
  }

  /** Everything that is moved while activity is held. */
  private pushes(base: Values): Push[] {
    const { tokens, labels, noises, partners, variables } = this.registry;
    const fresh = (tensor: Tensor): Values => withValues(base, tensor, this.others(base, tensor));
    return [
      { moved: "label", to: fresh(labels) },
      { moved: "symbols", to: fresh(tokens) },
      ...partners.map((partner): Push => ({ moved: "partner symbols", to: fresh(partner.tokens) })),
      ...noises.map(({ tensor }): Push => ({ moved: "noise", to: fresh(tensor) })),
      ...variables.flatMap((variable): Push[] => {
        const { tensor, owner } = variable;
        const of = owner && this.placeOf(owner);
        if (!isParameter(variable)) return [{ moved: "kept", of, to: fresh(tensor) }];
        const units = tensor.size(-1);
        const columns = of === "readout" ? [0] : range(units);
        return columns.map((from) => {
          const to = this.nudged(base, tensor, (at) => at % units === from);
          return { moved: "weights", of, from, to };
        });
      }),
      ...this.rule.activity.flatMap((held) => this.pushesOf(base, held)),
    ];
  }

  private pushesOf(base: Values, { layer, signal, tensor }: HeldActivity): Push[] {
    const n = tensor.size(-1);
    const row = this.random.integer(sizeOf(tensor.shape) / n);
    const of = signal === "input" ? 0 : signal === "pre" ? layer.index - 1 : this.placeOf(layer);
    // Units of a patch are those of its positions, one after another.
    const units = this.network.layers[layer.index - 2]?.outFeatures ?? n;
    return range(n).flatMap((column): Push[] => {
      const to = this.nudged(base, tensor, (at) => at === row * n + column);
      const seenBy = this.placeOf(layer);
      if (signal === "input") return [{ moved: "activity", of, seenBy, to }];
      if (signal !== "pre") return [{ moved: "activity", of, from: column, to }];
      return [
        { moved: "activity", of, from: column % units, seenBy, to },
        { moved: "pre", of: seenBy, from: column, to },
      ];
    });
  }

  private compared(before: Outcome, after: Outcome, { moved, of, from, seenBy }: Push, isBefore: boolean): Fact[] {
    return this.network.layers.flatMap(({ index, inFeatures }): Fact[] => {
      if (seenBy === index || (moved === "pre" && of !== index)) return [];
      const own = this.changesOf(index);
      if (!own.some((i) => differ(before[i]!, after[i]!))) return [];
      const fact = { layer: index, moved, of, before: isBefore };
      const isOwn = of === index && from !== undefined;
      const [units, inputs] = [new Set<number>(), new Set<number>()];
      for (const i of own) {
        const { variable } = this.rule.changes[i]!;
        if (!isParameter(variable)) continue;
        const n = variable.shape.at(-1)!;
        for (const place of movedPlaces(before[i]!, after[i]!)) {
          units.add(place % n);
          if (variable.kind === "weight") inputs.add(Math.floor(place / n) % inFeatures);
        }
      }
      if (!isOwn) return [fact];
      return [{ ...fact, own: { from, units: [...units].sort(), inputs: [...inputs].sort() } }];
    });
  }

  private changesOf(layer: number): number[] {
    return this.rule.changes.flatMap(({ variable }, i) => (variable.owner?.index === layer ? [i] : []));
  }
  private placeOf({ index }: Layer): Place {
    return index > this.network.layers.length ? "readout" : index;
  }

  /** Other values of the same kind. */
  private others(base: Values, tensor: Tensor): ArrayLike<number> {
    const { labels, noises, partners, tokens, variables } = this.registry;
    const list = base.get(tensor)!;
    if (tensor === labels) return Array.from(list, (value) => (value + 1) % this.network.readout.classes);
    const isData = tensor === tokens || partners.some((partner) => partner.tokens === tensor);
    if (isData) {
      const { vocabulary } = this.rule.traced.networkCase;
      return Array.from(list, (value) => (value < 0 ? value : (value + 1) % vocabulary));
    }
    const noise = noises.find((one) => one.tensor === tensor);
    if (noise === undefined || noise.distribution === "normal") {
      const spread = variables.some((one) => one.tensor === tensor) ? 0.5 : 1;
      return Array.from(list, (value) => value + spread * this.random.normal());
    }
    return this.drawn(this.seed + 1 + this.random.integer(1000)).get(tensor)!;
  }

  /** Some elements moved by a finite amount, small or large. */
  private nudged(base: Values, tensor: Tensor, which: (at: number) => boolean): Values {
    const size = this.random.uniform() < 0.5 ? 0.3 : 2;
    const sign = this.random.uniform() < 0.5 ? 1 : -1;
    const list = Array.from(base.get(tensor)!, (value, at) =>
      which(at) ? value + sign * size * (0.5 + this.random.uniform()) : value,
    );
    return withValues(base, tensor, list);
  }

  /** Another example in the place of one: its symbols, label and partners; `from` says of which others, where they are drawn already. */
  private withSample(base: Values, example: number, from?: Values): Values {
    const data = [this.registry.tokens, this.registry.labels, ...this.registry.partners.map(({ tokens }) => tokens)];
    const to = new Map(base);
    for (const tensor of data) {
      const each = sizeOf(tensor.shape) / batch;
      const others = from?.get(tensor) ?? this.others(base, tensor);
      to.set(
        tensor,
        Array.from(base.get(tensor)!, (value, at) => (Math.floor(at / each) === example ? others[at]! : value)),
      );
    }
    return to;
  }

  /** The layer's drives and outputs moved at some positions of all samples, and what the layer above sees of these; always by the same amounts. */
  private withPositions(layer: Layer, positions: readonly number[]): Values {
    const to = new Map(this.second);
    for (const { tensor, signal, layer: of } of this.rule.activity) {
      const isSeen = signal === "pre" && of.index === layer.index + 1;
      if (!isSeen && (of !== layer || signal === "pre" || signal === "input")) continue;
      const n = tensor.size(-1);
      const patch = layer.positions / of.positions;
      const by = this.amounts(layer, signal === "preactivation" ? "drive" : "output");
      const moved = Array.from(this.second.get(tensor)!, (value, at) => {
        const row = Math.floor(at / n);
        const [place, example] = of.shared
          ? [row % of.positions, Math.floor(row / of.positions)]
          : [Math.floor(row / batch), row % batch];
        const column = at % n;
        const all = positions.map((position) => {
          const amount = by(position, example, column % layer.outFeatures);
          if (of.pooling === "mean") return amount / layer.positions;
          return place * patch + Math.floor((column * patch) / n) === position ? amount : 0;
        });
        return all.reduce((total, amount) => total + amount, value);
      });
      to.set(tensor, moved);
    }
    return to;
  }

  private amounts(layer: Layer, what: string): (position: number, example: number, unit: number) => number {
    const random = stream(this.seed, `positions ${what}`);
    const list = range(layer.positions * batch * layer.outFeatures).map(() => random.normal());
    return (position, example, unit) => list[(position * batch + example) * layer.outFeatures + unit]!;
  }
}

function isParameter({ kind }: Variable): boolean {
  return kind === "weight" || kind === "bias";
}

function nameOf(tensor: Tensor): string {
  return (tensor.attributes as { readonly name: string }).name;
}

function withValues(base: Values, tensor: Tensor, values: ArrayLike<number>): Values {
  return new Map([...base, [tensor, values]]);
}

function evaluated(outputs: readonly Tensor[], feeds: Values): Outcome {
  return interpret(outputs, feeds).map(({ values }) => values);
}

function sum(a: ArrayLike<number>, b: ArrayLike<number>, factor: number): number[] {
  return Array.from(a, (value, i) => value + factor * b[i]!);
}

function movedPlaces(a: ArrayLike<number>, b: ArrayLike<number>): number[] {
  const scale = Math.max(1, ...Array.from(a, Math.abs).filter(Number.isFinite));
  // Not a number on one side alone is a movement too.
  return range(a.length).filter((i) => !(Math.abs(a[i]! - b[i]!) <= 1e-9 * scale) && !Object.is(a[i], b[i]));
}

function differ(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  return movedPlaces(a, b).length > 0;
}
