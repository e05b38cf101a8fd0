/**
 * From a study to its runs: every combination of its axes as a complete specification with its identity.
 */
import { completeSpec, presetSpec } from "../run/build.ts";
import { runIdentity } from "./identity.ts";
import type { AxisValue } from "./keys.ts";
import { labelOf, ruleNameOf, withValue } from "./keys.ts";
import type { BaseSpec } from "./overrides.ts";
import { RunSpec } from "./spec.ts";
import type { PlannedRun, Study } from "./study.ts";
import { issueText, pick } from "./study.ts";

/** Options of `expand`. */
export interface ExpandOptions {
  /** Identity of a run; `runIdentity` when left out. */
  readonly identify?: (spec: RunSpec) => string;
  /** Fills in what a specification leaves to the catalogue of rules; `completeSpec` when left out. Throws for an unknown rule or option. */
  readonly complete?: (spec: RunSpec) => RunSpec;
  /** Most runs a study may have; 20,000 when left out. */
  readonly limit?: number;
}

/**
 * Every run of a study in grid order, tuned keys varying fastest; a specification that comes up twice is kept once.
 * Values are set in the order base, rule, settings of that rule, other axes, tuned keys. Throws when there are more runs
 * than the limit, when keys are tuned without validation examples, and when a combination is not a valid specification.
 */
export function expand(
  study: Study,
  { identify = runIdentity, complete = completeSpec, limit = 20_000 }: ExpandOptions = {},
): PlannedRun[] {
  const grid = pointsOf(study.grid, study.drawn);
  const over = pointsOf(study.tune?.over ?? {}, study.drawn);
  const size = [...grid, ...over].reduce((product, { points }) => product * points.length, 1);
  if (size > limit) {
    const sizes = [...grid, ...over].map(({ keys, points }) => `${keys.join(" with ")} ${points.length}`).join(" x ");
    throw new Error(`study "${study.name}": expected at most ${limit} runs, got ${size} (${sizes}); shorten an axis`);
  }
  const runs = new Map<string, PlannedRun>();
  for (const axes of combinations(grid)) {
    for (const tuned of combinations(over)) {
      const spec = specOf(study, axes, tuned, complete);
      if (study.tune && spec.data.validation === 0) {
        throw new Error(
          `study "${study.name}": expected data.validation > 0 to choose ${over.flatMap(({ keys }) => keys).join(", ")} by, ` +
            "got 0; the test examples are never used for choosing",
        );
      }
      const run = identify(spec);
      if (!runs.has(run)) runs.set(run, { run, spec, axes, tuned });
    }
  }
  return [...runs.values()];
}

function specOf(
  study: Study,
  axes: PlannedRun["axes"],
  tuned: PlannedRun["tuned"],
  complete: (spec: RunSpec) => RunSpec,
): RunSpec {
  let spec: BaseSpec = study.base;
  if (axes.rule !== undefined) spec = withValue(spec, "rule", axes.rule);
  const own = study.perRule[ruleNameOf(spec.rule)] ?? {};
  const others = pick(axes, (key) => key !== "rule");
  for (const [key, value] of Object.entries({ ...own, ...others, ...tuned })) spec = withValue(spec, key, value);
  const at = Object.entries({ ...axes, ...tuned }).map(([key, value]) => `${key}=${labelOf(value)}`);
  const where = `study "${study.name}"${at.length === 0 ? "" : `: run ${at.join(" ")}`}`;
  try {
    const parsed = RunSpec.safeParse(presetSpec(spec));
    if (!parsed.success) throw new Error(issueText(parsed.error, []));
    return complete(parsed.data);
  } catch (error) {
    throw new Error(`${where}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

/** What varies at once: one key, or all keys of a section that are drawn together. */
interface Points {
  readonly keys: readonly string[];
  readonly points: readonly Readonly<Record<string, AxisValue>>[];
}

/** The axes in order; those drawn from ranges are one, in the place of the first of them. */
function pointsOf(axes: Study["grid"], drawn: Readonly<Record<string, string>> = {}): Points[] {
  const entries = Object.entries(axes);
  const together = entries.filter(([key]) => key in drawn);
  return entries.flatMap(([key, values]) => {
    if (!(key in drawn)) return [{ keys: [key], points: values.map((value) => ({ [key]: value })) }];
    if (key !== together[0]?.[0]) return [];
    const points = values.map((_, i) =>
      Object.fromEntries(together.flatMap(([name, list]) => (list[i] === undefined ? [] : [[name, list[i]] as const]))),
    );
    return [{ keys: together.map(([name]) => name), points }];
  });
}

function combinations(axes: readonly Points[]): Record<string, AxisValue>[] {
  return axes.reduce<Record<string, AxisValue>[]>(
    (all, { points }) => all.flatMap((before) => points.map((point) => ({ ...before, ...point }))),
    [{}],
  );
}
