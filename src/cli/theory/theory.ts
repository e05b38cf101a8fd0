/** `afferent theory`: what a polynomial rule is and does, before it is run. */
import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import {
  averagings,
  type Data,
  dataFrom,
  dynamicsOf,
  exampleData,
  exampleDataText,
  parsePolynomial,
  type Polynomial,
  PolynomialError,
  polynomialText,
  rationalOf,
  substitute,
  units,
} from "../../theory/index.ts";
import { command, type OptionValues, textOption } from "../command.ts";
import { type ExitCode, reading, UsageError } from "../exit.ts";
import { printJson } from "../json.ts";
import type { Surroundings } from "../surroundings.ts";
import { booleanCommand } from "./boolean.ts";
import { chainsCommand } from "./chains.ts";
import { deepCommand } from "./deep.ts";
import { enumerateCommand } from "./enumerate.ts";
import { simulated } from "./simulation.ts";
import { ruleJson, ruleText } from "./text.ts";
import { forceOption } from "../overwrite.ts";
import { oneOf, sortWords } from "../words.ts";

export function theoryCommand(at: Surroundings, end: (code: ExitCode) => void): Command {
  return (
    command(
      {
        name: "theory",
        words: '"<polynomial>" [constant=value...]',
        summary: "a polynomial rule before it is run: degree, name, symmetries, expected dynamics, stability",
        details: [
          "A rule is a polynomial in I (input of the synapse), O (activity of the unit), w (its weight), T (target), named constants and\n" +
            'running averages E[...]: "O*I - w*O^2", "(T - O)*I", "O*(O - E[O^2])*I", "O*I - gamma*w" gamma=0.1. Products need their *.\n' +
            'The same text is a rule of networks: afferent run "rule=O*I - w*O^2".',
          "Dynamics are those of one unit O = f(w.x), averaged over data: --moments FILE holds samples\n" +
            '  {"inputs": [[x1, x2, ...], ...], "targets": [T, ...], "probabilities": [p, ...]}   (targets, probabilities may be left out)\n' +
            "or moments\n" +
            '  {"secondMoments": [[E[x1 x1], ...], ...], "mean": [E[x1], ...], "target": {"mean": E[T], "square": E[T^2], "input": [E[T x1], ...]},\n' +
            '   "gaussian": true}   ("covariance" in place of "secondMoments"; mean is 0, gaussian false when left out)\n' +
            'Moments alone determine terms up to order two on a linear unit; "gaussian": true takes inputs and target as jointly normal.',
          "Averages E[...] are taken at the present weights, as if they moved much faster. Running this without data uses an example.",
        ],
        examples: [
          ['theory "O*I - w*O^2"', "Oja's rule"],
          [
            'theory "(T - O)*I" --moments data.json --simulate',
            "the delta rule on data of one's own, drawn to theory.svg",
          ],
          ['theory "O*I - gamma*w" gamma=0.5 --eta 0.1', "a constant given a value; convergence at a step size"],
          ['theory "O*I" --unit threshold --json', "a threshold unit"],
          ["theory enumerate --degree 3 --invariant rotation,output", "the space of rules with given symmetries"],
          ["theory boolean --inputs 3", "which Boolean functions named rules learn"],
          ["theory deep --inputs 2 --hidden 3", "small networks with and without a channel to the hidden units"],
          ["theory chains --architecture 1,1,1", "random backpropagation in linear networks, predicted and simulated"],
        ],
        json:
          "rule {text, latex, degree, weightDegree, effectiveDegree, supervised, averages, constants, class}, known {name, source,\n" +
          "constants} or null, symmetries [{symmetry, holds, violation}], recoded (text), expected (text), data {kind, inputs, example},\n" +
          "dynamics {unit, averaging, solution, linear {a, b, eigenvalues [{re, im}], flow, largestRate, atEta {eta, outcome}} or null,\n" +
          "fixedPoints [{w, stability, eigenvalues}], fates {starts, settled, escaped}} or null, simulation {eta, steps, diverged,\n" +
          "final, expected, svg} or null",
      },
      at,
      end,
      (words, options) => theory(at, words, options),
    )
      // Options of a subcommand are its own, and a polynomial may begin with a minus sign.
      .enablePositionalOptions()
      .allowUnknownOption()
      .option("--moments <file>", "samples or moments to average over, JSON")
      .option("--unit <name>", `activation of the unit: ${units.join(", ")}`, "linear")
      .option(
        "--averaging <kind>",
        "for other units: data (over the data), mean-drive (E[f(S)] ~ f(E[S]), an approximation)",
        "data",
      )
      .option("--eta <number>", "step size of the recurrence and of the simulation", "0.01")
      .option("--simulate", "learn from samples one by one and lay the weights over what is expected, as SVG")
      .option("--steps <n>", "steps of the simulation", "2000")
      .option("--start <numbers>", "first weights, e.g. 0.1,-0.2; small random ones when left out")
      .option("--seed <n>", "seed of the simulation and the start", "0")
      .option("--svg <file>", "where --simulate draws to", "theory.svg")
      .option(...forceOption)
      .option("--latex", "print the rule in LaTeX and nothing else")
      .addCommand(booleanCommand(at, end))
      .addCommand(deepCommand(at, end))
      .addCommand(chainsCommand(at, end))
      .addCommand(enumerateCommand(at, end))
  );
}

