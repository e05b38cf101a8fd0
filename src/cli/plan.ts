/** From words or a study to the runs that are meant, checked before anything is computed. */
import { type Plan, planRuns, planStudy } from "../study/run/plan.ts";
import { refuseUndeclared } from "../study/run/claims.ts";
import { expand } from "../study/spec/expand.ts";
import { labelOf } from "../study/spec/keys.ts";
import { type Configured, configure } from "../study/spec/configuration/configure.ts";
import type { PlannedRun, Study } from "../study/spec/study.ts";
import type { Command } from "commander";
import { type OptionValues, textOption } from "./command.ts";
import { reading, UsageError } from "./exit.ts";
import type { Surroundings } from "./surroundings.ts";
import { countFrom, type Words } from "./words.ts";

/** Adds the options of commands that read a specification: `--config`, and what draws from ranges. */
export function configurable(built: Command): Command {
  const several = (file: string, before: readonly string[] = []): readonly string[] => [...before, file];
  return built
    .option(
      "--config <file>",
      "settings from a YAML file, over the study's; may be repeated, the last one wins",
      several,
    )
    .option("--samples <n>", "values to draw from each range, such as train.learningRate=log(1e-4..1e-1)")
    .option("--sample-seed <n>", "seed of these draws; 0 when left out");
}

/** The options of `configurable` as they were typed. */
export function configurationFlags(options: OptionValues): string[] {
  const given = (flag: string, name: string): string[] => {
    const text = textOption(options, name);
    return text === undefined ? [] : [flag, text];
  };
  return [
    ...configsOf(options).flatMap((file) => ["--config", file]),
    ...given("--samples", "samples"),
    ...given("--sample-seed", "sampleSeed"),
  ];
}

function configsOf({ config }: OptionValues): readonly string[] {
  return Array.isArray(config) ? (config as readonly string[]) : [];
}

/** The study that a file, configuration and overrides name, with where its values came from. Throws UsageError. */
export function configuredOf({ names, overrides }: Words, options: OptionValues = {}): Promise<Configured> {
  return reading(() => {
    const [file, second] = names;
    if (second !== undefined) {
      throw new UsageError(
        `study: expected one file, got ${names.join(" and ")}; key=value words follow it, other studies run on their own`,
      );
    }
    const samples = textOption(options, "samples");
    const seed = textOption(options, "sampleSeed") ?? "0";
    if (samples === undefined && textOption(options, "sampleSeed") !== undefined)
      throw new UsageError("--sample-seed: expected --samples N beside it, got none");
    if (!/^\d{1,15}$/.test(seed)) throw new UsageError(`--sample-seed: expected a whole number, got "${seed}"`);
    return configure({
      file,
      words: overrides,
      configs: configsOf(options),
      sampling: samples === undefined ? undefined : { samples: countFrom("--samples", samples), seed: Number(seed) },
    });
  });
}

/** That study alone. */
export async function studyOf(words: Words, options: OptionValues = {}): Promise<Study> {
  return (await configuredOf(words, options)).study;
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
export async function oneRun(words: Words, options: OptionValues = {}): Promise<PlannedRun> {
  const study = await studyOf(words, options);
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
