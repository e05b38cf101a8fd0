/**
 * A rule's updates as two graphs: whole, and cut at the activity of every pass that the network or the rule has run, so that activity can be
 * held while anything else is changed. Written without a line of the audit that it is to check.
 */
import { input, is, Tensor, topological } from "../../graph/index.ts";
import { allLayers, type Layer } from "../../networks/index.ts";
import { type ChosenRule, defineRule, type Pass, type Variable, type Workspace } from "../../rules/index.ts";
import { interpret } from "../../runtime/interpreter.ts";
import { type NetworkCase, trace, type Traced } from "../../rules/testing/rule-cases.contract.ts";

export type Values = ReadonlyMap<Tensor, ArrayLike<number>>;

/** Activity of the pass on the batch, by the input that holds it in the cut graph. */
export interface HeldActivity {
  readonly layer: Layer;
  /** `input`: the network's input, which layer 1 sees. */
  readonly signal: "input" | "pre" | "preactivation" | "post";
  readonly tensor: Tensor;
}

/** What changes: the pseudo-gradient of a parameter, or the next value of a state. */
export interface Change {
  readonly variable: Variable;
  readonly whole: Tensor;
  readonly cut: Tensor;
}

/** A traced rule with both graphs. */
export interface CutRule {
  readonly traced: Traced;
  readonly changes: readonly Change[];
  /** Of the pass on the batch. */
  readonly activity: readonly HeldActivity[];
  /** Values of all inputs of the cut graph, activity as it is at these inputs. */
  readonly hold: (feeds: Values) => Values;
}

/** Traces a rule on a network and cuts its graph. */
export function cutRule(networkCase: NetworkCase, rule: ChosenRule, batch: number): CutRule {
  const further: Pass[] = [];
  const traced = trace(networkCase, recording(rule, further), batch);
  const { workspace, updates } = traced;
  const sharer = new Sharer(inputsOf(workspace));
  const partners = workspace.registry.partners.map(({ request }) => workspace.partner(request));
  const activity: HeldActivity[] = [];
  const held = new Map<Tensor, Tensor>();
  const hold = (node: Tensor, layer: Layer, signal: HeldActivity["signal"], pass?: Pass): void => {
    const one = sharer.one(node);
    if (held.has(one)) return;
    const tensor = input(`held ${held.size}`, one.shape, one.dtype);
    held.set(one, tensor);
    if (pass === workspace.pass) activity.push({ layer, signal, tensor });
  };
  for (const pass of [workspace.pass, ...partners, ...further]) {
    for (const layer of allLayers(networkCase.network))
      for (const signal of ["pre", "preactivation", "post"] as const) hold(pass.at(layer)[signal], layer, signal, pass);
  }
  hold(workspace.input, networkCase.network.layers[0]!, "input", workspace.pass);
  const changed = [
    ...updates.slopes.map(({ parameter, gradient }) => ({ variable: parameter, value: gradient })),
    ...(updates.next ?? []).map(({ state, value }) => ({ variable: state, value })),
  ].map(({ variable, value }) => ({ variable, whole: sharer.one(value) }));
  const cut = rebuilt(
    changed.map(({ whole }) => whole),
    held,
  );
  return {
    traced,
    changes: changed.map((change, i) => ({ ...change, cut: cut[i]! })),
    activity,
    hold: (feeds) => {
      const values = interpret([...held.keys()], new Map(feeds));
      return new Map([...feeds, ...[...held.values()].map((tensor, i) => [tensor, values[i]!.values] as const)]);
    },
  };
}

/** The same rule; passes that it runs of its own are added to a list. */
function recording({ rule, options }: ChosenRule, passes: Pass[]): ChosenRule {
  const recorded = defineRule({ ...rule }, (workspace) => {
    const run = workspace.further.bind(workspace);
    workspace.further = (changes) => {
      const pass = run(changes);
      passes.push(pass);
      return pass;
    };
    return rule.trace(workspace, options);
  });
  return { rule: recorded, options };
}

/** Every input of a workspace by its name: passes that a rule has run are over inputs of its own, which are called the same. */
function inputsOf({
  registry: { tokens, labels, partners, variables, noises },
}: Workspace): ReadonlyMap<string, Tensor> {
  const all = [
    tokens,
    labels,
    ...partners.map((one) => one.tokens),
    ...[...variables, ...noises].map(({ tensor }) => tensor),
  ];
  return new Map(all.flatMap((tensor) => (is(tensor, "input") ? [[tensor.attributes.name, tensor] as const] : [])));
}

/** Expressions that are written alike made one, stopped gradients left out. */
class Sharer {
  private readonly known = new Map<Tensor, Tensor>();
  private readonly byText = new Map<string, Tensor>();
  private readonly numbers = new Map<Tensor, number>();

  constructor(private readonly inputs: ReadonlyMap<string, Tensor>) {}

  one(output: Tensor): Tensor {
    for (const node of topological([output])) if (!this.known.has(node)) this.known.set(node, this.shared(node));
    return this.known.get(output)!;
  }

  private shared(node: Tensor): Tensor {
    if (is(node, "input")) return this.inputs.get(node.attributes.name) ?? node;
    const inputs = node.inputs.map((operand) => this.known.get(operand)!);
    const [x] = inputs;
    if (x !== undefined && is(node, "stopGradient")) return x;
    const attributes = JSON.stringify(node.attributes, (_, value: unknown) =>
      typeof value === "number" ? (Object.is(value, -0) ? "-0" : String(value)) : value,
    );
    const text = [node.primitive, attributes, ...inputs.map((operand) => this.numberOf(operand))].join(" ");
    const found = this.byText.get(text) ?? Tensor.of(node.primitive, node.attributes, ...inputs);
    this.byText.set(text, found);
    return found;
  }

  private numberOf(node: Tensor): number {
    const number = this.numbers.get(node) ?? this.numbers.size;
    this.numbers.set(node, number);
    return number;
  }
}

/** The same expressions over other nodes in the place of some. */
function rebuilt(outputs: readonly Tensor[], replacements: ReadonlyMap<Tensor, Tensor>): Tensor[] {
  const done = new Map<Tensor, Tensor>(replacements);
  for (const node of topological(outputs)) {
    if (done.has(node)) continue;
    const inputs = node.inputs.map((operand) => done.get(operand)!);
    done.set(node, node.inputs.length === 0 ? node : Tensor.of(node.primitive, node.attributes, ...inputs));
  }
  return outputs.map((output) => done.get(output)!);
}
