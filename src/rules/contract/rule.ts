/**
 * The contract of a rule: a card, and a function that traces what the rule makes of a network.
 *
 * There are three ways to write one, all built on `defineRule`: a teaching signal per layer (`credit.ts`), a loss per layer
 * (`objective.ts`), a change written directly (`plasticity.ts`). All become the same thing: a pseudo-gradient per parameter, which
 * the optimiser treats like a gradient, and the next value of whatever state the rule keeps. The read-out is not the rule's
 * business: it always learns by its own exact gradient on detached features.
 */
import { z } from "zod";
import type { Tensor } from "../../graph/index.ts";
import type { RuleDocument, TraceRequest } from "./document.ts";
import type { LayerView } from "./layer-view.ts";
import { settleOptions, suggestion } from "./options.ts";
import type { Between } from "./pass.ts";
import { RuleError, type Signal, signals } from "./signal.ts";
import type { Decay, NextValue, Slope } from "./variable.ts";
import type { Workspace } from "./workspace.ts";

/** How the update relates to the true gradient of the loss; measured for every rule by the contract test. */
export type Relation = "equal" | "equal when the feedback is the transpose" | "descent direction" | "none";
export const relations: readonly Relation[] = [
  "equal",
  "equal when the feedback is the transpose",
  "descent direction",
  "none",
];

/** What a rule says of itself, in the words of its paper. `reads` and `relation` are claims that are checked against its graph. */
export interface RuleCard<Schema extends z.ZodType = z.ZodType> {
  readonly id: string;
  /** Usual abbreviations, accepted in place of the id. */
  readonly aliases?: readonly string[];
  readonly family: string;
  /** In the symbols of the source. */
  readonly equation: string;
  /** What the symbols are. */
  readonly symbols?: string;
  /** Paper and equation. */
  readonly source: string;
  /** What was chosen where the source is silent, or otherwise than in the source. */
  readonly choices?: string;
  /** What numbers are baked into its graph and why, where they are many: weights of a filter bank, a table. */
  readonly constants?: string;
  readonly relation: Relation;
  /** Signals that the rule reads with its default options. */
  readonly reads: readonly Signal[];
  /** Options with defaults: a strict zod object. */
  readonly options: Schema;
  /** What layers pass on to the next, where it is not their activity itself. */
  readonly between?: (options: z.output<Schema>) => Between | undefined;
  /** Scores of the classes, [batch, classes], by which the trained network is judged, where they are not those of the read-out. */
  readonly scores?: (workspace: Workspace, options: z.output<Schema>) => Tensor | undefined;
}

/** A scalar worth a curve. */
export interface Objective {
  /** The layer whose it is; none for one of the whole network. */
  readonly of: LayerView | undefined;
  readonly name: string;
  readonly value: Tensor;
}

/** The result of tracing a rule. */
export interface Updates {
  readonly slopes: readonly Slope[];
  readonly objectives?: readonly Objective[];
  /** Parameters that forget; those of the read-out may be among them. */
  readonly decays?: readonly Decay[];
  /** What every state becomes. */
  readonly next?: readonly NextValue[];
}

/** A rule with its options settled. */
export interface ChosenRule {
  readonly rule: Rule;
  readonly options: unknown;
}

/**
 * A rule: a function of its options, which gives the rule with these chosen and all others at their defaults, and its card. Its options
 * are checked by its own schema whenever they come in.
 */
export interface Rule<Input = never> extends Omit<RuleCard, "between" | "scores" | "aliases"> {
  (options?: Input): ChosenRule;
  readonly aliases: readonly string[];
  readonly between: (options: unknown) => Between | undefined;
  readonly scores: (workspace: Workspace, options: unknown) => Tensor | undefined;
  readonly trace: (workspace: Workspace, options: unknown) => Updates;
  /**
   * Of a rule that is run elsewhere, in a process of its own or before: what it makes of a network, as a document (`document.ts`). `trace`,
   * `between` and `scores` of such a rule are never called.
   */
  readonly document?: ((options: unknown, request: TraceRequest) => RuleDocument) | undefined;
}

/** A rule from its card and the function that traces it. The three ways of writing one are built on this. */
export function defineRule<Schema extends z.ZodType>(
  card: RuleCard<Schema>,
  trace: (workspace: Workspace, options: z.output<Schema>) => Updates,
): Rule<z.input<Schema>> {
  const { id, aliases = [], family, equation, symbols, source, choices, constants, relation, reads } = card;
  refuseCard(card);
  const schema = strict(card.options);
  const choose = (options?: z.input<Schema>): ChosenRule => ({
    rule,
    options: settleOptions(id, schema, options ?? {}),
  });
  const rule: Rule<z.input<Schema>> = Object.assign(choose, {
    ...{ id, aliases, family, equation, source, relation, reads, options: schema },
    ...(symbols === undefined ? {} : { symbols }),
    ...(choices === undefined ? {} : { choices }),
    ...(constants === undefined ? {} : { constants }),
    between: (options: unknown) => card.between?.(schema.parse(options)),
    scores: (workspace: Workspace, options: unknown) => card.scores?.(workspace, schema.parse(options)),
    trace: (workspace: Workspace, options: unknown) => trace(workspace, schema.parse(options)),
  });
  return rule;
}

/** Throws RuleError for a card that says what there is not. */
function refuseCard({ id, reads, relation }: Pick<RuleCard, "id" | "reads" | "relation">): void {
  const known = Object.keys(signals);
  const strange = reads.find((signal) => !known.includes(signal));
  if (strange !== undefined)
    throw new RuleError(
      `rule ${id}: reads: expected signals (${known.join(", ")}), got "${strange}"${suggestion(strange, known)}`,
    );
  if (!relations.includes(relation))
    throw new RuleError(`rule ${id}: relation: expected one of ${relations.join(", ")}, got "${relation}"`);
}

/** An object of options that says nothing of others refuses them: a misspelt option is none. */
function strict<Schema extends z.ZodType>(schema: Schema): Schema {
  const isOpen = schema instanceof z.ZodObject && schema.def.catchall === undefined;
  return isOpen ? (schema.strict() as unknown as Schema) : schema;
}

/** The same rule under another id. */
export function renamed(rule: Rule, id: string): Rule {
  const copy: Rule = defineRule({ ...rule, id }, rule.trace);
  return rule.document === undefined ? copy : Object.assign(copy, { document: rule.document });
}

/** The options that a rule fills in by itself: those it has now, but the constants of a polynomial, which have no default. */
export function defaultsOf({ rule, options }: ChosenRule): Readonly<Record<string, unknown>> {
  const alone = rule.options.safeParse({});
  if (alone.success) return alone.data as Record<string, unknown>;
  const needed = new Set(alone.error.issues.map(({ path }) => String(path[0])));
  const given = Object.entries(options as Record<string, unknown>).filter(([name]) => needed.has(name));
  const filled = rule.options.parse(Object.fromEntries(given)) as Record<string, unknown>;
  return Object.fromEntries(Object.entries(filled).filter(([name]) => !needed.has(name)));
}

/** Whether every option that has a default is at it: the options for which a card says what its rule reads. */
export function isAtDefaults(chosen: ChosenRule): boolean {
  const options = chosen.options as Readonly<Record<string, unknown>>;
  return Object.entries(defaultsOf(chosen)).every(
    ([name, standard]) => JSON.stringify(options[name]) === JSON.stringify(standard),
  );
}
