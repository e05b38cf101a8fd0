/** `afferent run`: computes what is missing of a study, then prints its table and writes its report. */
import type { Command } from "commander";
import { createHash } from "node:crypto";
import type { ExecutionSummary } from "../../study/run/execute.ts";
import type { RunRow } from "../../study/store/rows.ts";
import type { Plan } from "../../study/run/plan.ts";
import type { Speed } from "../../study/run/speed.ts";
import type { Store } from "../../study/store/store.ts";
import { keptFilesOf } from "../../study/run/own-files.ts";
import type { PlannedRun, Study } from "../../study/spec/study.ts";
import { canonicalJson } from "../../study/spec/identity.ts";
import type { Configured } from "../../study/spec/configuration/configure.ts";
import { baselineOf, defineStudy } from "../../study/spec/study.ts";
import { differences, summarise } from "../../study/summary/summary.ts";
import { renderTable } from "../../study/summary/table.ts";
import { cellJson, differenceJson } from "../cells.ts";
import { duration, plural } from "../columns.ts";
import { command, type OptionValues, textOption } from "../command.ts";
import { type ExitCode, exitCodeOf, exitCodes, oneLine, reading, UsageError } from "../exit.ts";
import { printJson } from "../json.ts";
import {
  checkedPlan,
  configurable,
  configurationFlags,
  configuredOf,
  sayUndeclared,
  undeclaredOption,
} from "../plan.ts";
import { ProgressDisplay } from "../progress.ts";
import { confirmLong, dryRun, learn, type Missing } from "./forecast.ts";
import { commandName, Interruption, shellWords, type Surroundings } from "../surroundings.ts";
import { sortWords, type Words } from "../words.ts";

export function runCommand(at: Surroundings, end: (code: ExitCode) => void): Command {
  const built = command(
    {
      name: "run",
      words: "[file] [key=value...]",
      summary: "run a study, a grid or a single run; what is stored already is not computed again",
      details: [
        "The file is a study or a run specification: JSON, YAML, or TypeScript with a default export. Words key=value\n" +
          "override it; lists (rule=backprop,info-nce) and ranges (seed=0..4) make a grid.\n" +
          "Progress goes to stderr, the table to stdout. Ctrl-C stops cleanly; the same command resumes: runs of more than a minute go on\n" +
          "from their last checkpoint, to the same bits, also after a kill. The trained values of each run are kept (export --weights).",
      ],
      examples: [
        ["run rule=backprop task.v=8 task.m=4 task.depth=3 train.steps=1000", "one run"],
        ["run rule=backprop,info-nce data.train=1000,4000 seed=0..4", "a grid of 20 runs"],
        ["run studies/first-comparison.ts", "a shipped study"],
        ["run studies/first-comparison.ts train.steps=300 seed=0..2", "the same, shorter"],
        ["run studies/first-comparison.ts --dry-run", "what it would take"],
      ],
      json:
        "study, store, planned, computed, reused, resumed, interrupted, seconds, outcomes {finished, stopped, diverged, failed},\n" +
        "failures [{run, message}], cells and differences (as in compare), report (path), undeclared [text]; of --dry-run: study, store,\n" +
        "planned, stored, groups, workers, seconds (null where not known), memory, disk (bytes), rules [{rule, runs, groups, seconds}],\n" +
        "measuredAt",
    },
    at,
    end,
    (words, options) => run(at, words, options),
  );
  return configurable(built)
    .option("--dry-run", "say what would be computed, and what time, memory and disk that takes; compute nothing")
    .option("--yes", "start a plan of more than ten minutes without a question, which is asked on a terminal only")
    .option("--name <name>", "name of the study in the store")
    .option("--force", "take the name from another study that has it")
    .option(...undeclaredOption);
}

