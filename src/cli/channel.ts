/** `afferent channel`: how many bits about the gradient a rule's update carries, and at what cost. */
import { writeFile } from "node:fs/promises";
import type { Command } from "commander";
import { measureChannel } from "../audit/channel.ts";
import { float32Bits } from "../audit/channel-information.ts";
import { measureRecurrentChannel } from "../audit/channel-recurrent.ts";
import { type RecurrentMethod, recurrentMethods, recurrentOrder } from "../audit/channel-recurrent-network.ts";
import { summariseRecurrent } from "../audit/channel-recurrent-summary.ts";
import { type ChannelSummary, rateClaim, summariseChannel } from "../audit/channel-summary.ts";
import type { Engine } from "../runtime/index.ts";
import { buildRun, seedOf, taskOf } from "../study/build.ts";
import type { RunSpec } from "../study/spec.ts";
import { stringCount } from "../tasks/index.ts";
import { type ChannelSubject, channelSubjects } from "./channel-plan.ts";
import { claimText, comparisonText, recurrentText, ruleText } from "./channel-text.ts";
import { plural } from "./columns.ts";
import { command, type OptionValues, textOption } from "./command.ts";
import { type ExitCode, reading, UsageError } from "./exit.ts";
import { printJson } from "./json.ts";
import { checkSpec } from "./plan.ts";
import type { Surroundings } from "./surroundings.ts";
import { countFrom, sortWords } from "./words.ts";

export function channelCommand(at: Surroundings, end: (code: ExitCode) => void): Command {
  return command(
    {
      name: "channel",
      words: "RULE... | STUDY [key=value...]",
      summary: "bits about the gradient that a rule's update carries, over the operations it takes",
      details: [
        "At some steps of training, update and true gradient are computed from the same parameters, batch and noise. Their signs\n" +
          "agree with probability p: 1 - H2(p) bits a weight. Their uncentred cosine rho makes -1/2 log2(1 - rho^2) bits a weight, at most D\n" +
          "(24, the significand of float32). Bits are negative where the update runs against the gradient. Operations are those\n" +
          "of one update beyond the forward pass, by the cost model; their order is found by counting at several sizes.",
        "Without a study: train.steps=200 and seed=0..2 where they are left out. rule.x=... goes to the rules that have the option x.",
        "Conventions: the Gaussian rate is a lower bound for a normal gradient and a convention otherwise; bits by theory are counted\n" +
          "for one example, activity perturbation with the presynaptic factor known.",
      ],
      examples: [
        ["channel backprop dfa", "two rules on the default task, layer by layer"],
        ["channel wp np rule.draws=1,10 network.width=16", "perturbation at several numbers of draws"],
        ["channel backprop fa dfa --at 0,50,200,800 train.steps=800 --svg rate.svg", "along training, with a figure"],
        ["channel studies/learning-channel.ts --recurrent 2,4,8", "the shipped study"],
      ],
      json:
        "precision, batch, batches, steps [], seeds, rules [{rule, batch, weights, operationsPerWeight, growth {fixed, perExample}, order {text,\n" +
        "terms, symbols}, bound {bits, bitsOrder, operationsOrder, nominal}, layers [{layer, weights, operationsPerWeight}], steps [{step, all,\n" +
        "layers [], perturbation {expected, measured}}], runs}], claims [{baseline, step, reading, supported, comparisons}], recurrent\n" +
        "{draws, width, orders, rows} or null, svg (path) or null; all and layers hold {signAgreement, cosine, batchCosine, signBits, bits,\n" +
        "rate, signRate}, each {n, mean, standardError, interval {low, high}}",
    },
    at,
    end,
    (words, options) => channel(at, words, options),
  )
    .option("--at <steps>", "steps of training at which to measure; 0, a tenth and all of them when left out")
    .option("--batches <n>", "batches at each of them", "8")
    .option("--precision <bits>", "D, bits of a real number", String(float32Bits))
    .option(
      "--recurrent <lengths>",
      "also a recurrent network unrolled over strings of these lengths, powers of task.s",
    )
    .option("--layers", "with more than four rules too, a table for each with its layers")
    .option("--svg <file>", "draw rate against depth");
}

