/** `afferent audit`: what information must reach each synapse, read off the graphs of rules. */
import { writeFile } from "node:fs/promises";
import type { Command } from "commander";
import { claimGap, summaryOf } from "../../audit/index.ts";
import { informationPathsSvg } from "../../report/information-paths.ts";
import { catalogue } from "../../rules/index.ts";
import { PlannedModel } from "../../study/run/planned-model.ts";
import { refuseLongAudit } from "../../study/run/sizes.ts";
import type { AuditOutput } from "./schema.ts";
import { auditTable, layerText } from "./text.ts";
import { pathsOf, type Question, questionOf, whyJson, whyText } from "./why.ts";
import { command, type OptionValues, textOption } from "../command.ts";
import { type ExitCode, reading, UsageError } from "../exit.ts";
import { printJson } from "../json.ts";
import { forceOption, writeNew } from "../overwrite.ts";
import { oneRun } from "../plan.ts";
import type { Surroundings } from "../surroundings.ts";
import { sortWords } from "../words.ts";

/** What is read does not depend on the width, and a narrow network is certified at once. */
const narrow = "network.width=16";

export function auditCommand(at: Surroundings, end: (code: ExitCode) => void): Command {
  return command(
    {
      name: "audit",
      words: "RULE... [key=value...]",
      summary:
        "what information must reach each synapse: a verdict, signals, scopes, pairs, weight transport, locking, memory",
      details: [
        "Computed from the graph of each rule's updates, whatever the rule claims. The network is that of a run with\n" +
          "network.width=16 unless a word says otherwise; rule.x=... sets an option of a single rule. --why follows a line of the\n" +
          "certificate from what changes in a layer to what is read there, node by node, with where each was written.",
        "The JSON is described by dist/audit.schema.json of the package (afferent/audit.schema.json).",
      ],
      examples: [
        ["audit backprop dfa info-nce", "three rules in a table"],
        ["audit ghl --svg ghl.svg", "one rule layer by layer, with a drawing of the paths of information"],
        ["audit rule=./my-rule.ts network.depth=2", "a rule of one's own"],
        ["audit backprop --why otherWeight --layer 1", "by which path it comes to read other layers' weights"],
        ["audit --all --json", "the whole catalogue for a program"],
      ],
      json:
        "network {architecture, widths, activation, classes}, rules [{rule, options, task, batch, positions [of each layer], dtype,\n" +
        "digest (of the step's graph), claimed, signals, phases, perSample, forgets [{layer, of, rate}], constants {shapes, numbers, fractions}, unclaimed, unread, undeclared, summary\n" +
        "{space, time, pairs, weightTransport, coupling, locking, phases, perSample, perWeight, topDown}, layers [{layer, signals, scopes {pre,\n" +
        'post, weight} (synapse, unit, layer; left out where none is read), weightTransport [layer or "readout"], throughHead\n' +
        "[name], errorNetwork [layer], label (direct, error, broadcast, pairs), pairs [{kind, source (none, generator, label), level}], topDown [{kind (error, broadcast,\n" +
        "label, message, weights, input, noise), from, dimension, count}], coupling (none, average, dependent), lateral {units (none, ordered,\n" +
        "all), positions}, sharing, locking {forward, update, backward}, phases, memory {perSample, held, weights, kept, remembered,\n" +
        "perWeight}, verdict {space (local, channel, layer, network), time (local, remembers, waits), text}}]}], svg (path) or null; layer 0\n" +
        "is the network's input. With --why: rule, signal, layer or null, paths [{layer, reads, nodes [{primitive, attributes, shape, words [text],\n" +
        "place (file:line:column) or null}]}]",
    },
    at,
    end,
    (words, options) => audit(at, words, options),
  )
    .option("--all", "every rule of the catalogue")
    .option("--svg <file>", "draw the paths of information of one rule")
    .option(...forceOption)
    .option("--why <signal>", "paths from what changes to what one rule reads of a signal")
    .option("--layer <number>", "with --why: of one layer");
}

