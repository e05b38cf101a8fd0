/** `afferent channel`: how many bits about the gradient a rule's update carries, and at what cost. */
import { writeFile } from "node:fs/promises";
import type { Command } from "commander";
import type { ChannelSummary } from "../../audit/index.ts";
import { float32Bits } from "../../audit/channel/information.ts";
import { measureChannels } from "../../study/channel/measure.ts";
import { type ChannelSubject, channelSubjects } from "../../study/channel/subjects.ts";
import type { RunSpec } from "../../study/spec/spec.ts";
import { plural } from "../columns.ts";
import { command, type OptionValues, textOption } from "../command.ts";
import { type ExitCode, reading, UsageError } from "../exit.ts";
import { printJson } from "../json.ts";
import { forceOption, refuseReplacing } from "../overwrite.ts";
import { checkedRuns, sayUndeclared, undeclaredOption } from "../plan.ts";
import { taskText } from "../../study/run/task-words.ts";
import type { Surroundings } from "../surroundings.ts";
import { countFrom, sortWords } from "../words.ts";
import { channelRuns } from "./subjects.ts";
import { claimText, comparisonText, ruleText } from "./text.ts";

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
        ["channel studies/learning-channel.ts", "the shipped study"],
      ],
      json:
        "precision, batch, batches, steps [], seeds, rules [{rule, batch, weights, operationsPerWeight, growth {fixed, perExample}, order {text,\n" +
        "terms, symbols}, bound {bits, bitsOrder, operationsOrder, nominal}, layers [{layer, weights, operationsPerWeight, judged,\n" +
        "judgedBits}], steps [{step, all, layers [], perturbation {expected, measured}}], runs}], claims [{baseline, step, reading, supported, comparisons}],\n" +
        "svg (path) or null; all and layers hold {signAgreement, cosine, batchCosine, signBits, bits, rate, signRate}, each {n, mean,\n" +
        "standardError, interval {low, high}}",
    },
    at,
    end,
    (words, options) => channel(at, words, options),
  )
    .option("--at <steps>", "steps of training at which to measure; 0, a tenth and all of them when left out")
    .option("--batches <n>", "batches at each of them", "8")
    .option("--precision <bits>", "D, bits of a real number", String(float32Bits))
    .option("--layers", "with more than four rules too, a table for each with its layers")
    .option("--svg <file>", "draw rate against depth")
    .option(...forceOption)
    .option(...undeclaredOption);
}

async function channel(at: Surroundings, given: readonly string[], options: OptionValues): Promise<undefined> {
  const { names, overrides, settings } = sortWords(given);
  const plan = await checkedRuns(await reading(() => channelRuns(names, overrides)));
  const subjects = channelSubjects(plan.runs);
  const first = plan.runs[0]?.spec;
  if (first === undefined) throw new UsageError("channel: expected at least one run, got none");
  const steps = stepsOf(textOption(options, "at"), first.train.steps);
  const batches = countFrom("--batches", textOption(options, "batches") ?? "8");
  const precision = countFrom("--precision", textOption(options, "precision") ?? String(float32Bits));
  await reading(() => sayUndeclared(at, plan, options));
  const svg = textOption(options, "svg");
  if (svg !== undefined) await refuseReplacing("--svg", [svg], options);
  const { nodeEngine } = await import("../../runtime/node-engine.node.ts");
  const engine = nodeEngine(settings.threads === undefined ? {} : { threads: settings.threads });
  const { summaries, claims, ends } = await at.interruptible((signal) =>
    measureChannels(subjects, plan.models, { at: steps, batches, precision, signal }, engine, ({ name }, i) =>
      say(at, `${i + 1} of ${subjects.length}: ${name}`),
    ),
  );
  say(at, "");
  if (svg !== undefined) await draw(svg, summaries, ends);

  if (options["json"] === true) {
    const seeds = subjects[0]?.runs.length ?? 0;
    const rules = summaries.map(({ precision: _precision, ...own }) => own);
    const shared = { precision, batch: first.train.batch, batches, steps, seeds };
    printJson(at, { ...shared, rules, claims, svg: svg ?? null });
    return undefined;
  }
  const parts = [headText(first, subjects, { batches, precision })];
  if (summaries.length <= 4 || options["layers"] === true) parts.push(...summaries.map(ruleText));
  if (summaries.length > 1) parts.push(...ends.map((step) => comparisonText(summaries, step)));
  parts.push(...claims.map(claimText));
  at.stdout.write(parts.join("\n"));
  if (svg !== undefined) at.stderr.write(`figure written to ${svg}\n`);
  return undefined;
}

/** A line that a person sees while it is so, and nobody afterwards. */
function say({ stderr }: Surroundings, text: string): void {
  if (stderr.isTTY) stderr.write(`\r\u001b[K${text}`);
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

async function draw(file: string, summaries: readonly ChannelSummary[], steps: readonly number[]): Promise<void> {
  const [{ channelFigure }, { figureDocument }, { standaloneSvg }] = await Promise.all([
    import("../../report/channel-figure.ts"),
    import("../../report/figure.node.ts"),
    import("../../report/figure.ts"),
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
  const seeds = subjects[0]?.runs.length ?? 0;
  return [
    `${taskText(task)}; ${network.architecture}, width ${network.width}; ` +
      `batch ${train.batch}, ${plural(seeds, "seed")}, ${plural(batches, "batch").replace("batchs", "batches")} a step of measurement\n`,
    `bits a weight and update about the gradient, at most D = ${precision}; rate = bits / operations; ± half of the 95 % interval over seeds\n`,
  ].join("");
}
