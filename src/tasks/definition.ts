/**
 * Tasks as they are asked for: a name, options with a schema, and what examples they give. The catalogue has those that are shipped; `defineTask`
 * makes one of somebody's own.
 */
import { closest } from "fastest-levenshtein";
import { z } from "zod";
import { type Random, stream } from "../random/stream.ts";
import { checkedExamples, type GivenExamples } from "./checked-examples.ts";
import { plainRefusal, writePlainPartners } from "./partners.ts";
import type { Split, SplitSizes, Task, TaskShape } from "./task.ts";

/** How large what a task is made of may be. */
export interface TaskLimits {
  /** Symbols or numbers of an example. */
  readonly example: number;
  /** Numbers that the task keeps besides its examples. */
  readonly kept: number;
}

/** Numbers of examples, those that are given. */
export type GivenSizes = { readonly [Set in keyof SplitSizes]?: number | undefined };

/** A kind of task. Calling it with options makes one: `definition({ noise: 0.2 }, seed)`. */
export interface TaskDefinition<Schema extends z.ZodType = z.ZodType> {
  /** Letters, digits, `-`, `_`, `.` and `@`. */
  readonly id: string;
  /** As it stands in a report. */
  readonly title: string;
  readonly summary: string;
  /** Where it comes from. */
  readonly source?: string | undefined;
  /** An object; it never has a key `id` or `shape`. */
  readonly options: Schema;
  /** What its examples are, without drawing any. */
  shape(options: z.output<Schema>): TaskShape;
  /** The task, with whatever it draws of its own drawn from `random`. */
  make(options: z.output<Schema>, random: Random): Task;
  /** Throws Error that names the option, with what would fit, for a task that is too large. Building nothing. */
  refuseLarge?(options: z.output<Schema>, limits: TaskLimits): void;
  /** Throws Error where the task has not that many examples. */
  refuseSizes?(options: z.output<Schema>, sizes: SplitSizes): void;
  /** Numbers of examples where they are not given; those of a run when left out. */
  sizes?(options: z.output<Schema>, given: GivenSizes): SplitSizes;
  /** How many training examples theory expects a network to need, its formula, and what for, in words. */
  readonly expectedExamples?: {
    readonly formula: string;
    readonly words: string;
    of(options: z.output<Schema>): number;
  };
}

/** Draws of a task and draws of its examples, from two streams. */
export interface TaskRandom {
  /** For what all examples of the task share: it does not depend on which are drawn. */
  readonly task: Random;
  /** For the examples. */
  readonly data: Random;
}

/** A task of one's own, as it is written. */
export interface TaskCard<Schema extends z.ZodObject> {
  /** Letters, digits, `-`, `_` and `.`. */
  readonly id: string;
  /** What it is, in one sentence. */
  readonly summary: string;
  /** As it stands in a report; the id when left out. */
  readonly title?: string;
  readonly source?: string;
  /** A `z.strictObject` with a default for every option; none when left out. */
  readonly options?: Schema;
  readonly shape: (options: z.output<Schema>) => TaskShape;
  /**
   * Draws three sets of examples that have none in common. Inputs are rows of numbers, or all of them in a row; the number of examples is
   * that of the labels.
   */
  readonly draw: (
    options: z.output<Schema>,
    sizes: SplitSizes,
    random: TaskRandom,
  ) => { readonly [Set in keyof SplitSizes]: GivenExamples };
  /** Numbers of examples where they are not given. */
  readonly sizes?: SplitSizes;
}

/** A task of one's own: draws by seeds, so that it gives the same examples wherever it is run. */
export interface OwnTask<Schema extends z.ZodType = z.ZodType> extends TaskDefinition<Schema> {
  (options?: z.input<Schema>, seed?: number): Task;
  drawWith(options: z.output<Schema>, sizes: SplitSizes, seeds: TaskSeeds): Split;
}

/** Seeds of the streams of `TaskRandom`. */
export interface TaskSeeds {
  readonly task: number;
  readonly data: number;
}

const idForm = /^[A-Za-z][\w.-]{0,99}$/;