async function channel(at: Surroundings, given: readonly string[], options: OptionValues): Promise<undefined> {
  const { names, overrides, settings } = sortWords(given);
  const subjects = await reading(() => channelSubjects(names, overrides));
  const first = subjects[0]?.runs[0]?.spec;
  if (first === undefined) throw new UsageError("channel: expected at least one run, got none");
  for (const { runs } of subjects) for (const { spec } of runs.slice(0, 1)) await checkSpec(spec);
  const steps = stepsOf(textOption(options, "at"), first.train.steps);
  const batches = countFrom("--batches", textOption(options, "batches") ?? "8");
  const precision = countFrom("--precision", textOption(options, "precision") ?? String(float32Bits));
  const lengths = lengthsOf(textOption(options, "recurrent"), first);
  const { nodeEngine } = await import("../runtime/node-engine.node.ts");
  const engine = nodeEngine(settings.threads === undefined ? {} : { threads: settings.threads });

  const [summaries, recurrent] = await at.interruptible(async (signal) => {
    const found: ChannelSummary[] = [];
    for (const [i, subject] of subjects.entries()) {
      say(at, `${i + 1} of ${subjects.length}: ${subject.name}`);
      found.push(await measured(subject, { at: steps, batches, precision, signal }, engine));
    }
    say(at, lengths.length > 0 ? "recurrent network" : "");
    return [found, await recurrentOf(lengths, first, subjects, { batches, precision, signal }, engine)] as const;
  });
  say(at, "");
  const ends = [...new Set([steps[0] ?? 0, steps.at(-1) ?? 0])];
  const claims = ends.flatMap((step) =>
    (["bits", "signs"] as const).flatMap((kind) => rateClaim(summaries, "backprop", step, kind) ?? []),
  );
  const worth = summaries.length > 1 ? claims.filter(({ comparisons }) => comparisons.length > 0) : [];
  const svg = textOption(options, "svg");
  if (svg !== undefined) await draw(svg, summaries, ends);

  if (options["json"] === true) {
    const seeds = subjects[0]?.runs.length ?? 0;
    const rules = summaries.map(({ precision: _precision, ...own }) => own);
    const shared = { precision, batch: first.train.batch, batches, steps, seeds };
    printJson(at, { ...shared, rules, claims: worth, recurrent: recurrent ?? null, svg: svg ?? null });
    return undefined;
  }
  const parts = [headText(first, subjects, { batches, precision })];
  if (summaries.length <= 4 || options["layers"] === true) parts.push(...summaries.map(ruleText));
  if (summaries.length > 1) parts.push(...ends.map((step) => comparisonText(summaries, step)));
  parts.push(...worth.map(claimText));
  if (recurrent !== undefined) parts.push(recurrentText(recurrent.rows, recurrent.orders, recurrent.draws));
  at.stdout.write(parts.join("\n"));
  if (svg !== undefined) at.stderr.write(`figure written to ${svg}\n`);
  return undefined;
}

/** A line that a person sees while it is so, and nobody afterwards. */
function say({ stderr }: Surroundings, text: string): void {
  if (stderr.isTTY) stderr.write(`\r\u001b[K${text}`);
}

async function measured(
  { name, runs }: ChannelSubject,
  options: Parameters<typeof measureChannel>[1],
  engine: Engine,
): Promise<ChannelSummary> {
  const built = await reading(() => runs.map(({ spec }) => buildRun(spec)));
  const [first] = built;
  if (first === undefined) throw new Error("internal: a rule without runs");
  const { model, schedule, form, task } = first;
  const group = { model, schedule, form, replicas: built.map(({ replica }) => replica) };
  return summariseChannel(
    name,
    model,
    task.positions,
    runs.length,
    await measureChannel(group, options, engine),
    options.precision,
  );
}

/** k of the recurrent case. */
const recurrentDraws = 10;
/** Plain descent: the units saturate far above this. */
const recurrentRate = 0.2;

