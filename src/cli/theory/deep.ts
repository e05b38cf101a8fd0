/** `afferent theory deep`: what small networks learn with and without a channel that carries the target to the hidden units. */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Command } from "commander";
import { type Estimate, estimate } from "../../measures/statistics.ts";
import {
  deepSchemes,
  defaultTraining,
  MOST_DEEP_INPUTS,
  MOST_HIDDEN,
  representableCount,
  type SchemeSurvey,
  type SmallArchitecture,
  surveyScheme,
  targetBlindDirections,
} from "../../theory/deep/index.ts";
import { alignColumns, plural, short } from "../columns.ts";
import { command, noWords, type OptionValues, textOption } from "../command.ts";
import { type ExitCode, UsageError } from "../exit.ts";
import { printJson } from "../json.ts";
import type { Surroundings } from "../surroundings.ts";
import { countFrom, oneOf } from "../words.ts";

/** The command, to be put under `theory`. */
export function deepCommand(at: Surroundings, end: (code: ExitCode) => void): Command {
  const { targetEpochs, targetRate, errorEpochs, errorRate } = defaultTraining;
  return command(
    {
      name: "deep",
      words: "",
      summary: "how many Boolean functions A[N,H,1] learns with and without a channel to the hidden units",
      details: [
        "Every function of N inputs -1 and 1 is tried from the same start, one start per seed: all units with a bias, all weights standard\n" +
          "normal. A perceptron on hidden units that stay is followed to its end or until it repeats itself; deep targets learn for at most\n" +
          `${targetEpochs} epochs at rate ${targetRate}, the two gradient schemes for at most ${errorEpochs} at rate ${errorRate}. A function counts as learned when all\n` +
          "points are right after some epoch.",
        "Two inputs take seconds; three inputs some seconds per seed.",
      ],
      examples: [
        ["theory deep --inputs 2 --hidden 3 --seeds 20", "all schemes on the 16 functions of two inputs"],
        ["theory deep --inputs 3 --hidden 2 --seeds 5 --scheme deep-targets", "one scheme"],
      ],
      json:
        "inputs, hidden, seeds, functions, representable, training, schemes [{id, channel, learned {n, mean, standardError, interval},\n" +
        "parity {learned, starts}, union, counts [number per seed]}], witness {inputs, targets, directions [{name, weights, errors,\n" +
        "sum}]}",
    },
    at,
    end,
    (words, options) => deep(at, words, options),
  )
    .option("--inputs <n>", `number of inputs, at most ${MOST_DEEP_INPUTS}`, "2")
    .option("--hidden <n>", `number of hidden units, at most ${MOST_HIDDEN}`, "3")
    .option("--seeds <n>", "number of starts", "20")
    .option("--scheme <id>", `only one of ${deepSchemes.map(({ id }) => id).join(", ")}`);
}

interface SchemeResult extends SchemeSurvey {
  readonly learned: Estimate;
}

async function deep(at: Surroundings, words: readonly string[], options: OptionValues): Promise<undefined> {
  noWords(words);
  const inputs = atMost("--inputs", textOption(options, "inputs") ?? "2", MOST_DEEP_INPUTS);
  const hidden = atMost("--hidden", textOption(options, "hidden") ?? "3", MOST_HIDDEN);
  const seeds = countFrom("--seeds", textOption(options, "seeds") ?? "20");
  const only = textOption(options, "scheme");
  const ids = deepSchemes.map(({ id }) => id);
  const chosen = only === undefined ? ids : [oneOf("--scheme", ids, only)];
  const architecture = { inputs, hidden };
  const schemes = await at.interruptible(async (signal) => {
    const results: SchemeResult[] = [];
    for (const scheme of deepSchemes) {
      if (!chosen.includes(scheme.id)) continue;
      let last: SchemeSurvey | undefined;
      for (const survey of surveyScheme(scheme, architecture, seeds)) {
        last = survey;
        await nextTurn();
        signal.throwIfAborted();
      }
      if (last !== undefined) results.push({ ...last, learned: estimate(last.counts) });
    }
    return results;
  });
  const representable = representableCount(architecture);
  const directions = targetBlindDirections(inputs);
  if (options["json"] === true) {
    printJson(at, {
      inputs,
      hidden,
      seeds,
      functions: 2 ** (2 ** inputs),
      representable,
      training: defaultTraining,
      schemes: schemes.map(({ scheme: { id, channel }, learned, parity, union, counts }) => ({
        id,
        channel,
        learned,
        parity: { learned: parity, starts: seeds },
        union,
        counts,
      })),
      witness: { inputs: directions.size, targets: "x_1 ... x_N", directions: directions.rows },
    });
    return undefined;
  }
  at.stdout.write(`${tableText(architecture, seeds, representable, schemes)}\n${witnessText(directions)}`);
  return undefined;
}

function atMost(where: string, text: string, most: number): number {
  const count = countFrom(where, text);
  if (count <= most) return count;
  throw new UsageError(
    `${where}: expected at most ${most}, got ${count}; all functions and all hidden vectors are tried`,
  );
}

function tableText(
  { inputs, hidden }: SmallArchitecture,
  seeds: number,
  representable: number,
  schemes: readonly SchemeResult[],
): string {
  const all = 2 ** (2 ** inputs);
  return [
    `A[${inputs},${hidden},1]: functions learned of the ${all} of ${plural(inputs, "input")}, ${plural(seeds, "start")}. With the best weights in both layers threshold\n` +
      `units compute ${representable}.\n\n`,
    alignColumns(
      [
        ["scheme", "told to hidden units", "mean", "± 95 %", "parity", "by any start"],
        ...schemes.map(({ scheme, learned, parity, union }) => [
          scheme.id,
          scheme.channel,
          learned.mean.toFixed(2),
          seeds < 2 ? "-" : (learned.interval.high - learned.mean).toFixed(2),
          `${parity}/${seeds}`,
          String(union),
        ]),
      ],
      [2, 3, 4, 5],
    ),
    "\n",
    alignColumns(schemes.map(({ scheme: { id, summary } }) => [id, summary])),
  ].join("");
}

function witnessText({ size, rows }: ReturnType<typeof targetBlindDirections>): string {
  const targets = Array.from({ length: size }, (_, i) => `T=x${i + 1}`);
  return [
    `Why a channel is needed: in a linear A[${size},1,1] on inputs uniform on {-1,1}^${size} the hidden direction must depend on the target. Best\n` +
      `mean squared error of the top, 0 for each target alone; for any one direction the ${size} errors add up to ${size - 1}:\n\n`,
    alignColumns(
      [
        ["hidden weights", ...targets, "sum"],
        ...rows.map(({ name, errors, sum }) => [name, ...errors.map(short), sum.toFixed(12)]),
      ],
      Array.from({ length: size + 1 }, (_, i) => i + 1),
    ),
  ].join("");
}
