/**
 * Linear probes: after training, a linear softmax classifier on each layer's frozen activity (all positions together).
 *
 * What a probe reaches says what a layer makes linearly available, whatever the network's own read-out uses. Probes of all
 * layers train at once, on the training strings, by Adam with a cosine schedule; labels they use are not counted as
 * the rule's.
 */
import { crossEntropy, grad, input, type Tensor } from "../graph/index.ts";
import { stream } from "../random/stream.ts";
import type { Workspace } from "../rules/index.ts";
import { type Engine, Executable, type Numbers, type Values } from "../runtime/index.ts";
import type { Network } from "../networks/index.ts";
import { exampleLength, type Examples, type Split } from "../tasks/index.ts";
import { BatchSource } from "./batches.ts";
import { fillChunk, joined } from "./evaluate.ts";
import { dataName, examplesArray } from "./inputs.ts";
import { stepScalars } from "./learning-rates.ts";
import { descendParameter, optimiserInputs, type OptimiserOptions } from "./optimiser.ts";
import { parametersOf } from "./parameters.ts";
import { judgingWorkspace } from "./read-document.ts";
import { evaluationChunk, probeBatch } from "./sizes.ts";
import { type Model, replicate, simplifyAll } from "./step.ts";
import { documentOf } from "./traced.ts";
import type { Group } from "./trainer.ts";

/** How probes are trained. */
export const probeTraining = { steps: 1000, batch: probeBatch, learningRate: 0.01 } as const;

const adam: OptimiserOptions = { kind: "adam", momentum: 0, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 };

/** A linear classifier of a layer's activity, [batch, classes] on a batch. */
interface Probe {
  readonly layer: string;
  readonly logits: Tensor;
  readonly parameters: readonly { readonly name: string; readonly tensor: Tensor }[];
}

/** Every layer's probe on a batch. */
function probesOf({ layers, classes }: Workspace): Probe[] {
  return layers.map((view) => {
    const features = view.perExample(view.post).stopGradient();
    const name = (of: string): string => `probe.${view.layer.name}.${of}`;
    const weight = { name: name("weight"), tensor: input(name("weight"), [features.size(1), classes]) };
    const bias = { name: name("bias"), tensor: input(name("bias"), [1, classes]) };
    const logits = features.matmul(weight.tensor).add(bias.tensor);
    return { layer: view.layer.name, logits, parameters: [weight, bias] };
  });
}

/** The network on a batch of another size than that of training. */
function workspaceOn(batch: number, { network, rule, batch: trained }: Model, length: number): Workspace {
  const document = documentOf(rule, { network, batch: trained, length });
  return judgingWorkspace(rule.rule.id, document, { network, batch, length });
}

function buildProbeStep(model: Model, length: number): Record<string, Tensor> {
  const workspace = workspaceOn(probeTraining.batch, model, length);
  const probes = probesOf(workspace);
  const loss = probes.map(({ logits }) => crossEntropy(logits, workspace.labels)).reduce((sum, own) => sum.add(own));
  const parameters = probes.flatMap((probe) => probe.parameters);
  const slopes = grad(
    loss,
    parameters.map(({ tensor }) => tensor),
  );
  const scalars = optimiserInputs();
  const outputs: Record<string, Tensor> = { loss };
  parameters.forEach(({ name, tensor: value }, i) => {
    const gradient = slopes[i];
    if (gradient === undefined) return;
    const next = descendParameter({ name, value, gradient, learningRate: "hidden" }, scalars, adam);
    for (const [state, tensor] of Object.entries(next)) outputs[`next.${state}`] = tensor;
  });
  return simplifyAll(outputs);
}

function buildProbeEvaluation(model: Model, length: number): Record<string, Tensor> {
  const workspace = workspaceOn(evaluationChunk, model, length);
  const weights = input("weights", [evaluationChunk]);
  const wrong = probesOf(workspace).map(
    ({ layer, logits }) => [layer, logits.argmax(-1).equal(workspace.labels).where(0, weights).sum()] as const,
  );
  return simplifyAll(Object.fromEntries(wrong));
}

/**
 * Trains the probes of every replica of a group on its network `parameters[r]` and returns, per replica,
 * `probe.layerN.trainError` and `probe.layerN.testError`: fractions misclassified.
 */
