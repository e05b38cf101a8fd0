/** From words or a study to the runs that are meant, checked before anything is computed. */
import { type Plan, planRuns, planStudy } from "../study/run/plan.ts";
import { refuseUndeclared } from "../study/run/claims.ts";
import { expand } from "../study/spec/expand.ts";
import { labelOf } from "../study/spec/keys.ts";
import { studyFromWords } from "../study/spec/load.ts";
import type { PlannedRun, Study } from "../study/spec/study.ts";
import type { OptionValues } from "./command.ts";
import { reading, UsageError } from "./exit.ts";
import type { Surroundings } from "./surroundings.ts";
import type { Words } from "./words.ts";

/** The study that a file and overrides name. Throws UsageError. */
export function studyOf({ names, overrides }: Words): Promise<Study> {
  return reading(() => {
    const [file, second] = names;
    if (second !== undefined) {
      throw new UsageError(
        `study: expected one file, got ${names.join(" and ")}; key=value words follow it, other studies run on their own`,
      );
    }
    return studyFromWords(file === undefined ? overrides : [file, ...overrides]);
  });
}

/** The plan of a study, every run of which can be built and has enough strings. Throws UsageError for the first that cannot. */
export function checkedPlan(study: Study): Promise<Plan> {
  return reading(() => planStudy(study));
}

/** The same of runs. */
export function checkedRuns(runs: readonly PlannedRun[]): Promise<Plan> {
  return reading(() => planRuns(runs));
}

/** The option of commands that run rules. */
export const undeclaredOption = [
  "--undeclared",
  "run rules that read more than they claim, and mark their rows, tables and figures",
] as const;

/** Refuses a plan with rules that read more than they claim; where these are asked for, says on stderr which they are. Throws UsageError. */
export function sayUndeclared(
  { stderr }: Surroundings,
  { undeclared }: Pick<Plan, "undeclared">,
  options: OptionValues,
): void {
  if (options["undeclared"] !== true) refuseUndeclared(undeclared, "give --undeclared");
  for (const sentence of undeclared) stderr.write(`afferent: warning: ${sentence}\n`);
}

/** The one run that words name, for commands that look at one. Throws UsageError when they name several. */
export async function oneRun(words: Words): Promise<PlannedRun> {
  const study = await studyOf(words);
  return reading(() => {
    const planned = expand(study);
    const [first] = planned;
    if (first === undefined || planned.length > 1) {
      const values = Object.entries({ ...study.grid, ...study.tune?.over }).filter(([, list]) => list.length > 1);
      const sizes = values.map(([key, list]) => `${list.length} of ${key}`).join(", ");
      const choice = values.map(([key, list]) => `${key}=${labelOf(list[0])}`).join(" ");
      throw new UsageError(
        `expected one run, got ${planned.length} (${sizes}); choose one value of each, for example ${choice}`,
      );
    }
    return first;
  });
}
