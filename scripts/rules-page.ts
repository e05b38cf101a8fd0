/**
 * Writes docs/rules.md from the catalogue: `npm run docs`.
 *
 * What each rule reaches comes from docs/rules-results.json, which `npm run docs -- --measure` computes anew with
 * studies/every-rule.ts.
 */
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import everyRule from "../studies/every-rule.ts";
import { type Certificate, certify, summaryOf as certificateSummary } from "../src/audit/index.ts";
import { layOut } from "../src/networks/index.ts";
import { layerNames, pairsKnow, waitsFor } from "../src/report/certificate-section.ts";
import { catalogue, type Rule, signals } from "../src/rules/index.ts";
import { planStudy } from "../src/study/run/plan.ts";
import { execute } from "../src/study/run/execute.ts";
import { commitOf, machineProvenance } from "../src/study/run/provenance.ts";
import { ruleOptions } from "../src/study/spec/rule-options.ts";
import { openStore } from "../src/study/store/store.ts";
import { summarise } from "../src/study/summary/summary.ts";
import { formatFraction } from "../src/study/summary/table.ts";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const pagePath = here("../docs/rules.md");
const resultsPath = here("../docs/rules-results.json");

const Results = z.object({
  machine: z.string(),
  commit: z.string(),
  /** Learning rates tried when the results were measured. */
  learningRates: z.string(),
  rules: z.record(
    z.string(),
    z.object({
      error: z.number(),
      low: z.number(),
      high: z.number(),
      seeds: z.number(),
      learningRate: z.number(),
      diverged: z.number(),
    }),
  ),
});
type Results = z.output<typeof Results>;

/** The page as text. */
export async function rulesPage(): Promise<string> {
  const results = Results.parse(JSON.parse(await readFile(resultsPath, "utf8")));
  const families = [...new Set(catalogue.map(({ family }) => family))];
  const page = [
    "# The catalogue of rules",
    "Written by `npm run docs` from the rules themselves; do not edit. Relation: how the update relates to the gradient of the loss, measured by `src/rules/contract/contract.test.ts`. Reads: the signals that reach a synapse, by the graph of the rule's updates with default options. Verdict: whether what it reads is local, in space and in time, at its least local layer (both explained below). Pairs: what must be known to make the second views from which a rule learns; a rule without a label may still know it by its pairs.",
    ...families.flatMap((family) => [
      `## ${capital(family)}`,
      ...catalogue.filter((rule) => rule.family === family).map(section),
    ]),
    "## What each rule needs to know",
    "Computed by `afferent audit` from the graph of each rule's updates, with default options, on a tree CNN of three layers with 8 units at each position and 8 classes. In space: local, where a synapse needs its own input, weight and unit; channel, these and something sent to all from outside; layer, what other synapses, units or samples of the layer do; network, what other layers know. In time: local, the present pass; remembers, running values; waits, for layers above or further passes. Pairs know: the source of the second views. Weights of: layers whose weights another layer needs. From outside: what arrives at a layer besides its input, with its numbers for each sample (the largest of the layers). Samples: average, where each could be seen by itself; dependent, where what one does to the change depends on others. Waits for: what must have happened above a layer before it can change. Passes: forward passes of a step. Kept: numbers that the rule keeps between steps for each weight.",
    needsTable(),
    "## What each rule reaches",
    `Test error on two levels of the random hierarchy model (v = 8, m = 4, s = 2; 320 of 512 strings to train on, 128 to test; tree CNN of width 32; 600 steps of Adam, batch 64), mean and 95 % interval over seeds (t on log odds), default options, learning rate chosen for each rule among ${results.learningRates} on validation strings. Chance is 0.875. Rules that learn from pairs have those of one input by default; a second row has pairs of one class, which carry the label. Diverged counts runs at any of the learning rates. Measured by \`npm run docs -- --measure\` (${results.machine}, commit ${results.commit}).`,
    resultsTable(results),
    "## Signals",
    [
      "| signal | meaning at a synapse |",
      "| --- | --- |",
      ...Object.entries(signals).map(([name, meaning]) => `| \`${name}\` | ${meaning} |`),
    ].join("\n"),
  ].join("\n\n");
  return `${page}\n`;
}

const network = layOut(
  { positions: 8, channels: 8, classes: 8, branching: 2 },
  {
    architecture: "tree-cnn",
    width: 8,
    activation: "relu",
    parametrisation: "standard",
    bias: "none",
    readout: "flatten",
  },
);
const certificates = new Map<string, Certificate>();

function certificateOf(rule: Rule): Certificate {
  const found = certificates.get(rule.id) ?? certify(rule(), network, 8);
  certificates.set(rule.id, found);
  return found;
}

function needsTable(): string {
  const rows = catalogue.map((rule) => {
    const { space, time, pairs, weightTransport, topDown, coupling, locking, phases, perWeight } = certificateSummary(
      certificateOf(rule),
    );
    const numbers = [phases, perWeight].map((value) => String(Number(value.toPrecision(3))));
    return `| \`${rule.id}\` | ${space} | ${time} | ${pairsKnow(pairs)} | ${layerNames(weightTransport)} | ${topDown.join(", ") || "-"} | ${coupling} | ${waitsFor(locking)} | ${numbers.join(" | ")} |`;
  });
  const head =
    "| rule | in space | in time | pairs know | weights of | from outside | samples | waits for | passes | kept |";
  return [head, "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |", ...rows].join("\n");
}

