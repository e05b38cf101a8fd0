/** The options of `afferent discover`, read and checked. */
import {
  defaultSeeds,
  type RuleSpace,
  ruleSpace,
  type SpaceOptions,
  unitCriteria,
  type UnitCriterion,
} from "../../theory/discovery/index.ts";
import { type Rational, rationalOf, type Symmetry } from "../../theory/index.ts";
import { defaultNetworkSeeds, defaultRates, networkBase, type NetworkTrials } from "../../study/discovery/networks.ts";
import type { AxisValue } from "../../study/spec/keys.ts";
import { parseOverrides } from "../../study/spec/overrides.ts";
import { type OptionValues, textOption } from "../command.ts";
import { UsageError } from "../exit.ts";
import { countFrom, oneOf } from "../words.ts";

/** Everything that can be asked for; `rhm` is tried in networks, on what survives the others. */
export const discoverCriteria = [...unitCriteria, "rhm"] as const;

/** Symmetries that hold term by term, so that they cut the space; `permutation` cuts nothing and `recoding` is of whole rules. */
const spaceSymmetries = ["isometry", "rotation", "output"] as const satisfies readonly Symmetry[];

/** What a person asked for. */
export interface DiscoverOptions {
  readonly space: RuleSpace;
  readonly criteria: readonly UnitCriterion[];
  readonly seed: number;
  readonly seeds: number;
  /** Milliseconds. */
  readonly budget: number;
  /** Rules an evolution scores; undefined for the exhaustive search. */
  readonly evaluations: number | undefined;
  /** Undefined when networks are not asked for. The rules are added once they are known. */
  readonly networks: (Omit<NetworkTrials, "rules"> & { readonly count: number }) | undefined;
  readonly out: string | undefined;
  readonly all: boolean;
}

/** Reads the options. Throws UsageError or RangeError naming the option. */
export function discoverOptions(options: OptionValues, overrides: readonly string[]): DiscoverOptions {
  const wanted = listOf(options, "criteria", discoverCriteria.join(",")).map((name) =>
    oneOf("--criteria", discoverCriteria, name),
  );
  const criteria = unitCriteria.filter((criterion) => wanted.includes(criterion));
  if (criteria.length === 0)
    throw new UsageError(
      `--criteria: expected one of ${unitCriteria.join(", ")} besides rhm, got ${wanted.join(", ")}; networks are tried on what survives those`,
    );
  const networked = wanted.includes("rhm");
  const [extra] = overrides;
  if (!networked && extra !== undefined)
    throw new UsageError(
      `discover: expected no key=value words without the criterion rhm, got "${extra}"; they describe its networks: add rhm to --criteria`,
    );
  const evolves = options["evolve"] === true;
  const evaluations = textOption(options, "evaluations");
  if (evaluations !== undefined && !evolves)
    throw new UsageError(
      "--evaluations: expected it with --evolve, got it alone; an exhaustive search scores every rule",
    );
  return {
    space: spaceOf({
      degree: countFrom("--degree", textOption(options, "degree") ?? "3"),
      maxTerms: countFrom("--max-terms", textOption(options, "maxTerms") ?? "3"),
      supervised: criteria.some((criterion) => criterion === "supervised" || criterion === "boolean"),
      coefficients: listOf(options, "coefficients", "-1,0,1").map(coefficient),
      invariant: listOf(options, "invariant", "").map((name) => oneOf("--invariant", spaceSymmetries, name)),
    }),
    criteria,
    seed: wholeFrom("--seed", textOption(options, "seed") ?? "0"),
    seeds: countFrom("--seeds", textOption(options, "seeds") ?? String(defaultSeeds)),
    budget: budgetFrom(textOption(options, "budget") ?? "10m"),
    evaluations: evolves ? countFrom("--evaluations", evaluations ?? "20000") : undefined,
    networks: networked
      ? {
          ...networksOf(overrides),
          count: countFrom("--network-rules", textOption(options, "networkRules") ?? "6"),
        }
      : undefined,
    out: textOption(options, "out"),
    all: options["all"] === true,
  };
}

/** What `key=value` words say of the networks: one network, several seeds and learning rates, options of the rules. */
function networksOf(overrides: readonly string[]): Omit<NetworkTrials, "rules"> {
  const { settings, axes } = parseOverrides(overrides);
  const values = (key: string): readonly AxisValue[] | undefined => {
    const single = settings[key];
    return axes.find((axis) => axis.key === key)?.values ?? (single === undefined ? undefined : [single]);
  };
  const several = axes.find(({ key }) => key !== "seed" && key !== "train.learningRate");
  if (several !== undefined)
    throw new UsageError(
      `${several.key}: expected one value, got ${several.values.length}; rules are searched for one network, with lists for seed and train.learningRate only`,
    );
  if ("rule" in settings)
    throw new UsageError("rule: expected no rule, got one; discover finds the rules, afferent run tries a given one");
  const entries = Object.entries(settings).filter(([key]) => key !== "seed" && key !== "train.learningRate");
  const ofRules = entries.flatMap(([key, value]) => (key.startsWith("rule.") ? [[key.slice(5), value] as const] : []));
  const ofNetwork = entries.filter(([key]) => !key.startsWith("rule."));
  return {
    base: networkBase(Object.fromEntries(ofNetwork)),
    ruleOptions: { activity: "preactivation", ...Object.fromEntries(ofRules) },
    rates: (values("train.learningRate") ?? defaultRates).map(Number),
    seeds: (values("seed") ?? defaultNetworkSeeds).map(Number),
  };
}

/** The space; what is out of range there is an option here. */
function spaceOf(options: SpaceOptions): RuleSpace {
  try {
    return ruleSpace(options);
  } catch (cause) {
    throw cause instanceof RangeError ? new UsageError(`--${cause.message}`, { cause }) : cause;
  }
}

function listOf(options: OptionValues, name: string, standard: string): string[] {
  const parts = (textOption(options, name) ?? standard).split(",").map((part) => part.trim());
  return parts.filter((part) => part !== "");
}

function coefficient(text: string): Rational {
  const value = rationalOf(text);
  if (value === undefined)
    throw new UsageError(`--coefficients: expected numbers separated by commas, got "${text}"; for example -1,0,1`);
  return value;
}

function wholeFrom(where: string, text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new UsageError(`${where}: expected a whole number of at least 0, got "${text}"`);
}

const units: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000 };

function budgetFrom(text: string): number {
  const match = /^(\d+(?:\.\d+)?)([smh])$/.exec(text);
  const milliseconds = Number(match?.[1]) * (units[match?.[2] ?? ""] ?? NaN);
  if (milliseconds > 0) return milliseconds;
  throw new UsageError(`--budget: expected a time such as 30s, 10m or 2h, got "${text}"`);
}