/** Defines a task of one's own. Throws Error, with the key, for a card that is none. */
export function defineTask<Schema extends z.ZodObject = z.ZodObject<Record<string, never>>>(
  card: TaskCard<Schema>,
): OwnTask<Schema> {
  const { id, summary, title = id, source, shape, draw, sizes } = card;
  const where = `task ${id}`;
  if (typeof id !== "string" || !idForm.test(id))
    throw new Error(
      `task: id: expected a letter, then letters, digits, ".", "-" and "_" (at most 100), got ${JSON.stringify(id)}`,
    );
  if (typeof shape !== "function" || typeof draw !== "function")
    throw new Error(`${where}: expected functions shape and draw, got ${typeof shape} and ${typeof draw}`);
  const options = card.options ?? (z.strictObject({}) as unknown as Schema);
  const checkedShape = (settled: z.output<Schema>): TaskShape => checkShape(where, shape(settled));
  const drawWith = (settled: z.output<Schema>, wanted: SplitSizes, seeds: TaskSeeds): Split => {
    const random = { task: stream(seeds.task, "task"), data: stream(seeds.data, "data") };
    return checkedSplit(where, checkedShape(settled), draw(settled, wanted, random), wanted);
  };
  const definition: TaskDefinition<Schema> = {
    ...{ id, title, summary, source, options, shape: checkedShape },
    make: (settled, random) => {
      const task = seedFrom(random);
      return plainTask(id, checkedShape(settled), (wanted, data) =>
        drawWith(settled, wanted, { task, data: seedFrom(data) }),
      );
    },
    ...(sizes === undefined ? {} : { sizes: (_, given) => withSizes(sizes, given) }),
  };
  const call = (given?: z.input<Schema>, seed = 0): Task =>
    definition.make(settledOptions(where, options, given ?? {}), stream(seed, "task"));
  return Object.assign(call, { ...definition, drawWith });
}

/** Numbers of examples with those that are given. */
export function withSizes(sizes: SplitSizes, { train, validation, test }: GivenSizes): SplitSizes {
  return {
    train: train ?? sizes.train,
    validation: validation ?? sizes.validation,
    test: test ?? sizes.test,
  };
}

/** A seed drawn from a stream: what a task is drawn by where a stream cannot go. */
export function seedFrom(random: Random): number {
  return random.integer(2 ** 53) % Number.MAX_SAFE_INTEGER;
}

/** A task that knows nothing but its examples. */
export function plainTask(id: string, shape: TaskShape, draw: Task["draw"]): Task {
  return {
    ...{ id, ...shape, draw },
    refusal: (kind) => plainRefusal(shape, kind),
    partners: (request, examples, indices, out, random) => {
      if (request.kind === "resample")
        throw new RangeError(`task ${id}: partners: ${plainRefusal(shape, "resample") ?? ""}`);
      writePlainPartners(shape, request, examples, indices, out, random);
    },
  };
}

/** Options, checked and filled in. Throws Error with the option: `<where>.noise: expected ..., got ...`. */
export function settledOptions<Schema extends z.ZodType>(
  where: string,
  schema: Schema,
  given: unknown,
): z.output<Schema> {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  if (issue?.code === "unrecognized_keys") {
    const known = optionNames(schema);
    const name = issue.keys[0] ?? "";
    const hint = known.length === 0 ? "; it has none" : ` (${known.join(", ")}); did you mean ${closest(name, known)}?`;
    throw new Error(`${where}.${name}: expected an option${hint}`);
  }
  const path = issue?.path.map(String) ?? [];
  const got = path.reduce<unknown>(
    (value, key) => (typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined),
    given,
  );
  const message = (issue?.message ?? "expected options")
    .replace(/^(Invalid|Too) \w+: /, "")
    .replace(/, received .*$/, "");
  throw new Error(
    `${[where, ...path].join(".")}: ${message}${path.length === 0 ? "" : `, got ${got === undefined ? "nothing" : JSON.stringify(got)}`}`,
  );
}

/** Names of the options of a schema. */
function optionNames(schema: z.ZodType): string[] {
  const { properties = {} } = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as {
    readonly properties?: Readonly<Record<string, unknown>>;
  };
  return Object.keys(properties);
}

const count = z.int().positive();
const shapeSchema = z.strictObject({
  values: z.enum(["symbols", "real"]),
  positions: count,
  channels: count,
  classes: count,
  branching: z.int().min(2).optional(),
});

/** A shape as somebody else gives it. Throws Error with the key. */
export function checkShape(where: string, given: unknown): TaskShape {
  const { branching, ...shape } = settledOptions(`${where}: shape`, shapeSchema, given);
  return branching === undefined ? shape : { ...shape, branching };
}

/** Sets of examples as somebody else gives them. Throws Error with the set. */
export function checkedSplit(
  where: string,
  shape: TaskShape,
  given: Readonly<Record<keyof SplitSizes, GivenExamples | undefined>>,
  sizes: SplitSizes,
): Split {
  const of = (name: keyof SplitSizes) => checkedExamples(`${where}: ${name}`, shape, given[name], sizes[name]);
  return { train: of("train"), validation: of("validation"), test: of("test") };
}
