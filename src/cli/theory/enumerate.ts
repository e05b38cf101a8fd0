/** `afferent theory enumerate`: the products of local variables up to a degree, and those with given symmetries. */
import type { Command } from "commander";
import {
  enumerateProducts,
  type Exponents,
  exponentsText,
  hasSymmetry,
  knownRules,
  monomial,
  negate,
  parsePolynomial,
  polynomialText,
  recognise,
  propertiesOf,
  symmetries,
  type Symmetry,
  symmetryCounts,
} from "../../theory/index.ts";
import { alignColumns } from "../columns.ts";
import { command, noWords, type OptionValues, textOption } from "../command.ts";
import { type ExitCode, reading, UsageError } from "../exit.ts";
import { printJson } from "../json.ts";
import type { Surroundings } from "../surroundings.ts";
import { oneOf } from "../words.ts";

/** The command, to be put under `theory`. */
export function enumerateCommand(at: Surroundings, end: (code: ExitCode) => void): Command {
  return command(
    {
      name: "enumerate",
      words: "",
      summary: "the products T^a O^b I^c w^d up to a degree, those with given symmetries, and counts",
      details: [
        "Each symmetry but recoding holds for a rule if and only if it holds for each of its terms: the rules with these symmetries are\n" +
          "the sums of the products listed. With --binary T, O and I take two values, exponents 0 and 1, and --degree bounds that of w.",
      ],
      examples: [
        ["theory enumerate --degree 3 --invariant rotation,output", "six products, and the named rules made of them"],
        ["theory enumerate --degree 0 --binary --invariant isometry,output", "what is left on binary values without w"],
        ["theory enumerate --degree 6 --unsupervised --json", "all products without a target"],
      ],
      json:
        "degree, supervised, binary, invariant, products [{text, T, O, I, w, name}], rules [{name, text}], counts [{invariant, counts\n" +
        "[{degree, supervised, unsupervised}]}]; name is that of the product as a rule, or null",
    },
    at,
    end,
    (words, options) => enumerate(at, words, options),
  )
    .option("--degree <n>", "largest total degree", "3")
    .option("--invariant <names>", `symmetries, with commas between: ${symmetries.join(", ")}`)
    .option("--unsupervised", "without the target T")
    .option("--binary", "T, O and I take two values");
}

async function enumerate(at: Surroundings, words: readonly string[], options: OptionValues): Promise<undefined> {
  noWords(words);
  const text = textOption(options, "degree") ?? "3";
  if (!/^\d{1,3}$/.test(text)) throw new UsageError(`--degree: expected a whole number of at least 0, got "${text}"`);
  const degree = Number(text);
  const invariant = (textOption(options, "invariant") ?? "")
    .split(",")
    .filter((name) => name.trim() !== "")
    .map((name) => oneOf("--invariant", symmetries, name.trim()));
  const [binary, supervised] = [options["binary"] === true, options["unsupervised"] !== true];
  const products = await reading(() => enumerateProducts({ degree, supervised, binary, invariant }));
  const counts = symmetryCounts(Math.min(degree, 8), binary);
  const rules = binary ? [] : namedRules(degree, supervised, invariant);
  if (options["json"] === true) {
    const listed = products.map((exponents) => ({
      text: exponentsText(exponents),
      ...exponents,
      name: nameOf(exponents) ?? null,
    }));
    printJson(at, { degree, supervised, binary, invariant, products: listed, rules, counts });
    return undefined;
  }
  const most = 60;
  const rows = products.slice(0, most).map((exponents) => [`  ${exponentsText(exponents)}`, nameOf(exponents) ?? ""]);
  const kind = invariant.length === 0 ? "all" : `with ${invariant.join(" and ")}`;
  const bound = binary ? `degree in w at most ${degree}, T, O, I binary` : `degree at most ${degree}`;
  at.stdout.write(
    `${products.length} products, ${bound}, ${supervised ? "with" : "without"} a target, ${kind}\n${alignColumns(rows)}` +
      (products.length > most ? `  and ${products.length - most} more (--json lists all)\n` : "") +
      (rules.length === 0
        ? ""
        : `\nnamed rules that are sums of these\n${alignColumns(rules.map((rule) => [`  ${rule.text}`, rule.name]))}`) +
      `\n${countsText(counts, binary)}`,
  );
  return undefined;
}

function nameOf(exponents: Exponents): string | undefined {
  const product = monomial(exponents);
  const [plain, opposite] = [recognise(product), recognise(negate(product))];
  if (plain !== undefined) return plain.known.name;
  return opposite === undefined ? undefined : `${opposite.known.name}, with a minus sign`;
}

function namedRules(
  degree: number,
  supervised: boolean,
  invariant: readonly Symmetry[],
): { name: string; text: string }[] {
  return knownRules.flatMap(({ name, text }) => {
    const rule = parsePolynomial(text);
    const properties = propertiesOf(rule);
    const fits = properties.degree <= degree && (supervised || !properties.supervised) && !properties.averages;
    return fits && invariant.every((symmetry) => hasSymmetry(rule, symmetry) === true)
      ? [{ name, text: polynomialText(rule) }]
      : [];
  });
}

function countsText(counts: ReturnType<typeof symmetryCounts>, binary: boolean): string {
  const degrees = counts[0]?.counts.map(({ degree }) => `${binary ? "d" : "n"}=${degree}`) ?? [];
  const rows = counts.map(({ invariant, counts: row }) => [
    `  ${invariant.length === 0 ? "all" : invariant.join(" + ")}`,
    ...row.map(({ supervised, unsupervised }) => `${supervised}/${unsupervised}`),
  ]);
  const columns = degrees.map((_, i) => i + 1);
  return `numbers of products, with a target / without\n${alignColumns([["", ...degrees], ...rows], columns)}`;
}
