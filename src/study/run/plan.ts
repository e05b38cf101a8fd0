/** From a study to the runs that are meant, with their models, checked before anything is computed. */
import { stringCount } from "../../tasks/index.ts";
import { expand } from "../spec/expand.ts";
import type { RunSpec } from "../spec/spec.ts";
import type { PlannedRun, Study } from "../spec/study.ts";
import { undeclaredIn } from "./claims.ts";
import { type PlannedModel, PlannedModels } from "./planned-model.ts";
import { refuseTooLarge } from "./sizes.ts";
import { groupOf } from "./training-group.ts";

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

/** The plan of runs. Throws for the first that cannot be built or has not enough strings. */
export function planRuns(runs: readonly PlannedRun[]): Plan {
  const models = new PlannedModels();
  const built = new Set<PlannedModel>();
  for (const { spec } of runs) {
    refuseTooLarge(spec);
    checkStrings(spec);
    const planned = models.of(spec);
    if (built.has(planned)) continue;
    built.add(planned);
    groupOf(planned, [spec]);
  }
  return { runs, models, undeclared: undeclaredIn(runs, models) };
}

function checkStrings({ task, data }: RunSpec): void {
  const total = data.train + data.validation + data.test;
  const available = stringCount(task);
  if (BigInt(total) <= available) return;
  throw new Error(
    `data: expected train + validation + test <= ${String(available)}, the number of distinct strings of this task, got ${data.train} + ` +
      `${data.validation} + ${data.test} = ${total}; lower data.train, data.validation or data.test, or raise task.m or task.depth`,
  );
}
