/**
 * One work, all engines: find each engine's best setting, check that all compute the same, measure in rounds.
 */
import { allRuns, describeSetting, type Engine, type Setting, Team } from "./contenders/contender.ts";
import { interleave, spread, type Spread, stepsFor } from "./measure.ts";
import { groupSize } from "../src/study/run/groups.ts";
import { formFor } from "../src/train/index.ts";
import { type Drawn, productOperations, type Work } from "./work.ts";

export interface Effort {
  readonly rounds: number;
  /** Length of one measurement. */
  readonly seconds: number;
  readonly cores: number;
}

/** An engine's result in one setting. */
export interface Result {
  readonly engine: string;
  readonly setting: string;
  /** Milliseconds per step of one run (`step`), or of all runs together (`study`). */
  readonly milliseconds: Spread;
  /** The same of processor time over all threads and processes: what load by others disturbs less. */
  readonly processorMilliseconds: Spread;
  /** Steps per second, summed over runs. */
  readonly stepsPerSecond: number;
  /** Most memory of all its processes, bytes. */
  readonly memory: number;
}

export interface Comparison {
  readonly step: readonly Result[];
  readonly study: readonly Result[];
  /** Largest difference of any loss from afferent's, in units of max(1, |loss|), over `checkedSteps` steps of all runs. */
  readonly difference: number;
  readonly checkedSteps: number;
}

/** Losses must agree to this; float32 rounding grows with steps, so few are compared. */
const tolerance = 1e-4;
const checkedSteps = 6;

/** What a comparison needs of the work. */
export interface Prepared {
  readonly work: Work;
  readonly drawn: Drawn;
  readonly file: string;
}

/** Compares engines on one work; the first engine is the reference of the check. Throws when losses differ. */
export async function compare(
  prepared: Prepared,
  engines: readonly Engine[],
  effort: Effort,
  say: (text: string) => void,
): Promise<Comparison> {
  const runs = allRuns(prepared.work);
  const stepEntries: Entry[] = [];
  const studyEntries: Entry[] = [];
  for (const engine of engines) {
    const { step, study } = engine.settings(prepared.work.rule, runs.length, effort.cores);
    say(`${engine.id}: trying ${study.length + step.length} settings`);
    // One run by itself is reported for every number of threads, in the form that is best there.
    for (const threads of new Set(step.map((setting) => setting.threads))) {
      const alike = step.filter((setting) => setting.threads === threads);
      const [setting = neverSet()] = await fastest(prepared, engine, alike, [0], effort);
      stepEntries.push({ engine, runs: [0], setting });
    }
    // Two of each, because a short trial on a busy machine may prefer the wrong one; the faster in the end counts.
    const found = (await fastest(prepared, engine, study, runs, effort)).slice(0, 2);
    const own = engine.id === "afferent" ? planned(prepared.work, runs.length, effort.cores) : undefined;
    // What a study of afferent's really runs in is measured whether a trial likes it or not, and is its training loop.
    const settings = own === undefined ? found : [own, ...found.filter((setting) => !same(setting, own)).slice(0, 1)];
    studyEntries.push(...settings.map((setting) => ({ engine, runs, setting })));
    if (own !== undefined) studyEntries.push({ engine, runs, setting: { ...own, form: "training loop" } });
  }
  const difference = await check(prepared, [...studyEntries, ...stepEntries]);
  const step = await measure(prepared, stepEntries, effort, say);
  const study = await measure(prepared, studyEntries, effort, say);
  return { step, study, difference, checkedSteps };
}

/** The setting in which the planner computes a study: a process of one thread a core. */
function planned(work: Work, runs: number, cores: number): Setting {
  const form = formFor({ products: productOperations(work) });
  const stack = form === "stacked" ? groupSize(form, runs, cores) : 0;
  return { processes: Math.min(cores, runs), threads: 1, stack, form: "fixed batches" };
}

const same = (a: Setting, b: Setting): boolean =>
  a.processes === b.processes && a.threads === b.threads && a.stack === b.stack && a.form === b.form;

function neverSet(): never {
  throw new Error("internal: no setting");
}

