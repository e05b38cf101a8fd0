/**
 * Rules found by a search, tried inside a network: each at every hidden layer, as two ordinary studies of the store.
 *
 * The first study draws hierarchies for the search and tunes the learning rate of the hidden layers on validation strings, with the same
 * values for every rule. The second has other hierarchies, with the rate each rule was given in the first: nothing was chosen on it.
 * Both hold two controls, frozen hidden layers and backprop.
 */
import { createHash } from "node:crypto";
import { estimateFraction } from "../../measures/fractions.ts";
import type { Estimate } from "../../measures/statistics.ts";
import { parsePolynomial, propertiesOf } from "../../theory/index.ts";
import { execute, type ExecutionOptions, type ExecutionSummary } from "../run/execute.ts";
import { type Plan, planStudy } from "../run/plan.ts";
import { expand } from "../spec/expand.ts";
import { type BaseSpec, baseWith } from "../spec/overrides.ts";
import type { AxisValue } from "../spec/keys.ts";
import { writeManifest } from "../store/manifest.ts";
import { removeStale } from "../store/journal.ts";
import { type Cell, type Difference, differences, summarise, valueOf } from "../summary/summary.ts";
import { defineStudy, type SettingsInput, type Study } from "../spec/study.ts";

/** The networks rules are tried in. */
export interface NetworkTrials {
  /** Polynomials as canonical text. */
  readonly rules: readonly string[];
  /** Options of every polynomial rule; `channel` goes to those that read a target. */
  readonly ruleOptions: Readonly<Record<string, AxisValue>>;
  readonly base: BaseSpec;
  /** Learning rates of the hidden layers. */
  readonly rates: readonly number[];
  /** Seeds of everything drawn, the hierarchy included. */
  readonly seeds: readonly number[];
}

/** A small network that a search can afford, where nothing else is said. */
export const defaultNetwork: BaseSpec = {
  task: { v: 8, m: 4, depth: 2 },
  data: { train: 256, validation: 64, test: 128 },
  network: { width: 16 },
  train: { steps: 400, batch: 32, optimiser: "sgd", momentum: 0, readoutLearningRate: 0.1 },
};
/** Learning rates of the hidden layers, and seeds, where nothing else is said. */
export const defaultRates = [0.003, 0.03, 0.3] as const;
export const defaultNetworkSeeds = [0, 1, 2] as const;

/** Seeds of the held-out hierarchies are those of the search plus this. */
const heldOutShift = 1000;

/** The study of the search. Throws as `defineStudy`. */
export function networkStudy({ rules, ruleOptions, base, rates, seeds }: NetworkTrials): Study {
  const { channel = "random", ...shared } = ruleOptions;
  const ruleOf = (text: string): { readonly id: string; readonly [option: string]: AxisValue } => ({
    id: text,
    ...shared,
    ...(propertiesOf(parsePolynomial(text)).supervised ? { channel } : {}),
  });
  const study = defineStudy({
    name: "discover",
    question: "Which of the rules found by the search learn the hierarchy at every hidden layer?",
    base,
    grid: { rule: ["frozen", "backprop", ...rules.map(ruleOf)], seed: [...seeds] },
    tune: { over: { "train.learningRate": [...rates] } },
    baseline: "frozen",
    controls: { frozen: "what the read-out makes of random features", backprop: "what the network can learn" },
  });
  const digest = createHash("sha256").update(
    expand(study)
      .map(({ run }) => run)
      .join(" "),
  );
  return { ...study, name: `discover-${digest.digest("hex").slice(0, 6)}` };
}

/** The study of the held-out hierarchies, each rule at the learning rate chosen in the search. */
export function heldOutStudy({ name, base, grid, controls = {} }: Study, cells: readonly Cell[]): Study {
  const perRule = Object.fromEntries(cells.map((cell) => [cell.ruleName, cell.chosen as SettingsInput]));
  return defineStudy({
    name: `${name}-held-out`,
    question: "Do they learn hierarchies on which nothing was chosen?",
    base,
    grid: { ...grid, seed: (grid["seed"] ?? []).map((seed) => Number(seed) + heldOutShift) },
    perRule,
    baseline: "frozen",
    controls,
  });
}

