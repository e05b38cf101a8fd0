/** What `afferent audit --json` prints: the schema by which the output is checked, and which is published as `audit.schema.json`. */
import { z } from "zod";
import { type Signal, signals } from "../../rules/index.ts";

/** The same, read-only throughout. */
type Fixed<T> = T extends object ? { readonly [K in keyof T]: Fixed<T[K]> } : T;

const size = z.int().positive();
const count = z.int().nonnegative();
const signal = z.enum(Object.keys(signals) as [Signal, ...Signal[]]);
const signalList = z.array(signal);
const layerId = z
  .union([count, z.literal("readout")])
  .describe("a layer, counted from 1 at the input side; 0 is the network's input");
const layerIds = z.array(layerId);
const source = z.enum(["none", "generator", "label"]);
const coupling = z.enum(["none", "average", "dependent"]);
const space = z.enum(["local", "channel", "layer", "network"]);
const time = z.enum(["local", "remembers", "waits"]);
const scope = z.enum(["synapse", "unit", "layer"]);

const layer = z.strictObject({
  layer: size,
  signals: signalList.describe("what reaches the layer's synapses"),
  scopes: z
    .strictObject({ pre: scope.optional(), post: scope.optional(), weight: scope.optional() })
    .describe("how far from a synapse what it reads of its own layer lies; left out where none is read"),
  weightTransport: layerIds.describe("layers whose weights are read, the layer's own aside"),
  throughHead: z.array(z.string()).describe("values of the head through which the layer's own weights learn"),
  errorNetwork: layerIds.describe("layers whose activity is read, in the order in which it is used"),
  label: z.array(z.enum(["direct", "error", "broadcast", "pairs"])).describe("how the label enters"),
  pairs: z.array(
    z.strictObject({
      kind: z.enum(["same-class", "shuffled", "part", "resample", "noise", "dropout"]),
      source: source.describe("what must be known to make the second view"),
      level: z.union([count, z.strictObject({ layer: size })]).optional(),
    }),
  ),
  topDown: z
    .array(
      z.strictObject({
        kind: z.enum(["error", "broadcast", "label", "message", "weights", "input", "noise"]),
        from: z.enum(["above", "below"]).optional(),
        dimension: z.number().positive().describe("numbers for each example; of weights, numbers in all"),
        count: size,
      }),
    )
    .describe("what comes from outside the layer"),
  coupling: coupling.describe(
    "average: each sample could be seen by itself; dependent: what one does depends on others",
  ),
  lateral: z.strictObject({ units: z.enum(["none", "ordered", "all"]), positions: z.boolean() }),
  sharing: size.describe("positions that share a weight"),
  locking: z.strictObject({ forward: layerIds, update: layerIds, backward: layerIds }),
  phases: z.number().nonnegative().describe("forward passes that the update is made of"),
  memory: z.strictObject({
    perSample: z.number().nonnegative(),
    held: z.boolean(),
    weights: count,
    kept: count,
    remembered: count,
    perWeight: z.number().nonnegative(),
  }),
  verdict: z.strictObject({ space, time, text: z.string() }),
});

const summary = z.strictObject({
  space,
  time,
  pairs: z.array(source),
  weightTransport: layerIds,
  coupling,
  locking: z.enum(["none", "update", "backward"]),
  phases: z.number().nonnegative(),
  perSample: z.number().nonnegative(),
  perWeight: z.number().nonnegative(),
  topDown: z.array(z.string()),
});

const rule = z.strictObject({
  rule: z.string(),
  options: z.record(z.string(), z.unknown()).describe("every option, defaults filled in"),
  task: z
    .looseObject({ id: z.string() })
    .describe("the task with its options, which decide the network's input and classes"),
  batch: size.describe("samples of a step"),
  positions: z.array(size).describe("of each hidden layer"),
  dtype: z.literal("float32").describe("of weights and activity"),
  digest: z.string().describe("name of the step's graph: the same in every stored run of this step"),
  claimed: signalList.describe("signals that the rule says it reads with its default options"),
  signals: signalList.describe("signals that any layer reads"),
  phases: z.number().nonnegative(),
  perSample: z.number().nonnegative(),
  forgets: z
    .array(z.strictObject({ layer: layerId, of: z.enum(["weight", "bias", "head"]), rate: z.number().nonnegative() }))
    .describe("shares that are forgotten at each step, whatever the learning rate"),
  constants: z
    .strictObject({
      shapes: z.array(z.array(z.int().nonnegative())),
      numbers: z.int().nonnegative(),
      fractions: z.int().nonnegative(),
    })
    .describe(
      "numbers baked into the graph: constants that are not one number repeated, and how many of their numbers are not whole",
    ),
  unclaimed: signalList.describe("read and not claimed"),
  unread: signalList.describe("claimed and not read, where this network has such a thing"),
  undeclared: signalList.describe(
    "read and not claimed, for default options, which claims are about: what keeps a rule from being run",
  ),
  summary,
  layers: z.array(layer),
});

/** Certificates of rules. */
export const auditOutput = z
  .strictObject({
    network: z
      .strictObject({
        architecture: z.string(),
        widths: z.array(size),
        activation: z.string().nullable(),
        classes: size,
      })
      .describe("of the first rule"),
    rules: z.array(rule),
    svg: z.string().nullable().describe("file in which the paths of information were drawn"),
  })
  .describe("afferent audit --json");
export type AuditOutput = Fixed<z.output<typeof auditOutput>>;

/** Paths to a signal. */
export const whyOutput = z
  .strictObject({
    rule: z.string(),
    signal,
    layer: size.nullable().describe("the layer that was asked about; null for all"),
    paths: z
      .array(
        z.strictObject({
          layer: size,
          reads: z.string(),
          nodes: z
            .array(
              z.strictObject({
                primitive: z.string(),
                attributes: z.string(),
                shape: z.array(size),
                words: z
                  .array(z.string())
                  .describe("what the node is, and how the path got to it where that was no operand"),
                place: z.string().nullable().describe("file:line:column at which the node was written"),
              }),
            )
            .describe("from what changes to what is read"),
        }),
      )
      .describe("none where the rule does not read the signal"),
  })
  .describe("afferent audit --why SIGNAL --json");
export type WhyOutput = Fixed<z.output<typeof whyOutput>>;

/** The JSON Schema (2020-12) of both. */
export function publishedAuditSchema(): Record<string, unknown> {
  const { $schema, ...certificates } = z.toJSONSchema(auditOutput, { io: "output" });
  const { $schema: _, ...paths } = z.toJSONSchema(whyOutput, { io: "output" });
  return {
    $schema,
    title: "afferent audit",
    anyOf: [{ $ref: "#/$defs/audit" }, { $ref: "#/$defs/why" }],
    $defs: { audit: certificates, why: paths },
  };
}
