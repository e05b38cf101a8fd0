/** What goes into the process of a rule file and what comes out of it: one line of JSON each way. */
import { z } from "zod";
import type { SplitSizes, TaskSeeds, TaskShape } from "../tasks/index.ts";
import { relations, signals, type Signal, type TraceRequest } from "../rules/index.ts";

/** What is asked of a file: of a rule, of a task, or of a network. */
export type Request =
  | { readonly kind: "describe" }
  | { readonly kind: "settle"; readonly options: unknown }
  | { readonly kind: "trace"; readonly options: unknown; readonly request: TraceRequest }
  | { readonly kind: "describe task" }
  | { readonly kind: "shape"; readonly options: unknown }
  | { readonly kind: "draw"; readonly options: unknown; readonly sizes: SplitSizes; readonly seeds: TaskSeeds }
  | { readonly kind: "network"; readonly task: TaskShape };

/** What the process reads. */
export interface Task {
  /** The program that answers, with the interface of a rule in it (`inside.ts`). */
  readonly inside: string;
  /** The rule file with what it imports. */
  readonly rule: string;
  /** A Request. */
  readonly request: string;
}

/** What the process writes: what was asked for, or why there is none, and where in the bundled file, innermost first. */
export const answerSchema = z.union([
  z.strictObject({ value: z.unknown() }),
  z.strictObject({
    error: z.strictObject({
      name: z.string(),
      message: z.string(),
      at: z.array(z.strictObject({ line: z.int().positive(), column: z.int().positive() })),
    }),
  }),
]);
export type Answer = z.output<typeof answerSchema>;

/** What a rule can be called: it stands in file names, tables, pages and command lines. */
const word = z.string().regex(/^[\p{L}\p{N}][\p{L}\p{N}_.-]{0,63}$/u, {
  error: ({ input }) =>
    `expected 1 to 64 letters, digits, "-", "_" or ".", the first a letter or digit, got ${quoted(String(input))}; rename it`,
});

/** A text that may be long or hold anything, in one line. */
function quoted(text: string): string {
  const start = JSON.stringify(text.slice(0, 40));
  return text.length > 40 ? `${start}... (${text.length} characters)` : start;
}

const optionSchema = z.looseObject({ default: z.unknown().optional(), description: z.string().optional() });
export type OptionSchema = z.output<typeof optionSchema>;

const optionsSchema = z.object({
  type: z.literal("object", "expected options as a z.strictObject"),
  properties: z.record(z.string(), optionSchema).default({}),
  required: z.array(z.string()).default([]),
  additionalProperties: z.unknown().optional(),
  $defs: z.unknown().optional(),
});
export type OptionsSchema = z.output<typeof optionsSchema>;

/** The card of a rule, and its options as a JSON Schema. */
export const descriptionSchema = z.strictObject({
  id: word,
  aliases: z.array(word),
  family: z.string(),
  equation: z.string(),
  symbols: z.string().optional(),
  source: z.string(),
  choices: z.string().optional(),
  constants: z.string().optional(),
  relation: z.enum(relations),
  reads: z.array(z.enum(Object.keys(signals) as [Signal, ...Signal[]])),
  options: optionsSchema,
});
export type Description = z.output<typeof descriptionSchema>;

const size = z.int().nonnegative();

/** The card of a task, and its options as a JSON Schema. */
export const taskDescriptionSchema = z.strictObject({
  id: word,
  title: word,
  summary: z.string(),
  source: z.string().optional(),
  options: optionsSchema,
  sizes: z.strictObject({ train: size, validation: size, test: size }).optional(),
});
export type TaskDescription = z.output<typeof taskDescriptionSchema>;

const examples = z.strictObject({
  inputs: z.custom<number[]>(Array.isArray),
  labels: z.custom<number[]>(Array.isArray),
});
/** Three sets of examples. */
export const drawnSchema = z.strictObject({ train: examples, validation: examples, test: examples });