/** How a rule did in the networks of one study. */
export interface NetworkScore {
  /** Test accuracy over the seeds. */
  readonly accuracy: Estimate;
  /** Accuracy minus that of frozen hidden layers, paired by seed; undefined for the frozen ones themselves. */
  readonly gain: { readonly mean: number; readonly low: number; readonly high: number } | undefined;
  /** Whether the 95 % interval of the gain lies above 0. */
  readonly passed: boolean;
  readonly outcomes: Cell["outcomes"];
}

/** How a rule did in both studies. */
export interface NetworkResult {
  readonly rule: string;
  /** Learning rate of the hidden layers chosen on validation strings. */
  readonly rate: number | undefined;
  readonly search: NetworkScore;
  readonly heldOut: NetworkScore | undefined;
}

/** What came of it. */
export interface NetworkResults {
  readonly study: string;
  readonly heldOutStudy: string;
  readonly results: readonly NetworkResult[];
  readonly computed: number;
  readonly reused: number;
}

/** Where and how the studies are run. */
export interface NetworkRunOptions extends Pick<
  ExecutionOptions,
  "store" | "workers" | "threads" | "signal" | "onProgress"
> {
  /** The command line that computes them again, for their manifests. */
  readonly command: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
}

/**
 * Runs both studies and reads their results. What the store has is not computed again. Throws as `execute`, and an error with the message
 * of a run when one fails.
 */
export async function tryInNetworks(study: Study, options: NetworkRunOptions): Promise<NetworkResults> {
  const search = await runStudy(study, options);
  const heldOut = heldOutStudy(study, search.cells);
  const again = await runStudy(heldOut, options);
  const scores = new Map(again.cells.map((cell) => [cell.ruleName, scoreOf(cell, again.against)]));
  return {
    study: study.name,
    heldOutStudy: heldOut.name,
    results: search.cells.map((cell) => ({
      rule: cell.ruleName,
      rate: typeof cell.chosen["train.learningRate"] === "number" ? cell.chosen["train.learningRate"] : undefined,
      search: scoreOf(cell, search.against),
      heldOut: scores.get(cell.ruleName),
    })),
    computed: search.summary.computed + again.summary.computed,
    reused: search.summary.reused + again.summary.reused,
  };
}

interface StudyResult {
  readonly cells: readonly Cell[];
  readonly against: readonly Difference[];
  readonly summary: ExecutionSummary;
  readonly plan: Plan;
}

async function runStudy(study: Study, { command, startedAt, ...execution }: NetworkRunOptions): Promise<StudyResult> {
  const { store } = execution;
  const plan = planStudy(study);
  const { runs: planned, models } = plan;
  const axes = JSON.parse(JSON.stringify({ ...study.grid, ...study.tune?.over })) as Record<string, never[]>;
  const runs = planned.map(({ run }) => run);
  await writeManifest(store.folder, {
    name: study.name,
    question: study.question,
    command,
    runs,
    axes,
    startedAt,
    study,
  });
  await removeStale(store.folder);
  const summary = await execute({ ...execution, study: study.name, runs: planned, models });
  const rows = await store.rows({ runs });
  const failed = rows.find(({ outcome }) => outcome === "failed");
  if (failed !== undefined) throw new Error(`discover: run ${failed.run} (${failed.spec.rule.id}): ${failed.message}`);
  const cells = summarise(planned, rows, study.tune?.by);
  return { cells, against: differences(cells, "frozen"), summary, plan };
}

function scoreOf(cell: Cell, against: readonly Difference[]): NetworkScore {
  const accuracies = cell.repetitions.map((repetition) => 1 - valueOf(repetition, "testError"));
  const strings = cell.repetitions.reduce(
    (sum, { row }) => sum + (row?.outcome === "finished" || row?.outcome === "stopped" ? row.spec.data.test : 0),
    0,
  );
  const difference = against.find((other) => other.cell === cell);
  const gain =
    difference === undefined
      ? undefined
      : { mean: -difference.mean, low: -difference.interval.high, high: -difference.interval.low };
  return {
    accuracy: estimateFraction(
      accuracies.filter((value) => !Number.isNaN(value)),
      strings,
    ),
    gain,
    passed: gain !== undefined && gain.low > 0,
    outcomes: cell.outcomes,
  };
}

/** The default network with settings on top. */
export function networkBase(settings: Readonly<Record<string, AxisValue>>): BaseSpec {
  return baseWith(defaultNetwork, settings);
}
