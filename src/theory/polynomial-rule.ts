/**
 * A polynomial as a rule that networks learn by: `rule=O*I - w*O^2`.
 *
 *   dW_ij = < F(T_j, O_j, I_i, W_ij) >,   < > the mean over the batch, and over positions that share the weight
 *
 * I is the input of the synapse, `pre` [batch, positions, in]; O the unit's activity [batch, positions, out]; w its weight as it acts,
 * scale * W. A term k T^a O^b I^c w^d is contracted over the samples first, <T^a O^b I^c>, then multiplied by w^d and by the running
 * averages of the term, which are those from before the step. The layers of a network are hidden ones, where there is no target; T is
 * refused unless a channel is chosen that carries one. The output layer is the read-out, which learns by its own gradient as always.
 * Source: Baldi and Sadowski 2016 (local rules by their variables and their form).
 */
import { z } from "zod";
import { constant, full, range, type Tensor } from "../graph/index.ts";
import { correlate, type Layer } from "../networks/index.ts";
import { type LayerView, plasticity, type Rule, RuleError, type Signal, type Workspace } from "../rules/index.ts";
import {
  averagesOf,
  constantsOf,
  type Exponents,
  exponentsKey,
  type Polynomial,
  parsePolynomial,
  PolynomialError,
  polynomialText,
  type Term,
  toNumber,
  variables,
} from "./polynomial/index.ts";

interface PolynomialRuleOptions {
  readonly activity: "post" | "preactivation";
  readonly learnBias: boolean;
  readonly channel?: "none" | "random" | "units";
  readonly averageRate?: number;
  readonly initialAverage?: number;
  readonly [constant: string]: unknown;
}

/**
 * Whether a text in the place of a rule's name is meant as a polynomial: names of rules are small letters, digits and hyphens, and files
 * end in .ts or .js.
 */
export function isPolynomialText(text: string): boolean {
  if (/\.[cm]?[jt]s$/.test(text) || /@[0-9a-f]+$/.test(text)) return false;
  return /[*^+()[\]\s]|^-/.test(text) || /^[IOwT](-[IOTw\d])*$/.test(text);
}

/**
 * The rule that a polynomial is. Its id is the canonical text, so that equal polynomials are one rule. Named constants become options
 * that must be given. Throws RuleError with the column of a mistake, for the polynomial 0, and for a constant named like an option.
 */
export function polynomialRule(text: string): Rule {
  const rule = parsed(text);
  const id = polynomialText(rule);
  if (rule.terms.length === 0)
    throw new RuleError(
      `rule: expected a polynomial that is not 0, got ${text.trim()}; for no learning write rule=frozen`,
    );
  const uses = usesOf(rule);
  return plasticity<PolynomialRuleOptions>({
    id,
    family: "polynomial",
    equation: `dw = < ${id} >`,
    source: "a polynomial in local variables; Baldi and Sadowski 2016",
    relation: "none",
    reads: (options) => readsOf(uses, options),
    options: optionsOf(rule, uses.T),
    change: (view, options, workspace) => change(rule, view, options, workspace),
  });
}

function parsed(text: string): Polynomial {
  try {
    return parsePolynomial(text);
  } catch (cause) {
    if (cause instanceof PolynomialError) throw new RuleError(`rule: ${cause.summary}`, { cause });
    throw cause;
  }
}

/** Which variables occur, averages included. */
function usesOf(rule: Polynomial): Readonly<Record<keyof Exponents, boolean>> {
  const all = [...rule.terms.map(({ exponents }) => exponents), ...averagesOf(rule)];
  const used = (name: keyof Exponents): boolean => all.some((exponents) => exponents[name] > 0);
  return { T: used("T"), O: used("O"), I: used("I"), w: used("w") };
}

function readsOf(uses: ReturnType<typeof usesOf>, { activity }: PolynomialRuleOptions): Signal[] {
  const list: Signal[] = [];
  if (uses.I) list.push("pre");
  if (uses.O) list.push(activity);
  if (uses.w) list.push("weight");
  if (uses.T) list.push("label");
  return list;
}

