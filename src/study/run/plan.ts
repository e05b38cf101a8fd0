/** From a study to the runs that are meant, with their models, checked before anything is computed. */
import { expand } from "../spec/expand.ts";
import type { PlannedRun, Study } from "../spec/study.ts";
import { undeclaredIn } from "./claims.ts";
import { type PlannedModel, PlannedModels } from "./planned-model.ts";
import { refuseTooLarge } from "./sizes.ts";
import { groupOf } from "./training-group.ts";
import { taskDefinitionOf, taskOptionsOf } from "./user-tasks.ts";

/** Runs of which each can be built, and what is known of them before they are run. */
export interface Plan {
  readonly runs: readonly PlannedRun[];
  /** Give them to whatever works on these runs, so that nothing is traced twice. */
  readonly models: PlannedModels;
  /** What rules read, by their certificates, that they do not claim: a sentence for each. */
  readonly undeclared: readonly string[];
}

/** The plan of a study. Throws as `expand` and `planRuns`. */
export function planStudy(study: Study): Plan {
  return planRuns(expand(study));
}

/** The plan of runs. Throws for the first that cannot be built or has not enough examples. */
export function planRuns(runs: readonly PlannedRun[]): Plan {
  const models = new PlannedModels();
  const built = new Set<PlannedModel>();
  for (const { spec } of runs) {
    refuseTooLarge(spec);
    taskDefinitionOf(spec.task).refuseSizes?.(taskOptionsOf(spec.task), spec.data);
    const planned = models.of(spec);
    if (built.has(planned)) continue;
    built.add(planned);
    groupOf(planned, [spec]);
  }
  return { runs, models, undeclared: undeclaredIn(runs, models) };
}
