/** `afferent predict`: what a trained network answers to examples of a file. */
import type { Command } from "commander";
import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { PlannedModel } from "../../study/run/planned-model.ts";
import { answersTo, type ReplicaValues } from "../../train/index.ts";
import { plural, short } from "../columns.ts";
import { command, type OptionValues, textOption } from "../command.ts";
import { type ExitCode, UsageError } from "../exit.ts";
import { printJson } from "../json.ts";
import { forceOption, writeNew } from "../overwrite.ts";
import { commandName, type Surroundings } from "../surroundings.ts";
import { trainedRun } from "../trained-run.ts";
import { namesOnly } from "../words.ts";
import { type ExamplesFile, readExamples } from "./examples-file.ts";

export function predictCommand(at: Surroundings, end: (code: ExitCode) => void): Command {
  return command(
    {
      name: "predict",
      words: "<run> <file>",
      summary: "answers of a run's trained network to examples of a file",
      details: [
        "The run is given by enough of the beginning of its identity. The file has an example a row: CSV, a JSON list of lists, or arrays x\n" +
          "(x_test) in .npz or .safetensors; with classes y (y_test) beside them the error is said. Symbols are whole numbers from 0.\n" +
          "A line for each example: its number, the class, and the probability that the network gives it.",
      ],
      examples: [
        ["predict 3f2a91c0 strings.csv", "a line for each string"],
        ["predict 3f2a91c0 test.npz --probabilities --out answers.csv", "with the probability of every class"],
      ],
      json: "run, error (null without classes), answers [{class, probabilities []}]",
    },
    at,
    end,
    (words, options) => predict(at, words, options),
  )
    .option("--probabilities", "the probabilities of all classes")
    .option("--out <file>", "write the answers there, as CSV")
    .option(...forceOption);
}

/** The answer to one example. */
interface Answer {
  readonly class: number;
  readonly probabilities: readonly number[];
}

async function predict(at: Surroundings, words: readonly string[], options: OptionValues): Promise<undefined> {
  const { settings, names } = namesOnly(words, "a run and a file", 2);
  const [prefix, file] = names;
  if (prefix === undefined || file === undefined)
    throw new UsageError(
      `predict: expected a run and a file, got ${prefix === undefined ? "neither" : `"${prefix}" alone`}; ${commandName(at)} ls --all lists runs`,
    );
  const examples = await readExamples(file);
  const { withStore } = await import("../stored.ts");
  const { row, planned, values } = await withStore(at, settings, "read", (store) =>
    trainedRun(at, "predict", store, prefix),
  );
  refuseOthers(file, examples, planned);
  const answers = await answersOf(examples, planned, values);
  const wrong = answers.filter((answer, i) => answer.class !== examples.labels?.[i]).length;
  const error = examples.labels === undefined ? undefined : wrong / answers.length;
  if (options["json"] === true) {
    printJson(at, { run: row.run, error: error ?? null, answers });
    return undefined;
  }
  const text = linesOf(answers, options["probabilities"] === true).join("");
  const out = textOption(options, "out");
  if (out === undefined) at.stdout.write(text);
  else {
    await writeNew("--out", resolve(out), options, (path) => writeFile(path, text));
    at.stdout.write(`${plural(answers.length, "answer")} of run ${row.run} written to ${resolve(out)}\n`);
  }
  if (error !== undefined) at.stderr.write(`error ${short(error)} (${wrong} of ${answers.length} wrong)\n`);
  return undefined;
}

/** Throws where examples are not such as the network was trained on. */
function refuseOthers(
  file: string,
  { length, values }: ExamplesFile,
  { model: { network }, length: own }: PlannedModel,
): void {
  if (length !== own)
    throw new Error(`${file}: expected examples of ${own} numbers, as the run was trained on, got ${length}`);
  const { input } = network;
  if (input.values !== "symbols") return;
  const symbols = (input.positions * input.channels) / own;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? NaN;
    if (Number.isInteger(value) && value >= 0 && value < symbols) continue;
    throw new Error(`${file}: example ${Math.floor(i / length)}: expected symbols 0 to ${symbols - 1}, got ${value}`);
  }
}

async function answersOf(
  examples: ExamplesFile,
  { model, length }: PlannedModel,
  values: ReplicaValues,
): Promise<Answer[]> {
  const { nodeEngine } = await import("../../runtime/node-engine.node.ts");
  const { classes } = model.network.readout;
  const scores = await answersTo(model, length, values, examples, nodeEngine());
  return Array.from({ length: examples.count }, (_, i) => {
    const own = Array.from(scores.subarray(i * classes, (i + 1) * classes));
    const highest = Math.max(...own);
    const weights = own.map((score) => Math.exp(score - highest));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return { class: own.indexOf(highest), probabilities: weights.map((weight) => weight / total) };
  });
}

function linesOf(answers: readonly Answer[], all: boolean): string[] {
  const classes = answers[0]?.probabilities.length ?? 0;
  const columns = all ? Array.from({ length: classes }, (_, k) => `p${k}`) : ["probability"];
  const lines = answers.map(({ class: answer, probabilities }, i) => {
    const told = all ? probabilities : [probabilities[answer] ?? NaN];
    return [i, answer, ...told.map((value) => Number(value.toPrecision(6)))].join(",");
  });
  return [["example", "class", ...columns].join(","), ...lines].map((line) => `${line}\n`);
}
