/**
 * From a study to its runs: every combination of its axes as a complete specification with its identity.
 */
import { completeSpec, presetSpec } from "../run/build.ts";
import { runIdentity } from "./identity.ts";
import type { AxisValue } from "./keys.ts";
import { labelOf, ruleNameOf, withValue } from "./keys.ts";
import type { Axis, BaseSpec } from "./overrides.ts";
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
  const grid = entriesOf(study.grid);
  const over = entriesOf(study.tune?.over ?? {});
  const size = [...grid, ...over].reduce((product, axis) => product * axis.values.length, 1);
  if (size > limit) {
    const sizes = [...grid, ...over].map((axis) => `${axis.key} ${axis.values.length}`).join(" x ");
    throw new Error(`study "${study.name}": expected at most ${limit} runs, got ${size} (${sizes}); shorten an axis`);
  }
  const runs = new Map<string, PlannedRun>();
  for (const axes of combinations(grid)) {
    for (const tuned of combinations(over)) {
      const spec = specOf(study, axes, tuned, complete);
      if (study.tune && spec.data.validation === 0) {
        throw new Error(
          `study "${study.name}": expected data.validation > 0 to choose ${over.map((axis) => axis.key).join(", ")} by, ` +
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

function entriesOf(axes: Study["grid"]): Axis[] {
  return Object.entries(axes).map(([key, values]) => ({ key, values }));
}

function combinations(axes: readonly Axis[]): Record<string, AxisValue>[] {
  return axes.reduce<Record<string, AxisValue>[]>(
    (points, { key, values }) => points.flatMap((point) => values.map((value) => ({ ...point, [key]: value }))),
    [{}],
  );
}
