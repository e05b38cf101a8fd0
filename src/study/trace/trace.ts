/**
 * The first steps of one run as files that Python reads: what anyone needs to check a rule without this program.
 *
 * The steps are those of the real `Trainer`, in the form the run itself would take. The pseudo-gradients are outputs of a second
 * graph, made of the same expressions and fed with the same state and batch, because asking the step itself for them would keep
 * it from fusing them into the update, and so change its last bits.
 */
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { DType } from "../../graph/index.ts";
import { type Engine, Executable, lower, type Numbers, type Port } from "../../runtime/index.ts";
import { type Model, simplifyAll, type StepGraph, Trainer } from "../../train/index.ts";
import { parametersOf } from "../../train/parameters.ts";
import { completeSpec } from "../run/build.ts";
import { PlannedModel } from "../run/planned-model.ts";
import { groupOf } from "../run/training-group.ts";
import { runIdentity } from "../spec/identity.ts";
import type { RunSpec } from "../spec/spec.ts";
import { publishContent, temporaryBeside } from "../store/publish.ts";
import { type SafeTensor, writeSafetensors } from "../store/safetensors.ts";
import { traceReadme } from "./readme.ts";

export interface TraceOptions {
  /** Steps to take; the schedule of the learning rate is that of the whole run. */
  readonly steps: number;
  /** Made where it does not exist; files of an earlier trace in it are replaced. */
  readonly folder: string;
  readonly engine: Engine;
  /** The run's model, where it has been planned before. */
  readonly planned?: PlannedModel;
}

/** What was written. */
export interface Trace {
  /** Identity of the run. */
  readonly run: string;
  /** Absolute path. */
  readonly folder: string;
  readonly files: readonly { readonly path: string; readonly content: string }[];
  /** Train loss on each batch before its step, in nats. */
  readonly losses: readonly number[];
}

/** What the files hold, in memory. */
export interface Recording {
  readonly model: Model;
  readonly graph: StepGraph;
  /** Parameters, heads, rule state and optimiser slots before the first step and after the last. */
  readonly initial: Readonly<Record<string, SafeTensor>>;
  readonly final: Readonly<Record<string, SafeTensor>>;
  /** What each step was fed, leading axis = step. */
  readonly batches: Readonly<Record<string, SafeTensor>>;
  /** What never changes: feedback matrices. No step axis. */
  readonly fixed: Readonly<Record<string, SafeTensor>>;
  /** Pseudo-gradient by parameter, as the optimiser receives it, leading axis = step. */
  readonly updates: Readonly<Record<string, SafeTensor>>;
  /** `loss`, `error` and the rule's objectives at each step. */
  readonly scalars: Readonly<Record<string, readonly number[]>>;
  /** The step as a portable ONNX model of one replica. */
  readonly onnx: Uint8Array;
}

/** Traces a run and writes the files. Throws what building the run and the file system say. */
export async function writeTrace(given: RunSpec, options: TraceOptions): Promise<Trace> {
  const spec = completeSpec(given);
  const { steps, folder, engine, planned = new PlannedModel(spec) } = options;
  const run = runIdentity(spec);
  const recording = await record(planned, spec, steps, engine);
  const { initial, final, batches, fixed, updates, scalars, onnx } = recording;
  const target = resolve(folder);
  await mkdir(target, { recursive: true });
  const metadata = { run, steps: String(steps) };
  const write = async (name: string, content: string | Uint8Array): Promise<void> => {
    const path = join(target, name);
    await publishContent(await temporaryBeside(path), path, content);
  };
  await writeSafetensors(join(target, "initial.safetensors"), { tensors: initial, metadata });
  await writeSafetensors(join(target, "batches.safetensors"), {
    tensors: { ...batches, ...fixed },
    metadata: { ...metadata, fixed: JSON.stringify(Object.keys(fixed)) },
  });
  await writeSafetensors(join(target, "updates.safetensors"), { tensors: updates, metadata });
  await writeSafetensors(join(target, "final.safetensors"), { tensors: final, metadata });
  await write("losses.json", `${JSON.stringify({ run, steps, ...scalars }, undefined, 1)}\n`);
  await write("step.onnx", onnx);
  await write("README.md", traceReadme(spec, run, recording));
  const files = [
    ["README.md", "every tensor with its shape and axes, the equations of the step, how to load and replay it"],
    ["initial.safetensors", "weights, heads, rule state and optimiser slots before the first step"],
    ["batches.safetensors", "what each step was fed: strings, labels, partners, noise, learning rates; fixed matrices"],
    ["updates.safetensors", "the pseudo-gradient of each parameter at each step"],
    ["final.safetensors", "the same as initial, after the last step"],
    ["losses.json", "loss, error and objectives of each step"],
    ["step.onnx", "the step itself, standard ONNX operators"],
  ] as const;
  return {
    run,
    folder: target,
    files: files.map(([name, content]) => ({ path: join(target, name), content })),
    losses: scalars["loss"] ?? [],
  };
}

/** Takes the steps of a run of the shape of `planned` and records everything. `spec` is complete (`completeSpec`). */
async function record(planned: PlannedModel, spec: RunSpec, steps: number, engine: Engine): Promise<Recording> {
  const trainer = await Trainer.create(groupOf(planned, [spec]), engine);
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
      if (value === undefined) throw new Error(`internal: trace: the step has no value "${name}"`);
      this.parts.set(name, [...(this.parts.get(name) ?? []), value.slice()]);
    }
  }

  tensors(steps: number): Record<string, SafeTensor> {
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

function pick(values: Readonly<Record<string, Float32Array>>, ports: readonly Port[]): Record<string, SafeTensor> {
  return Object.fromEntries(
    ports.map(({ name, dtype, shape }) => {
      const value = values[name];
      if (value === undefined) throw new Error(`internal: trace: the state has no "${name}"`);
      return [name, tensorOf(dtype, shape, value)];
    }),
  );
}

function tensorOf(dtype: DType, shape: readonly number[], data: Numbers): SafeTensor {
  if (dtype === "float32" && data instanceof Float32Array) return { dtype: "F32", shape, data };
  if (dtype === "int32" && data instanceof Int32Array) return { dtype: "I32", shape, data };
  throw new Error(`internal: trace: expected float32 or int32 values, got ${dtype}`);
}
