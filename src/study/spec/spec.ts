/**
 * What one run is: the typed specification every command, study file and stored row shares.
 *
 * A specification is plain data. `RunSpec.parse` fills every default in, so that a stored row holds the whole of what was
 * run and its identity (the hash of the canonical form, `identity.ts`) does not depend on what was left unsaid.
 */
import { z } from "zod";
import { layerSchema, networkDefaults } from "../../networks/index.ts";
import { type TaskSpecInput, TaskSpecSchema } from "./task-spec.ts";

const count = z.int().positive();

/** How many examples of each set. */
export const DataSpec = z.strictObject({
  train: count.default(4000).describe("training examples"),
  validation: z
    .int()
    .min(0)
    .default(1000)
    .describe("held-out examples for choosing hyper-parameters; never the test set"),
  test: count.default(2000).describe("test examples"),
});

const NetworkShape = z.strictObject({
  architecture: z
    .enum(["tree-cnn", "locally-connected", "mlp", "own"])
    .default(networkDefaults.architecture)
    .describe("own: the layers that network.layers lists; a file (./my-network.ts, network=... for short) lists them"),
  width: count.default(networkDefaults.width).describe("units per hidden layer (per position in the tree networks)"),
  widths: z.array(count).optional().describe("units of each hidden layer, input side first; overrides width and depth"),
  depth: count.optional().describe("hidden layers; the task's depth when left out"),
  activation: z.enum(["relu", "tanh", "linear"]).default(networkDefaults.activation).describe("of hidden units"),
  parametrisation: z
    .enum(["standard", "mean-field"])
    .default(networkDefaults.parametrisation)
    .describe("mean-field: drives divided by the root of the fan-in, the read-out's by the width"),
  bias: z
    .enum(["none", "shared", "per-position"])
    .default(networkDefaults.bias)
    .describe("of hidden units; the read-out always has one"),
  readout: z
    .enum(["flatten", "mean"])
    .default(networkDefaults.readout)
    .describe("how the read-out sees several positions of the top layer"),
  layers: z
    .array(layerSchema)
    .min(1)
    .optional()
    .describe("hidden layers one by one, input side first, in place of architecture, width, widths and depth"),
});

/** Where layers are listed, architecture and widths say what they are. */
const NetworkSpec = NetworkShape.transform(({ layers, ...network }, context) => {
  if (layers === undefined && network.architecture === "own")
    context.issues.push({
      ...{ code: "custom", path: ["layers"], input: layers },
      message: "expected a list of layers with network.architecture=own, got none",
    });
  if (layers === undefined) return network;
  const widths = layers.map(({ width }) => width);
  const { depth: _depth, ...rest } = network;
  return { ...rest, architecture: "own" as const, width: Math.max(...widths), widths, layers };
});

/** A rule by name, with its own options; the rule checks them (`rules/catalogue.ts`). `"backprop"` is short for `{ id: "backprop" }`. */
const RuleSpec = z
  .union([z.string(), z.looseObject({ id: z.string() })])
  .transform((rule) => (typeof rule === "string" ? { id: rule } : rule))
  .default({ id: "backprop" });