async function audit(at: Surroundings, words: readonly string[], options: OptionValues): Promise<undefined> {
  const { names, overrides, settings } = sortWords(words);
  const named = overrides.filter((word) => word.startsWith("rule=")).flatMap((word) => word.slice(5).split(","));
  const others = overrides.filter((word) => !word.startsWith("rule="));
  const rules = options["all"] === true ? catalogue.map(({ id }) => id) : [...names, ...named];
  if (rules.length === 0) {
    throw new UsageError("audit: expected the name of a rule, or --all, got none; afferent rules lists them");
  }
  const file = textOption(options, "svg");
  if (file !== undefined && rules.length > 1) {
    throw new UsageError(`--svg: expected one rule to draw, got ${rules.length}; name one`);
  }
  const question = questionOf(options);
  if (question !== undefined && (rules.length > 1 || file !== undefined)) {
    throw new UsageError(
      `--why: expected one rule and no --svg, got ${rules.length > 1 ? `${rules.length} rules` : "--svg"}`,
    );
  }
  const size = others.some((word) => word.startsWith("network.width=")) ? [] : [narrow];
  const audited: PlannedModel[] = [];
  for (const rule of rules) {
    const { spec } = await oneRun({ names: [], overrides: [...size, ...others, `rule=${rule}`], settings });
    const planned = new PlannedModel(spec);
    await reading(() => refuseLongAudit(spec));
    // Certified here, where what a rule refuses is an error of what was asked for.
    await reading(() => planned.certificate);
    audited.push(planned);
  }
  const [first] = audited;
  if (first === undefined) return undefined;
  if (question !== undefined) return explain(at, first, question, options);
  if (file !== undefined)
    await writeNew("--svg", file, options, (path) => writeFile(path, informationPathsSvg(first.certificate)));
  if (options["json"] === true) {
    printJson(at, {
      network: networkJson(first),
      rules: audited.map(entryOf),
      svg: file ?? null,
    } satisfies AuditOutput);
    return undefined;
  }
  at.stdout.write(
    `${headingOf(first)}\n\n${auditTable(
      audited.map(({ certificate }) => certificate),
      at.stdout.columns,
    )}`,
  );
  if (audited.length === 1) at.stdout.write(`\n${layerText(first.certificate, at.stdout.columns)}`);
  for (const { certificate, model } of audited) {
    const { unclaimed, unread } = claimGap(certificate, model.network);
    if (unclaimed.length > 0) at.stdout.write(`\n${certificate.rule} does not claim ${unclaimed.join(", ")}\n`);
    if (unread.length > 0) at.stdout.write(`\n${certificate.rule} claims ${unread.join(", ")}, and never reads it\n`);
  }
  if (file !== undefined) at.stdout.write(`\ndrawn in ${file}\n`);
  return undefined;
}

async function explain(
  at: Surroundings,
  planned: PlannedModel,
  question: Question,
  options: OptionValues,
): Promise<undefined> {
  const { rule } = planned.certificate;
  const paths = await pathsOf(planned, question);
  if (options["json"] === true) printJson(at, whyJson(rule, question, paths));
  else at.stdout.write(whyText(rule, question, paths));
  return undefined;
}

function entryOf({ certificate, model, spec, digest, undeclared }: PlannedModel): AuditOutput["rules"][number] {
  const { layers, rule, ...whole } = certificate;
  const { network } = model;
  return {
    rule,
    options: model.rule.options as Record<string, unknown>,
    task: spec.task,
    batch: model.batch,
    positions: network.layers.map(({ positions }) => positions),
    dtype: "float32",
    digest,
    ...whole,
    ...claimGap(certificate, network),
    undeclared,
    summary: summaryOf(certificate),
    layers,
  };
}

function networkJson({ model: { network } }: PlannedModel): AuditOutput["network"] {
  const { architecture, layers, readout } = network;
  const [first] = layers;
  return {
    architecture,
    widths: layers.map(({ outFeatures }) => outFeatures),
    activation: first?.activation ?? null,
    classes: readout.classes,
  };
}

function headingOf({ model: { network }, spec, length }: PlannedModel): string {
  const { architecture, layers, readout } = network;
  const widths = layers.map(({ outFeatures }) => outFeatures).join(", ");
  return `${architecture} of ${spec.network.activation} units, widths ${widths}, ${readout.classes} classes, inputs of ${length} ${network.input.values === "symbols" ? "symbols" : "real numbers"}`;
}