function optionsOf(rule: Polynomial, supervised: boolean): z.ZodType<PolynomialRuleOptions> {
  const own = {
    activity: z
      .enum(["post", "preactivation"])
      .default("post")
      .describe("O: the unit's output, or its drive, which is the linear unit of the theory"),
    learnBias: z
      .boolean()
      .default(false)
      .describe("a bias learns as the weight of an input that is always 1; if not it keeps its value"),
    ...(supervised
      ? {
          channel: z
            .enum(["none", "random", "units"])
            .default("none")
            .describe(
              "how a target reaches a layer: none, which refuses the rule; random: the one-hot class through a fixed random matrix; units: 1 for the units of the class, unit k belonging to class k mod classes, else 0",
            ),
        }
      : {}),
    ...(averagesOf(rule).length > 0
      ? {
          averageRate: z.number().positive().max(1).default(0.1).describe("rate of the running averages, per step"),
          initialAverage: z.number().default(0).describe("running averages before the first step"),
        }
      : {}),
  };
  const names = constantsOf(rule);
  const taken = names.find((name) => name in own || name === "id");
  if (taken !== undefined)
    throw new RuleError(
      `rule: expected constants with names of their own, got "${taken}", which is an option; rename it`,
    );
  const constants = Object.fromEntries(
    names.map((name) => [
      name,
      z
        .number({
          error: () => `expected a number for the constant ${name} of the polynomial, got none; write rule.${name}=0.1`,
        })
        .describe("constant of the polynomial"),
    ]),
  );
  return z.strictObject({ ...own, ...constants }) as unknown as z.ZodType<PolynomialRuleOptions>;
}

/** One array of weights that learns: the weights of a layer, or its bias as weights of an input that is always 1. */
interface Synapses {
  readonly layer: Layer;
  readonly pre: () => Tensor;
  readonly post: () => Tensor;
  readonly target: () => Tensor;
  /** As it acts: [in, out], or [positions, in, out]. */
  readonly weight: () => Tensor;
  /** Samples, and positions, that a weight sees. */
  readonly size: number;
  readonly shape: readonly number[];
  readonly prefix: string;
}

function change(
  rule: Polynomial,
  view: LayerView,
  options: PolynomialRuleOptions,
  workspace: Workspace,
): { weight: Tensor; bias?: Tensor; next: Record<string, Tensor> } {
  const { layer } = view;
  const target = once(() => targetOf(view, workspace, options));
  const post = once(() => (options.activity === "post" ? view.post : view.preactivation));
  const synapses: Synapses = {
    layer,
    pre: () => view.pre,
    post,
    target,
    weight: once(() => (layer.scale === 1 ? view.weight : view.weight.mul(layer.scale))),
    size: workspace.batch * (layer.shared ? layer.positions : 1),
    shape: layer.shared
      ? [layer.inFeatures, layer.outFeatures]
      : [layer.positions, layer.inFeatures, layer.outFeatures],
    prefix: "average",
  };
  const weights = learn(rule, view, synapses, options);
  const { bias } = view;
  if (!options.learnBias || bias === undefined) return { weight: weights.change, next: weights.next };
  const shared = layer.bias === "shared";
  const asWeights: Synapses = {
    ...synapses,
    layer: { ...layer, shared, inFeatures: 1 },
    pre: () => full(1, [workspace.batch, layer.positions, 1]),
    weight: () => (shared ? bias : bias.expand(1)),
    size: workspace.batch * (shared ? layer.positions : 1),
    shape: shared ? [1, layer.outFeatures] : [layer.positions, 1, layer.outFeatures],
    prefix: "biasAverage",
  };
  const biases = learn(rule, view, asWeights, options);
  return {
    weight: weights.change,
    bias: biases.change.reshape(bias.shape),
    next: { ...weights.next, ...biases.next },
  };
}

function learn(
  rule: Polynomial,
  view: LayerView,
  synapses: Synapses,
  options: PolynomialRuleOptions,
): { change: Tensor; next: Record<string, Tensor> } {
  const next: Record<string, Tensor> = {};
  const averages = new Map<string, Tensor>();
  for (const of of averagesOf(rule)) {
    const now = withWeight(synapses, contracted(synapses, of.I, activityPart(synapses, of)), of.w);
    const name = `${synapses.prefix}.${variables.flatMap((v) => (of[v] > 0 ? [`${v}${of[v]}`] : [])).join("")}`;
    const before = view.state(name, now.shape, { kind: "constant", value: options.initialAverage ?? 0 });
    averages.set(exponentsKey(of), before);
    next[name] = before.add(now.sub(before).mul(options.averageRate ?? 0.1));
  }
  const parts = groups(rule.terms).map((terms) => {
    const [{ exponents, averages: means }] = terms;
    const gates = terms.map((term) => {
      const factor = coefficientOf(term, options);
      const part = activityPart(synapses, term.exponents);
      return typeof part === "number" ? part * factor : part.mul(factor);
    });
    let part = withWeight(synapses, contracted(synapses, exponents.I, gates.reduce(plus)), exponents.w);
    for (const { of, exponent } of means) {
      const mean = averages.get(exponentsKey(of));
      if (mean !== undefined) part = part.mul(raised(mean, exponent));
    }
    return part;
  });
  const total = parts.reduce((sum, part) => sum.add(part));
  const whole = total.rank === synapses.shape.length && total.shape.every((n, i) => n === synapses.shape[i]);
  return { change: whole ? total : total.broadcastTo(synapses.shape), next };
}