export async function trainProbes(
  group: Group,
  splits: readonly Split[],
  parameters: readonly Readonly<Record<string, Float32Array>>[],
  engine: Engine,
): Promise<Record<string, number>[]> {
  const { network } = group.model;
  const length = lengthOf(group);
  const count = group.replicas.length;
  const inForm = (graph: Record<string, Tensor>): Record<string, Tensor> =>
    group.form === "plain" ? graph : replicate(graph, count);
  const values = Object.fromEntries(parametersOf(network).map(({ name }) => [name, joined(parameters, name)]));

  const step = await Executable.compile(inForm(buildProbeStep(group.model, length)), engine);
  const heads: Record<string, Numbers> = {};
  try {
    await descend(step, group, splits, values);
    for (const { name } of step.statePorts()) if (name.startsWith("probe.")) heads[name] = step.state(name).slice();
  } finally {
    await step.dispose();
  }
  const evaluation = await Executable.compile(inForm(buildProbeEvaluation(group.model, length)), engine);
  try {
    const metrics: Record<string, number>[] = splits.map(() => ({}));
    for (const part of ["train", "test"] as const) {
      const errors = await countErrors(
        evaluation,
        network,
        splits.map((split) => split[part]),
        { ...values, ...heads },
      );
      errors.forEach((own, r) => {
        for (const [layer, wrong] of own) Object.assign(metrics[r] ?? {}, { [`probe.${layer}.${part}Error`]: wrong });
      });
    }
    return metrics;
  } finally {
    await evaluation.dispose();
  }
}

/** Symbols or numbers of an example. */
function lengthOf({ replicas: [first] }: Group): number {
  return first === undefined ? 1 : exampleLength(first.task);
}

/** Takes all training steps of the probes, which start at zero. */
async function descend(step: Executable, group: Group, splits: readonly Split[], values: Values): Promise<void> {
  const { steps, batch, learningRate } = probeTraining;
  const sources = group.replicas.map(({ task, seeds }, r) => {
    const examples = splits[r]?.train;
    if (examples === undefined) throw new Error("internal: a replica without data");
    const random = stream(seeds.order, "probes");
    return new BatchSource(task, examples, batch, { order: random, pairs: random, noise: random });
  });
  const { network } = group.model;
  const length = lengthOf(group);
  const inputs = examplesArray(network, sources.length * batch, length);
  const labels = new Int32Array(sources.length * batch);
  for (let at = 1; at <= steps; at++) {
    sources.forEach((source, r) => {
      source.fill(
        inputs.subarray(r * batch * length, (r + 1) * batch * length),
        labels.subarray(r * batch, (r + 1) * batch),
      );
    });
    const rates = { learningRate, readoutLearningRate: learningRate };
    const schedule = { kind: "cosine", decay: 0.01, steps } as const;
    const scalars = Object.entries(stepScalars(adam, { learningRateScale: 1 }, schedule, at, rates)).map(
      ([name, value]) => [name, new Float32Array(sources.length).fill(value)] as const,
    );
    await step.run({ ...values, ...Object.fromEntries(scalars), [dataName(network)]: inputs, labels });
  }
}

/** Fraction misclassified by each layer's probe, per replica. */
async function countErrors(
  evaluation: Executable,
  network: Network,
  sets: readonly Examples[],
  values: Values,
): Promise<Map<string, number>[]> {
  const length = (sets[0]?.inputs.length ?? 0) / Math.max(sets[0]?.count ?? 1, 1);
  const feeds: Record<string, Numbers> = {
    ...values,
    [dataName(network)]: examplesArray(network, sets.length * evaluationChunk, length),
    labels: new Int32Array(sets.length * evaluationChunk),
    weights: new Float32Array(sets.length * evaluationChunk),
  };
  const totals = sets.map(() => new Map<string, number>());
  const longest = Math.max(...sets.map(({ count }) => count));
  for (let start = 0; start < longest; start += evaluationChunk) {
    sets.forEach((set, r) => fillChunk(feeds, set, r, start));
    const sums = await evaluation.run(feeds);
    totals.forEach((total, r) => {
      for (const [layer, wrong] of Object.entries(sums)) {
        total.set(layer, (total.get(layer) ?? 0) + (wrong[r] ?? 0) / (sets[r]?.count ?? 1));
      }
    });
  }
  return totals;
}