async function run(at: Surroundings, given: readonly string[], options: OptionValues): Promise<ExitCode | undefined> {
  const words = sortWords(given);
  const configured = await configuredOf(words, options);
  const { project } = configured;
  if (project !== undefined) {
    const keys = plural(project.keys, "key");
    at.stderr.write(`afferent: ${project.name}: ${keys} of it count here (${commandName(at)} config shows each)\n`);
  }
  const plan = await checkedPlan(configured.study);
  const { runs: planned } = plan;
  const study = await reading(() => named(configured, planned, words, textOption(options, "name")));
  await reading(() => sayUndeclared(at, plan, options));
  const flags = [
    ...configurationFlags(options),
    ...nameOption(options),
    ...(options["undeclared"] === true ? ["--undeclared"] : []),
  ];
  const typed = `${commandName(at)} run ${shellWords([...given, ...flags])}`.trimEnd();
  const { withStore, storedRuns, storeFolder } = await import("../stored.ts");
  const missingOf = async (): Promise<Missing> => {
    const stored = await storedRuns(at, words.settings, planned);
    return { study, plan, missing: planned.filter((one) => !stored.has(one.run)) };
  };
  if (options["dryRun"] === true) {
    await dryRun(at, await missingOf(), storeFolder(words.settings, at), words.settings, options);
    return undefined;
  }
  const calibration = await confirmLong(at, missingOf, words.settings, options);
  return withStore(at, words.settings, "write", async (store) => {
    const { readManifest, writeManifest } = await import("../../study/store/manifest.ts");
    const manifest = {
      name: study.name,
      question: study.question,
      command: typed,
      runs: planned.map((one) => one.run),
      axes: JSON.parse(JSON.stringify({ ...study.grid, ...study.tune?.over })) as Record<string, never[]>,
      startedAt: new Date().toISOString(),
      study,
      ...keptFilesOf(planned.map(({ spec }) => spec)),
    };
    if (textOption(options, "name") !== undefined) await refuseOther(store, study, manifest.runs, options);
    await writeManifest(store.folder, manifest);
    const { removeStale } = await import("../../study/store/journal.ts");
    await removeStale(store.folder);
    const computed = await compute(at, store, study, { ...plan, speed: calibration?.speed }, words, options);
    // Gone where the store was deleted meanwhile.
    if ((await readManifest(store.folder, study.name).catch(() => manifest)) === undefined)
      await writeManifest(store.folder, manifest);
    if (computed instanceof Interruption) {
      await sayInterrupted(at, store, study, planned, typed, options);
      return exitCodeOf(computed);
    }
    await learn(at, calibration, computed);
    const rows = await store.rows({ runs: planned.map((one) => one.run) });
    const { writeReport } = await import("../report/page.ts");
    const report = await writeReport(store, { study, planned, manifest }, plan);
    const failed = rows.filter(({ outcome }) => outcome === "failed");
    if (options["json"] === true) printJson(at, runJson(store, study, plan, rows, computed, report));
    else sayDone(at, study, planned, rows, computed, report, words);
    for (const { run: id, message } of failed) at.stderr.write(`afferent: run ${id} failed: ${oneLine(message)}\n`);
    return failed.length > 0 ? exitCodes.failure : undefined;
  });
}

/** A name that is given must not take the place of another study: throws UsageError, without `--force`, where the store has one of that name. */
async function refuseOther(store: Store, study: Study, runs: readonly string[], options: OptionValues): Promise<void> {
  const { manifests } = await import("../../study/store/manifest.ts");
  const { studies } = await manifests(store.folder);
  const other = studies.find(({ name }) => name === study.name);
  if (options["force"] === true || other === undefined) return;
  const definition = ({ question: _question, ...asked }: Partial<Study>): string => canonicalJson(asked);
  if (definition(study) === definition(other["study"] ?? {})) return;
  if ([...runs].sort().join() === [...other.runs].sort().join()) return;
  throw new UsageError(
    `--name: expected a name that no other study of the store has, got "${study.name}", which is "${other.question}" ` +
      `(${plural(other.runs.length, "run")}, started ${other.startedAt}); choose another name, or give --force to replace it`,
  );
}

/** Computes what is missing, showing progress. Returns the interruption where there was one. */
async function compute(
  at: Surroundings,
  store: Store,
  study: Study,
  { runs: planned, models, speed }: Plan & { readonly speed: Speed | undefined },
  { settings }: Words,
  options: OptionValues,
): Promise<ExecutionSummary | Interruption> {
  const { execute } = await import("../../study/run/execute.ts");
  const reused = (await store.finished(planned.map((one) => one.run))).size;
  at.stderr.write(
    `study ${study.name}: ${plural(planned.length, "run")}${reused > 0 ? `, ${reused} stored already` : ""}; store ${store.folder}\n`,
  );
  const display = new ProgressDisplay(at.stderr);
  try {
    return await at.interruptible((signal) =>
      execute({
        store,
        study: study.name,
        runs: planned,
        models,
        ...(speed === undefined ? {} : { speed }),
        undeclared: options["undeclared"] === true,
        ...(settings.weights === undefined ? {} : { weights: settings.weights }),
        ...(settings.checkpointEvery === undefined ? {} : { checkpointEvery: settings.checkpointEvery }),
        ...(settings.workers === undefined ? {} : { workers: settings.workers }),
        ...(settings.threads === undefined ? {} : { threads: settings.threads }),
        signal,
        onProgress: (progress) => display.update(progress),
        onWarning: (text) => {
          display.end();
          at.stderr.write(`afferent: ${text}\n`);
        },
      }),
    );
  } catch (error) {
    if (error instanceof Interruption) return error;
    throw error;
  } finally {
    display.end();
  }
}

