/**
 * What a program trains or audits: task, network and rule, with the settings of a run. Settings have the names, the meaning and the defaults
 * that they have in a specification (`study/spec/spec.ts`), so that a program and the command line compute the same numbers.
 */
import type { z } from "zod";
import { type Certificate, certificateOf, unclaimedBy, undeclaredText } from "../audit/index.ts";
import { cost } from "../graph/index.ts";
import type { Network } from "../networks/index.ts";
import type { Engine } from "../runtime/index.ts";
import { type ChosenRule, type Rule, RuleError, type Signal } from "../rules/index.ts";
import { DataSpec, SeedsSpec, TrainSpec } from "../study/spec/spec.ts";
import { issueText } from "../study/spec/study.ts";
import { exampleLength, type Task } from "../tasks/index.ts";
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
  /** Run a rule that reads more than it claims; it is refused otherwise. */
  readonly undeclared?: boolean;
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
  readonly undeclared: boolean;
}

/** Fills a setup in. Throws Error that names the setting that does not fit, with what was expected. */
export function settled(setup: Setup): Settled {
  const {
    task,
    network,
    rule,
    data,
    seed = 0,
    seeds,
    probes = false,
    undeclared = false,
    engine: _engine,
    ...settings
  } = setup;
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
    undeclared,
  };
}

/**
 * A group of this one run, as the training room takes it. Throws RuleError when the rule breaks its contract, refuses the network or
 * reads more than it claims, and Error when the task cannot give the pairs that it wants.
 */
export function groupOf({
  task,
  model,
  train,
  data,
  seeds,
  undeclared,
}: Settled): Group & { readonly step: StepGraph; readonly knows: Knowledge } {
  const step = buildStep(model, exampleLength(task));
  const knows = knowledgeIn(step);
  const found = undeclaredText(knows.rule, knows.undeclared);
  if (!undeclared && found !== undefined)
    throw new RuleError(`${found}; add it to the rule's reads, or say undeclared: true to run it all the same`);
  refusePairs(task, model, step);
  const { learningRate, readoutLearningRate = learningRate } = train;
  return {
    model,
    step,
    knows,
    schedule: { kind: train.schedule, decay: train.scheduleDecay, steps: train.steps },
    form: formFor(cost(Object.values(step.outputs))),
    replicas: [{ task, sizes: data, seeds, learningRate, readoutLearningRate }],
  };
}

/** What the rule of a step must know, and which of the signals that it reads it does not claim. */
export interface Knowledge extends Certificate {
  readonly undeclared: readonly Signal[];
}

/** The certificate of a step. */
export function knowledgeIn({ traced }: StepGraph): Knowledge {
  const certificate = certificateOf(traced);
  return { ...certificate, undeclared: unclaimedBy(certificate, traced.rule, traced.network) };
}

function checked<Schema extends z.ZodObject>(name: string, schema: Schema, given: unknown): z.output<Schema> {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  throw new Error(`${name}: ${issueText(parsed.error, Object.keys(schema.shape))}`);
}
