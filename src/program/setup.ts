/**
 * What a program trains or audits: task, network and rule, with the settings of a run. Settings have the names, the meaning and the defaults
 * that they have in a specification (`study/spec/spec.ts`), so that a program and the command line compute the same numbers.
 */
import type { z } from "zod";
import { cost } from "../graph/index.ts";
import type { Network } from "../networks/index.ts";
import type { Engine } from "../runtime/index.ts";
import type { ChosenRule, Rule } from "../rules/index.ts";
import { DataSpec, SeedsSpec, TrainSpec } from "../study/spec/spec.ts";
import { issueText } from "../study/spec/study.ts";
import type { Task } from "../tasks/index.ts";
import { buildStep, formFor, type Group, type Model, refusePairs, type StepGraph } from "../train/index.ts";

/** Task, network and rule, and whatever is not as a run has it by default. */
export interface Setup extends z.input<typeof TrainSpec> {
  readonly task: Task;
  readonly network: Network;
  /** A rule with options, `rules.oja({ activity: "tanh" })`, or the rule itself, which then has its defaults. */
  readonly rule: ChosenRule | Rule;
  /** Numbers of examples to draw from the task. */
  readonly data?: z.input<typeof DataSpec>;
  /** Seed of every stream that `seeds` does not name; 0 when left out. */
  readonly seed?: number;
  readonly seeds?: Omit<z.input<typeof SeedsSpec>, "task">;
  /** Train a linear probe on every layer afterwards. */
  readonly probes?: boolean;
  /** What computes; ONNX Runtime on the processor, with one thread, when left out. */
  readonly engine?: Engine;
}

/** A setup with everything filled in. */
export interface Settled {
  readonly task: Task;
  readonly model: Model;
  readonly train: z.output<typeof TrainSpec>;
  readonly data: z.output<typeof DataSpec>;
  readonly seeds: Group["replicas"][number]["seeds"];
  readonly probes: boolean;
}

/** Fills a setup in. Throws Error that names the setting that does not fit, with what was expected. */
export function settled(setup: Setup): Settled {
  const { task, network, rule, data, seed = 0, seeds, probes = false, engine: _engine, ...settings } = setup;
  const train = checked("setup", TrainSpec, settings);
  const own = checked("setup.seeds", SeedsSpec, seeds ?? {});
  const { optimiser: kind, momentum, beta1, beta2, epsilon, weightDecay, batch } = train;
  const chosen = typeof rule === "function" ? rule() : rule;
  return {
    task,
    model: {
      network,
      rule: chosen,
      optimiser: { kind, momentum, beta1, beta2, epsilon, weightDecay },
      batch,
    },
    train,
    data: checked("setup.data", DataSpec, data ?? {}),
    seeds: {
      data: own.data ?? seed,
      init: own.init ?? seed,
      order: own.order ?? seed,
      noise: own.noise ?? seed,
    },
    probes,
  };
}

/**
 * A group of this one run, as the training room takes it. Throws RuleError when the rule breaks its contract or refuses the network, and
 * Error when the task cannot give the pairs that it wants.
 */
export function groupOf({ task, model, train, data, seeds }: Settled): Group & { readonly step: StepGraph } {
  const step = buildStep(model, task.positions);
  refusePairs(task, model, step);
  const { learningRate, readoutLearningRate = learningRate } = train;
  return {
    model,
    step,
    schedule: { kind: train.schedule, decay: train.scheduleDecay, steps: train.steps },
    form: formFor(cost(Object.values(step.outputs))),
    replicas: [{ task, sizes: data, seeds, learningRate, readoutLearningRate }],
  };
}

function checked<Schema extends z.ZodObject>(name: string, schema: Schema, given: unknown): z.output<Schema> {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  throw new Error(`${name}: ${issueText(parsed.error, Object.keys(schema.shape))}`);
}
