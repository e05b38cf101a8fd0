/** The first steps of one run (`train/record.ts`) as files that Python reads. */
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Engine } from "../../runtime/index.ts";
import { record, type RecordedTensor } from "../../train/index.ts";
import { makeFolder } from "../folder.ts";
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

/** What a trace is made of: the name of each file, and what is in it. */
export const traceFiles = [
  ["README.md", "every tensor with its shape and axes, the equations of the step, how to load and replay it"],
  ["initial.safetensors", "weights, heads, rule state and optimiser slots before the first step"],
  ["batches.safetensors", "what each step was fed: strings, labels, partners, noise, learning rates; fixed matrices"],
  ["updates.safetensors", "the pseudo-gradient of each parameter at each step"],
  ["final.safetensors", "the same as initial, after the last step"],
  ["losses.json", "loss, error and objectives of each step"],
  ["step.onnx", "the step itself, standard ONNX operators"],
] as const;

/** Whether a folder holds the trace of just this run and number of steps, which would come out the same again. */
export async function holdsTrace(folder: string, given: RunSpec, steps: number): Promise<boolean> {
  const text = await readFile(join(folder, "losses.json"), "utf8").catch(() => "");
  const [, run, count] = /^\{\s*"run": "([0-9a-f]+)",\s*"steps": (\d+),/.exec(text) ?? [];
  return run === runIdentity(completeSpec(given)) && Number(count) === steps;
}

/** Traces a run and writes the files. Throws what building the run and the file system say. */
export async function writeTrace(given: RunSpec, options: TraceOptions): Promise<Trace> {
  const spec = completeSpec(given);
  const { steps, folder, engine, planned = new PlannedModel(spec) } = options;
  const run = runIdentity(spec);
  const recording = await record(groupOf(planned, [spec]), steps, engine);
  const { initial, final, batches, fixed, updates, scalars, onnx } = recording;
  const target = resolve(folder);
  await makeFolder(target);
  const metadata = { run, steps: String(steps) };
  const write = async (name: string, content: string | Uint8Array): Promise<void> => {
    const path = join(target, name);
    await publishContent(await temporaryBeside(path), path, content);
  };
  await writeSafetensors(join(target, "initial.safetensors"), { tensors: stored(initial), metadata });
  await writeSafetensors(join(target, "batches.safetensors"), {
    tensors: stored({ ...batches, ...fixed }),
    metadata: { ...metadata, fixed: JSON.stringify(Object.keys(fixed)) },
  });
  await writeSafetensors(join(target, "updates.safetensors"), { tensors: stored(updates), metadata });
  await writeSafetensors(join(target, "final.safetensors"), { tensors: stored(final), metadata });
  await write("losses.json", `${JSON.stringify({ run, steps, ...scalars }, undefined, 1)}\n`);
  await write("step.onnx", onnx);
  await write("README.md", traceReadme(spec, run, recording));
  return {
    run,
    folder: target,
    files: traceFiles.map(([name, content]) => ({ path: join(target, name), content })),
    losses: scalars["loss"] ?? [],
  };
}

function stored(tensors: Readonly<Record<string, RecordedTensor>>): Record<string, SafeTensor> {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, { dtype, shape, data }]) => [
      name,
      dtype === "float32" ? { dtype: "F32", shape, data } : { dtype: "I32", shape, data },
    ]),
  );
}
