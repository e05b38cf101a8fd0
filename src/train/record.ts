/**
 * The first steps of a run with everything they were made of: what anyone needs to check a rule without this program.
 *
 * The steps are those of the real `Trainer`, in the form the run itself would take. The pseudo-gradients are outputs of a second
 * graph, made of the same expressions and fed with the same state and batch, because asking the step itself for them would keep
 * it from fusing them into the update, and so change its last bits.
 */
import type { DType } from "../graph/index.ts";
import { type Engine, Executable, lower, type Numbers, type Port } from "../runtime/index.ts";
import { parametersOf } from "./parameters.ts";
import { type Model, simplifyAll, type StepGraph } from "./step.ts";
import { type Group, Trainer } from "./trainer.ts";

/** Values, row-major. */
export type RecordedTensor = { readonly shape: readonly number[] } & (
  { readonly dtype: "float32"; readonly data: Float32Array } | { readonly dtype: "int32"; readonly data: Int32Array }
);

/** What was recorded of a run. */
export interface Recording {
  readonly model: Model;
  readonly graph: StepGraph;
  /** Parameters, heads, rule state and optimiser slots before the first step and after the last. */
  readonly initial: Readonly<Record<string, RecordedTensor>>;
  readonly final: Readonly<Record<string, RecordedTensor>>;
  /** What each step was fed, leading axis = step. */
  readonly batches: Readonly<Record<string, RecordedTensor>>;
  /** What never changes: feedback matrices. No step axis. */
  readonly fixed: Readonly<Record<string, RecordedTensor>>;
  /** Pseudo-gradient by parameter, as the optimiser receives it, leading axis = step. */
  readonly updates: Readonly<Record<string, RecordedTensor>>;
  /** `loss`, `error` and the rule's objectives at each step. */
  readonly scalars: Readonly<Record<string, readonly number[]>>;
  /** The step as a portable ONNX model of one replica. */
  readonly onnx: Uint8Array;
}

/** Takes the first steps of a group of one replica and records everything. Throws as `Trainer.create`. */
export async function record(group: Group, steps: number, engine: Engine): Promise<Recording> {
  const trainer = await Trainer.create(group, engine);
  try {
    const { graph } = trainer;
    const gradients = await Executable.compile(simplifyAll(prefixed(graph.gradients)), engine);
    try {
      return await advance(trainer, gradients, steps);
    } finally {
      await gradients.dispose();
    }
  } finally {
    await trainer.dispose();
  }
}

/** Outputs of a graph may not have the names of its inputs. */
const prefix = "gradient.";

function prefixed<T>(gradients: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(gradients).map(([name, tensor]) => [prefix + name, tensor]));
}

async function advance(trainer: Trainer, gradients: Executable, steps: number): Promise<Recording> {
  const { graph } = trainer;
  const { model } = trainer.group;
  const program = lower(graph.outputs, "portable");
  const { state, fixed, fed } = portsOf(graph, model, program.inputs);
  const initial = trainer.snapshot(0);
  const batches = new Stack(fed);
  const updates = new Stack(gradients.program.outputs);
  const scalars: Record<string, number[]> = {};
  for (let step = 0; step < steps; step++) {
    const before = trainer.snapshot(0);
    const [results] = await trainer.advance();
    for (const name of ["loss", "error", ...graph.objectives]) (scalars[name] ??= []).push(results?.[name]?.[0] ?? NaN);
    const feeds = trainer.lastFeeds();
    batches.add(feeds);
    updates.add(await gradients.run({ ...feeds, ...before }));
  }
  return {
    model,
    graph,
    initial: pick(initial, state),
    final: pick(trainer.snapshot(0), state),
    batches: batches.tensors(steps),
    fixed: pick(initial, fixed),
    updates: Object.fromEntries(
      Object.entries(updates.tensors(steps)).map(([name, tensor]) => [name.slice(prefix.length), tensor]),
    ),
    scalars,
    onnx: program.model,
  };
}

/** The inputs of the step, by what they are. A frozen layer's weights are state too, although no step changes them. */
function portsOf(
  { variables }: StepGraph,
  { network }: Model,
  inputs: readonly Port[],
): Record<"state" | "fixed" | "fed", Port[]> {
  const parameters = new Set(parametersOf(network).map(({ name }) => name));
  const kinds = new Map(variables.map(({ name, kind }) => [name, kind]));
  const kindOf = ({ name }: Port): "state" | "fixed" | "fed" => {
    const [owner, ...rest] = name.split(".");
    // `momentum.layer1.weight` is a slot of `layer1.weight`.
    const slot = rest.length > 1 && owner !== "noise" && (parameters.has(rest.join(".")) || kinds.has(rest.join(".")));
    const kind = kinds.get(name);
    if (kind === "fixed") return "fixed";
    return kind !== undefined || parameters.has(name) || slot ? "state" : "fed";
  };
  const of = (kind: "state" | "fixed" | "fed"): Port[] => inputs.filter((port) => kindOf(port) === kind);
  return { state: of("state"), fixed: of("fixed"), fed: of("fed") };
}

/** Values of one step after another, to become tensors with a leading axis of steps. */
class Stack {
  private readonly parts = new Map<string, Numbers[]>();

  constructor(private readonly ports: readonly Port[]) {}

  add(values: Readonly<Record<string, Numbers>>): void {
    for (const { name } of this.ports) {
      const value = values[name];
      if (value === undefined) throw new Error(`internal: record: the step has no value "${name}"`);
      this.parts.set(name, [...(this.parts.get(name) ?? []), value.slice()]);
    }
  }

  tensors(steps: number): Record<string, RecordedTensor> {
    return Object.fromEntries(
      this.ports.map(({ name, dtype, shape }) => {
        const parts = this.parts.get(name) ?? [];
        const size = parts.reduce((sum, part) => sum + part.length, 0);
        const all = dtype === "int32" ? new Int32Array(size) : new Float32Array(size);
        let at = 0;
        for (const part of parts) {
          all.set(part, at);
          at += part.length;
        }
        return [name, tensorOf(dtype, [steps, ...shape], all)];
      }),
    );
  }
}

function pick(values: Readonly<Record<string, Float32Array>>, ports: readonly Port[]): Record<string, RecordedTensor> {
  return Object.fromEntries(
    ports.map(({ name, dtype, shape }) => {
      const value = values[name];
      if (value === undefined) throw new Error(`internal: record: the state has no "${name}"`);
      return [name, tensorOf(dtype, shape, value)];
    }),
  );
}

function tensorOf(dtype: DType, shape: readonly number[], data: Numbers): RecordedTensor {
  if (dtype === "float32" && data instanceof Float32Array) return { dtype, shape, data };
  if (dtype === "int32" && data instanceof Int32Array) return { dtype, shape, data };
  throw new Error(`internal: record: expected float32 or int32 values, got ${dtype}`);
}
