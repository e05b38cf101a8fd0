/** From a specification to its task, network and model: the one place where the rooms of a run are put together. */
import { layOut, type Network } from "../../networks/index.ts";
import { rhm, type RhmTask } from "../../tasks/index.ts";
import type { ChosenRule } from "../../rules/index.ts";
import type { Model } from "../../train/index.ts";
import type { RunSpec } from "../spec/spec.ts";
import { ruleFileOf, ruleOf } from "./user-rules.ts";

/** The specification with its rule's canonical name and every option filled in, so that one run has one identity. Throws RuleError. */
export function completeSpec(spec: RunSpec): RunSpec {
  const chosen = ruleOf(spec);
  const ruleFile = ruleFileOf(chosen);
  const complete = { ...spec, rule: { ...(chosen.options as Record<string, unknown>), id: chosen.rule.id } };
  return ruleFile === undefined ? complete : { ...complete, ruleFile };
}

/** The seed of one stream: its own where named, else the run's. */
export function seedOf({ seed, seeds }: Pick<RunSpec, "seed" | "seeds">, purpose: keyof RunSpec["seeds"]): number {
  return seeds[purpose] ?? seed;
}

/** Symbols of a string. */
export function lengthOf({ task: { s, depth } }: Pick<RunSpec, "task">): number {
  return s ** depth;
}

/** The network of a specification. */
export function networkOf({ task, network }: Pick<RunSpec, "task" | "network">): Network {
  const shape = { positions: lengthOf({ task }), channels: task.v, classes: task.classes, branching: task.s };
  return layOut(shape, network);
}

/** The task of a specification, its rules drawn. */
export function taskOf(spec: Pick<RunSpec, "task" | "seed" | "seeds">): RhmTask {
  const { v, m, s, depth, classes } = spec.task;
  return rhm({ v, m, s, depth, classes, seed: seedOf(spec, "task") });
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
