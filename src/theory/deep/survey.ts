/** What a scheme learns over many starts, and the hidden directions that show why a channel to the hidden units is needed. */
import { stream } from "../../random/stream.ts";
import type { SmallArchitecture } from "./hidden-layer.ts";
import { type DeepScheme, type DeepSchemeId, functionsLearned } from "./schemes.ts";
import { errorsForInputs, ojaDirection } from "./target-blind.ts";

/** What one scheme learned. */
export interface SchemeSurvey {
  readonly scheme: DeepScheme;
  /** Functions learned from each start. */
  readonly counts: readonly number[];
  /** Starts from which parity was learned. */
  readonly parity: number;
  /** Functions learned from any start. */
  readonly union: number;
}

/** Tries a scheme on every function from `seeds` starts, and yields what is known after each: the caller may do something else between two. */
export function* surveyScheme(
  scheme: DeepScheme & { readonly id: DeepSchemeId },
  architecture: SmallArchitecture,
  seeds: number,
): Generator<SchemeSurvey> {
  const bySeed: boolean[][] = [];
  for (let seed = 0; seed < seeds; seed++) {
    bySeed.push(functionsLearned(scheme.id, architecture, seed));
    yield surveyOf(scheme, bySeed);
  }
}

function surveyOf(scheme: DeepScheme, bySeed: readonly (readonly boolean[])[]): SchemeSurvey {
  const total = bySeed[0]?.length ?? 0;
  const parity = parityOf(Math.log2(total));
  return {
    scheme,
    counts: bySeed.map((learned) => learned.filter(Boolean).length),
    parity: bySeed.filter((learned) => learned[parity]).length,
    union: Array.from({ length: total }, (_, f) => bySeed.some((learned) => learned[f])).filter(Boolean).length,
  };
}

/** The number of the function that is 1 where an odd number of inputs is. */
function parityOf(points: number): number {
  let f = 0;
  for (let p = 0; p < points; p++) if (p.toString(2).replaceAll("0", "").length % 2 === 1) f += 2 ** p;
  return f;
}

/** A direction of the hidden weights, and the least error of the top for each input as the target. */
export interface HiddenDirection {
  readonly name: string;
  readonly weights: readonly number[];
  readonly errors: readonly number[];
  readonly sum: number;
}

/** Hidden directions of a linear A[N,1,1], N at least 2, before and after a rule that does not hear of the target. */
export function targetBlindDirections(inputs: number): {
  readonly size: number;
  readonly rows: readonly HiddenDirection[];
} {
  const size = Math.max(inputs, 2);
  const random = stream(0, "witness");
  const drawn = Array.from({ length: size }, random.normal);
  const rows = [
    { name: "as drawn", weights: drawn },
    { name: "after 2000 steps of Oja's rule", weights: ojaDirection(drawn, random) },
  ].map(({ name, weights }) => {
    const errors = errorsForInputs(weights);
    return { name, weights, errors, sum: errors.reduce((sum, error) => sum + error, 0) };
  });
  return { size, rows };
}