/** A study keeps its name only as it is written: a command line that changes it gets a name of its own, from what it runs. */
function named(
  { study, changed }: Configured,
  planned: readonly PlannedRun[],
  { names }: Words,
  given: string | undefined,
): Study {
  if (given === undefined && !changed && names.length > 0) return study;
  const digest = createHash("sha256").update(planned.map(({ run: id }) => id).join(" "));
  return defineStudy({ ...study, name: given ?? `${study.name}-${digest.digest("hex").slice(0, 6)}` });
}

function nameOption(options: OptionValues): string[] {
  const name = textOption(options, "name");
  return name === undefined ? [] : ["--name", name];
}

async function sayInterrupted(
  at: Surroundings,
  store: Store,
  study: Study,
  planned: readonly PlannedRun[],
  typed: string,
  options: OptionValues,
): Promise<void> {
  const { checkpointSteps } = await import("../../study/run/checkpoints.ts");
  const runs = planned.map((one) => one.run);
  const stored = await store.finished(runs);
  const kept = stored.size;
  const missing = runs.filter((one) => !stored.has(one));
  const resumable = (await checkpointSteps(store.folder, missing)).size;
  const flying = resumable > 0 ? `${resumable} will go on from a checkpoint` : "those in flight are dropped";
  at.stderr.write(
    `afferent: interrupted: ${kept} of ${plural(planned.length, "run")} are stored and kept, ${flying}; ` +
      `to compute the rest: ${typed}\n`,
  );
  if (options["json"] === true) {
    printJson(at, { study: study.name, store: store.folder, planned: planned.length, interrupted: true, stored: kept });
  }
}

function sayDone(
  at: Surroundings,
  study: Study,
  planned: readonly PlannedRun[],
  rows: readonly RunRow[],
  { computed, reused, resumed, seconds }: ExecutionSummary,
  report: string,
  { settings }: Words,
): void {
  const cells = summarise(planned, rows, study.tune?.by);
  const afferent = commandName(at);
  const store = settings.storePath === undefined ? "" : ` ${shellWords([`store.path=${settings.storePath}`])}`;
  const [first] = planned;
  const went = resumed > 0 ? `, ${resumed} of them from a checkpoint` : "";
  at.stderr.write(
    `${plural(computed, "run")} computed in ${duration(seconds)}${went}, ${reused} taken from the store\n`,
  );
  at.stdout.write(
    `\n${study.question}\n\n${renderTable(cells, at.stdout.columns, study.controls)}` +
      `\nreport  ${report}\n` +
      `next    ${afferent} report ${study.name} --open${store}    the figures, in the browser\n` +
      `        ${afferent} compare ${study.name}${store}    differences between rules, with tests\n` +
      `        ${afferent} show ${first?.run.slice(0, 8) ?? ""}${store}    everything about one run\n`,
  );
}

function runJson(
  store: Store,
  study: Study,
  { runs: planned, undeclared }: Plan,
  rows: readonly RunRow[],
  summary: ExecutionSummary,
  report: string,
): Record<string, unknown> {
  const cells = summarise(planned, rows, study.tune?.by);
  const baseline = baselineOf(study);
  const outcomes = { finished: 0, stopped: 0, diverged: 0, failed: 0 };
  for (const { outcome } of rows) outcomes[outcome] += 1;
  return {
    study: study.name,
    store: store.folder,
    planned: planned.length,
    computed: summary.computed,
    reused: summary.reused,
    resumed: summary.resumed,
    interrupted: false,
    seconds: summary.seconds,
    outcomes,
    failures: rows.filter(({ outcome }) => outcome === "failed").map(({ run: id, message }) => ({ run: id, message })),
    cells: cells.map(cellJson),
    differences: baseline === undefined ? [] : differences(cells, baseline).map(differenceJson),
    report,
    undeclared,
  };
}
