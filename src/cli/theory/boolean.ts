/** `afferent theory boolean`: which Boolean functions each local rule teaches one threshold unit. */
import type { Command } from "commander";
import {
  andMargin,
  type BooleanRule,
  booleanRules,
  type BooleanSetting,
  classesOf,
  encodings,
  learnedByClass,
  type LearnedCounts,
  learnedCounts,
  type LearningKind,
  MOST_INPUTS,
  presentations,
  readings,
  thresholdFunctions,
  weightForms,
} from "../../theory/boolean/index.ts";
import { alignColumns, grouped } from "../columns.ts";
import { command, noWords, type OptionValues, textOption } from "../command.ts";
import { type ExitCode, UsageError } from "../exit.ts";
import { printJson } from "../json.ts";
import type { Surroundings } from "../surroundings.ts";
import { countFrom, oneOf } from "../words.ts";

/** The command, to be put under `theory`. */
export function booleanCommand(at: Surroundings, end: (code: ExitCode) => void): Command {
  return command(
    {
      name: "boolean",
      words: "",
      summary: "which Boolean functions each local rule teaches one threshold unit",
      details: [
        "All 2^N points count equally, and every number is exact: sums are whole numbers, the perceptron is followed to its end or until\n" +
          "it repeats itself. Counts depend on how inputs and targets are written and on the threshold; the table says which.",
        "Five inputs take one to two minutes for all rules, up to half a minute for one (--rule).",
      ],
      examples: [
        ["theory boolean --inputs 3", "all rules; inputs -1 and 1 or 0 and 1, with and without bias"],
        ["theory boolean --inputs 3 --rule clamped-hebb", "one rule: every setting, and which functions it misses"],
        ["theory boolean --target binary --threshold 0.5", "targets 0 and 1, the unit says 1 above 0.5"],
      ],
      json:
        "inputs, functions, separable, target, threshold, settings [{encoding, bias, target, threshold}], rules [{id, kind, equation,\n" +
        "answers, learned [{encoding, bias, target, threshold, strict, tiesOne, tiesZero, weak} or null]}], classes [{form, size, strict,\n" +
        "weak}] with --rule; null where a rule defines no answer or does not distinguish ties",
    },
    at,
    end,
    (words, options) => {
      boolean(at, words, options);
      return Promise.resolve(undefined);
    },
  )
    .option("--inputs <n>", `number of inputs, at most ${MOST_INPUTS}`, "3")
    .option("--rule <id>", "one rule in detail")
    .option("--target <encoding>", `how targets are written: ${encodings.join(", ")}`, "signed")
    .option("--threshold <number>", "what S must exceed: 0, or 0.5 with binary targets", "0");
}

function boolean(at: Surroundings, words: readonly string[], options: OptionValues): void {
  noWords(words);
  const inputs = countFrom("--inputs", textOption(options, "inputs") ?? "3");
  if (inputs > MOST_INPUTS)
    throw new UsageError(
      `--inputs: expected at most ${MOST_INPUTS}, got ${inputs}; there are 2^(2^N) functions of N inputs`,
    );
  const reading = readingFrom(options);
  const id = textOption(options, "rule");
  const known = booleanRules.map((rule) => rule.id);
  const one = id === undefined ? undefined : booleanRules.find((rule) => rule.id === oneOf("--rule", known, id));
  const functions = thresholdFunctions(inputs);
  const settings = (one === undefined ? [reading] : readings).flatMap((each) =>
    presentations.map((presentation): BooleanSetting => ({ inputs, ...presentation, ...each })),
  );
  const rules = (one === undefined ? booleanRules : [one]).map((rule) => ({
    rule,
    learned: settings.map((setting) => learnedCounts(rule, setting, functions)),
  }));
  const main: BooleanSetting = { inputs, encoding: "signed", bias: true, ...reading };
  const classes = one === undefined ? undefined : classesFor(one, main, functions);
  if (options["json"] === true) {
    printJson(at, {
      inputs,
      functions: 2 ** (2 ** inputs),
      separable: functions.length,
      ...reading,
      settings: settings.map(({ inputs: _, ...setting }) => setting),
      rules: rules.map(({ rule: { id: name, kind, equation, answers }, learned }) => ({
        id: name,
        kind,
        equation,
        answers,
        learned: learned.map((counts, i) => {
          if (counts === undefined) return null;
          const { inputs: _, ...setting } = settings[i] ?? main;
          const { strict, tiesOne = null, tiesZero = null, weak = null } = counts;
          return { ...setting, strict, tiesOne, tiesZero, weak };
        }),
      })),
      ...(classes === undefined ? {} : { classes }),
    });
    return;
  }
  at.stdout.write(
    `Boolean functions of ${inputs} inputs on one threshold unit: ${grouped(functions.length)} of ${grouped(2 ** (2 ** inputs))} are ` +
      "linearly separable, the most that any rule can teach it (computed, not looked up).\n\n",
  );
  at.stdout.write(
    one === undefined ? tableOf(rules, main) : detailOf(one, settings, rules[0]?.learned ?? [], classes, main),
  );
}

type Reading = (typeof readings)[number];

function readingFrom(options: OptionValues): Reading {
  const target = oneOf("--target", encodings, textOption(options, "target") ?? "signed");
  const text = textOption(options, "threshold") ?? "0";
  const found = readings.find((reading) => reading.target === target && reading.threshold === Number(text));
  if (found === undefined || text.trim() === "") {
    const fitting = readings.filter((reading) => reading.target === target).map(({ threshold }) => threshold);
    throw new UsageError(`--threshold: expected ${fitting.join(" or ")} with ${target} targets, got "${text}"`);
  }
  return found;
}

