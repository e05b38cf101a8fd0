/** Training and judging in this process: what a program or a notebook calls. */
import { stream } from "../random/stream.ts";
import { trainOptionsOf } from "../study/run/training-group.ts";
import { exampleLength, type Examples, type Split } from "../tasks/index.ts";
import {
  Evaluator,
  type Progress,
  type ReplicaResult,
  type Score,
  train as trainGroup,
  Trainer,
  trainProbes,
} from "../train/index.ts";
import { engineOf } from "./engine.ts";
import { groupOf, type Knowledge, settled, type Setup } from "./setup.ts";

/** Values of parameters, and of whatever the rule keeps, by name: `layer1.weight`, `readout.bias`. */
export type NamedValues = Readonly<Record<string, Float32Array>>;

/** A trained run: how it ended, its scores, its curves, its weights, and what its rule knew: the certificate of the step that ran. */
export interface Trained extends ReplicaResult {
  readonly certificate: Knowledge;
}

/** What may be watched, and stopped, while a run is trained. */
export interface Watching {
  readonly onProgress?: (progress: Progress) => void;
  /** Aborted: training stops at the next step and throws the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Trains a run to its end. Throws as `settled` and `groupOf`. */
export async function train(setup: Setup, watching: Watching = {}): Promise<Trained> {
  const settings = settled(setup);
  const options = { ...trainOptionsOf(settings), ...watching };
  const group = groupOf(settings);
  const [result] = await trainGroup(group, options, await engineOf(setup));
  if (result === undefined) throw new Error("internal: a run without a result");
  return { ...result, certificate: group.knows };
}

/** A run to be trained step by step: `await trainer.advance(1)`, `trainer.snapshot(0)`, `await trainer.dispose()`. Throws as `train`. */
export async function start(setup: Setup): Promise<Trainer> {
  return Trainer.create(groupOf(settled(setup)), await engineOf(setup));
}

/** The examples of a run, as its seed draws them from its task. */
export function examplesOf(setup: Setup): Split {
  const { task, data, seeds } = settled(setup);
  return task.draw(data, stream(seeds.data, "data"));
}

/** Loss and error of a network with given weights on any examples; `values` are those of a trained run or of a snapshot. Throws as `train`. */
export async function evaluate(setup: Setup, values: NamedValues, examples: Examples): Promise<Score> {
  const { model, form } = groupOf(settled(setup));
  const evaluator = await Evaluator.create(model, exampleLength(setup.task), form, 1, await engineOf(setup));
  try {
    const [score] = await evaluator.score([values], [examples]);
    if (score === undefined) throw new Error("internal: a network without a score");
    return score;
  } finally {
    await evaluator.dispose();
  }
}

/**
 * How much of the class each layer makes linearly available: trains a linear probe on every layer of a network with given weights and
 * returns `probe.layer1.trainError`, `probe.layer1.testError`, ...: fractions misclassified.
 */
export async function probe(setup: Setup, values: NamedValues): Promise<Readonly<Record<string, number>>> {
  const group = groupOf(settled(setup));
  const [errors] = await trainProbes(group, [examplesOf(setup)], [values], await engineOf(setup));
  if (errors === undefined) throw new Error("internal: probes without errors");
  return errors;
}
