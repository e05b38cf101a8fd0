/** `afferent show`: everything about one run, stored or in flight. */
import type { Command } from "commander";
import { stat } from "node:fs/promises";
import { checkpointSteps } from "../study/run/checkpoints.ts";
import type { CurvePoint, RunRow } from "../study/store/rows.ts";
import type { InFlight } from "../study/store/journal.ts";
import type { Store } from "../study/store/store.ts";
import { weightsFile } from "../study/store/weights.ts";
import { alignColumns, duration, short } from "./columns.ts";
import { command, type OptionValues } from "./command.ts";
import { type ExitCode, UsageError } from "./exit.ts";
import { printJson } from "./json.ts";
import { adoptKeptFiles, filesOfRow, type KeptFiles } from "../study/run/own-files.ts";
import { examplesText, taskText } from "../study/run/task-words.ts";
import { findRun, refuseNoRun } from "./find-run.ts";
import { overridesOf } from "./overrides-of.ts";
import { commandName, shellWords, type Surroundings } from "./surroundings.ts";
import { namesOnly } from "./words.ts";

export function showCommand(at: Surroundings, end: (code: ExitCode) => void): Command {
  return command(
    {
      name: "show",
      words: "<run>",
      summary: "show one run: outcome, errors, curves, specification, where it was computed",
      details: ["The run is given by its identity (16 hex digits) or enough of its beginning."],
      examples: [
        ["show 3f2a91c0", "a run by the beginning of its identity"],
        ["show 3f2a91c0 --json", "the stored row and all points of its curves"],
      ],
      json:
        "run, state (stored or in flight); stored: row (every column), curves [{step, metric, value}];\n" +
        "in flight: study, startedAt, lastAt, entries [{step, steps, loss}]",
    },
    at,
    end,
    (words, options) => show(at, words, options),
  );
}

async function show(at: Surroundings, words: readonly string[], options: OptionValues): Promise<undefined> {
  const { settings, names } = namesOnly(words, "one run");
  const [prefix] = names;
  if (prefix === undefined) {
    throw new UsageError(`show: expected a run, got none; ${commandName(at)} ls --all lists them`);
  }
  refuseNoRun(at, "show", prefix);
  const { withStore } = await import("./stored.ts");
  await withStore(at, settings, "read", async (store) => {
    const { inFlight } = await import("../study/store/journal.ts");
    const flights = await inFlight(store.folder);
    const run = await findRun(at, "show", store, prefix, flights);
    const [row] = await store.rows({ runs: [run] });
    const flight = flights.find(({ runs }) => runs.includes(run));
    if (row !== undefined) {
      await adoptKeptFiles(filesOfRow(row));
      const curves = await store.curves([run]);
      const points = curves.map(({ step, metric, value }) => ({ step, metric, value }));
      if (options["json"] === true) printJson(at, { run, state: "stored", row, curves: points });
      else at.stdout.write(textOf(at, row, curves, await weightsText(store, run)));
    } else if (flight !== undefined) {
      const { study, startedAt, lastAt, entries } = flight;
      if (options["json"] === true) printJson(at, { run, state: "in flight", study, startedAt, lastAt, entries });
      else at.stdout.write(flightText(run, flight, (await checkpointSteps(store.folder, [run])).get(run)));
    }
  });
  return undefined;
}

/** Where the trained values are. */
async function weightsText(store: Store, run: string): Promise<string> {
  const file = weightsFile(store.folder, run);
  return (await stat(file).catch(() => undefined)) === undefined ? "not kept" : file;
}

