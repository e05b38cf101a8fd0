/** From a specification to its task, network and model: the one place where the rooms of a run are put together. */
import { compose, layOut, type Network } from "../../networks/index.ts";
import { stream } from "../../random/stream.ts";
import { exampleLength, type Task } from "../../tasks/index.ts";
import type { ChosenRule } from "../../rules/index.ts";
import type { Model } from "../../train/index.ts";
import { isRecord } from "../spec/keys.ts";
import type { BaseSpec } from "../spec/overrides.ts";
import type { RunSpec } from "../spec/spec.ts";
import { taskNameOf } from "../spec/task-spec.ts";
import { isNetworkFile, layersOf } from "./user-networks.ts";
import { ruleFileOf, ruleOf } from "./user-rules.ts";
import { completeTask, knownTask, taskDefinitionOf, taskOptionsOf, taskShapeOf } from "./user-tasks.ts";

/** The specification with its rule's canonical name, its task's, and every option filled in, so that one run has one identity. Throws RuleError and Error. */
export function completeSpec(spec: RunSpec): RunSpec {
  const chosen = ruleOf(spec);
  const ruleFile = ruleFileOf(chosen);
  const complete = {
    ...{ ...spec, ...completeTask(spec.task) },
    rule: { ...(chosen.options as Record<string, unknown>), id: chosen.rule.id },
  };
  return ruleFile === undefined ? complete : { ...complete, ruleFile };
}

/**
 * A specification as it is written, with what follows from its task where nothing is said: how many examples there are, and, of a task without
 * a tree, a perceptron of two layers; and with the layers of a network from a file. Throws what the files of one's own throw.
 */
export function presetSpec(spec: BaseSpec): BaseSpec {
  const definition = knownTask(spec.task);
  const given = isRecord(spec.task) ? spec.task : {};
  const options = definition?.options.safeParse(taskOptionsOf({ ...given, id: taskNameOf(spec.task) }));
  // What is wrong with a task is said where it is parsed.
  if (definition === undefined || options?.success !== true) return spec;
  const shape = definition.shape(options.data);
  const sizes = definition.sizes?.(options.data, spec.data ?? {});
  const withData = sizes === undefined ? spec : { ...spec, data: { ...sizes, ...spec.data } };
  const network = isRecord(spec.network) ? spec.network : {};
  const { architecture, layers, depth, widths } = network;
  if (isNetworkFile(architecture)) {
    const besides = Object.keys(network).filter((key) => key !== "architecture");
    if (besides.length > 0)
      throw new Error(
        `network.${besides[0] ?? ""}: expected nothing beside a network from a file, got it with ${architecture}; say it in the file`,
      );
    const { layers: own, path } = layersOf(architecture, shape);
    return { ...withData, networkFile: path, network: { ...own, architecture: "own", layers: [...own.layers] } };
  }
  if (shape.branching !== undefined || layers !== undefined) return withData;
  const chosen = architecture ?? "mlp";
  const isDeep = depth !== undefined || widths !== undefined || chosen !== "mlp";
  return { ...withData, network: { ...network, architecture: chosen, ...(isDeep ? {} : { depth: 2 }) } };
}

/** The seed of one stream: its own where named, else the run's. */
export function seedOf({ seed, seeds }: Pick<RunSpec, "seed" | "seeds">, purpose: keyof RunSpec["seeds"]): number {
  return seeds[purpose] ?? seed;
}

/** Symbols, or numbers, of an example. */
export function lengthOf({ task }: Pick<RunSpec, "task">): number {
  return exampleLength(taskShapeOf(task));
}

/** The network of a specification. */
export function networkOf({ task, network }: Pick<RunSpec, "task" | "network">): Network {
  const { branching, ...shape } = taskShapeOf(task);
  if ("layers" in network) {
    const { layers, activation, bias, parametrisation, readout } = network;
    return compose(shape, { layers, activation, bias, parametrisation, readout });
  }
  const { architecture, depth, widths } = network;
  if (branching === undefined && (architecture !== "mlp" || (widths ?? depth) === undefined))
    throw new Error(
      architecture === "mlp"
        ? "network.depth: expected the number of hidden layers, got none, and the task has no tree of its own; give network.depth or network.widths"
        : `network.architecture: expected mlp, or a network of one's own, for a task without a tree, got ${architecture}; ` +
            "task.branching=N makes patches of N positions where the task has this option",
    );
  return layOut({ ...shape, branching: branching ?? shape.positions }, network);
}

/** The task of a specification, with whatever it draws of its own drawn. */
export function taskOf(spec: Pick<RunSpec, "task" | "taskFile" | "seed" | "seeds">): Task {
  const definition = taskDefinitionOf(spec.task, spec.taskFile);
  return definition.make(taskOptionsOf(spec.task), stream(seedOf(spec, "task"), "task"));
}

/**
 * What is trained and how, without drawing anything; with the rule of the specification, or as it was traced before. Throws RuleError or
 * the error of the network's layout.
 */
export function modelOf(spec: RunSpec, rule: ChosenRule = ruleOf(spec)): Model {
  const { optimiser: kind, momentum, beta1, beta2, epsilon, weightDecay, batch } = spec.train;
  return {
    network: networkOf(spec),
    rule,
    optimiser: { kind, momentum, beta1, beta2, epsilon, weightDecay },
    batch,
  };
}
