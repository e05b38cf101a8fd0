/**
 * A traced rule as a document: plain data, and all that is audited, executed and evaluated of it.
 *
 * A rule is run once for a network and a batch; what it made of them is written down (`train/write-document.ts`), and read back over inputs
 * that the training room itself registers (`train/read-document.ts`). The objects that a rule has held in its hands go no further, so that nothing it
 * does to them afterwards, or to anything else, bears on what is computed or on what is certified.
 */
import { z } from "zod";
import type { GraphData } from "../../graph/index.ts";
import type { Network } from "../../networks/index.ts";
import type { PartnerRequest } from "../../tasks/pair-kinds.ts";
import type { Initial } from "./variable.ts";

/** What a rule is traced on. */
export interface TraceRequest {
  readonly network: Network;
  readonly batch: number;
  /** Symbols, or numbers, of an input. */
  readonly length: number;
  /** Whether the document says where its nodes were written. */
  readonly origins?: boolean | undefined;
}

const size = z.int().positive();
const shape = z.array(size);
/** A layer by its index, the read-out last; null for the whole network. */
const owner = z.union([z.int().positive(), z.null()]);

const initial: z.ZodType<Initial> = z.union([
  z.strictObject({ kind: z.literal("constant"), value: z.number() }),
  z.strictObject({ kind: z.literal("normal"), deviation: z.number() }),
  z.strictObject({ kind: z.literal("uniform"), bound: z.number() }),
  z.strictObject({ kind: z.literal("identity") }),
]);

const partner: z.ZodType<PartnerRequest> = z.union([
  z.strictObject({ kind: z.enum(["same-class", "shuffled"]) }),
  z.strictObject({ kind: z.literal("part"), from: z.int().nonnegative(), to: size }),
  z.strictObject({ kind: z.literal("noise"), deviation: z.number().positive() }),
  z.strictObject({ kind: z.literal("dropout"), rate: z.number().positive().lt(1) }),
  z.strictObject({
    kind: z.literal("resample"),
    level: z.union([z.int().nonnegative(), z.strictObject({ layer: size })]),
  }),
]);

/** Checked node by node when it is read. */
const graph = z.custom<GraphData>((value) => typeof value === "object" && value !== null);

/** What a document must be, but for its graphs. */
export const documentSchema = z.strictObject({
  batch: size,
  length: size,
  /** What the rule keeps, in the order in which it asked. */
  variables: z.array(
    z.strictObject({
      name: z.string(),
      kind: z.enum(["head", "fixed", "state"]),
      owner,
      learningRate: z.enum(["hidden", "readout"]),
      shape,
      initial,
    }),
  ),
  noises: z.array(
    z.strictObject({
      name: z.string().startsWith("noise."),
      shape,
      distribution: z.enum(["normal", "uniform", "sign", "permutation"]),
      owner,
    }),
  ),
  partners: z.array(partner),
  /** Names of parameters that learn, of states that change, of scalars: what the outputs of `updates` are, in this order. */
  slopes: z.array(z.string()),
  next: z.array(z.string()),
  objectives: z.array(z.strictObject({ of: owner, name: z.string() })),
  updates: graph,
  decays: z.array(z.strictObject({ parameter: z.string(), rate: z.number() })),
  /** What layers pass on, where it is not their activity: one graph a layer over `pre`, `preactivation` and `post`, for each size of batch. */
  between: z.array(z.strictObject({ batch: size, layers: z.array(graph) })),
  /** By what the trained network is judged, where it is not the read-out: over symbols, and what is trained and kept, for each size of batch. */
  scores: z.array(z.strictObject({ batch: size, graph })),
});

export type RuleDocument = z.output<typeof documentSchema>;