async function theory(at: Surroundings, words: readonly string[], options: OptionValues): Promise<undefined> {
  const { rule: written, constants } = sorted(words);
  const symbolic = parsedOrShown(at, written);
  const rule = substitute(symbolic, constants);
  for (const name of Object.keys(constants)) {
    if (!symbolic.terms.some((term) => term.constants.some((part) => part.name === name)))
      throw new UsageError(
        `${name}: expected a constant of ${polynomialText(symbolic)}, got "${name}", which it does not have`,
      );
  }
  const unit = oneOf("--unit", units, textOption(options, "unit") ?? "linear");
  const averaging = oneOf("--averaging", averagings, textOption(options, "averaging") ?? "data");
  const eta = positive("--eta", textOption(options, "eta") ?? "0.01");
  const file = textOption(options, "moments");
  const simulating = options["simulate"] === true;
  if (options["latex"] === true) {
    const { polynomialLatex } = await import("../../theory/index.ts");
    at.stdout.write(`${polynomialLatex(rule)}\n`);
    return undefined;
  }
  const data = file === undefined ? exampleData() : await dataIn(file);
  const missing = rule.terms.flatMap(({ constants: named }) => named.map(({ name }) => name));
  const [unset] = missing;
  if (unset !== undefined && simulating)
    throw new UsageError(`--simulate: expected values of all constants, got none for ${unset}; add ${unset}=0.1`);
  const dynamics = unset === undefined ? await reading(() => dynamicsOf(rule, { data, unit, averaging })) : undefined;
  const simulation =
    simulating && dynamics !== undefined ? await simulated(rule, { data, unit, eta, dynamics, options }) : undefined;
  const findings = {
    rule,
    dynamics,
    data,
    dataText: file === undefined ? exampleDataText : dataText(file, data),
    example: file === undefined,
    unit,
    averaging,
    eta,
    unset: [...new Set(missing)],
    simulation,
  };
  if (options["json"] === true) printJson(at, ruleJson(findings));
  else at.stdout.write(ruleText(findings));
  return undefined;
}

/** The polynomial, and values of constants: a word with "=" is one of these, since a polynomial has none. */
function sorted(words: readonly string[]): {
  readonly rule: string;
  readonly constants: Record<string, NonNullable<ReturnType<typeof rationalOf>>>;
} {
  const unknown = words.find((word) => word.startsWith("--"));
  if (unknown !== undefined)
    throw new UsageError(
      `theory: expected an option of this command, got "${unknown}"; afferent theory --help lists them`,
    );
  const { names, overrides } = sortWords(words);
  const [rule, extra] = names;
  if (rule === undefined)
    throw new UsageError('theory: expected a polynomial, got none; for example afferent theory "O*I - w*O^2"');
  if (extra !== undefined)
    throw new UsageError(
      `theory: expected one polynomial, got "${extra}" besides; put quotes around the whole: "O*I - w*O^2"`,
    );
  const constants = Object.fromEntries(
    overrides.map((word) => {
      const [name = "", text = ""] = word.split("=");
      const value = /^.{1,25}$/.test(text) ? rationalOf(text.trim()) : undefined;
      if (value === undefined)
        throw new UsageError(`${name}: expected a number, got "${text}"; for example ${name}=0.1`);
      return [name.trim(), value] as const;
    }),
  );
  return { rule, constants };
}

function parsedOrShown(at: Surroundings, text: string): Polynomial {
  try {
    return parsePolynomial(text);
  } catch (cause) {
    if (!(cause instanceof PolynomialError)) throw cause;
    // The one error of the program with lines of its own: a caret says more than a column.
    at.stderr.write(`${cause.excerpt}\n`);
    throw new UsageError(cause.summary, { cause });
  }
}

async function dataIn(file: string): Promise<Data> {
  const text = await reading(() =>
    readFile(file, "utf8").catch(() => {
      throw new Error(`--moments: expected a JSON file, found none at ${file}`);
    }),
  );
  return await reading(() => {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (cause) {
      throw new Error(`${file}: expected JSON, got a parse error: ${cause instanceof Error ? cause.message : ""}`, {
        cause,
      });
    }
    try {
      return dataFrom(value);
    } catch (cause) {
      throw new Error(`${file}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    }
  });
}

function dataText(file: string, { kind, inputs, samples, target }: Data): string {
  const what = {
    samples: `${samples?.inputs.length ?? 0} samples`,
    gaussian: "moments, inputs and target taken as jointly normal",
    moments: "first and second moments",
  }[kind];
  return `${file}: ${what}, ${inputs} inputs, ${target === undefined ? "no target" : "with a target"}`;
}

function positive(where: string, text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value) && value > 0) return value;
  throw new UsageError(`${where}: expected a number above 0, got "${text}"`);
}
