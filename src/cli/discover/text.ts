/** What `afferent discover` prints: tables for a reader, and the document of `--json` and `--out`. */
import type { Estimate } from "../../measures/statistics.ts";
import type { NetworkResults, NetworkScore } from "../../study/discovery/networks.ts";
import {
  candidateDegree,
  criteria,
  passing,
  polynomialOf,
  type Score,
  type SparsityRow,
  type Survivor,
  taskSizes,
  type UnitCriterion,
} from "../../theory/discovery/index.ts";
import { polynomialText, rationalText, recognise } from "../../theory/index.ts";
import { alignColumns, grouped, short } from "../columns.ts";
import type { DiscoverOptions } from "./options.ts";

/** Everything a search came to. */
export interface Discovery {
  readonly options: DiscoverOptions;
  readonly scored: number;
  readonly complete: boolean;
  /** Rules that passed in the search and that the budget left untried on the held-out tasks. */
  readonly untried: number;
  readonly rows: readonly SparsityRow[];
  readonly survivors: readonly Survivor[];
  readonly networks: NetworkResults | undefined;
}

/** Rules listed for a criterion unless all are asked for: of those that pass what is held out, and of those that fail. */
const listed = { passing: 10, failing: 4 };

/** The tables. */
export function discoveryText({ options, rows, survivors, networks, complete, untried, scored }: Discovery): string {
  const { search, "held-out": heldOut } = taskSizes;
  const parts = [
    `Rules that pass, of all of a degree or with a symmetry: in the search, and on the held-out tasks too\n` +
      `(search: ${search.inputs} normal inputs, functions of ${search.booleanInputs}; held out: ${heldOut.inputs} skewed inputs with a mean, functions of ${heldOut.booleanInputs})\n\n` +
      sparsityText(rows, options),
  ];
  if (options.evaluations !== undefined || !complete)
    parts.push(`Of ${grouped(options.space.size)} rules ${grouped(scored)} were scored: the counts are of those.\n`);
  if (untried > 0)
    parts.push(
      `The budget ended before ${grouped(untried)} of ${grouped(survivors.length + untried)} rules that pass were tried on the held-out tasks; they are not listed.\n`,
    );
  for (const criterion of options.criteria) parts.push(criterionText(criterion, survivors, options.all));
  if (networks !== undefined) parts.push(networkText(networks));
  return parts.join("\n");
}

function sparsityText(rows: readonly SparsityRow[], { criteria: asked, space }: DiscoverOptions): string {
  const told = space.invariant ?? [];
  const rest = rows.filter(({ invariant }) => invariant.length === 0 || !invariant.every((one) => told.includes(one)));
  const head = ["", "rules", ...asked.flatMap((criterion) => [criterion, "held out"])];
  const lines = rest.map(({ degree, invariant, rules, passed }) => [
    degree !== undefined ? `degree ${degree}` : invariant.length === 0 ? "all" : invariant.join(" + "),
    grouped(rules),
    ...asked.flatMap((criterion) => {
      const counts = passed[criterion];
      if (counts === undefined || counts.applicable === 0) return ["-", "-"];
      return [`${grouped(counts.search)} of ${grouped(counts.applicable)}`, grouped(counts.heldOut)];
    }),
  ]);
  return alignColumns(
    [head, ...lines],
    head.map((_, i) => i).filter((i) => i > 0),
  );
}

function criterionText(criterion: UnitCriterion, survivors: readonly Survivor[], all: boolean): string {
  const { question, threshold } = criteria[criterion];
  const rules = passing(survivors, criterion);
  const head = `${criterion}: ${question} (passes from ${threshold})\n`;
  if (rules.length === 0) return `${head}\n  no rule\n`;
  const holds = ({ heldOut }: Survivor): boolean => heldOut[criterion]?.passed === true;
  const [kept, lost] = [rules.filter(holds), rules.filter((rule) => !holds(rule))];
  const shown = all ? [...kept, ...lost] : [...kept.slice(0, listed.passing), ...lost.slice(0, listed.failing)];
  const lines = shown.map((survivor) => {
    const polynomial = polynomialOf(survivor.rule);
    return [
      `  ${polynomialText(polynomial)}`,
      scoreText(survivor.scores[criterion]),
      scoreText(survivor.heldOut[criterion]),
      holds(survivor) ? "passes" : "fails",
      recognise(polynomial)?.known.name ?? "",
    ];
  });
  const rest = [kept.length - listed.passing, lost.length - listed.failing].map((count) => Math.max(0, count));
  return (
    `${head}\n${alignColumns([["  rule, simplest first", "search", "held out", "", "known as"], ...lines])}` +
    (shown.length < rules.length
      ? `  and ${grouped(rest[0] ?? 0)} more that pass, ${grouped(rest[1] ?? 0)} that fail: --all\n`
      : "")
  );
}

