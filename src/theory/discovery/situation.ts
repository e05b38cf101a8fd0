/**
 * What all candidates of a search are tried on, seed by seed: the same data and the same starting weights for every rule.
 *
 * The search and the held-out tasks differ in more than their draws. Rules are searched with 4 normal inputs and the Boolean functions of
 * 2; survivors are tried once more with 6 skewed inputs, whose mean is not 0, of other second moments and another target, and the Boolean
 * functions of 3. A rule that lives on the symmetry of normal inputs, or on their small number, passes the first and fails the second.
 */
import { stream } from "../../random/stream.ts";
import { pointsOf, targetsOf, thresholdFunctions } from "../boolean/index.ts";
import { type LearnOptions } from "./learn.ts";
import { type LinearTask, linearTask, type UnitData, unitData } from "./unit-data.ts";

/** The two sets of tasks. */
export const taskSets = ["search", "held-out"] as const;
export type TaskSet = (typeof taskSets)[number];

/** One seed of a set of tasks. */
export interface Situation {
  readonly linear: LinearTask;
  /** Starting weights of the linear unit, standard deviation 0.5. */
  readonly linearStart: Float64Array;
  /** One data set for each threshold function of the inputs, -1 and 1 with a bias. */
  readonly boolean: readonly UnitData[];
  /** Starting weights of the threshold unit, standard deviation 0.1. */
  readonly booleanStart: Float64Array;
}

/** What each set of tasks is made of. */
export const taskSizes = {
  search: { inputs: 4, samples: 32, shape: "normal", booleanInputs: 2 },
  "held-out": { inputs: 6, samples: 64, shape: "skewed", booleanInputs: 3 },
} as const satisfies Record<TaskSet, unknown>;

/** The learning rates of linear units: where a rule does not settle at the first it gets the second, and the better counts. */
export const linearRates = [0.1, 0.02] as const;
const linearSteps = 600;
/** Learning of the threshold unit. */
const booleanLearning = { unit: "threshold", rate: 0.1, steps: 100 } as const;

/** How a linear unit learns in a situation at one of `linearRates`. */
export function linearLearning({ linearStart }: Situation, rate: number): LearnOptions {
  return { unit: "linear", rate, steps: linearSteps, start: linearStart };
}

/** How a threshold unit learns in a situation. */
export function thresholdLearning({ booleanStart }: Situation): LearnOptions {
  return { ...booleanLearning, start: booleanStart };
}

/** The situations of a set of tasks, one a seed; for rules of total degree up to `degree`. */
export function situations(set: TaskSet, seed: number, count: number, degree: number): Situation[] {
  const { inputs, samples, shape, booleanInputs } = taskSizes[set];
  const functions = functionData(booleanInputs, degree);
  return Array.from({ length: count }, (_, k) => {
    const of = (purpose: string) => stream(seed, `discovery ${set} ${k} ${purpose}`);
    const start = of("start");
    return {
      linear: linearTask({ inputs, samples, shape, degree }, of("linear")),
      linearStart: Float64Array.from({ length: inputs }, () => 0.5 * start.normal()),
      boolean: functions,
      booleanStart: Float64Array.from({ length: booleanInputs + 1 }, () => 0.1 * start.normal()),
    };
  });
}

function functionData(inputs: number, degree: number): UnitData[] {
  const x = Float64Array.from(pointsOf({ inputs, encoding: "signed", bias: true }).flat());
  return thresholdFunctions(inputs).map((f) =>
    unitData(x, Float64Array.from(targetsOf(f, { inputs, target: "signed" })), degree),
  );
}
