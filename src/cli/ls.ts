/** `afferent ls`: the studies of a store, the runs in flight, the latest runs; of one study all of its runs. */
import type { Command } from "commander";
import type { RunOverview } from "../study/store/rows.ts";
import type { InFlight } from "../study/store/journal.ts";
import type { Manifest } from "../study/store/manifest.ts";
import type { Store } from "../study/store/store.ts";
import { alignColumns, plural, short, shorten } from "./columns.ts";
import { command, type OptionValues } from "./command.ts";
import type { ExitCode } from "./exit.ts";
import { printJson } from "./json.ts";
import { commandName, type Surroundings } from "./surroundings.ts";
import { namesOnly } from "./words.ts";

/** Runs listed when no study is named. */
const mostRuns = 10;

export function lsCommand(at: Surroundings, end: (code: ExitCode) => void): Command {
  return command(
    {
      name: "ls",
      words: "[study]",
      summary: "list studies, runs in flight and runs; works while a study runs",
      examples: [
        ["ls", "studies, what is in flight, the latest runs"],
        ["ls first-comparison", "every run of a study"],
        ["ls latest", "every run of the study started last"],
        ["ls --all store.path=/data/store", "every run of another store"],
      ],
      json:
        "store, studies [{name, question, command, startedAt, planned, stored, failed, inFlight}],\n" +
        "inFlight [{study, runs, state, startedAt, lastAt, step, steps, loss}],\n" +
        "runs [{run, study, rule, undeclared [signal], outcome, steps, trainError, validationError, testError, finishedAt}]",
    },
    at,
    end,
    (words, options) => ls(at, words, options),
  ).option("--all", `list all runs, not only the latest ${mostRuns}`);
}

async function ls(at: Surroundings, words: readonly string[], options: OptionValues): Promise<undefined> {
  const { settings, names } = namesOnly(words, "at most the name of a study");
  const { withStore, findStudy } = await import("./stored.ts");
  await withStore(at, settings, "read", async (store) => {
    const { inFlight } = await import("../study/store/journal.ts");
    const { manifests } = await import("../study/store/manifest.ts");
    const [name] = names;
    const found = name === undefined ? undefined : (await findStudy(at, store, name)).manifest;
    const flights = (await inFlight(store.folder)).filter(({ study }) => found === undefined || study === found.name);
    const studies = found === undefined ? (await manifests(store.folder)).studies : [found];
    const rows = await store.overview(found === undefined ? {} : { runs: found.runs });
    // Newest first, of studies and of runs.
    studies.sort((a, b) => (a.startedAt < b.startedAt ? 1 : -1));
    rows.reverse();
    const entries = studies.map((manifest) => entryOf(manifest, rows, flights));
    if (options["json"] === true) {
      printJson(at, {
        store: store.folder,
        studies: entries,
        inFlight: flights.map(flightJson),
        runs: rows.map(runJson),
      });
    } else
      print(at, store, entries, flights, rows, found !== undefined || options["all"] === true ? Infinity : mostRuns);
  });
  return undefined;
}

interface StudyEntry {
  readonly name: string;
  readonly question: string;
  readonly command: string;
  readonly startedAt: string;
  readonly planned: number;
  readonly stored: number;
  readonly failed: number;
  readonly inFlight: number;
}

function entryOf(
  { name, question, command: typed, startedAt, runs }: Manifest,
  rows: readonly RunOverview[],
  flights: readonly InFlight[],
): StudyEntry {
  const members = new Set(runs);
  const own = rows.filter(({ run }) => members.has(run));
  const failed = own.filter(({ outcome }) => outcome === "failed").length;
  const flying = flights.filter(({ state, study }) => state !== "stale" && study === name);
  return {
    name,
    question,
    command: typed,
    startedAt,
    planned: runs.length,
    stored: own.length - failed,
    failed,
    inFlight: flying.reduce((sum, flight) => sum + flight.runs.length, 0),
  };
}

function flightJson({ study, runs, state, startedAt, lastAt, entries }: InFlight): Record<string, unknown> {
  const last: Readonly<Record<string, unknown>> = entries.at(-1) ?? {};
  const { step = 0, steps = null, loss = null } = last;
  return { study, runs, state, startedAt, lastAt, step, steps, loss };
}

function runJson(row: RunOverview): Record<string, unknown> {
  const { run, study, rule, undeclared, outcome, steps, trainError, validationError, testError, finishedAt } = row;
  return { run, study, rule, undeclared, outcome, steps, trainError, validationError, testError, finishedAt };
}

function print(
  at: Surroundings,
  store: Store,
  studies: readonly StudyEntry[],
  flights: readonly InFlight[],
  rows: readonly RunOverview[],
  most: number,
): void {
  const { stdout } = at;
  stdout.write(
    `store ${store.folder}: ${plural(studies.length, "study").replace("studys", "studies")}, ${plural(rows.length, "run")}\n`,
  );
  if (studies.length > 0) {
    const width = stdout.columns ?? 200;
    const lines = studies.map((entry) => [
      entry.name,
      progressOf(entry),
      minute(entry.startedAt),
      shorten(entry.question, 60),
    ]);
    stdout.write(`\n${cut(alignColumns([["study", "runs", "started", "question"], ...lines]), width)}`);
  } else stdout.write(`no studies yet; ${commandName(at)} run starts one\n`);
  if (flights.length > 0) {
    const lines = flights.map(({ study, runs, state, entries }) => {
      const last = entries.at(-1);
      const reached = last === undefined ? "-" : `${last.step}/${last["steps"] ?? "?"}`;
      const loss = Number(last?.["loss"] ?? NaN);
      return [study, plural(runs.length, "run"), reached, short(loss), state === "stale" ? "killed" : state];
    });
    stdout.write(`\n${alignColumns([["in flight", "runs", "step", "loss", "process"], ...lines])}`);
  }
  if (rows.length === 0) return;
  const shown = rows.slice(0, most);
  const lines = shown.map((row) => [
    row.run.slice(0, 8),
    row.undeclared.length > 0 ? `${row.rule} †` : row.rule,
    row.outcome,
    String(row.steps),
    short(row.trainError),
    short(row.validationError),
    short(row.testError),
    minute(row.finishedAt),
    row.study,
  ]);
  const head = [
    "run",
    "rule",
    "outcome",
    "steps",
    "train error",
    "validation error",
    "test error",
    "finished",
    "study",
  ];
  stdout.write(`\n${alignColumns([head, ...lines], [3, 4, 5, 6])}`);
  if (shown.some(({ undeclared }) => undeclared.length > 0))
    stdout.write("† reads more than its card claims; show says what\n");
  if (rows.length > shown.length) {
    stdout.write(`and ${rows.length - shown.length} older; ${commandName(at)} ls --all lists them\n`);
  }
}

function progressOf({ planned, stored, failed, inFlight }: StudyEntry): string {
  const notes = [...(inFlight > 0 ? [`${inFlight} in flight`] : []), ...(failed > 0 ? [`${failed} failed`] : [])];
  return `${stored}/${planned}${notes.length > 0 ? ` (${notes.join(", ")})` : ""}`;
}

/** `2026-01-02 03:04` in UTC. */
function minute(iso: string): string {
  return iso.slice(0, 16).replace("T", " ");
}

function cut(text: string, width: number): string {
  return text
    .split("\n")
    .map((line) => shorten(line, width))
    .join("\n");
}
