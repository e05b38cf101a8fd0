/** The files of one's own that a study names, and what is kept of them: rules, tasks and networks. */
import { taskNameOf, isTaskFile } from "../spec/task-spec.ts";
import type { RunSpec } from "../spec/spec.ts";
import { ruleNames, type Study, valuesIn } from "../spec/study.ts";
import type { RunKnowledge, RunRow } from "../store/rows.ts";
import { adoptKeptNetwork, adoptNetworkFile, isNetworkFile, type KeptNetwork, keptNetworkOf } from "./user-networks.ts";
import { adoptRuleFile, adoptKeptRule, isRuleFile, type KeptRule, keptRuleOf, ruleOf } from "./user-rules.ts";
import { adoptKeptTask, adoptTaskFile, type KeptTask, keptTaskOf } from "./user-tasks.ts";

/** What is kept of the files of a study, or of a run, with its results. */
export interface KeptFiles {
  readonly rules?: readonly KeptRule[] | undefined;
  readonly tasks?: readonly KeptTask[] | undefined;
  readonly networks?: readonly KeptNetwork[] | undefined;
}

/** Reads the files of one's own that a study names, so that it can be planned. Throws what reading them throws. */
export async function adoptOwnFiles(study: Study): Promise<void> {
  const tasks = new Set(valuesIn(study, "task").map(taskNameOf));
  for (const task of tasks) if (isTaskFile(task)) await adoptTaskFile(task);
  const networks = new Set(valuesIn(study, "network.architecture"));
  for (const network of networks) if (isNetworkFile(network)) await adoptNetworkFile(network);
  for (const rule of ruleNames(study)) if (isRuleFile(rule)) await adoptRuleFile(rule);
}

/** Knows the files again of which results are stored, without reading them. */
export async function adoptKeptFiles({ rules = [], tasks = [], networks = [] }: KeptFiles): Promise<void> {
  rules.forEach(adoptKeptRule);
  for (const task of tasks) await adoptKeptTask(task);
  networks.forEach(adoptKeptNetwork);
}

/** What is kept with a stored run of files of one's own. */
export function filesOfRow({ knows }: RunRow): KeptFiles {
  const { rule, task, network }: Partial<RunKnowledge> = knows ?? {};
  return {
    rules: rule === undefined ? [] : [rule],
    tasks: task === undefined ? [] : [task],
    networks: network === undefined ? [] : [network],
  };
}

/** What is to be kept of the files of runs, each once. */
export function keptFilesOf(specs: readonly RunSpec[]): {
  readonly rules: KeptRule[];
  readonly tasks: KeptTask[];
  readonly networks: KeptNetwork[];
} {
  const once = <T>(list: readonly T[], name: (one: T) => string): T[] => [
    ...new Map(list.map((one) => [name(one), one])).values(),
  ];
  return {
    rules: once(
      specs.flatMap((spec) => keptRuleOf(ruleOf(spec)) ?? []),
      ({ id }) => id,
    ),
    tasks: once(
      specs.flatMap(({ task }) => keptTaskOf(task) ?? []),
      ({ id }) => id,
    ),
    networks: once(
      specs.flatMap((spec) => keptNetworkOf(spec) ?? []),
      ({ path }) => path,
    ),
  };
}
