/** `afferent discover`: searches the space of polynomial rules for those that do something. */
import { writeFile } from "node:fs/promises";
import type { Command } from "commander";
import { type NetworkResults, networkStudy, tryInNetworks } from "../../study/discovery/networks.ts";
import {
  candidateDegree,
  networkCandidates,
  polynomialOf,
  sparsity,
  type Survivor,
} from "../../theory/discovery/index.ts";
import { polynomialText } from "../../theory/index.ts";
import { duration, plural } from "../columns.ts";
import { command, type OptionValues } from "../command.ts";
import { type DiscoverOptions, discoverCriteria, discoverOptions } from "./options.ts";
import { search } from "./search.ts";
import { discoveryJson, discoveryText } from "./text.ts";
import { type ExitCode, exitCodes, reading, UsageError } from "../exit.ts";
import { printJson } from "../json.ts";
import { forceOption, refuseReplacing } from "../overwrite.ts";
import { ProgressDisplay } from "../progress.ts";
import { commandName, Interruption, shellWords, type Surroundings } from "../surroundings.ts";
import { sortWords, type Words } from "../words.ts";

export function discoverCommand(at: Surroundings, end: (code: ExitCode) => void): Command {
  return command(
    {
      name: "discover",
      words: "[key=value...]",
      summary:
        "search the space of polynomial rules: which of them learn, how rare they are, what they do in a network",
      details: [
        "Every sum of at most --max-terms products of T, O, I and w up to --degree, with --coefficients, is tried on one unit, up to the\n" +
          "learning rate and the unit's sign convention. T is in the space when a criterion has a target.\n" +
          "Criteria: stability, principal-component, supervised (linear regression), boolean (functions of a threshold unit), rhm.\n" +
          "What passes is tried once more on held-out tasks, which decide neither choice nor order.",
        "rhm: stable survivors that pass something else are put at every hidden layer of a network, described by key=value words (lists\n" +
          "for seed and train.learningRate only; rule.activity and rule.channel go to the rules). The runs are two studies of the store;\n" +
          "the same command computes only what is missing. Accuracy is compared with frozen hidden layers.",
      ],
      examples: [
        ["discover --degree 3 --criteria stability,principal-component", "finds Oja's rule"],
        ["discover --degree 2 --criteria supervised,boolean --all", "finds the delta rule"],
        ["discover --degree 3 --invariant rotation,output", "rules with symmetries only, tried in a small network too"],
        [
          "discover task.depth=2 task.m=4 seed=0..4 --budget 10m --out found.json",
          "networks of one's own, within ten minutes",
        ],
        [
          "discover --degree 5 --criteria principal-component --evolve --evaluations 30000",
          "a space too large to go through",
        ],
      ],
      json:
        "space {degree, supervised, maxTerms, coefficients, invariant, products, size}, method, seed, seeds, scored, complete, untried,\n" +
        "criteria {name: {target, threshold, question, score}}, sparsity [{degree, invariant, rules, passed {name: {applicable,\n" +
        "search, heldOut}}}], survivors [{rule, known, degree, terms, scores {name: {mean, standardError, n, passed}}, heldOut}],\n" +
        "networks {study, heldOutStudy, rules [{rule, rate, search {accuracy, gain, passed, outcomes}, heldOut}]} or null",
    },
    at,
    end,
    (words, options) => discover(at, words, options),
  )
    .option("--degree <n>", "largest total degree of a product", "3")
    .option("--max-terms <n>", "most terms of a rule", "3")
    .option("--coefficients <list>", "values of a coefficient", "-1,0,1")
    .option("--invariant <list>", "symmetries every rule must have: isometry, rotation, output")
    .option("--criteria <list>", "what is asked of a rule", discoverCriteria.join(","))
    .option("--budget <time>", "time for all of it: 30s, 10m, 2h", "10m")
    .option("--evolve", "search by evolution instead of trying every rule")
    .option("--evaluations <n>", "rules an evolution scores (20000)")
    .option("--network-rules <n>", "rules tried in networks", "6")
    .option("--seed <n>", "seed of the search", "0")
    .option("--seeds <n>", "draws of data and starting weights for each rule", "4")
    .option("--out <file>", "write the document of --json to a file as well")
    .option(...forceOption)
    .option("--all", "list every rule that passes");
}