function section(rule: Rule): string {
  const names = rule.aliases.length > 0 ? ` (${rule.aliases.map((alias) => `\`${alias}\``).join(", ")})` : "";
  const certificate = certificateOf(rule);
  const { space, time, pairs } = certificateSummary(certificate);
  const known = pairs.length === 0 ? "" : ` Pairs know ${pairsKnow(pairs)}.`;
  const reads = certificate.signals.map((signal) => `\`${signal}\``).join(", ") || "nothing";
  return [
    `### \`${rule.id}\`${names}`,
    `    ${rule.equation}`,
    ...symbolsOf(rule),
    `Source: ${escaped(rule.source)}. Relation to the gradient: ${rule.relation}. Reads: ${reads}. Verdict: ${spaceWords[space]}, ${timeWords[time]}.${known}`,
    ...(rule.choices === undefined ? [] : [`Choices: ${escaped(rule.choices)}`]),
    optionsTable(rule),
  ].join("\n\n");
}

const spaceWords = {
  local: "local in space",
  channel: "local in space but for a channel from outside",
  layer: "not local in space (its layer)",
  network: "not local in space (other layers)",
} as const;
const timeWords = {
  local: "local in time",
  remembers: "local in time but for what it remembers",
  waits: "not local in time",
} as const;

/** What the symbols are; rules of a family that share them say so once. */
function symbolsOf({ id, symbols }: Rule): string[] {
  if (symbols === undefined) return [];
  const first = catalogue.find((other) => other.symbols === symbols)?.id ?? id;
  return [first === id ? `Symbols: ${escaped(symbols)}` : `Symbols: those of \`${first}\`.`];
}

/** Text that Markdown leaves as it is. */
function escaped(text: string): string {
  return text.replaceAll(/[*_<>]/g, (character) => `\\${character}`);
}

/** A table of options; for a rule with the options of an earlier one, the defaults in which it differs. */
function optionsTable(rule: Rule): string {
  const options = ruleOptions(rule);
  if (options.length === 0) return "No options.";
  const [first = rule] = catalogue.filter((other) => shape(other) === shape(rule));
  if (first.id !== rule.id) {
    const theirs = new Map(ruleOptions(first).map((option) => [option.name, option.default]));
    const differing = options.filter(({ name, default: own }) => own !== theirs.get(name));
    const defaults = differing.map(({ name, default: own }) => `\`${name}\` ${JSON.stringify(own)}`).join(", ");
    return `Options: those of \`${first.id}\`${defaults === "" ? "" : `, with defaults ${defaults}`}.`;
  }
  const rows = options.map(({ name, values, choices, default: fallback, description }) => {
    const listed = choices?.map((choice) => `\`${choice}\``).join(", ") ?? values.replaceAll("|", "or");
    return `| \`${name}\` | ${fallback === undefined ? "" : `\`${JSON.stringify(fallback)}\``} | ${listed} | ${description.replaceAll("|", "\\|")} |`;
  });
  return ["| option | default | values | |", "| --- | --- | --- | --- |", ...rows].join("\n");
}

/** Options without their defaults, to recognise rules that have the same ones. */
function shape(rule: Rule): string {
  return JSON.stringify(ruleOptions(rule).map((option) => ({ ...option, default: undefined })));
}

function resultsTable({ rules }: Results): string {
  const rows = catalogue.flatMap(({ id }) => {
    const own = Object.entries(rules).filter(([rule]) => rule === id || rule.startsWith(`${id} `));
    if (own.length === 0) return [`| \`${id}\` | not measured | | |`];
    return own.map(
      ([rule, { error, low, high, seeds, learningRate, diverged }]) =>
        `| \`${rule}\` | ${formatFraction({ n: seeds, mean: error, interval: { low, high } })} (${seeds}) | ${learningRate} | ${diverged} |`,
    );
  });
  return ["| rule | test error (seeds) | learning rate | diverged |", "| --- | --- | --- | --- |", ...rows].join("\n");
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** Runs the study in the store at AFFERENT_STORE (or .afferent) and keeps what the page needs. */
async function measure(): Promise<void> {
  const store = await openStore(process.env["AFFERENT_STORE"] ?? ".afferent");
  const { runs: planned, models } = planStudy(everyRule);
  await execute({ store, study: everyRule.name, runs: planned, models });
  const rows = await store.rows({ runs: planned.map(({ run }) => run) });
  await store.close();
  const rules = Object.fromEntries(
    summarise(planned, rows).map((cell) => {
      const { id, ...options } = cell.axes["rule"] as { readonly id: string; readonly [option: string]: unknown };
      const name = [id, ...Object.entries(options).map(([option, value]) => `${option}=${String(value)}`)].join(" ");
      const own = cell.candidates.flatMap((candidate) => candidate.repetitions.map(({ row }) => row));
      const { mean, interval, n } = cell.measures.testError;
      const learningRate = Number(cell.chosen["train.learningRate"]);
      const numbers = { error: mean, ...interval, seeds: n, learningRate };
      return [name, { ...numbers, diverged: own.filter((row) => row?.outcome === "diverged").length }];
    }),
  );
  const machine = machineProvenance().machine.replace(/^[^:]*: /, "");
  const learningRates = (everyRule.tune?.over["train.learningRate"] ?? []).map(Number).join(", ");
  const results = { machine, commit: commitOf(), learningRates, rules };
  await writeFile(resultsPath, `${JSON.stringify(results, undefined, 2)}\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv.includes("--measure")) await measure();
  await writeFile(pagePath, await rulesPage());
  console.log(`wrote ${pagePath}`);
}
