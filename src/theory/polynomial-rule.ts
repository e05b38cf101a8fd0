/**
 * A polynomial as a rule that networks learn by: `rule=O*I - w*O^2`.
 *
 * A term k T^a O^b I^c w^d is contracted over the samples first, < T^a O^b I^c >, then multiplied by w^d and by its running averages,
 * which are those from before the step. The layers of a network are hidden ones, where there is no target: T is refused unless a
 * channel is chosen that carries one. The output layer is the read-out, which learns by its own gradient as always.
 */
import { z } from "zod";
import { constant, full, range, type Tensor } from "../graph/index.ts";
import { type Grid, outer, relaid } from "../networks/index.ts";
import {
  type Change,
  type LayerView,
  type NextValue,
  plasticity,
  type Rule,
  RuleError,
  type Signal,
  type Workspace,
} from "../rules/index.ts";
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
export function polynomialRule(text: string): Rule<Readonly<Record<string, unknown>>> {
  const rule = parsed(text);
  const id = polynomialText(rule);
  if (rule.terms.length === 0)
    throw new RuleError(
      `rule: expected a polynomial that is not 0, got ${text.trim()}; for no learning write rule=frozen`,
    );
  const uses = usesOf(rule);
  return plasticity<z.ZodType<PolynomialRuleOptions>>({
    id,
    family: "polynomial",
    equation: `dw = < ${id} >`,
    symbols:
      "I the input of the synapse, O the activity of the unit, w the weight as the unit acts with it, T the unit's target; < > the mean over " +
      "samples; E[..] the running average of what it holds, before the step",
    source: "a polynomial in local variables; Baldi and Sadowski 2016",
    relation: "none",
    reads: readsOf(uses),
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

/** With O the output of the unit, as it is by default. */
function readsOf(uses: ReturnType<typeof usesOf>): Signal[] {
  const list: Signal[] = [];
  if (uses.I) list.push("pre");
  if (uses.O) list.push("post");
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

/** Weights that learn, those of a layer or its bias as the weight of an input that is always 1, with signals as their samples. */
interface Synapses {
  /** I [.., samples, in] */
  readonly pre: Tensor;
  /** O [.., samples, out] */
  readonly post: Tensor;
  /** T [.., samples, out]; undefined in a polynomial without it. */
  readonly target: Tensor | undefined;
  /** w [.., in, out], as it acts. */
  readonly weight: Tensor;
  /** What its running averages are called. */
  readonly averages: string;
}

function change(rule: Polynomial, view: LayerView, options: PolynomialRuleOptions, workspace: Workspace): Change {
  const synapses: Synapses = {
    pre: view.pre,
    post: options.activity === "post" ? view.post : view.preactivation,
    target: usesOf(rule).T ? targetOf(view, workspace, options) : undefined,
    weight: view.weight,
    averages: "average",
  };
  const weight = learn(rule, view, synapses, options);
  const { bias } = view;
  if (!options.learnBias || bias === undefined) return { weight: weight.change, next: weight.next };
  const ofBias = learn(rule, view, asWeight(view, bias, synapses), options);
  return { weight: weight.change, bias: ofBias.change.reshape(bias.shape), next: [...weight.next, ...ofBias.next] };
}

/** The bias as the weight of an input that is always 1. It need not be shared over positions as the weight is. */
function asWeight({ layer }: LayerView, bias: Tensor, { post, target }: Synapses): Synapses {
  const grid: Grid = { positions: layer.positions, shared: layer.bias === "shared" };
  const units = relaid(layer, grid, post);
  return {
    pre: ones(units),
    post: units,
    target: target && relaid(layer, grid, target),
    weight: grid.shared ? bias : bias.expand(1),
    averages: "biasAverage",
  };
}

function learn(
  rule: Polynomial,
  view: LayerView,
  synapses: Synapses,
  options: PolynomialRuleOptions,
): { readonly change: Tensor; readonly next: readonly NextValue[] } {
  const next: NextValue[] = [];
  const averages = new Map<string, Tensor>();
  for (const of of averagesOf(rule)) {
    const now = withWeight(synapses, contracted(synapses, of.I, activityPart(synapses, of)), of.w);
    const name = variables.flatMap((v) => (of[v] > 0 ? [`${v}${of[v]}`] : [])).join("");
    const state = view.state(`${synapses.averages}.${name}`, now.shape, options.initialAverage ?? 0);
    averages.set(exponentsKey(of), state.now);
    next.push(state.follows(now, options.averageRate ?? 0.1));
  }
  const parts = groups(rule.terms).map((terms) => {
    const [{ exponents, averages: means }] = terms;
    const gates = terms.map((term) => activityPart(synapses, term.exponents).mul(coefficientOf(term, options)));
    const gate = gates.reduce((sum, part) => sum.add(part));
    let part = withWeight(synapses, contracted(synapses, exponents.I, gate), exponents.w);
    for (const { of, exponent } of means) {
      const mean = averages.get(exponentsKey(of));
      if (mean !== undefined) part = part.mul(raised(mean, exponent));
    }
    return part;
  });
  return { change: parts.reduce((sum, part) => sum.add(part)).broadcastTo(synapses.weight.shape), next };
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

/** T^a O^b, [.., samples, out]; [.., samples, 1] without either. */
function activityPart({ target, post }: Synapses, { T, O }: Exponents): Tensor {
  const factors = [
    ...(target === undefined || T === 0 ? [] : [raised(target, T)]),
    ...(O === 0 ? [] : [raised(post, O)]),
  ];
  const [first = ones(post), second] = factors;
  return second === undefined ? first : first.mul(second);
}

/** < gate I^c >: of the weight's shape, with 1 in the place of inputs or units where nothing depends on them. */
function contracted({ pre }: Synapses, power: number, gate: Tensor): Tensor {
  return outer(power === 0 ? ones(pre) : raised(pre, power), gate);
}

/** What does not depend on inputs, or on units: 1 for every sample of x, [.., samples, 1]. */
function ones(x: Tensor): Tensor {
  return full(1, [...x.shape.slice(0, -1), 1]);
}

function withWeight({ weight }: Synapses, part: Tensor, power: number): Tensor {
  return power === 0 ? part : part.mul(raised(weight, power));
}

/** x^n by multiplication: a power of a negative number is one too. */
function raised(x: Tensor, exponent: number): Tensor {
  let result = x;
  for (let i = 1; i < exponent; i++) result = result.mul(x);
  return result;
}

/** T of a layer, [.., samples, out]. Throws RuleError where no channel carries one. */
function targetOf(view: LayerView, { target, classes }: Workspace, { channel }: PolynomialRuleOptions): Tensor {
  const { index, units } = view;
  if (channel === undefined || channel === "none") {
    throw new RuleError(
      `rule: expected a rule without T at hidden layer ${index}, which has no target, got one with T; add rule.channel=random or rule.channel=units`,
    );
  }
  const owners = range(units).map((k) => k % classes);
  const ofUnits =
    channel === "random"
      ? // One of the classes is on: with deviation 1 the targets of a layer have variance 1.
        target.matmul(view.fixed("channel", [classes, units], { kind: "normal", deviation: 1 }))
      : target.gather(constant(owners, [units], "int32"), 1);
  return view.toEverySample(ofUnits).broadcastTo(view.post.shape);
}