async function discover(
  at: Surroundings,
  given: readonly string[],
  values: OptionValues,
): Promise<ExitCode | undefined> {
  const words = sortWords(given);
  const [name] = words.names;
  if (name !== undefined)
    throw new UsageError(`discover: expected key=value words, got "${name}"; a study file is for afferent run`);
  const options = await reading(() => discoverOptions(values, words.overrides));
  if (options.networks !== undefined) await checkNetwork(options.networks);
  if (options.out !== undefined) await refuseReplacing("--out", [options.out], values);
  const started = performance.now();
  const deadline = started + options.budget;
  const searched = await at.interruptible((signal) => search(at, options, { deadline, signal }));
  const { found, survivors, complete, untried } = searched;
  const rows = sparsity(found, survivors, options.criteria);
  const seconds = (performance.now() - started) / 1000;
  at.stderr.write(
    `discover: ${plural(found.length, "rule")} scored in ${duration(seconds)}, ${survivors.length + untried} passed something${complete && untried === 0 ? "" : "; the budget ended there"}\n`,
  );
  const networks = await tryRules(at, survivors, options, { words, deadline, typed: typedLine(at, given, values) });
  const discovery = { options, scored: found.length, complete, untried, rows, survivors, networks: networks.results };
  const document = discoveryJson(discovery);
  if (options.out !== undefined) await writeFile(options.out, `${JSON.stringify(document, undefined, 2)}\n`);
  if (values["json"] === true) printJson(at, document);
  else
    at.stdout.write(`${discoveryText(discovery)}${options.out === undefined ? "" : `\nwritten to ${options.out}\n`}`);
  return networks.ended ? exitCodes.failure : undefined;
}

/** Whether the network can be built and its task has enough strings: said before the search, not after. */
function checkNetwork({ base, seeds, rates, ruleOptions }: NonNullable<DiscoverOptions["networks"]>): Promise<void> {
  return reading(async () => {
    const [{ expand }, { planRuns }] = await Promise.all([
      import("../../study/spec/expand.ts"),
      import("../../study/run/plan.ts"),
    ]);
    const study = networkStudy({ rules: ["O*I", "T*I"], base, seeds, rates, ruleOptions });
    planRuns(expand(study).slice(0, 1));
  });
}

interface NetworkPlan {
  readonly words: Words;
  readonly deadline: number;
  readonly typed: string;
}

/** The survivors in networks, until the budget ends. */
async function tryRules(
  at: Surroundings,
  survivors: readonly Survivor[],
  { networks, criteria }: DiscoverOptions,
  { words, deadline, typed }: NetworkPlan,
): Promise<{ readonly results: NetworkResults | undefined; readonly ended: boolean }> {
  if (networks === undefined) return { results: undefined, ended: false };
  const { count, ...trials } = networks;
  const chosen = networkCandidates(survivors, criteria, count).filter(({ rule }) => candidateDegree(rule) > 0);
  if (chosen.length === 0) {
    at.stderr.write("discover: no rule survived that could be tried in a network\n");
    return { results: undefined, ended: false };
  }
  const study = networkStudy({ ...trials, rules: chosen.map(({ rule }) => polynomialText(polynomialOf(rule))) });
  const { withStore } = await import("../stored.ts");
  return withStore(at, words.settings, "write", async (store) => {
    at.stderr.write(
      `discover: ${plural(chosen.length, "rule")} in networks; study ${study.name}, store ${store.folder}\n`,
    );
    const display = new ProgressDisplay(at.stderr);
    const { workers, threads } = words.settings;
    const left = AbortSignal.timeout(Math.max(1, Math.round(deadline - performance.now())));
    try {
      const results = await at.interruptible((signal) =>
        tryInNetworks(study, {
          store,
          ...(workers === undefined ? {} : { workers }),
          ...(threads === undefined ? {} : { threads }),
          signal: AbortSignal.any([signal, left]),
          onProgress: (progress) => display.update(progress),
          command: typed,
          startedAt: new Date().toISOString(),
        }),
      );
      display.end();
      at.stderr.write(`${plural(results.computed, "run")} computed, ${results.reused} taken from the store\n`);
      return { results, ended: false };
    } catch (error) {
      if (error instanceof Interruption || !left.aborted) throw error;
      display.end();
      at.stderr.write(
        `afferent: discover: the budget ended while networks were trained; what is finished is stored: for the rest, type the same with a larger --budget\n`,
      );
      return { results: undefined, ended: true };
    } finally {
      display.end();
    }
  });
}

/** The command as it was typed, for manifests. */
function typedLine(at: Surroundings, given: readonly string[], values: OptionValues): string {
  const flags = Object.entries(values).flatMap(([name, value]) => {
    const flag = `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    if (value === undefined || value === false || name === "json") return [];
    return value === true ? [flag] : [flag, String(value)];
  });
  return `${commandName(at)} discover ${shellWords([...given, ...flags])}`;
}