async function recurrentOf(
  lengths: readonly number[],
  spec: RunSpec,
  subjects: readonly ChannelSubject[],
  {
    batches,
    precision,
    signal,
  }: { readonly batches: number; readonly precision: number; readonly signal: AbortSignal },
  engine: Engine,
) {
  if (lengths.length === 0) return undefined;
  const { width } = spec.network;
  const seeds = [...new Set((subjects[0]?.runs ?? []).map((run) => seedOf(run.spec, "task")))];
  const measuredLengths = [];
  for (const length of lengths) {
    const depth = Math.round(Math.log(length) / Math.log(spec.task.s));
    const tasks = seeds.map((seed) => ({
      seed,
      task: taskOf({ ...spec, seed, seeds: {}, task: { ...spec.task, depth } }),
    }));
    const samples = await measureRecurrentChannel(
      tasks,
      {
        width,
        draws: recurrentDraws,
        batch: spec.train.batch,
        batches,
        examples: Math.min(spec.data.train, Number(stringCount({ ...spec.task, depth }))),
        at: [0, spec.train.steps],
        learningRate: recurrentRate,
        precision,
        signal,
      },
      engine,
    );
    measuredLengths.push({ length, samples });
  }
  const orders = Object.fromEntries(recurrentMethods.map((method) => [method, recurrentOrder(method)?.text ?? "-"]));
  const rows = summariseRecurrent(measuredLengths, { width, draws: recurrentDraws, precision });
  return { draws: recurrentDraws, width, orders: orders as Record<RecurrentMethod, string>, rows };
}

function stepsOf(text: string | undefined, last: number): number[] {
  if (text === undefined) return [...new Set([0, Math.round(last / 10), last])];
  const steps = text.split(",").map((word) => (word === "0" ? 0 : countFrom("--at", word)));
  const wrong = steps.find((step, i) => step > last || step <= (steps[i - 1] ?? -1));
  if (wrong === undefined) return steps;
  throw new UsageError(
    `--at: expected increasing steps up to train.steps=${last}, got ${text}; raise train.steps or leave out ${wrong}`,
  );
}

function lengthsOf(text: string | undefined, { task: { s } }: RunSpec): number[] {
  if (text === undefined) return [];
  return text.split(",").map((word) => {
    const length = countFrom("--recurrent", word);
    const depth = Math.round(Math.log(length) / Math.log(s));
    if (depth >= 1 && s ** depth === length) return length;
    throw new UsageError(`--recurrent: expected powers of task.s=${s}, lengths of strings, got ${word}`);
  });
}

async function draw(file: string, summaries: readonly ChannelSummary[], steps: readonly number[]): Promise<void> {
  const [{ channelFigure }, { figureDocument }, { standaloneSvg }] = await Promise.all([
    import("../report/channel-figure.ts"),
    import("../report/figure.node.ts"),
    import("../report/figure.ts"),
  ]);
  const points = summaries.flatMap(({ rule, layers, steps: own }) =>
    own
      .filter(({ step }) => steps.includes(step))
      .flatMap(({ step, layers: each }) =>
        each.map(({ rate }, i) => ({
          rule,
          step,
          layer: layers[i]?.layer ?? i + 1,
          mean: rate.mean,
          low: rate.interval.low,
          high: rate.interval.high,
        })),
      ),
  );
  const figure = channelFigure(points, { baseline: "backprop", document: figureDocument() });
  if ("missing" in figure) throw new Error(`--svg: expected a rate to draw, got none: ${figure.missing}`);
  await writeFile(file, standaloneSvg(figure));
}

function headText(
  { task, network, train }: RunSpec,
  subjects: readonly ChannelSubject[],
  { batches, precision }: { readonly batches: number; readonly precision: number },
): string {
  const { v, m, s, depth, classes } = task;
  const seeds = subjects[0]?.runs.length ?? 0;
  return [
    `random hierarchy model v=${v} m=${m} s=${s} depth=${depth} classes=${classes}; ${network.architecture}, width ${network.width}; ` +
      `batch ${train.batch}, ${plural(seeds, "seed")}, ${plural(batches, "batch").replace("batchs", "batches")} a step of measurement\n`,
    `bits a weight and update about the gradient, at most D = ${precision}; rate = bits / operations; ± half of the 95 % interval over seeds\n`,
  ].join("");
}