function textOf(at: Surroundings, row: RunRow, curves: readonly CurvePoint[], weights: string): string {
  const { provenance, spec } = row;
  const scores = [
    ["", "train", "validation", "test"],
    ["error", short(row.trainError), short(row.validationError), short(row.testError)],
    ["loss (nats)", short(row.trainLoss), short(row.validationLoss), short(row.testLoss)],
  ];
  const metrics = Object.entries(row.metrics).map(([name, value]) => [name, short(value)]);
  const lines = [
    ["run", row.run],
    ["study", row.study === "" ? "-" : row.study],
    ["task", `${taskText(spec.task)}; ${examplesText(spec.task)}`],
    ["outcome", `${row.outcome} after ${row.steps} steps, ${duration(row.wallSeconds)}, ${row.finishedAt}`],
    ...(row.message === "" ? [] : [["message", row.message]]),
    ["weights", weights],
  ];
  const known = knownText(row);
  const origin = [
    ["afferent", `${provenance.afferent}${provenance.commit === "" ? "" : `, commit ${provenance.commit}`}`],
    ["engine", `${provenance.engine}, threads ${provenance.threads}, replicas in the group ${provenance.replicas}`],
    ["machine", `${provenance.machine}, Node ${provenance.node}`],
  ];
  return [
    alignColumns(lines),
    alignColumns(scores, [1, 2, 3]),
    ...(metrics.length > 0 ? [alignColumns(metrics, [1])] : []),
    ...(curves.length > 0 ? [curveText(curves)] : []),
    ...(known.length > 0 ? [alignColumns(known)] : []),
    alignColumns(origin),
    ...sourcesOf(filesOfRow(row)).map(({ path, text }) => `${path}\n${text.trimEnd().replaceAll(/^/gm, "    ")}\n`),
    `again  ${commandName(at)} run ${shellWords([...overridesOf(spec), ...((row.knows?.undeclared.length ?? 0) > 0 ? ["--undeclared"] : [])])}\n`,
  ].join("\n");
}

/** The texts of these files. */
function sourcesOf({
  rules = [],
  tasks = [],
  networks = [],
}: KeptFiles): readonly { readonly path: string; readonly text: string }[] {
  return [...rules, ...tasks.flatMap(({ program }) => program ?? []), ...networks].flatMap(({ sources }) => sources);
}

/** What the rule knew in the run: a line for each layer, what it did not claim, and the names of what was certified and run. */
function knownText({ knows }: RunRow): string[][] {
  if (knows === undefined) return [];
  const { certificate, graph, compiled, undeclared, rule, task, network } = knows;
  return [
    ["reads", certificate.signals.join(", ") || "nothing"],
    ...(undeclared.length > 0
      ? [["not claimed", `${undeclared.join(", ")}; the run was asked for with --undeclared`]]
      : []),
    ...certificate.layers.map(({ layer, verdict }) => [`layer ${layer}`, verdict.text]),
    ...(rule === undefined ? [] : [["rule file", `${rule.path}, kept as it was: ${rule.description.equation}`]]),
    ...(task === undefined
      ? []
      : [["task file", `${task.path}, ${task.arrays === undefined ? "kept as it was" : `SHA-256 ${task.digest}`}`]]),
    ...(network === undefined ? [] : [["network file", `${network.path}, kept as it was`]]),
    ["graph", `${graph}, as certified and run; compiled ${compiled || "-"}`],
  ];
}

/** One line for each metric: first and last value, and its course. */
function curveText(curves: readonly CurvePoint[]): string {
  const metrics = [...new Set(curves.map(({ metric }) => metric))];
  const lines = metrics.map((metric) => {
    const values = curves.filter((point) => point.metric === metric).map(({ value }) => value);
    return [metric, short(values[0] ?? NaN), short(values.at(-1) ?? NaN), sparkline(values)];
  });
  return alignColumns([["curve", "first", "last", ""], ...lines], [1, 2]);
}

const bars = "▁▂▃▄▅▆▇█";

/** A curve as a row of bars, at most `width` wide: each the mean of its share of the values. */
export function sparkline(values: readonly number[], width = 40): string {
  const count = Math.min(width, values.length);
  const means = Array.from({ length: count }, (_, i) => {
    const part = values.slice(Math.floor((i * values.length) / count), Math.floor(((i + 1) * values.length) / count));
    return part.reduce((sum, value) => sum + value, 0) / part.length;
  });
  const finite = means.filter(Number.isFinite);
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  return means
    .map((value) => {
      if (!Number.isFinite(value)) return "?";
      const height = high > low ? (value - low) / (high - low) : 0;
      return bars.charAt(Math.min(bars.length - 1, Math.floor(height * bars.length)));
    })
    .join("");
}

function flightText(
  run: string,
  { study, state, startedAt, lastAt, entries }: InFlight,
  checkpoint: number | undefined,
): string {
  const last = entries.at(-1);
  const goesOn = checkpoint === undefined ? "" : `, and it goes on after step ${checkpoint}`;
  return alignColumns([
    ["run", run],
    ["study", study],
    ["outcome", state === "stale" ? `its process was killed; run the study again${goesOn}` : `in flight (${state})`],
    ["started", startedAt],
    ["heard of", lastAt],
    [
      "step",
      last === undefined ? "-" : `${last.step} of ${last["steps"] ?? "?"}, loss ${short(Number(last["loss"] ?? NaN))}`,
    ],
  ]);
}