/** How a run is trained. */
export const TrainSpec = z.strictObject({
  steps: count.default(2000).describe("training steps, a batch each"),
  batch: count.default(128).describe("strings of a batch"),
  optimiser: z.enum(["sgd", "adam", "adamw"]).default("adam").describe("what turns pseudo-gradients into updates"),
  learningRate: z
    .number()
    .positive()
    .default(0.002)
    .describe("learning rate of the hidden layers, and of the read-out where that has none of its own"),
  readoutLearningRate: z
    .number()
    .positive()
    .optional()
    .describe("learning rate of the read-out; learningRate when left out"),
  momentum: z.number().min(0).max(1).default(0.9).describe("sgd only"),
  beta1: z.number().min(0).max(1).default(0.9).describe("adam, adamw"),
  beta2: z.number().min(0).max(1).default(0.999).describe("adam, adamw"),
  epsilon: z.number().positive().default(1e-8).describe("adam, adamw"),
  weightDecay: z.number().min(0).default(0).describe("decoupled in adamw, added to the pseudo-gradient otherwise"),
  schedule: z.enum(["constant", "cosine", "exponential"]).default("constant").describe("course of the learning rates"),
  scheduleDecay: z
    .number()
    .positive()
    .max(1)
    .default(0.01)
    .describe("cosine, exponential: learning rate at the last step over the first"),
  stopAtLoss: z
    .number()
    .min(0)
    .default(0)
    .describe("stop once the train loss averaged over stopWindow steps is below this; 0 never"),
  stopWindow: count.default(50).describe("steps that stopAtLoss averages over"),
  curveEvery: count.default(50).describe("steps between points of the stored curves"),
  validateEvery: z
    .int()
    .min(0)
    .default(0)
    .describe(
      "steps between measurements of the validation error; 0: never, or as curveEvery for keep=best and patience",
    ),
  keep: z
    .enum(["last", "best"])
    .default("last")
    .describe("the state that is scored and kept: the last, or that of lowest validation error"),
  patience: z
    .int()
    .min(0)
    .default(0)
    .describe("stop once the validation error has not fallen for so many measurements; 0 never"),
});

/** Seeds of single streams of chance. */
export const SeedsSpec = z.strictObject({
  task: z
    .int()
    .min(0)
    .optional()
    .describe("draws what all examples of the task share: the rules of a hierarchy, the centres of a mixture"),
  data: z.int().min(0).optional().describe("draws train, validation and test examples"),
  init: z.int().min(0).optional().describe("initial weights, feedback and other fixed random matrices"),
  order: z.int().min(0).optional().describe("order of the batches and choice of pairs"),
  noise: z.int().min(0).optional().describe("noise a rule asks for at each step"),
});

const EngineSpec = z.strictObject({
  device: z.enum(["cpu", "webgpu"]).default("cpu").describe("webgpu is experimental"),
});

/** Everything that decides a run's numbers. Unknown keys are refused. */
export const RunSpec = z
  .strictObject({
    task: TaskSpecSchema,
    taskFile: z
      .string()
      .optional()
      .describe("file a task of one's own was read from; filled in from task=./data.npz or task=./my-task.ts"),
    data: DataSpec.prefault({}),
    network: NetworkSpec.prefault({}),
    networkFile: z
      .string()
      .optional()
      .describe("file a network of one's own was read from; filled in from network=./my-network.ts"),
    rule: RuleSpec,
    ruleFile: z
      .string()
      .optional()
      .describe("file a rule of one's own was read from; filled in from rule=./my-rule.ts"),
    train: TrainSpec.prefault({}),
    probes: z.boolean().default(false).describe("train a linear probe on every layer afterwards"),
    seed: z.int().min(0).default(0).describe("seed of every stream that seeds.* does not name"),
    seeds: SeedsSpec.prefault({}),
    engine: EngineSpec.prefault({}),
  })
  .refine(({ data, train }) => data.validation > 0 || !isValidated(train), {
    path: ["data", "validation"],
    error: "expected at least one example, as train.keep, train.patience or train.validateEvery measure on them; got 0",
  })
  .describe("One training run of afferent");

function isValidated({ keep, patience, validateEvery }: z.output<typeof TrainSpec>): boolean {
  return keep === "best" || patience > 0 || validateEvery > 0;
}

/** A complete specification, every default filled in. */
export type RunSpec = z.output<typeof RunSpec>;
/** What a person writes: everything optional. */
export type RunSpecInput = Omit<z.input<typeof RunSpec>, "task" | "network"> & {
  readonly task?: TaskSpecInput | undefined;
  readonly network?: string | (Omit<z.input<typeof NetworkShape>, "architecture"> & { readonly architecture?: string });
};
