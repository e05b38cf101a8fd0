/** What is known of a run beside its scores: what its rule must know, its first steps, its step as a program, its learning channel. */
import {
  type ChannelOptions,
  type ChannelSummary,
  measureChannel as measureGroup,
  summariseChannel,
} from "../audit/index.ts";
import { Executable } from "../runtime/index.ts";
import { exampleLength } from "../tasks/index.ts";
import { record as recordGroup, type Recording, type StepGraph } from "../train/index.ts";
import { engineOf } from "./engine.ts";
import { groupOf, type Knowledge, settled, type Setup } from "./setup.ts";

/** What the rule of a run must know, on its very step; `undeclared` are signals that it reads and does not claim. Throws RuleError. */
export function certify(setup: Setup): Knowledge {
  return groupOf(settled({ ...setup, undeclared: true })).knows;
}

/** The first steps of a run: state before and after, what each step was fed, its pseudo-gradients and losses, the step as ONNX. Throws as `train`. */
export async function record(setup: Setup, steps: number): Promise<Recording> {
  return recordGroup(groupOf(settled(setup)), steps, await engineOf(setup));
}

/** The step of a run, compiled: its graph, and the executable that takes a step when it is run on a batch. */
export interface CompiledStep {
  readonly graph: StepGraph;
  /** `program` has its inputs, outputs and the ONNX model; `load` sets the state, `run` takes a step, `state` reads a value. */
  readonly executable: Executable;
}

/** Compiles the step of a run. Throws as `train`. */
export async function compileStep(setup: Setup): Promise<CompiledStep> {
  const { step: graph } = groupOf(settled(setup));
  return { graph, executable: await Executable.compile(graph.outputs, await engineOf(setup)) };
}

/** The learning channel of a run, measured on the way at the steps that `options.at` names. Throws as `train`. */
export async function measureChannel(setup: Setup, options: ChannelOptions): Promise<ChannelSummary> {
  const settings = settled(setup);
  const { task, model } = settings;
  const group = groupOf(settings);
  const measured = await measureGroup(group, options, await engineOf(setup));
  const modelled = { model, length: exampleLength(task), step: group.step };
  return summariseChannel(model.rule.rule.id, modelled, 1, measured, options.precision);
}