/** Terms that differ in their powers of T and O alone are contracted as one: (T - O)*I is one product of matrices. */
function groups(terms: readonly Term[]): [Term, ...Term[]][] {
  const found = new Map<string, [Term, ...Term[]]>();
  for (const term of terms) {
    const averages = term.averages.map(({ of, exponent }) => `${exponentsKey(of)}^${exponent}`);
    const key = [term.exponents.I, term.exponents.w, ...averages].join("|");
    const group = found.get(key);
    if (group) group.push(term);
    else found.set(key, [term]);
  }
  return [...found.values()];
}

function coefficientOf({ coefficient, constants }: Term, options: PolynomialRuleOptions): number {
  return constants.reduce(
    (value, { name, exponent }) => value * Number(options[name]) ** exponent,
    toNumber(coefficient),
  );
}

/** T^a O^b, [batch, positions, out]; 1 without either. */
function activityPart({ target, post }: Synapses, { T, O }: Exponents): Tensor | number {
  if (T === 0) return O === 0 ? 1 : raised(post(), O);
  return O === 0 ? raised(target(), T) : raised(target(), T).mul(raised(post(), O));
}

/** <gate I^c>: of the weight's shape, with 1 in the place of inputs or units where nothing depends on them. */
function contracted({ layer, pre, size }: Synapses, power: number, gate: Tensor | number): Tensor {
  const mean = (x: Tensor): Tensor => (layer.shared ? x.sum([0, 1]) : x.sum(0)).mul(1 / size);
  if (power === 0) {
    if (typeof gate === "number") return full(gate, layer.shared ? [1, 1] : [1, 1, 1]);
    return layer.shared ? mean(gate).expand(0) : mean(gate).expand(1);
  }
  const x = raised(pre(), power);
  if (typeof gate !== "number") return correlate(layer, x, gate.mul(1 / size));
  return mean(x).expand(-1).mul(gate);
}

function withWeight({ weight }: Synapses, part: Tensor, power: number): Tensor {
  return power === 0 ? part : part.mul(raised(weight(), power));
}

function plus(a: Tensor | number, b: Tensor | number): Tensor | number {
  if (typeof a === "number") return typeof b === "number" ? a + b : b.add(a);
  return a.add(b);
}

/** x^n by multiplication: a power of a negative number is one too. */
function raised(x: Tensor, exponent: number): Tensor {
  let result = x;
  for (let i = 1; i < exponent; i++) result = result.mul(x);
  return result;
}

/** T [batch, positions, out] of a layer. Throws RuleError where no channel carries one. */
function targetOf(view: LayerView, workspace: Workspace, { channel }: PolynomialRuleOptions): Tensor {
  const { index, layer } = view;
  if (channel === undefined || channel === "none") {
    throw new RuleError(
      `rule: expected a rule without T at hidden layer ${index}, which has no target, got one with T; add rule.channel=random or rule.channel=units`,
    );
  }
  const { classes } = workspace.network.readout;
  const hot = workspace.labels.oneHot(classes);
  const shape = [workspace.batch, layer.positions, layer.outFeatures];
  if (channel === "random") {
    // One of the classes is on: with deviation 1 the targets of a layer have variance 1.
    const matrix = view.fixed("channel", [classes, layer.outFeatures], { kind: "normal", deviation: 1 });
    return hot.matmul(matrix).expand(1).broadcastTo(shape);
  }
  const owners = range(layer.outFeatures).map((k) => k % classes);
  return hot
    .gather(constant(owners, [layer.outFeatures], "int32"), 1)
    .expand(1)
    .broadcastTo(shape);
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