/** `1.000`, or `0.934 ± 0.012` with the standard error. */
function scoreText(score: Pick<Score, "mean" | "standardError"> | undefined): string {
  if (score === undefined) return "-";
  const { mean, standardError } = score;
  return standardError > 0.0005 ? `${mean.toFixed(3)} ± ${standardError.toFixed(3)}` : mean.toFixed(3);
}

function networkText({ study, heldOutStudy, results }: NetworkResults): string {
  const lines = results.map(({ rule, rate, search, heldOut }) => [
    `  ${rule}`,
    rate === undefined ? "" : short(rate),
    accuracyText(search),
    gainText(search),
    accuracyText(heldOut),
    gainText(heldOut),
  ]);
  const head = ["  rule", "rate", "accuracy", "over frozen", "held out", "over frozen"];
  return (
    "rhm: test accuracy with the rule at every hidden layer, ± standard error; gain over frozen hidden layers with its 95 % interval\n\n" +
    `${alignColumns([head, ...lines])}\n  studies ${study} and ${heldOutStudy}\n`
  );
}

function accuracyText(score: NetworkScore | undefined): string {
  return scoreText(score?.accuracy);
}

function gainText(score: NetworkScore | undefined): string {
  if (score?.gain === undefined) return "";
  const { mean, low, high } = score.gain;
  const signed = (value: number): string => `${value < 0 ? "" : "+"}${value.toFixed(3)}`;
  return `${signed(mean)} [${signed(low)}, ${signed(high)}]${score.passed ? " passes" : ""}`;
}

/** The document of `--json` and `--out`. */
export function discoveryJson({ options, scored, complete, untried, rows, survivors, networks }: Discovery): unknown {
  const { space, seed, seeds, evaluations } = options;
  return {
    space: {
      degree: space.degree,
      supervised: space.supervised,
      maxTerms: space.maxTerms,
      coefficients: space.coefficients.map(rationalText),
      invariant: space.invariant ?? [],
      products: space.products.length,
      size: space.size,
    },
    method: evaluations === undefined ? "exhaustive" : "evolution",
    seed,
    seeds,
    scored,
    complete,
    untried,
    criteria: Object.fromEntries(options.criteria.map((criterion) => [criterion, criteria[criterion]])),
    sparsity: rows.map((row) => ({ ...row, degree: row.degree ?? null })),
    survivors: survivors.map(({ rule, scores, heldOut }) => {
      const polynomial = polynomialOf(rule);
      return {
        rule: polynomialText(polynomial),
        known: recognise(polynomial)?.known.name ?? null,
        degree: candidateDegree(rule),
        terms: rule.terms.length,
        scores,
        heldOut,
      };
    }),
    networks: networks === undefined ? null : networkJson(networks),
  };
}

function networkJson({ study, heldOutStudy, results }: NetworkResults): unknown {
  const score = (one: NetworkScore | undefined): unknown =>
    one === undefined
      ? null
      : { accuracy: estimateJson(one.accuracy), gain: one.gain ?? null, passed: one.passed, outcomes: one.outcomes };
  return {
    study,
    heldOutStudy,
    rules: results.map(({ rule, rate, search, heldOut }) => ({
      rule,
      rate: rate ?? null,
      search: score(search),
      heldOut: score(heldOut),
    })),
  };
}

function estimateJson({ n, mean, standardError, interval: { low, high } }: Estimate): unknown {
  return { n, mean, standardError, low, high };
}