function settingText({ target, threshold, inputs }: BooleanSetting): string {
  const low = target === "signed" ? -1 : 0;
  return (
    `Setting: targets ${low} and 1; the unit says 1 where S = w.x > ${threshold}, else ${low}; all ${2 ** inputs} points count equally;\n` +
    "bias is an input that is always 1.\n"
  );
}

function presentationText({ encoding, bias }: Pick<BooleanSetting, "encoding" | "bias">): string {
  return `x in ${encoding === "signed" ? "{-1,1}" : "{0,1}"}${bias ? ", bias" : ""}`;
}

const headings: Readonly<Record<Exclude<LearningKind, "none">, string>> = {
  clamped: "clamped: the output is held at the target",
  iterated: "the unit's own output enters",
  kept: "no target, O of the threshold unit: functions kept",
};

interface Row {
  readonly rule: BooleanRule;
  readonly learned: readonly (LearnedCounts | undefined)[];
}

function tableOf(rows: readonly Row[], main: BooleanSetting): string {
  const of = (kind: LearningKind): readonly Row[] => rows.filter(({ rule }) => rule.kind === kind);
  const right = [2, 3, 4, 5];
  const cells = ({ rule, learned }: Row): string[] => [
    `  ${rule.id}`,
    rule.equation,
    ...learned.map((counts) => countsText(rule, counts)),
  ];
  const zero = main.threshold;
  const kinds = ["clamped", "iterated", "kept"] as const;
  // One table, so that the columns of all sections line up; headings take the place of blank rows.
  const lines = alignColumns(
    [["", "", ...presentations.map(presentationText)], ...kinds.flatMap((kind) => [[kind], ...of(kind).map(cells)])],
    right,
  );
  const sections = kinds.reduce((text, kind) => text.replace(`\n${kind}\n`, `\n${headings[kind]}\n`), lines);
  return [
    settingText(main),
    `Counts are strict/ties: right at every point with S never ${zero} / also those right where S = ${zero} is read as 1.\n` +
      `"Kept": the number of functions that the rule never moves the unit away from, S = ${zero} allowed.\n\n`,
    sections,
    "define no answer\n",
    alignColumns(of("none").map(({ rule: { id, equation, answers } }) => [`  ${id}`, equation, answers])),
    whyText(main.inputs),
  ].join("");
}

function countsText({ kind }: BooleanRule, counts: LearnedCounts | undefined): string {
  if (counts === undefined) return "-";
  const { strict, tiesOne, weak } = counts;
  return kind === "kept" ? `${weak ?? "-"}` : `${strict}/${tiesOne ?? "-"}`;
}

function whyText(inputs: number): string {
  const margins = Array.from({ length: 6 }, (_, i) => `${i + 1}: ${andMargin(i + 1)}`).join(", ");
  return (
    "\nWhy one-shot Hebb misses functions: on signed inputs with bias E[x x'] is the identity, so clamped Hebb, clamped Oja and delta all give\n" +
    "the correlations E[T x], and the single 1 of a wide AND is outvoted. Its margin times 2^N for N = " +
    `${margins};\nthat is 2N + 2 - 2^N${inputs >= 4 ? ", negative here" : inputs === 3 ? ", a tie here" : ""}.\n`
  );
}

interface ClassRow {
  readonly form: string;
  readonly size: number;
  readonly strict: number;
  readonly weak: number | null;
}

function classesFor(rule: BooleanRule, main: BooleanSetting, functions: readonly number[]): ClassRow[] | undefined {
  const forms = weightForms(classesOf(functions, main.inputs), main.inputs);
  return learnedByClass(rule, main, functions)?.map(({ representative, size, strict, weak }) => ({
    form: forms.get(representative) ?? "",
    size,
    strict,
    weak: weak ?? null,
  }));
}

function detailOf(
  rule: BooleanRule,
  settings: readonly BooleanSetting[],
  learned: readonly (LearnedCounts | undefined)[],
  classes: readonly ClassRow[] | undefined,
  main: BooleanSetting,
): string {
  const shown = (value: number | undefined): string => (value === undefined ? "-" : String(value));
  const table = alignColumns(
    [
      ["inputs", "targets", "threshold", "strict", "tie is 1", "tie is low", "weak"],
      ...settings.map((setting, i) => {
        const counts = learned[i];
        return [
          presentationText(setting),
          setting.target === "signed" ? "-1, 1" : "0, 1",
          String(setting.threshold),
          ...[counts?.strict, counts?.tiesOne, counts?.tiesZero, counts?.weak].map(shown),
        ];
      }),
    ],
    [2, 3, 4, 5, 6],
  );
  return [
    `${rule.id}: ${rule.equation}\n  ${rule.answers}\n\n`,
    "strict: right at every point, S off the threshold. tie is 1, tie is low: right where S at the threshold is read as 1, or as the\n" +
      "lower value. weak: wrong at no point. -: not defined, or not told apart.\n\n",
    table,
    classes === undefined
      ? ""
      : `\nBy class, equal up to renaming and negating inputs and output; form with inputs 0 and 1.\n${settingText(main)}Inputs: ${presentationText(main)}.\n\n` +
        alignColumns(
          [
            ["form", "functions", "strict", "weak"],
            ...classes.map(({ form, size, strict, weak }) => [
              form,
              String(size),
              String(strict),
              weak === null ? "-" : String(weak),
            ]),
          ],
          [1, 2, 3],
        ),
  ].join("");
}
