/** What a run will take: `run --dry-run`, and the question before a long one. */
import { availableParallelism } from "node:os";
import { type Calibration, calibrate, correct, keptCalibration } from "../../study/run/calibration.ts";
import type { ExecutionSummary } from "../../study/run/execute.ts";
import { estimatePlan, type PlanEstimate } from "../../study/run/estimate.ts";
import type { Plan } from "../../study/run/plan.ts";
import { usualSpeed } from "../../study/run/speed.ts";
import type { PlannedRun, Study } from "../../study/spec/study.ts";
import { alignColumns, bytes, duration, plural } from "../columns.ts";
import { type OptionValues } from "../command.ts";
import { UsageError } from "../exit.ts";
import { printJson } from "../json.ts";
import type { Surroundings } from "../surroundings.ts";
import type { Settings } from "../words.ts";

/** Seconds beyond which a person is asked. */
const askBeyond = 600;
/** Seconds by the usual speed beyond which it is worth measuring this one, to know whether to ask. */
const measureBeyond = 60;

/** The runs of a plan that are not stored. */
export interface Missing {
  readonly study: Study;
  readonly plan: Plan;
  readonly missing: readonly PlannedRun[];
}

/** What is known of this machine, measured now where it was not before and `measure` says so. */
async function calibrationFor(at: Surroundings, measure: boolean): Promise<Calibration | undefined> {
  const kept = await keptCalibration(at.env);
  if (kept !== undefined || !measure) return kept;
  at.stderr.write("afferent: measuring how fast this machine is, once; this takes some seconds\n");
  return calibrate(at.env);
}

function estimateOf({ plan, missing }: Missing, { workers, weights }: Settings, speed = usualSpeed): PlanEstimate {
  return estimatePlan(missing, { models: plan.models, workers: workers ?? availableParallelism(), speed, weights });
}

/** Prints what the missing runs will take. */
export async function dryRun(
  at: Surroundings,
  given: Missing,
  storeFolder: string,
  settings: Settings,
  options: OptionValues,
): Promise<void> {
  const { study, plan, missing } = given;
  const calibration = await calibrationFor(at, missing.length > 0);
  const estimate = estimateOf(given, settings, calibration?.speed);
  const seconds = calibration === undefined && missing.length > 0 ? null : estimate.seconds;
  if (options["json"] === true) {
    printJson(at, {
      study: study.name,
      store: storeFolder,
      planned: plan.runs.length,
      stored: plan.runs.length - missing.length,
      dryRun: true,
      ...estimate,
      seconds,
      measuredAt: calibration?.measuredAt ?? null,
    });
    return;
  }
  const { groups, workers, memory, disk, rules } = estimate;
  const stored = plan.runs.length - missing.length;
  const lines = [
    ["study", study.name],
    ["store", storeFolder],
    ["runs", `${missing.length} to compute${stored > 0 ? `, ${stored} stored already` : ""}`],
    ...(missing.length === 0
      ? []
      : [
          ["groups", `${groups} on ${plural(workers, "worker")}`],
          ["time", seconds === null ? "not known" : `about ${duration(seconds)}, less where runs stop early`],
          ["memory", `about ${bytes(memory)}`],
          ["disk", `about ${bytes(disk)}`],
        ]),
  ];
  at.stdout.write(alignColumns(lines));
  if (rules.length < 2) return;
  const rows = rules.map((each) => [each.rule, String(each.runs), String(each.groups), duration(each.seconds)]);
  at.stdout.write(`\n${alignColumns([["rule", "runs", "groups", "time of a worker"], ...rows], [1, 2, 3])}`);
}

/**
 * Asks before a plan that takes longer than ten minutes, where somebody sits at the terminal and `--yes` is not given. Returns what was
 * measured of this machine before. Throws UsageError where the answer is no.
 */
export async function confirmLong(
  at: Surroundings,
  missingOf: () => Promise<Missing>,
  settings: Settings,
  options: OptionValues,
): Promise<Calibration | undefined> {
  if (at.confirm === undefined || options["yes"] === true) return calibrationFor(at, false);
  const given = await missingOf();
  const calibration = await calibrationFor(at, estimateOf(given, settings).seconds > measureBeyond);
  if (calibration === undefined) return undefined;
  const { seconds } = estimateOf(given, settings, calibration.speed);
  if (seconds <= askBeyond) return calibration;
  const question = `${plural(given.missing.length, "run")} will take about ${duration(seconds)}; go on?`;
  if (await at.confirm(question)) return calibration;
  throw new UsageError(`not started: it would take about ${duration(seconds)}; give --yes to start without a question`);
}

/** Seconds of workers from which a study says something about the speed of a machine. */
const learnFrom = 5;

/** Corrects what is known of this machine by a study that was run. */
export async function learn(
  { env }: Surroundings,
  calibration: Calibration | undefined,
  { taken: { seconds, expected } }: ExecutionSummary,
): Promise<void> {
  if (calibration !== undefined && seconds >= learnFrom) await correct(env, calibration, seconds / expected);
}