/** An engine in a setting, with the runs it is given. */
interface Entry {
  readonly engine: Engine;
  readonly setting: Setting;
  readonly runs: readonly number[];
}

/** Settings from fast to slow, by the best of two short measurements each, with all others between the two. */
async function fastest(
  { work, drawn, file }: Prepared,
  engine: Engine,
  settings: readonly Setting[],
  runs: readonly number[],
  { seconds }: Effort,
): Promise<Setting[]> {
  if (settings.length <= 1) return [...settings];
  const perStep = new Map<Setting, number>();
  // Processes are reused where only the manner differs.
  const teams = new Map<string, Team>();
  try {
    for (const setting of [...settings, ...settings]) {
      const key = `${setting.processes} ${setting.threads}`;
      const team = teams.get(key) ?? Team.start(engine, setting);
      teams.set(key, team);
      await team.load(work, file, drawn.identities, runs, setting);
      const steps = await stepsFor(team, seconds / 3);
      const taken = (await team.time(steps)).seconds / steps;
      perStep.set(setting, Math.min(taken, perStep.get(setting) ?? Infinity));
    }
  } finally {
    await Promise.all([...teams.values()].map((team) => team.close()));
  }
  return [...settings].sort((a, b) => (perStep.get(a) ?? Infinity) - (perStep.get(b) ?? Infinity));
}

/** Compares every entry's losses with those of the first. */
async function check(prepared: Prepared, entries: readonly Entry[]): Promise<number> {
  let reference: number[][] | undefined;
  let largest = 0;
  for (const entry of entries.filter(({ setting }) => setting.form !== "training loop")) {
    const losses = await withTeam(prepared, entry, (team) => team.losses(checkedSteps));
    reference ??= losses;
    for (const [r, run] of losses.entries()) {
      for (const [i, loss] of run.entries()) {
        const expected = reference[r]?.[i] ?? NaN;
        const difference = Math.abs(loss - expected) / Math.max(1, Math.abs(expected));
        if (!(difference <= tolerance)) {
          const { rule, width } = prepared.work;
          throw new Error(
            `bench: ${rule}, width ${width}: expected ${entry.engine.id} (${describeSetting(entry.setting)}) to have loss ${expected} at step ${i + 1} of run ${r}, ` +
              `got ${loss}; the contenders do not do the same work, so their speeds do not compare`,
          );
        }
        largest = Math.max(largest, difference);
      }
    }
  }
  return largest;
}

async function withTeam<T>({ work, drawn, file }: Prepared, entry: Entry, use: (team: Team) => Promise<T>): Promise<T> {
  const team = Team.start(entry.engine, entry.setting);
  try {
    await team.load(work, file, drawn.identities, entry.runs, entry.setting);
    return await use(team);
  } finally {
    await team.close();
  }
}

/** Measures entries in interleaved rounds, each in processes of its own, so that memory is its own too. */
async function measure(
  { work, drawn, file }: Prepared,
  entries: readonly Entry[],
  { rounds, seconds }: Effort,
  say: (text: string) => void,
): Promise<Result[]> {
  const teams: Team[] = [];
  try {
    for (const { engine, setting, runs } of entries) {
      const team = Team.start(engine, setting);
      teams.push(team);
      await team.load(work, file, drawn.identities, runs, setting);
    }
    say(
      `${rounds} rounds of ${entries.map(({ engine, setting }) => `${engine.id} (${describeSetting(setting)})`).join(", ")}`,
    );
    const samples = await interleave(teams, rounds, seconds);
    const memory = await Promise.all(teams.map((team) => team.memory()));
    return entries.map(({ engine, setting, runs }, i): Result => {
      const own = samples[i] ?? [];
      const milliseconds = spread(own.map(({ seconds }) => seconds * 1000));
      return {
        engine: engine.id,
        setting: describeSetting(setting),
        milliseconds,
        processorMilliseconds: spread(own.map(({ processorSeconds }) => processorSeconds * 1000)),
        stepsPerSecond: (runs.length * 1000) / milliseconds.median,
        memory: memory[i] ?? NaN,
      };
    });
  } finally {
    await Promise.all(teams.map((team) => team.close()));
  }
}
